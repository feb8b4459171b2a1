import { provides } from '../../config/policy.ts';
import type { Address } from '../../ip/address.ts';
import type { ServiceState } from '../../ledger/service-state.ts';
import { sharingConflict } from '../../ledger/sharing.ts';
import type { AddressEntry } from '../../model/address-list.ts';
import { addressesOf, formatAddressList } from '../../model/address-list.ts';
import type { AllocationRecord } from '../../model/allocation-record.ts';
import { familiesText, portsText } from '../../model/service-view.ts';
import { allocate } from '../allocate.ts';
import { requestOf } from '../allocation-request.ts';
import { assignedFrom, pendingChange } from '../assignments.ts';
import type { Check, Run } from '../check.ts';
import { assigned } from '../desired-state.ts';
import { coHolders } from '../holders.ts';

/** The Service's ports changed and conflict with another holder of its address: it moves, the other one stays. */
export const ports: Check = {
  name: 'ports',
  run(run) {
    const { state, facts } = run;
    const { list, record } = allocatedTo(state);
    if (record === undefined || record.ports === portsText(state.view)) return undefined;
    const all = addressesOf(list);
    const clashing = all.filter((address) =>
      coHolders(state, address, facts).some(
        (other) => sharingConflict(state, other, address, facts.config)?.code === 'port-clash',
      ),
    );
    if (clashing.length === 0) return undefined;
    const stays = inPools(run, record, all).filter((address) => !clashing.includes(address));
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
    const { list, record } = allocatedTo(state);
    if (record === undefined || record.families === familiesText(state.view)) return undefined;
    const stays = inPools(run, record, addressesOf(list));
    const allocation = allocate(requestOf(run, stays), facts);
    if ('failures' in allocation)
      return { allocation, desired: pendingChange(run, list, 'families', allocation) };
    const { addresses, missing } = allocation;
    const source = stays.length > 0 ? record.source : allocation.key;
    const isSame = formatAddressList(addresses) === formatAddressList(list);
    const desired = isSame
      ? assigned(run, 'update', { list, source, keepSpec: true, missing })
      : assigned(run, 'families', { list: addresses, source, rewrite: true, missing });
    return { allocation, desired };
  },
};

/**
 * The annotation `kube-vip.io/pool` was edited: the Service moves to the pools that it names now. Addresses that these have as
 * well stay. Edits of labels, lists, and selectors move no Service (spec section 12).
 */
export const pools: Check = {
  name: 'pools',
  run(run) {
    const { state, facts } = run;
    const { list, record } = allocatedTo(state);
    if (record === undefined || record.pool === state.view.pool) return undefined;
    const stays = inPools(run, record, addressesOf(list));
    const allocation = allocate(requestOf(run, stays), facts);
    if ('failures' in allocation)
      return { allocation, desired: pendingChange(run, list, 'pools', allocation) };
    const isSame = formatAddressList(allocation.addresses) === formatAddressList(list);
    const how = { list, source: record.source, keepSpec: true, missing: allocation.missing };
    return {
      allocation,
      desired: isSame ? assigned(run, 'update', how) : assignedFrom(run, 'pools', allocation),
    };
  },
};

/** The addresses that stay: all of them, or after an edit of the annotation `kube-vip.io/pool` those that its pools have as well. */
function inPools(
  { state, policy }: Run,
  record: AllocationRecord,
  addresses: readonly Address[],
): readonly Address[] {
  if (record.pool === state.view.pool) return addresses;
  return addresses.filter((address) => provides(policy, address));
}

interface Allocated {
  readonly list: readonly AddressEntry[];
  /** Undefined if nothing is allocated to it. */
  readonly record: AllocationRecord | undefined;
}

const nothing: Allocated = { list: [], record: undefined };

/** What this controller allocated to the Service, and how the Service was then. */
function allocatedTo({ intent, record }: ServiceState): Allocated {
  return intent.kind === 'assigned' && intent.origin === 'allocated'
    ? { list: intent.list, record }
    : nothing;
}
