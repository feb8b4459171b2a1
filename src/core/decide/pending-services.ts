import type { Pools } from '../config/config.ts';
import type { Address } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import { SortedSet } from '../ip/sorted-set.ts';
import type { Standing } from '../ledger/service-state.ts';
import { compareAge, familiesText, type ServiceKey } from '../model/service-view.ts';
import type { Decision } from './decision.ts';

/**
 * Who waits for which pool. Those with the same needs stand in one line, oldest first: if the first cannot be served,
 * nobody behind it can, so an address that becomes free costs one decision for each line, however long the lines are.
 */
export class WaitingList {
  /** Pool key, then needs. A pool that does not exist is `''`: only a change of the ConfigMap helps there. */
  readonly #lines = new Map<string, Map<string, Line>>();
  readonly #places = new Map<ServiceKey, { line: Line; standing: Standing }>();

  clear(): void {
    this.#lines.clear();
    this.#places.clear();
  }

  /**
   * Puts a Service in its line. If it stood first in another one, the answer is who does there now: that one's turn is
   * not to be lost with it.
   */
  enter(standing: Standing, decision: Decision, shares: boolean): ServiceKey | undefined {
    const line = this.#line(poolKeyOf(decision), needsOf(standing, shares), shares);
    const place = this.#places.get(standing.key);
    const stays = place?.line === line && compareAge(place.standing.view, standing.view) === 0;
    const next = stays ? undefined : this.leave(standing.key);
    // Also where the leaving has just emptied this very line, and taken it off.
    this.#lines.get(line.pool)?.set(line.needs, line);
    line.queue.add(standing);
    this.#places.set(standing.key, { line, standing });
    return next;
  }

  /** Takes a Service out of its line; if it stood first, the answer is who does now. */
  leave(key: ServiceKey): ServiceKey | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    this.#places.delete(key);
    const { line, standing } = place;
    const wasFirst = line.queue.first()?.key === key;
    line.queue.delete(standing);
    if (line.queue.size === 0) this.#lines.get(line.pool)?.delete(line.needs);
    return wasFirst ? line.queue.first()?.key : undefined;
  }

  #line(pool: string, needs: string, shares: boolean): Line {
    const lines = this.#lines.get(pool) ?? new Map<string, Line>();
    this.#lines.set(pool, lines);
    const line = lines.get(needs) ?? { pool, needs, shares, queue: new SortedSet<Standing>(byOrder) };
    lines.set(needs, line);
    return line;
  }

  /** The first of each line that an event at `address` can help: all lines of its pools, or those that would share. */
  *heads(address: Address, pools: Pools, isFreed: boolean): IterableIterator<ServiceKey> {
    for (const [key, lines] of this.#lines) {
      const pool = pools.byKey.get(key);
      if (pool === undefined || !rangesContain(pool.ranges, address)) continue;
      for (const line of lines.values()) {
        const first = line.queue.first();
        if (first !== undefined && (isFreed || line.shares)) yield first.key;
      }
    }
  }
}

interface Line {
  readonly pool: string;
  readonly needs: string;
  /** Its Services would take an address that is in use. */
  readonly shares: boolean;
  readonly queue: SortedSet<Standing>;
}

/** What an allocation depends on beside pool and ledger. One that has something to keep stands in a line of its own. */
function needsOf(standing: Standing, shares: boolean): string {
  const { view, intent, shows } = standing;
  if (intent.kind !== 'fresh' || shows.length > 0) return `own ${standing.key} ${shares}`;
  return `${familiesText(view)} ${shares ? view.ports.join(',') : ''}`;
}

function poolKeyOf(decision: Decision): string {
  const shortages =
    decision.kind === 'wait' || decision.kind === 'refuse'
      ? decision.shortages
      : 'notes' in decision
        ? decision.notes.flatMap((note) => (note.code === 'unmet' ? note.shortages : []))
        : [];
  for (const shortage of shortages) if ('key' in shortage) return shortage.key;
  return '';
}

function byOrder(a: Standing, b: Standing): number {
  return compareAge(a.view, b.view);
}
