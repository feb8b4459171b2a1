import { type Address, readAddress, sameAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { maxEntries } from '../model/address-list.ts';
import type { KubeObject, Service } from '../model/objects.ts';
import { compareVersions, keyOf, type ServiceKey } from '../model/service-view.ts';

/** What is kept of a Service that is not of type LoadBalancer: the addresses in its `spec.externalIPs`. */
export interface ExternalIPs {
  readonly key: ServiceKey;
  readonly addresses: readonly Address[];
}

const none: readonly never[] = [];

export function externalIPsOf(object: KubeObject): ExternalIPs {
  const { metadata, spec } = object as Service;
  const key = keyOf({ namespace: metadata.namespace ?? 'default', name: metadata.name });
  return { key, addresses: readExternalIPs(spec?.externalIPs ?? none) };
}

export function readExternalIPs(texts: readonly string[]): readonly Address[] {
  if (texts.length === 0) return none;
  return texts.slice(0, maxEntries).flatMap((text) => readAddress(text) ?? []);
}

/** The names of Services by external IP, and the versions up to which the two watches have reported. */
export interface ExternalIPTrackerContext {
  /** Called for each address whose users change. */
  readonly changed: (address: Address, users: readonly ServiceKey[]) => void;
  /** Whether the watch of LoadBalancers has reported everything up to this version. */
  readonly isKnownUpTo: (version: string) => boolean;
}

/**
 * The external IPs of Services that are not of type LoadBalancer. These Services have a watch of their own, and a change of the
 * type is a deletion in one watch and an addition in the other, in any order. Until the other watch has reported everything up
 * to the deletion, the addresses stay in use.
 */
export class ExternalIPTracker {
  readonly #context: ExternalIPTrackerContext;
  readonly #byService = new Map<ServiceKey, readonly Address[]>();
  readonly #users = new AddressMap<readonly ServiceKey[]>();
  /** Services that left the watch of LoadBalancers at this version, and that this watch has not reported yet. */
  readonly #arriving = new Map<ServiceKey, string>();
  /** Services that left this watch at this version, while the watch of LoadBalancers was behind. */
  readonly #leaving = new Map<ServiceKey, string>();
  #knownVersion = '';

  constructor(context: ExternalIPTrackerContext) {
    this.#context = context;
  }

  /** The Services of other types that have external IPs. */
  get size(): number {
    return this.#byService.size;
  }

  /** Replaces everything with a list of this version. */
  replace(services: readonly ExternalIPs[], resourceVersion: string): void {
    const listed = new Map(services.map((service) => [service.key, service]));
    for (const key of [...this.#byService.keys()])
      if (!listed.has(key) && !this.#arriving.has(key)) this.delete(key, resourceVersion);
    for (const service of services) this.put(service);
    this.observed(resourceVersion);
  }

  put({ key, addresses }: ExternalIPs): void {
    this.#arriving.delete(key);
    this.#leaving.delete(key);
    this.#set(key, addresses);
  }

  /** The Service left this watch at this version: it is gone, or is of type LoadBalancer. */
  delete(key: ServiceKey, resourceVersion: string): void {
    this.#arriving.delete(key);
    if (!this.#byService.has(key)) return;
    if (this.#context.isKnownUpTo(resourceVersion)) this.#set(key, none);
    else this.#leaving.set(key, resourceVersion);
  }

  /** This watch has reported everything up to this version. */
  observed(resourceVersion: string): void {
    if (compareVersions(resourceVersion, this.#knownVersion) > 0) this.#knownVersion = resourceVersion;
    for (const [key, version] of this.#arriving) {
      if (compareVersions(version, this.#knownVersion) > 0) continue;
      this.#arriving.delete(key);
      this.#set(key, none);
    }
  }

  /** A Service with external IPs left the watch of LoadBalancers at this version: it is gone, or has another type. */
  leftLoadBalancers({ key, addresses }: ExternalIPs, resourceVersion: string): void {
    const isReported = compareVersions(resourceVersion, this.#knownVersion) <= 0;
    if (addresses.length === 0 || isReported || this.#byService.has(key)) return;
    this.#arriving.set(key, resourceVersion);
    this.#set(key, addresses);
  }

  /** The watch of LoadBalancers has reported more. */
  loadBalancersObserved(): void {
    for (const [key, version] of this.#leaving) {
      if (!this.#context.isKnownUpTo(version)) continue;
      this.#leaving.delete(key);
      this.#set(key, none);
    }
  }

  #set(key: ServiceKey, addresses: readonly Address[]): void {
    const before = this.#byService.get(key) ?? none;
    if (addresses.length === 0) this.#byService.delete(key);
    else this.#byService.set(key, addresses);
    for (const address of before)
      if (!addresses.some((one) => sameAddress(one, address))) this.#change(address, key, false);
    for (const address of addresses)
      if (!before.some((one) => sameAddress(one, address))) this.#change(address, key, true);
  }

  #change(address: Address, key: ServiceKey, isUser: boolean): void {
    const others = (this.#users.get(address) ?? none).filter((user) => user !== key);
    const users = isUser ? [...others, key].sort() : others;
    if (users.length === 0) this.#users.delete(address);
    else this.#users.set(address, users);
    this.#context.changed(address, users);
  }
}
