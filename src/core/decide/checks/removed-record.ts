import { type Address, isUnspecified } from '../../ip/address.ts';
import { requests, type ServiceState } from '../../ledger/service-state.ts';
import { addressesOf, formatAddressList } from '../../model/address-list.ts';
import { allocate } from '../allocate.ts';
import { requestOf } from '../allocation-request.ts';
import { allocationCause, assignedFrom, restored } from '../assignments.ts';
import type { Check } from '../check.ts';
import type { Facts } from '../facts.ts';
import { othersAt } from '../holders.ts';
import { isTaken } from '../shared-address.ts';

/**
 * The allocation record was removed together with annotation and label, and is only remembered: it gives what the Service still
 * shows and no other one uses. The rest comes from the pool.
 */
export const removedRecord: Check = {
  name: 'removed-record',
  run(run) {
    const { state, facts } = run;
    const { intent } = state;
    if (intent.kind !== 'annotationRemoved' || intent.removed === undefined) return undefined;
    const { removed, list, origin } = intent;
    const isOnly = removed.addresses.entries.length === 1;
    const stays = addressesOf(list).filter((address) => isStillFree(state, address, isOnly, facts));
    if (formatAddressList(stays) === removed.addresses.text)
      return { desired: restored(run, stays, removed) };
    if (origin === 'static') return undefined;
    const allocation = allocate(requestOf(run, stays), facts);
    if ('failures' in allocation) return { allocation };
    return { allocation, desired: assignedFrom(run, allocationCause(allocation), allocation) };
  },
};

/** Whether no other Service keeps the Service from an address that it shows. Only an address that is its only one is shared. */
function isStillFree(state: ServiceState, address: Address, isOnly: boolean, facts: Facts): boolean {
  if (isUnspecified(address)) return true;
  const isAlone = othersAt(state, address, facts).length === 0;
  // As for any address in a status, others may have it as an external IP by now.
  if (!requests(state, address)) return isAlone && !isTaken(state, address, facts);
  return (isAlone || isOnly) && facts.ledger.conflictWith(state, address, facts.config) === undefined;
}
