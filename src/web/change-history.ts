import type { ServiceKey } from '../core/model/service-view.ts';
import type { ServiceItem, ServiceTransition } from './page-data.ts';

const maxChanges = 200;

/** Recent changes: each Service before and after, newest first. The first snapshot is the baseline. */
export class ChangeHistory {
  #previous: ReadonlyMap<ServiceKey, ServiceItem> | undefined;
  #changes: readonly ServiceTransition[] = [];
  #since = 0;

  /** Returns how many Services changed since the previous snapshot. O(Services). */
  record(services: ReadonlyMap<ServiceKey, ServiceItem>, at: number): number {
    const previous = this.#previous;
    this.#previous = services;
    if (previous === undefined) {
      this.#since = at;
      return 0;
    }
    const changes: ServiceTransition[] = [];
    for (const [key, after] of services) {
      const before = previous.get(key);
      if (before === undefined || !isSame(before, after)) changes.push({ at, before, after });
    }
    for (const [key, before] of previous)
      if (!services.has(key)) changes.push({ at, before, after: undefined });
    if (changes.length > 0) this.#changes = [...changes.reverse(), ...this.#changes].slice(0, maxChanges);
    return changes.length;
  }

  get changes(): readonly ServiceTransition[] {
    return this.#changes;
  }

  get since(): number {
    return this.#since;
  }
}

function isSame(a: ServiceItem, b: ServiceItem): boolean {
  return a.state === b.state && a.condition === b.condition && String(a.addresses) === String(b.addresses);
}
