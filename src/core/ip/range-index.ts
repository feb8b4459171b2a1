import { type Address, bits, type Family } from './address.ts';
import type { Range } from './range.ts';

/** The blocks of one size: the number of their host bits, and values by the remaining bits. */
type Blocks<T> = Map<bigint, Map<bigint, Set<T>>>;

/**
 * Values by ranges of addresses, which can overlap. The ranges are stored as CIDR blocks, so finding the values of an address
 * costs one look-up for each size of block that occurs, at most 33 or 129, however many ranges there are.
 */
export class RangeIndex<T> {
  readonly #blocks: Readonly<Record<Family, Blocks<T>>> = { IPv4: new Map(), IPv6: new Map() };

  add(range: Range, value: T): void {
    const blocks = this.#blocks[range.family];
    for (const [hostBits, prefix] of blocksOf(range)) {
      const prefixes = blocks.get(hostBits) ?? new Map<bigint, Set<T>>();
      blocks.set(hostBits, prefixes);
      prefixes.set(prefix, (prefixes.get(prefix) ?? new Set<T>()).add(value));
    }
  }

  /** Removes what `add` added for the same range. */
  delete(range: Range, value: T): void {
    const blocks = this.#blocks[range.family];
    for (const [hostBits, prefix] of blocksOf(range)) {
      const prefixes = blocks.get(hostBits);
      const values = prefixes?.get(prefix);
      values?.delete(value);
      if (values?.size === 0) prefixes?.delete(prefix);
      if (prefixes?.size === 0) blocks.delete(hostBits);
    }
  }

  /** The values of all ranges that contain the address. */
  *at({ family, value }: Address): IterableIterator<T> {
    for (const [hostBits, prefixes] of this.#blocks[family]) yield* prefixes.get(value >> hostBits) ?? [];
  }
}

/** The fewest blocks that cover the range, each with its number of host bits and its prefix. */
function* blocksOf({
  family,
  first,
  last,
}: Range): IterableIterator<readonly [hostBits: bigint, prefix: bigint]> {
  const width = BigInt(bits[family]);
  for (let start = first; start <= last; ) {
    let hostBits = 0n;
    const isAligned = (size: bigint): boolean =>
      start % (1n << size) === 0n && start + (1n << size) - 1n <= last;
    while (hostBits < width && isAligned(hostBits + 1n)) hostBits += 1n;
    yield [hostBits, start >> hostBits];
    start += 1n << hostBits;
  }
}
