import type { PolicyPool } from '../config/policy.ts';
import type { Allocator, ServiceDecision } from '../decide/allocator.ts';
import { type Condition, conflictingAddresses } from '../decide/decision.ts';
import { type FormerAddress, formerAddressAt } from '../decide/former-address.ts';
import { type Address, compareAddresses, isUnspecified, sameAddress } from '../ip/address.ts';
import { addressAt, ordinalsOf, type Range, rangesContain } from '../ip/range.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ReservationFor } from '../ledger/reservations.ts';
import { isLease, originOf, type ServiceState } from '../ledger/service-state.ts';
import type { ClaimOwner } from '../model/claim.ts';
import type { ServiceKey } from '../model/service-view.ts';
import { usablePools } from './pool-users.ts';

/** An allocator, or a snapshot of its decisions. */
export type AllocatorView = Pick<
  Allocator,
  'ledger' | 'config' | 'nodes' | 'now' | 'claimTracker' | 'explain'
>;

/** The state of an address. If several apply, the most important one. */
export type AddressState =
  /** Several Services have or request it and may not share it. */
  | 'conflict'
  /** Allocated, but not in the pool of its Service. */
  | 'outside'
  /** Leased to a Service by DHCP. */
  | 'lease'
  /** Several Services share it. */
  | 'shared'
  /** Requested by a user. */
  | 'static'
  /** Allocated from a pool. */
  | 'assigned'
  /**
   * A Service of another load balancer has it, or it is only in the status of a Service, or an external IP, or another owner
   * claims it.
   */
  | 'unmanaged'
  | 'free'
  /** The configuration reserves it for a Service that does not have it yet. */
  | 'reserved'
  /** In a pool, but never allocated: an end of a block, one that ends in .0 or .255, or one that the configuration excludes. */
  | 'excluded'
  | 'no-pool';

/** Describes one address. */
export interface Occupancy {
  readonly address: Address;
  readonly state: AddressState;
  /** The pools of all namespaces that contain it, without those that serve no Service. */
  readonly keys: readonly string[];
  /** Its holders, by the ranks of spec section 5. */
  readonly holders: readonly ServiceState[];
  /** Its contenders, then Services that only have it in their status. */
  readonly others: readonly ServiceState[];
  /** The Services, of any type, that have it as an external IP. */
  readonly externalUsers: readonly ServiceKey[];
  /** The other owner that claims it in the API. */
  readonly owner: ClaimOwner | undefined;
  /** Of a free address: who had it last, if that is remembered. */
  readonly former?: FormerAddress | undefined;
  readonly reservation: ConfiguredReservation | undefined;
}

export type ConfiguredReservation = ReservationFor<'configured'>;

/** Consecutive addresses with the same state, which no Service uses. */
export interface Gap {
  readonly range: Range;
  readonly state: 'free' | 'reserved' | 'excluded' | 'no-pool';
  readonly keys: readonly string[];
  /** How many of them are allocatable. */
  readonly free: bigint;
  /** Of the only address, if it is reserved. */
  readonly reservation: ConfiguredReservation | undefined;
}

/** O(pools x log ranges), plus the decisions on the Services that use the address. */
export function occupancyOf(
  address: Address,
  context: AllocatorView,
  usable: readonly PolicyPool[] = usablePools(context.config),
): Occupancy {
  const { ledger, config } = context;
  const owner = ledger.claimOwner(address);
  const { holders, contenders } = ledger.holding(address, config);
  const requesting = [...holders, ...contenders];
  const externalUsers = ledger.externalUsers(address);
  const statusOnly = ledger
    .servicesAt(address)
    .filter((state) => !requesting.includes(state) && !externalUsers.includes(state.key));
  const others = [...contenders, ...statusOnly];
  const keys = keysOf(address, usable);
  const reservation = ledger.reservedFor(address);
  const state =
    requesting.length > 0
      ? assignedState(address, holders, requesting, context)
      : others.length > 0 || externalUsers.length > 0 || owner !== undefined
        ? 'unmanaged'
        : gapOf({ ...address, first: address.value, last: address.value }, usable, reservation).state;
  return { address, state, keys, holders, others, externalUsers, owner, reservation };
}

function keysOf(address: Address, usable: readonly PolicyPool[]): string[] {
  return [...new Set(usable.flatMap(({ key, ranges }) => (rangesContain(ranges, address) ? key : [])))];
}

function assignedState(
  address: Address,
  holders: readonly ServiceState[],
  requesting: readonly ServiceState[],
  context: AllocatorView,
): AddressState {
  const decisions = requesting.flatMap(({ key }) => context.explain(key) ?? []);
  const is = (one: Address): boolean => sameAddress(one, address);
  if (decisions.some(({ decision }) => conflictingAddresses(decision).some(is))) return 'conflict';
  const [first] = holders;
  if (first === undefined) return 'unmanaged';
  if (first.ignoreReason !== undefined) return 'unmanaged';
  const outside = (condition: Condition): boolean =>
    condition.code === 'outside-pool' && is(condition.address);
  if (conditionsIn(decisions).some(outside)) return 'outside';
  if (isLeased(first, address)) return 'lease';
  if (holders.length > 1) return 'shared';
  return originOf(first) === 'static' ? 'static' : 'assigned';
}

