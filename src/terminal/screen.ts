import { rowsOf, visibleWidth } from './wrap.ts';

/** The part of a stream such as process.stdout that the screen uses. */
export interface Terminal {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

export interface Screen {
  /** Replaces the previous lines. Lines may contain colors, but no other control characters. */
  draw(lines: readonly string[]): void;
  /** Leaves the last lines on the screen, complete, with the cursor visible below them. Idempotent. */
  close(): void;
}

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const clearToEndOfLine = '\x1b[K';
const clearBelow = '\x1b[J';

/**
 * Creates a view that redraws in place on the normal screen buffer: earlier output stays above it, and the last view
 * stays when the program exits. Without a terminal, the last lines are printed once, on close.
 */
export function createScreen(terminal: Terminal): Screen {
  const isLive = terminal.isTTY === true;
  let lines: readonly string[] = [];
  /** The rows as drawn. The cursor is on the row below them. */
  let drawnRows: string[] = [];
  let drawnWidth = 0;
  let isClosed = false;

  const width = (): number => Math.max(terminal.columns ?? 80, 1);
  const height = (): number => Math.max(terminal.rows ?? 24, 2);

  /** Moves to the first row. A terminal that became narrower has rewrapped the rows, so count them at the current width. */
  const toTop = (): string => {
    const up = drawnRows.reduce((sum, row) => sum + Math.max(1, Math.ceil(visibleWidth(row) / width())), 0);
    return `\r${up > 0 ? `\x1b[${Math.min(up, height() - 1)}A` : ''}`;
  };

  const draw = (next: readonly string[]): void => {
    if (isClosed) return;
    lines = [...next];
    if (!isLive) return;
    const rows = fittedRows(lines, width(), height() - 1);
    const isSame =
      drawnWidth === width() &&
      rows.length === drawnRows.length &&
      rows.every((row, index) => row === drawnRows[index]);
    if (isSame) return;
    const hide = drawnWidth === 0 ? hideCursor : '';
    const body = rows.map((row) => `${row}${clearToEndOfLine}\r\n`).join('');
    // A single write avoids flicker.
    terminal.write(hide + toTop() + body + clearBelow);
    drawnRows = rows;
    drawnWidth = width();
  };

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    if (!isLive) {
      if (lines.length > 0) terminal.write(`${lines.join('\n')}\n`);
      return;
    }
    if (drawnWidth === 0) return;
    const all = lines.flatMap((line) => rowsOf(line, width()));
    const body = all.map((row) => `${row}${clearToEndOfLine}\r\n`).join('');
    terminal.write(`${toTop()}${body}${clearBelow}\x1b[0m${showCursor}`);
  };

  return { draw, close };
}

/** The lines as terminal rows. A row above the top cannot be redrawn, so a notice replaces the rows that do not fit. */
function fittedRows(lines: readonly string[], width: number, maxRows: number): string[] {
  const rows = lines.flatMap((line) => rowsOf(line, width));
  if (rows.length <= maxRows) return rows;
  const hiddenRows = rows.length - maxRows + 1;
  const [notice] = rowsOf(`... ${hiddenRows} more lines. Press Ctrl-C to exit and show all of them`, width);
  return [...rows.slice(0, maxRows - 1), notice ?? '...'];
}
