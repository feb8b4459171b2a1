import { columns, columnsOf } from './text-width.ts';

/** Breaks a text at spaces, else behind a comma, else anywhere; nothing of it is lost but those spaces. */
export function wrapWords(text: string, width: number): string[] {
  if (columns(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.match(/ *[^ ,]*,?/g) ?? []) {
    if (columns(line + word) <= width) {
      line += word;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = cut(word.trimStart(), width);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

function cut(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const character of word) {
    const size = columnsOf(character);
    if (used + size > width && piece !== '') {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += character;
    used += size;
  }
  return [...pieces, piece];
}

/** A colour sequence, or one character. */
const part = /\p{Cc}\[[\d;]*m|[\s\S]/gu;

/** The rows that a line takes on a terminal, each with its colours complete in itself. */
export function rowsOf(line: string, width: number): string[] {
  const rows: string[] = [];
  let row = '';
  let used = 0;
  let colour = '';
  for (const [piece] of line.matchAll(part)) {
    if (piece.startsWith('\x1b[')) {
      colour = /^\p{Cc}\[0?m$/u.test(piece) ? '' : colour + piece;
      row += piece;
      continue;
    }
    const size = columnsOf(piece);
    if (used + size > width && used > 0) {
      rows.push(colour === '' ? row : `${row}\x1b[0m`);
      row = colour;
      used = 0;
    }
    row += piece;
    used += size;
  }
  rows.push(colour === '' ? row : `${row}\x1b[0m`);
  return rows;
}

/** Columns of a line, its colours left out. */
export function columnsShown(line: string): number {
  return columns(line.replace(/\p{Cc}\[[\d;]*m/gu, ''));
}
