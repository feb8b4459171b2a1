import { type Pool, type Pools, poolFor, sharingFor } from '../config/config.ts';
import { type Address, type Family, formatAddress, isUnspecified } from '../ip/address.ts';
import { ordinalOf } from '../ip/range.ts';
import type { Standing } from '../ledger/service-state.ts';
import { joining, unwilling } from '../ledger/sharing.ts';
import { formatList } from '../model/address-list.ts';
import type { Facts } from './allocation-context.ts';
import type { Shortage } from './allocation-failure.ts';
import { coHolders, conflicts } from './conditions.ts';

/** Addresses for a Service, in the order of its families, or what each family is short of. */
export type Allocation = Grant | { readonly shortages: readonly Shortage[] };

export interface Grant {
  readonly addresses: readonly Address[];
  /** The ConfigMap's key. */
  readonly key: string;
  /** Who has the address already, where it is a shared one. */
  readonly sharedWith: readonly string[];
}

const unspecified: Readonly<Record<Family, Address>> = {
  IPv4: { family: 'IPv4', value: 0n },
  IPv6: { family: 'IPv6', value: 0n },
};

/**
 * Picks what the Service's families need and `held` does not yet give (spec sections 3, 4 and 6). Reserves nothing:
 * who uses the answer puts it into the ledger before the next question.
 */
export function allocate(standing: Standing, held: readonly Address[], facts: Facts): Allocation {
  const { view } = standing;
  const { ledger, pools } = facts;
  const pool = poolFor(pools, view.namespace);
  let key = pool?.key ?? '';
  const families = wantedFamilies(standing, pool);
  if (pool?.dhcpOnly !== undefined) {
    const kept = held.filter((address) => families.includes(address.family) || isUnspecified(address));
    return { addresses: kept.length > 0 ? kept : [unspecified[pool.dhcpOnly]], key, sharedWith: [] };
  }
  const addresses: Address[] = [];
  const shortages: Shortage[] = [];
  const sharedWith: string[] = [];
  for (const family of families) {
    const kept = held.find((address) => address.family === family);
    const pick =
      kept ??
      pledgedOne(family) ??
      (pool === undefined ? missingPool(pools, view.namespace) : pickOne(standing, family, pool));
    if ('code' in pick) shortages.push(pick);
    else addresses.push(pick);
  }
  const enough = view.policy === 'PreferDualStack' ? addresses.length > 0 : shortages.length === 0;
  return enough ? { addresses, key, sharedWith } : { shortages };

  /** What was claimed for it is given to it, whatever has become of the pool since: the write may be on its way. */
  function pledgedOne(family: Family): Address | undefined {
    const pledged = standing.pledged.find(
      ({ address }) => address.family === family && conflicts(standing, address, facts).length === 0,
    );
    if (pledged === undefined) return undefined;
    key = pledged.source;
    sharedWith.push(...coHolders(standing, pledged.address, facts).map((holder) => holder.key));
    return pledged.address;
  }

  function pickOne(standing: Standing, family: Family, pool: Pool): Address | Shortage {
    if (pool.dhcp[family]) return unspecified[family];
    const shared = families.length === 1 && family === 'IPv4' ? sharedAddress(standing, pool) : undefined;
    if (shared !== undefined) {
      sharedWith.push(...ledger.showing(shared).map((holder) => holder.key));
      return shared;
    }
    const free = ledger.free(family, pool.spans[family], pools.descending);
    return free ?? shortageOf(pool, family, ledger.owned(family, pool.spans[family]));
  }

  /** An address of the pool that is in use and whose every holder agrees: O(addresses of the pool in use). */
  function sharedAddress(standing: Standing, pool: Pool): Address | undefined {
    if (!wantsToShare(standing, pools)) return undefined;
    for (const address of ledger.inUse('IPv4', pool.spans.IPv4, pools.descending)) {
      const others = ledger.showing(address).filter((other) => other.key !== standing.key);
      const isOurs = others.length > 0 && ledger.owner(address) === undefined;
      if (isOurs && others.every((other) => agrees(standing, other, address, pools))) return address;
    }
    return undefined;
  }
}

/** Whether the Service looks for an address to share before it takes a free one (spec section 6). */
export function wantsToShare(standing: Standing, pools: Pools): boolean {
  const { view } = standing;
  return (
    view.policy === 'SingleStack' &&
    sharingFor(pools, view.namespace) &&
    unwilling(standing, pools) === undefined
  );
}

/** A holder takes a newcomer only once it is served itself; the label beside another Service's record is a copy's. */
function agrees(newcomer: Standing, holder: Standing, address: Address, pools: Pools): boolean {
  const { view, record, intent, leaving } = holder;
  const isServed = view.labelled && (record !== undefined || view.record === undefined);
  // Nor while a write that would leave it with this one address is not known to be made.
  // Not what its status still shows, and not what DHCP leased to it.
  const hasIt = 'list' in intent && formatList(intent.list) === formatAddress(address);
  return isServed && hasIt && leaving.length === 0 && joining(newcomer, holder, pools) === undefined;
}

/** The families to give an address of, in order. Where none is listed (a file), IPv4 if the pool has any, else IPv6. */
export function wantedFamilies({ view }: Standing, pool: Pool | undefined): readonly Family[] {
  const { families, policy } = view;
  if (policy === 'SingleStack') {
    if (families.length > 0) return families.slice(0, 1);
    const onlyIPv6 = pool !== undefined && pool.size.IPv4 === 0n && !pool.dhcp.IPv4;
    return onlyIPv6 && (pool.size.IPv6 > 0n || pool.dhcp.IPv6) ? ['IPv6'] : ['IPv4'];
  }
  return families.length > 0 ? families : ['IPv4', 'IPv6'];
}

function missingPool(pools: Pools, namespace: string): Shortage {
  return pools.exist ? { code: 'no-pool', namespace } : { code: 'no-config-map' };
}

function shortageOf({ key, size, dhcp }: Pool, family: Family, claimed: bigint): Shortage {
  if (size[family] > 0n) return { code: 'pool-full', key, family, size: size[family], claimed };
  const other = family === 'IPv4' ? 'IPv6' : 'IPv4';
  return size[other] > 0n || dhcp[other]
    ? { code: 'family-not-in-pool', key, family }
    : { code: 'pool-empty', key };
}

/** Whether the pool could give this address today, were it free. */
export function isInPool(pool: Pool, address: Address): boolean {
  if (isUnspecified(address)) return pool.dhcp[address.family];
  const ordinal = ordinalOf(address);
  if (ordinal === undefined) return false;
  return pool.spans[address.family].some(({ first, last }) => first <= ordinal && ordinal <= last);
}
