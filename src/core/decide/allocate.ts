import {
  type AddressSettings,
  type AllocationPolicy,
  isInPool,
  type PolicyPool,
  settingsAt,
} from '../config/policy.ts';
import { type Address, type Family, includesAddress, isUnspecified } from '../ip/address.ts';
import type { ReservationFor } from '../ledger/reservations.ts';
import { sharingGroupWhere } from '../ledger/sharing.ts';
import { unknownSource } from '../model/allocation-record.ts';
import type { AllocationFailure, NoSharing } from './allocation-failure.ts';
import type { AllocationRequest } from './allocation-request.ts';
import type { Facts } from './facts.ts';
import type { FormerAddress } from './former-address.ts';
import { type FreeAddressRequest, formerAddress, freeAddress } from './free-address.ts';
import { coHolders, conflicts } from './holders.ts';
import { isLeased, keptBySlot } from './kept-addresses.ts';
import { nearestMiss } from './nearest-miss.ts';
import { quotaRoom } from './quota-room.ts';
import { addressForAll, addressOfMoved, type SharedAddresses, sharedAddresses } from './shared-address.ts';
import { whyNoneFree, whyNoPool, whyNoRoom } from './why-no-address.ts';

/** Addresses for a request, in the order of its pools and families, or why there are none. */
export type Allocation = Grant | Refusal;

export interface Grant {
  readonly request: AllocationRequest;
  readonly addresses: readonly Address[];
  /** The ConfigMap's key. */
  readonly key: string;
  /** What is set where the first address comes from. */
  readonly settings: AddressSettings;
  /** The Services that have the address already, if it is shared. */
  readonly sharedWith: readonly string[];
  /** Those of them that the Service had before it was created again. */
  readonly former: readonly Address[];
  /** Addresses that would have been given if they had rested, or that were given because no other is free. */
  readonly resting: readonly FormerAddress[];
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
  readonly isInFlight?: true;
  /** It was freed a short time ago: one of another pool comes first. */
  readonly isResting?: boolean;
  /** The Service had it before it was created again. */
  readonly isFormer?: true;
  /** The address that comes first, but has not rested. It was given if there is no other. */
  readonly resting?: FormerAddress | undefined;
  readonly settings: AddressSettings;
  readonly sharedWith: readonly string[];
}

/** A search for one address: for one family, in one group of pools. What has been picked is for other families and groups. */
interface Search extends FreeAddressRequest {
  readonly request: AllocationRequest;
  readonly facts: Facts;
  readonly group: readonly PolicyPool[];
  /** How many more addresses the quota permits. */
  readonly room: number;
}

const unspecified: Readonly<Record<Family, Address>> = {
  IPv4: { family: 'IPv4', value: 0n },
  IPv6: { family: 'IPv6', value: 0n },
};

const none: readonly never[] = [];

/** What a Service has that no pool serves: an address that is reserved for it. */
const noPools: readonly (readonly PolicyPool[])[] = [[]];

/**
 * Chooses an address of each group of pools, for each family, that the request does not keep one of (spec sections 3, 4, 6, 12,
 * and 13). It reserves nothing: the caller has to put the result into the ledger before the next call.
 */
export function allocate(request: AllocationRequest, facts: Facts): Allocation {
  const { policy, families, needs, state } = request;
  if (policy.choice.by === 'refused') return { request, failures: [whyNoPool(state.view, policy, facts)] };
  const groups = groupsOf(policy);
  const kept = keptBySlot(request, groups);
  const roomBeside = (picked: readonly Address[]): number => {
    if (policy.quota === undefined) return Number.POSITIVE_INFINITY;
    const stays = kept.flat().filter((address) => address !== undefined);
    const chosen = picked.filter((address) => !includesAddress(stays, address));
    return quotaRoom(policy.quota, state, [...stays, ...chosen], facts);
  };
  const picks: Pick[] = [];
  const failures: AllocationFailure[] = [];
  for (const [i, group] of groups.entries()) {
    const missing: AllocationFailure[] = [];
    const before = picks.length;
    for (const [j, family] of families.entries()) {
      const keeps = kept[i]?.[j];
      if (keeps !== undefined) {
        picks.push({ address: keeps, key: undefined, settings: settingsAt(policy, keeps), sharedWith: [] });
        continue;
      }
      // Where DHCP answers for both families, one entry is enough.
      if (isLeased(group) && (j > 0 || kept[i]?.some((one) => one !== undefined))) continue;
      const picked = addressesOf(picks);
      const room = roomBeside(picked);
      const found = pickOne({ request, state, facts, family, group, picked, room });
      if ('address' in found) picks.push(found);
      else missing.push(...found);
    }
    const isEnough = needs === 'any' ? picks.length > before : missing.length === 0;
    if (isEnough) continue;
    const earlier = addressesOf(picks.slice(0, before));
    const keepsAddress = kept[i]?.some((one) => one !== undefined && !isUnspecified(one));
    const lease = keepsAddress ? undefined : leaseOf(group);
    // In the place of what other pools of the group have for some of the families.
    if (lease !== undefined && roomBeside(earlier) > 0) picks.splice(before, picks.length, lease);
    else failures.push(...missing);
  }
  return failures.length > 0 ? { request, failures } : granted(request, picks);
}

