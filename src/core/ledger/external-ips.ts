import { type Address, includesAddress, readAddress, sameAddress } from '../ip/address.ts';
import { none } from '../ip/short-lists.ts';
import { maxEntries } from '../model/address-list.ts';
import type { KubeObject, Service } from '../model/objects.ts';
import { compareVersions, keyOf, type ServiceKey } from '../model/service-view.ts';
import { VersionedStore } from '../model/versioned-store.ts';
import type { ReservationFor, Reservations } from './reservations.ts';

/** What is kept of a Service that is not of type LoadBalancer: the addresses in its `spec.externalIPs`. */
export interface ExternalIPs {
  readonly key: ServiceKey;
  readonly addresses: readonly Address[];
  readonly resourceVersion: string;
}

export function externalIPsOf(object: KubeObject): ExternalIPs {
  const { metadata, spec } = object as Service;
  const key = keyOf({ namespace: metadata.namespace ?? 'default', name: metadata.name });
  const { resourceVersion = '' } = metadata;
  return { key, addresses: readExternalIPs(spec?.externalIPs ?? none), resourceVersion };
}

export function readExternalIPs(texts: readonly string[]): readonly Address[] {
  if (texts.length === 0) return none;
  return texts.slice(0, maxEntries).flatMap((text) => readAddress(text) ?? []);
}

export interface ExternalIPTrackerContext {
  readonly reservations: Reservations;
  /** Called for each address whose users changed. */
  readonly changed: (address: Address) => void;
  /** Whether the watch of LoadBalancers has reported everything up to this version. */
  readonly isKnownUpTo: (version: string) => boolean;
}

/** The external IPs of a Service that left one of the two watches at this version. */
interface Tombstone extends ExternalIPs {
  /** The watch that has to report everything up to this version before the addresses are free. */
  readonly awaits: 'load-balancers' | 'others';
}

/**
 * The external IPs of Services that are not of type LoadBalancer. These Services have a watch of their own, and a change of the
 * type is a deletion in one watch and an addition in the other, in any order. Until the other watch has reported everything up
 * to the deletion, a tombstone keeps the addresses in use.
 */
export class ExternalIPTracker {
  readonly #context: ExternalIPTrackerContext;
  /** The Services with external IPs that this watch shows. */
  readonly #shown = new Map<ServiceKey, ExternalIPs>();
  readonly #watch = new VersionedStore<ServiceKey, ExternalIPs>({
    items: this.#shown,
    keyOf: ({ key }) => key,
    change: ({ key, after, resourceVersion }) => {
      if (after === undefined) this.#shown.delete(key);
      else this.#shown.set(key, after);
      this.#reported(key, resourceVersion, after === undefined);
    },
  });
  readonly #tombstones = new Map<ServiceKey, Tombstone>();

  constructor(context: ExternalIPTrackerContext) {
    this.#context = context;
  }

  /** The Services of other types that have external IPs. */
  get size(): number {
    return this.#context.reservations.services('external-ip').length;
  }

  /** Replaces everything with a list of this version. */
  replace(services: readonly ExternalIPs[], resourceVersion: string): void {
    for (const service of services) if (!hasAddresses(service)) this.put(service);
    const isRestored = this.#watch.replace(services.filter(hasAddresses), resourceVersion);
    this.#bury('others', isRestored);
  }

  put(service: ExternalIPs): void {
    const { key, resourceVersion } = service;
    if (hasAddresses(service)) this.#watch.put(service);
    else {
      this.#watch.delete(key, resourceVersion);
      this.#reported(key, resourceVersion, false);
    }
  }

  /** The Service left this watch at this version: it is gone, or is of type LoadBalancer. */
  delete(key: ServiceKey, resourceVersion: string): void {
    this.#watch.delete(key, resourceVersion);
    this.#reported(key, resourceVersion, true);
  }

  /** This watch has reported everything up to this version. */
  observed(resourceVersion: string): void {
    if (this.#watch.observed(resourceVersion)) this.#bury('others', false);
  }

  /** A Service left the watch of LoadBalancers at this version: it is gone, or has another type. */
  leftLoadBalancers(service: ExternalIPs): void {
    if (!hasAddresses(service) || this.#watch.isKnownUpTo(service.resourceVersion)) return;
    this.#tombstones.set(service.key, { ...service, awaits: 'others' });
    this.#update(service.key);
  }

  /** The watch of LoadBalancers has reported more. After a restore of etcd, its list is the whole truth. */
  loadBalancersObserved(isRestored: boolean): void {
    this.#bury('load-balancers', isRestored);
  }

  /** This watch shows that the Service is of another type in this version, or that it left. */
  #reported(key: ServiceKey, resourceVersion: string, isGone: boolean): void {
    const tombstone = this.#tombstones.get(key);
    if (tombstone !== undefined && compareVersions(resourceVersion, tombstone.resourceVersion) < 0) return;
    this.#tombstones.delete(key);
    const addresses = this.#reserved(key).map(({ address }) => address);
    if (isGone && addresses.length > 0 && !this.#context.isKnownUpTo(resourceVersion))
      this.#tombstones.set(key, { key, addresses, resourceVersion, awaits: 'load-balancers' });
    this.#update(key);
  }

  /** Removes the tombstones that this watch has passed. */
  #bury(watch: Tombstone['awaits'], isRestored: boolean): void {
    const source = watch === 'others' ? this.#watch : this.#context;
    for (const [key, { awaits, resourceVersion }] of this.#tombstones) {
      if (awaits !== watch || !(isRestored || source.isKnownUpTo(resourceVersion))) continue;
      this.#tombstones.delete(key);
      this.#update(key);
    }
  }

  /** The addresses in use are those in the tombstone of a Service, or those that this watch shows. */
  #update(key: ServiceKey): void {
    const { reservations, changed } = this.#context;
    const addresses = (this.#tombstones.get(key) ?? this.#shown.get(key))?.addresses ?? none;
    for (const reservation of this.#reserved(key)) {
      if (includesAddress(addresses, reservation.address)) continue;
      reservations.delete(reservation);
      changed(reservation.address);
    }
    for (const address of addresses) {
      if (this.#reserved(key).some((known) => sameAddress(known.address, address))) continue;
      reservations.add({ why: 'external-ip', address, service: key });
      changed(address);
    }
  }

  #reserved(key: ServiceKey): readonly ReservationFor<'external-ip'>[] {
    return this.#context.reservations.of(key, 'external-ip');
  }
}

function hasAddresses({ addresses }: ExternalIPs): boolean {
  return addresses.length > 0;
}
