import type { Config } from '../config/config.ts';
import type { Span } from '../config/pool.ts';
import { type Address, type Family, includesAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { IntervalSet } from '../ip/interval-set.ts';
import { addressAt, ordinalOf } from '../ip/range.ts';
import { RecurringMap } from '../ip/recurring-map.ts';
import { none } from '../ip/short-lists.ts';
import type { ClaimOwner } from '../model/claim.ts';
import type { ServiceKey } from '../model/service-view.ts';
import { AddressUsers, type Holding } from './address-users.ts';
import { readExternalIPs } from './external-ips.ts';
import { FormerHolders } from './former-holders.ts';
import { HeldAddresses } from './held-addresses.ts';
import { type ReservationFor, Reservations } from './reservations.ts';
import { freedBy, hasAllocationOf, isRemembered, requests, type ServiceState } from './service-state.ts';
import type { SharingConflict } from './sharing.ts';
import { SharingIndex } from './sharing-index.ts';
import { SharingKeys } from './sharing-keys.ts';

/**
 * Which Service uses which address. A cache of a pure function: the result depends only on the current Services and
 * reservations, never on their order or history (test/core/promises.test.ts compares it with a new one at every step).
 *
 * Invariant: `#servicesByAddress` has exactly the addresses that Services in `#states` use, with those Services. `#used` has
 * the ordinals of those addresses and of those that a reservation blocks.
 */
export class Ledger {
  readonly #states = new RecurringMap<ServiceKey, ServiceState>();
  /** A single Service is stored as itself: that is the common case, and saves memory. */
  readonly #servicesByAddress = new AddressMap<ServiceState | AddressUsers>();
  /** The addresses that are set aside. */
  readonly reservations = new Reservations((address) => this.#markUsed(address, this.isUsed(address)));
  readonly #used: Readonly<Record<Family, IntervalSet>> = {
    IPv4: new IntervalSet(),
    IPv6: new IntervalSet(),
  };
  /** The Services whose allocation record says that they left this address. */
  readonly #moved = new AddressMap<readonly ServiceState[]>();
  /** Built by the first search for an address to share, and again for another configuration. */
  #sharing: SharingIndex | undefined;
  readonly #sharingKeys = new SharingKeys();
  /** Built by the first question about a quota. */
  #held: HeldAddresses | undefined;
  /** Who had the addresses that are free now. */
  readonly former = new FormerHolders();
  /**
   * Where the last search through the spans of a pool ended. Spans before that are full until an address is freed. A pool with one
   * span has no entry.
   */
  readonly #searched = new WeakMap<readonly Span[], Searched>();
  /** How often an address was freed. */
  #frees = 0;

  get(key: ServiceKey): ServiceState | undefined {
    return this.#states.get(key);
  }

  all(): IterableIterator<ServiceState> {
    return this.#states.values();
  }

  get size(): number {
    return this.#states.size;
  }

  /** Adds or updates a Service: see `replace`. */
  put(state: ServiceState): void {
    this.replace(this.get(state.key), state);
  }

  /**
   * Adds a Service (`before` is undefined), updates it, or removes it (`after` is undefined): O(addresses it uses x log addresses
   * in use). `before` is its state in the ledger.
   */
  replace(before: ServiceState | undefined, after: ServiceState | undefined): void {
    if (after !== undefined) this.#states.set(after.key, after);
    else if (before !== undefined) this.#states.delete(before.key);
    for (const address of freedBy(before, after)) this.#replaceAt(address, before, undefined);
    for (const address of after?.usedIPs ?? none) this.#replaceAt(address, before, after);
    if (before !== undefined) this.#held?.change(before, -1);
    if (after !== undefined) this.#held?.change(after, 1);
    if (before !== undefined) this.#sharingKeys.delete(before);
    if (after !== undefined) this.#sharingKeys.add(after);
    const [left, now] = [before?.record?.was, after?.record?.was];
    if (left !== undefined) {
      const others = this.movedFrom(left).filter((other) => other !== before);
      if (others.length === 0) this.#moved.delete(left);
      else this.#moved.set(left, others);
    }
    if (now !== undefined && after !== undefined) this.#moved.set(now, [...this.movedFrom(now), after]);
  }

  /** The Services that were reallocated and left this address, which they shared, in no order. */
  movedFrom(address: Address): readonly ServiceState[] {
    return this.#moved.get(address) ?? none;
  }

  /** Replaces `before` with `after` among the Services that use the address: O(log of their number). */
  #replaceAt(address: Address, before: ServiceState | undefined, after: ServiceState | undefined): void {
    const previous = this.#servicesByAddress.get(address);
    const current = replaced(address, previous, before, after);
    if (current === undefined) this.#servicesByAddress.delete(address);
    else if (current !== previous) this.#servicesByAddress.set(address, current);
    if (before !== undefined && includesAddress(before.usedIPs, address))
      this.#sharing?.change(before, address, -1);
    if (after !== undefined) this.#sharing?.change(after, address, 1);
    if ((previous === undefined) !== (current === undefined))
      this.#markUsed(address, current !== undefined || this.reservations.blocks(address));
  }

  #markUsed(address: Address, isUsed: boolean): void {
    const ordinal = ordinalOf(address);
    if (ordinal === undefined) return;
    if (isUsed) this.#used[address.family].add(ordinal);
    else {
      this.#used[address.family].delete(ordinal);
      this.#frees += 1;
    }
  }

  /** Whether a Service of another type has the address as an external IP. */
  isExternalIP(address: Address): boolean {
    return this.reservations.has(address, 'external-ip');
  }

  /** The Services of any type that have the address as an external IP. */
  externalUsers(address: Address): readonly ServiceKey[] {
    const balanced = this.servicesAt(address).filter(({ view: { externalIPs } }) => {
      return externalIPs.length > 0 && includesAddress(readExternalIPs(externalIPs), address);
    });
    const others = this.reservations.at(address, 'external-ip').map(({ service }) => service);
    return [...balanced.map(({ key }) => key), ...others].sort();
  }

  /** The other owner that claims the address in the API: it is not allocated. */
  claimOwner(address: Address): ClaimOwner | undefined {
    return this.reservations.at(address, 'claimed')[0]?.owner;
  }

  /** All Services that use the address, in no order. */
  servicesAt(address: Address): readonly ServiceState[] {
    const services = this.#servicesByAddress.get(address);
    if (services === undefined) return none;
    return services instanceof AddressUsers ? services.services : [services];
  }

  /** Whether a Service other than `state` uses the address. */
  isUsedByOthers(address: Address, state: ServiceState | undefined): boolean {
    const services = this.#servicesByAddress.get(address);
    return services !== undefined && services !== state;
  }

  /**
   * Whether the Service can have an address that the configuration reserves for it: others at most request it by name, which they
   * do in vain.
   */
  isFreeFor(state: ServiceState, address: Address): boolean {
    if (this.reservations.blockers(address, state.key).length > 0) return false;
    return this.servicesAt(address).every(
      (other) =>
        other.key === state.key ||
        (other.ignoreReason === undefined &&
          requests(other, address) &&
          !hasAllocationOf(other, address) &&
          !includesAddress(readExternalIPs(other.view.externalIPs), address)),
    );
  }

  /** The other Services of the namespace with the same sharing key, in no order. */
  withSharingKeyOf(state: ServiceState): Iterable<ServiceState> {
    return this.#sharingKeys.othersLike(state);
  }

  /** The addresses that Services hold, for quotas: O(1), and once O(Services). */
  get held(): HeldAddresses {
    if (this.#held === undefined) {
      this.#held = new HeldAddresses();
      for (const state of this.#states.values()) this.#held.change(state, 1);
    }
    return this.#held;
  }

  /** The Service for which the configuration reserves the address. */
  reservedFor(address: Address): ReservationFor<'configured'> | undefined {
    return this.reservations.at(address, 'configured')[0];
  }

  /** The holders of the address, and its contenders: see `AddressUsers`. */
  holding(address: Address, config: Config): Holding {
    const services = this.#servicesByAddress.get(address);
    const users =
      services instanceof AddressUsers ? services : new AddressUsers(address, ...this.servicesAt(address));
    return users.holding(config);
  }

  /** The holder that prevents `state` from having the address, and why; undefined if there is none. */
  conflictWith(state: ServiceState, address: Address, config: Config): HolderConflict | undefined {
    const reserved = this.reservedFor(address);
    if (reserved?.service === state.key && this.isFreeFor(state, address)) return undefined;
    // The common case, and cheaper: no other Service uses it.
    if (this.#servicesByAddress.get(address) !== state) {
      const { holding } = this.holding(address, config);
      const conflict = holding.has(state) ? undefined : holding.conflictWith(state);
      if (conflict !== undefined) return { holder: conflict.holder.key, why: conflict.why };
    }
    if (hasAllocationOf(state, address) || isRemembered(state, address)) return undefined;
    for (const blocker of this.reservations.blockers(address, state.key)) {
      if (blocker.why === 'claimed')
        return { holder: blocker.owner.parent, why: { code: 'claimed', managedBy: blocker.owner.managedBy } };
      if (blocker.why === 'configured')
        return { holder: blocker.service, why: { code: 'reserved', key: blocker.key } };
      // An external IP keeps the address from being allocated, as one in a status does, but not from a request by name.
    }
    return undefined;
  }

  /**
   * The first address of the spans that is not in use, in search order: O(log addresses in use), and once O(spans) after an
   * address was freed.
   */
  firstFree(family: Family, spans: readonly Span[], descending: boolean): Address | undefined {
    const used = this.#used[family];
    const known = spans.length > 1 ? this.#searched.get(spans) : undefined;
    const start = known?.frees === this.#frees && known.descending === descending ? known.span : 0;
    for (let i = start; i < spans.length; i += 1) {
      const span = spans[descending ? spans.length - 1 - i : i];
      if (span === undefined) continue;
      const { first, last } = span;
      const ordinal = descending ? used.highestFree(first, last) : used.lowestFree(first, last);
      if (ordinal === undefined) continue;
      if (i > start) this.#searched.set(spans, { span: i, descending, frees: this.#frees });
      return addressAt(family, ordinal);
    }
    if (spans.length > 1 && spans.length > start)
      this.#searched.set(spans, { span: spans.length, descending, frees: this.#frees });
    return undefined;
  }

  /** The same, without addresses whose last holder is remembered: O(spans x log addresses). */
  firstNeverUsed(family: Family, spans: readonly Span[], descending: boolean): Address | undefined {
    const sets = [this.#used[family], this.former.ordinals(family)];
    for (const { first, last } of descending ? spans.toReversed() : spans) {
      const ordinal = firstInNone(sets, { first, last }, descending);
      if (ordinal !== undefined) return addressAt(family, ordinal);
    }
    return undefined;
  }

  /** Whether a Service uses the address, or it is set aside. */
  isUsed(address: Address): boolean {
    return this.#servicesByAddress.has(address) || this.reservations.blocks(address);
  }

  /**
   * The IPv4 addresses of the spans whose users all share them with the group and take none of the ports, in search order: O(intervals of alike
   * addresses), and once O(Services) for a new configuration.
   */
  *shareable(
    group: string,
    ports: readonly string[],
    spans: readonly Span[],
    descending: boolean,
    config: Config,
  ): Generator<Address> {
    if (this.#sharing?.config !== config) {
      this.#sharing = new SharingIndex(config);
      for (const state of this.#states.values())
        for (const address of state.usedIPs) this.#sharing.change(state, address, 1);
    }
    for (const span of descending ? spans.toReversed() : spans)
      for (const ordinal of this.#sharing.within(group, span, ports, descending))
        yield addressAt('IPv4', ordinal);
  }

  /** Counts the addresses of spans that are in use now: O(intervals of used addresses) once, then O(log intervals) for each span. */
  usage(): (family: Family, spans: readonly Span[]) => bigint {
    const counters = { IPv4: this.#used.IPv4.counter(), IPv6: this.#used.IPv6.counter() };
    return (family, spans) => spans.reduce((sum, { first, last }) => sum + counters[family](first, last), 0n);
  }

  /** The addresses of the spans that are in use, in search order. */
  *usedAddresses(family: Family, spans: readonly Span[], descending: boolean): IterableIterator<Address> {
    const ordered = descending ? spans.toReversed() : spans;
    for (const { first, last } of ordered) {
      for (const ordinal of this.#used[family].within(first, last, descending))
        yield addressAt(family, ordinal);
    }
  }
}

interface Searched {
  readonly span: number;
  readonly descending: boolean;
  /** It holds as long as no address was freed since. */
  readonly frees: number;
}

/** The first ordinal of the span that is in none of the sets. Each step skips an interval of one of them. */
function firstInNone(sets: readonly IntervalSet[], span: Span, descending: boolean): bigint | undefined {
  let at: bigint | undefined = descending ? span.last : span.first;
  for (;;) {
    const before: bigint = at;
    for (const set of sets) {
      at = descending ? set.highestFree(span.first, at) : set.lowestFree(at, span.last);
      if (at === undefined) return undefined;
    }
    if (at === before) return at;
  }
}

/** The users of an address after one of them changed; undefined if there is none left. */
function replaced(
  address: Address,
  users: ServiceState | AddressUsers | undefined,
  before: ServiceState | undefined,
  after: ServiceState | undefined,
): ServiceState | AddressUsers | undefined {
  if (users === undefined || users === before) return after;
  if (!(users instanceof AddressUsers))
    return after === undefined ? users : new AddressUsers(address, users, after);
  if (before !== undefined) users.delete(before);
  if (after !== undefined) users.add(after);
  return users.size > 1 ? users : users.services[0];
}

export interface HolderConflict {
  /** A Service, or the parent of another owner's claim. A reservation is for a Service that may not exist. */
  readonly holder: string;
  readonly why:
    | SharingConflict
    /** An IPAddress object of another owner claims it (claim.ts). */
    | { readonly code: 'claimed'; readonly managedBy: string }
    /** The configuration reserves it for another Service, by this key. */
    | { readonly code: 'reserved'; readonly key: string };
}
