import { isInPool, type PolicyPool } from '../config/policy.ts';
import type { Span } from '../config/pool.ts';
import { withoutAddresses } from '../config/spans.ts';
import { type Address, compareAddresses, type Family, includesAddress } from '../ip/address.ts';
import { ordinalOf } from '../ip/range.ts';
import type { FormerHolder } from '../ledger/former-holders.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import type { Facts } from './facts.ts';
import { type FormerAddress, restOf } from './former-address.ts';

/** Which free address to look for. */
export interface FreeAddressRequest {
  readonly state: ServiceState;
  readonly family: Family;
  /** Free addresses that are not available, because they are picked already. */
  readonly picked: readonly Address[];
}

/** The address that the Service had last, if it is still free, in the pool, and freed a short time ago (spec section 14: `sticky`). */
export function formerAddress(
  { state, family, picked }: FreeAddressRequest,
  pool: PolicyPool,
  { ledger, now }: Facts,
): Address | undefined {
  const { sticky } = pool;
  if (sticky === undefined) return undefined;
  for (const { address, freedAt } of ledger.former.of(state.key)) {
    const isRecent = address.family === family && now - freedAt < sticky;
    if (isRecent && isInPool(pool, address) && isAvailable(address, picked, ledger)) return address;
  }
  return undefined;
}

export interface FreeAddress {
  readonly address: Address;
  /** It has not rested: another pool of the Service can have one that has. */
  readonly isResting: boolean;
  /** The free address that comes first in the search order, if it has not rested. */
  readonly resting?: FormerAddress | undefined;
}

/**
 * The first free address of the pool in its search order. With a cool-down, one that was freed a short time ago is taken only if there
 * is no other. O(log addresses in use), and with a memory O(remembered addresses).
 */
export function freeAddress(
  request: FreeAddressRequest,
  pool: PolicyPool,
  facts: Facts,
): FreeAddress | undefined {
  const { family } = request;
  const { order } = pool;
  const { ledger } = facts;
  const spans = spansFor(request, pool);
  if (order === 'least-recently-used') {
    const neverUsed = ledger.firstNeverUsed(family, spans, false);
    return neverUsed === undefined
      ? leastRecentlyUsed(request, pool, facts)
      : { address: neverUsed, isResting: false };
  }
  const first = ledger.firstFree(family, spans, order === 'desc');
  if (first === undefined) return undefined;
  const former = ledger.former.at(first);
  // The common case.
  if (former === undefined || !rests(former, request, pool, facts))
    return { address: first, isResting: false };
  return rested(former, spans, request, pool, facts);
}

/** The spans of the pool without what was picked from a pool that overlaps with it; with `spread`, from the Service's own place on. */
function spansFor({ family, picked, state }: FreeAddressRequest, pool: PolicyPool): readonly Span[] {
  const all = pool.spans[family];
  const available = picked.length === 0 ? all : withoutPicked(all, picked, family, pool);
  return pool.order === 'spread' ? rotated(available, state.view.uid) : available;
}

function withoutPicked(
  spans: readonly Span[],
  picked: readonly Address[],
  family: Family,
  pool: PolicyPool,
): readonly Span[] {
  const overlapping = picked.filter((address) => address.family === family && isInPool(pool, address));
  return overlapping.length === 0 ? spans : withoutAddresses(spans, overlapping, family);
}

function rests(
  former: FormerHolder,
  { state }: FreeAddressRequest,
  pool: PolicyPool,
  { now }: Facts,
): boolean {
  return former.service !== state.key && restOf(former, pool, now).restsForMs > 0;
}

/** The address that has been free the longest, which has rested longest, too. */
function leastRecentlyUsed(
  request: FreeAddressRequest,
  pool: PolicyPool,
  facts: Facts,
): FreeAddress | undefined {
  const free = remembered(request, pool, facts.ledger);
  const [longest] = free;
  return (
    longest && { address: longest.address, isResting: free.every((one) => rests(one, request, pool, facts)) }
  );
}

/** The first address that has rested, instead of one that has not. */
function rested(
  resting: FormerHolder,
  spans: readonly Span[],
  request: FreeAddressRequest,
  pool: PolicyPool,
  facts: Facts,
): FreeAddress {
  const { ledger, now } = facts;
  const descending = pool.order === 'desc';
  const free = remembered(request, pool, ledger);
  const neverUsed = ledger.firstNeverUsed(request.family, spans, descending) ?? [];
  const [next] = free
    .filter((one) => !rests(one, request, pool, facts))
    .map(({ address }) => address)
    .concat(neverUsed)
    .sort(inOrderOf(spans, descending));
  // No address is kept from a Service that waits: the last resort is the one that has rested longest.
  const address = next ?? free[0]?.address ?? resting.address;
  return { address, isResting: next === undefined, resting: restOf(resting, pool, now) };
}

/** The free addresses of the pool whose last holder is remembered, the longest free first. */
function remembered(
  { family, picked }: FreeAddressRequest,
  pool: PolicyPool,
  ledger: Ledger,
): readonly FormerHolder[] {
  return [...ledger.former.all()].filter(
    ({ address }) =>
      address.family === family && isInPool(pool, address) && isAvailable(address, picked, ledger),
  );
}

function isAvailable(address: Address, picked: readonly Address[], ledger: Ledger): boolean {
  return !ledger.isUsed(address) && !includesAddress(picked, address);
}

/** Compares addresses by their place in the spans, which can be rotated: those before the first span come last. */
function inOrderOf(spans: readonly Span[], descending: boolean): (a: Address, b: Address) => number {
  const start = spans[0]?.first ?? 0n;
  const placeOf = (address: Address): number => ((ordinalOf(address) ?? -1n) < start ? 1 : 0);
  return (a, b) => {
    const difference = placeOf(a) - placeOf(b) || compareAddresses(a, b);
    return descending ? -difference : difference;
  };
}

/** The same addresses, starting at one that depends on the Service. */
function rotated(spans: readonly Span[], uid: string): readonly Span[] {
  const size = spans.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  if (size === 0n) return spans;
  let skip = hash(uid) % size;
  for (const [i, { first, last }] of spans.entries()) {
    const length = last - first + 1n;
    if (skip < length) {
      const start = first + skip;
      const head = start > first ? [{ first, last: start - 1n }] : [];
      return [{ first: start, last }, ...spans.slice(i + 1), ...spans.slice(0, i), ...head];
    }
    skip -= length;
  }
  return spans;
}

/** FNV-1a with 64 bits: the same text has the same number everywhere. */
function hash(text: string): bigint {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return value;
}
