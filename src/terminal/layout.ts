import { printable } from '../core/text/quote.ts';
import { columns } from './text-width.ts';
import { wrapWords } from './wrap.ts';

export interface TableColumn {
  title: string;
  /** Numbers stand at the right. */
  right?: boolean;
  /** May be wrapped down to so many columns when the terminal is narrow. */
  least?: number;
  /** The last column only: may go to lines of its own below its row. */
  below?: boolean;
}

export interface TableCell {
  text: string;
  /** Adds colour to what is already cut to size. */
  paint?: (text: string) => string;
}

const gap = '   ';
const indent = '    ';

/**
 * Aligned columns as kubectl prints them. Where the width does not suffice, columns are wrapped, then the last one goes
 * below its row, and on a very narrow terminal each row becomes a block of lines: nothing is ever cut off.
 */
export function layOut(
  heads: readonly TableColumn[],
  rows: readonly (readonly TableCell[])[],
  width: number,
  heading: (text: string) => string,
): string[] {
  const safe = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const titles = heads.map(({ title }) => ({ text: title, paint: heading }));
  const widths = fitting(heads, safe, width);
  if (widths !== undefined) return [titles, ...safe].flatMap((row) => aligned(heads, row, widths));
  const fewer = heads.slice(0, -1);
  const narrow = heads.at(-1)?.below === true ? fitting(fewer, safe, width) : undefined;
  if (narrow === undefined) return safe.flatMap((row) => block(heads, row, width));
  return [titles, ...safe].flatMap((row, index) => {
    const note = row.at(-1);
    const lines = aligned(fewer, row.slice(0, -1), narrow);
    return index === 0 || note === undefined ? lines : [...lines, ...below(note, width)];
  });
}

function below(cell: TableCell, width: number): string[] {
  if (cell.text === '') return [];
  const paint = cell.paint ?? ((text: string) => text);
  return wrapWords(cell.text, Math.max(width - indent.length, 8)).map((line) => indent + paint(line));
}

function fitting(
  heads: readonly TableColumn[],
  rows: readonly TableCell[][],
  width: number,
): number[] | undefined {
  const widths = heads.map((head, index) =>
    // Not Math.max over a spread: a cluster's rows would be too many arguments.
    rows.reduce((most, row) => Math.max(most, columns(row[index]?.text ?? '')), head.title.length),
  );
  let over = widths.reduce((sum, each) => sum + each, 0) + gap.length * (heads.length - 1) - width;
  // From the right: the reason is the text that wraps best.
  for (let index = heads.length - 1; index >= 0 && over > 0; index -= 1) {
    const now = widths[index] ?? 0;
    const taken = Math.min(over, Math.max(0, now - (heads[index]?.least ?? now)));
    widths[index] = now - taken;
    over -= taken;
  }
  return over > 0 ? undefined : widths;
}

function aligned(
  heads: readonly TableColumn[],
  row: readonly TableCell[],
  widths: readonly number[],
): string[] {
  const cells = row.map((cell, index) => wrapWords(cell.text, widths[index] ?? 0));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    let text = '';
    let missing = '';
    row.forEach((cell, index) => {
      const piece = cells[index]?.[line] ?? '';
      const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - columns(piece)));
      const shown = piece === '' || cell.paint === undefined ? piece : cell.paint(piece);
      const right = heads[index]?.right === true;
      // Spaces are only written in front of something: no line ends in them.
      if (right) missing += space;
      if (piece !== '') {
        text += missing + shown;
        missing = '';
      }
      if (!right) missing += space;
      missing += gap;
    });
    return text;
  });
}

/** One row as lines: its name, and below it what else there is. */
function block(heads: readonly TableColumn[], row: readonly TableCell[], width: number): string[] {
  return row.flatMap((cell, index) => {
    const title = heads[index]?.title ?? '';
    if (index === 0) return wrapWords(cell.text, Math.max(width, 8));
    if (cell.text === '' || title === '') return [];
    const label = `  ${title.toLowerCase()} `;
    const paint = cell.paint ?? ((text: string) => text);
    if (columns(label + cell.text) <= width) return [label + paint(cell.text)];
    return [label.trimEnd(), ...below(cell, width)];
  });
}
