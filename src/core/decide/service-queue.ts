import type { ServiceState } from '../ledger/service-state.ts';
import { compareAge, familiesText, portsText, type ServiceKey } from '../model/service-view.ts';
import { WorkQueue } from '../queue/work-queue.ts';

/**
 * Services to decide on: unsettled ones first, then settled ones, then postponed ones; oldest first within each group. A new
 * Service does not have to wait for fifty thousand assigned ones. `ended` is called when the work on a Service has ended.
 */
export function createServiceQueue(ended: (key: ServiceKey) => void): WorkQueue<ServiceState> {
  return new WorkQueue({
    keyOf: ({ key }) => key,
    compare: (a, b) => compareAge(a.view, b.view),
    isSecondary: isSettled,
    ended: ({ key }) => ended(key),
  });
}

/** Assigned and not edited since: a decision on it takes no address away from another Service. */
function isSettled({ view, record, intent }: ServiceState): boolean {
  return (
    intent.kind === 'assigned' &&
    record !== undefined &&
    !view.reallocate &&
    record.ports === portsText(view) &&
    record.families === familiesText(view)
  );
}
