import { SortedSet } from '../ip/sorted-set.ts';
import type { Standing } from '../ledger/service-state.ts';
import { compareAge, familiesText, portsText } from '../model/service-view.ts';

export interface Turn {
  readonly standing: Standing;
  /** It was put off before. */
  readonly isLast: boolean;
}

/**
 * Who is to be looked at: those who want something first, then those who have what they want, then those who were put off;
 * oldest first within each. So a new Service does not wait for a look at fifty thousand that are served.
 */
export class Turns {
  readonly #wanting = byAge();
  readonly #content = byAge();
  readonly #last = byAge();

  get size(): number {
    return this.#wanting.size + this.#content.size + this.#last.size;
  }

  add(standing: Standing): void {
    (isContent(standing) ? this.#content : this.#wanting).add(standing);
  }

  /** Everybody else has a turn before. */
  putOff(standing: Standing): void {
    this.#last.add(standing);
  }

  delete(standing: Standing): void {
    for (const queue of [this.#wanting, this.#content, this.#last]) queue.delete(standing);
  }

  /** The next, as it was when it was put in; O(log n). */
  take(): Turn | undefined {
    const standing = this.#wanting.shift() ?? this.#content.shift();
    if (standing !== undefined) return { standing, isLast: false };
    const last = this.#last.shift();
    return last && { standing: last, isLast: true };
  }
}

/** Served, and not edited since: whatever others have changed, it takes no address from anybody. */
function isContent({ view, record, intent }: Standing): boolean {
  return (
    intent.kind === 'held' &&
    record !== undefined &&
    !view.reallocate &&
    record.ports === portsText(view) &&
    record.families === familiesText(view)
  );
}

function byAge(): SortedSet<Standing> {
  return new SortedSet((a, b) => compareAge(a.view, b.view));
}
