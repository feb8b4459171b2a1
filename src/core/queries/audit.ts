import type { Allocator, ServiceDecision } from '../decide/allocator.ts';
import type { OtherServices } from '../decide/decision.ts';
import { release } from '../decide/release.ts';
import {
  explainCondition,
  explainConflict,
  explainDecision,
  explainWrite,
} from '../explain/explain-decision.ts';
import { formatAddress } from '../ip/address.ts';
import { formatAddressList } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { goFinalizer } from '../model/well-known-names.ts';
import type { SimulatedOutcome } from './simulate.ts';

/** A promise of spec section 10 that does not hold at this moment, as far as the API's objects tell. */
export interface AuditFinding {
  readonly code: /** Several have an address that they may not share. */
    | 'duplicate'
    /** One shows or asks for an address that another has. */
    | 'contender'
    /** An IPAddress object of somebody else claims what a Service has. */
    | 'claimed'
    /** Its record is another Service's, or says something else than it shows. */
    | 'allocation-record'
    /** The controller would write, and has not: it is behind, or does not run. */
    | 'not-written'
    /** Something of ours is left on what is none of ours any more. */
    | 'not-cleaned-up';
  /** The Service, or the object, that it stands on. */
  readonly subject: string;
  readonly sentence: string;
}

export interface AuditContext {
  /** The world as it is. */
  readonly allocator: Allocator;
  /** What the controller would make of it. */
  readonly outcome: SimulatedOutcome;
  /** Services with our label that are of another type. */
  readonly leftovers: readonly ServiceView[];
  readonly options: Options;
}

/** All that is wrong, by code and subject: O(Services) decisions. */
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

/** A claimant that is ours is told itself. */
export function isReportedHere({ services }: OtherServices, { ledger }: Allocator): boolean {
  return services.some(({ service }) => ledger.get(service)?.ignoreReason !== undefined);
}

function recordFindings({ state }: ServiceDecision): AuditFinding[] {
  const { view, record, ignoreReason, intent, key } = state;
  if (ignoreReason !== undefined || view.deleting) return [];
  if (view.record !== undefined && record === undefined) {
    const sentence = `its record is that of another Service (uid ${view.record.uid}): it was made from a backup or a dump.`;
    return [{ code: 'allocation-record', subject: key, sentence }];
  }
  const shown = 'list' in intent ? formatAddressList(intent.list) : '';
  if (record === undefined || record.addresses === shown) return [];
  const sentence = `its record says ${record.addresses}, and it shows ${shown === '' ? 'no address' : shown}.`;
  return [{ code: 'allocation-record', subject: key, sentence }];
}

function writeFindings(
  { state, decision }: ServiceDecision,
  { outcome, options }: AuditContext,
): AuditFinding[] {
  const due = outcome.written.get(state.key);
  if (due === undefined) return [];
  const what =
    due.kind === 'write'
      ? explainWrite(due)
      : `take off the marks of an earlier address, because ${explainDecision(decision, options)}`;
  const sentence = `the controller has not done what is due: ${what}. Is it running (kubectl get pods), and is it allowed to write?`;
  return [{ code: 'not-written', subject: state.key, sentence }];
}

function finalizerFindings({ state: { view, key, ignoreReason } }: ServiceDecision): AuditFinding[] {
  if (ignoreReason !== undefined || view.goFinalizers === undefined) return [];
  const sentence = `it has the finalizer ${goFinalizer} of the Go version, which keeps it from being deleted while no controller runs.`;
  return [{ code: 'not-cleaned-up', subject: key, sentence }];
}

function cleanupFindings(view: ServiceView, options: Options): AuditFinding[] {
  const decision = release(view, options.controller);
  if (decision.kind !== 'release') return [];
  return [{ code: 'not-cleaned-up', subject: keyOf(view), sentence: explainDecision(decision, options) }];
}

/** What the controller would mend of its claims, if claims were read (docs/decisions/0009). */
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
            sentence: 'there is none, though a Service of this controller has the address.',
          }
        : {
            code: 'not-cleaned-up',
            subject,
            sentence: 'this controller claimed the address, and no Service has it.',
          },
    );
  }
  return findings.sort((a, b) => (a.subject < b.subject ? -1 : 1));
}
