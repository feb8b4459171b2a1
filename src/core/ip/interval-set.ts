import { SortedSet } from './sorted-set.ts';

interface Interval {
  readonly first: bigint;
  last: bigint;
}

/**
 * A set of ordinals, kept as runs without a gap. Memory is that of the runs, whatever they span; each operation costs
 * O(log runs).
 *
 * Invariant: runs are disjoint and never touch: between two of them at least one ordinal is free. So the first free
 * ordinal from any place is found by crossing one run at the most.
 */
export class IntervalSet {
  readonly #intervals = new SortedSet<Interval>((a, b) =>
    a.first < b.first ? -1 : a.first > b.first ? 1 : 0,
  );

  has(ordinal: bigint): boolean {
    return this.#intervalAt(ordinal) !== undefined;
  }

  /** Adds an ordinal; one that is in already changes nothing. */
  add(ordinal: bigint): void {
    const [before, after] = this.#intervals.around({ first: ordinal, last: ordinal });
    if (before !== undefined && ordinal <= before.last) return;
    const last = after?.first === ordinal + 1n ? after.last : ordinal;
    if (after !== undefined && last === after.last) this.#intervals.delete(after);
    if (before?.last === ordinal - 1n) before.last = last;
    else this.#intervals.add({ first: ordinal, last });
  }

  /** Removes an ordinal; one that is not in changes nothing. */
  delete(ordinal: bigint): void {
    const run = this.#intervalAt(ordinal);
    if (run === undefined) return;
    const { first, last } = run;
    if (first === ordinal) this.#intervals.delete(run);
    else run.last = ordinal - 1n;
    if (last > ordinal) this.#intervals.add({ first: ordinal + 1n, last });
  }

  /** The lowest ordinal from `first` to `last` that is not in the set. */
  lowestFree(first: bigint, last: bigint): bigint | undefined {
    const run = this.#intervalAt(first);
    const free = run === undefined ? first : run.last + 1n;
    return free <= last ? free : undefined;
  }

  /** The highest ordinal from `first` to `last` that is not in the set. */
  highestFree(first: bigint, last: bigint): bigint | undefined {
    const run = this.#intervalAt(last);
    const free = run === undefined ? last : run.first - 1n;
    return free >= first ? free : undefined;
  }

  /** How many ordinals from `first` to `last` are in the set: O(runs between them). */
  count(first: bigint, last: bigint): bigint {
    let count = 0n;
    for (const run of this.#between(first, last)) count += run.last - run.first + 1n;
    return count;
  }

  /** Answers as `count` for the set as it is now: O(runs) to begin with, then O(log runs) for each question. */
  counter(): (first: bigint, last: bigint) => bigint {
    const runs = [...this.#intervals].map(({ first, last }) => ({ first, last, below: 0n }));
    let below = 0n;
    for (const run of runs) {
      run.below = below;
      below += run.last - run.first + 1n;
    }
    const upTo = (ordinal: bigint): bigint => {
      let low = 0;
      let high = runs.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((runs[middle]?.first ?? ordinal) <= ordinal) low = middle + 1;
        else high = middle;
      }
      const run = runs[low - 1];
      if (run === undefined) return 0n;
      return run.below + (ordinal < run.last ? ordinal : run.last) - run.first + 1n;
    };
    return (first, last) => upTo(last) - upTo(first - 1n);
  }

  /** The ordinals from `first` to `last` that are in the set, in either direction. It must not change meanwhile. */
  *within(first: bigint, last: bigint, descending: boolean): IterableIterator<bigint> {
    const runs = this.#between(first, last);
    for (const run of descending ? [...runs].reverse() : runs) {
      if (descending) for (let ordinal = run.last; ordinal >= run.first; ordinal -= 1n) yield ordinal;
      else for (let ordinal = run.first; ordinal <= run.last; ordinal += 1n) yield ordinal;
    }
  }

  *#between(first: bigint, last: bigint): IterableIterator<Interval> {
    let run = this.#intervalAt(first) ?? this.#intervals.above({ first, last });
    while (run !== undefined && run.first <= last) {
      yield { first: run.first < first ? first : run.first, last: run.last > last ? last : run.last };
      run = this.#intervals.above(run);
    }
  }

  #intervalAt(ordinal: bigint): Interval | undefined {
    const run = this.#intervals.atOrBelow({ first: ordinal, last: ordinal });
    return run !== undefined && ordinal <= run.last ? run : undefined;
  }
}
