import { type Config, poolFor, poolKeysOf, sharingFor } from '../config/config.ts';
import { wantedFamilies, wantsToShare } from '../decide/allocate.ts';
import type { AllocationFailure } from '../decide/allocation-failure.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import type { AnnouncementEvidence, AnnouncementProblem } from '../decide/announcement.ts';
import { type Condition, type Decision, isConflictCondition, isMisconfigured } from '../decide/decision.ts';
import type { Family } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { whyNotSharing } from '../ledger/sharing.ts';
import { formatAddressList } from '../model/address-list.ts';
import { staticSource, unknownSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
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
} from './explain-decision.ts';

/** One check of a decision (decide.ts) and its result. */
export interface Check {
  readonly name: CheckName;
  readonly outcome: 'passed' | 'failed' | 'noted';
  readonly finding: string;
}

export type CheckName =
  | 'type'
  | 'ignore'
  | 'class'
  | 'controller'
  | 'deletion'
  | 'request'
  | 'annotations'
  | 'pool'
  | 'families'
  | 'sharing'
  | 'address'
  | 'write'
  | 'announcement';

/**
 * The checks of a decision in order, up to the one that decided. Their results are derived from the decision itself, so the
 * two cannot disagree (test/core/answers.test.ts). A finding states the problem only: remedies are listed separately.
 */
export function checksOf({ state, decision }: ServiceDecision, config: Config, options: Options): Check[] {
  const checks: Check[] = [];
  const add = (name: CheckName, outcome: Check['outcome'], finding: string): void => {
    checks.push({ name, outcome, finding });
  };
  if (!isHandled(state, options, add)) return checks;
  if (decision.kind === 'ignore' || state.view.deleting) {
    add('deletion', 'failed', 'being deleted: the Service keeps its addresses and gets no new ones');
    return checks;
  }
  if (decision.kind === 'conflict' && decision.conflict.code === 'invalid-address') {
    add('request', 'failed', conflictProblem(decision.conflict));
    return checks;
  }
  add('request', 'passed', explainRequest(state));
  for (const unread of state.view.unread ?? [])
    add('annotations', isMistake(unread) ? 'failed' : 'noted', explainAnnotation(unread));
  if (decision.kind === 'conflict') add('address', 'failed', conflictProblem(decision.conflict));
  const failures = failuresIn(decision);
  if (usesPool(state, decision)) checkPool({ state, decision }, failures, config, options, add);
  if (decision.kind === 'keep' || decision.kind === 'write') checkAssigned(decision, options, add);
  return checks;
}

/** Whether the status shows what was assigned. It is no check of a decision: the controller does not write the status. */
export function announcementCheck(
  found: { readonly problem: AnnouncementProblem; readonly evidence: AnnouncementEvidence } | undefined,
): Check {
  const name = 'announcement';
  if (found === undefined) return { name, outcome: 'passed', finding: 'the status shows what was assigned' };
  const { problem, evidence } = found;
  const outcome = isReportable(problem, evidence) ? 'failed' : 'noted';
  return { name, outcome, finding: explainAnnouncement(problem, evidence) };
}

type AddCheck = (name: CheckName, outcome: Check['outcome'], finding: string) => void;

/** Whether this controller handles the Service (spec section 8). */
function isHandled({ view, ignoreReason, record }: ServiceState, options: Options, add: AddCheck): boolean {
  if (ignoreReason === 'not-a-load-balancer') {
    add('type', 'failed', `${view.type}, not LoadBalancer`);
    return false;
  }
  add('type', 'passed', 'LoadBalancer');
  if (ignoreReason === 'ignored') {
    add('ignore', 'failed', explainIgnored(ignoreReason, options));
    return false;
  }
  add('ignore', 'passed', `no annotation ${annotations.ignore}`);
  const named = view.class === undefined ? 'none' : quoted(view.class);
  if (ignoreReason === 'other-class') {
    add('class', 'failed', `${named}, but this controller only handles Services ${handledClass(options)}`);
    return false;
  }
  add('class', 'passed', `${named}, which this controller handles`);
  if (ignoreReason === 'other-controller') {
    add(
      'controller',
      'failed',
      `${record?.controller ?? 'unknown'} in the allocation record, but this controller is ${options.controller}`,
    );
    return false;
  }
  return true;
}

