import { printable } from '../core/text/quote.ts';
import { textWidth } from './text-width.ts';
import { wrapWords } from './wrap.ts';

export interface TableColumn {
  title: string;
  /** Right-aligned, for numbers. */
  right?: boolean;
  /** The width to which the column may shrink on a narrow terminal; without it, the column keeps its width. */
  least?: number;
  /** Last column only: on a narrow terminal, its cells may move below their rows. */
  below?: boolean;
}

export interface TableCell {
  text: string;
  /** Adds a color to text that is already wrapped. */
  paint?: (text: string) => string;
}

const gap = '   ';
const indent = '    ';

/**
 * Lays out aligned columns like kubectl. If the table is too wide, columns wrap, then the last column moves below its
 * row, and on a very narrow terminal each row becomes a block of lines. Text is never truncated.
 */
export function layOut(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableCell[])[],
  width: number,
  heading: (text: string) => string,
): string[] {
  const printableRows = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const titles = columns.map(({ title }) => ({ text: title, paint: heading }));
  const widths = fittingWidths(columns, printableRows, width);
  if (widths !== undefined)
    return [titles, ...printableRows].flatMap((row) => alignedLines(columns, row, widths));
  const remaining = columns.slice(0, -1);
  const remainingWidths =
    columns.at(-1)?.below === true ? fittingWidths(remaining, printableRows, width) : undefined;
  if (remainingWidths === undefined) return printableRows.flatMap((row) => blockLines(columns, row, width));
  return [titles, ...printableRows].flatMap((row, index) => {
    const last = row.at(-1);
    const lines = alignedLines(remaining, row.slice(0, -1), remainingWidths);
    return index === 0 || last === undefined ? lines : [...lines, ...indentedLines(last, width)];
  });
}

function indentedLines(cell: TableCell, width: number): string[] {
  if (cell.text === '') return [];
  const paint = cell.paint ?? ((text: string) => text);
  return wrapWords(cell.text, Math.max(width - indent.length, 8)).map((line) => indent + paint(line));
}

/** Undefined if the columns do not fit even when they are wrapped. */
function fittingWidths(
  columns: readonly TableColumn[],
  rows: readonly TableCell[][],
  width: number,
): number[] | undefined {
  const widths = columns.map((column, index) =>
    // Not Math.max with a spread: a large cluster has more rows than a call can have arguments.
    rows.reduce((widest, row) => Math.max(widest, textWidth(row[index]?.text ?? '')), column.title.length),
  );
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap.length * (columns.length - 1) - width;
  // From the right, because the last column contains sentences, which wrap best.
  for (let index = columns.length - 1; index >= 0 && excess > 0; index -= 1) {
    const current = widths[index] ?? 0;
    const reduction = Math.min(excess, Math.max(0, current - (columns[index]?.least ?? current)));
    widths[index] = current - reduction;
    excess -= reduction;
  }
  return excess > 0 ? undefined : widths;
}

function alignedLines(
  columns: readonly TableColumn[],
  row: readonly TableCell[],
  widths: readonly number[],
): string[] {
  const cells = row.map((cell, index) => wrapWords(cell.text, widths[index] ?? 0));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    let text = '';
    // Padding is written only before further text, so that no line ends in a space.
    let padding = '';
    row.forEach((cell, index) => {
      const piece = cells[index]?.[line] ?? '';
      const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - textWidth(piece)));
      const painted = piece === '' || cell.paint === undefined ? piece : cell.paint(piece);
      const right = columns[index]?.right === true;
      if (right) padding += space;
      if (piece !== '') {
        text += padding + painted;
        padding = '';
      }
      if (!right) padding += space;
      padding += gap;
    });
    return text;
  });
}

/** One row as lines: the first cell, and the labeled other cells below. */
function blockLines(columns: readonly TableColumn[], row: readonly TableCell[], width: number): string[] {
  return row.flatMap((cell, index) => {
    const title = columns[index]?.title ?? '';
    if (index === 0) return wrapWords(cell.text, Math.max(width, 8));
    if (cell.text === '' || title === '') return [];
    const label = `  ${title.toLowerCase()} `;
    const paint = cell.paint ?? ((text: string) => text);
    if (textWidth(label + cell.text) <= width) return [label + paint(cell.text)];
    return [label.trimEnd(), ...indentedLines(cell, width)];
  });
}
