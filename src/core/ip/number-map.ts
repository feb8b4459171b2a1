/** So few emptied ones are not worth a walk through all. */
const fewest = 1_024;

/**
 * A map by numbers whose entries come and go under the same keys: what is deleted leaves its place empty, for the next
 * with that key. A plain Map would keep a trace of every deletion in the way of those who search there, until it has so
 * many that it is built anew. The lowest free address is given again and again.
 *
 * Invariant: no more places are empty than taken, but for a few.
 */
export class Slots<T> {
  readonly #places = new Map<number, T | undefined>();
  #empty = 0;

  get size(): number {
    return this.#places.size - this.#empty;
  }

  get(key: number): T | undefined {
    return this.#places.get(key);
  }

  set(key: number, content: T): void {
    const before = this.#places.size;
    const wasTaken = this.#empty === 0 || this.#places.get(key) !== undefined;
    this.#places.set(key, content);
    if (!wasTaken && this.#places.size === before) this.#empty -= 1;
  }

  delete(key: number): void {
    if (this.#places.get(key) === undefined) return;
    this.#places.set(key, undefined);
    this.#empty += 1;
    if (this.#empty > Math.max(fewest, this.size)) this.#tidy();
  }

  clear(): void {
    this.#places.clear();
    this.#empty = 0;
  }

  *values(): IterableIterator<T> {
    for (const content of this.#places.values()) if (content !== undefined) yield content;
  }

  #tidy(): void {
    for (const [key, content] of this.#places) if (content === undefined) this.#places.delete(key);
    this.#empty = 0;
  }
}
