import type { Address, Family } from './address.ts';

/** A map of addresses, by their value: no text is made to find one. */
export class AddressMap<T> {
  readonly #byFamily: Readonly<Record<Family, Map<bigint, T>>> = { IPv4: new Map(), IPv6: new Map() };

  get size(): number {
    return this.#byFamily.IPv4.size + this.#byFamily.IPv6.size;
  }

  get({ family, value }: Address): T | undefined {
    return this.#byFamily[family].get(value);
  }

  has({ family, value }: Address): boolean {
    return this.#byFamily[family].has(value);
  }

  set({ family, value }: Address, content: T): void {
    this.#byFamily[family].set(value, content);
  }

  delete({ family, value }: Address): boolean {
    return this.#byFamily[family].delete(value);
  }

  clear(): void {
    this.#byFamily.IPv4.clear();
    this.#byFamily.IPv6.clear();
  }

  *values(): IterableIterator<T> {
    yield* this.#byFamily.IPv4.values();
    yield* this.#byFamily.IPv6.values();
  }
}
