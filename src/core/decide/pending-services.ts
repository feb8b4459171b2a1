import type { Config } from '../config/config.ts';
import type { Address } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import { SortedSet } from '../ip/sorted-set.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { compareAge, familiesText, type ServiceKey } from '../model/service-view.ts';
import type { Decision } from './decision.ts';

/**
 * Who waits for which pool. Those with the same needs stand in one line, oldest first: if the first cannot be served,
 * nobody behind it can, so an address that becomes free costs one decision for each line, however long the lines are.
 */
export class PendingServices {
  /** Pool key, then needs. A pool that does not exist is `''`: only a change of the ConfigMap helps there. */
  readonly #groups = new Map<string, Map<string, PendingGroup>>();
  readonly #positions = new Map<ServiceKey, { line: PendingGroup; state: ServiceState }>();

  clear(): void {
    this.#groups.clear();
    this.#positions.clear();
  }

  /**
   * Puts a Service in its line. If it stood first in another one, the answer is who does there now: that one's turn is
   * not to be lost with it.
   */
  add(state: ServiceState, decision: Decision, shares: boolean): ServiceKey | undefined {
    const line = this.#group(poolKeyOf(decision), needsOf(state, shares), shares);
    const place = this.#positions.get(state.key);
    const stays = place?.line === line && compareAge(place.state.view, state.view) === 0;
    const next = stays ? undefined : this.remove(state.key);
    // Also where the leaving has just emptied this very line, and taken it off.
    this.#groups.get(line.pool)?.set(line.needs, line);
    line.queue.add(state);
    this.#positions.set(state.key, { line, state });
    return next;
  }

  /** Takes a Service out of its line; if it stood first, the answer is who does now. */
  remove(key: ServiceKey): ServiceKey | undefined {
    const place = this.#positions.get(key);
    if (place === undefined) return undefined;
    this.#positions.delete(key);
    const { line, state } = place;
    const wasFirst = line.queue.first()?.key === key;
    line.queue.delete(state);
    if (line.queue.size === 0) this.#groups.get(line.pool)?.delete(line.needs);
    return wasFirst ? line.queue.first()?.key : undefined;
  }

  #group(pool: string, needs: string, shares: boolean): PendingGroup {
    const lines = this.#groups.get(pool) ?? new Map<string, PendingGroup>();
    this.#groups.set(pool, lines);
    const line = lines.get(needs) ?? { pool, needs, shares, queue: new SortedSet<ServiceState>(byOrder) };
    lines.set(needs, line);
    return line;
  }

  /** The first of each line that an event at `address` can help: all lines of its pools, or those that would share. */
  *firstOfEach(address: Address, config: Config, isFreed: boolean): IterableIterator<ServiceKey> {
    for (const [key, lines] of this.#groups) {
      const pool = config.pools.get(key);
      if (pool === undefined || !rangesContain(pool.ranges, address)) continue;
      for (const line of lines.values()) {
        const first = line.queue.first();
        if (first !== undefined && (isFreed || line.shares)) yield first.key;
      }
    }
  }
}

interface PendingGroup {
  readonly pool: string;
  readonly needs: string;
  /** Its Services would take an address that is in use. */
  readonly shares: boolean;
  readonly queue: SortedSet<ServiceState>;
}

/** What an allocation depends on beside pool and ledger. One that has something to keep stands in a line of its own. */
function needsOf(state: ServiceState, shares: boolean): string {
  const { view, intent, usedIPs } = state;
  if (intent.kind !== 'new' || usedIPs.length > 0) return `own ${state.key} ${shares}`;
  return `${familiesText(view)} ${shares ? view.ports.join(',') : ''}`;
}

function poolKeyOf(decision: Decision): string {
  const failures =
    decision.kind === 'pending' || decision.kind === 'conflict'
      ? decision.failures
      : 'conditions' in decision
        ? decision.conditions.flatMap((condition) =>
            condition.code === 'pending-change' ? condition.failures : [],
          )
        : [];
  for (const failure of failures) if ('key' in failure) return failure.key;
  return '';
}

function byOrder(a: ServiceState, b: ServiceState): number {
  return compareAge(a.view, b.view);
}
