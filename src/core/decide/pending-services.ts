import type { Address } from '../ip/address.ts';
import type { Range } from '../ip/range.ts';
import { RangeIndex } from '../ip/range-index.ts';
import { none } from '../ip/short-lists.ts';
import { SortedSet } from '../ip/sorted-set.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { compareAge, type ServiceKey } from '../model/service-view.ts';
import type { Waiting, WakeCondition } from './wake-conditions.ts';

/**
 * Pending Services in groups that wait for the same, oldest first. If the first Service of a group cannot get an address, the
 * others cannot either, so a freed address costs one decision per group, and nothing for pools that do not contain it.
 */
export class PendingServices {
  readonly #groups = new Map<string, PendingGroup>();
  readonly #positions = new Map<ServiceKey, { group: PendingGroup; state: ServiceState }>();
  /** By pool and family. */
  readonly #sources = new Map<string, Source>();
  #index = new RangeIndex<Source>();

  /** Call when the pools change. */
  clear(): void {
    this.#groups.clear();
    this.#positions.clear();
    this.#sources.clear();
    this.#index = new RangeIndex();
  }

  /**
   * Adds a Service to its group. If it was first in another group, returns the Service that is first there now: it has to be
   * decided in its place.
   */
  add(state: ServiceState, waiting: Waiting): ServiceKey | undefined {
    const position = this.#positions.get(state.key);
    const stays = position?.group.key === keyOf(waiting) && compareAge(position.state.view, state.view) === 0;
    const next = stays ? undefined : this.remove(state.key);
    const group = this.#group(waiting);
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
    if (group.queue.size === 0) this.#removeGroup(group);
    return wasFirst ? group.queue.first()?.key : undefined;
  }

  /** The first Service of each group that waits for the quota of the namespace. */
  firstOfQuota(namespace: string): readonly ServiceKey[] {
    if (this.#sources.size === 0) return none;
    const { groups = [] } = this.#sources.get(sourceKeyOf({ quotaOf: namespace })) ?? {};
    return [...groups].flatMap(([{ queue }]) => queue.first()?.key ?? []);
  }

  /** The first Service of each group that waits for the address. If it is not freed, only of groups that would share it. */
  firstOfEach(address: Address, isFreed: boolean): readonly ServiceKey[] {
    if (this.#sources.size === 0) return none;
    return [...this.#index.at(address)].flatMap(({ groups }) =>
      [...groups].flatMap(([{ queue }, condition]) =>
        isFreed || ('orPartner' in condition && condition.orPartner) ? (queue.first()?.key ?? []) : [],
      ),
    );
  }

  #group(waiting: Waiting): PendingGroup {
    const key = keyOf(waiting);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = { key, conditions: waiting.conditions, queue: new SortedSet<ServiceState>(byAge) };
    this.#groups.set(key, group);
    for (const condition of group.conditions) this.#source(condition).groups.set(group, condition);
    return group;
  }

  #removeGroup(group: PendingGroup): void {
    this.#groups.delete(group.key);
    for (const condition of group.conditions) {
      const source = this.#source(condition);
      source.groups.delete(group);
      if (source.groups.size > 0) continue;
      this.#sources.delete(sourceKeyOf(condition));
      for (const range of source.ranges) this.#index.delete(range, source);
    }
  }

  #source(condition: WakeCondition): Source {
    const key = sourceKeyOf(condition);
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const ranges = rangesOf(condition);
    const source: Source = { ranges, groups: new Map() };
    this.#sources.set(key, source);
    for (const range of ranges) this.#index.add(range, source);
    return source;
  }
}

interface PendingGroup {
  readonly key: string;
  readonly conditions: readonly WakeCondition[];
  readonly queue: SortedSet<ServiceState>;
}

/** The addresses of one family in one pool, or none of a quota, and the groups that wait for one of them. */
interface Source {
  readonly ranges: readonly Range[];
  readonly groups: Map<PendingGroup, WakeCondition>;
}

function sourceKeyOf(condition: WakeCondition): string {
  return 'quotaOf' in condition ? `quota ${condition.quotaOf}` : `${condition.pool.id} ${condition.family}`;
}

function rangesOf(condition: WakeCondition): readonly Range[] {
  if ('quotaOf' in condition) return [];
  return condition.pool.ranges.filter(({ family }) => family === condition.family);
}

function keyOf({ conditions, needs }: Waiting): string {
  const sources = conditions.map((one) => `${sourceKeyOf(one)} ${'orPartner' in one && one.orPartner}`);
  return [...sources, needs].join();
}

function byAge(a: ServiceState, b: ServiceState): number {
  return compareAge(a.view, b.view);
}
