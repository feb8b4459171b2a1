import { isInPool, type PolicyPool, policyFor, provides } from '../config/policy.ts';
import type { Span } from '../config/pool.ts';
import { isWithin, mergeSpans } from '../config/spans.ts';
import { type Address, compareAddresses } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { joinConflict, offersAddress, sharingGroup, sharingGroupWhere } from '../ledger/sharing.ts';
import { isOnly } from '../model/address-list.ts';
import { compareAge } from '../model/service-view.ts';
import { type AllocationRequest, wantsToShare } from './allocation-request.ts';
import { type Facts, subjectOf } from './facts.ts';

export interface SharedAddresses {
  /** The first address in use that every holder agrees to share, and that takes no port from a Service on its way there. */
  readonly preferred: Address | undefined;
  /** The first one that every holder agrees to share. */
  readonly any: Address | undefined;
}

/** The addresses of the pool that the Service can share, in search order: O(intervals of alike addresses). */
export function sharedAddresses(
  request: AllocationRequest,
  pool: PolicyPool,
  accepts: (address: Address) => boolean,
  facts: Facts,
): SharedAddresses {
  let any: Address | undefined;
  for (const address of joinable([request.state], pool.spans.IPv4, request, pool, facts)) {
    if (!accepts(address)) continue;
    any ??= address;
    if (isConsiderate(request.state, address, facts)) return { preferred: address, any };
  }
  return { preferred: undefined, any };
}

/**
 * Where a Service that leaves an address meets the others that shared it: the address to which one of them has moved. Undefined if
 * there is none that it can share.
 */
export function addressOfMoved(
  { state }: AllocationRequest,
  left: Address,
  pools: readonly PolicyPool[],
  facts: Facts,
): { readonly address: Address; readonly pool: PolicyPool } | undefined {
  const candidates = facts.ledger
    .movedFrom(left)
    .filter(({ key }) => key !== state.key)
    .flatMap(({ intent }) => ('list' in intent && intent.list.length === 1 ? intent.list : []))
    .filter((entry) => typeof entry !== 'string')
    .filter((address) => canJoin(state, address, facts));
  for (const pool of pools) {
    const [address] = candidates.filter((one) => isInPool(pool, one)).sort(inSearchOrder(pool.descending));
    if (address !== undefined) return { address, pool };
  }
  return undefined;
}

/**
 * Where a Service that leaves `left` and those that still share it can all go: an address in use whose holders agree with each of
 * them, otherwise a free one. Undefined if no other Service shares it, or if no address is in the pools of all of them.
 */
export function addressForAll(
  request: AllocationRequest,
  left: Address,
  pool: PolicyPool,
  facts: Facts,
): Address | undefined {
  const all = [request.state];
  let spans = pool.spans.IPv4;
  for (const other of followersAt(left, request.state, facts)) {
    const common = commonSpans(spans, other, facts);
    // A Service whose pool has none of these addresses cannot follow.
    if (common.length === 0) continue;
    spans = common;
    all.push(other);
  }
  if (all.length === 1) return undefined;
  for (const address of joinable(all, spans, request, pool, facts)) {
    if (all.every((one) => isConsiderate(one, address, facts))) return address;
  }
  return facts.ledger.firstFree('IPv4', spans, pool.descending);
}

/**
 * Whether the Service could have the address but for Services that use it: no other owner claims it, no Service of another type has
 * it as an external IP, and the configuration does not reserve it for another one.
 */
export function isUnblocked(
  { key }: ServiceState,
  address: Address,
  { ledger: { reservations } }: Facts,
): boolean {
  return reservations.blockers(address, key).length === 0;
}

/** Whether another owner claims the address, or another Service has it as an external IP. */
export function isTaken(
  { key }: ServiceState,
  address: Address,
  { ledger: { reservations } }: Facts,
): boolean {
  return reservations.blockers(address, key).some(({ why }) => why !== 'configured');
}

/** The addresses in use whose holders agree to share with all of these Services, in search order. */
function* joinable(
  newcomers: readonly ServiceState[],
  spans: readonly Span[],
  { state }: AllocationRequest,
  { descending, sharing }: PolicyPool,
  facts: Facts,
): Generator<Address> {
  const group = sharingGroupWhere(sharing, state.view);
  if (group === undefined) return;
  const ports = newcomers.flatMap(({ view }) => view.ports);
  // The ports that the Service itself takes there do not matter, but the index has them.
  const own = state.usedIPs
    .filter(({ family }) => family === 'IPv4')
    .filter((address) => isWithin(spans, address))
    .filter((address) => newcomers.every((newcomer) => isOpen(newcomer, address, group, facts)))
    .filter((address) => newcomers.every((newcomer) => canJoin(newcomer, address, facts, state)))
    .sort(inSearchOrder(descending));
  for (const address of facts.ledger.shareable(group, ports, spans, descending, facts.config)) {
    for (
      let next = own[0];
      next !== undefined && inSearchOrder(descending)(next, address) <= 0;
      next = own[0]
    ) {
      yield next;
      own.shift();
    }
    if (newcomers.every((newcomer) => isOpen(newcomer, address, group, facts))) yield address;
  }
  yield* own;
}

