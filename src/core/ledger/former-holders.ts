import { type Address, compareAddresses, type Family } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { IntervalSet } from '../ip/interval-set.ts';
import { ordinalOf } from '../ip/range.ts';
import { SortedSet } from '../ip/sorted-set.ts';
import type { ServiceKey } from '../model/service-view.ts';

/** The last holder of an address that was freed (spec section 14). */
export interface FormerHolder {
  readonly address: Address;
  readonly service: ServiceKey;
  /** In milliseconds since 1970. */
  readonly freedAt: number;
}

/** More freed addresses than this are not remembered. */
export const maxFormerHolders = 1_000;

/**
 * Who had an address that is free now. It is a preference of allocations and nothing else: an address without an entry is as good as
 * one with an entry.
 *
 * Invariant: each address has at most one entry, and all four collections have the same entries. `#ordinals` has the ordinals of
 * their addresses.
 */
export class FormerHolders {
  readonly #limit: number;
  readonly #byAddress = new AddressMap<FormerHolder>();
  readonly #byService = new Map<ServiceKey, Set<FormerHolder>>();
  readonly #oldestFirst = new SortedSet<FormerHolder>(
    (a, b) => a.freedAt - b.freedAt || compareAddresses(a.address, b.address),
  );
  readonly #ordinals: Readonly<Record<Family, IntervalSet>> = {
    IPv4: new IntervalSet(),
    IPv6: new IntervalSet(),
  };

  constructor(limit = maxFormerHolders) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#oldestFirst.size;
  }

  /** Remembers who had the address. If there are too many entries, the oldest is forgotten: O(log n). */
  remember(former: FormerHolder): void {
    const { address, service } = former;
    this.forget(address);
    this.#byAddress.set(address, former);
    this.#byService.set(service, (this.#byService.get(service) ?? new Set<FormerHolder>()).add(former));
    this.#oldestFirst.add(former);
    const ordinal = ordinalOf(address);
    if (ordinal !== undefined) this.#ordinals[address.family].add(ordinal);
    const oldest = this.size > this.#limit ? this.#oldestFirst.first() : undefined;
    if (oldest !== undefined) this.forget(oldest.address);
  }

  /** The address is in use again, or has been free for long enough. */
  forget(address: Address): void {
    const former = this.#byAddress.get(address);
    if (former === undefined) return;
    this.#byAddress.delete(address);
    const ofService = this.#byService.get(former.service);
    ofService?.delete(former);
    if (ofService?.size === 0) this.#byService.delete(former.service);
    this.#oldestFirst.delete(former);
    const ordinal = ordinalOf(address);
    if (ordinal !== undefined) this.#ordinals[address.family].delete(ordinal);
  }

  /** Forgets all addresses that were freed before this time. */
  forgetBefore(time: number): void {
    for (let first = this.#oldestFirst.first(); first !== undefined; first = this.#oldestFirst.first()) {
      if (first.freedAt >= time) return;
      this.forget(first.address);
    }
  }

  clear(): void {
    this.forgetBefore(Number.POSITIVE_INFINITY);
  }

  at(address: Address): FormerHolder | undefined {
    return this.#byAddress.get(address);
  }

  /** The free addresses that the Service had, the last one first. */
  of(service: ServiceKey): readonly FormerHolder[] {
    const known = this.#byService.get(service);
    if (known === undefined) return [];
    return [...known].sort((a, b) => b.freedAt - a.freedAt || compareAddresses(a.address, b.address));
  }

  /** All of them, the longest free first. */
  all(): IterableIterator<FormerHolder> {
    return this.#oldestFirst[Symbol.iterator]();
  }

  /** The ordinals of the remembered addresses. */
  ordinals(family: Family): IntervalSet {
    return this.#ordinals[family];
  }
}
