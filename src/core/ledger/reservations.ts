import type { Span } from '../config/pool.ts';
import type { Address, Family } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { IntervalSet } from '../ip/interval-set.ts';
import { ordinalOf } from '../ip/range.ts';
import { none } from '../ip/short-lists.ts';
import type { ClaimOwner, ClaimReservation } from '../model/claim.ts';
import type { ServiceKey } from '../model/service-view.ts';

/** An address that is set aside: why, for whom, and until when. */
export type Reservation =
  /** Another owner claims it in the API, until that claim is gone. */
  | { readonly why: 'claimed'; readonly address: Address; readonly owner: ClaimOwner }
  /** A Service of another type than LoadBalancer has it as an external IP, until that is known to have ended. */
  | { readonly why: 'external-ip'; readonly address: Address; readonly service: ServiceKey }
  /** The configuration reserves it, until the key changes (spec section 13). `key` is the ConfigMap's. */
  | {
      readonly why: 'configured';
      readonly address: Address;
      readonly service: ServiceKey;
      readonly key: string;
    }
  /** This controller claims it in the API for a write, until the Service is in a newer version than `by` says. */
  | {
      readonly why: 'write';
      readonly address: Address;
      readonly service: ServiceKey;
      readonly by: ClaimReservation;
    };

export type ReservationReason = Reservation['why'];

export type ReservationFor<Why extends ReservationReason> = Extract<Reservation, { readonly why: Why }>;

/** A reservation that can keep an address from a Service, whatever other Services use it. */
export type Blocker = ReservationFor<'claimed' | 'configured' | 'external-ip'>;

const countedReasons = ['claimed', 'configured'] as const;
type CountedReason = (typeof countedReasons)[number];

/** Most addresses and Services have one reservation, which is stored without a set. */
type OneOrMore = Reservation | Set<Reservation>;

/**
 * The addresses that are set aside, by address and by Service. A write in flight is not among them: until it has ended, the
 * ledger has its Service as the write leaves it, because others must see its ports, too.
 *
 * Invariant: `#byService` has exactly the reservations in `#byAddress` that are for a Service, and `#counted` the
 * ordinals of those for the reasons that are counted.
 */
export class Reservations {
  readonly #changed: (address: Address) => void;
  readonly #byAddress = byReason(() => new AddressMap<OneOrMore>());
  readonly #byService = byReason(() => new Map<ServiceKey, OneOrMore>());
  readonly #counted: Readonly<Record<CountedReason, Readonly<Record<Family, IntervalSet>>>> = {
    claimed: { IPv4: new IntervalSet(), IPv6: new IntervalSet() },
    configured: { IPv4: new IntervalSet(), IPv6: new IntervalSet() },
  };

  /** `changed` is called after each change of what is reserved at an address. */
  constructor(changed: (address: Address) => void) {
    this.#changed = changed;
  }

  add(reservation: Reservation): void {
    const { why, address } = reservation;
    insert(this.#byAddress[why], address, reservation);
    if (why !== 'claimed') insert(this.#byService[why], reservation.service, reservation);
    this.#updated(address);
  }

  delete(reservation: Reservation): void {
    const { why, address } = reservation;
    remove(this.#byAddress[why], address, reservation);
    if (why !== 'claimed') remove(this.#byService[why], reservation.service, reservation);
    this.#updated(address);
  }

  /** Replaces what the configuration reserves. If an address is reserved twice, the first reservation counts: O(n log n). */
  replaceConfigured(reservations: Iterable<ReservationFor<'configured'>>): void {
    for (const before of [...this.all('configured')]) this.delete(before);
    for (const reservation of reservations)
      if (!this.has(reservation.address, 'configured')) this.add(reservation);
  }

  #updated(address: Address): void {
    const ordinal = ordinalOf(address);
    for (const why of countedReasons) {
      if (ordinal === undefined) break;
      if (this.has(address, why)) this.#counted[why][address.family].add(ordinal);
      else this.#counted[why][address.family].delete(ordinal);
    }
    this.#changed(address);
  }

  has(address: Address, why: ReservationReason): boolean {
    const reserved = this.#byAddress[why];
    return reserved.size > 0 && reserved.has(address);
  }

  /**
   * Whether the address is not allocated to any Service. A reservation for a write depends on the version of its Service,
   * whose state has the address in use as long as it binds.
   */
  blocks(address: Address): boolean {
    return (
      this.has(address, 'claimed') || this.has(address, 'external-ip') || this.has(address, 'configured')
    );
  }

  /** The reservations that keep the address from this Service: those for another Service or owner, the most binding ones first. */
  blockers(address: Address, service: ServiceKey): readonly Blocker[] {
    // The common case: nothing reserves it.
    if (!this.blocks(address)) return none;
    return [
      ...this.at(address, 'claimed'),
      ...this.at(address, 'configured').filter((one) => one.service !== service),
      ...this.at(address, 'external-ip').filter((one) => one.service !== service),
    ];
  }

  /** The reservations of the address for this reason, in no order. */
  at<Why extends ReservationReason>(address: Address, why: Why): readonly ReservationFor<Why>[] {
    return this.has(address, why) ? listOf(this.#byAddress[why].get(address), why) : none;
  }

  /** The reservations for the Service for this reason, in no order. */
  of<Why extends ReservationReason>(service: ServiceKey, why: Why): readonly ReservationFor<Why>[] {
    return listOf(this.#byService[why].get(service), why);
  }

  /** The Services for which addresses are reserved for this reason. */
  services(why: ReservationReason): readonly ServiceKey[] {
    return [...this.#byService[why].keys()];
  }

  /** All reservations for this reason. */
  *all<Why extends ReservationReason>(why: Why): IterableIterator<ReservationFor<Why>> {
    for (const known of this.#byAddress[why].values()) yield* listOf(known, why);
  }

  /** How many addresses of the spans are set aside for this reason. */
  count(why: CountedReason, family: Family, spans: readonly Span[]): bigint {
    return spans.reduce((sum, { first, last }) => sum + this.#counted[why][family].count(first, last), 0n);
  }
}

function byReason<T>(make: () => T): Readonly<Record<ReservationReason, T>> {
  return { claimed: make(), 'external-ip': make(), configured: make(), write: make() };
}

function listOf<Why extends ReservationReason>(
  known: OneOrMore | undefined,
  why: Why,
): readonly ReservationFor<Why>[] {
  if (known === undefined) return none;
  const list = known instanceof Set ? [...known] : [known];
  return list.filter((one): one is ReservationFor<Why> => one.why === why);
}

/** A Map, or a map for addresses. */
interface Reserved<K> {
  get(key: K): OneOrMore | undefined;
  set(key: K, value: OneOrMore): unknown;
  delete(key: K): unknown;
}

function insert<K>(reserved: Reserved<K>, key: K, reservation: Reservation): void {
  const known = reserved.get(key);
  if (known instanceof Set) known.add(reservation);
  else reserved.set(key, known === undefined ? reservation : new Set([known, reservation]));
}

function remove<K>(reserved: Reserved<K>, key: K, reservation: Reservation): void {
  const known = reserved.get(key);
  if (known instanceof Set) known.delete(reservation);
  if (known === reservation || (known instanceof Set && known.size === 0)) reserved.delete(key);
}
