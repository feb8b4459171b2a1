import type { ServiceKey } from '../core/model/service-view.ts';
import type { ServiceItem, ServiceTransition } from './page-data.ts';

const mostChanges = 200;

/** What changed lately: each Service as it was and as it is now, newest first. The first look is what is compared with. */
export class History {
  #known: ReadonlyMap<ServiceKey, ServiceItem> | undefined;
  #changes: readonly ServiceTransition[] = [];
  #since = 0;

  /** Gives how many have changed since the last look: O(Services). */
  look(services: ReadonlyMap<ServiceKey, ServiceItem>, at: number): number {
    const known = this.#known;
    this.#known = services;
    if (known === undefined) {
      this.#since = at;
      return 0;
    }
    const changes: ServiceTransition[] = [];
    for (const [key, after] of services) {
      const before = known.get(key);
      if (before === undefined || !isSame(before, after)) changes.push({ at, before, after });
    }
    for (const [key, before] of known) if (!services.has(key)) changes.push({ at, before, after: undefined });
    if (changes.length > 0) this.#changes = [...changes.reverse(), ...this.#changes].slice(0, mostChanges);
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
  return a.state === b.state && a.note === b.note && String(a.addresses) === String(b.addresses);
}
