import type { Address, Family } from '../ip/address.ts';
import { mergeRanges, ordinalOf, ordinalsOf, type Range } from '../ip/range.ts';
import type { Span } from './pool.ts';

/** The spans without the ranges of their family, which are ascending and disjoint as well: O(spans + ranges). */
export function without(spans: readonly Span[], ranges: readonly Range[], family: Family): readonly Span[] {
  const gaps = ranges.flatMap((range) => (range.family === family ? (ordinalsOf(range) ?? []) : []));
  const left: Span[] = [];
  let next = 0;
  for (const { first, last } of spans) {
    while ((gaps[next]?.last ?? last) < first) next += 1;
    let start = first;
    for (let gap = gaps[next]; gap !== undefined && gap.first <= last; gap = gaps[next]) {
      if (start < gap.first) left.push({ first: start, last: gap.first - 1n });
      start = gap.last + 1n;
      if (gap.last >= last) break;
      next += 1;
    }
    if (start <= last) left.push({ first: start, last });
  }
  return left;
}

/** The spans without these addresses of their family. */
export function withoutAddresses(
  spans: readonly Span[],
  addresses: readonly Address[],
  family: Family,
): readonly Span[] {
  const ranges = addresses.map(({ family, value }) => ({ family, first: value, last: value }));
  return without(spans, mergeRanges(ranges), family);
}

/** All of the spans, which are of one family, merged where they overlap. */
export function mergeSpans(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const { first, last } of [...spans].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = merged.at(-1);
    if (before === undefined || before.last + 1n < first) merged.push({ first, last });
    else if (before.last < last) merged[merged.length - 1] = { first: before.first, last };
  }
  return merged;
}

export function sizeOf(spans: readonly Span[]): bigint {
  return spans.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

/** Whether one of the spans, which are of the address's family, ascending, and disjoint, has it: O(log spans). */
export function isWithin(spans: readonly Span[], address: Address): boolean {
  const ordinal = ordinalOf(address);
  if (ordinal === undefined) return false;
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const span = spans[middle];
    if (span === undefined) return false;
    if (ordinal < span.first) high = middle;
    else if (ordinal > span.last) low = middle + 1;
    else return true;
  }
  return false;
}
