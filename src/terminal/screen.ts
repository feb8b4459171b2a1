import { columnsShown, rowsOf } from './wrap.ts';

/** What is needed of a stream such as process.stdout. */
export interface Terminal {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

export interface Screen {
  /** Shows these lines in the place of the ones before; they may hold colours, but no other control characters. */
  draw(lines: readonly string[]): void;
  /** Leaves the last lines on the screen, whole, and the cursor visible below them. Safe to call again. */
  close(): void;
}

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const clearToEndOfLine = '\x1b[K';
const clearBelow = '\x1b[J';

/**
 * A view that redraws in place, on the ordinary screen: what was there before stays above it, and the last view stays
 * when the program ends. Without a terminal the last lines are printed once, at the end.
 */
export function createScreen(terminal: Terminal): Screen {
  const isLive = terminal.isTTY === true;
  let lines: readonly string[] = [];
  /** As drawn, one entry for each row of the terminal at that time; the cursor is on the row below. */
  let shown: string[] = [];
  let shownColumns = 0;
  let isClosed = false;

  const width = (): number => Math.max(terminal.columns ?? 80, 1);
  const height = (): number => Math.max(terminal.rows ?? 24, 2);

  /** Back to the first row. A terminal that was made narrower has broken the rows anew: count them as they are now. */
  const toTop = (): string => {
    const up = shown.reduce((sum, row) => sum + Math.max(1, Math.ceil(columnsShown(row) / width())), 0);
    return `\r${up > 0 ? `\x1b[${Math.min(up, height() - 1)}A` : ''}`;
  };

  const draw = (next: readonly string[]): void => {
    if (isClosed) return;
    lines = [...next];
    if (!isLive) return;
    const rows = fitted(lines, width(), height() - 1);
    const isSame =
      shownColumns === width() && rows.length === shown.length && rows.every((row, at) => row === shown[at]);
    if (isSame) return;
    const hide = shownColumns === 0 ? hideCursor : '';
    const body = rows.map((row) => `${row}${clearToEndOfLine}\r\n`).join('');
    // One write, so that no half-drawn view is seen.
    terminal.write(hide + toTop() + body + clearBelow);
    shown = rows;
    shownColumns = width();
  };

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    if (!isLive) {
      if (lines.length > 0) terminal.write(`${lines.join('\n')}\n`);
      return;
    }
    if (shownColumns === 0) return;
    const all = lines.flatMap((line) => rowsOf(line, width()));
    const body = all.map((row) => `${row}${clearToEndOfLine}\r\n`).join('');
    terminal.write(`${toTop()}${body}${clearBelow}\x1b[0m${showCursor}`);
  };

  return { draw, close };
}

/** The lines as rows of the terminal; what has no room is counted, because a row above the top cannot be redrawn. */
function fitted(lines: readonly string[], width: number, most: number): string[] {
  const rows = lines.flatMap((line) => rowsOf(line, width));
  if (rows.length <= most) return rows;
  const hidden = rows.length - most + 1;
  const [notice] = rowsOf(`... ${hidden} more lines below: they are shown at the end (Ctrl-C)`, width);
  return [...rows.slice(0, most - 1), notice ?? '...'];
}
