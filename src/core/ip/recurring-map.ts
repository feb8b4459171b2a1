/** Fewer empty entries than this are not worth a cleanup. */
const emptyAllowance = 1_024;

/**
 * A map whose entries are deleted and added again under the same keys: the lowest free address is always allocated first, and
 * Services are created again under the same names. A deletion leaves an empty entry for the next value with that key. A plain
 * Map would keep a tombstone for each deletion, which slows lookups down until it is rehashed.
 *
 * Invariant: there are at most as many empty entries as others, apart from `emptyAllowance`.
 */
export class RecurringMap<K, T> {
  readonly #entries = new Map<K, T | undefined>();
  #empty = 0;

  get size(): number {
    return this.#entries.size - this.#empty;
  }

  get(key: K): T | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.get(key) !== undefined;
  }

  set(key: K, content: T): void {
    const before = this.#entries.size;
    const hadContent = this.#empty === 0 || this.#entries.get(key) !== undefined;
    this.#entries.set(key, content);
    if (!hadContent && this.#entries.size === before) this.#empty -= 1;
  }

  delete(key: K): void {
    if (this.#entries.get(key) === undefined) return;
    this.#entries.set(key, undefined);
    this.#empty += 1;
    if (this.#empty > Math.max(emptyAllowance, this.size)) this.#removeEmpty();
  }

  clear(): void {
    this.#entries.clear();
    this.#empty = 0;
  }

  *values(): IterableIterator<T> {
    for (const content of this.#entries.values()) if (content !== undefined) yield content;
  }

  #removeEmpty(): void {
    for (const [key, content] of this.#entries) if (content === undefined) this.#entries.delete(key);
    this.#empty = 0;
  }
}