function granted(request: AllocationRequest, picks: readonly Pick[]): Grant {
  const { policy } = request;
  const [first] = picks;
  const source = picks.find(({ isInFlight }) => isInFlight) ?? picks.find(({ key }) => key !== undefined);
  return {
    request,
    addresses: addressesOf(picks),
    key: source?.key ?? policy.pools[0]?.key ?? unknownSource,
    settings: source?.settings ?? policy.pools[0] ?? policy,
    sharedWith: picks.length === 1 ? (first?.sharedWith ?? none) : picks.flatMap((pick) => pick.sharedWith),
    former: addressesOf(picks.filter(({ isFormer }) => isFormer)),
    resting: picks.map(({ resting }) => resting).filter((one) => one !== undefined),
  };
}

/** The groups of pools from which the Service gets its addresses; one that is empty if no pool serves it. */
export function groupsOf({ groups }: AllocationPolicy): readonly (readonly PolicyPool[])[] {
  return groups.length > 0 ? groups : noPools;
}

function addressesOf(picks: readonly Pick[]): readonly Address[] {
  return picks.length === 0 ? none : picks.map(({ address }) => address);
}

/** What is joined, in flight, or reserved comes before what the pools have, in their order. */
function pickOne(search: Search): Pick | readonly AllocationFailure[] {
  const { request, group, facts, room } = search;
  const { policy, state } = request;
  const before = joined(search) ?? inFlight(search) ?? reserved(search) ?? former(search);
  if (before !== undefined) return before;
  const lease = isLeased(group) && room > 0 ? leaseOf(group) : undefined;
  if (lease !== undefined) return lease;
  let resting: Pick | undefined;
  for (const pool of group) {
    const pick = pickFrom(pool, search);
    if (pick !== undefined && !pick.isResting) return pick;
    resting ??= pick;
  }
  if (resting !== undefined) return resting;
  if (room <= 0 && policy.quota !== undefined)
    return [whyNoRoom(state, policy.quota, facts, reservationIn(search))];
  return group.length > 0
    ? group.map((pool) => whyNoneIn(pool, search))
    : [whyNoPool(state.view, policy, facts)];
}

/** The entry with which a pool of a single DHCP entry answers for all families. */
function leaseOf(group: readonly PolicyPool[]): Pick | undefined {
  const pool = group.find(({ dhcpOnly }) => dhcpOnly !== undefined);
  return pool?.dhcpOnly === undefined ? undefined : unshared(unspecified[pool.dhcpOnly], pool);
}

/** The address of the Services that left the same one before. */
function joined(search: Search): Pick | undefined {
  const { request, group, facts } = search;
  if (request.left === undefined) return undefined;
  const pools = group.filter((pool) => canShare(search, pool));
  const found = addressOfMoved(request, request.left, pools, facts);
  return found === undefined || !hasRoom(search, found.address)
    ? undefined
    : shared(request, found.address, found.pool, facts);
}

/** An address that an earlier write may still assign is assigned even if the pool has changed since. */
function inFlight({ request, family, facts, picked }: Search): Pick | undefined {
  const { state } = request;
  const found = state.reserved.find(
    ({ address }) =>
      address.family === family &&
      !includesAddress(picked, address) &&
      conflicts(state, address, facts).length === 0,
  );
  if (found === undefined) return undefined;
  const { address, source: key } = found;
  const others = coHolders(state, address, facts);
  const sharedWith = others.map((holder) => holder.key);
  return { address, key, isInFlight: true, settings: settingsAt(request.policy, address), sharedWith };
}

