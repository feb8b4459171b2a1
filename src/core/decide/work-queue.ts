import { SortedSet } from '../ip/sorted-set.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { compareAge, familiesText, portsText } from '../model/service-view.ts';

export interface WorkItem {
  readonly state: ServiceState;
  /** Whether it was postponed before. */
  readonly isPostponed: boolean;
}

/**
 * Services to decide on: unsettled ones first, then settled ones, then postponed ones; oldest first within each group. A new
 * Service does not have to wait for fifty thousand assigned ones.
 */
export class WorkQueue {
  readonly #unsettled = byAge();
  readonly #settled = byAge();
  readonly #postponed = byAge();

  get size(): number {
    return this.#unsettled.size + this.#settled.size + this.#postponed.size;
  }

  add(state: ServiceState): void {
    (isSettled(state) ? this.#settled : this.#unsettled).add(state);
  }

  /** Queues the Service behind all others. */
  postpone(state: ServiceState): void {
    this.#postponed.add(state);
  }

  delete(state: ServiceState): void {
    for (const queue of [this.#unsettled, this.#settled, this.#postponed]) queue.delete(state);
  }

  /** The next Service, in the state in which it was added: O(log n). */
  next(): WorkItem | undefined {
    const state = this.#unsettled.shift() ?? this.#settled.shift();
    if (state !== undefined) return { state, isPostponed: false };
    const postponed = this.#postponed.shift();
    return postponed && { state: postponed, isPostponed: true };
  }
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

function byAge(): SortedSet<ServiceState> {
  return new SortedSet((a, b) => compareAge(a.view, b.view));
}
