import { printable } from '../core/text/quote.ts';
import { textWidth } from '../terminal/text-width.ts';

/** Converts offsets in one text to positions for messages. */
export interface SourcePositions {
  /** Lines and columns start at 1, as in editors. */
  at(offset: number): { line: number; column: number };
  /** The line with its number and a caret under the column, safe to print. */
  excerpt(offset: number): string;
}

export function sourcePositions(text: string): SourcePositions {
  const starts = lineStarts(text);
  const at = (offset: number): { line: number; column: number } => {
    const line = lastAtOrBefore(starts, Math.min(Math.max(offset, 0), text.length));
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
  const excerpt = (offset: number): string => {
    const { line, column } = at(offset);
    const start = starts[line - 1] ?? 0;
    const whole = text.slice(start, (starts[line] ?? text.length + 1) - 1).replace(/\r$/, '');
    // A minified file is one line of megabytes: show the part around the column.
    const from = column > 80 ? column - 41 : 0;
    const shown = whole.slice(from, from + 100);
    const before = `${from > 0 ? '...' : ''}${printable(whole.slice(from, column - 1))}`;
    const lead = `  ${line} | `;
    const after = from + 100 < whole.length ? '...' : '';
    const code = `${lead}${from > 0 ? '...' : ''}${printable(shown)}${after}`;
    return `${code.trimEnd()}\n${' '.repeat(lead.length - 2)}| ${' '.repeat(textWidth(before))}^`;
  };
  return { at, excerpt };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
