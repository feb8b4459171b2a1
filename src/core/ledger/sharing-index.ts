import type { Config } from '../config/config.ts';
import type { Span } from '../config/pool.ts';
import type { Address } from '../ip/address.ts';
import { IntervalSet } from '../ip/interval-set.ts';
import { ordinalOf } from '../ip/range.ts';
import type { ServiceState } from './service-state.ts';
import { offersAddress, sharingGroup } from './sharing.ts';

/**
 * Which IPv4 addresses in use can be shared, and which ports are taken on them. Addresses next to each other that are alike cost
 * one step of a search, however many they are: thousands of Services with the same port are skipped at once.
 *
 * Invariant: `#users` counts the users of each address by the group to which they offer it, `undefined` for none, and `#open` has
 * the ordinals of those addresses whose users all offer it to one group. `#taken` has the ordinals on which a port is taken, and
 * `#again` counts all but the first Service that takes it there.
 */
export class SharingIndex {
  /** The configuration that says which namespaces share. */
  readonly config: Config;
  readonly #users = new Map<bigint, Map<string | undefined, number>>();
  /** By sharing group. */
  readonly #open = new Map<string, IntervalSet>();
  readonly #taken = new Map<string, IntervalSet>();
  readonly #again = new Map<string, number>();

  constructor(config: Config) {
    this.config = config;
  }

  /** A Service uses the address, or, in the state in which it was added, no longer does (-1): O(its ports x log addresses). */
  change(state: ServiceState, address: Address, change: 1 | -1): void {
    const ordinal = address.family === 'IPv4' ? ordinalOf(address) : undefined;
    if (ordinal === undefined) return;
    this.#count(state, address, ordinal, change);
    for (const port of state.view.ports) {
      const taken = setAt(this.#taken, port);
      const again = `${port} ${ordinal}`;
      if (change > 0 ? taken.has(ordinal) : this.#again.has(again)) count(this.#again, again, change);
      else if (change > 0) taken.add(ordinal);
      else taken.delete(ordinal);
    }
  }

  #count(state: ServiceState, address: Address, ordinal: bigint, change: 1 | -1): void {
    const users = this.#users.get(ordinal) ?? new Map<string | undefined, number>();
    const before = onlyGroup(users);
    const offers = offersAddress(state, address, this.config);
    count(users, offers ? sharingGroup(state, address, this.config) : undefined, change);
    if (users.size === 0) this.#users.delete(ordinal);
    else this.#users.set(ordinal, users);
    const after = onlyGroup(users);
    if (before === after) return;
    if (before !== undefined) this.#open.get(before)?.delete(ordinal);
    if (after !== undefined) setAt(this.#open, after).add(ordinal);
  }

  /** The ordinals of the addresses in the span that are offered to the group and on which none of the ports is taken, in search order. */
  *within(
    group: string,
    { first, last }: Span,
    ports: readonly string[],
    descending: boolean,
  ): Generator<bigint> {
    const open = this.#open.get(group);
    if (open === undefined) return;
    const taken = ports.flatMap((port) => this.#taken.get(port) ?? []);
    const step = descending ? -1n : 1n;
    let at: bigint | undefined = descending ? last : first;
    for (;;) {
      at = descending ? open.highestIn(first, at) : open.lowestIn(at, last);
      if (at === undefined) return;
      const free = afterTaken(at, taken, { first, last }, descending);
      if (free === at) yield at;
      if (free === undefined) return;
      at = free === at ? at + step : free;
    }
  }
}

/** The next ordinal of the span that is in none of the sets; it may not be in use at all. */
function afterTaken(
  start: bigint,
  taken: readonly IntervalSet[],
  { first, last }: Span,
  descending: boolean,
): bigint | undefined {
  let at: bigint | undefined = start;
  for (const set of taken) {
    at = descending ? set.highestFree(first, at) : set.lowestFree(at, last);
    if (at === undefined) return undefined;
  }
  return at;
}

/** The group to which all users offer the address; undefined if there is none. */
function onlyGroup(users: ReadonlyMap<string | undefined, number>): string | undefined {
  if (users.size !== 1) return undefined;
  const [group] = users.keys();
  return group;
}

function setAt(sets: Map<string, IntervalSet>, key: string): IntervalSet {
  const set = sets.get(key) ?? new IntervalSet();
  sets.set(key, set);
  return set;
}

function count<K>(counts: Map<K, number>, key: K, change: number): void {
  const total = (counts.get(key) ?? 0) + change;
  if (total === 0) counts.delete(key);
  else counts.set(key, total);
}
