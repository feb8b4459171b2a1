import type { PolicyPool } from '../config/policy.ts';
import { type Address, type Family, isUnspecified } from '../ip/address.ts';
import { none } from '../ip/short-lists.ts';
import { type AddressEntry, addressesOf } from '../model/address-list.ts';
import { type Allocation, groupsOf, type MissingAddress } from './allocate.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { requestOf } from './allocation-request.ts';
import type { Condition } from './decision.ts';
import type { Subject } from './facts.ts';
import { isLeased, keptBySlot } from './kept-addresses.ts';
import { reallocation } from './reallocation.ts';

/**
 * The families that a dual-stack Service with this list lacks, by group of pools, and why. `missing` is what the allocation of the list
 * did without. For a list that the Service keeps, what a reallocation would do without is found: the remedy is a reallocation.
 */
export function missingFamilies(
  subject: Subject,
  list: readonly AddressEntry[],
  isStatic: boolean,
  missing: readonly MissingAddress[] | undefined,
): readonly Condition[] {
  const { key: service, view } = subject.state;
  const { policy, families } = view;
  if (policy === 'SingleStack' || families.length < 2) return none;
  const { groups, pools } = subject.policy;
  // With several pools, it needs both families from each of them.
  const lackOf = (family: Family, group: readonly PolicyPool[] | undefined, why: Lack['why']): Lack => {
    const pool = groups.length > 1 ? group?.[0]?.key : undefined;
    return { code: 'one-family', service, policy, missing: family, pool, why };
  };
  if (missing !== undefined)
    return missing.length === 0 ? none : missing.map((one) => lackOf(one.family, one.group, one.failures));
  const addresses = addressesOf(list);
  // A hostname can resolve to either family.
  if (addresses.length === 0 || addresses.length < list.length) return none;
  if (isStatic)
    return isLeased(pools)
      ? none
      : lacking(families, addresses).map((family) => lackOf(family, undefined, 'static'));
  const open = openSlots(subject, addresses);
  if (open.length === 0) return none;
  const found = reallocation(subject, list);
  return open.flatMap((slot) => {
    const why = whyOf(slot, found);
    return why === undefined ? [] : [lackOf(slot.family, slot.group, why)];
  });
}

type Lack = Condition & { readonly code: 'one-family' };

type Slot = Pick<MissingAddress, 'family' | 'group'>;

/** The families that a list lacks, of the groups of pools from which it has an address. */
function openSlots(subject: Subject, addresses: readonly Address[]): readonly Slot[] {
  const { families } = subject.state.view;
  const groups = groupsOf(subject.policy);
  const [only] = groups;
  // The common case.
  if (only !== undefined && groups.length === 1)
    return isAnswered(only, addresses)
      ? none
      : lacking(families, addresses).map((family) => ({ family, group: only }));
  const slots = keptBySlot(requestOf(subject, addresses), groups);
  return groups.flatMap((group, i) => {
    const kept = slots[i]?.filter((one) => one !== undefined) ?? none;
    if (kept.length === 0 || isAnswered(group, kept)) return [];
    return lacking(families, kept).map((family) => ({ family, group }));
  });
}

function lacking(families: readonly Family[], addresses: readonly Address[]): readonly Family[] {
  return families.filter((family) => !addresses.some((one) => one.family === family));
}

/** Whether the group provides one entry for both families: that of a pool of a single DHCP entry. */
function isAnswered(group: readonly PolicyPool[], kept: readonly Address[]): boolean {
  return (
    isLeased(group) || (kept.some(isUnspecified) && group.some(({ dhcpOnly }) => dhcpOnly !== undefined))
  );
}

/** Why a reallocation would not fill the slot, or what would; undefined if it has another answer. */
function whyOf({ family, group }: Slot, found: Allocation): Lack['why'] | undefined {
  if ('failures' in found) {
    const failures = found.failures.filter((failure) => concerns(failure, { family, group }));
    // Another address that the Service needs may be the one that is not available.
    return failures.length > 0 ? failures : found.failures;
  }
  const { missing = none, picks } = found;
  const same = missing.find((one) => one.family === family && one.group === group);
  if (same !== undefined) return same.failures;
  const added = picks.filter(({ address, key }) => key !== undefined && address.family === family);
  const pick = added.find(({ key }) => group.some((pool) => pool.key === key)) ?? added[0];
  if (pick?.key !== undefined) return { from: pick.key, isReserved: pick.reason !== undefined };
  return missing.find((one) => one.family === family)?.failures;
}

function concerns(failure: AllocationFailure, { family, group }: Slot): boolean {
  if ('family' in failure && failure.family !== family) return false;
  const isOfPool = failure.code === 'pool-empty' || 'family' in failure;
  return !isOfPool || group.some(({ key }) => key === failure.key);
}
