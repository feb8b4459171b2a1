import { formerAddressAt } from '../core/decide/former-address.ts';
import { explainExclusion, explainReservation } from '../core/explain/explain-address.ts';
import { formatBlock, formatRange } from '../core/explain/explain-config.ts';
import { freeFor, lastHeldBy } from '../core/explain/explain-former.ts';
import { type Address, formatAddress } from '../core/ip/address.ts';
import { type Range, rangesMeet } from '../core/ip/range.ts';
import {
  type AddressState,
  type AllocatorView,
  type Gap,
  type Occupancy,
  withGaps,
} from '../core/queries/occupancy.ts';
import { excludersIn } from '../core/queries/pool-users.ts';
import type { AddressCell, Block, PoolMap, Segment } from './page-data.ts';
import { between, type PageSnapshot } from './page-snapshot.ts';

/**
 * Limits for drawing ranges: a small range is drawn as one cell per address, a larger one as blocks of 2^k addresses. They
 * bound the output and the time for a pool of any size.
 */
export interface Scale {
  /** The largest range that is drawn as cells. */
  readonly maxCells: number;
  /** The most blocks for a larger range, not counting partial blocks at its ends. */
  readonly maxBlocks: number;
  /** The smallest block has 2^minBits addresses. */
  readonly minBits: number;
  /** Cells and blocks of all ranges, after which no further range is drawn. */
  readonly maxTotal: number;
}

/** A pool in the overview. */
export const small: Scale = { maxCells: 64, maxBlocks: 64, minBits: 4, maxTotal: 128 };
/** A pool on its own page. */
export const large: Scale = { maxCells: 1024, maxBlocks: 256, minBits: 8, maxTotal: 2048 };

const maxOutside = 64;
const maxNames = 4;

export function mapOf(
  ranges: readonly Range[],
  outside: readonly Occupancy[],
  snapshot: PageSnapshot,
  scale: Scale,
): PoolMap {
  const segments: Segment[] = [];
  let drawn = 0;
  for (const range of ranges) {
    if (drawn >= scale.maxTotal) break;
    const segment = segmentOf(range, snapshot, scale);
    drawn += 'cells' in segment ? segment.cells.length : segment.blocks.length;
    segments.push(segment);
  }
  return {
    segments,
    more: ranges.length - segments.length,
    outside: outside.slice(0, maxOutside).map(cellOf),
  };
}

function segmentOf(range: Range, snapshot: PageSnapshot, scale: Scale): Segment {
  const head = { range: rangeText(range), size: String(sizeOf(range)) };
  const inUse = between(snapshot.inUse[range.family], range);
  // There may be thousands of pools, and only a few in this range.
  const usable = snapshot.usable.filter(({ ranges }) => ranges.some((one) => rangesMeet(one, range)));
  const reserved = between(snapshot.reserved[range.family], range);
  if (sizeOf(range) <= BigInt(scale.maxCells)) {
    const excluders = excludersIn(range, snapshot.config);
    const cells = withGaps(range, inUse, usable, reserved).flatMap((part) =>
      'range' in part ? gapCells(part, excluders, snapshot) : cellOf(part),
    );
    return { ...head, cells };
  }
  const blocks = blocksOf(range, scale).map((block): Block => {
    const inBlock = between(inUse, block);
    return blockOf(block, inBlock, withGaps(block, inBlock, usable, between(reserved, block)));
  });
  const smallest = smallestBlockOf(inUse, range);
  return { ...head, blocks, inUseRange: smallest === head.range ? undefined : smallest };
}

/** Splits the range into blocks of 2^k addresses, aligned to prefixes; the first and the last may be partial. */
function blocksOf(range: Range, { maxBlocks, minBits }: Scale): Range[] {
  let bits = BigInt(minBits);
  while (sizeOf(range) >> bits > BigInt(maxBlocks)) bits += 2n;
  const blocks: Range[] = [];
  for (let first = range.first; first <= range.last; ) {
    const end = ((first >> bits) + 1n) << bits;
    const last = end - 1n < range.last ? end - 1n : range.last;
    blocks.push({ ...range, first, last });
    first = last + 1n;
  }
  return blocks;
}

