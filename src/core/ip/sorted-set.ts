/**
 * A set kept in order, in chunks of a bounded length: add, delete and neighbour look-ups cost O(log n) comparisons and
 * the move of at most one chunk. Elements that compare as 0 are the same element.
 *
 * Invariant: no chunk is empty; chunks and the elements within them ascend strictly.
 */
export class SortedSet<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #chunks: T[][] = [];
  #size = 0;

  /** A chunk is split in two at this length: long enough for few chunks, short enough that moving it is cheap. */
  static readonly chunkLength = 256;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds `element`; false if an equal one is there already, which then stays. */
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

  /** Removes the element equal to `element`; false if there is none. */
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

  /** Removes the first element. */
  shift(): T | undefined {
    const [chunk] = this.#chunks;
    const first = chunk?.shift();
    if (first === undefined) return undefined;
    if (chunk?.length === 0) this.#chunks.shift();
    this.#size -= 1;
    return first;
  }

  /** The greatest element that is not above `bound`. */
  atOrBelow(bound: T): T | undefined {
    return this.around(bound)[0];
  }

  /** The smallest element above `bound`. */
  above(bound: T): T | undefined {
    return this.around(bound)[1];
  }

  /** Both, for one search. */
  around(bound: T): readonly [T | undefined, T | undefined] {
    const at = this.#chunkOf(bound);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return [undefined, this.first()];
    const i = this.#positionIn(chunk, bound);
    const above = this.#holds(chunk, i, bound) ? i + 1 : i;
    return [chunk[above - 1], above < chunk.length ? chunk[above] : this.#chunks[at + 1]?.[0]];
  }

  /** All elements, ascending. The set must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The chunk whose span `element` belongs to: the last that starts at or below it; -1 if all start above. */
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

  /** Where `element` stands in `chunk`, or would stand. */
  #positionIn(chunk: readonly T[], element: T): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = chunk[middle];
      if (there !== undefined && this.#compare(there, element) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #holds(chunk: readonly T[], i: number, element: T): boolean {
    const there = chunk[i];
    return there !== undefined && this.#compare(there, element) === 0;
  }
}
