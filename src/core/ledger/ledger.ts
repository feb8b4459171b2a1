import type { Pools, Span } from '../config/config.ts';
import { type Address, type Family, sameAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { Runs } from '../ip/interval-set.ts';
import { addressAt, ordinalOf } from '../ip/range.ts';
import { compareAge, type ServiceKey } from '../model/service-view.ts';
import type { Owner } from './claim.ts';
import { isMarked, type Standing } from './service-state.ts';
import { type Obstacle, obstacle } from './sharing.ts';

/** Who has an address, and who shows it without having it. */
export interface Holding {
  /** Oldest first within each rank; more than one where they share it, or where a duplicate was found. */
  readonly holders: readonly Standing[];
  readonly claimants: readonly Standing[];
}

/**
 * Which Service shows which address. A cache of a pure function: what it says depends on the Services put in alone,
 * never on the order or the history (test/core/ledger.test.ts compares it with one built from scratch at every step).
 *
 * Invariant: `#showing` has an address exactly if some Service in `#standings` shows it, with those Services;
 * `#used` has the ordinals of those addresses and of those that `#owners` has, `#owned` of the latter alone.
 */
export class Ledger {
  readonly #standings = new Map<ServiceKey, Standing>();
  /** A Service alone stands there itself: as a rule it is alone, and there are many. */
  readonly #showing = new AddressMap<Standing | readonly Standing[]>();
  /** Who else has claimed an address in the API. */
  readonly #owners = new AddressMap<Owner>();
  readonly #used: Readonly<Record<Family, Runs>> = { IPv4: new Runs(), IPv6: new Runs() };
  readonly #owned: Readonly<Record<Family, Runs>> = { IPv4: new Runs(), IPv6: new Runs() };
  /** What `holding` found, until somebody who shows the address changes or other pools rule. */
  readonly #holdings = new AddressMap<Holding>();
  #holdingPools: Pools | undefined;
  /** Where the last search through the spans of a pool ended: what lies before it is full until one is freed. */
  #searched = new WeakMap<readonly Span[], { readonly span: number; readonly descending: boolean }>();

  get(key: ServiceKey): Standing | undefined {
    return this.#standings.get(key);
  }

  all(): IterableIterator<Standing> {
    return this.#standings.values();
  }

  get size(): number {
    return this.#standings.size;
  }

  /**
   * Puts a Service in, in place of what was known of it, which is the answer: O(addresses it shows x log addresses in
   * use).
   */
  put(standing: Standing): Standing | undefined {
    const before = this.#standings.get(standing.key);
    this.#standings.set(standing.key, standing);
    for (const address of before?.shows ?? []) {
      if (!standing.shows.some((shown) => sameAddress(shown, address)))
        this.#show(address, before, undefined);
    }
    for (const address of standing.shows) this.#show(address, before, standing);
    return before;
  }

  delete(key: ServiceKey): void {
    const before = this.#standings.get(key);
    this.#standings.delete(key);
    for (const address of before?.shows ?? []) this.#show(address, before, undefined);
  }

  /** Has the address shown by `after` in place of `before`, either of which may be nobody. */
  #show(address: Address, before: Standing | undefined, after: Standing | undefined): void {
    const showing = this.showing(address);
    const now = showing.filter((other) => other !== before);
    if (after !== undefined) now.push(after);
    const [alone] = now;
    // Of what one Service alone shows nothing is remembered.
    if (showing.length > 1) this.#holdings.delete(address);
    if (alone === undefined) this.#showing.delete(address);
    else this.#showing.set(address, now.length === 1 ? alone : now);
    const isOwned = this.owner(address) !== undefined;
    this.#use(address, showing.length > 0 || isOwned, now.length > 0 || isOwned);
  }

  #use(address: Address, wasUsed: boolean, isUsed: boolean): void {
    const ordinal = ordinalOf(address);
    if (ordinal === undefined || wasUsed === isUsed) return;
    if (isUsed) this.#used[address.family].add(ordinal);
    else {
      this.#used[address.family].delete(ordinal);
      this.#searched = new WeakMap();
    }
  }

  /** Has the address claimed by somebody else, or by nobody else any more. */
  own(address: Address, owner: Owner | undefined): void {
    const ordinal = ordinalOf(address);
    const isShown = this.#showing.has(address);
    const wasOwned = this.#owners.has(address);
    if (owner === undefined) this.#owners.delete(address);
    else this.#owners.set(address, owner);
    this.#holdings.delete(address);
    if (ordinal !== undefined) {
      if (owner === undefined) this.#owned[address.family].delete(ordinal);
      else this.#owned[address.family].add(ordinal);
    }
    this.#use(address, isShown || wasOwned, isShown || owner !== undefined);
  }

  /** Who else has claimed the address in the API: it is not given out. */
  owner(address: Address): Owner | undefined {
    return this.#owners.size === 0 ? undefined : this.#owners.get(address);
  }

  /** How many addresses of the spans somebody else has claimed. */
  owned(family: Family, spans: readonly Span[]): bigint {
    return countIn(this.#owned[family], spans);
  }

  /** All Services that show the address, in no order. */
  showing(address: Address): readonly Standing[] {
    const showing = this.#showing.get(address);
    if (showing === undefined) return nobody;
    return 'key' in showing ? [showing] : showing;
  }

  /**
   * Who has the address: those that bear a mark of it, also if they are several; else Services that are not ours;
   * else the oldest, and with it whoever may share it (spec section 5). A status alone is no claim.
   */
  holding(address: Address, pools: Pools): Holding {
    if (this.#holdingPools !== pools) this.#holdings.clear();
    this.#holdingPools = pools;
    const known = this.#holdings.get(address);
    if (known !== undefined) return known;
    const found = this.#findHolding(address, pools);
    // One Service on an address of its own is the rule, and quickly found again.
    if (found.holders.length + found.claimants.length > 1) this.#holdings.set(address, found);
    return found;
  }

  #findHolding(address: Address, pools: Pools): Holding {
    const rank = (standing: Standing) =>
      isMarked(standing, address) ? 0 : standing.notOurs !== undefined ? 1 : 2;
    const claiming = this.showing(address)
      .filter(({ asks }) => asks.some((asked) => sameAddress(asked, address)))
      .map((standing) => ({ standing, rank: rank(standing) }))
      .sort((a, b) => a.rank - b.rank || compareAge(a.standing.view, b.standing.view));
    const holders: Standing[] = [];
    const claimants: Standing[] = [];
    const best = claiming[0]?.rank;
    for (const { standing, rank } of claiming) {
      const has =
        rank < 2 ? rank === best : holders.every((holder) => obstacle(standing, holder, pools) === undefined);
      (has ? holders : claimants).push(standing);
    }
    return { holders, claimants };
  }

  /** The holder that keeps `standing` from having the address, and why; undefined if nobody does. */
  dispute(standing: Standing, address: Address, pools: Pools): Dispute | undefined {
    const { holders } = this.holding(address, pools);
    for (const holder of holders.includes(standing) ? [] : holders) {
      const why = obstacle(standing, holder, pools);
      if (why !== undefined) return { holder: holder.key, why };
    }
    const owner = this.owner(address);
    if (owner === undefined || isMarked(standing, address)) return undefined;
    return { holder: owner.parent, why: { code: 'claimed', managedBy: owner.managedBy } };
  }

  /**
   * The first address of the spans that nobody shows, in search order: O(log addresses in use), and once O(spans) after
   * an address was freed.
   */
  free(family: Family, spans: readonly Span[], descending: boolean): Address | undefined {
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
  used(family: Family, spans: readonly Span[]): bigint {
    return countIn(this.#used[family], spans);
  }

  /** Answers as `used` for many pools at one moment, which may overlap: O(runs) once, then O(log runs) for each span. */
  usage(): (family: Family, spans: readonly Span[]) => bigint {
    const counters = { IPv4: this.#used.IPv4.counter(), IPv6: this.#used.IPv6.counter() };
    return (family, spans) => spans.reduce((sum, { first, last }) => sum + counters[family](first, last), 0n);
  }

  /** The addresses of the spans that somebody shows, in search order. */
  *inUse(family: Family, spans: readonly Span[], descending: boolean): IterableIterator<Address> {
    const ordered = descending ? spans.toReversed() : spans;
    for (const { first, last } of ordered) {
      for (const ordinal of this.#used[family].within(first, last, descending))
        yield addressAt(family, ordinal);
    }
  }
}

const nobody: readonly Standing[] = [];

function countIn(runs: Runs, spans: readonly Span[]): bigint {
  return spans.reduce((sum, { first, last }) => sum + runs.count(first, last), 0n);
}

export interface Dispute {
  /** A Service, or the parent of somebody else's claim. */
  readonly holder: ServiceKey;
  readonly why: Obstacle;
}
