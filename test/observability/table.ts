import { readFileSync } from 'node:fs';

/** Reads a file of the repository. */
export function textOf(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** Returns the cells of the table with this heading in a document. */
export function tableIn(document: string, heading: string): string[][] {
  const [, rows = ''] = document.split(`${heading}\n`);
  const [text = ''] = rows.split('\n\n');
  const lines = text.split('\n').slice(1);
  return lines.filter((line) => line !== '').map((line) => line.slice(2, -2).split(' | '));
}
