import { type Address, includesAddress, isUnspecified, readAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { none } from '../ip/short-lists.ts';
import { addressesOf } from '../model/address-list.ts';
import type { ServiceState } from './service-state.ts';

/**
 * The addresses that the Services of each namespace hold, for quotas: those of Services that are marked as assigned, and those of
 * writes in flight. A contender holds none.
 *
 * Invariant: `addresses` counts, by address, the Services of the namespace that hold it; `leases` the entries for which DHCP has not
 * leased an address yet.
 */
export class HeldAddresses {
  readonly #namespaces = new Map<string, { readonly addresses: AddressMap<number>; leases: number }>();

  /** A Service is added in this state, or removed (-1): O(addresses of the Service). */
  change(state: ServiceState, change: 1 | -1): void {
    const held = heldBy(state);
    const leases = leasesOf(state);
    if (held.length === 0 && leases === 0) return;
    const { namespace } = state.view;
    const known = this.#namespaces.get(namespace) ?? { addresses: new AddressMap<number>(), leases: 0 };
    this.#namespaces.set(namespace, known);
    known.leases += change * leases;
    for (const address of held) {
      const count = (known.addresses.get(address) ?? 0) + change;
      if (count === 0) known.addresses.delete(address);
      else known.addresses.set(address, count);
    }
    if (known.addresses.size === 0 && known.leases === 0) this.#namespaces.delete(namespace);
  }

  /** The namespaces whose Services hold addresses, in no order. */
  namespaces(): IterableIterator<string> {
    return this.#namespaces.keys();
  }

  /** How many distinct addresses the other Services of the namespace hold: O(addresses of the Service). */
  count(namespace: string, except: ServiceState | undefined): number {
    const known = this.#namespaces.get(namespace);
    if (known === undefined) return 0;
    const total = known.addresses.size + known.leases;
    if (except === undefined) return total;
    const own = heldBy(except).filter((address) => known.addresses.get(address) === 1);
    return total - own.length - leasesOf(except);
  }

  /** Whether another Service of the namespace holds the address. */
  has(namespace: string, address: Address, except: ServiceState | undefined): boolean {
    const count = this.#namespaces.get(namespace)?.addresses.get(address) ?? 0;
    const isOwn = except !== undefined && includesAddress(heldBy(except), address);
    return count > (isOwn ? 1 : 0);
  }
}

/** The addresses that the Service holds, each once. */
export function heldBy(state: ServiceState): readonly Address[] {
  const { view, releasingIPs, reserved } = state;
  const lasting = assignedTo(state);
  if (!isLeased(state) && releasingIPs.length === 0 && reserved.length === 0) return lasting;
  const lease = isLeased(state) ? (readAddress(view.requestedIP?.trim() ?? '') ?? []) : [];
  // A write in flight can still fail, and one that a claim reserves an address for can still arrive.
  const inFlight = [...releasingIPs.filter(({ isAllocated }) => isAllocated), ...reserved];
  const more = inFlight.map(({ address }) => address).concat(lease);
  return lasting.concat(more.filter((one, i) => !includesAddress([...lasting, ...more.slice(0, i)], one)));
}

/** Those in its own record, or those that it gets back from a removed one; with the label of the Go version, those that it requests. */
function assignedTo({ view, record, intent, requestedIPs }: ServiceState): readonly Address[] {
  const isRemembered = intent.kind === 'annotationRemoved' && intent.removed !== undefined;
  if (record === undefined && !isRemembered) return view.labeled ? requestedIPs : none;
  const entries = isRemembered ? intent.list : (record?.addresses.entries ?? none);
  return addressesOf(entries).filter((address) => !isUnspecified(address));
}

/** Whether the Service holds less after the change: another one of its namespace can have room in the quota. */
export function givesBack(before: ServiceState, after: ServiceState | undefined): boolean {
  const kept = after === undefined ? none : heldBy(after);
  const leases = after === undefined ? 0 : leasesOf(after);
  return leasesOf(before) > leases || heldBy(before).some((address) => !includesAddress(kept, address));
}

function isLeased({ view, record }: ServiceState): boolean {
  const isRequested = addressesOf(record?.addresses.entries ?? none).some(isUnspecified);
  return isRequested && readAddress(view.requestedIP?.trim() ?? '') !== undefined;
}

/** The entries 0.0.0.0 and :: for which there is no lease yet. */
function leasesOf(state: ServiceState): number {
  const requested = addressesOf(state.record?.addresses.entries ?? none).filter(isUnspecified).length;
  return Math.max(0, requested - (isLeased(state) ? 1 : 0));
}
