import { provides } from '../config/policy.ts';
import { type Address, includesAddress, isUnspecified, sameAddress } from '../ip/address.ts';
import { heldBy } from '../ledger/held-addresses.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { allocatedConflict } from '../ledger/sharing.ts';
import { type AddressEntry, addressesOf } from '../model/address-list.ts';
import { type Allocation, allocate } from './allocate.ts';
import { requestOf } from './allocation-request.ts';
import type { Facts, Subject } from './facts.ts';
import { coHolders } from './holders.ts';
import { quotaRoom } from './quota-room.ts';
import { isUnblocked } from './shared-address.ts';

/**
 * A new allocation for a Service with these addresses. Addresses that a new allocation could have chosen stay, because any
 * change of the list interrupts the Service; the others are replaced from the pool. It reserves nothing.
 */
export function reallocation(subject: Subject, list: readonly AddressEntry[]): Allocation {
  const { state, policy, facts } = subject;
  const { config, ledger } = facts;
  const stays = addressesOf(list).filter(
    (address) =>
      provides(policy, address) &&
      isUnblocked(state, address, facts) &&
      isPreferred(state, address, facts) &&
      ledger.externalUsers(address).every((user) => user === state.key) &&
      ledger.conflictWith(state, address, config) === undefined &&
      // A static address becomes an allocated one, and those have stricter sharing rules.
      coHolders(state, address, facts).every((other) => !allocatedConflict(state, other, address, config)),
  );
  const affordable = withinQuota(subject, stays);
  return allocate(requestOf(subject, affordable, leftByHolder(subject, list, affordable)), facts);
}

/** What it has is never taken, but what it only requests needs room in the quota of its namespace. */
function withinQuota({ state, policy, facts }: Subject, stays: readonly Address[]): readonly Address[] {
  const { quota } = policy;
  if (quota === undefined || quotaRoom(quota, state, stays, facts) >= 0) return stays;
  const held = heldBy(state);
  return stays.filter((address) => includesAddress(held, address));
}

/** The address that the Service leaves, if others with it can follow. */
export function leftByHolder(
  { state, facts: { ledger, config } }: Subject,
  list: readonly AddressEntry[],
  stays: readonly Address[],
): Address | undefined {
  const only = leftIPv4(list, stays);
  // A contender never had the address, so it does not share it with the holders.
  const isHolder = only !== undefined && ledger.holding(only, config).holders.includes(state);
  return isHolder ? only : undefined;
}

/** Whether the configuration reserves no other address of the family for the Service, or that one is not free. */
function isPreferred(state: ServiceState, address: Address, { ledger }: Facts): boolean {
  const reserved = ledger.reservations
    .of(state.key, 'configured')
    .filter((one) => one.address.family === address.family && ledger.isFreeFor(state, one.address));
  return reserved.length === 0 || reserved.some((one) => sameAddress(one.address, address));
}

/** The address that is replaced, if the list has exactly one: only a Service with such a list shares it. */
function leftIPv4(list: readonly AddressEntry[], stays: readonly Address[]): Address | undefined {
  const [only, ...more] = list;
  const isIPv4 = typeof only === 'object' && only.family === 'IPv4' && !isUnspecified(only);
  return isIPv4 && more.length === 0 && stays.length === 0 ? only : undefined;
}
