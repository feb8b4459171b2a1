import type { Config } from '../config/config.ts';
import { type AllocationPolicy, isInPool, type PolicyPool, policyFor, poolsOf } from '../config/policy.ts';
import type { Pool } from '../config/pool.ts';
import { without } from '../config/spans.ts';
import { requestOf, wantsToShare } from '../decide/allocation-request.ts';
import type { Decision } from '../decide/decision.ts';
import { type Facts, subjectOf } from '../decide/facts.ts';
import { freeAddress } from '../decide/free-address.ts';
import { keptBySlot } from '../decide/kept-addresses.ts';
import { canJoin } from '../decide/shared-address.ts';
import { formatRange } from '../explain/explain-config.ts';
import { explainDecision, failureProblem } from '../explain/explain-decision.ts';
import { explainNoTarget, explainStay, type NoTarget, type StaysBecause } from '../explain/explain-move.ts';
import { type Address, type Family, formatAddress } from '../ip/address.ts';
import { ordinalsOf, type Range, rangesContain } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { addressesOf, formatAddressList } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { compareAge, type ServiceKey } from '../model/service-view.ts';
import { type ClusterSnapshot, Simulation } from './simulate.ts';

/** Which Services to move, and where. */
export interface MoveRequest {
  /** The addresses that the Services leave: sorted and disjoint. */
  readonly ranges: readonly Range[];
  /** Only Services for which this is true are moved. */
  readonly includes: (state: ServiceState) => boolean;
  /** Also moves addresses that were requested by name, which are then allocated ones. */
  readonly movesStatic: boolean;
  /** The key of the only pool to choose from; without it, the pools of each Service. */
  readonly pool: string | undefined;
  /** The addresses to move to, one for each family at most. */
  readonly addresses: readonly Address[];
  /** Whether the host part of an address stays, in another block. */
  readonly keepsHost: boolean;
}

/** A Service and the list of its addresses before and after. */
export interface Move {
  readonly service: ServiceKey;
  readonly uid: string;
  readonly from: string;
  /** As in the annotation `kube-vip.io/reallocate`. */
  readonly to: string;
}

/** A Service that is not moved, with its addresses and a sentence. */
export interface Stay {
  readonly service: ServiceKey;
  readonly addresses: string;
  readonly why: string;
}

export interface MovePlan {
  /** Oldest first. Each is exactly what the controller does when the annotation asks for it. */
  readonly moves: readonly Move[];
  /** Requested earlier, and not done yet. */
  readonly underWay: readonly Move[];
  /** Services for which there is no address to move to. */
  readonly blocked: readonly Stay[];
  /** Services that are left as they are. */
  readonly left: readonly Stay[];
}

/**
 * Plans to move Services off some addresses. Each move is simulated with the controller's own decisions before the next one is
 * planned, so the plan is what happens unless something else changes: O(Services) decisions.
 */
export function planMoves(snapshot: ClusterSnapshot, request: MoveRequest, options: Options): MovePlan {
  const simulation = new Simulation(snapshot, options);
  const { allocator } = simulation;
  const before = [...allocator.ledger.all()]
    .filter(({ requestedIPs }) => requestedIPs.some((one) => rangesContain(request.ranges, one)))
    .filter(request.includes)
    .sort((a, b) => compareAge(a.view, b.view));
  simulation.settle();
  const planner = new Planner(simulation, request, options);
  const plan = { moves: [] as Move[], underWay: [] as Move[], blocked: [] as Stay[], left: [] as Stay[] };
  for (const { key, intent, view } of before) {
    const state = allocator.ledger.get(key);
    if (state === undefined) continue;
    const from = 'list' in intent ? formatAddressList(intent.list) : formatAddressList(state.requestedIPs);
    const why = whyLeft(state, request);
    if (why !== undefined) plan.left.push({ service: key, addresses: from, why: explainStay(why) });
    else if (!addressesOf(listOf(state)).some((one) => rangesContain(request.ranges, one)))
      plan.underWay.push({ service: key, uid: view.uid, from, to: formatAddressList(listOf(state)) });
    else {
      const moved = planner.move(state);
      if ('why' in moved) plan.blocked.push({ service: key, addresses: from, why: moved.why });
      else plan.moves.push({ service: key, uid: view.uid, from, to: moved.to });
    }
  }
  return plan;
}

