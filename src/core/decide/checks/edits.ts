import { sharingConflict } from '../../ledger/sharing.ts';
import type { AddressEntry } from '../../model/address-list.ts';
import { addressesOf, formatAddressList } from '../../model/address-list.ts';
import type { AllocationRecord } from '../../model/allocation-record.ts';
import { familiesText, portsText } from '../../model/service-view.ts';
import { allocate } from '../allocate.ts';
import { requestOf } from '../allocation-request.ts';
import { assignedFrom, pendingChange } from '../assignments.ts';
import type { Check, Run } from '../check.ts';
import { coHolders } from '../conditions.ts';
import { assigned } from '../desired-state.ts';

/** The Service's ports changed and conflict with another holder of its address: it moves, the other one stays. */
export const ports: Check = {
  name: 'ports',
  run(run) {
    const { state, facts } = run;
    const { list, record } = allocatedTo(run) ?? {};
    if (list === undefined || record === undefined || record.ports === portsText(state.view))
      return undefined;
    const all = addressesOf(list);
    const stays = all.filter((address) =>
      coHolders(state, address, facts).every(
        (other) => sharingConflict(state, other, facts.config)?.code !== 'port-clash',
      ),
    );
    if (stays.length === all.length) return undefined;
    const allocation = allocate(requestOf(run, stays), facts);
    return 'failures' in allocation
      ? { allocation, desired: pendingChange(run, list, 'ports', allocation) }
      : { allocation, desired: assignedFrom(run, 'ports', allocation) };
  },
};

/** The Service's families changed. Single to dual stack keeps the address and adds the other family; the reverse releases one. */
export const families: Check = {
  name: 'families',
  run(run) {
    const { state, facts } = run;
    const { list, record } = allocatedTo(run) ?? {};
    if (list === undefined || record === undefined || record.families === familiesText(state.view))
      return undefined;
    const allocation = allocate(requestOf(run, addressesOf(list)), facts);
    if ('failures' in allocation)
      return { allocation, desired: pendingChange(run, list, 'families', allocation) };
    const { addresses } = allocation;
    const { source } = record;
    const isSame = formatAddressList(addresses) === formatAddressList(list);
    const desired = isSame
      ? assigned(run, 'update', { list, source, keepSpec: true })
      : assigned(run, 'families', { list: addresses, source, rewrite: true });
    return { allocation, desired };
  },
};

interface Allocated {
  readonly list: readonly AddressEntry[];
  readonly record: AllocationRecord;
}

/** What this controller allocated to the Service, and how the Service was then. */
function allocatedTo({ state: { intent, record } }: Run): Allocated | undefined {
  const isAllocated = intent.kind === 'assigned' && intent.origin === 'allocated' && record !== undefined;
  return isAllocated ? { list: intent.list, record } : undefined;
}
