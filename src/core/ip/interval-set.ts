import { SortedSet } from './sorted-set.ts';

interface Interval {
  readonly first: bigint;
  last: bigint;
}

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

  has(ordinal: bigint): boolean {
    return this.#intervalAt(ordinal) !== undefined;
  }

  /** Adds an ordinal, if it is not in the set yet. */
  add(ordinal: bigint): void {
    const [before, after] = this.#intervals.around({ first: ordinal, last: ordinal });
    if (before !== undefined && ordinal <= before.last) return;
    const last = after?.first === ordinal + 1n ? after.last : ordinal;
    if (after !== undefined && last === after.last) this.#intervals.delete(after);
    if (before?.last === ordinal - 1n) before.last = last;
    else this.#intervals.add({ first: ordinal, last });
  }

  /** Removes an ordinal, if it is in the set. */
  delete(ordinal: bigint): void {
    const interval = this.#intervalAt(ordinal);
    if (interval === undefined) return;
    const { first, last } = interval;
    if (first === ordinal) this.#intervals.delete(interval);
    else interval.last = ordinal - 1n;
    if (last > ordinal) this.#intervals.add({ first: ordinal + 1n, last });
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
    const above = this.#intervals.above({ first, last })?.first;
    return above !== undefined && above <= last ? above : undefined;
  }

  /** The highest ordinal from `first` to `last` that is in the set. */
  highestIn(first: bigint, last: bigint): bigint | undefined {
    const below = this.#intervals.atOrBelow({ first: last, last })?.last;
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
    let interval = this.#intervalAt(first) ?? this.#intervals.above({ first, last });
    while (interval !== undefined && interval.first <= last) {
      const { first: low, last: high } = interval;
      yield { first: low < first ? first : low, last: high > last ? last : high };
      interval = this.#intervals.above(interval);
    }
  }

  #intervalAt(ordinal: bigint): Interval | undefined {
    const interval = this.#intervals.atOrBelow({ first: ordinal, last: ordinal });
    return interval !== undefined && ordinal <= interval.last ? interval : undefined;
  }
}
