import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Anchors } from '../../scripts/site/anchors.ts';

export const root = resolve(import.meta.dirname, '..', '..');

export interface Block {
  readonly kind: 'block';
  readonly language: string;
  readonly text: string;
}

export interface Table {
  readonly kind: 'table';
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The code blocks and tables under a heading of the second level, in order, without the text between them. */
export interface Section {
  readonly title: string;
  readonly parts: readonly (Block | Table)[];
}

/** Returns the sections of a document such as `docs/pools.md`. The part before the first heading has an empty title. */
export function sectionsOf(path: string): Section[] {
  const texts = readFileSync(join(root, path), 'utf8').split(/^## /m);
  return texts.map((text, index) => {
    const [title = ''] = index === 0 ? [] : text.split('\n');
    const found = text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$|((?:^\|.*\|$\n?)+)/gm);
    const parts = [...found].map(([, indent = '', language = '', block = '', table]) =>
      table === undefined
        ? ({ kind: 'block', language, text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), '') } as const)
        : tableOf(table),
    );
    return { title, parts };
  });
}

function tableOf(text: string): Table {
  const [head = [], , ...rows] = text
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  return { kind: 'table', head, rows };
}

/** The first cells, without backticks, of all tables in the document whose first column has this heading. */
export function firstCells(path: string, heading: string): string[] {
  const tables = sectionsOf(path).flatMap(({ parts }) => parts);
  return tables.flatMap((part) =>
    part.kind === 'table' && part.head[0] === heading ? part.rows.map(([cell = '']) => plain(cell)) : [],
  );
}

/** A cell without backticks. */
export function plain(cell: string): string {
  return cell.replaceAll('`', '');
}

/** The text of a document without code blocks, which contain no links or headings. */
export function proseOf(path: string): string {
  return readFileSync(join(root, path), 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
}

/** The anchors of the headings in a text, each with its section, down to the next heading. */
export function anchorsOf(prose: string): Map<string, string> {
  const anchors = new Anchors();
  const headings = prose.matchAll(/^#+ (.*)$([\s\S]*?)(?=^#|$(?![\s\S]))/gm);
  return new Map([...headings].map(([, heading = '', section = '']) => [anchors.next(heading), section]));
}
