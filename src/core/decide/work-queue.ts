import { SortedSet } from '../ip/sorted-set.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { compareAge, familiesText, portsText } from '../model/service-view.ts';

export interface WorkItem {
  readonly state: ServiceState;
  /** It was put off before. */
  readonly isPostponed: boolean;
}

/**
 * Who is to be looked at: those who want something first, then those who have what they want, then those who were put off;
 * oldest first within each. So a new Service does not wait for a look at fifty thousand that are served.
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

  /** Everybody else has a turn before. */
  postpone(state: ServiceState): void {
    this.#postponed.add(state);
  }

  delete(state: ServiceState): void {
    for (const queue of [this.#unsettled, this.#settled, this.#postponed]) queue.delete(state);
  }

  /** The next, as it was when it was put in; O(log n). */
  next(): WorkItem | undefined {
    const state = this.#unsettled.shift() ?? this.#settled.shift();
    if (state !== undefined) return { state, isPostponed: false };
    const last = this.#postponed.shift();
    return last && { state: last, isPostponed: true };
  }
}

/** Served, and not edited since: whatever others have changed, it takes no address from anybody. */
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
