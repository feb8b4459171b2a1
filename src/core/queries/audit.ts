import type { Allocator, ServiceDecision } from '../decide/allocator.ts';
import type { OtherServices } from '../decide/decision.ts';
import { release } from '../decide/release.ts';
import {
  explainCondition,
  explainConflict,
  explainDecision,
  explainWrite,
  externalIPOf,
} from '../explain/explain-decision.ts';
import { formatAddress } from '../ip/address.ts';
import { formatAddressList } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { goFinalizer } from '../model/well-known-names.ts';
import type { SimulatedOutcome } from './simulate.ts';

/** A promise of spec section 10 that the objects in the API currently violate. */
export interface AuditFinding {
  readonly code: /** Several Services have an address that they may not share. */
    | 'duplicate'
    /** A Service has or requests an address of another holder. */
    | 'contender'
    /** An IPAddress object of another owner claims the address of a Service. */
    | 'claimed'
    /** A Service of any type has the address of another Service as an external IP. */
    | 'external-ip'
    /** The allocation record is another Service's, or differs from the Service. */
    | 'allocation-record'
    /** The controller has not written a change yet: it is behind, or not running. */
    | 'not-written'
    /** Fields or claims of this controller are left where they no longer belong. */
    | 'not-cleaned-up';
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
  readonly leftovers: readonly ServiceView[];
  readonly options: Options;
}

/** All findings: O(Services) decisions. */
export function audit(context: AuditContext): AuditFinding[] {
  const { allocator, leftovers, options } = context;
  const keys = [...allocator.ledger.all()].map(({ key }) => key).sort();
  return [
    ...keys.flatMap((key) => findingsOn(key, context)),
    ...leftovers.flatMap((view) => cleanupFindings(view, options)),
    ...claimFindings(allocator),
  ];
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
  ];
}

function conflictFindings(
  { state, decision }: ServiceDecision,
  { allocator, options }: AuditContext,
): AuditFinding[] {
  const subject = state.key;
  if (decision.kind === 'conflict') {
    if (decision.conflict.code !== 'address-in-use') return [];
    return [{ code: 'contender', subject, sentence: explainConflict(decision.conflict) }];
  }
  if (!('conditions' in decision)) return [];
  return decision.conditions.flatMap((condition): AuditFinding[] => {
    const sentence = explainCondition(condition, options);
    if (condition.code === 'conflict') return [{ code: 'duplicate', subject, sentence }];
    if (condition.code === 'contested' && isReportedHere(condition, allocator))
      return [{ code: 'contender', subject, sentence }];
    return condition.code === 'claimed' ? [{ code: 'claimed', subject, sentence }] : [];
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
  if (record === undefined || record.addresses === shown) return [];
  const sentence = `The allocation record has ${record.addresses}, but the Service has ${shown === '' ? 'no address' : shown}.`;
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
    due.kind === 'write'
      ? `The controller has not written this change yet: ${explainWrite(due)}. ${check}`
      : `The controller has not removed the fields of an earlier address yet. ${check} ${explainDecision(decision, options)}`;
  return [{ code: 'not-written', subject: state.key, sentence }];
}

function finalizerFindings({ state: { view, key, ignoreReason } }: ServiceDecision): AuditFinding[] {
  if (ignoreReason !== undefined || view.goFinalizers === undefined) return [];
  const sentence = `The Service has the finalizer ${goFinalizer} of the Go version, which blocks its deletion while no controller is running.`;
  return [{ code: 'not-cleaned-up', subject: key, sentence }];
}

function cleanupFindings(view: ServiceView, options: Options): AuditFinding[] {
  const decision = release(view, options.controller);
  if (decision.kind !== 'release') return [];
  return [{ code: 'not-cleaned-up', subject: keyOf(view), sentence: explainDecision(decision, options) }];
}

/** The repairs that the controller would make to its claims, if claims were read (docs/decisions/0009). */
function claimFindings({ claimTracker }: Allocator): AuditFinding[] {
  const findings: AuditFinding[] = [];
  for (let repair = claimTracker.next(); repair !== undefined; repair = claimTracker.next()) {
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
