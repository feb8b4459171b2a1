import type { ServiceState } from '../ledger/service-state.ts';
import type { Check, CheckName, Run, Step, Trace } from './check.ts';
import { allocation } from './checks/allocation.ts';
import { conflict } from './checks/conflict.ts';
import { families, pools, ports } from './checks/edits.ts';
import { handled, request } from './checks/handled.ts';
import { quota } from './checks/quota.ts';
import { reallocationRequest } from './checks/reallocation.ts';
import { removedRecord } from './checks/removed-record.ts';
import { requested } from './checks/requested.ts';
import type { Decision, DesiredState } from './decision.ts';
import { reconcile } from './desired-state.ts';
import { type Facts, subjectOf } from './facts.ts';

/** The rules of spec sections 5 and 6, in order. The first one that applies decides; `explain` prints those that ran. */
const checks: readonly Check[] = [
  ...handled,
  request,
  reallocationRequest,
  removedRecord,
  conflict,
  quota,
  ports,
  families,
  pools,
  allocation,
];

/** The checks, each with what it leaves if it passes and has nothing to say. */
const ladder = checks.map((check) => ({ check, passed: stepOf(check.name) }));
const written = stepOf('write');

function stepOf(check: CheckName): Step {
  return { check, allocation: undefined, conflict: undefined };
}

/** What to do about a Service, and how that was decided. */
export interface Decided {
  readonly decision: Decision;
  readonly trace: Trace;
}

/** Decides what to do about a Service, without side effects. `state` must be in the ledger. */
export function decide(state: ServiceState, facts: Facts, controller: string): Decided {
  const steps: Step[] = [];
  const { policy } = subjectOf(state, facts);
  const trace: Trace = { policy, steps };
  const run: Run = { state, policy, facts, controller, steps };
  let desired: DesiredState | undefined;
  for (const { check, passed } of ladder) {
    const verdict = check.run(run);
    if (verdict === undefined) steps.push(passed);
    else steps.push({ check: check.name, allocation: verdict.allocation, conflict: verdict.conflict });
    if (verdict?.decision !== undefined) return { decision: verdict.decision, trace };
    desired = verdict?.desired;
    if (desired !== undefined) break;
  }
  steps.push(written);
  return { decision: reconcile(state, desired ?? requested(run)), trace };
}
