import { type Address, compareAddresses, type Family } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { IntervalSet } from '../ip/interval-set.ts';
import { ordinalOf } from '../ip/range.ts';
import { SortedSet } from '../ip/sorted-set.ts';
import { defaultMaxFormerHolders } from '../model/options.ts';
import type { ServiceKey } from '../model/service-view.ts';

/** The last holder of an address that was freed (spec section 14). */
export interface FormerHolder {
  readonly address: Address;
  readonly service: ServiceKey;
  /** In milliseconds since 1970. */
  readonly freedAt: number;
}

/**
 * Who had an address that is free now. It is a preference of allocations and nothing else: an address without an entry is as good as
 * one with an entry.
 *
 * Invariant: each address has at most one entry, and all four collections have the same entries. `#ordinals` has the ordinals of
 * their addresses.
 */
export class FormerHolders {
  /** More are not remembered. */
  limit = defaultMaxFormerHolders;
  /** For how long they are remembered, in milliseconds. Until the configuration is known, that is forever. */
  #memoryMs = Number.POSITIVE_INFINITY;
  readonly #byAddress = new AddressMap<FormerHolder>();
  readonly #byService = new Map<ServiceKey, Set<FormerHolder>>();
  readonly #oldestFirst = new SortedSet<FormerHolder>(
    (a, b) => a.freedAt - b.freedAt || compareAddresses(a.address, b.address),
  );
  readonly #ordinals: Readonly<Record<Family, IntervalSet>> = {
    IPv4: new IntervalSet(),
    IPv6: new IntervalSet(),
  };

  get size(): number {
    return this.#oldestFirst.size;
  }

  /** Sets for how long they are remembered, in milliseconds; 0 if no key needs that. */
  setMemory(memoryMs: number): void {
    this.#memoryMs = memoryMs;
  }

  get isEnabled(): boolean {
    return this.#memoryMs > 0;
  }

  /** When the oldest expires, in milliseconds since 1970; undefined if none does. */
  get nextExpiry(): number | undefined {
    const oldest = this.#oldestFirst.first();
    const at = (oldest?.freedAt ?? 0) + this.#memoryMs;
    return oldest === undefined || at === Number.POSITIVE_INFINITY ? undefined : at;
  }

  /** Remembers who had the address. Returns the address that is forgotten for it, if there are too many: O(log n). */
  remember(former: FormerHolder): Address | undefined {
    const { address, service } = former;
    this.forget(address);
    if (!this.isEnabled) return undefined;
    this.#byAddress.set(address, former);
    this.#byService.set(service, (this.#byService.get(service) ?? new Set<FormerHolder>()).add(former));
    this.#oldestFirst.add(former);
    const ordinal = ordinalOf(address);
    if (ordinal !== undefined) this.#ordinals[address.family].add(ordinal);
    const oldest = this.size > this.limit ? this.#oldestFirst.first() : undefined;
    if (oldest !== undefined) this.forget(oldest.address);
    return oldest?.address;
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

  /**
   * Forgets the addresses that have been free for long enough. One that is freed later than now was remembered by a clock that was
   * wrong, and counts from now on. Returns the addresses that this changes.
   */
  expire(now: number): readonly Address[] {
    const changed: Address[] = [];
    for (let first = this.#oldestFirst.first(); first !== undefined; first = this.#oldestFirst.first()) {
      if (now - first.freedAt < this.#memoryMs) break;
      this.forget(first.address);
      changed.push(first.address);
    }
    for (let last = this.#oldestFirst.last(); last !== undefined; last = this.#oldestFirst.last()) {
      if (last.freedAt <= now) break;
      this.remember({ ...last, freedAt: now });
      changed.push(last.address);
    }
    return changed;
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
