import type { Config } from '../config/config.ts';
import { policyFor } from '../config/policy.ts';
import type { Allocator, ServiceDecision } from '../decide/allocator.ts';
import type { Decision } from '../decide/decision.ts';
import { explainProblems } from '../explain/explain-config.ts';
import { explainDecision, explainStranded, reasonOf } from '../explain/explain-decision.ts';
import { type Address, formatAddress } from '../ip/address.ts';
import { mergeRanges, type Range, rangesContain } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { type CanonicalList, canonicalList, formatAddressList } from '../model/address-list.ts';
import { staticSource } from '../model/allocation-record.ts';
import type { Service } from '../model/objects.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey } from '../model/service-view.ts';
import { withApplied } from './applied-service.ts';
import { type PoolRow, poolRows } from './report.ts';
import { allocatorOf, type ClusterSnapshot, type SimulatedOutcome, simulate } from './simulate.ts';

/** What a changed ConfigMap and applied Services would do. It has only differences, and the applied Services. */
export interface Plan {
  readonly pools: readonly PoolChange[];
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
  return a.ranges === b.ranges && a.used === b.used && a.size === b.size && a.remark === b.remark;
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
  const isStranded = strandedBy(before.allocator.config, after.allocator.config);
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
      serviceChange({ previous, next, isStranded }, after.allocator.config, options) ??
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

function rangesOf({ pools }: Config): readonly Range[] {
  return mergeRanges([...pools.values()].flatMap(({ ranges }) => ranges));
}

interface DecisionChange {
  readonly previous: ServiceDecision;
  readonly next: ServiceDecision;
  readonly isStranded: (address: Address) => boolean;
}

function serviceChange(
  { previous, next, isStranded }: DecisionChange,
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

function outsideOf(decision: Decision): string[] {
  if (!('conditions' in decision)) return [];
  return decision.conditions.flatMap((condition) =>
    condition.code === 'outside-pool' ? formatAddress(condition.address) : [],
  );
}