function listOf({ intent }: ServiceState): readonly (Address | string)[] {
  return 'list' in intent ? intent.list : [];
}

function whyLeft(
  { view, intent, ignoreReason }: ServiceState,
  { movesStatic }: MoveRequest,
): StaysBecause | undefined {
  if (ignoreReason !== undefined) return 'not-handled';
  if (view.deleting) return 'being-deleted';
  if (intent.kind === 'assigned') return intent.origin === 'static' && !movesStatic ? 'static' : undefined;
  if (intent.kind === 'requested') return 'static';
  return 'no-address';
}

/** Chooses the addresses to move to, one Service after the other. */
class Planner {
  readonly #simulation: Simulation;
  readonly #request: MoveRequest;
  readonly #options: Options;
  /** The pools without the addresses to leave, each the same object for all searches. */
  readonly #pools = new Map<PolicyPool, PolicyPool>();

  constructor(simulation: Simulation, request: MoveRequest, options: Options) {
    this.#simulation = simulation;
    this.#request = request;
    this.#options = options;
  }

  /** Moves the Service in the simulation, or says why it cannot be moved. */
  move(state: ServiceState): { readonly to: string } | { readonly why: string } {
    const target: Address[] = [];
    for (const address of addressesOf(listOf(state))) {
      const chosen = rangesContain(this.#request.ranges, address)
        ? this.#choose(state, address, target)
        : address;
      if ('code' in chosen) return { why: explainNoTarget(chosen) };
      target.push(chosen);
    }
    const to = formatAddressList(target);
    const { allocator } = this.#simulation;
    this.#simulation.write({ ...state.view, reallocate: { target: to } });
    this.#simulation.settle();
    const after = allocator.ledger.get(state.key);
    if (after?.view.annotation === to && after.view.reallocate === false) return { to };
    const why = whyRefused(allocator.explain(state.key)?.decision, this.#options);
    if (after !== undefined) this.#simulation.write({ ...after.view, reallocate: false });
    this.#simulation.settle();
    return { why };
  }

  #choose(state: ServiceState, address: Address, picked: readonly Address[]): Address | NoTarget {
    const { pool: only, addresses, keepsHost } = this.#request;
    const named = addresses.find(({ family }) => family === address.family);
    if (named !== undefined) return named;
    const { allocator } = this.#simulation;
    const policy = policyFor(allocator.config, state.view);
    const all = poolsFor(state, address, policy, allocator);
    const pools = only === undefined ? all : all.filter(({ key }) => key === only);
    const keys = (pools.length > 0 ? pools : all).map(({ key }) => key);
    if (pools.length === 0 && only !== undefined) return { code: 'not-its-pool', key: only, keys };
    if (keepsHost) {
      const same = pools.flatMap((pool) => this.#withHostOf(address, pool)).at(0);
      return same ?? { code: 'no-host-part', address: formatAddress(address), keys };
    }
    const { family } = address;
    const reserved = this.#reserved(state, family);
    if (reserved !== undefined && only === undefined) return reserved;
    for (const pool of pools) {
      const found =
        this.#joinable(state, address, pool) ??
        freeAddress({ state, family, picked }, this.#withoutLeft(pool), allocator.facts)?.address;
      if (found !== undefined) return found;
    }
    return { code: 'none-free', family, keys };
  }

  /** The address that the configuration reserves for the Service, if it can have it. */
  #reserved(state: ServiceState, family: Family): Address | undefined {
    const { ledger } = this.#simulation.allocator;
    return ledger.reservations
      .of(state.key, 'configured')
      .map(({ address }) => address)
      .find(
        (one) =>
          one.family === family && !rangesContain(this.#request.ranges, one) && ledger.isFreeFor(state, one),
      );
  }

  /** Where a Service went that shared the address, if this one can follow. */
  #joinable(state: ServiceState, address: Address, pool: PolicyPool): Address | undefined {
    const { allocator } = this.#simulation;
    if (!wantsToShare(subjectOf(state, allocator)) || listOf(state).length > 1) return undefined;
    return allocator.ledger
      .movedFrom(address)
      .filter(({ key }) => key !== state.key)
      .flatMap((other) => addressesOf(listOf(other)))
      .find(
        (one) =>
          isInPool(pool, one) && !rangesContain(this.#request.ranges, one) && canJoin(state, one, allocator),
      );
  }

  /** The addresses of the pool with the same host part, in its blocks besides those to leave. */
  #withHostOf(address: Address, pool: PolicyPool): Address[] {
    const { ranges } = this.#request;
    const leaving = ranges.find((range) => rangesContain([range], address));
    if (leaving === undefined) return [];
    return pool.ranges
      .filter(({ family }) => family === address.family)
      .map((range) => withHostPart(address, leaving, range))
      .filter((one) => isInPool(this.#withoutLeft(pool), one));
  }

  #withoutLeft(pool: PolicyPool): PolicyPool {
    const { ranges } = this.#request;
    const known = this.#pools.get(pool) ?? {
      ...pool,
      spans: {
        IPv4: without(pool.spans.IPv4, ranges, 'IPv4'),
        IPv6: without(pool.spans.IPv6, ranges, 'IPv6'),
      },
    };
    this.#pools.set(pool, known);
    return known;
  }
}

/** Why the controller does not carry out a move, in sentences. */
function whyRefused(decision: Decision | undefined, options: Options): string {
  if (decision === undefined) return '';
  const pending =
    'conditions' in decision ? decision.conditions.find(({ code }) => code === 'pending-change') : undefined;
  return pending?.code === 'pending-change'
    ? pending.failures.map((failure) => failureProblem(failure, options)).join(' ')
    : explainDecision(decision, options);
}

/** The pools that replace the address: where the Service has one of each group of pools, those of the address's own group. */
function poolsFor(
  state: ServiceState,
  address: Address,
  { groups, pools }: AllocationPolicy,
  facts: Facts,
): readonly PolicyPool[] {
  if (groups.length < 2) return pools;
  const keep = addressesOf(listOf(state));
  const slots = keptBySlot({ ...requestOf(subjectOf(state, facts)), keep }, groups);
  return groups[slots.findIndex((slot) => slot.includes(address))] ?? pools;
}

/**
 * The address in the block of `to` with the host part of `address`: as many bits as the larger of the two ranges needs, so that two
 * addresses of `from` never become the same.
 */
export function withHostPart(address: Address, from: Range, to: Range): Address {
  const bits = [from, to].map(({ first, last }) => BigInt((first ^ last).toString(2).length));
  const hostBits = bits.reduce((a, b) => (a > b ? a : b));
  const mask = (1n << hostBits) - 1n;
  return { family: address.family, value: (to.first & ~mask) | (address.value & mask) };
}

/** The keys of the pools that still give addresses of the ranges to Services. */
export function poolsThatGive(config: Config, ranges: readonly Range[]): readonly string[] {
  return poolsOf(config)
    .filter((pool) => ranges.some((range) => gives(pool, range)))
    .map(({ key }) => key)
    .sort();
}

function gives({ spans }: Pool, range: Range): boolean {
  const span = ordinalsOf(range);
  return (
    span !== undefined &&
    spans[range.family].some(({ first, last }) => first <= span.last && span.first <= last)
  );
}

/** A key of the ConfigMap with its new value. */
export interface Exclusion {
  readonly key: string;
  readonly value: string;
}

/**
 * What excludes the addresses from automatic allocation, beside what is excluded already; undefined if no pool gives them. `data` is
 * the content of the ConfigMap. Of the keys that exclude addresses, only this one applies beside all others.
 */
export function exclusionOf(
  config: Config,
  ranges: readonly Range[],
  data: Readonly<Record<string, string>>,
): Exclusion | undefined {
  if (poolsThatGive(config, ranges).length === 0) return undefined;
  const key = 'exclude-global';
  const entries = ranges.map(formatRange).join(', ');
  const before = data[key]?.trim() ?? '';
  return { key, value: before === '' ? entries : `${before}, ${entries}` };
}
