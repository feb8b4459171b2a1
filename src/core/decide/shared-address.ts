import { type Config, type Pool, poolFor, type Span, sharingFor } from '../config/config.ts';
import { type Address, formatAddress, readAddress } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { joinConflict, whyNotSharing } from '../ledger/sharing.ts';
import { formatAddressList } from '../model/address-list.ts';
import { compareAge } from '../model/service-view.ts';
import type { AllocationContext } from './allocation-context.ts';
import { isInPool } from './in-pool.ts';

/** Whether the Service prefers a shared address to a free one (spec section 6). */
export function wantsToShare(state: ServiceState, config: Config): boolean {
  const { view } = state;
  return (
    view.policy === 'SingleStack' &&
    sharingFor(config, view.namespace) &&
    whyNotSharing(state, config) === undefined
  );
}

export interface SharedAddresses {
  /** The first address in use that every holder agrees to share, and that takes no port from a Service on its way there. */
  readonly preferred: Address | undefined;
  /** The first one that every holder agrees to share. */
  readonly any: Address | undefined;
}

/** The addresses of the pool that the Service can share, in search order: O(used addresses of the pool). */
export function sharedAddresses(
  state: ServiceState,
  pool: Pool,
  context: AllocationContext,
): SharedAddresses {
  let any: Address | undefined;
  if (!wantsToShare(state, context.config)) return { preferred: undefined, any };
  for (const address of usedIn(pool.spans.IPv4, context)) {
    if (!canJoin([state], address, context)) continue;
    if (isConsiderate(state, address, context)) return { preferred: address, any: any ?? address };
    any ??= address;
  }
  return { preferred: undefined, any };
}

/**
 * Where a Service that leaves `left` meets the others that shared it: the address to which one of them has moved. Undefined if
 * there is none that it can share.
 */
export function addressOfMoved(
  state: ServiceState,
  left: Address,
  pool: Pool,
  context: AllocationContext,
): Address | undefined {
  const { ledger, config } = context;
  if (!wantsToShare(state, config)) return undefined;
  const candidates = ledger
    .movedFrom(formatAddress(left))
    .filter(({ key }) => key !== state.key)
    .flatMap(({ intent }) => ('list' in intent && intent.list.length === 1 ? intent.list : []))
    .filter((entry) => typeof entry !== 'string')
    .filter((address) => isInPool(pool, address) && canJoin([state], address, context))
    .sort((a, b) => (a.value < b.value === config.descending ? 1 : -1));
  return candidates[0];
}

/**
 * Where a Service that leaves `left` and those that still share it can all go: an address in use whose holders agree with each of
 * them, otherwise a free one. Undefined if no other Service shares it, or if no address is in the pools of all of them.
 */
export function addressForAll(
  state: ServiceState,
  left: Address,
  pool: Pool,
  context: AllocationContext,
): Address | undefined {
  const { ledger, config } = context;
  if (!wantsToShare(state, config)) return undefined;
  const all = [state];
  let spans = pool.spans.IPv4;
  for (const other of followersAt(left, state, context)) {
    const theirs = poolFor(config, other.view.namespace)?.spans.IPv4 ?? [];
    const common = theirs === spans ? spans : intersection(spans, theirs);
    // A Service whose pool has none of these addresses cannot follow.
    if (common.length === 0) continue;
    spans = common;
    all.push(other);
  }
  if (all.length === 1) return undefined;
  for (const address of usedIn(spans, context)) {
    const isJoinable = canJoin(all, address, context);
    if (isJoinable && all.every((one) => isConsiderate(one, address, context))) return address;
  }
  return ledger.firstFree('IPv4', spans, config.descending);
}

function usedIn(spans: readonly Span[], { ledger, config }: AllocationContext): IterableIterator<Address> {
  return ledger.usedAddresses('IPv4', spans, config.descending);
}

/** Whether no other owner claims the address, and no Service of another type has it as an external IP. */
export function isUnblocked(address: Address, { ledger }: AllocationContext): boolean {
  return ledger.claimOwner(address) === undefined && !ledger.isExternalIP(address);
}

