import { SortedSet } from '../ip/sorted-set.ts';
import { compareAge } from '../model/service-view.ts';
import type { ServiceState } from './service-state.ts';

/** The Services of each namespace that have a sharing key, by that key, oldest first. */
export class SharingKeys {
  readonly #services = new Map<string, SortedSet<ServiceState>>();

  add(state: ServiceState): void {
    const name = nameOf(state);
    if (name === undefined) return;
    const services = this.#services.get(name) ?? new SortedSet<ServiceState>(byAge);
    services.add(state);
    this.#services.set(name, services);
  }

  delete(state: ServiceState): void {
    const name = nameOf(state);
    if (name === undefined) return;
    const services = this.#services.get(name);
    services?.delete(state);
    if (services?.size === 0) this.#services.delete(name);
  }

  /** The other Services of the namespace with the sharing key of this one, oldest first. */
  *othersLike(state: ServiceState): Iterable<ServiceState> {
    const name = nameOf(state);
    const services = name === undefined ? undefined : this.#services.get(name);
    for (const other of services ?? []) if (other.key !== state.key) yield other;
  }
}

function byAge(a: ServiceState, b: ServiceState): number {
  return compareAge(a.view, b.view);
}

function nameOf({ view: { namespace, sharingKey } }: ServiceState): string | undefined {
  return sharingKey === undefined ? undefined : `${namespace}/${sharingKey}`;
}