/** The path from one of the ranges down to a part of it, both included; empty if none of the ranges contains the part. */
export function pathTo(part: Range, ranges: readonly Range[], scale: Scale): Range[] {
  const contains = (range: Range): boolean =>
    range.family === part.family && range.first <= part.first && part.last <= range.last;
  const path: Range[] = [];
  let current = ranges.find(contains);
  while (current !== undefined && sizeOf(current) > sizeOf(part)) {
    path.push(current);
    current = sizeOf(current) <= BigInt(scale.maxCells) ? undefined : blocksOf(current, scale).find(contains);
  }
  return path.length === 0 && current === undefined ? [] : [...path, part];
}

/** The block of 2^8 addresses that contains the address, clipped to the range. */
export function blockAround({ value }: Address, range: Range): Range {
  const first = (value >> 8n) << 8n;
  return clip({ ...range, first, last: first + 255n }, range);
}

/** The smallest block of at least 2^8 addresses that contains all addresses in use, clipped to the range. */
function smallestBlockOf(inUse: readonly Occupancy[], range: Range): string | undefined {
  const [low, high] = [inUse[0]?.address.value, inUse.at(-1)?.address.value];
  if (low === undefined || high === undefined) return undefined;
  let bits = 8n;
  while (low >> bits !== high >> bits) bits += 1n;
  const first = (low >> bits) << bits;
  return rangeText(clip({ ...range, first, last: first + (1n << bits) - 1n }, range));
}

function clip(part: Range, { first, last }: Range): Range {
  return {
    ...part,
    first: part.first < first ? first : part.first,
    last: part.last > last ? last : part.last,
  };
}

function blockOf(range: Range, inUse: readonly Occupancy[], parts: readonly (Occupancy | Gap)[]): Block {
  const states: Partial<Record<AddressState, number>> = {};
  for (const { state } of inUse) states[state] = (states[state] ?? 0) + 1;
  const free = parts.reduce((sum, part) => sum + ('range' in part ? part.free : 0n), 0n);
  return {
    range: rangeText(range),
    size: String(sizeOf(range)),
    used: inUse.length,
    free: String(free),
    states,
  };
}

function gapCells(
  gap: Gap,
  excluders: ReturnType<typeof excludersIn>,
  { allocator }: PageSnapshot,
): AddressCell[] {
  const { range, state } = gap;
  const cells: AddressCell[] = [];
  for (let value = range.first; value <= range.last; value += 1n) {
    const address = { family: range.family, value };
    const keys = state === 'excluded' ? excluders(address, maxNames) : [];
    const former = state === 'free' ? formerTextAt(address, allocator) : '';
    const note = former === '' ? noted(gap, keys) : { note: former };
    cells.push({ address: formatAddress(address), state, services: [], more: 0, ...note });
  }
  return cells;
}

/** `free for 2 minutes, last held by shop/web; rests for 3 minutes more`; empty if it is not free, or nothing is remembered. */
export function formerTextAt(address: Address, allocator: AllocatorView): string {
  const former = formerAddressAt(address, allocator);
  return former === undefined ? '' : `${freeFor(former)}, ${lastHeldBy(former)}`;
}

export function cellOf(occupancy: Occupancy): AddressCell {
  const { address, state, holders, others, externalUsers, owner } = occupancy;
  const names = [...[...holders, ...others].map(({ key }) => key), ...externalUsers];
  if (owner !== undefined) names.push(owner.parent);
  return {
    address: formatAddress(address),
    state,
    services: names.slice(0, maxNames),
    more: Math.max(0, names.length - maxNames),
    ...noted(occupancy, []),
  };
}

function noted(part: Occupancy | Gap, excluders: readonly string[]): Pick<AddressCell, 'note'> {
  const note = noteOn(part, excluders);
  return note === '' ? {} : { note };
}

/** What the configuration says about an address, or about each address of a gap. `excluders`: the keys that exclude it. */
export function noteOn(part: Occupancy | Gap, excluders: readonly string[]): string {
  const holders = 'range' in part ? [] : part.holders;
  return [explainExclusion(excluders), explainReservation(part.reservation, holders)]
    .filter((note) => note !== '')
    .join(', ');
}

export function sizeOf({ first, last }: Range): bigint {
  return last - first + 1n;
}

/** `10.0.4.0/24` for a block, otherwise `10.0.4.1-10.0.4.9`. */
export function rangeText(range: Range): string {
  const size = sizeOf(range);
  const isBlock = size > 1n && (size & (size - 1n)) === 0n && range.first % size === 0n;
  return isBlock ? formatBlock(range) : formatRange(range);
}
