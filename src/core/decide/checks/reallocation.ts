import { none } from '../../ip/short-lists.ts';
import { formatAddressList } from '../../model/address-list.ts';
import { assignedFrom, pendingChange } from '../assignments.ts';
import type { Check, Run } from '../check.ts';
import type { Condition } from '../decision.ts';
import { confirmsStatic } from '../desired-state.ts';
import { coHolders } from '../holders.ts';
import { reallocation } from '../reallocation.ts';
import { targetAllocation } from '../target-allocation.ts';

/** A person requested a new allocation. Without one, the Service keeps what it has, or goes on to the other checks. */
export const reallocationRequest: Check = {
  name: 'reallocation',
  run(run) {
    const { state, facts } = run;
    const { view, intent } = state;
    if (!view.reallocate || intent.kind === 'unreadable' || confirmsStatic(state)) return undefined;
    const list = 'list' in intent ? intent.list : [];
    // Without an address to replace, the Service gets one from its pool anyway.
    const allocation = targetAllocation(run) ?? (intent.kind === 'new' ? undefined : reallocation(run, list));
    if (allocation === undefined) return undefined;
    if ('failures' in allocation) {
      // A Service of the Go version gets its allocation record first.
      if (intent.kind !== 'assigned' || state.record === undefined) return { allocation };
      return { allocation, desired: pendingChange(run, list, 'reallocate', allocation) };
    }
    const { addresses, request } = allocation;
    const { left, keep, sharing } = request;
    const isShared =
      left !== undefined && sharing === 'preferred' && coHolders(state, left, facts).length > 0;
    const was = isShared ? left : keep.length === 0 ? state.record?.was : undefined;
    const isKept =
      intent.kind === 'assigned' &&
      intent.origin === 'allocated' &&
      formatAddressList(addresses) === formatAddressList(list);
    const cause = isKept ? 'confirm' : 'reallocate';
    return { allocation, desired: assignedFrom(run, cause, allocation, was) };
  },
};

type PendingChange = Condition & { code: 'pending-change' };

/** The condition of a Service whose reallocation has to wait. */
export function pendingReallocation({ state, found }: Run): readonly PendingChange[] {
  if (!state.view.reallocate) return none;
  return found.flatMap(({ check, allocation }) =>
    check === 'reallocation' && allocation !== undefined && 'failures' in allocation
      ? [{ code: 'pending-change', change: 'reallocate', failures: allocation.failures }]
      : [],
  );
}
