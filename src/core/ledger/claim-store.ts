import { type Address, formatAddress, sameAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { compareVersions, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { type Claim, type Pledge, samePledge } from './claim.ts';
import type { Pledged } from './service-state.ts';

/** A pledge, and the address whose claim bears it. */
interface Borne {
  readonly address: Address;
  readonly pledge: Pledge;
}

/**
 * What the API says of claimed addresses: the claims, and of their pledges those that may still bind.
 *
 * Invariant: `#borne` has exactly the pledges of the claims in `#byAddress`, by Service.
 */
export class Claims {
  readonly #byAddress = new AddressMap<Claim>();
  readonly #borne = new Map<ServiceKey, readonly Borne[]>();
  #others = 0;

  get(address: Address): Claim | undefined {
    return this.#byAddress.get(address);
  }

  all(): IterableIterator<Claim> {
    return this.#byAddress.values();
  }

  /** How many there are of others. */
  get others(): number {
    return this.#others;
  }

  /** How many there are of ours. */
  get ours(): number {
    return this.#byAddress.size - this.#others;
  }

  /** Puts a claim in, in place of what was known of its address. */
  put(claim: Claim): void {
    this.delete(claim.address);
    this.#byAddress.set(claim.address, claim);
    if (claim.owner !== undefined) this.#others += 1;
    for (const pledge of claim.pledges) {
      const borne = this.#borne.get(pledge.service) ?? [];
      this.#borne.set(pledge.service, [...borne, { address: claim.address, pledge }]);
    }
  }

  delete(address: Address): void {
    const before = this.get(address);
    if (before?.owner !== undefined) this.#others -= 1;
    for (const { service } of before?.pledges ?? []) {
      const others = (this.#borne.get(service) ?? []).filter((one) => !sameAddress(one.address, address));
      if (others.length > 0) this.#borne.set(service, others);
      else this.#borne.delete(service);
    }
    this.#byAddress.delete(address);
  }

  /** Forgets the pledges to a Service that `isOver` says cannot bind any more; the answer is the addresses of their claims. */
  prune(key: ServiceKey, isOver: (pledge: Pledge) => boolean): Address[] {
    const borne = this.#borne.get(key);
    if (borne === undefined) return [];
    const over = borne.filter(({ pledge }) => isOver(pledge));
    for (const { address, pledge } of over) {
      const claim = this.get(address);
      if (claim !== undefined) this.put({ ...claim, pledges: claim.pledges.filter((one) => one !== pledge) });
    }
    return over.map(({ address }) => address);
  }

  /** Those to whom something is pledged. */
  heirs(): ServiceKey[] {
    return [...this.#borne.keys()];
  }

  /**
   * What is pledged to a Service in this state. Where several addresses were decided on together, each of their claims bears
   * the pledge before the write is sent; so while one of them does not, there is no such write, and the pledge is void.
   */
  pledgedTo(key: ServiceKey, view: ServiceView): Pledged[] {
    const borne = this.#borne.get(key);
    if (borne === undefined) return [];
    const whole = borne.filter(
      ({ pledge }) =>
        binds(pledge, view) &&
        pledge.addresses
          .split(',')
          .every((text) =>
            borne.some((one) => formatAddress(one.address) === text && samePledge(one.pledge, pledge)),
          ),
    );
    return whole.map(({ address, pledge }) => ({ address, source: pledge.source }));
  }
}

/** Whether a write that was pledged could still change the Service, as it was seen here. */
function binds(pledge: Pledge, view: ServiceView): boolean {
  return pledge.uid === view.uid && compareVersions(pledge.version, view.resourceVersion) >= 0;
}
