/** The middle one: a round that something else on the machine disturbed does not show in it. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** `1,234,567`, whatever the user's locale. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Three digits are more than a noisy machine knows. */
export function short(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return '-';
  return value >= 10 ** (digits - 1) ? count(value) : String(Number(value.toPrecision(digits)));
}

export function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? (bytes / 1e6).toFixed(1) : '-';
}

/** `3 to 5`: how far repetitions of the same thing lie apart. */
export function spread(values: readonly number[], write: (value: number) => string): string {
  if (values.length === 0) return '-';
  const [least, most] = [write(Math.min(...values)), write(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
}

/** Lines of columns; the first is text, the others are figures and stand to the right. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns(heads, rows, (cell, width, i) => (i === 0 ? cell.padEnd(width) : cell.padStart(width)));
}

/** Lines of columns of text. */
export function texts(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns(heads, rows, (cell, width) => cell.padEnd(width));
}

function columns(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  pad: (cell: string, width: number, column: number) => string,
): string {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, i) => pad(cells[i] ?? '', width, i))
      .join('  ')
      .trimEnd();
  return [heads, ...rows].map((row) => `  ${line(row)}\n`).join('');
}
