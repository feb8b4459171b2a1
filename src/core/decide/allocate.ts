import { isInPool } from '../config/policy.ts';
import type { Pool } from '../config/pool.ts';
import { type Address, type Family, isUnspecified } from '../ip/address.ts';
import { unknownSource } from '../model/allocation-record.ts';
import type { AllocationFailure, NoSharing } from './allocation-failure.ts';
import type { AllocationRequest } from './allocation-request.ts';
import { coHolders, conflicts } from './conditions.ts';
import type { Facts } from './facts.ts';
import { nearestMiss } from './nearest-miss.ts';
import { addressForAll, addressOfMoved, sharedAddresses } from './shared-address.ts';
import { whyNoneFree, whyNoPool } from './why-no-address.ts';

/** Addresses for a request, in the order of its families, or why there are none. */
export type Allocation = Grant | Refusal;

export interface Grant {
  readonly request: AllocationRequest;
  readonly addresses: readonly Address[];
  /** The ConfigMap's key. */
  readonly key: string;
  /** The Services that have the address already, if it is shared. */
  readonly sharedWith: readonly string[];
}

export interface Refusal {
  readonly request: AllocationRequest;
  readonly failures: readonly AllocationFailure[];
}

/** One address of a grant. */
interface Pick {
  readonly address: Address;
  /** Undefined if the Service has it already. */
  readonly key: string | undefined;
  /** An earlier write may still assign it, with this key. */
  readonly isReserved?: true;
  readonly sharedWith: readonly string[];
}

const unspecified: Readonly<Record<Family, Address>> = {
  IPv4: { family: 'IPv4', value: 0n },
  IPv6: { family: 'IPv6', value: 0n },
};

/**
 * Chooses an address for each family that the request does not keep one of (spec sections 3, 4, and 6). It reserves nothing: the
 * caller has to put the result into the ledger before the next call.
 */
export function allocate(request: AllocationRequest, facts: Facts): Allocation {
  const { policy, families, needs } = request;
  const [preferred] = policy.pools;
  if (preferred?.dhcpOnly !== undefined) return lease(request, preferred.key, preferred.dhcpOnly);
  const addresses: Address[] = [];
  const failures: AllocationFailure[] = [];
  let sharedWith: readonly string[] = [];
  let key: string | undefined;
  for (const family of families) {
    const pick = pickOne(request, family, facts);
    if ('code' in pick) failures.push(pick);
    else {
      addresses.push(pick.address);
      if (key === undefined || pick.isReserved) key = pick.key;
      if (pick.sharedWith.length > 0) sharedWith = [...sharedWith, ...pick.sharedWith];
    }
  }
  const isEnough = needs === 'any' ? addresses.length > 0 : failures.length === 0;
  if (!isEnough) return { request, failures };
  return { request, addresses, key: key ?? preferred?.key ?? unknownSource, sharedWith };
}

/** A pool of a single DHCP entry provides that for both families. */
function lease(request: AllocationRequest, key: string, family: Family): Grant {
  const { keep, families } = request;
  const kept = keep.filter((address) => families.includes(address.family) || isUnspecified(address));
  return { request, addresses: kept.length > 0 ? kept : [unspecified[family]], key, sharedWith: [] };
}

/** What is kept, joined, or reserved comes before what the pools have, in their order. */
function pickOne(request: AllocationRequest, family: Family, facts: Facts): Pick | AllocationFailure {
  const { policy, keep, state } = request;
  const kept = keep.find((address) => address.family === family);
  if (kept !== undefined) return { address: kept, key: undefined, sharedWith: [] };
  const before = joined(request, family, facts) ?? reserved(request, family, facts);
  if (before !== undefined) return before;
  let failure: AllocationFailure | undefined;
  for (const pool of policy.pools) {
    const pick = pickFrom(pool, request, family, facts);
    if (!('code' in pick)) return pick;
    failure ??= pick;
  }
  return failure ?? whyNoPool(state.view, facts);
}

/** The address of the Services that left the same one before. */
function joined(request: AllocationRequest, family: Family, facts: Facts): Pick | undefined {
  const { left, policy } = request;
  if (left === undefined || !canShare(request, family)) return undefined;
  const address = addressOfMoved(request, left, facts);
  const pool = policy.pools.find((one) => address !== undefined && isInPool(one, address));
  return address === undefined || pool === undefined ? undefined : shared(request, address, pool, facts);
}

/** A reserved address is assigned even if the pool has changed since: the write may still arrive. */
function reserved({ state }: AllocationRequest, family: Family, facts: Facts): Pick | undefined {
  const found = state.reserved.find(
    ({ address }) => address.family === family && conflicts(state, address, facts).length === 0,
  );
  if (found === undefined) return undefined;
  const { address, source: key } = found;
  const others = coHolders(state, address, facts);
  return { address, key, isReserved: true, sharedWith: others.map((holder) => holder.key) };
}

function pickFrom(
  pool: Pool,
  request: AllocationRequest,
  family: Family,
  facts: Facts,
): Pick | AllocationFailure {
  const { left, policy } = request;
  if (pool.dhcp[family]) return { address: unspecified[family], key: pool.key, sharedWith: [] };
  const shares = canShare(request, family);
  const forAll = shares && left !== undefined ? addressForAll(request, left, pool, facts) : undefined;
  if (forAll !== undefined) return shared(request, forAll, pool, facts);
  const inUse = shares ? sharedAddresses(request, pool, facts) : undefined;
  if (inUse?.preferred !== undefined) return shared(request, inUse.preferred, pool, facts);
  const free = facts.ledger.firstFree(family, pool.spans[family], policy.descending);
  if (free !== undefined) return { address: free, key: pool.key, sharedWith: [] };
  if (inUse?.any !== undefined) return shared(request, inUse.any, pool, facts);
  const failure = whyNoneFree(pool, family, facts);
  return failure.code === 'pool-full'
    ? { ...failure, noSharing: whyNoSharing(request, pool, facts) }
    : failure;
}

function canShare({ sharing, families }: AllocationRequest, family: Family): boolean {
  return sharing === 'preferred' && families.length === 1 && family === 'IPv4';
}

/** An address that the Service shares with the others that use it, if there are any. */
function shared({ state }: AllocationRequest, address: Address, { key }: Pool, { ledger }: Facts): Pick {
  const others = ledger.servicesAt(address).filter((holder) => holder.key !== state.key);
  return { address, key, sharedWith: others.map((holder) => holder.key) };
}

/** Why the Service shares no address of its full pool; undefined if its namespace does not allow sharing. */
function whyNoSharing(request: AllocationRequest, pool: Pool, facts: Facts): NoSharing | undefined {
  const { sharing } = request;
  if (sharing === 'preferred') return nearestMiss(request, pool, facts);
  const isReason = sharing === 'families' || sharing === 'local-traffic' || sharing === 'no-ports';
  return isReason ? { code: 'not-eligible', why: sharing } : undefined;
}
