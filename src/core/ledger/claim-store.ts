import { type Address, formatAddress, sameAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { compareVersions, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { type Claim, type Reservation, sameReservation } from './claim.ts';
import type { ReservedAddress } from './service-state.ts';

/** A reservation, and the address whose claim has it. */
interface ClaimedReservation {
  readonly address: Address;
  readonly reservation: Reservation;
}

/**
 * The claims in the API, with those of their reservations that may still be binding.
 *
 * Invariant: `#reservations` has exactly the reservations of the claims in `#byAddress`, by Service.
 */
export class ClaimStore {
  readonly #byAddress = new AddressMap<Claim>();
  readonly #reservations = new Map<ServiceKey, readonly ClaimedReservation[]>();
  #others = 0;

  get(address: Address): Claim | undefined {
    return this.#byAddress.get(address);
  }

  values(): IterableIterator<Claim> {
    return this.#byAddress.values();
  }

  /** The number of claims of other owners. */
  get others(): number {
    return this.#others;
  }

  /** The number of this controller's claims. */
  get ours(): number {
    return this.#byAddress.size - this.#others;
  }

  /** Adds a claim, or replaces the one for its address. */
  set(address: Address, claim: Claim): void {
    this.delete(address);
    this.#byAddress.set(address, claim);
    if (claim.owner !== undefined) this.#others += 1;
    for (const reservation of claim.reservations) {
      const known = this.#reservations.get(reservation.service) ?? [];
      this.#reservations.set(reservation.service, [...known, { address, reservation }]);
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

  /** Removes the reservations for a Service that `isOver` says are no longer binding. Returns the addresses of their claims. */
  prune(key: ServiceKey, isOver: (reservation: Reservation) => boolean): Address[] {
    const known = this.#reservations.get(key);
    if (known === undefined) return [];
    const over = known.filter(({ reservation }) => isOver(reservation));
    for (const { address, reservation } of over) {
      const claim = this.get(address);
      if (claim !== undefined)
        this.set(address, {
          ...claim,
          reservations: claim.reservations.filter((one) => one !== reservation),
        });
    }
    return over.map(({ address }) => address);
  }

  /** The Services that have reservations. */
  reservedServices(): ServiceKey[] {
    return [...this.#reservations.keys()];
  }

  /**
   * The addresses reserved for a Service in this state. If several addresses were decided together, each of their claims gets
   * the reservation before the write is sent. As long as one of them lacks it, there is no such write, and the reservation is
   * void.
   */
  reservedFor(key: ServiceKey, view: ServiceView): ReservedAddress[] {
    const known = this.#reservations.get(key);
    if (known === undefined) return [];
    const complete = known.filter(
      ({ reservation }) =>
        isBinding(reservation, view) &&
        reservation.addresses
          .split(',')
          .every((text) =>
            known.some(
              (one) => formatAddress(one.address) === text && sameReservation(one.reservation, reservation),
            ),
          ),
    );
    return complete.map(({ address, reservation }) => ({ address, source: reservation.source }));
  }
}

/** Whether the reserved write could still change the Service as it was seen. */
function isBinding(reservation: Reservation, view: ServiceView): boolean {
  return reservation.uid === view.uid && compareVersions(reservation.version, view.resourceVersion) >= 0;
}
