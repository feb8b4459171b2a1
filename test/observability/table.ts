import { readFileSync } from 'node:fs';

/** A file of the repository. */
export function textOf(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** The cells of the rows of the table of a document that has this heading. */
export function tableIn(document: string, heading: string): string[][] {
  const [, rows = ''] = document.split(`${heading}\n`);
  const [text = ''] = rows.split('\n\n');
  const lines = text.split('\n').slice(1);
  return lines.filter((line) => line !== '').map((line) => line.slice(2, -2).split(' | '));
}
