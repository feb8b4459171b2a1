/** A round that other work on the machine disturbed does not affect it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** `1,234,567`, whatever the user's locale. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Three digits: a busy machine does not reproduce more. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value >= 100 ? count(value) : String(Number(value.toPrecision(3)));
}

export function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? (bytes / 1e6).toFixed(1) : '-';
}

/** `3 to 5`: the range of repeated measurements. */
export function spread(values: readonly number[], write: (value: number) => string = short): string {
  if (values.length === 0) return '-';
  const [least, most] = [write(Math.min(...values)), write(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
}

/** `4 (3 to 5)`: the median and the range. */
export function middle(values: readonly number[], write: (value: number) => string = short): string {
  return `${write(median(values))} (${spread(values, write)})`;
}

/** Lines of columns. The first column is aligned left; the others as given, figures right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'right',
): string {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const pad = (cell: string, width: number, i: number): string =>
    i === 0 || align === 'left' ? cell.padEnd(width) : cell.padStart(width);
  return [heads, ...rows]
    .map((row) => `  ${widths.map((width, i) => pad(row[i] ?? '', width, i)).join('  ')}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
