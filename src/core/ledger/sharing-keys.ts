import type { ServiceKey } from '../model/service-view.ts';
import type { ServiceState } from './service-state.ts';

/** The Services of each namespace that have a sharing key, by that key. */
export class SharingKeys {
  readonly #services = new Map<string, Map<ServiceKey, ServiceState>>();

  add(state: ServiceState): void {
    const name = nameOf(state);
    if (name === undefined) return;
    const services = this.#services.get(name) ?? new Map<ServiceKey, ServiceState>();
    this.#services.set(name, services.set(state.key, state));
  }

  delete(state: ServiceState): void {
    const name = nameOf(state);
    if (name === undefined) return;
    const services = this.#services.get(name);
    services?.delete(state.key);
    if (services?.size === 0) this.#services.delete(name);
  }

  /** The other Services of the namespace with the sharing key of this one, in no order. */
  *othersLike(state: ServiceState): Iterable<ServiceState> {
    const name = nameOf(state);
    const services = name === undefined ? undefined : this.#services.get(name);
    for (const other of services?.values() ?? []) if (other.key !== state.key) yield other;
  }
}

function nameOf({ view: { namespace, sharingKey } }: ServiceState): string | undefined {
  return sharingKey === undefined ? undefined : `${namespace}/${sharingKey}`;
}
