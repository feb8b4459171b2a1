import { type Address, sameAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { none } from '../ip/short-lists.ts';
import type { Reservations } from '../ledger/reservations.ts';
import type { ReservedAddress } from '../ledger/service-state.ts';
import { type Claim, type ClaimReservation, isForSameWrite } from '../model/claim.ts';
import { compareVersions, type ServiceKey, type ServiceView } from '../model/service-view.ts';

/**
 * The claims in the API, with those of their reservations that may still be binding.
 *
 * Invariant: the reservations for the reasons `claimed` and `write` are exactly those of the claims in `#byAddress`.
 */
export class ClaimStore {
  readonly #byAddress = new AddressMap<Claim>();
  readonly #reservations: Reservations;
  readonly #counts = { ours: 0, others: 0, tombstones: 0 };

  constructor(reservations: Reservations) {
    this.#reservations = reservations;
  }

  get(address: Address): Claim | undefined {
    return this.#byAddress.get(address);
  }

  values(): IterableIterator<Claim> {
    return this.#byAddress.values();
  }

  /** The number of claims of other owners. */
  get others(): number {
    return this.#counts.others;
  }

  /** The number of this controller's claims. */
  get ours(): number {
    return this.#counts.ours;
  }

  /** The number of this controller's tombstones. */
  get tombstones(): number {
    return this.#counts.tombstones;
  }

  /** Adds a claim, or replaces the one for its address. */
  set(address: Address, claim: Claim): void {
    this.delete(address);
    const { owner, reservations } = claim;
    this.#byAddress.set(address, claim);
    this.#counts[kindOf(claim)] += 1;
    if (owner !== undefined) this.#reservations.add({ why: 'claimed', address, owner });
    for (const by of reservations) this.#reservations.add({ why: 'write', address, service: by.service, by });
  }

  delete(address: Address): void {
    const known = this.get(address);
    if (known !== undefined) this.#counts[kindOf(known)] -= 1;
    this.#byAddress.delete(address);
    for (const why of ['claimed', 'write'] as const)
      for (const reservation of this.#reservations.at(address, why)) this.#reservations.delete(reservation);
  }

  /** Removes the reservations for a Service that `isOver` says are no longer binding. Returns the addresses of their claims. */
  prune(key: ServiceKey, isOver: (reservation: ClaimReservation) => boolean): readonly Address[] {
    const known = this.#reservations.of(key, 'write');
    if (known.length === 0) return none;
    const over = known.filter(({ by }) => isOver(by));
    for (const { address, by } of over) {
      const claim = this.get(address);
      const reservations = claim?.reservations.filter((one) => one !== by) ?? [];
      if (claim !== undefined) this.set(address, { ...claim, reservations });
    }
    return over.map(({ address }) => address);
  }

  /**
   * The addresses reserved for a Service in this state. If several addresses were decided together, each of their claims gets
   * the reservation before the write is sent. As long as one of them lacks it, there is no such write, and the reservation is
   * void.
   */
  reservedFor(key: ServiceKey, view: ServiceView): readonly ReservedAddress[] {
    const known = this.#reservations.of(key, 'write');
    if (known.length === 0) return none;
    const isComplete = (write: ClaimReservation): boolean =>
      write.addresses.entries.every((entry) =>
        known.some(
          ({ address, by }) =>
            typeof entry === 'object' && sameAddress(address, entry) && isForSameWrite(by, write),
        ),
      );
    return known
      .filter(({ by }) => isBinding(by, view) && isComplete(by))
      .map(({ address, by }) => ({ address, source: by.source }));
  }
}

function kindOf({ owner, last }: Claim): 'ours' | 'others' | 'tombstones' {
  if (owner !== undefined || last?.isOurs === false) return 'others';
  return last === undefined ? 'ours' : 'tombstones';
}

/** Whether the reserved write could still change the Service as it was seen. */
function isBinding(reservation: ClaimReservation, view: ServiceView): boolean {
  return reservation.uid === view.uid && compareVersions(reservation.version, view.resourceVersion) >= 0;
}
