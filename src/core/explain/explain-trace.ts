import { targetIn } from '../config/keys.ts';
import type { AllocationPolicy } from '../config/policy.ts';
import type { Allocation, Grant } from '../decide/allocate.ts';
import { type AllocationFailure, isTargetFailure } from '../decide/allocation-failure.ts';
import { wantedFamilies } from '../decide/allocation-request.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import type { AnnouncementEvidence, AnnouncementProblem } from '../decide/announcement.ts';
import type { Step } from '../decide/check.ts';
import { stepsOf } from '../decide/decide.ts';
import { type Condition, type Decision, isConflictCondition, isMisconfigured } from '../decide/decision.ts';
import { formatAddress, includesAddress, isUnspecified } from '../ip/address.ts';
import type { ReservationFor } from '../ledger/reservations.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { addressesOf, formatAddressList } from '../model/address-list.ts';
import { staticSource, unknownSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import { type ServiceView, targetOf } from '../model/service-view.ts';
import { annotations } from '../model/well-known-names.ts';
import { quoted } from '../text/quote.ts';
import { explainAnnotation, isMistake } from './explain-annotation.ts';
import { explainAnnouncement, isReportable } from './explain-announcement.ts';
import {
  conditionProblem,
  conflictProblem,
  explainIgnored,
  explainWrite,
  failureProblem,
  handledClass,
  noSharingProblem,
  sourcesOf,
} from './explain-decision.ts';
import { freeFor, lastHeldBy } from './explain-former.ts';
import { explainKept } from './explain-kept.ts';
import { poolOfPick } from './explain-passed.ts';
import { explainPools, type PoolSources } from './explain-pools.ts';

/** What one check of a Service found. It states the problem only: remedies are listed separately. */
export interface Finding {
  readonly name:
    | 'type'
    | 'ignore'
    | 'class'
    | 'controller'
    | 'deletion'
    | 'request'
    | 'annotations'
    | 'list'
    | 'pool'
    | 'reservation'
    | 'quota'
    | 'families'
    | 'sharing'
    | 'address'
    | 'interface'
    | 'write'
    | 'announcement';
  readonly outcome: 'passed' | 'failed' | 'noted';
  readonly finding: string;
}

/** The trace of a decision in words. The last check decided. */
export function explainTrace(decided: ServiceDecision, options: Options): Finding[] {
  const steps = stepsOf(decided.trace);
  return steps.flatMap((step, i) => explainStep(step, i === steps.length - 1, decided, options));
}

/** Whether the status shows what was assigned. It is no check of a decision: the controller does not write the status. */
export function announcementCheck(
  found: { readonly problem: AnnouncementProblem; readonly evidence: AnnouncementEvidence } | undefined,
): Finding {
  const name = 'announcement';
  if (found === undefined) return { name, outcome: 'passed', finding: 'the status shows what was assigned' };
  const { problem, evidence } = found;
  const outcome = isReportable(problem, evidence) ? 'failed' : 'noted';
  return { name, outcome, finding: explainAnnouncement(problem, evidence) };
}

function explainStep(step: Step, decides: boolean, decided: ServiceDecision, options: Options): Finding[] {
  const { state, decision } = decided;
  const { check, conflict, allocation } = step;
  const { view, record } = state;
  switch (check) {
    case 'type':
      return [decides ? failed('type', `${view.type}, not LoadBalancer`) : passed('type', 'LoadBalancer')];
    case 'ignore':
      return [
        decides
          ? failed('ignore', explainIgnored('ignored', options))
          : passed('ignore', `no annotation ${annotations.ignore}`),
      ];
    case 'class': {
      const named = view.class === undefined ? 'none' : quoted(view.class);
      return [
        decides
          ? failed('class', `${named}, but this controller only handles Services ${handledClass(options)}`)
          : passed('class', `${named}, which this controller handles`),
      ];
    }
    case 'controller': {
      const named = record?.controller ?? 'unknown';
      const problem = `${named} in the allocation record, but this controller is ${options.controller}`;
      return decides ? [failed('controller', problem)] : [];
    }
    case 'deletion':
      return view.deleting
        ? [failed('deletion', 'being deleted: the Service keeps its addresses and gets no new ones')]
        : [];
    case 'request':
      return conflict === undefined
        ? [passed('request', explainRequest(state)), ...findingsAboutAnnotations(state)]
        : [failed('request', conflictProblem(conflict))];
    case 'reallocation':
    case 'removed-record':
    case 'conflict':
    case 'quota':
    case 'ports':
    case 'families':
    case 'pools':
    case 'allocation':
      return [
        ...(conflict === undefined || decision.kind !== 'conflict'
          ? []
          : [failed('address', conflictProblem(conflict))]),
        ...(allocation === undefined ? [] : explainAllocation(allocation, decided, options)),
      ];
    case 'write':
      return explainAssigned(decided, options);
  }
}

function passed(name: Finding['name'], finding: string): Finding {
  return { name, outcome: 'passed', finding };
}

function failed(name: Finding['name'], finding: string): Finding {
  return { name, outcome: 'failed', finding };
}

function noted(name: Finding['name'], finding: string): Finding {
  return { name, outcome: 'noted', finding };
}

function findingsAboutAnnotations({ view }: ServiceState): Finding[] {
  return (view.unread ?? []).map((unread) =>
    (isMistake(unread) ? failed : noted)('annotations', explainAnnotation(unread)),
  );
}

/** What the Service requests, and where that is specified. */
function explainRequest({ view, intent, record }: ServiceState): string {
  const target = targetOf(view);
  const requested = target === undefined ? 'a new allocation' : quoted(target);
  const change = view.reallocate ? `; ${annotations.reallocate} requests ${requested}` : '';
  switch (intent.kind) {
    case 'new':
      return `no specific address: ${explainWanted(view)}${change}`;
    case 'assigned':
      return `${formatAddressList(intent.list)}, ${explainSource(record?.source)}${change}`;
    case 'requested':
      return `${formatAddressList(intent.list)}, from ${intent.by === 'spec' ? 'spec.loadBalancerIP' : `the annotation ${annotations.addresses}`}${change}`;
    case 'copied':
      return `${formatAddressList(intent.list)}, copied from another Service with its allocation record${change}`;
    case 'annotationRemoved':
      return `${formatAddressList(intent.list)}, from the allocation record, because the annotation was removed${change}`;
    case 'unreadable':
      return quoted(intent.fault.text);
  }
}

function explainWanted({ pool, sharingKey }: ServiceView): string {
  const names = pool?.split(',').map((name) => name.trim()) ?? [];
  const from =
    pool === undefined || pool.trim() === ''
      ? 'one from the pool of its namespace'
      : `one from ${names.length > 1 ? 'each of the pools' : 'the pool'} ${names.join(', ')} (${annotations.pool})`;
  return sharingKey === undefined
    ? from
    : `${from}, shared with Services that have the same ${annotations.sharingKey}`;
}

function explainSource(source: string | undefined): string {
  switch (source) {
    case undefined:
      return 'assigned before this controller ran';
    case staticSource:
      return 'a static address according to the allocation record';
    case unknownSource:
      return 'adopted from outside any pool according to the allocation record';
    default:
      return `assigned from ${source} according to the allocation record`;
  }
}

const hasNoPool: ReadonlySet<AllocationFailure['code']> = new Set([
  ...(['no-config-map', 'no-pool', 'pool-not-listed', 'list-empty', 'no-pool-chosen'] as const),
]);

/** What an allocation went through: the pool, the families, whether sharing was possible, and the address. */
function explainAllocation(
  allocation: Allocation,
  { state, decision }: ServiceDecision,
  options: Options,
): Finding[] {
  const failures = 'failures' in allocation ? allocation.failures : [];
  const { policy } = allocation.request;
  const refused = failures.filter(isTargetFailure);
  // Otherwise, the condition of the Service says so.
  if (refused.length > 0)
    return decision.kind === 'conflict'
      ? refused.map((failure) => failed('request', failureProblem(failure, options)))
      : [];
  const missing = failures.find(({ code }) => hasNoPool.has(code));
  if (missing !== undefined)
    return [
      ...(missing.code === 'no-pool-chosen' ? explainPools(policy, state.view, noSources) : []),
      failed('pool', failureProblem(missing, options)),
    ];
  const reserved = explainReserved(decision);
  const findings = reserved ?? explainPool(state, policy, failures, sourcesOfGrant(allocation), options);
  const noSharing = noSharingProblem(failures);
  if (noSharing !== undefined) findings.push(failed('sharing', noSharing));
  else if (state.intent.kind === 'new' && !failures.some(lacksFamily))
    findings.push(...explainSharing(allocation));
  const problems = new Map<string, Finding>();
  for (const failure of failures) {
    const problem = failureProblem(failure, options);
    if (failure.code === 'pool-full' || failure.code === 'pool-empty')
      problems.set(problem, failed('address', problem));
    if (failure.code === 'quota-reached') {
      const { reserved } = failure;
      if (reserved !== undefined) findings.push(explainWaiting(reserved));
      problems.set(problem, failed('quota', problem));
    }
  }
  findings.push(...problems.values());
  if (reserved === undefined && decision.kind === 'write' && state.intent.kind === 'new')
    findings.push(passed('address', explainGrant(decision)));
  if ('picks' in allocation) findings.push(...explainResting(allocation));
  return findings;
}

const noSources: PoolSources = { keys: [], grant: undefined };

function sourcesOfGrant(allocation: Allocation): PoolSources {
  if ('failures' in allocation) return noSources;
  return {
    keys: allocation.picks.flatMap((pick) => poolOfPick(allocation, pick)?.key ?? []),
    grant: allocation,
  };
}

/** That the configuration reserves the address for the Service, so that no pool matters; undefined if it does not. */
function explainReserved(decision: Decision): Finding[] | undefined {
  if (decision.kind !== 'keep' && decision.kind !== 'write') return undefined;
  const { addresses, source } = decision;
  if (targetIn('reserve', 'namespace', source) === undefined) return undefined;
  return [passed('reservation', `${addresses.text}, reserved for the Service by ${source}`)];
}

/** The quota comes before a reservation. */
function explainWaiting({ address, key }: ReservationFor<'configured'>): Finding {
  const text = formatAddress(address);
  return noted(
    'reservation',
    `${text} is reserved for the Service (${key}), which gets it when the quota has room`,
  );
}

/** The pools of the Service, and whether they have the families. */
function explainPool(
  state: ServiceState,
  policy: AllocationPolicy,
  failures: readonly AllocationFailure[],
  sources: PoolSources,
  options: Options,
): Finding[] {
  const { view } = state;
  if (policy.pools.length === 0) return [];
  // Another pool may have the family.
  const lacking =
    policy.pools.length === 1 || failures.every(lacksFamily) ? failures.find(lacksFamily) : undefined;
  const families = `${view.policy}: ${wantedFamilies(state, policy).join(' and ')}`;
  return [
    ...explainPools(policy, view, sources),
    lacking === undefined
      ? passed('families', families)
      : failed('families', `${families}. ${failureProblem(lacking, options)}`),
  ];
}

function lacksFamily({ code }: AllocationFailure): boolean {
  return code === 'family-not-in-pool';
}

function explainSharing({ request: { state, policy, sharing } }: Allocation): Finding[] {
  // 0.0.0.0 is assigned to any number of Services: there is nothing to share.
  if (policy.pools[0]?.dhcp.IPv4) return [];
  switch (sharing) {
    case 'not-allowed':
    case 'being-deleted':
      return [];
    case 'preferred':
      return [noted('sharing', 'preferred: an address that is in use, if every holder allows sharing')];
    case 'local-traffic':
      return [noted('sharing', 'not possible: externalTrafficPolicy is Local')];
    case 'no-ports':
      return [noted('sharing', 'not possible: the Service has no ports')];
    case 'several-pools':
      return [noted('sharing', 'not possible: the Service gets an address of several pools')];
    case 'families': {
      const { policy: families } = state.view;
      const reason =
        families === 'SingleStack'
          ? 'the Service is not a SingleStack IPv4 Service'
          : `ipFamilyPolicy is ${families}`;
      return [noted('sharing', `not possible: ${reason}`)];
    }
  }
}

function explainGrant({ addresses, cause, fromStatus, hadBefore }: Decision & { kind: 'write' }): string {
  const { text, entries } = addresses;
  // A pool can have DHCP for one family and addresses for the other.
  if (addressesOf(entries).some(isUnspecified)) return `${text}: requested from DHCP`;
  if (cause === 'share') return `${text} is in use, and every holder allows sharing`;
  const verb = entries.length === 1 ? 'is' : 'are';
  if (cause === 'restore' || fromStatus === true) return `${text} ${verb} in the status of the Service`;
  return hadBefore ? `${text} ${verb} free, and the Service had it before` : `${text} ${verb} free`;
}

/** The addresses that came first, but have not rested. */
function explainResting({ addresses, picks }: Grant): Finding[] {
  return picks.flatMap(({ resting: former }) => {
    if (former === undefined) return [];
    const text = `${formatAddress(former.address)} is ${freeFor(former)}, ${lastHeldBy(former)}`;
    const isGiven = includesAddress(addresses, former.address);
    return noted(
      'address',
      isGiven ? `${text}. No other address has rested` : `${text}, so other addresses come first`,
    );
  });
}

/** What an assigned Service has, and what is left to write. */
function explainAssigned({ state, decision, trace }: ServiceDecision, options: Options): Finding[] {
  if (decision.kind !== 'keep' && decision.kind !== 'write') return [];
  // A static address depends on no pool, and an allocation has said all about it.
  const isFromPool = decision.source !== staticSource && !state.view.deleting;
  const isExplained = trace.found.some(({ allocation }) => allocation !== undefined);
  const sources = { keys: sourcesOf(decision, trace.policy), grant: undefined };
  const findings =
    isFromPool && !isExplained
      ? (explainReserved(decision) ?? explainPool(state, trace.policy, [], sources, options))
      : [];
  for (const condition of decision.conditions) {
    const finding = conditionProblem(condition, options);
    if (condition.code === 'pending-change') findings.push(failed('request', finding));
    else if (condition.code === 'one-family') findings.push(noted('families', finding));
    else if (condition.code === 'not-shared') findings.push(noted('sharing', finding));
    else findings.push((isWrong(condition) ? failed : noted)('address', finding));
  }
  const kept = isFromPool ? explainKept(state.view, decision, trace.policy) : undefined;
  if (kept !== undefined) findings.push(noted('interface', kept));
  if (decision.kind === 'keep') return [...findings, passed('write', 'all fields are up to date')];
  return [...findings, noted('write', `not written yet: ${explainWrite(decision, trace.policy)}`)];
}

function isWrong(condition: Condition): boolean {
  return isConflictCondition(condition) || isMisconfigured(condition);
}
