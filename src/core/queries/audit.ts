import type { Allocator, ServiceDecision } from '../decide/allocator.ts';
import { type AnnouncementEvidence, refined, statusProblem } from '../decide/announcement.ts';
import type { OtherServices } from '../decide/decision.ts';
import { release } from '../decide/release.ts';
import { explainAnnotation } from '../explain/explain-annotation.ts';
import { explainAnnouncement, isReportable } from '../explain/explain-announcement.ts';
import {
  explainCondition,
  explainConflict,
  explainDecision,
  explainInNoPool,
  explainWrite,
  externalIPOf,
} from '../explain/explain-decision.ts';
import { type Address, formatAddress } from '../ip/address.ts';
import { isLease, originOf } from '../ledger/service-state.ts';
import { formatAddressList } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { goFinalizer } from '../model/well-known-names.ts';
import { outsideEveryPool } from './report.ts';
import type { SimulatedOutcome } from './simulate.ts';

/** A promise of spec section 10 that the objects in the API currently violate. */
export interface AuditFinding {
  readonly code: /** Several Services have an address that they may not share. */
    | 'duplicate'
    /** A Service has or requests an address of another holder. */
    | 'contender'
    /** A Service requests an address by name that the quota of its namespace does not allow. */
    | 'over-quota'
    /** A Service has an address that the configuration reserves for another one. */
    | 'reserved-for-other'
    /** A Service does not have the address that the configuration reserves for it. */
    | 'reservation-unused'
    /** An IPAddress object of another owner claims the address of a Service. */
    | 'claimed'
    /** A dual-stack Service has addresses of one family only. */
    | 'one-family'
    /** A Service has an address of a family that it does not have. */
    | 'wrong-family'
    /** Services share an address, and one of them may get no traffic. */
    | 'local-traffic'
    /** A Service has a word in the place of an address. */
    | 'read-as-hostname'
    /** A Service of any type has the address of another Service as an external IP. */
    | 'external-ip'
    /** The allocation record is another Service's, or differs from the Service. */
    | 'allocation-record'
    /** The controller has not written a change yet: it is behind, or not running. */
    | 'not-written'
    /** Fields or claims of this controller are left where they no longer belong. */
    | 'not-cleaned-up'
    /** The status of a Service does not show its address. */
    | 'not-announced'
    /** The status of a Service shows an address that was not assigned. */
    | 'foreign-status'
    /** A Service has an annotation that neither this controller nor kube-vip reads. */
    | 'unread-annotation';
  /** The Service or object concerned. */
  readonly subject: string;
  readonly sentence: string;
}

export interface AuditContext {
  /** The current state. */
  readonly allocator: Allocator;
  /** What the controller would do with it. */
  readonly outcome: SimulatedOutcome;
  /** Services of other types that have the label of kube-vip. */
  readonly formerLoadBalancers: readonly ServiceView[];
  readonly options: Options;
  /** What is known about the status of a Service; undefined if its status is not. */
  readonly evidenceFor?: (key: ServiceKey) => AnnouncementEvidence | undefined;
}

/** All findings: O(Services) decisions. */
export function audit(context: AuditContext): AuditFinding[] {
  const { allocator, formerLoadBalancers, options } = context;
  const keys = [...allocator.ledger.all()].map(({ key }) => key).sort();
  return [
    ...keys.flatMap((key) => findingsOn(key, context)),
    ...formerLoadBalancers.flatMap((view) => cleanupFindings(view, options)),
    ...claimFindings(allocator),
  ];
}

/** An assigned address that is in no pool, or not in the pool that it should be from. It breaks no promise. */
export interface OutsideAddress {
  readonly service: ServiceKey;
  readonly address: Address;
  readonly sentence: string;
}

/** Whatever `pools` lists as outside every pool, and allocated addresses outside their own pool: O(Services) decisions. */
export function outsideAddresses(allocator: Allocator, options: Options): OutsideAddress[] {
  const allocated = [...allocator.ledger.all()].flatMap(({ key }): OutsideAddress[] => {
    const decision = allocator.explain(key)?.decision;
    if (decision === undefined || !('conditions' in decision)) return [];
    return decision.conditions.flatMap((condition) =>
      condition.code === 'outside-pool'
        ? [{ service: key, address: condition.address, sentence: explainCondition(condition, options) }]
        : [],
    );
  });
  const textOf = (service: ServiceKey, address: Address): string => `${service} ${formatAddress(address)}`;
  const listed = new Set(allocated.map(({ service, address }) => textOf(service, address)));
  const others = outsideEveryPool(allocator)
    .filter(({ state, address }) => !listed.has(textOf(state.key, address)))
    .map(({ state, address }): OutsideAddress => {
      const isStatic = originOf(state) === 'static' && !isLease(state, address);
      return { service: state.key, address, sentence: explainInNoPool(address, isStatic) };
    });
  return [...allocated, ...others].sort((a, b) =>
    a.service < b.service ? -1 : a.service > b.service ? 1 : 0,
  );
}

function findingsOn(key: ServiceKey, context: AuditContext): AuditFinding[] {
  const decided = context.allocator.explain(key);
  if (decided === undefined) return [];
  return [
    ...conflictFindings(decided, context),
    ...externalIPFindings(decided, context),
    ...recordFindings(decided),
    ...writeFindings(decided, context),
    ...finalizerFindings(decided),
    ...announcementFindings(decided, context),
    ...annotationFindings(decided),
  ];
}

