/** So few emptied ones are not worth a walk through all. */
const emptiedAllowance = 1_024;

/**
 * A map by numbers whose entries come and go under the same keys: what is deleted leaves its place empty, for the next
 * with that key. A plain Map would keep a trace of every deletion in the way of those who search there, until it has so
 * many that it is built anew. The lowest free address is given again and again.
 *
 * Invariant: no more places are empty than taken, but for a few.
 */
export class NumberMap<T> {
  readonly #entries = new Map<number, T | undefined>();
  #emptied = 0;

  get size(): number {
    return this.#entries.size - this.#emptied;
  }

  get(key: number): T | undefined {
    return this.#entries.get(key);
  }

  set(key: number, content: T): void {
    const before = this.#entries.size;
    const wasTaken = this.#emptied === 0 || this.#entries.get(key) !== undefined;
    this.#entries.set(key, content);
    if (!wasTaken && this.#entries.size === before) this.#emptied -= 1;
  }

  delete(key: number): void {
    if (this.#entries.get(key) === undefined) return;
    this.#entries.set(key, undefined);
    this.#emptied += 1;
    if (this.#emptied > Math.max(emptiedAllowance, this.size)) this.#tidy();
  }

  clear(): void {
    this.#entries.clear();
    this.#emptied = 0;
  }

  *values(): IterableIterator<T> {
    for (const content of this.#entries.values()) if (content !== undefined) yield content;
  }

  #tidy(): void {
    for (const [key, content] of this.#entries) if (content === undefined) this.#entries.delete(key);
    this.#emptied = 0;
  }
}
