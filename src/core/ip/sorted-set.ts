/**
 * A sorted set, stored in chunks of bounded length: adding, deleting, and finding neighbors cost O(log n) comparisons and the
 * move of at most one chunk. Elements that compare as 0 are the same element.
 *
 * Invariant: no chunk is empty; chunks and the elements within them ascend strictly.
 */
export class SortedSet<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #chunks: T[][] = [];
  #size = 0;

  /** The length at which a chunk is split: long enough for few chunks, short enough to be moved cheaply. */
  static readonly chunkLength = 256;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds `element`. Returns false, and keeps the existing element, if there is an equal one. */
  add(element: T): boolean {
    const at = Math.max(this.#chunkOf(element), 0);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([element]);
    } else {
      const i = this.#positionIn(chunk, element);
      if (this.#holds(chunk, i, element)) return false;
      chunk.splice(i, 0, element);
      if (chunk.length > SortedSet.chunkLength) {
        this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
      }
    }
    this.#size += 1;
    return true;
  }

  /** Removes the element equal to `element`. Returns false if there is none. */
  delete(element: T): boolean {
    const at = this.#chunkOf(element);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return false;
    const i = this.#positionIn(chunk, element);
    if (!this.#holds(chunk, i, element)) return false;
    if (chunk.length === 1) this.#chunks.splice(at, 1);
    else chunk.splice(i, 1);
    this.#size -= 1;
    return true;
  }

  has(element: T): boolean {
    const chunk = this.#chunks[this.#chunkOf(element)];
    return chunk !== undefined && this.#holds(chunk, this.#positionIn(chunk, element), element);
  }

  first(): T | undefined {
    return this.#chunks[0]?.[0];
  }

  last(): T | undefined {
    return this.#chunks.at(-1)?.at(-1);
  }

  /** Removes the first element. */
  shift(): T | undefined {
    const [chunk] = this.#chunks;
    const first = chunk?.shift();
    if (first === undefined) return undefined;
    if (chunk?.length === 0) this.#chunks.shift();
    this.#size -= 1;
    return first;
  }

  /** The greatest element at or below `bound`. */
  atOrBelow(bound: T): T | undefined {
    return this.around(bound)[0];
  }

  /** The smallest element above `bound`. */
  above(bound: T): T | undefined {
    return this.around(bound)[1];
  }

  /** The results of `atOrBelow` and `above`, in one search. */
  around(bound: T): readonly [T | undefined, T | undefined] {
    const at = this.#chunkOf(bound);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return [undefined, this.first()];
    const i = this.#positionIn(chunk, bound);
    const above = this.#holds(chunk, i, bound) ? i + 1 : i;
    return [chunk[above - 1], above < chunk.length ? chunk[above] : this.#chunks[at + 1]?.[0]];
  }

  /** All elements in ascending order. The set must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The chunk to which `element` belongs: the last one that starts at or below it; -1 if all start above it. */
  #chunkOf(element: T): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = this.#chunks[middle]?.[0];
      if (start !== undefined && this.#compare(start, element) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The position of `element` in `chunk`, or where it would be inserted. */
  #positionIn(chunk: readonly T[], element: T): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const candidate = chunk[middle];
      if (candidate !== undefined && this.#compare(candidate, element) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #holds(chunk: readonly T[], i: number, element: T): boolean {
    const candidate = chunk[i];
    return candidate !== undefined && this.#compare(candidate, element) === 0;
  }
}
