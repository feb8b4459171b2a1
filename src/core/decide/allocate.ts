import {
  type AddressSettings,
  type AllocationPolicy,
  isInPool,
  type PolicyPool,
  settingsAt,
} from '../config/policy.ts';
import { type Address, type Family, includesAddress, isUnspecified } from '../ip/address.ts';
import { append, concat, none } from '../ip/short-lists.ts';
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
import { heldWith, quotaRoom } from './quota-room.ts';
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
  /** How each of the addresses was found. */
  readonly picks: readonly PickedAddress[];
  /** Addresses that it does without, because one family is enough. Undefined if the addresses were named, and none was searched. */
  readonly missing: readonly MissingAddress[] | undefined;
}

/** An address of a family that a group of pools cannot provide. */
export interface MissingAddress {
  readonly family: Family;
  readonly group: readonly PolicyPool[];
  readonly failures: readonly AllocationFailure[];
}

export interface Refusal {
  readonly request: AllocationRequest;
  readonly failures: readonly AllocationFailure[];
}

/** One address of a grant. */
export interface PickedAddress {
  readonly address: Address;
  /** The ConfigMap's key. Undefined if the Service has it already. */
  readonly key: string | undefined;
  /** Why it comes before all that the pools have. */
  readonly reason?: PickReason;
  /** The pools that come first, but did not provide it; undefined if there are none. */
  readonly passed?: readonly PassedPool[] | undefined;
  /** It was freed a short time ago: one of another pool comes first. */
  readonly isResting?: boolean;
  /** The address that comes first, but has not rested. It was given if there is no other. */
  readonly resting?: FormerAddress | undefined;
  readonly settings: AddressSettings;
  readonly sharedWith: readonly string[];
}

export type PickReason =
  /** The Services that shared an address with it moved there. */
  | 'joined'
  /** An earlier write may still assign it, with this key. */
  | 'in-flight'
  /** The configuration reserves it for the Service. */
  | 'reserved'
  /** The Service had it before it was created again. */
  | 'former'
  /** The annotation `kube-vip.io/reallocate` names it. */
  | 'target';

/** A pool without an address of the family for the Service. */
export interface PassedPool {
  readonly pool: PolicyPool;
  /** Not in the pool, in use, beyond the quota, or free since too short a time. */
  readonly why: 'no-family' | 'full' | 'quota' | 'resting';
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
  let picks: readonly PickedAddress[] = none;
  let failures: readonly AllocationFailure[] = none;
  let missing: readonly MissingAddress[] = none;
  for (const [i, group] of groups.entries()) {
    let lacking: readonly MissingAddress[] = none;
    const before = picks.length;
    for (const [j, family] of families.entries()) {
      const keeps = kept[i]?.[j];
      if (keeps !== undefined) {
        const settings = settingsAt(policy, keeps);
        picks = append(picks, { address: keeps, key: undefined, settings, sharedWith: none });
        continue;
      }
      // Where DHCP answers for both families, one entry is enough.
      if (isLeased(group) && (j > 0 || kept[i]?.some((one) => one !== undefined))) continue;
      const picked = addressesOf(picks);
      const room = roomBeside(picked, kept, request, facts);
      const found = pickOne({ request, state, facts, family, group, picked, room });
      if ('address' in found) picks = append(picks, found);
      else lacking = append(lacking, { family, group, failures: found });
    }
    const isEnough = needs === 'any' ? picks.length > before : lacking.length === 0;
    if (isEnough) {
      missing = concat(missing, lacking);
      continue;
    }
    const earlier = addressesOf(picks.slice(0, before));
    const keepsAddress = kept[i]?.some((one) => one !== undefined && !isUnspecified(one));
    const lease = keepsAddress ? undefined : leaseOf(group);
    // In the place of what other pools of the group have for some of the families.
    if (lease !== undefined && roomBeside(earlier, kept, request, facts) > 0)
      picks = append(picks.slice(0, before), lease);
    else failures = failures.concat(...lacking.map((one) => one.failures));
  }
  if (failures.length > 0) return { request, failures };
  if (missing.length === 0 || policy.quota === undefined) return granted(request, picks, missing);
  const picked = addressesOf(picks);
  const room = roomBeside(picked, kept, request, facts);
  return granted(
    request,
    picks,
    missing.map((one) => withAll(one, request, picked, room, facts)),
  );
}