/** Whether all holders of an address in use agree to share it with each of these Services. */
function canJoin(newcomers: readonly ServiceState[], address: Address, context: AllocationContext): boolean {
  const { ledger, config } = context;
  const [first] = newcomers;
  const holders = ledger.servicesAt(address).filter((other) => other.key !== first?.key);
  return (
    holders.length > 0 &&
    isUnblocked(address, context) &&
    newcomers.every((newcomer) => holders.every((holder) => agrees(newcomer, holder, address, config)))
  );
}

/**
 * Whether a Service without an address may come back to one of `other`: `other` has it and shares it, or lost its fields as
 * well, and may share it.
 */
export function mayRejoin(
  state: ServiceState,
  other: ServiceState,
  address: Address,
  config: Config,
): boolean {
  if (address.family !== 'IPv4' || !wantsToShare(state, config)) return false;
  if (agrees(state, other, address, config)) return true;
  const bothLostTheirFields = [state, other].every(
    ({ view, intent }) => view.labeled && intent.kind === 'new',
  );
  return (
    bothLostTheirFields && wantsToShare(other, config) && joinConflict(state, other, config) === undefined
  );
}

/** Whether an assigned holder shares its address with the newcomer. A label beside another Service's record is a copy's. */
function agrees(newcomer: ServiceState, holder: ServiceState, address: Address, config: Config): boolean {
  const { view, record, intent } = holder;
  const isAssigned = view.labeled && (record !== undefined || view.record === undefined);
  // An address that is only in the status, or that DHCP leased, cannot be shared.
  const hasAddress = 'list' in intent && formatAddressList(intent.list) === formatAddress(address);
  return isAssigned && hasAddress && isStable(holder) && joinConflict(newcomer, holder, config) === undefined;
}

/**
 * While a write is in flight that releases addresses, the holder may still have those. If it has exactly one IPv4 address before
 * and after the write, it can share the new one with any outcome.
 */
function isStable({ requestedIPs, releasingIPs }: ServiceState): boolean {
  if (releasingIPs.length === 0) return true;
  return (
    releasingIPs.length === 1 &&
    requestedIPs.length === 2 &&
    requestedIPs.every(({ family }) => family === 'IPv4')
  );
}

/**
 * Whether the Service leaves an address to those on their way to it: where a holder left an address that others still share, these
 * can be moved to the holder.
 */
function isConsiderate(state: ServiceState, address: Address, context: AllocationContext): boolean {
  const { ledger, config } = context;
  return ledger.servicesAt(address).every((holder) => {
    const was = holder.record?.was;
    if (was === undefined || holder.key === state.key) return true;
    const left = readAddress(was);
    if (left === undefined) return true;
    return followersAt(left, holder, context).every((follower) => {
      const pool = poolFor(config, follower.view.namespace);
      const canFollow = pool !== undefined && isInPool(pool, address);
      return !canFollow || follower.key === state.key || joinConflict(state, follower, config) === undefined;
    });
  });
}

/** The Services, oldest first, that hold `left`, could share an address with `mover`, and would move if they were reallocated. */
function followersAt(
  left: Address,
  mover: ServiceState,
  { ledger, config }: AllocationContext,
): ServiceState[] {
  return ledger
    .servicesAt(left)
    .filter((other) => {
      const { key, view, record, intent, releasingIPs } = other;
      if (key === mover.key || record === undefined || !view.labeled || releasingIPs.length > 0) return false;
      const hasIt = intent.kind === 'assigned' && formatAddressList(intent.list) === formatAddress(left);
      // A static address is not moved by what is done to others.
      const moves = hasIt && (intent.origin === 'allocated' || view.reallocate === 'all');
      const pool = poolFor(config, view.namespace);
      return (
        moves &&
        pool !== undefined &&
        !isInPool(pool, left) &&
        wantsToShare(other, config) &&
        joinConflict(mover, other, config) === undefined
      );
    })
    .sort((a, b) => compareAge(a.view, b.view));
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
