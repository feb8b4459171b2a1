import { isInPool, settingsAt } from '../config/policy.ts';
import { type Address, includesAddress, isUnspecified } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import { addressesOf, parseAddressList } from '../model/address-list.ts';
import { unknownSource } from '../model/allocation-record.ts';
import { targetOf } from '../model/service-view.ts';
import { type Allocation, groupsOf, type PickedAddress } from './allocate.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { type AllocationRequest, requestOf } from './allocation-request.ts';
import type { Facts, Subject } from './facts.ts';
import { othersAt } from './holders.ts';
import { isLeased, keptBySlot } from './kept-addresses.ts';
import { quotaRoom } from './quota-room.ts';
import { leftByHolder } from './reallocation.ts';
import { canJoin } from './shared-address.ts';
import { whyNoPool, whyNoRoom } from './why-no-address.ts';

/** The addresses that the annotation `kube-vip.io/reallocate` names: see `allocationOf`. Undefined if it names none. */
export function targetAllocation(subject: Subject): Allocation | undefined {
  const text = targetOf(subject.state.view);
  return text === undefined ? undefined : allocationOf(text, subject);
}

/** Whether the Service can move to exactly the addresses of the list. */
export function canMoveTo(subject: Subject, text: string): boolean {
  return 'addresses' in allocationOf(text, subject);
}

/**
 * Exactly the addresses of the list, in the order of the Service's pools and families (spec section 15). It reserves nothing.
 *
 * An address that was allocated to the Service may stay, wherever it is. Any other one has to be in the Service's pools or reserved
 * for it, and either free or in use by Services that share it.
 */
function allocationOf(text: string, subject: Subject): Allocation {
  const { state, policy, facts } = subject;
  const target = readTarget(text);
  if (target === undefined)
    return { request: requestOf(subject), failures: [{ code: 'target-unreadable', text }] };
  const kept = target.filter((address) => includesAddress(allocatedTo(subject), address));
  const list = 'list' in state.intent ? state.intent.list : [];
  const request = requestOf(subject, kept, leftByHolder(subject, list, kept));
  const slots = keptBySlot({ ...request, keep: target }, groupsOf(policy));
  const added = target.filter((one) => !kept.includes(one));
  const failures = [
    ...familyFailures(request, target, slots),
    ...added.flatMap((one) => whyNotAvailable(request, one, facts) ?? []),
  ];
  if (failures.length > 0) return { request, failures };
  if (policy.quota !== undefined && quotaRoom(policy.quota, state, target, facts) < 0)
    return { request, failures: [whyNoRoom(state, policy.quota, facts)] };
  const addresses = slots.flat().filter((one) => one !== undefined);
  const [first] = added.length > 0 ? added : addresses;
  const source = first === undefined ? undefined : sourceOf(request, first, facts);
  const others = addresses.flatMap((one) => (isUnspecified(one) ? [] : othersAt(state, one, facts)));
  return {
    request,
    addresses,
    key: (added.length > 0 ? source : (state.record?.source ?? source)) ?? unknownSource,
    settings: first === undefined ? policy : settingsAt(policy, first),
    sharedWith: others.map(({ key }) => key),
    picks: addresses.map((address) => pickOf(request, address, facts)),
    missing: undefined,
  };
}

/** An address of the target: one that was allocated to the Service stays. */
function pickOf(request: AllocationRequest, address: Address, facts: Facts): PickedAddress {
  const isKept = includesAddress(request.keep, address);
  const key = isKept ? undefined : (sourceOf(request, address, facts) ?? unknownSource);
  return {
    address,
    key,
    ...(isKept ? {} : { reason: 'target' }),
    settings: settingsAt(request.policy, address),
    sharedWith: [],
  };
}

/** Undefined if an entry is no address, or if there are too many. */
function readTarget(text: string): readonly Address[] | undefined {
  const { entries, fault } = parseAddressList(text) ?? { entries: [] };
  const addresses = addressesOf(entries);
  return fault === undefined && addresses.length === entries.length ? addresses : undefined;
}

/** The addresses that the Service has from a pool. */
function allocatedTo({ state: { intent } }: Subject): readonly Address[] {
  return intent.kind === 'assigned' && intent.origin === 'allocated' ? addressesOf(intent.list) : [];
}

/** Whether there is an address for each family and each group of pools that the Service needs, and no other one. */
function familyFailures(
  { families, needs, policy }: AllocationRequest,
  target: readonly Address[],
  slots: readonly (readonly (Address | undefined)[])[],
): readonly AllocationFailure[] {
  const groups = groupsOf(policy);
  const unused = target.find((one) => !slots.flat().includes(one));
  if (unused !== undefined) {
    return families.includes(unused.family)
      ? [{ code: 'target-too-many', of: unused.family, limit: groups.length }]
      : [{ code: 'target-wrong-family', address: unused, families }];
  }
  for (const [i, group] of groups.entries()) {
    const found = slots[i]?.filter((one) => one !== undefined) ?? [];
    const isEnough =
      found.length > 0 && (needs === 'any' || isLeased(group) || found.length === families.length);
    const missing = families.find((_, j) => slots[i]?.[j] === undefined);
    const pool = groups.length > 1 ? group[0]?.name : undefined;
    if (!isEnough && missing !== undefined) return [{ code: 'target-lacks-family', missing, pool }];
  }
  return [];
}

/** The ConfigMap's key that gives the address to the Service; undefined if there is none. */
function sourceOf(
  { state, policy }: AllocationRequest,
  address: Address,
  { ledger }: Facts,
): string | undefined {
  const reserved = ledger.reservedFor(address);
  if (reserved?.service === state.key) return reserved.key;
  return policy.pools.find((pool) => isInPool(pool, address))?.key;
}

/** Why the Service cannot be allocated the address; undefined if it can. */
function whyNotAvailable(
  request: AllocationRequest,
  address: Address,
  facts: Facts,
): AllocationFailure | undefined {
  const { state, policy, sharing } = request;
  if (policy.pools.length === 0) return whyNoPool(state.view, policy, facts);
  if (sourceOf(request, address, facts) === undefined)
    return policy.pools.some(({ ranges }) => rangesContain(ranges, address))
      ? { code: 'target-excluded', address }
      : { code: 'target-not-in-pool', address, keys: policy.pools.map(({ key }) => key) };
  if (isUnspecified(address)) return undefined;
  const { ledger } = facts;
  const [blocker] = ledger.reservations.blockers(address, state.key);
  if (blocker?.why === 'claimed') return { code: 'target-claimed', address, owner: blocker.owner };
  if (blocker?.why === 'configured')
    return { code: 'target-reserved', address, service: blocker.service, key: blocker.key };
  // Also of Services of type LoadBalancer, which the reservations do not have.
  const external = ledger.externalUsers(address).filter((user) => user !== state.key);
  if (external.length > 0) return { code: 'target-external-ip', address, services: external };
  if (ledger.reservedFor(address) !== undefined && ledger.isFreeFor(state, address)) return undefined;
  const others = othersAt(state, address, facts);
  if (others.length === 0 || (sharing === 'preferred' && canJoin(state, address, facts))) return undefined;
  return { code: 'target-in-use', address, services: others.map(({ key }) => key).sort() };
}
