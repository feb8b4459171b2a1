/**
 * Numbers by label values: O(1) to change, and read as they are. The values are those of a closed set, or come off again:
 * what is back at zero is forgotten, unless it was told from the beginning.
 */
export class Counts<Labels extends readonly string[]> {
  readonly #rows = new Map<string, { readonly labels: Labels; readonly stays: boolean; count: number }>();

  /** `always`: what is told as zero, too, so that a query finds it before it first happens. */
  constructor(always: Iterable<Labels> = []) {
    for (const labels of always) this.#rows.set(keyOf(labels), { labels, stays: true, count: 0 });
  }

  add(labels: Labels, by = 1): void {
    const key = keyOf(labels);
    const row = this.#rows.get(key) ?? { labels, stays: false, count: 0 };
    row.count += by;
    if (row.count === 0 && !row.stays) this.#rows.delete(key);
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