function conflictFindings(
  { state, decision }: ServiceDecision,
  { allocator, options }: AuditContext,
): AuditFinding[] {
  const subject = state.key;
  if (decision.kind === 'conflict') {
    const { conflict } = decision;
    if (conflict.code === 'invalid-address') return [];
    const code = conflict.code === 'quota-reached' ? 'over-quota' : 'contender';
    return [{ code, subject, sentence: explainConflict(conflict) }];
  }
  if (!('conditions' in decision)) return [];
  return decision.conditions.flatMap((condition): AuditFinding[] => {
    const sentence = explainCondition(condition, options);
    if (condition.code === 'conflict') return [{ code: 'duplicate', subject, sentence }];
    if (condition.code === 'contested' && isReportedHere(condition, allocator))
      return [{ code: 'contender', subject, sentence }];
    switch (condition.code) {
      case 'claimed':
      case 'one-family':
      case 'wrong-family':
      case 'local-traffic':
      case 'read-as-hostname':
      case 'reserved-for-other':
      case 'reservation-unused':
        return [{ code: condition.code, subject, sentence }];
      default:
        return [];
    }
  });
}

/** The addresses that the Service holds, and that others have as external IPs. */
function externalIPFindings({ state }: ServiceDecision, { allocator }: AuditContext): AuditFinding[] {
  const { ledger, config } = allocator;
  if (state.ignoreReason !== undefined) return [];
  return state.requestedIPs.flatMap((address): AuditFinding[] => {
    const users = ledger.externalUsers(address).filter((user) => user !== state.key);
    if (users.length === 0 || !ledger.holding(address, config).holders.includes(state)) return [];
    const sentence = `${formatAddress(address)} is also ${externalIPOf(users)}. On every Node, kube-proxy sends what arrives there to that Service. Remove it from spec.externalIPs, or give this Service a different address.`;
    return [{ code: 'external-ip', subject: state.key, sentence }];
  });
}

/** Whether one of the contenders is a Service that this controller ignores: others have a finding of their own. */
export function isReportedHere({ services }: OtherServices, { ledger }: Allocator): boolean {
  return services.some(({ service }) => ledger.get(service)?.ignoreReason !== undefined);
}

function recordFindings({ state }: ServiceDecision): AuditFinding[] {
  const { view, record, ignoreReason, intent, key } = state;
  if (ignoreReason !== undefined || view.deleting) return [];
  if (view.record !== undefined && record === undefined) {
    const sentence = `The allocation record belongs to another Service (uid ${view.record.uid}): this Service was created from a backup or a dump.`;
    return [{ code: 'allocation-record', subject: key, sentence }];
  }
  const shown = 'list' in intent ? formatAddressList(intent.list) : '';
  if (record === undefined || record.addresses.text === shown) return [];
  const sentence = `The allocation record has ${record.addresses.text}, but the Service has ${shown === '' ? 'no address' : shown}.`;
  return [{ code: 'allocation-record', subject: key, sentence }];
}

function writeFindings(
  { state, decision }: ServiceDecision,
  { outcome, options }: AuditContext,
): AuditFinding[] {
  const due = outcome.written.get(state.key);
  if (due === undefined) return [];
  const check = 'Check that the controller is running (kubectl get pods) and is allowed to write.';
  const sentence =
    due.decision.kind === 'write'
      ? `The controller has not written this change yet: ${explainWrite(due.decision, due.trace.policy)}. ${check}`
      : `The controller has not removed the fields of an earlier address yet. ${check} ${explainDecision(decision, options)}`;
  return [{ code: 'not-written', subject: state.key, sentence }];
}

function finalizerFindings({ state: { view, key, ignoreReason } }: ServiceDecision): AuditFinding[] {
  if (ignoreReason !== undefined || view.goFinalizers === undefined) return [];
  const sentence = `The Service has the finalizer ${goFinalizer} of the Go version, which blocks its deletion while no controller is running.`;
  return [{ code: 'not-cleaned-up', subject: key, sentence }];
}

function announcementFindings(
  { state, decision }: ServiceDecision,
  { evidenceFor }: AuditContext,
): AuditFinding[] {
  const problem = statusProblem(state, decision);
  const evidence = problem && evidenceFor?.(state.key);
  if (problem === undefined || evidence === undefined || !isReportable(problem, evidence)) return [];
  const { code } = refined(problem, evidence);
  return [{ code, subject: state.key, sentence: explainAnnouncement(problem, evidence) }];
}

function annotationFindings({ state, decision }: ServiceDecision): AuditFinding[] {
  if (decision.kind === 'ignore') return [];
  return (state.view.unread ?? []).map((unread) => ({
    code: 'unread-annotation',
    subject: state.key,
    sentence: explainAnnotation(unread),
  }));
}

function cleanupFindings(view: ServiceView, options: Options): AuditFinding[] {
  const decision = release(view, options.controller);
  if (decision.kind !== 'release') return [];
  return [{ code: 'not-cleaned-up', subject: keyOf(view), sentence: explainDecision(decision, options) }];
}

/** The repairs that the controller would make to its claims, if claims were read (docs/decisions/0009). */
function claimFindings({ claimTracker }: Allocator): AuditFinding[] {
  const findings: AuditFinding[] = [];
  for (let next = claimTracker.next(); next !== undefined; next = claimTracker.next()) {
    const { repair, work } = next;
    work.done();
    if (repair.kind === 'remember') continue;
    const address = repair.kind === 'claim' ? repair.address : repair.claim.address;
    const subject = `ipaddress ${formatAddress(address)}`;
    findings.push(
      repair.kind === 'claim'
        ? {
            code: 'allocation-record',
            subject,
            sentence:
              'The IPAddress object is missing, although a Service of this controller has the address.',
          }
        : {
            code: 'not-cleaned-up',
            subject,
            sentence: 'This controller claimed the address, but no Service has it.',
          },
    );
  }
  return findings.sort((a, b) => (a.subject < b.subject ? -1 : 1));
}
