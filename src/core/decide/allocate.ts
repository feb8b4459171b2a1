import { type Config, type Pool, poolFor, sharingFor } from '../config/config.ts';
import { type Address, type Family, formatAddress, isUnspecified } from '../ip/address.ts';
import { ordinalOf } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { joinConflict, whyNotSharing } from '../ledger/sharing.ts';
import { formatAddressList } from '../model/address-list.ts';
import type { AllocationContext } from './allocation-context.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { coHolders, conflicts } from './conditions.ts';

/** Addresses for a Service, in the order of its families, or why there are none. */
export type Allocation = Grant | { readonly failures: readonly AllocationFailure[] };

export interface Grant {
  readonly addresses: readonly Address[];
  /** The ConfigMap's key. */
  readonly key: string;
  /** The Services that have the address already, if it is shared. */
  readonly sharedWith: readonly string[];
}

const unspecified: Readonly<Record<Family, Address>> = {
  IPv4: { family: 'IPv4', value: 0n },
  IPv6: { family: 'IPv6', value: 0n },
};

/**
 * Chooses an address for each family of the Service that `held` does not cover (spec sections 3, 4, and 6). It reserves
 * nothing: the caller has to put the result into the ledger before the next call.
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
      reservedAddress(family) ??
      (pool === undefined ? missingPool(config, view.namespace) : pickOne(state, family, pool));
    if ('code' in pick) failures.push(pick);
    else addresses.push(pick);
  }
  const enough = view.policy === 'PreferDualStack' ? addresses.length > 0 : failures.length === 0;
  return enough ? { addresses, key, sharedWith } : { failures };

  /** A reserved address is assigned even if the pool has changed since: the write may still arrive. */
  function reservedAddress(family: Family): Address | undefined {
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

  /** The first address of the pool that is in use and that every holder agrees to share: O(used addresses of the pool). */
  function sharedAddress(state: ServiceState, pool: Pool): Address | undefined {
    if (!wantsToShare(state, config)) return undefined;
    for (const address of ledger.usedAddresses('IPv4', pool.spans.IPv4, config.descending)) {
      const others = ledger.servicesAt(address).filter((other) => other.key !== state.key);
      const isOurs = others.length > 0 && isUnblocked(address, context);
      if (isOurs && others.every((other) => agrees(state, other, address, config))) return address;
    }
    return undefined;
  }
}

/** Whether no other owner claims the address, and no Service of another type has it as an external IP. */
export function isUnblocked(address: Address, { ledger }: AllocationContext): boolean {
  return ledger.claimOwner(address) === undefined && !ledger.isExternalIP(address);
}

/** Whether the Service prefers a shared address to a free one (spec section 6). */
export function wantsToShare(state: ServiceState, config: Config): boolean {
  const { view } = state;
  return (
    view.policy === 'SingleStack' &&
    sharingFor(config, view.namespace) &&
    whyNotSharing(state, config) === undefined
  );
}

/**
 * Whether a Service without an address may come back to one of `other`: `other` has it and shares it, or lost its fields as
 * well, and may share it.
 */
export function mayRejoin(
  state: ServiceState,
  other: ServiceState,
  address: Address,
  config: Config,
): boolean {
  if (address.family !== 'IPv4' || !wantsToShare(state, config)) return false;
  if (agrees(state, other, address, config)) return true;
  const bothLostTheirFields = [state, other].every(
    ({ view, intent }) => view.labeled && intent.kind === 'new',
  );
  return (
    bothLostTheirFields && wantsToShare(other, config) && joinConflict(state, other, config) === undefined
  );
}

/** Whether an assigned holder shares its address with the newcomer. A label beside another Service's record is a copy's. */
function agrees(newcomer: ServiceState, holder: ServiceState, address: Address, config: Config): boolean {
  const { view, record, intent, releasingIPs } = holder;
  const isAssigned = view.labeled && (record !== undefined || view.record === undefined);
  // An address that is only in the status, or that DHCP leased, cannot be shared.
  const hasAddress = 'list' in intent && formatAddressList(intent.list) === formatAddress(address);
  // While a write is in flight that releases another address, the holder may still have both.
  const isStable = releasingIPs.length === 0;
  return isAssigned && hasAddress && isStable && joinConflict(newcomer, holder, config) === undefined;
}

/** The families to allocate, in order. Without `ipFamilies` (only in files), IPv4 if the pool has any, otherwise IPv6. */
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

/** Whether the pool could provide this address if it were free. */
export function isInPool(pool: Pool, address: Address): boolean {
  if (isUnspecified(address)) return pool.dhcp[address.family];
  const ordinal = ordinalOf(address);
  if (ordinal === undefined) return false;
  return pool.spans[address.family].some(({ first, last }) => first <= ordinal && ordinal <= last);
}
