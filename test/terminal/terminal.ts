import type { Terminal } from '../../src/terminal/screen.ts';

/** The part of a terminal that the screen uses: the visible rows, and those that have scrolled off the top. */
export interface FakeTerminal extends Terminal {
  columns: number;
  rows: number;
  isTTY: boolean;
  /** All rows, starting with those that scrolled off. */
  content(): string[];
  cursorHidden(): boolean;
  writes: number;
  resize(columns: number, rows: number): void;
}

export function fakeTerminal(columns: number, rows: number): FakeTerminal {
  let lines: string[] = [''];
  let top = 0;
  let row = 0;
  let column = 0;
  let isCursorHidden = false;
  const put = (character: string): void => {
    if (column >= terminal.columns) {
      down();
      column = 0;
    }
    const line = (lines[row] ?? '').padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
  };
  const down = (): void => {
    row += 1;
    while (lines.length <= row) lines.push('');
    top = Math.max(top, row - terminal.rows + 1);
  };
  const control = (sequence: string): void => {
    const amount = Number(/\d+/.exec(sequence)?.[0] ?? 1);
    if (sequence.endsWith('A')) row = Math.max(top, row - amount);
    else if (sequence.endsWith('K')) lines[row] = (lines[row] ?? '').slice(0, column);
    else if (sequence.endsWith('J')) {
      lines[row] = (lines[row] ?? '').slice(0, column);
      lines.length = row + 1;
    } else if (sequence.endsWith('?25l')) isCursorHidden = true;
    else if (sequence.endsWith('?25h')) isCursorHidden = false;
    else if (!sequence.endsWith('m')) throw new Error(`unknown sequence ${JSON.stringify(sequence)}`);
  };
  const terminal: FakeTerminal = {
    columns,
    rows,
    isTTY: true,
    writes: 0,
    write: (text: string) => {
      terminal.writes += 1;
      for (const [piece] of text.matchAll(/\p{Cc}\[\??\d*(?:;\d+)*[A-Za-z]|[\s\S]/gu)) {
        if (piece.length > 1 && piece.startsWith('\x1b')) control(piece);
        else if (piece === '\r') column = 0;
        else if (piece === '\n') down();
        else put(piece);
      }
    },
    content: () => lines.map((line) => line.trimEnd()),
    cursorHidden: () => isCursorHidden,
    resize: (newColumns, newRows) => {
      // Like most terminals, wrap rows that are now too long.
      const before = lines.slice(0, row).flatMap((line) => chunks(line.trimEnd(), newColumns));
      const after = lines.slice(row).flatMap((line) => chunks(line.trimEnd(), newColumns));
      lines = [...before, ...after];
      row = before.length;
      terminal.columns = newColumns;
      terminal.rows = newRows;
      top = Math.max(0, row - newRows + 1);
    },
  };
  return terminal;
}

function chunks(line: string, size: number): string[] {
  const pieces = [line.slice(0, size)];
  for (let at = size; at < line.length; at += size) pieces.push(line.slice(at, at + size));
  return pieces;
}
