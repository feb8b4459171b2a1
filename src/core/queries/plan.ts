import type { Config } from '../config/config.ts';
import { policyFor } from '../config/policy.ts';
import type { Allocator, ServiceDecision } from '../decide/allocator.ts';
import type { Condition, Decision } from '../decide/decision.ts';
import { explainProblems } from '../explain/explain-config.ts';
import {
  conditionCode,
  explainCondition,
  explainDecision,
  explainExcludedAddress,
  explainStranded,
  reasonOf,
} from '../explain/explain-decision.ts';
import { type Address, formatAddress } from '../ip/address.ts';
import { mergeRanges, type Range, rangesContain } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { type CanonicalList, canonicalList, formatAddressList } from '../model/address-list.ts';
import { staticSource } from '../model/allocation-record.ts';
import type { Service } from '../model/objects.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey } from '../model/service-view.ts';
import { withApplied } from './applied-service.ts';
import { excludedBy } from './pool-users.ts';
import { pendingCounts, type QuotaRow, quotaRows } from './quotas.ts';
import { type PoolRow, poolNotes, poolRows } from './report.ts';
import { allocatorOf, type ClusterSnapshot, type SimulatedOutcome, simulate } from './simulate.ts';

/** What a changed ConfigMap and applied Services would do. It has only differences, and the applied Services. */
export interface Plan {
  readonly pools: readonly PoolChange[];
  readonly quotas: readonly QuotaChange[];
  readonly services: readonly ServiceChange[];
  /** Problems of the ConfigMap, as sentences. */
  readonly problems: Difference;
  /** How many Services would keep an address that is no longer in their pool. */
  readonly fallingOutside: number;
  /** How many other Services would keep an address that is no longer in any pool. */
  readonly stranded: number;
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

/** A quota that the change sets, removes, changes, or exhausts. */
export interface QuotaChange {
  readonly namespace: string;
  readonly before: QuotaRow | undefined;
  readonly after: QuotaRow | undefined;
}

export interface ServiceChange {
  readonly service: ServiceKey;
  readonly kind: /** It gets an address that it would not get without the change. */
    | 'assigned'
    /** It gets another address than without the change. */
    | 'changed'
    /** It keeps an address that is no longer in its pool. */
    | 'outside'
    /** It keeps an address, usually a static one, that was in a pool and is in none now. */
    | 'stranded'
    /** It keeps an address that is reserved for another Service, or another Service has the one reserved for it. */
    | 'reserved'
    /** It keeps an address that is excluded now. */
    | 'excluded'
    /** Its address is in its pool again. */
    | 'inside'
    /** It is pending, and would get an address without the change. */
    | 'pending'
    /** It is pending in both cases, for different reasons. */
    | 'reason'
    /** It is applied, and did not exist before. */
    | 'created'
    /** It is applied, and stays as it is. */
    | 'unchanged'
    /** It is no longer of type LoadBalancer. */
    | 'released';
  /** The addresses without the change; empty if the Service is pending. */
  readonly before: string;
  /** Whether the Service has an address of `before` already. If not, the controller has yet to assign them. */
  readonly isHeld: boolean;
  readonly after: string;
  /** The source of the addresses after the change. */
  readonly from: string;
  /** The condition after the change, or, for `assigned` and `changed`, the one without it. */
  readonly explanation: string;
}

/** What a user is about to apply. */
export interface PlannedChange {
  readonly config: Config;
  /** Manifests of Services. */
  readonly services: readonly Service[];
}

/**
 * Simulates the controller twice from what is in the API, without the change and with it: O(Services) decisions. Only an
 * address that a Service has in the API can be kept.
 */
export function planOf(
  snapshot: ClusterSnapshot,
  { config, services }: PlannedChange,
  options: Options,
): Plan {
  const before = simulate(snapshot, options);
  const changed = { ...snapshot, config, services: withApplied(snapshot.services, services) };
  const after = simulate(changed, options);
  const changes = serviceChanges({
    current: allocatorOf(snapshot, options),
    before,
    after,
    applied: new Set(services.map(({ metadata }) => keyOf({ namespace: 'default', ...metadata }))),
    options,
  });
  const count = (kind: ServiceChange['kind']): number => changes.filter((one) => one.kind === kind).length;
  return {
    pools: poolChanges(before, after),
    quotas: quotaChanges(before, after),
    services: changes,
    problems: difference(explainProblems(snapshot.config.problems), explainProblems(config.problems)),
    fallingOutside: count('outside'),
    stranded: count('stranded'),
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
  const notes = [a, b].map((row) => poolNotes(row).join());
  return a.ranges === b.ranges && a.used === b.used && a.size === b.size && notes[0] === notes[1];
}

/** The use of a quota alone is no change until nothing is left of it. */
function quotaChanges(before: SimulatedOutcome, after: SimulatedOutcome): QuotaChange[] {
  const [previous, next] = [before, after].map(({ allocator }) => {
    const decisions = [...allocator.ledger.all()].flatMap(({ key }) => allocator.explain(key) ?? []);
    return new Map(quotaRows(allocator, pendingCounts(decisions)).map((row) => [row.namespace, row]));
  }) as [Map<string, QuotaRow>, Map<string, QuotaRow>];
  return [...new Set([...previous.keys(), ...next.keys()])]
    .sort()
    .map((namespace) => ({ namespace, before: previous.get(namespace), after: next.get(namespace) }))
    .filter(({ before: a, after: b }) => {
      const isExhausted = (row: QuotaRow | undefined): boolean => row !== undefined && row.left <= 0;
      return a?.key !== b?.key || a?.limit !== b?.limit || isExhausted(a) !== isExhausted(b);
    });
}

interface Comparison {
  /** What is in the API. */
  readonly current: Allocator;
  /** The outcome without the change. */
  readonly before: SimulatedOutcome;
  readonly after: SimulatedOutcome;
  readonly applied: ReadonlySet<ServiceKey>;
  readonly options: Options;
}

function serviceChanges(comparison: Comparison): ServiceChange[] {
  const { current, before, after, applied, options } = comparison;
  const configs = [before.allocator.config, after.allocator.config] as const;
  const isStranded = strandedBy(...configs);
  const exclusion = exclusionBy(...configs);
  const keys = [before, after].flatMap(({ allocator }) => [...allocator.ledger.all()].map(({ key }) => key));
  return [...new Set(keys)].sort().flatMap((service): ServiceChange[] => {
    const [previous, next] = [before.allocator.explain(service), after.allocator.explain(service)];
    const isHeld = previous !== undefined && hasAny(current.ledger.get(service), addressesIn(previous));
    if (previous === undefined)
      return next === undefined ? [] : [{ service, isHeld, ...alone('created', next, options) }];
    if (next === undefined) {
      const addresses = { before: addressesIn(previous).text, after: '', from: '' };
      return [{ service, kind: 'released', isHeld, ...addresses, explanation: '' }];
    }
    const change =
      serviceChange({ previous, next, isStranded, exclusion }, after.allocator.config, options) ??
      (applied.has(service) ? alone('unchanged', next, options) : undefined);
    return change === undefined ? [] : [{ service, isHeld, ...change }];
  });
}

/** A Service about which there is only one thing to say. */
function alone(
  kind: 'created' | 'unchanged',
  decided: ServiceDecision,
  options: Options,
): Omit<ServiceChange, 'service' | 'isHeld'> {
  const { decision } = decided;
  const after = addressesIn(decided).text;
  const from = 'source' in decision ? decision.source : '';
  const explanation = explainDecision(decision, options);
  return { kind, before: kind === 'created' ? '' : after, after, from, explanation };
}

/** Whether the Service has one of the addresses in the API, if only in its status. */
function hasAny(state: ServiceState | undefined, { entries }: CanonicalList): boolean {
  if (state === undefined) return false;
  const named = 'list' in state.intent ? state.intent.list : [];
  const held = new Set([...named, ...state.usedIPs].map((entry) => formatAddressList([entry])));
  return entries.some((entry) => held.has(formatAddressList([entry])));
}

/** Whether the last pool with an address goes. */
function strandedBy(before: Config, after: Config): (address: Address) => boolean {
  const [previous, next] = [rangesOf(before), rangesOf(after)];
  return (address) => rangesContain(previous, address) && !rangesContain(next, address);
}

/** The keys that exclude an address after the change, and did not before it. */
function exclusionBy(before: Config, after: Config): (address: Address) => readonly string[] {
  const { exclude } = after.settings;
  const ranges = mergeRanges([...exclude.pool.values(), ...exclude.namespace.values()].flat());
  return (address) => {
    // Nearly all addresses end here.
    if (!rangesContain(ranges, address)) return [];
    const known = excludedBy(address, before);
    return excludedBy(address, after).filter((key) => !known.includes(key));
  };
}

function rangesOf({ pools }: Config): readonly Range[] {
  return mergeRanges([...pools.values()].flatMap(({ ranges }) => ranges));
}

interface DecisionChange {
  readonly previous: ServiceDecision;
  readonly next: ServiceDecision;
  readonly isStranded: (address: Address) => boolean;
  readonly exclusion: (address: Address) => readonly string[];
}

function serviceChange(
  { previous, next, isStranded, exclusion }: DecisionChange,
  config: Config,
  options: Options,
): Omit<ServiceChange, 'service' | 'isHeld'> | undefined {
  const [before, after] = [addressesIn(previous).text, addressesIn(next).text];
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
  const stranded = 'conditions' in next.decision ? next.state.requestedIPs.filter(isStranded) : [];
  if (stranded.length > 0) {
    const { key: service, view } = next.state;
    const { pools } = policyFor(config, view);
    const hasPool = stranded.every(({ family }) => pools.some(({ size }) => size[family] > 0n));
    const isStatic = from === staticSource;
    const text = explainStranded({ service, addresses: stranded, isStatic, hasPool });
    return { kind: 'stranded', ...addresses, explanation: text };
  }
  const reserved = newReservations(previous.decision, next.decision);
  if (reserved.length > 0) {
    const text = reserved.map((condition) => explainCondition(condition, options)).join(' ');
    return { kind: 'reserved', ...addresses, explanation: text };
  }
  const excluded = 'conditions' in next.decision ? next.state.requestedIPs : [];
  for (const address of excluded) {
    const by = exclusion(address);
    if (by.length > 0)
      return { kind: 'excluded', ...addresses, explanation: explainExcludedAddress(address, by) };
  }
  if (isOutside.length === 0 && wasOutside.length > 0) return { kind: 'inside', ...addresses, explanation };
  if (after === '' && reasonOf(previous.decision) !== reasonOf(next.decision))
    return { kind: 'reason', ...addresses, explanation };
  return undefined;
}

function addressesIn({ decision, state: { view, intent } }: ServiceDecision): CanonicalList {
  if (decision.kind === 'keep' || decision.kind === 'write') return decision.addresses;
  // An ignored Service keeps the addresses that it has.
  const isIgnored = decision.kind === 'ignore' && view.annotation !== undefined && 'list' in intent;
  return canonicalList(isIgnored ? intent.list : []);
}

/** The conditions about reservations that the change causes. */
function newReservations(before: Decision, after: Decision): Condition[] {
  const isReservation = ({ code }: Condition): boolean =>
    code === 'reserved-for-other' || code === 'reservation-unused';
  const textsOf = (decision: Decision): string[] =>
    'conditions' in decision ? decision.conditions.filter(isReservation).map(conditionCode) : [];
  const known = textsOf(before);
  return 'conditions' in after
    ? after.conditions.filter((one) => isReservation(one) && !known.includes(conditionCode(one)))
    : [];
}

function outsideOf(decision: Decision): string[] {
  if (!('conditions' in decision)) return [];
  return decision.conditions.flatMap((condition) =>
    condition.code === 'outside-pool' ? formatAddress(condition.address) : [],
  );
}