/** An address that the configuration reserves for the Service. */
function reserved(search: Search): Pick | undefined {
  const { room, state, facts } = search;
  const isReserved = room > 0 && facts.ledger.reservations.of(state.key, 'configured').length > 0;
  const found = isReserved ? reservationIn(search) : undefined;
  if (found === undefined) return undefined;
  const { address, key } = found;
  return { address, key, settings: settingsAt(search.request.policy, address), sharedWith: [] };
}

/** What the configuration reserves for the Service, unless another one has it. It can be outside of all pools. */
function reservationIn({
  request: { policy },
  state,
  family,
  facts,
  picked,
  group,
}: Search): ReservationFor<'configured'> | undefined {
  const others = policy.pools.filter((pool) => !group.includes(pool));
  return facts.ledger.reservations
    .of(state.key, 'configured')
    .find(
      ({ address }) =>
        address.family === family &&
        !includesAddress(picked, address) &&
        !others.some((pool) => isInPool(pool, address)) &&
        facts.ledger.isFreeFor(state, address),
    );
}

/** An address that the Service had before it was created again, unless it can share one with Services that are there already. */
function former(search: Search): Pick | undefined {
  const { facts, group, room } = search;
  if (room <= 0) return undefined;
  for (const pool of group) {
    const address = formerAddress(search, pool, facts);
    if (address === undefined) continue;
    return group.some((one) => sharedIn(one, search)?.preferred !== undefined)
      ? undefined
      : { ...unshared(address, pool), isFormer: true };
  }
  return undefined;
}

/** The addresses in use that the Service can share; undefined if it shares none in this pool. */
function sharedIn(pool: PolicyPool, search: Search): SharedAddresses | undefined {
  if (!canShare(search, pool)) return undefined;
  return sharedAddresses(search.request, pool, (address) => hasRoom(search, address), search.facts);
}

function pickFrom(pool: PolicyPool, search: Search): Pick | undefined {
  const { request, family, facts, room } = search;
  const { left } = request;
  if (pool.dhcp[family] && room > 0) return unshared(unspecified[family], pool);
  const shares = canShare(search, pool);
  if (shares && left !== undefined && room > 0) {
    const forAll = addressForAll(request, left, pool, facts);
    if (forAll !== undefined) return shared(request, forAll, pool, facts);
  }
  const inUse = sharedIn(pool, search);
  if (inUse?.preferred !== undefined) return shared(request, inUse.preferred, pool, facts);
  const free = room > 0 ? freeAddress(search, pool, facts) : undefined;
  if (free !== undefined) return { ...free, key: pool.key, settings: pool, sharedWith: none };
  return inUse?.any === undefined ? undefined : shared(request, inUse.any, pool, facts);
}

/** Why the pool has no address for the Service. O(spans), so it is only asked if no other pool has one. */
function whyNoneIn(pool: PolicyPool, { request, family, facts }: Search): AllocationFailure {
  const failure = whyNoneFree(pool, family, facts);
  return failure.code === 'pool-full'
    ? { ...failure, noSharing: whyNoSharing(request, pool, facts) }
    : failure;
}

/** Whether the quota permits the address: one that the namespace holds already costs nothing. */
function hasRoom({ request, room, facts }: Search, address: Address): boolean {
  const { state } = request;
  return room > 0 || facts.ledger.held.has(state.view.namespace, address, state);
}

function canShare({ request, family }: Search, { sharing }: PolicyPool): boolean {
  const { families, state } = request;
  const isEligible = request.sharing === 'preferred' && families.length === 1 && family === 'IPv4';
  return isEligible && sharingGroupWhere(sharing, state.view) !== undefined;
}

function unshared(address: Address, pool: PolicyPool): Pick {
  return { address, key: pool.key, settings: pool, sharedWith: none };
}

/** An address that the Service shares with the others that use it, if there are any. */
function shared({ state }: AllocationRequest, address: Address, pool: PolicyPool, { ledger }: Facts): Pick {
  const others = ledger.servicesAt(address).filter((holder) => holder.key !== state.key);
  return { ...unshared(address, pool), sharedWith: others.map((holder) => holder.key) };
}

/** Why the Service shares no address of its full pool; undefined if its namespace does not allow sharing. */
function whyNoSharing(request: AllocationRequest, pool: PolicyPool, facts: Facts): NoSharing | undefined {
  const { sharing, state } = request;
  if (sharingGroupWhere(pool.sharing, state.view) === undefined) return undefined;
  if (sharing === 'preferred') return nearestMiss(request, pool, facts);
  return sharing === 'not-allowed' || sharing === 'being-deleted'
    ? undefined
    : { code: 'not-eligible', why: sharing };
}
