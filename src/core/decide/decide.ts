import { policyFor } from '../config/policy.ts';
import { append, none } from '../ip/short-lists.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import type { Check, Run, Step, Trace } from './check.ts';
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
import type { Facts } from './facts.ts';

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

/** What to do about a Service, and how that was decided. */
export interface Decided {
  readonly decision: Decision;
  readonly trace: Trace;
}

/** Decides what to do about a Service, without side effects. `state` must be in the ledger. */
export function decide(state: ServiceState, facts: Facts, controller: string): Decided {
  const policy = policyFor(facts.config, state.view);
  let run: Run = { state, policy, facts, controller, found: none };
  let desired: DesiredState | undefined;
  let ran = 0;
  for (const check of checks) {
    ran += 1;
    const verdict = check.run(run);
    if (verdict === undefined) continue;
    const { allocation, conflict, decision } = verdict;
    run = { ...run, found: append(run.found, { check: check.name, allocation, conflict }) };
    if (decision !== undefined)
      return { decision, trace: { policy, found: run.found, ran, isCompared: false } };
    desired = verdict.desired;
    if (desired !== undefined) break;
  }
  const decision = reconcile(state, desired ?? requested(run));
  return { decision, trace: { policy, found: run.found, ran, isCompared: true } };
}

/** The checks that ran, in order, each with what it found. The last one decided. */
export function stepsOf({ found, ran, isCompared }: Trace): Step[] {
  const steps = checks
    .slice(0, ran)
    .map(({ name: check }) => found.find((step) => step.check === check) ?? { check });
  return isCompared ? [...steps, { check: 'write' }] : steps;
}
