import type { Config } from '../config/config.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import type { Decision } from '../decide/decision.ts';
import { explainProblem } from '../explain/explain-config.ts';
import { explainDecision, reasonOf } from '../explain/explain-decision.ts';
import { formatAddress } from '../ip/address.ts';
import { formatAddressList } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import type { ServiceKey } from '../model/service-view.ts';
import { type PoolRow, poolRows } from './report.ts';
import { type ClusterSnapshot, type SimulatedOutcome, simulate } from './simulate.ts';

/** What a changed ConfigMap would do. It has only differences. */
export interface Plan {
  readonly pools: readonly PoolChange[];
  readonly services: readonly ServiceChange[];
  /** Problems of the ConfigMap, as sentences. */
  readonly problems: Difference;
  /** How many Services would keep an address that is no longer in their pool. */
  readonly fallingOutside: number;
}

export interface Difference {
  readonly appear: readonly string[];
  readonly vanish: readonly string[];
  readonly stay: readonly string[];
}

/** A pool before and after the change. One of the two is undefined if the pool is added or removed. */
export interface PoolChange {
  readonly key: string;
  readonly before: PoolRow | undefined;
  readonly after: PoolRow | undefined;
}

export interface ServiceChange {
  readonly service: ServiceKey;
  readonly kind: /** It gets an address that it would not get without the change. */
    | 'assigned'
    /** It gets another address than without the change. */
    | 'changed'
    /** It keeps an address that is no longer in its pool. */
    | 'outside'
    /** Its address is in its pool again. */
    | 'inside'
    /** It is pending, and would get an address without the change. */
    | 'pending'
    /** It is pending in both cases, for different reasons. */
    | 'reason';
  /** The addresses without the change; empty if the Service is pending. */
  readonly before: string;
  readonly after: string;
  /** The source of the addresses after the change. */
  readonly from: string;
  /** The condition after the change, or, for `assigned` and `changed`, the one without it. */
  readonly explanation: string;
}

/**
 * Simulates the controller with the current configuration, and from that result with the new one: O(Services) decisions.
 */
export function planOf(snapshot: ClusterSnapshot, config: Config, options: Options): Plan {
  const before = simulate(snapshot, options);
  const services = [...before.allocator.ledger.all()].map(({ view }) => view);
  const after = simulate({ ...snapshot, services, config }, options);
  const changes = serviceChanges(before, after, options);
  return {
    pools: poolChanges(before, after),
    services: changes,
    problems: difference(snapshot.config.problems.map(explainProblem), config.problems.map(explainProblem)),
    fallingOutside: changes.filter(({ kind }) => kind === 'outside').length,
  };
}

function difference(before: readonly string[], after: readonly string[]): Difference {
  return {
    appear: after.filter((sentence) => !before.includes(sentence)),
    vanish: before.filter((sentence) => !after.includes(sentence)),
    stay: after.filter((sentence) => before.includes(sentence)),
  };
}

/** Includes pools that are unchanged but would be used differently. */
function poolChanges(before: SimulatedOutcome, after: SimulatedOutcome): PoolChange[] {
  const [previous, next] = [before, after].map(
    ({ allocator }) => new Map(poolRows(allocator).map((row) => [row.key, row])),
  ) as [Map<string, PoolRow>, Map<string, PoolRow>];
  return [...new Set([...previous.keys(), ...next.keys()])]
    .sort()
    .map((key) => ({ key, before: previous.get(key), after: next.get(key) }))
    .filter(({ before: a, after: b }) => a === undefined || b === undefined || !isSamePool(a, b));
}

function isSamePool(a: PoolRow, b: PoolRow): boolean {
  return a.ranges === b.ranges && a.used === b.used && a.size === b.size && a.remark === b.remark;
}

function serviceChanges(
  before: SimulatedOutcome,
  after: SimulatedOutcome,
  options: Options,
): ServiceChange[] {
  const changes: ServiceChange[] = [];
  for (const { key } of before.allocator.ledger.all()) {
    const [previous, next] = [before.allocator.explain(key), after.allocator.explain(key)];
    if (previous === undefined || next === undefined) continue;
    const change = serviceChange(previous, next, options);
    if (change !== undefined) changes.push({ service: key, ...change });
  }
  return changes.sort((a, b) => (a.service < b.service ? -1 : 1));
}

function serviceChange(
  previous: ServiceDecision,
  next: ServiceDecision,
  options: Options,
): Omit<ServiceChange, 'service'> | undefined {
  const [before, after] = [addressesIn(previous), addressesIn(next)];
  const from = 'source' in next.decision ? next.decision.source : '';
  const addresses = { before, after, from };
  const explanation = explainDecision(next.decision, options);
  if (before !== after) {
    if (after === '') return { kind: 'pending', ...addresses, explanation };
    const kind = before === '' ? 'assigned' : 'changed';
    return { kind, ...addresses, explanation: explainDecision(previous.decision, options) };
  }
  const [wasOutside, isOutside] = [outsideOf(previous.decision), outsideOf(next.decision)];
  // If one of two addresses stays outside and the other one is in the pool again, nothing falls outside.
  if (isOutside.some((address) => !wasOutside.includes(address)))
    return { kind: 'outside', ...addresses, explanation };
  if (isOutside.length === 0 && wasOutside.length > 0) return { kind: 'inside', ...addresses, explanation };
  if (after === '' && reasonOf(previous.decision) !== reasonOf(next.decision))
    return { kind: 'reason', ...addresses, explanation };
  return undefined;
}

function addressesIn({ decision, state: { view, intent } }: ServiceDecision): string {
  if (decision.kind === 'keep' || decision.kind === 'write') return decision.addresses;
  // An ignored Service keeps the addresses that it has.
  return decision.kind === 'ignore' && view.annotation !== undefined && 'list' in intent
    ? formatAddressList(intent.list)
    : '';
}

function outsideOf(decision: Decision): string[] {
  if (!('conditions' in decision)) return [];
  return decision.conditions.flatMap((condition) =>
    condition.code === 'outside-pool' ? formatAddress(condition.address) : [],
  );
}
