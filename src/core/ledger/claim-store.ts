import { type Address, formatAddress, sameAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { compareVersions, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { type Claim, type Reservation, sameReservation } from './claim.ts';
import type { ReservedAddress } from './service-state.ts';

/** A pledge, and the address whose claim bears it. */
interface ClaimedReservation {
  readonly address: Address;
  readonly reservation: Reservation;
}

/**
 * What the API says of claimed addresses: the claims, and of their pledges those that may still bind.
 *
 * Invariant: `#borne` has exactly the pledges of the claims in `#byAddress`, by Service.
 */
export class ClaimStore {
  readonly #byAddress = new AddressMap<Claim>();
  readonly #reservations = new Map<ServiceKey, readonly ClaimedReservation[]>();
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
    for (const reservation of claim.reservations) {
      const borne = this.#reservations.get(reservation.service) ?? [];
      this.#reservations.set(reservation.service, [...borne, { address: claim.address, reservation }]);
    }
  }

  delete(address: Address): void {
    const before = this.get(address);
    if (before?.owner !== undefined) this.#others -= 1;
    for (const { service } of before?.reservations ?? []) {
      const others = (this.#reservations.get(service) ?? []).filter(
        (one) => !sameAddress(one.address, address),
      );
      if (others.length > 0) this.#reservations.set(service, others);
      else this.#reservations.delete(service);
    }
    this.#byAddress.delete(address);
  }

  /** Forgets the pledges to a Service that `isOver` says cannot bind any more; the answer is the addresses of their claims. */
  prune(key: ServiceKey, isOver: (reservation: Reservation) => boolean): Address[] {
    const borne = this.#reservations.get(key);
    if (borne === undefined) return [];
    const over = borne.filter(({ reservation }) => isOver(reservation));
    for (const { address, reservation } of over) {
      const claim = this.get(address);
      if (claim !== undefined)
        this.put({ ...claim, reservations: claim.reservations.filter((one) => one !== reservation) });
    }
    return over.map(({ address }) => address);
  }

  /** Those to whom something is pledged. */
  reservedServices(): ServiceKey[] {
    return [...this.#reservations.keys()];
  }

  /**
   * What is pledged to a Service in this state. Where several addresses were decided on together, each of their claims bears
   * the pledge before the write is sent; so while one of them does not, there is no such write, and the pledge is void.
   */
  reservedFor(key: ServiceKey, view: ServiceView): ReservedAddress[] {
    const borne = this.#reservations.get(key);
    if (borne === undefined) return [];
    const whole = borne.filter(
      ({ reservation }) =>
        isBinding(reservation, view) &&
        reservation.addresses
          .split(',')
          .every((text) =>
            borne.some(
              (one) => formatAddress(one.address) === text && sameReservation(one.reservation, reservation),
            ),
          ),
    );
    return whole.map(({ address, reservation }) => ({ address, source: reservation.source }));
  }
}

/** Whether a write that was pledged could still change the Service, as it was seen here. */
function isBinding(reservation: Reservation, view: ServiceView): boolean {
  return reservation.uid === view.uid && compareVersions(reservation.version, view.resourceVersion) >= 0;
}
