import { type Address, bits, type Family } from './address.ts';
import { SortedSet } from './sorted-set.ts';

/** The addresses of one family from `first` to `last`, inclusive. */
export interface Range {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** The block of `2^(bits - length)` addresses that contains `address` (RFC 4632): host bits are masked. */
export function block(address: Address, length: number): Range {
  const hostBits = BigInt(bits[address.family] - length);
  const first = (address.value >> hostBits) << hostBits;
  return { family: address.family, first, last: first + (1n << hostBits) - 1n };
}

/**
 * Removes the network and broadcast addresses of an IPv4 block. A /31 keeps both addresses (RFC 3021), a /32 keeps its only one.
 * An IPv6 block that is as large as a subnet, a /64 or shorter, loses its first address, which belongs to the routers of the
 * subnet (RFC 4291 section 2.6.1).
 */
export function trimEnds(range: Range): Range {
  if (range.family === 'IPv6') {
    return range.last - range.first < 2n ** 64n - 1n ? range : { ...range, first: range.first + 1n };
  }
  if (range.last - range.first < 2n) return range;
  return { family: range.family, first: range.first + 1n, last: range.last - 1n };
}

/** Sorts the ranges and merges those that overlap or are adjacent. IPv4 comes before IPv6. */
export function mergeRanges(ranges: Iterable<Range>): Range[] {
  const merged = new RangeSet();
  for (const range of ranges) merged.add(range);
  return [...merged];
}

/** Ranges in order, merged where they overlap or are adjacent. */
export class RangeSet {
  readonly #ranges = new SortedSet<Range>(compareRanges);

  get size(): number {
    return this.#ranges.size;
  }

  /** O(log ranges), and as much for each range that is merged into this one. */
  add(range: Range): void {
    const before = this.#ranges.atOrBelow(range);
    const isMet = before !== undefined && before.family === range.family && before.last + 1n >= range.first;
    if (isMet && before.last >= range.last) return;
    const first = isMet ? before.first : range.first;
    let { last } = range;
    if (isMet) this.#ranges.delete(before);
    for (;;) {
      const after = this.#ranges.above(range);
      if (after === undefined || after.family !== range.family || after.first > last + 1n) break;
      this.#ranges.delete(after);
      if (after.last > last) last = after.last;
    }
    this.#ranges.add({ family: range.family, first, last });
  }

  [Symbol.iterator](): IterableIterator<Range> {
    return this.#ranges[Symbol.iterator]();
  }
}

/** IPv4 before IPv6, then by the first address. */
export function compareRanges(a: Range, b: Range): number {
  if (a.family !== b.family) return a.family === 'IPv4' ? -1 : 1;
  return a.first < b.first ? -1 : a.first > b.first ? 1 : 0;
}

/** Whether one of the ranges, which are sorted and disjoint, contains the address: O(log n). */
export function rangesContain(ranges: readonly Range[], { family, value }: Address): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle];
    if (range === undefined) return false;
    if (range.family !== family) {
      if (range.family === 'IPv4') low = middle + 1;
      else high = middle;
    } else if (value < range.first) high = middle;
    else if (value > range.last) low = middle + 1;
    else return true;
  }
  return false;
}

/** Whether the two ranges have an address in common. */
export function rangesMeet(a: Range, b: Range): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/**
 * Numbers the allocatable addresses without gaps. IPv4 addresses that end in .0 or .255 are never allocated (spec section 3) and
 * have no ordinal: an ordinal is the address less two for each /24 before it, and less one for the .0 of its own. Used addresses on
 * both sides of such an address form one interval, which a search skips in one step.
 */
export function ordinalOf({ family, value }: Address): bigint | undefined {
  if (family === 'IPv6') return value;
  const host = value & 255n;
  return host === 0n || host === 255n ? undefined : value - 2n * (value >> 8n) - 1n;
}

/** The inverse of `ordinalOf`. */
export function addressAt(family: Family, ordinal: bigint): Address {
  if (family === 'IPv6') return { family, value: ordinal };
  return { family, value: ordinal + 2n * (ordinal / 254n) + 1n };
}

/** The ordinals of a range's allocatable addresses; undefined if it has none. */
export function ordinalsOf(range: Range): { first: bigint; last: bigint } | undefined {
  if (range.family === 'IPv6') {
    // `::` is a request for DHCP, not an address.
    const first = range.first === 0n ? 1n : range.first;
    return first <= range.last ? { first, last: range.last } : undefined;
  }
  const host = range.first & 255n;
  // A start at .0 means .1, and an end at .255 means .254. The two other cases work out: .255 as a start has offset 254, which is
  // the .1 of the next /24, and .0 as an end has the offset of the preceding .254.
  const first = (range.first >> 8n) * 254n + (host === 0n ? 0n : host - 1n);
  const end = range.last & 255n;
  const last = (range.last >> 8n) * 254n + (end === 255n ? 253n : end - 1n);
  return first <= last ? { first, last } : undefined;
}