/** Whether the newcomer belongs to the group at this address, and nothing but the Services there matters. */
function isOpen(newcomer: ServiceState, address: Address, group: string, facts: Facts): boolean {
  return isUnblocked(newcomer, address, facts) && sharingGroup(newcomer, address, facts.config) === group;
}

/** Whether another Service uses the address, and all that do, except for `mover`, agree to share it with the newcomer. */
export function canJoin(newcomer: ServiceState, address: Address, facts: Facts, mover = newcomer): boolean {
  const holders = facts.ledger.servicesAt(address).filter(({ key }) => key !== mover.key);
  return (
    holders.length > 0 &&
    isUnblocked(newcomer, address, facts) &&
    holders.every((holder) => agrees(newcomer, holder, address, facts))
  );
}

/**
 * Whether a Service without an address may come back to one of `other`: `other` has it and shares it, or lost its fields as
 * well, and may share it.
 */
export function mayRejoin(state: ServiceState, other: ServiceState, address: Address, facts: Facts): boolean {
  if (address.family !== 'IPv4' || !wantsToShare(subjectOf(state, facts))) return false;
  if (agrees(state, other, address, facts)) return true;
  const bothLostTheirFields = [state, other].every(
    ({ view, intent }) => view.labeled && intent.kind === 'new',
  );
  return (
    bothLostTheirFields &&
    wantsToShare(subjectOf(other, facts)) &&
    joinConflict(state, other, address, facts.config) === undefined
  );
}

/** Whether an assigned holder shares its address with the newcomer. */
function agrees(newcomer: ServiceState, holder: ServiceState, address: Address, { config }: Facts): boolean {
  return (
    offersAddress(holder, address, config) && joinConflict(newcomer, holder, address, config) === undefined
  );
}

/**
 * Whether the Service leaves an address to those on their way to it: where a holder left an address that others still share, these
 * can be moved to the holder.
 */
function isConsiderate(state: ServiceState, address: Address, facts: Facts): boolean {
  return facts.ledger.servicesAt(address).every((holder) => {
    const left = holder.record?.was;
    if (left === undefined || holder.key === state.key) return true;
    return followersAt(left, holder, facts).every(
      (follower) =>
        follower.key === state.key ||
        !provides(policyFor(facts.config, follower.view), address) ||
        joinConflict(state, follower, address, facts.config) === undefined,
    );
  });
}

/** The Services, oldest first, that hold `left`, could share an address with `mover`, and would move if they were reallocated. */
function followersAt(left: Address, mover: ServiceState, facts: Facts): ServiceState[] {
  const { ledger, config } = facts;
  return ledger
    .servicesAt(left)
    .filter((other) => {
      const { key, view, record, intent, releasingIPs } = other;
      if (key === mover.key || record === undefined || !view.labeled || releasingIPs.length > 0) return false;
      if (intent.kind !== 'assigned' || !isOnly(intent.list, left)) return false;
      // A static address is not moved by what is done to others.
      const moves = intent.origin === 'allocated' || view.reallocate === 'all';
      const subject = subjectOf(other, facts);
      return (
        moves &&
        subject.policy.pools.length > 0 &&
        !provides(subject.policy, left) &&
        wantsToShare(subject) &&
        joinConflict(mover, other, left, config) === undefined
      );
    })
    .sort((a, b) => compareAge(a.view, b.view));
}

function inSearchOrder(descending: boolean): (a: Address, b: Address) => number {
  return descending ? (a, b) => compareAddresses(b, a) : compareAddresses;
}

/** The spans that the pools of a Service have, too. The pools can overlap. */
function commonSpans(spans: readonly Span[], { view }: ServiceState, { config }: Facts): readonly Span[] {
  const { pools } = policyFor(config, view);
  const [one, ...more] = pools.map((pool) =>
    pool.spans.IPv4 === spans ? spans : intersection(spans, pool.spans.IPv4),
  );
  return more.length === 0 ? (one ?? []) : mergeSpans([one ?? [], ...more].flat());
}

function intersection(one: readonly Span[], other: readonly Span[]): readonly Span[] {
  const common: Span[] = [];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const [a, b] = [one[i], other[j]];
    if (a === undefined || b === undefined) break;
    const [first, last] = [a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last];
    if (first <= last) common.push({ first, last });
    if (a.last < b.last) i += 1;
    else j += 1;
  }
  return common;
}
