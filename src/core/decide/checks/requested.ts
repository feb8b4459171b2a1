import { type AllocationPolicy, isInPool, type PolicyPool, provides, spans } from '../../config/policy.ts';
import { includesAddress } from '../../ip/address.ts';
import { rangesContain } from '../../ip/range.ts';
import { type AddressEntry, addressesOf } from '../../model/address-list.ts';
import { staticSource, unknownSource } from '../../model/allocation-record.ts';
import { restored } from '../assignments.ts';
import type { Run } from '../check.ts';
import type { DesiredState } from '../decision.ts';
import { assigned } from '../desired-state.ts';
import { statusAddresses } from './allocation.ts';
import { pendingReallocation } from './reallocation.ts';

/** All checks passed: the Service has, or gets, the addresses that it requests. */
export function requested(run: Run): DesiredState {
  const { state, policy } = run;
  const { view, intent, record } = state;
  const conditions = pendingReallocation(run);
  switch (intent.kind) {
    case 'assigned': {
      // The Service keeps its addresses unless its own families or ports have changed.
      const source = record?.source ?? sourceOf(policy, intent.list);
      const how = { list: intent.list, source, keepSpec: true, conditions };
      return assigned(run, record === undefined ? 'adopt' : 'update', how);
    }
    case 'copied': {
      // Restored from a backup or created from a dump.
      const source = view.record?.source ?? unknownSource;
      return assigned(run, 'adopt', { list: intent.list, source, conditions });
    }
    case 'annotationRemoved':
      if (intent.removed === undefined) return restored(run, intent.list, record, conditions);
      return byName(run, intent.list.slice(0, 1), 'spec');
    case 'requested':
      return byName(run, intent.list, intent.by);
    case 'new':
    case 'unreadable':
      throw new Error(`the checks decide about a Service whose intent is ${intent.kind}`);
  }
}

/** A user requested these addresses: they are assigned, in or outside a pool. */
function byName(run: Run, list: readonly AddressEntry[], by: 'annotation' | 'spec'): DesiredState {
  // A user's annotation is never rewritten. An annotation that differs from an edited spec is outdated.
  const rewrite = by === 'spec';
  const how = { list, source: staticSource, rewrite, conditions: pendingReallocation(run) };
  const desired = assigned(run, 'mark-static', how);
  return by === 'spec' && mayHaveBeenAllocated(run, list) ? { ...desired, assumesRequest: true } : desired;
}

/** Whether the status shows the address in `spec.loadBalancerIP`, which is in the pool, and every other field is missing. */
function mayHaveBeenAllocated({ state, policy }: Run, list: readonly AddressEntry[]): boolean {
  const { view } = state;
  if (view.labeled || view.record !== undefined || view.annotation !== undefined) return false;
  const shown = statusAddresses(state);
  return addressesOf(list).every((address) => spans(policy, address) && includesAddress(shown, address));
}

/** The key of the pool, if it spans all adopted addresses. */
function sourceOf(policy: AllocationPolicy, list: readonly AddressEntry[]): string {
  const addresses = addressesOf(list);
  const isInside = addresses.every((one) => provides(policy, one) || spans(policy, one));
  const holds = (pool: PolicyPool): boolean =>
    addresses.some((one) => isInPool(pool, one) || rangesContain(pool.ranges, one));
  const pool = policy.listed.find(holds) ?? policy.pools[0];
  return pool !== undefined && isInside ? pool.key : unknownSource;
}
