import { type Pool, poolFor, sharingFor } from '../config/config.ts';
import { type Address, type Family, isUnspecified } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { whyNotSharing } from '../ledger/sharing.ts';
import type { AllocationContext } from './allocation-context.ts';
import type { AllocationFailure, NoSharing } from './allocation-failure.ts';
import { coHolders, conflicts } from './conditions.ts';
import { nearestMiss } from './nearest-miss.ts';
import { addressForAll, addressOfMoved, sharedAddresses } from './shared-address.ts';
import { whyNoneFree, whyNoPool } from './why-no-address.ts';

export { isInPool } from './in-pool.ts';
export { isUnblocked, mayRejoin, wantsToShare } from './shared-address.ts';

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
 *
 * `left` is the address that a reallocated Service leaves. Services that share an address move together where one address can
 * hold all of them, whatever the order and the timing of their reallocations.
 */
export function allocate(
  state: ServiceState,
  held: readonly Address[],
  context: AllocationContext,
  left?: Address,
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
      addressOfOthers(family) ??
      reservedAddress(family) ??
      (pool === undefined ? whyNoPool(config, view.namespace) : pickOne(state, family, pool));
    if ('code' in pick) failures.push(pick);
    else addresses.push(pick);
  }
  const enough = view.policy === 'PreferDualStack' ? addresses.length > 0 : failures.length === 0;
  return enough ? { addresses, key, sharedWith } : { failures };

  /** The Services that shared its address may have moved already. */
  function addressOfOthers(family: Family): Address | undefined {
    if (left === undefined || pool === undefined || families.length > 1 || family !== 'IPv4')
      return undefined;
    const address = addressOfMoved(state, left, pool, context);
    return address === undefined ? undefined : shared(address);
  }

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
    const canShare = families.length === 1 && family === 'IPv4';
    const followed = canShare && left !== undefined ? addressForAll(state, left, pool, context) : undefined;
    if (followed !== undefined) return shared(followed);
    const inUse = canShare ? sharedAddresses(state, pool, context) : undefined;
    if (inUse?.preferred !== undefined) return shared(inUse.preferred);
    const free = ledger.firstFree(family, pool.spans[family], config.descending);
    if (free !== undefined) return free;
    if (inUse?.any !== undefined) return shared(inUse.any);
    return failureOf(state, pool, family, context);
  }

  /** An address that the Service shares with the others that use it, if there are any. */
  function shared(address: Address): Address {
    const others = ledger.servicesAt(address).filter((holder) => holder.key !== state.key);
    sharedWith.push(...others.map((holder) => holder.key));
    return address;
  }
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

function failureOf(
  state: ServiceState,
  pool: Pool,
  family: Family,
  context: AllocationContext,
): AllocationFailure {
  const failure = whyNoneFree(pool, family, context);
  return failure.code === 'pool-full'
    ? { ...failure, noSharing: whyNoSharing(state, pool, context) }
    : failure;
}

/** Why the Service shares no address of its full pool; undefined if its namespace does not allow sharing. */
function whyNoSharing(state: ServiceState, pool: Pool, context: AllocationContext): NoSharing | undefined {
  const { config } = context;
  if (!sharingFor(config, state.view.namespace)) return undefined;
  const isSingleIPv4 = state.view.policy === 'SingleStack' && wantedFamilies(state, pool)[0] === 'IPv4';
  if (!isSingleIPv4) return { code: 'not-eligible', why: 'families' };
  const own = whyNotSharing(state, config)?.code;
  if (own === 'local-traffic' || own === 'no-ports') return { code: 'not-eligible', why: own };
  return own === undefined ? nearestMiss(state, pool, context) : undefined;
}
