import { formatBlock, formatRange } from '../core/explain/explain-config.ts';
import { type Address, formatAddress } from '../core/ip/address.ts';
import { type Range, rangesMeet } from '../core/ip/range.ts';
import { type AddressState, type Gap, type Occupancy, withGaps } from '../core/queries/occupancy.ts';
import type { AddressCell, Block, PoolMap, Segment } from './page-data.ts';
import { type PageSnapshot, shownBetween } from './page-snapshot.ts';

/**
 * Ranges as they are drawn: an address is a cell where there are few, else a block of 2^k is. What is drawn is bounded,
 * and so is the time for it, whatever a pool spans.
 */
export interface Scale {
  /** A range of up to so many addresses is drawn as cells. */
  readonly cells: number;
  /** A larger one as so many blocks at most, but for its ends. */
  readonly blocks: number;
  /** Of at least so many bits. */
  readonly leastBits: number;
  /** For all ranges together. */
  readonly all: number;
}

/** For a pool among others. */
export const small: Scale = { cells: 64, blocks: 64, leastBits: 4, all: 128 };
/** For a pool alone. */
export const large: Scale = { cells: 1024, blocks: 256, leastBits: 8, all: 2048 };

const mostBeside = 64;
const mostNames = 4;

export function mapOf(
  ranges: readonly Range[],
  beside: readonly Occupancy[],
  snapshot: PageSnapshot,
  scale: Scale,
): PoolMap {
  const segments: Segment[] = [];
  let drawn = 0;
  for (const range of ranges) {
    if (drawn >= scale.all) break;
    const segment = segmentOf(range, snapshot, scale);
    drawn += 'cells' in segment ? segment.cells.length : segment.blocks.length;
    segments.push(segment);
  }
  return {
    segments,
    more: ranges.length - segments.length,
    beside: beside.slice(0, mostBeside).map(cellOf),
  };
}

function segmentOf(range: Range, snapshot: PageSnapshot, scale: Scale): Segment {
  const head = { range: rangeText(range), size: String(sizeOf(range)) };
  const shown = shownBetween(snapshot.shown[range.family], range);
  // There may be thousands of pools, and few of them here.
  const usable = snapshot.usable.filter(({ ranges }) => ranges.some((one) => rangesMeet(one, range)));
  if (sizeOf(range) <= BigInt(scale.cells)) {
    const cells = withGaps(range, shown, usable).flatMap((part) =>
      'range' in part ? gapCells(part) : cellOf(part),
    );
    return { ...head, cells };
  }
  const blocks = blocksOf(range, scale).map((block): Block => {
    const inBlock = shownBetween(shown, block);
    return blockOf(block, inBlock, withGaps(block, inBlock, usable));
  });
  const fit = fitOf(range, shown);
  return { ...head, blocks, fit: fit === undefined || fit === head.range ? undefined : fit };
}

/** The ranges of up to 2^k addresses that it falls into, whose ends lie where prefixes do. */
function blocksOf(range: Range, { blocks, leastBits }: Scale): Range[] {
  let width = BigInt(leastBits);
  while (sizeOf(range) >> width > BigInt(blocks)) width += 2n;
  const parts: Range[] = [];
  for (let first = range.first; first <= range.last; ) {
    const end = ((first >> width) + 1n) << width;
    const last = end - 1n < range.last ? end - 1n : range.last;
    parts.push({ ...range, first, last });
    first = last + 1n;
  }
  return parts;
}

/** The way down from one of the ranges to a part of it, both included; empty where it is no part of any. */
export function wayTo(part: Range, ranges: readonly Range[], scale: Scale): Range[] {
  const holds = (one: Range): boolean =>
    one.family === part.family && one.first <= part.first && part.last <= one.last;
  const way: Range[] = [];
  let at = ranges.find(holds);
  while (at !== undefined && sizeOf(at) > sizeOf(part)) {
    way.push(at);
    at = sizeOf(at) <= BigInt(scale.cells) ? undefined : blocksOf(at, scale).find(holds);
  }
  return way.length === 0 && at === undefined ? [] : [...way, part];
}

/** The block of at most 2^8 addresses around the one, within the range. */
export function around({ value }: Address, range: Range): Range {
  const first = (value >> 8n) << 8n;
  return clipped({ ...range, first, last: first + 255n }, range);
}

function fitOf(range: Range, shown: readonly Occupancy[]): string | undefined {
  const [low, high] = [shown[0]?.address.value, shown.at(-1)?.address.value];
  if (low === undefined || high === undefined) return undefined;
  let width = 8n;
  while (low >> width !== high >> width) width += 1n;
  const first = (low >> width) << width;
  return rangeText(clipped({ ...range, first, last: first + (1n << width) - 1n }, range));
}

function clipped(part: Range, { first, last }: Range): Range {
  return {
    ...part,
    first: part.first < first ? first : part.first,
    last: part.last > last ? last : part.last,
  };
}

function blockOf(range: Range, shown: readonly Occupancy[], parts: readonly (Occupancy | Gap)[]): Block {
  const states: Partial<Record<AddressState, number>> = {};
  for (const { state } of shown) states[state] = (states[state] ?? 0) + 1;
  const free = parts.reduce((sum, part) => sum + ('range' in part ? part.free : 0n), 0n);
  return {
    range: rangeText(range),
    size: String(sizeOf(range)),
    used: shown.length,
    free: String(free),
    states,
  };
}

function gapCells({ range, state }: Gap): AddressCell[] {
  const cells: AddressCell[] = [];
  for (let value = range.first; value <= range.last; value += 1n) {
    const address = formatAddress({ family: range.family, value });
    cells.push({ address, state, services: [], more: 0 });
  }
  return cells;
}

export function cellOf({ address, state, holders, others, owner }: Occupancy): AddressCell {
  const names = [...holders, ...others].map(({ key }) => key);
  if (owner !== undefined) names.push(owner.parent);
  return {
    address: formatAddress(address),
    state,
    services: names.slice(0, mostNames),
    more: Math.max(0, names.length - mostNames),
  };
}

export function sizeOf({ first, last }: Range): bigint {
  return last - first + 1n;
}

/** `10.0.4.0/24` where it is a block, else `10.0.4.1-10.0.4.9`. */
export function rangeText(range: Range): string {
  const size = sizeOf(range);
  const isBlock = size > 1n && (size & (size - 1n)) === 0n && range.first % size === 0n;
  return isBlock ? formatBlock(range) : formatRange(range);
}
