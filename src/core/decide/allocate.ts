import { type Config, type Pool, poolFor, sharingFor } from '../config/config.ts';
import { type Address, type Family, formatAddress, isUnspecified } from '../ip/address.ts';
import { ordinalOf } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { joinConflict, whyNotSharing } from '../ledger/sharing.ts';
import { formatAddressList } from '../model/address-list.ts';
import type { AllocationContext } from './allocation-context.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { coHolders, conflicts } from './conditions.ts';

/** Addresses for a Service, in the order of its families, or what each family is short of. */
export type Allocation = Grant | { readonly failures: readonly AllocationFailure[] };

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
export function allocate(
  state: ServiceState,
  held: readonly Address[],
  context: AllocationContext,
): Allocation {
  const { view } = state;
  const { ledger, config } = context;
  const pool = poolFor(config, view.namespace);
  let key = pool?.key ?? '';
  const families = wantedFamilies(state, pool);
  if (pool?.dhcpOnly !== undefined) {
    const kept = held.filter((address) => families.includes(address.family) || isUnspecified(address));
    return { addresses: kept.length > 0 ? kept : [unspecified[pool.dhcpOnly]], key, sharedWith: [] };
  }
  const addresses: Address[] = [];
  const failures: AllocationFailure[] = [];
  const sharedWith: string[] = [];
  for (const family of families) {
    const kept = held.find((address) => address.family === family);
    const pick =
      kept ??
      pledgedOne(family) ??
      (pool === undefined ? missingPool(config, view.namespace) : pickOne(state, family, pool));
    if ('code' in pick) failures.push(pick);
    else addresses.push(pick);
  }
  const enough = view.policy === 'PreferDualStack' ? addresses.length > 0 : failures.length === 0;
  return enough ? { addresses, key, sharedWith } : { failures };

  /** What was claimed for it is given to it, whatever has become of the pool since: the write may be on its way. */
  function pledgedOne(family: Family): Address | undefined {
    const reserved = state.reserved.find(
      ({ address }) => address.family === family && conflicts(state, address, context).length === 0,
    );
    if (reserved === undefined) return undefined;
    key = reserved.source;
    sharedWith.push(...coHolders(state, reserved.address, context).map((holder) => holder.key));
    return reserved.address;
  }

  function pickOne(state: ServiceState, family: Family, pool: Pool): Address | AllocationFailure {
    if (pool.dhcp[family]) return unspecified[family];
    const shared = families.length === 1 && family === 'IPv4' ? sharedAddress(state, pool) : undefined;
    if (shared !== undefined) {
      sharedWith.push(...ledger.servicesAt(shared).map((holder) => holder.key));
      return shared;
    }
    const free = ledger.firstFree(family, pool.spans[family], config.descending);
    return free ?? failureOf(pool, family, ledger.claimedCount(family, pool.spans[family]));
  }

  /** An address of the pool that is in use and whose every holder agrees: O(addresses of the pool in use). */
  function sharedAddress(state: ServiceState, pool: Pool): Address | undefined {
    if (!wantsToShare(state, config)) return undefined;
    for (const address of ledger.usedAddresses('IPv4', pool.spans.IPv4, config.descending)) {
      const others = ledger.servicesAt(address).filter((other) => other.key !== state.key);
      const isOurs = others.length > 0 && ledger.claimOwner(address) === undefined;
      if (isOurs && others.every((other) => agrees(state, other, address, config))) return address;
    }
    return undefined;
  }
}

/** Whether the Service looks for an address to share before it takes a free one (spec section 6). */
export function wantsToShare(state: ServiceState, config: Config): boolean {
  const { view } = state;
  return (
    view.policy === 'SingleStack' &&
    sharingFor(config, view.namespace) &&
    whyNotSharing(state, config) === undefined
  );
}

/** A holder takes a newcomer only once it is served itself; the label beside another Service's record is a copy's. */
function agrees(newcomer: ServiceState, holder: ServiceState, address: Address, config: Config): boolean {
  const { view, record, intent, releasingIPs } = holder;
  const isServed = view.labeled && (record !== undefined || view.record === undefined);
  // Nor while a write that would leave it with this one address is not known to be made.
  // Not what its status still shows, and not what DHCP leased to it.
  const hasIt = 'list' in intent && formatAddressList(intent.list) === formatAddress(address);
  return (
    isServed && hasIt && releasingIPs.length === 0 && joinConflict(newcomer, holder, config) === undefined
  );
}

/** The families to give an address of, in order. Where none is listed (a file), IPv4 if the pool has any, else IPv6. */
export function wantedFamilies({ view }: ServiceState, pool: Pool | undefined): readonly Family[] {
  const { families, policy } = view;
  if (policy === 'SingleStack') {
    if (families.length > 0) return families.slice(0, 1);
    const onlyIPv6 = pool !== undefined && pool.size.IPv4 === 0n && !pool.dhcp.IPv4;
    return onlyIPv6 && (pool.size.IPv6 > 0n || pool.dhcp.IPv6) ? ['IPv6'] : ['IPv4'];
  }
  return families.length > 0 ? families : ['IPv4', 'IPv6'];
}

function missingPool(config: Config, namespace: string): AllocationFailure {
  return config.exists ? { code: 'no-pool', namespace } : { code: 'no-config-map' };
}

function failureOf({ key, size, dhcp }: Pool, family: Family, claimed: bigint): AllocationFailure {
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
