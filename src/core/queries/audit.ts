import type { Allocator, Verdict } from '../decide/allocator.ts';
import type { Rivals } from '../decide/decision.ts';
import { release } from '../decide/release.ts';
import { explainDecision, explainNote, explainRefusal, explainWrite } from '../explain/explain-decision.ts';
import { formatAddress } from '../ip/address.ts';
import { formatList } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { goFinalizer } from '../model/well-known-names.ts';
import type { Outcome } from './simulate.ts';

/** A promise of spec section 10 that does not hold at this moment, as far as the API's objects tell. */
export interface Finding {
  readonly code: /** Several have an address that they may not share. */
    | 'duplicate'
    /** One shows or asks for an address that another has. */
    | 'claimant'
    /** An IPAddress object of somebody else claims what a Service has. */
    | 'claimed'
    /** Its record is another Service's, or says something else than it shows. */
    | 'record'
    /** The controller would write, and has not: it is behind, or does not run. */
    | 'pending'
    /** Something of ours is left on what is none of ours any more. */
    | 'leftover';
  /** The Service, or the object, that it stands on. */
  readonly subject: string;
  readonly sentence: string;
}

export interface AuditContext {
  /** The world as it is. */
  readonly allocator: Allocator;
  /** What the controller would make of it. */
  readonly outcome: Outcome;
  /** Services with our label that are of another type. */
  readonly leftovers: readonly ServiceView[];
  readonly options: Options;
}

/** All that is wrong, by code and subject: O(Services) decisions. */
export function audit(context: AuditContext): Finding[] {
  const { allocator, leftovers, options } = context;
  const keys = [...allocator.ledger.all()].map(({ key }) => key).sort();
  return [
    ...keys.flatMap((key) => findingsOn(key, context)),
    ...leftovers.flatMap((view) => leftover(view, options)),
    ...claimFindings(allocator),
  ];
}

function findingsOn(key: ServiceKey, context: AuditContext): Finding[] {
  const verdict = context.allocator.explain(key);
  if (verdict === undefined) return [];
  return [
    ...disputes(verdict, context),
    ...copied(verdict),
    ...pending(verdict, context),
    ...finalizer(verdict),
  ];
}

function disputes({ standing, decision }: Verdict, { allocator, options }: AuditContext): Finding[] {
  const subject = standing.key;
  if (decision.kind === 'refuse') {
    if (decision.refusal.code !== 'taken') return [];
    return [{ code: 'claimant', subject, sentence: explainRefusal(decision.refusal) }];
  }
  if (!('notes' in decision)) return [];
  return decision.notes.flatMap((note): Finding[] => {
    const sentence = explainNote(note, options);
    if (note.code === 'conflict') return [{ code: 'duplicate', subject, sentence }];
    if (note.code === 'contested' && isToldHere(note, allocator))
      return [{ code: 'claimant', subject, sentence }];
    return note.code === 'claimed' ? [{ code: 'claimed', subject, sentence }] : [];
  });
}

/** A claimant that is ours is told itself. */
export function isToldHere({ rivals }: Rivals, { ledger }: Allocator): boolean {
  return rivals.some(({ service }) => ledger.get(service)?.notOurs !== undefined);
}

function copied({ standing }: Verdict): Finding[] {
  const { view, record, notOurs, intent, key } = standing;
  if (notOurs !== undefined || view.deleting) return [];
  if (view.record !== undefined && record === undefined) {
    const sentence = `its record is that of another Service (uid ${view.record.uid}): it was made from a backup or a dump.`;
    return [{ code: 'record', subject: key, sentence }];
  }
  const shown = 'list' in intent ? formatList(intent.list) : '';
  if (record === undefined || record.addresses === shown) return [];
  const sentence = `its record says ${record.addresses}, and it shows ${shown === '' ? 'no address' : shown}.`;
  return [{ code: 'record', subject: key, sentence }];
}

function pending({ standing, decision }: Verdict, { outcome, options }: AuditContext): Finding[] {
  const due = outcome.written.get(standing.key);
  if (due === undefined) return [];
  const what =
    due.kind === 'write'
      ? explainWrite(due)
      : `take off the marks of an earlier address, because ${explainDecision(decision, options)}`;
  const sentence = `the controller has not done what is due: ${what}. Is it running (kubectl get pods), and is it allowed to write?`;
  return [{ code: 'pending', subject: standing.key, sentence }];
}

function finalizer({ standing: { view, key, notOurs } }: Verdict): Finding[] {
  if (notOurs !== undefined || view.goFinalizers === undefined) return [];
  const sentence = `it has the finalizer ${goFinalizer} of the Go version, which keeps it from being deleted while no controller runs.`;
  return [{ code: 'leftover', subject: key, sentence }];
}

function leftover(view: ServiceView, options: Options): Finding[] {
  const decision = release(view, options.controller);
  if (decision.kind !== 'release') return [];
  return [{ code: 'leftover', subject: keyOf(view), sentence: explainDecision(decision, options) }];
}

/** What the controller would mend of its claims, if claims were read (docs/decisions/0009). */
function claimFindings({ registry }: Allocator): Finding[] {
  const findings: Finding[] = [];
  for (let repair = registry.next(); repair !== undefined; repair = registry.next()) {
    const address = repair.kind === 'claim' ? repair.address : repair.claim.address;
    const subject = `ipaddress ${formatAddress(address)}`;
    findings.push(
      repair.kind === 'claim'
        ? {
            code: 'record',
            subject,
            sentence: 'there is none, though a Service of this controller has the address.',
          }
        : {
            code: 'leftover',
            subject,
            sentence: 'this controller claimed the address, and no Service has it.',
          },
    );
  }
  return findings.sort((a, b) => (a.subject < b.subject ? -1 : 1));
}
