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

/** What a changed ConfigMap would do. Everything in it is a difference; what stays as it is is not told. */
export interface Plan {
  readonly pools: readonly PoolChange[];
  readonly services: readonly ServiceChange[];
  /** Sentences, of what is wrong in the ConfigMap. */
  readonly problems: Difference;
  /** Held addresses that would fall outside of their pool, and did not before. */
  readonly fallingOutside: number;
}

export interface Difference {
  readonly appear: readonly string[];
  readonly vanish: readonly string[];
  readonly stay: readonly string[];
}

/** A pool before and after; one of the two is missing where it comes or goes. */
export interface PoolChange {
  readonly key: string;
  readonly before: PoolRow | undefined;
  readonly after: PoolRow | undefined;
}

export interface ServiceChange {
  readonly service: ServiceKey;
  readonly kind: /** It gets an address that it would not have had. */
    | 'assigned'
    /** It has another address than it would have had. */
    | 'changed'
    /** It keeps an address that falls outside of its pool. */
    | 'outside'
    /** Its address is in its pool again. */
    | 'inside'
    /** It would have got an address, and waits. */
    | 'pending'
    /** It waits in both cases, for other reasons. */
    | 'reason';
  /** The addresses that it has, or would have, without the change; empty where it waits. */
  readonly before: string;
  readonly after: string;
  /** Where they come from, after it. */
  readonly from: string;
  /** What is to be said of it: of one that is served or changed, how it stood without the change. */
  readonly explanation: string;
}

/**
 * Lets the controller's own allocator come to rest with the pools as they are, and from there with those that they would
 * be: O(Services) decisions.
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

/** Also of pools that stay as they are, where what is used of them differs. */
function poolChanges(before: SimulatedOutcome, after: SimulatedOutcome): PoolChange[] {
  const [old, next] = [before, after].map(
    ({ allocator }) => new Map(poolRows(allocator).map((row) => [row.key, row])),
  ) as [Map<string, PoolRow>, Map<string, PoolRow>];
  return [...new Set([...old.keys(), ...next.keys()])]
    .sort()
    .map((key) => ({ key, before: old.get(key), after: next.get(key) }))
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
    const [old, next] = [before.allocator.explain(key), after.allocator.explain(key)];
    if (old === undefined || next === undefined) continue;
    const change = serviceChange(old, next, options);
    if (change !== undefined) changes.push({ service: key, ...change });
  }
  return changes.sort((a, b) => (a.service < b.service ? -1 : 1));
}

function serviceChange(
  old: ServiceDecision,
  next: ServiceDecision,
  options: Options,
): Omit<ServiceChange, 'service'> | undefined {
  const [before, after] = [shownBy(old), shownBy(next)];
  const from = 'source' in next.decision ? next.decision.source : '';
  const shown = { before, after, from };
  const [was, is] = [old, next].map(({ decision }) => explainDecision(decision, options)) as [string, string];
  if (before !== after) {
    if (after === '') return { kind: 'pending', ...shown, explanation: is };
    return { kind: before === '' ? 'assigned' : 'changed', ...shown, explanation: was };
  }
  const [wasOutside, isOutside] = [outsideOf(old.decision), outsideOf(next.decision)];
  // One of two that comes back in while the other stays outside is no fall.
  if (isOutside.some((address) => !wasOutside.includes(address)))
    return { kind: 'outside', ...shown, explanation: is };
  if (isOutside.length === 0 && wasOutside.length > 0) return { kind: 'inside', ...shown, explanation: is };
  if (after === '' && reasonOf(old.decision) !== reasonOf(next.decision))
    return { kind: 'reason', ...shown, explanation: is };
  return undefined;
}

/** The addresses that it is served with. */
function shownBy({ decision, state: { view, intent } }: ServiceDecision): string {
  if (decision.kind === 'keep' || decision.kind === 'write') return decision.addresses;
  // It is none of ours to change, and shows what it shows.
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
