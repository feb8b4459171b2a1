import type { Config } from '../config/config.ts';
import type { Address } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import { SortedSet } from '../ip/sorted-set.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { compareAge, familiesText, type ServiceKey } from '../model/service-view.ts';
import { type Decision, lackingFamily } from './decision.ts';

/**
 * Pending Services by pool, in groups with the same needs, oldest first. If the first Service of a group cannot get an
 * address, the others cannot either, so a freed address costs one decision per group.
 */
export class PendingServices {
  /** By pool key, then needs. The key is empty if there is no pool: then only a change of the ConfigMap helps. */
  readonly #groups = new Map<string, Map<string, PendingGroup>>();
  readonly #positions = new Map<ServiceKey, { group: PendingGroup; state: ServiceState }>();

  clear(): void {
    this.#groups.clear();
    this.#positions.clear();
  }

  /**
   * Adds a Service to its group. If it was first in another group, returns the Service that is first there now: it has to be
   * decided in its place.
   */
  add(state: ServiceState, decision: Decision, shares: boolean): ServiceKey | undefined {
    const group = this.#group(poolKeyOf(decision), needsOf(state, decision, shares), shares);
    const position = this.#positions.get(state.key);
    const stays = position?.group === group && compareAge(position.state.view, state.view) === 0;
    const next = stays ? undefined : this.remove(state.key);
    // The removal may have emptied and deleted this very group.
    this.#groups.get(group.pool)?.set(group.needs, group);
    group.queue.add(state);
    this.#positions.set(state.key, { group, state });
    return next;
  }

  /** Removes a Service from its group. If it was first, returns the Service that is first now. */
  remove(key: ServiceKey): ServiceKey | undefined {
    const position = this.#positions.get(key);
    if (position === undefined) return undefined;
    this.#positions.delete(key);
    const { group, state } = position;
    const wasFirst = group.queue.first()?.key === key;
    group.queue.delete(state);
    if (group.queue.size === 0) this.#groups.get(group.pool)?.delete(group.needs);
    return wasFirst ? group.queue.first()?.key : undefined;
  }

  #group(pool: string, needs: string, shares: boolean): PendingGroup {
    const groups = this.#groups.get(pool) ?? new Map<string, PendingGroup>();
    this.#groups.set(pool, groups);
    const group = groups.get(needs) ?? { pool, needs, shares, queue: new SortedSet<ServiceState>(byAge) };
    groups.set(needs, group);
    return group;
  }

  /** The first Service of each group of the address's pools. If the address is not freed, only of groups that would share it. */
  *firstOfEach(address: Address, config: Config, isFreed: boolean): IterableIterator<ServiceKey> {
    for (const [key, groups] of this.#groups) {
      const pool = config.pools.get(key);
      if (pool === undefined || !rangesContain(pool.ranges, address)) continue;
      for (const group of groups.values()) {
        const first = group.queue.first();
        if (first !== undefined && (isFreed || group.shares)) yield first.key;
      }
    }
  }
}

interface PendingGroup {
  readonly pool: string;
  readonly needs: string;
  /** Whether its Services would share an address that is in use. */
  readonly shares: boolean;
  readonly queue: SortedSet<ServiceState>;
}

/** What an allocation depends on besides pool and ledger. A Service with addresses to keep is in a group of its own. */
function needsOf(state: ServiceState, decision: Decision, shares: boolean): string {
  const { view, intent, usedIPs } = state;
  const lacking = lackingFamily(decision);
  if (lacking !== undefined) return `second family ${lacking.family}`;
  if (intent.kind !== 'new' || usedIPs.length > 0) return `own ${state.key} ${shares}`;
  return `${familiesText(view)} ${shares ? view.ports.join(',') : ''}`;
}

function poolKeyOf(decision: Decision): string {
  const lacking = lackingFamily(decision);
  if (lacking !== undefined) return lacking.key;
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

function byAge(a: ServiceState, b: ServiceState): number {
  return compareAge(a.view, b.view);
}