/** How many more addresses the quota permits beside those that the Service keeps and those that are picked for it. */
function roomBeside(
  picked: readonly Address[],
  kept: ReturnType<typeof keptBySlot>,
  { policy, state }: AllocationRequest,
  facts: Facts,
): number {
  if (policy.quota === undefined) return Number.POSITIVE_INFINITY;
  const stays = kept.flat().filter((address) => address !== undefined);
  const chosen = picked.filter((address) => !includesAddress(stays, address));
  return quotaRoom(policy.quota, state, [...stays, ...chosen], facts);
}

function granted(
  request: AllocationRequest,
  picks: readonly PickedAddress[],
  missing: readonly MissingAddress[],
): Grant {
  const { policy } = request;
  const [first] = picks;
  const source =
    picks.find(({ reason }) => reason === 'in-flight') ?? picks.find(({ key }) => key !== undefined);
  return {
    request,
    addresses: addressesOf(picks),
    key: source?.key ?? policy.pools[0]?.key ?? unknownSource,
    settings: source?.settings ?? policy.pools[0] ?? policy,
    sharedWith: picks.length === 1 ? (first?.sharedWith ?? none) : picks.flatMap((pick) => pick.sharedWith),
    picks,
    missing,
  };
}

/** Why it stays missing beside all addresses of the grant, which count in the quota. */
function withAll(
  { family, group }: MissingAddress,
  request: AllocationRequest,
  picked: readonly Address[],
  room: number,
  facts: Facts,
): MissingAddress {
  const { state } = request;
  const held = heldWith(state, picked, facts);
  const failures = whyNone({ request, state, facts, family, group, picked, room });
  return {
    family,
    group,
    failures: failures.map((one) => (one.code === 'quota-reached' ? { ...one, held } : one)),
  };
}

/** The groups of pools from which the Service gets its addresses; one that is empty if no pool serves it. */
export function groupsOf({ groups }: AllocationPolicy): readonly (readonly PolicyPool[])[] {
  return groups.length > 0 ? groups : noPools;
}

function addressesOf(picks: readonly PickedAddress[]): readonly Address[] {
  return picks.length === 0 ? none : picks.map(({ address }) => address);
}

/** What is joined, in flight, or reserved comes before what the pools have, in their order. */
function pickOne(search: Search): PickedAddress | readonly AllocationFailure[] {
  const { group, room } = search;
  const before = joined(search) ?? inFlight(search) ?? reserved(search) ?? former(search);
  if (before !== undefined) return before;
  const lease = isLeased(group) && room > 0 ? leaseOf(group) : undefined;
  if (lease !== undefined) return lease;
  let passed: PassedPool[] | undefined;
  let resting: PickedAddress | undefined;
  for (const pool of group) {
    const pick = pickFrom(pool, search);
    if (pick !== undefined && !pick.isResting) return passed === undefined ? pick : { ...pick, passed };
    if (pick !== undefined) resting ??= { ...pick, passed: passed?.slice() };
    passed ??= [];
    passed.push({ pool, why: pick === undefined ? whyPassed(pool, search) : 'resting' });
  }
  return resting ?? whyNone(search);
}

/** Why a search finds no address. A larger quota does not help where no pool has the family. */
function whyNone(search: Search): readonly AllocationFailure[] {
  const { request, group, family, facts, room } = search;
  const { policy, state } = request;
  if (room <= 0 && policy.quota !== undefined) {
    const reserved = reservationIn(search);
    const isInPools = group.length === 0 || group.some((pool) => providesFamily(pool, family));
    if (reserved !== undefined || isInPools) return [whyNoRoom(state, policy.quota, facts, reserved)];
  }
  return group.length > 0
    ? group.map((pool) => whyNoneIn(pool, search))
    : [whyNoPool(state.view, policy, facts)];
}

