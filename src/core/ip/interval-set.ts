import { SortedSet } from './sorted-set.ts';

interface Interval {
  first: bigint;
  last: bigint;
}

/** The last interval that starts at or below an ordinal, and the next one. */
type Neighbors = readonly [Interval | undefined, Interval | undefined];

/**
 * A set of ordinals, stored as intervals. Memory depends on the number of intervals, not on their length. Each operation costs
 * O(log intervals).
 *
 * Invariant: intervals are disjoint and not adjacent: at least one ordinal between two of them is free. The next free ordinal
 * is therefore found by skipping at most one interval.
 */
export class IntervalSet {
  readonly #intervals = new SortedSet<Interval>((a, b) =>
    a.first < b.first ? -1 : a.first > b.first ? 1 : 0,
  );
  /**
   * The result of the last search: the next ordinal usually has the same neighbors. It is valid until an interval is inserted or
   * removed. To move a bound changes no order.
   */
  #found: Neighbors = notSearched;

  has(ordinal: bigint): boolean {
    return this.#intervalAt(ordinal) !== undefined;
  }

  /** Adds an ordinal, if it is not in the set yet. */
  add(ordinal: bigint): void {
    const [before, after] = this.#around(ordinal);
    if (before !== undefined && ordinal <= before.last) return;
    const meetsBefore = before?.last === ordinal - 1n;
    const meetsAfter = after?.first === ordinal + 1n;
    if (meetsBefore && meetsAfter) {
      this.#remove(after);
      before.last = after.last;
    } else if (meetsBefore) before.last = ordinal;
    else if (meetsAfter) after.first = ordinal;
    else this.#insert({ first: ordinal, last: ordinal });
  }

  /** Removes an ordinal, if it is in the set. */
  delete(ordinal: bigint): void {
    const interval = this.#intervalAt(ordinal);
    if (interval === undefined) return;
    const { first, last } = interval;
    if (first === last) this.#remove(interval);
    else if (first === ordinal) interval.first = ordinal + 1n;
    else {
      interval.last = ordinal - 1n;
      if (last > ordinal) this.#insert({ first: ordinal + 1n, last });
    }
  }

  /** The lowest ordinal from `first` to `last` that is not in the set. */
  lowestFree(first: bigint, last: bigint): bigint | undefined {
    const interval = this.#intervalAt(first);
    const free = interval === undefined ? first : interval.last + 1n;
    return free <= last ? free : undefined;
  }

  /** The highest ordinal from `first` to `last` that is not in the set. */
  highestFree(first: bigint, last: bigint): bigint | undefined {
    const interval = this.#intervalAt(last);
    const free = interval === undefined ? last : interval.first - 1n;
    return free >= first ? free : undefined;
  }

  /** The lowest ordinal from `first` to `last` that is in the set. */
  lowestIn(first: bigint, last: bigint): bigint | undefined {
    if (this.has(first)) return first <= last ? first : undefined;
    const above = this.#around(first)[1]?.first;
    return above !== undefined && above <= last ? above : undefined;
  }

  /** The highest ordinal from `first` to `last` that is in the set. */
  highestIn(first: bigint, last: bigint): bigint | undefined {
    const below = this.#around(last)[0]?.last;
    if (below === undefined || below < first) return undefined;
    return below < last ? below : last < first ? undefined : last;
  }

  /** How many ordinals from `first` to `last` are in the set: O(intervals between them). */
  count(first: bigint, last: bigint): bigint {
    let count = 0n;
    for (const interval of this.#between(first, last)) count += interval.last - interval.first + 1n;
    return count;
  }

  /** `count` for the current content of the set: O(intervals) once, then O(log intervals) for each call. */
  counter(): (first: bigint, last: bigint) => bigint {
    const intervals = [...this.#intervals].map(({ first, last }) => ({ first, last, below: 0n }));
    let below = 0n;
    for (const interval of intervals) {
      interval.below = below;
      below += interval.last - interval.first + 1n;
    }
    const upTo = (ordinal: bigint): bigint => {
      let low = 0;
      let high = intervals.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((intervals[middle]?.first ?? ordinal) <= ordinal) low = middle + 1;
        else high = middle;
      }
      const interval = intervals[low - 1];
      if (interval === undefined) return 0n;
      const { first, last } = interval;
      return interval.below + (ordinal < last ? ordinal : last) - first + 1n;
    };
    return (first, last) => upTo(last) - upTo(first - 1n);
  }

  /** The ordinals from `first` to `last` that are in the set, in either direction. The set must not change meanwhile. */
  *within(first: bigint, last: bigint, descending: boolean): IterableIterator<bigint> {
    const intervals = this.#between(first, last);
    for (const interval of descending ? [...intervals].reverse() : intervals) {
      const { first: low, last: high } = interval;
      if (descending) for (let ordinal = high; ordinal >= low; ordinal -= 1n) yield ordinal;
      else for (let ordinal = low; ordinal <= high; ordinal += 1n) yield ordinal;
    }
  }

  *#between(first: bigint, last: bigint): IterableIterator<Interval> {
    const [before, after] = this.#around(first);
    let interval = before !== undefined && first <= before.last ? before : after;
    while (interval !== undefined && interval.first <= last) {
      const { first: low, last: high } = interval;
      yield { first: low < first ? first : low, last: high > last ? last : high };
      interval = this.#intervals.above(interval);
    }
  }

  #intervalAt(ordinal: bigint): Interval | undefined {
    const [, after] = this.#found;
    if (contains(after, ordinal)) return after;
    const [before] = this.#around(ordinal);
    return contains(before, ordinal) ? before : undefined;
  }

  #around(ordinal: bigint): Neighbors {
    const [before, after] = this.#found;
    const isSame =
      before !== undefined && before.first <= ordinal && (after === undefined || ordinal < after.first);
    if (!isSame) this.#found = this.#intervals.around({ first: ordinal, last: ordinal });
    return this.#found;
  }

  #insert(interval: Interval): void {
    this.#found = notSearched;
    this.#intervals.add(interval);
  }

  #remove(interval: Interval): void {
    this.#found = notSearched;
    this.#intervals.delete(interval);
  }
}

const notSearched: Neighbors = [undefined, undefined];

function contains(interval: Interval | undefined, ordinal: bigint): boolean {
  return interval !== undefined && interval.first <= ordinal && ordinal <= interval.last;
}
