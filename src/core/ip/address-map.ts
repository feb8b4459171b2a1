import type { Address } from './address.ts';
import { RecurringMap } from './recurring-map.ts';

/**
 * A map keyed by address. Its keys are numbers of 32 bits, which a hash table stores inline. Texts would have to be formatted
 * for each lookup, and bigints are stored on the heap.
 *
 * Invariant: an IPv6 address is in `#first` or in `#others`, never in both.
 */
export class AddressMap<T> {
  readonly #ipv4 = new RecurringMap<number, T>();
  /** By `folded`: the first address with that number. */
  readonly #first = new RecurringMap<number, { readonly value: bigint; content: T }>();
  readonly #others = new Map<bigint, T>();

  get size(): number {
    return this.#ipv4.size + this.#first.size + this.#others.size;
  }

  get({ family, value }: Address): T | undefined {
    if (family === 'IPv4') return this.#ipv4.get(lowest32(value));
    const first = this.#first.get(folded(value));
    return first?.value === value ? first.content : this.#others.get(value);
  }

  has(address: Address): boolean {
    return this.get(address) !== undefined;
  }

  set({ family, value }: Address, content: T): void {
    if (family === 'IPv4') {
      this.#ipv4.set(lowest32(value), content);
      return;
    }
    const first = this.#first.get(folded(value));
    if (first?.value === value) first.content = content;
    else if (first !== undefined || this.#others.has(value)) this.#others.set(value, content);
    else this.#first.set(folded(value), { value, content });
  }

  delete({ family, value }: Address): void {
    if (family === 'IPv4') this.#ipv4.delete(lowest32(value));
    else if (this.#first.get(folded(value))?.value === value) this.#first.delete(folded(value));
    else this.#others.delete(value);
  }

  clear(): void {
    this.#ipv4.clear();
    this.#first.clear();
    this.#others.clear();
  }

  *values(): IterableIterator<T> {
    yield* this.#ipv4.values();
    for (const { content } of this.#first.values()) yield content;
    yield* this.#others.values();
  }
}

function lowest32(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

/** Few addresses have the same number, within one network and across networks that each number their hosts from 1. */
function folded(value: bigint): number {
  return lowest32(value ^ (value >> 64n));
}
