import { type Address, isUnspecified, sameAddress } from '../../ip/address.ts';
import type { ServiceState } from '../../ledger/service-state.ts';
import { type AddressEntry, addressesOf, parseAddressList } from '../../model/address-list.ts';
import { allocate } from '../allocate.ts';
import { requestOf } from '../allocation-request.ts';
import { allocationCause, assignedFrom } from '../assignments.ts';
import type { Check } from '../check.ts';
import { type AddressConflict, maxNamedServices } from '../decision.ts';
import { contender } from '../desired-state.ts';
import type { Facts } from '../facts.ts';
import { pendingReallocation } from './reallocation.ts';

/**
 * Whether another Service or owner has an address that the Service requests or comes back with. A requested address is not
 * replaced. An allocated one is, from the pool: the others of the list stay.
 */
export const conflict: Check = {
  name: 'conflict',
  run(run) {
    const { state, facts } = run;
    const requested = requestedBy(state);
    if (requested === undefined) return undefined;
    const inUse = conflictsOf(state, requested.list, facts);
    const [first] = inUse;
    if (first === undefined) return undefined;
    const pending = pendingReallocation(run).flatMap(({ failures }) => failures);
    if (!requested.isReplaceable)
      return { conflict: first, decision: contender(state, first, requested.isHeld, pending) };
    const stays = addressesOf(requested.list).filter(
      (address) => !inUse.some((one) => sameAddress(one.address, address)),
    );
    const allocation = allocate(requestOf(run, stays), facts);
    if ('addresses' in allocation) {
      const desired = assignedFrom(run, allocationCause(allocation), allocation);
      return { conflict: first, allocation, desired };
    }
    const failures = pending.length > 0 ? pending : allocation.failures;
    // Pending, and still showing the address of another Service.
    return { conflict: first, allocation, decision: contender(state, first, true, failures) };
  },
};

interface Requested {
  readonly list: readonly AddressEntry[];
  /** Whether another address of the pool will do. */
  readonly isReplaceable: boolean;
  /** Whether the annotation still has an address that is assigned and announced, or gets it back. */
  readonly isHeld: boolean;
}

/** What the Service requests beyond what it has; undefined for one that is assigned or gets a new address. */
function requestedBy({ view, intent }: ServiceState): Requested | undefined {
  switch (intent.kind) {
    case 'new':
    case 'assigned':
    case 'unreadable':
      return undefined;
    case 'requested': {
      // The addresses in an annotation beside an edited spec are still assigned.
      const isHeld = intent.by === 'spec' && parseAddressList(view.annotation) !== undefined;
      return { list: intent.list, isReplaceable: false, isHeld };
    }
    case 'copied':
      return { list: intent.list, isReplaceable: intent.origin === 'allocated', isHeld: false };
    case 'annotationRemoved':
      // What cannot be restored from a record that was removed, too, follows from the fields: the spec is a request.
      return intent.removed === undefined
        ? { list: intent.list, isReplaceable: intent.origin === 'allocated', isHeld: true }
        : { list: intent.list.slice(0, 1), isReplaceable: false, isHeld: false };
  }
}

type InUse = AddressConflict & { code: 'address-in-use' };

/** The addresses of the list that another Service or owner has. */
function conflictsOf(state: ServiceState, list: readonly AddressEntry[], facts: Facts): InUse[] {
  return addressesOf(list).flatMap((address) => {
    if (isUnspecified(address)) return [];
    const found = facts.ledger.conflictWith(state, address, facts.config);
    if (found === undefined) return [];
    const behind = isBehindMany(state, address, facts) ? { isBehindMany: true as const } : {};
    return [{ code: 'address-in-use', service: state.key, address, ...found, ...behind }];
  });
}

/** Whether more contenders come before the Service than a message names. */
function isBehindMany(state: ServiceState, address: Address, { ledger, config }: Facts): boolean {
  const { contenders } = ledger.holding(address, config);
  return contenders.length > maxNamedServices && !contenders.slice(0, maxNamedServices).includes(state);
}