function conditionsIn(decisions: readonly ServiceDecision[]): Condition[] {
  return decisions.flatMap(({ decision }) => ('conditions' in decision ? [...decision.conditions] : []));
}

/** Whether the Service requests 0.0.0.0 or ::, and DHCP leased it this address. */
function isLeased(state: ServiceState, address: Address): boolean {
  const { intent } = state;
  const list = 'list' in intent ? intent.list : [];
  return isLease(state, address) && list.some((entry) => typeof entry !== 'string' && isUnspecified(entry));
}

/** Every address of the range that a Service uses or another owner claims, ascending: O(Services). */
export function shownIn(range: Range, { ledger, claimTracker }: AllocatorView): Address[] {
  const found = new Map<bigint, Address>();
  const add = (address: Address): void => {
    const { family, value } = address;
    if (family === range.family && range.first <= value && value <= range.last) found.set(value, address);
  };
  for (const { usedIPs } of ledger.all()) usedIPs.forEach(add);
  for (const { address } of ledger.reservations.all('external-ip')) add(address);
  for (const { address, owner } of claimTracker.claims.values()) if (owner !== undefined) add(address);
  return [...found.values()].sort(compareAddresses);
}

/**
 * The whole range: each used address, each free one whose last holder is remembered, and the gaps between them, split where their
 * state changes. O(Services + (used addresses + ranges) x pools).
 */
export function occupancyIn(range: Range, context: AllocatorView): (Occupancy | Gap)[] {
  const usable = usablePools(context.config);
  const shown = shownIn(range, context).map((address) => occupancyOf(address, context, usable));
  const remembered = [...context.ledger.former.all()].flatMap(({ address }): Occupancy[] => {
    const { family, value } = address;
    if (family !== range.family || value < range.first || range.last < value) return [];
    const former = formerAddressAt(address, context);
    const found = former && occupancyOf(address, context, usable);
    return found?.state === 'free' ? [{ ...found, former }] : [];
  });
  const all = [...shown, ...remembered].sort((a, b) => compareAddresses(a.address, b.address));
  return withGaps(range, all, usable, reservedIn(range, context));
}

/** What the configuration reserves in the range: O(reservations). */
export function reservedIn(range: Range, { ledger }: { readonly ledger: Ledger }): ConfiguredReservation[] {
  return [...ledger.reservations.all('configured')].filter(({ address: { family, value } }) => {
    return family === range.family && range.first <= value && value <= range.last;
  });
}

/** The whole range, for used addresses that are known already, ascending. */
export function withGaps(
  range: Range,
  shown: readonly Occupancy[],
  usable: readonly PolicyPool[],
  reserved: readonly ConfiguredReservation[],
): (Occupancy | Gap)[] {
  const reservations = new Map(reserved.map((one) => [one.address.value, one]));
  const cuts = cutsIn(range, usable, [...reservations.keys()]);
  const parts: (Occupancy | Gap)[] = [];
  let start = range.first;
  /** Adds the gaps up to `end`, exclusive. */
  const fill = (end: bigint): void => {
    while (start < end) {
      while (cuts.length > 0 && (cuts.at(-1) ?? end) <= start) cuts.pop();
      const cut = cuts.at(-1);
      const until = cut !== undefined && cut < end ? cut : end;
      parts.push(gapOf({ ...range, first: start, last: until - 1n }, usable, reservations.get(start)));
      start = until;
    }
  };
  for (const one of shown) {
    fill(one.address.value);
    parts.push(one);
    start = one.address.value + 1n;
  }
  fill(range.last + 1n);
  return parts;
}

/** Where pools and their allocatable addresses start and end, and around the reserved addresses, descending. */
function cutsIn(
  { family, first, last }: Range,
  usable: readonly PolicyPool[],
  reserved: readonly bigint[],
): bigint[] {
  const cuts = new Set<bigint>(reserved.flatMap((value) => [value, value + 1n]));
  for (const { ranges, spans, whole } of usable) {
    for (const one of ranges) if (one.family === family) cuts.add(one.first).add(one.last + 1n);
    for (const span of [...spans[family], ...whole.spans[family]]) {
      cuts.add(addressAt(family, span.first).value).add(addressAt(family, span.last).value + 1n);
    }
  }
  return [...cuts].filter((cut) => first < cut && cut <= last).sort((a, b) => (a > b ? -1 : 1));
}

/** `range` must be entirely inside or outside of each pool and each of its spans. A reserved address is alone in it. */
function gapOf(
  range: Range,
  usable: readonly PolicyPool[],
  reservation: ConfiguredReservation | undefined,
): Gap {
  const keys = keysOf({ family: range.family, value: range.first }, usable);
  if (reservation !== undefined) return { range, state: 'reserved', keys, free: 0n, reservation };
  const free = freeIn(range, usable);
  const state = keys.length === 0 ? 'no-pool' : free > 0n ? 'free' : 'excluded';
  return { range, state, keys, free, reservation };
}

function freeIn(range: Range, usable: readonly PolicyPool[]): bigint {
  // Addresses that end in .0 or .255 have no ordinal.
  const within = ordinalsOf(range);
  if (within === undefined) return 0n;
  const { first, last } = within;
  const isIn = usable.some(({ spans }) =>
    spans[range.family].some((span) => span.first <= first && last <= span.last),
  );
  return isIn ? last - first + 1n : 0n;
}