function providesFamily({ size, dhcp }: PolicyPool, family: Family): boolean {
  return size[family] > 0n || dhcp[family];
}

/** The entry with which a pool of a single DHCP entry answers for all families. */
function leaseOf(group: readonly PolicyPool[]): PickedAddress | undefined {
  const pool = group.find(({ dhcpOnly }) => dhcpOnly !== undefined);
  return pool?.dhcpOnly === undefined ? undefined : unshared(unspecified[pool.dhcpOnly], pool);
}

/** The address of the Services that left the same one before. */
function joined(search: Search): PickedAddress | undefined {
  const { request, group, facts } = search;
  if (request.left === undefined) return undefined;
  const pools = group.filter((pool) => canShare(search, pool));
  const found = addressOfMoved(request, request.left, pools, facts);
  return found === undefined || !hasRoom(search, found.address)
    ? undefined
    : { ...shared(request, found.address, found.pool, facts), reason: 'joined' };
}

/** An address that an earlier write may still assign is assigned even if the pool has changed since. */
function inFlight({ request, family, facts, picked }: Search): PickedAddress | undefined {
  const { state, policy, reserved } = request;
  for (const { address, source: key } of reserved) {
    if (address.family !== family || includesAddress(picked, address)) continue;
    if (conflicts(state, address, facts).length > 0) continue;
    const sharedWith = coHolders(state, address, facts).map((holder) => holder.key);
    return { address, key, reason: 'in-flight', settings: settingsAt(policy, address), sharedWith };
  }
  return undefined;
}

/** An address that the configuration reserves for the Service. */
function reserved(search: Search): PickedAddress | undefined {
  const { room, state, facts } = search;
  const isReserved = room > 0 && facts.ledger.reservations.of(state.key, 'configured').length > 0;
  const found = isReserved ? reservationIn(search) : undefined;
  if (found === undefined) return undefined;
  const { address, key } = found;
  return {
    address,
    key,
    reason: 'reserved',
    settings: settingsAt(search.request.policy, address),
    sharedWith: none,
  };
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
function former(search: Search): PickedAddress | undefined {
  const { request, facts, group, room } = search;
  if (room <= 0 || !request.comesBack) return undefined;
  for (const pool of group) {
    const address = formerAddress(search, pool, facts);
    if (address === undefined) continue;
    return group.some((one) => sharedIn(one, search)?.preferred !== undefined)
      ? undefined
      : { ...unshared(address, pool), reason: 'former' };
  }
  return undefined;
}

/** The addresses in use that the Service can share; undefined if it shares none in this pool. */
function sharedIn(pool: PolicyPool, search: Search): SharedAddresses | undefined {
  if (!canShare(search, pool)) return undefined;
  return sharedAddresses(search.request, pool, (address) => hasRoom(search, address), search.facts);
}

function pickFrom(pool: PolicyPool, search: Search): PickedAddress | undefined {
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
  if (free !== undefined) {
    const { address, isResting, resting } = free;
    return { address, key: pool.key, isResting, resting, settings: pool, sharedWith: none };
  }
  return inUse?.any === undefined ? undefined : shared(request, inUse.any, pool, facts);
}

/** O(1), because a list can have many pools that are full. */
function whyPassed(pool: PolicyPool, { family, room }: Search): PassedPool['why'] {
  if (!providesFamily(pool, family)) return 'no-family';
  return room > 0 ? 'full' : 'quota';
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

function unshared(address: Address, pool: PolicyPool): PickedAddress {
  return { address, key: pool.key, settings: pool, sharedWith: none };
}

/** An address that the Service shares with the others that use it, if there are any. */
function shared(
  { state }: AllocationRequest,
  address: Address,
  pool: PolicyPool,
  { ledger }: Facts,
): PickedAddress {
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
