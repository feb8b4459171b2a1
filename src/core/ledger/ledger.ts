import type { Config, Span } from '../config/config.ts';
import { type Address, type Family, sameAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { IntervalSet } from '../ip/interval-set.ts';
import { addressAt, ordinalOf } from '../ip/range.ts';
import { compareAge, type ServiceKey } from '../model/service-view.ts';
import type { ClaimOwner } from './claim.ts';
import { hasAllocationOf, type ServiceState } from './service-state.ts';
import { type SharingConflict, sharingConflict } from './sharing.ts';

/** Who has an address, and who shows it without having it. */
export interface Holding {
  /** Oldest first within each rank; more than one where they share it, or where a duplicate was found. */
  readonly holders: readonly ServiceState[];
  readonly contenders: readonly ServiceState[];
}

/**
 * Which Service shows which address. A cache of a pure function: what it says depends on the Services put in alone,
 * never on the order or the history (test/core/ledger.test.ts compares it with one built from scratch at every step).
 *
 * Invariant: `#showing` has an address exactly if some Service in `#standings` shows it, with those Services;
 * `#used` has the ordinals of those addresses and of those that `#owners` has, `#owned` of the latter alone.
 */
export class Ledger {
  readonly #states = new Map<ServiceKey, ServiceState>();
  /** A Service alone stands there itself: as a rule it is alone, and there are many. */
  readonly #servicesByAddress = new AddressMap<ServiceState | readonly ServiceState[]>();
  /** Who else has claimed an address in the API. */
  readonly #claimOwners = new AddressMap<ClaimOwner>();
  readonly #used: Readonly<Record<Family, IntervalSet>> = {
    IPv4: new IntervalSet(),
    IPv6: new IntervalSet(),
  };
  readonly #claimed: Readonly<Record<Family, IntervalSet>> = {
    IPv4: new IntervalSet(),
    IPv6: new IntervalSet(),
  };
  /** What `holding` found, until somebody who shows the address changes or other pools rule. */
  readonly #holdings = new AddressMap<Holding>();
  #holdingConfig: Config | undefined;
  /** Where the last search through the spans of a pool ended: what lies before it is full until one is freed. */
  #searched = new WeakMap<readonly Span[], { readonly span: number; readonly descending: boolean }>();

  get(key: ServiceKey): ServiceState | undefined {
    return this.#states.get(key);
  }

  all(): IterableIterator<ServiceState> {
    return this.#states.values();
  }

  get size(): number {
    return this.#states.size;
  }

  /**
   * Puts a Service in, in place of what was known of it, which is the answer: O(addresses it shows x log addresses in
   * use).
   */
  put(state: ServiceState): ServiceState | undefined {
    const before = this.#states.get(state.key);
    this.#states.set(state.key, state);
    for (const address of before?.usedIPs ?? []) {
      if (!state.usedIPs.some((shown) => sameAddress(shown, address)))
        this.#replaceAt(address, before, undefined);
    }
    for (const address of state.usedIPs) this.#replaceAt(address, before, state);
    return before;
  }

  delete(key: ServiceKey): void {
    const before = this.#states.get(key);
    this.#states.delete(key);
    for (const address of before?.usedIPs ?? []) this.#replaceAt(address, before, undefined);
  }

  /** Has the address shown by `after` in place of `before`, either of which may be nobody. */
  #replaceAt(address: Address, before: ServiceState | undefined, after: ServiceState | undefined): void {
    const showing = this.servicesAt(address);
    const now = showing.filter((other) => other !== before);
    if (after !== undefined) now.push(after);
    const [alone] = now;
    // Of what one Service alone shows nothing is remembered.
    if (showing.length > 1) this.#holdings.delete(address);
    if (alone === undefined) this.#servicesByAddress.delete(address);
    else this.#servicesByAddress.set(address, now.length === 1 ? alone : now);
    const isOwned = this.claimOwner(address) !== undefined;
    this.#markUsed(address, showing.length > 0 || isOwned, now.length > 0 || isOwned);
  }

  #markUsed(address: Address, wasUsed: boolean, isUsed: boolean): void {
    const ordinal = ordinalOf(address);
    if (ordinal === undefined || wasUsed === isUsed) return;
    if (isUsed) this.#used[address.family].add(ordinal);
    else {
      this.#used[address.family].delete(ordinal);
      this.#searched = new WeakMap();
    }
  }

  /** Has the address claimed by somebody else, or by nobody else any more. */
  setClaimOwner(address: Address, owner: ClaimOwner | undefined): void {
    const ordinal = ordinalOf(address);
    const isShown = this.#servicesByAddress.has(address);
    const wasOwned = this.#claimOwners.has(address);
    if (owner === undefined) this.#claimOwners.delete(address);
    else this.#claimOwners.set(address, owner);
    this.#holdings.delete(address);
    if (ordinal !== undefined) {
      if (owner === undefined) this.#claimed[address.family].delete(ordinal);
      else this.#claimed[address.family].add(ordinal);
    }
    this.#markUsed(address, isShown || wasOwned, isShown || owner !== undefined);
  }

  /** Who else has claimed the address in the API: it is not given out. */
  claimOwner(address: Address): ClaimOwner | undefined {
    return this.#claimOwners.size === 0 ? undefined : this.#claimOwners.get(address);
  }

  /** How many addresses of the spans somebody else has claimed. */
  claimedCount(family: Family, spans: readonly Span[]): bigint {
    return countIn(this.#claimed[family], spans);
  }

  /** All Services that show the address, in no order. */
  servicesAt(address: Address): readonly ServiceState[] {
    const showing = this.#servicesByAddress.get(address);
    if (showing === undefined) return noServices;
    return 'key' in showing ? [showing] : showing;
  }

  /**
   * Who has the address: those that bear a mark of it, also if they are several; else Services that are not ours;
   * else the oldest, and with it whoever may share it (spec section 5). A status alone is no claim.
   */
  holding(address: Address, config: Config): Holding {
    if (this.#holdingConfig !== config) this.#holdings.clear();
    this.#holdingConfig = config;
    const known = this.#holdings.get(address);
    if (known !== undefined) return known;
    const found = this.#findHolding(address, config);
    // One Service on an address of its own is the rule, and quickly found again.
    if (found.holders.length + found.contenders.length > 1) this.#holdings.set(address, found);
    return found;
  }

  #findHolding(address: Address, config: Config): Holding {
    const rank = (state: ServiceState) =>
      hasAllocationOf(state, address) ? 0 : state.ignoreReason !== undefined ? 1 : 2;
    const claiming = this.servicesAt(address)
      .filter(({ requestedIPs }) => requestedIPs.some((asked) => sameAddress(asked, address)))
      .map((state) => ({ state, rank: rank(state) }))
      .sort((a, b) => a.rank - b.rank || compareAge(a.state.view, b.state.view));
    const holders: ServiceState[] = [];
    const contenders: ServiceState[] = [];
    const best = claiming[0]?.rank;
    for (const { state, rank } of claiming) {
      const has =
        rank < 2
          ? rank === best
          : holders.every((holder) => sharingConflict(state, holder, config) === undefined);
      (has ? holders : contenders).push(state);
    }
    return { holders, contenders };
  }

  /** The holder that keeps `standing` from having the address, and why; undefined if nobody does. */
  conflictWith(state: ServiceState, address: Address, config: Config): HolderConflict | undefined {
    const { holders } = this.holding(address, config);
    for (const holder of holders.includes(state) ? [] : holders) {
      const why = sharingConflict(state, holder, config);
      if (why !== undefined) return { holder: holder.key, why };
    }
    const owner = this.claimOwner(address);
    if (owner === undefined || hasAllocationOf(state, address)) return undefined;
    return { holder: owner.parent, why: { code: 'claimed', managedBy: owner.managedBy } };
  }

  /**
   * The first address of the spans that nobody shows, in search order: O(log addresses in use), and once O(spans) after
   * an address was freed.
   */
  firstFree(family: Family, spans: readonly Span[], descending: boolean): Address | undefined {
    const used = this.#used[family];
    const before = this.#searched.get(spans);
    for (let i = before?.descending === descending ? before.span : 0; i < spans.length; i += 1) {
      const span = spans[descending ? spans.length - 1 - i : i];
      if (span === undefined) continue;
      const { first, last } = span;
      const ordinal = descending ? used.highestFree(first, last) : used.lowestFree(first, last);
      if (ordinal === undefined) continue;
      if (before?.span !== i || before.descending !== descending)
        this.#searched.set(spans, { span: i, descending });
      return addressAt(family, ordinal);
    }
    this.#searched.set(spans, { span: spans.length, descending });
    return undefined;
  }

  /** How many addresses of the spans are in use: O(runs of used addresses in them). */
  usedCount(family: Family, spans: readonly Span[]): bigint {
    return countIn(this.#used[family], spans);
  }

  /** Answers as `used` for many pools at one moment, which may overlap: O(runs) once, then O(log runs) for each span. */
  usage(): (family: Family, spans: readonly Span[]) => bigint {
    const counters = { IPv4: this.#used.IPv4.counter(), IPv6: this.#used.IPv6.counter() };
    return (family, spans) => spans.reduce((sum, { first, last }) => sum + counters[family](first, last), 0n);
  }

  /** The addresses of the spans that somebody shows, in search order. */
  *usedAddresses(family: Family, spans: readonly Span[], descending: boolean): IterableIterator<Address> {
    const ordered = descending ? spans.toReversed() : spans;
    for (const { first, last } of ordered) {
      for (const ordinal of this.#used[family].within(first, last, descending))
        yield addressAt(family, ordinal);
    }
  }
}

const noServices: readonly ServiceState[] = [];

function countIn(runs: IntervalSet, spans: readonly Span[]): bigint {
  return spans.reduce((sum, { first, last }) => sum + runs.count(first, last), 0n);
}

export interface HolderConflict {
  /** A Service, or the parent of somebody else's claim. */
  readonly holder: ServiceKey;
  readonly why: SharingConflict;
}
