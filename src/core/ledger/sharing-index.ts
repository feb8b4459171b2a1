import type { Config } from '../config/config.ts';
import type { Span } from '../config/pool.ts';
import type { Address } from '../ip/address.ts';
import { IntervalSet } from '../ip/interval-set.ts';
import { ordinalOf } from '../ip/range.ts';
import type { ServiceState } from './service-state.ts';
import { offersAddress } from './sharing.ts';

/**
 * Which IPv4 addresses in use can be shared, and which ports are taken on them. Addresses next to each other that are alike cost
 * one step of a search, however many they are: thousands of Services with the same port are skipped at once.
 *
 * Invariant: `#open` has the ordinals of the addresses whose users all offer to share them, so that none is counted in `#closed`.
 * `#taken` has the ordinals on which a port is taken, and `#again` counts all but the first Service that takes it there.
 */
export class SharingIndex {
  /** The configuration that says which namespaces share. */
  readonly config: Config;
  readonly #open = new IntervalSet();
  readonly #users = new Map<bigint, number>();
  readonly #closed = new Map<bigint, number>();
  readonly #taken = new Map<string, IntervalSet>();
  readonly #again = new Map<string, number>();

  constructor(config: Config) {
    this.config = config;
  }

  /** A Service uses the address: O(its ports x log addresses). */
  add(state: ServiceState, address: Address): void {
    const ordinal = ordinalIn(address);
    if (ordinal === undefined) return;
    count(this.#users, ordinal, 1);
    if (!offersAddress(state, address, this.config)) count(this.#closed, ordinal, 1);
    for (const port of state.view.ports) {
      const taken = this.#taken.get(port) ?? new IntervalSet();
      this.#taken.set(port, taken);
      if (taken.has(ordinal)) count(this.#again, `${port} ${ordinal}`, 1);
      else taken.add(ordinal);
    }
    this.#update(ordinal);
  }

  /** The Service, which was added in this state, no longer uses the address. */
  delete(state: ServiceState, address: Address): void {
    const ordinal = ordinalIn(address);
    if (ordinal === undefined) return;
    count(this.#users, ordinal, -1);
    if (!offersAddress(state, address, this.config)) count(this.#closed, ordinal, -1);
    for (const port of state.view.ports) {
      if (this.#again.has(`${port} ${ordinal}`)) count(this.#again, `${port} ${ordinal}`, -1);
      else this.#taken.get(port)?.delete(ordinal);
    }
    this.#update(ordinal);
  }

  #update(ordinal: bigint): void {
    if (this.#users.has(ordinal) && !this.#closed.has(ordinal)) this.#open.add(ordinal);
    else this.#open.delete(ordinal);
  }

  /** The ordinals of the addresses in the span that can be shared and on which none of the ports is taken, in search order. */
  *within({ first, last }: Span, ports: readonly string[], descending: boolean): Generator<bigint> {
    const taken = ports.flatMap((port) => this.#taken.get(port) ?? []);
    const step = descending ? -1n : 1n;
    let at: bigint | undefined = descending ? last : first;
    for (;;) {
      at = descending ? this.#open.highestIn(first, at) : this.#open.lowestIn(at, last);
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

function ordinalIn(address: Address): bigint | undefined {
  return address.family === 'IPv4' ? ordinalOf(address) : undefined;
}

function count<K>(counts: Map<K, number>, key: K, change: number): void {
  const total = (counts.get(key) ?? 0) + change;
  if (total === 0) counts.delete(key);
  else counts.set(key, total);
}
