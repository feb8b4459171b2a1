/** Counts values per bucket, and their sum: O(log buckets) per value. */
export class Histogram {
  /** Ascending; larger values are counted in one more bucket, up to infinity. */
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (this.#bounds[middle] ?? Number.POSITIVE_INFINITY)) high = middle;
      else low = middle + 1;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** The upper bound of each bucket and its own count, not cumulative. */
  *buckets(): IterableIterator<readonly [bound: number, count: number]> {
    for (const [index, count] of this.#counts.entries())
      yield [this.#bounds[index] ?? Number.POSITIVE_INFINITY, count];
  }
}