/** What the Service requests, and where that is specified. */
function explainRequest({ view, intent, record }: ServiceState): string {
  const change = view.reallocate ? `; ${annotations.reallocate} requests a new allocation` : '';
  switch (intent.kind) {
    case 'new':
      return `no specific address: one from the pool of its namespace${change}`;
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

function failuresIn(decision: Decision): readonly AllocationFailure[] {
  if (decision.kind === 'pending' || decision.kind === 'conflict') return decision.failures;
  if (!('conditions' in decision)) return [];
  return decision.conditions.flatMap((condition) =>
    condition.code === 'pending-change' ? condition.failures : [],
  );
}

/** Whether the decision depends on the pool of the namespace. */
function usesPool({ intent, view }: ServiceState, decision: Decision): boolean {
  if (intent.kind === 'new' || view.reallocate || failuresIn(decision).length > 0) return true;
  return 'source' in decision && decision.source !== staticSource;
}

function checkPool(
  { state, decision }: ServiceDecision,
  failures: readonly AllocationFailure[],
  config: Config,
  options: Options,
  add: AddCheck,
): void {
  const { view } = state;
  const pool = poolFor(config, view.namespace);
  const missing = failures.find(({ code }) => code === 'no-config-map' || code === 'no-pool');
  if (missing !== undefined) {
    add('pool', 'failed', failureProblem(missing, options));
    return;
  }
  if (pool === undefined) return;
  add('pool', 'passed', `${pool.key}, the first of ${poolKeysOf(view.namespace).join(', ')} that exists`);
  const wanted = wantedFamilies(state, pool);
  const lacking = failures.find(({ code }) => code === 'family-not-in-pool');
  const families = `${view.policy}: ${wanted.join(' and ')}`;
  if (lacking !== undefined) add('families', 'failed', `${families}. ${failureProblem(lacking, options)}`);
  else add('families', 'passed', families);
  // 0.0.0.0 is assigned to any number of Services: there is nothing to share.
  const noSharing = noSharingProblem(failures);
  if (noSharing !== undefined) add('sharing', 'failed', noSharing);
  else if (state.intent.kind === 'new' && !pool.dhcp.IPv4) checkSharing(state, wanted, config, add);
  for (const failure of failures) {
    if (failure.code === 'pool-full' || failure.code === 'pool-empty')
      add('address', 'failed', failureProblem(failure, options));
  }
  if (decision.kind === 'write' && state.intent.kind === 'new')
    add('address', 'passed', explainGrant(decision));
}

function explainGrant({ addresses, cause, fromStatus }: Decision & { kind: 'write' }): string {
  // A pool can have DHCP for one family and addresses for the other.
  if (addresses.split(',').some((address) => address === '0.0.0.0' || address === '::'))
    return `${addresses}: requested from DHCP`;
  if (cause === 'share') return `${addresses} is in use, and every holder allows sharing`;
  const isShown = cause === 'restore' || fromStatus === true;
  return isShown ? `${addresses} is in the status of the Service` : `${addresses} is free`;
}

function checkSharing(state: ServiceState, wanted: readonly Family[], config: Config, add: AddCheck): void {
  const { namespace, policy } = state.view;
  if (!sharingFor(config, namespace)) return;
  if (wanted[0] === 'IPv4' && wantsToShare(state, config)) {
    add('sharing', 'noted', 'preferred: an address that is in use, if every holder allows sharing');
    return;
  }
  const why = whyNotSharing(state, config);
  const reason =
    policy !== 'SingleStack'
      ? `ipFamilyPolicy is ${policy}`
      : why?.code === 'local-traffic'
        ? 'externalTrafficPolicy is Local'
        : why?.code === 'no-ports'
          ? 'the Service has no ports'
          : 'the Service is not a SingleStack IPv4 Service';
  add('sharing', 'noted', `not possible: ${reason}`);
}

function isWrong(condition: Condition): boolean {
  return isConflictCondition(condition) || isMisconfigured(condition);
}

function checkAssigned(
  decision: Decision & { kind: 'keep' | 'write' },
  options: Options,
  add: AddCheck,
): void {
  for (const condition of decision.conditions) {
    const finding = conditionProblem(condition, options);
    if (condition.code === 'pending-change') add('request', 'failed', finding);
    else if (condition.code === 'one-family') add('families', 'noted', finding);
    else add('address', isWrong(condition) ? 'failed' : 'noted', finding);
  }
  if (decision.kind === 'keep') add('write', 'passed', 'all fields are up to date');
  else add('write', 'noted', `not written yet: ${explainWrite(decision)}`);
}
