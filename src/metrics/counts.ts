/**
 * Counts by label values; O(1) to change, and read as they are. Label values come from a closed set or return
 * to zero: a row at zero is removed unless it is permanent.
 */
export class Counts<Labels extends readonly string[]> {
  readonly #rows = new Map<
    string,
    { readonly labels: Labels; readonly isPermanent: boolean; count: number }
  >();

  /** `permanent`: rows that are reported even at zero, so that queries find them before the first event. */
  constructor(permanent: Iterable<Labels> = []) {
    for (const labels of permanent) this.#rows.set(keyOf(labels), { labels, isPermanent: true, count: 0 });
  }

  add(labels: Labels, by = 1): void {
    const key = keyOf(labels);
    const row = this.#rows.get(key) ?? { labels, isPermanent: false, count: 0 };
    row.count += by;
    if (row.count === 0 && !row.isPermanent) this.#rows.delete(key);
    else this.#rows.set(key, row);
  }

  get size(): number {
    return this.#rows.size;
  }

  *rows(): IterableIterator<readonly [...labels: Labels, count: number]> {
    for (const { labels, count } of this.#rows.values()) yield [...labels, count];
  }
}

function keyOf(labels: readonly string[]): string {
  return labels.join('\0');
}
