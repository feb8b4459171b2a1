import { characterWidth, textWidth } from './text-width.ts';

/** Wraps a text at spaces, otherwise after commas, otherwise anywhere. Only the spaces at line breaks are removed. */
export function wrapWords(text: string, width: number): string[] {
  if (textWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.match(/ *[^ ,]*,?/g) ?? []) {
    if (textWidth(line + word) <= width) {
      line += word;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = split(word.trimStart(), width);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

function split(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let usedWidth = 0;
  for (const character of word) {
    const size = characterWidth(character);
    if (usedWidth + size > width && piece !== '') {
      pieces.push(piece);
      piece = '';
      usedWidth = 0;
    }
    piece += character;
    usedWidth += size;
  }
  return [...pieces, piece];
}

/** A color sequence or one character. */
const token = /\p{Cc}\[[\d;]*m|[\s\S]/gu;

/** Splits a line into terminal rows. Each row sets and resets its own colors. */
export function rowsOf(line: string, width: number): string[] {
  const rows: string[] = [];
  let row = '';
  let usedWidth = 0;
  let color = '';
  for (const [piece] of line.matchAll(token)) {
    if (piece.startsWith('\x1b[')) {
      color = /^\p{Cc}\[0?m$/u.test(piece) ? '' : color + piece;
      row += piece;
      continue;
    }
    const size = characterWidth(piece);
    if (usedWidth + size > width && usedWidth > 0) {
      rows.push(color === '' ? row : `${row}\x1b[0m`);
      row = color;
      usedWidth = 0;
    }
    row += piece;
    usedWidth += size;
  }
  rows.push(color === '' ? row : `${row}\x1b[0m`);
  return rows;
}

/** The width of a line in columns, without color sequences. */
export function visibleWidth(line: string): number {
  return textWidth(line.replace(/\p{Cc}\[[\d;]*m/gu, ''));
}
