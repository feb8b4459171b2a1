import { type Config, poolFor, poolKeysOf, sharingFor } from '../config/config.ts';
import { wantedFamilies, wantsToShare } from '../decide/allocate.ts';
import type { AllocationFailure } from '../decide/allocation-failure.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import { type Decision, isConflictCondition } from '../decide/decision.ts';
import type { Family } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { whyNotSharing } from '../ledger/sharing.ts';
import { formatAddressList } from '../model/address-list.ts';
import { staticSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import { annotations } from '../model/well-known-names.ts';
import { quoted } from '../text/quote.ts';
import {
  explainCondition,
  explainConflict,
  explainFailure,
  explainIgnored,
  explainWrite,
} from './explain-decision.ts';

/** One rung of the chain that a decision goes down (decide.ts), and what was found there. */
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
  | 'pool'
  | 'families'
  | 'sharing'
  | 'address'
  | 'write';

/**
 * The checks of a decision in their order, down to the one that decided. What passed and what failed is read from the
 * decision itself, so the two cannot disagree (test/core/answers.test.ts).
 */
export function checksOf({ state, decision }: ServiceDecision, config: Config, options: Options): Check[] {
  const checks: Check[] = [];
  const is = (name: CheckName, outcome: Check['outcome'], finding: string): void => {
    checks.push({ name, outcome, finding });
  };
  if (!isOurs(state, options, is)) return checks;
  if (decision.kind === 'ignore' || state.view.deleting) {
    is('deletion', 'failed', 'being deleted: it keeps what it has until it is gone, and gets nothing');
    return checks;
  }
  if (decision.kind === 'conflict' && decision.conflict.code === 'invalid-address') {
    is('request', 'failed', explainConflict(decision.conflict));
    return checks;
  }
  is('request', 'passed', explainRequest(state));
  if (decision.kind === 'conflict') is('address', 'failed', explainConflict(decision.conflict));
  const failures = failuresIn(decision);
  if (usesPool(state, decision)) checkPool({ state, decision }, failures, config, options, is);
  if (decision.kind === 'keep' || decision.kind === 'write') checkServed(decision, options, is);
  return checks;
}

type Record = (name: CheckName, outcome: Check['outcome'], finding: string) => void;

/** Spec section 8. */
function isOurs({ view, ignoreReason, record }: ServiceState, options: Options, is: Record): boolean {
  if (ignoreReason === 'not-a-load-balancer') {
    is('type', 'failed', `${view.type}: ${explainIgnored(ignoreReason, options)}`);
    return false;
  }
  is('type', 'passed', 'LoadBalancer');
  if (ignoreReason === 'ignored') {
    is('ignore', 'failed', explainIgnored(ignoreReason, options));
    return false;
  }
  is('ignore', 'passed', `no annotation ${annotations.ignore}`);
  const named = view.class === undefined ? 'none' : quoted(view.class);
  if (ignoreReason === 'other-class') {
    is('class', 'failed', `${named}: ${explainIgnored(ignoreReason, options)}`);
    return false;
  }
  is('class', 'passed', `${named}, which this controller serves`);
  if (ignoreReason === 'other-controller') {
    is(
      'controller',
      'failed',
      `${record?.controller ?? 'unknown'}: ${explainIgnored(ignoreReason, options)}`,
    );
    return false;
  }
  return true;
}

/** What the Service asks for, and where that stands. */
function explainRequest({ view, intent, record }: ServiceState): string {
  const change = view.reallocate ? `; ${annotations.reallocate} asks for a fresh allocation` : '';
  switch (intent.kind) {
    case 'new':
      return `nothing by name: an address from the pool of its namespace${change}`;
    case 'assigned': {
      const source = record?.source;
      const from =
        source === undefined
          ? 'which it was given before this controller came'
          : source === staticSource
            ? 'which a user asked for by name'
            : `as its record says, from ${source}`;
      return `it shows ${formatAddressList(intent.list)}, ${from}${change}`;
    }
    case 'requested':
      return `${formatAddressList(intent.list)}, by ${intent.by === 'spec' ? 'spec.loadBalancerIP' : `the annotation ${annotations.addresses}`}${change}`;
    case 'copied':
      return `${formatAddressList(intent.list)}, with the record of another Service: it is a copy of that one${change}`;
    case 'annotationRemoved':
      return `its annotation was removed, and its record remembers ${formatAddressList(intent.list)}${change}`;
    case 'unreadable':
      return quoted(intent.fault.text);
  }
}

function failuresIn(decision: Decision): readonly AllocationFailure[] {
  if (decision.kind === 'pending' || decision.kind === 'conflict') return decision.failures;
  if (!('conditions' in decision)) return [];
  return decision.conditions.flatMap((condition) =>
    condition.code === 'pending-change' ? condition.failures : [],
  );
}

/** Whether the pool of its namespace has a say in the decision. */
function usesPool({ intent, view }: ServiceState, decision: Decision): boolean {
  if (intent.kind === 'new' || view.reallocate || failuresIn(decision).length > 0) return true;
  return 'source' in decision && decision.source !== staticSource;
}

function checkPool(
  { state, decision }: ServiceDecision,
  failures: readonly AllocationFailure[],
  config: Config,
  options: Options,
  is: Record,
): void {
  const { view } = state;
  const pool = poolFor(config, view.namespace);
  const missing = failures.find(({ code }) => code === 'no-config-map' || code === 'no-pool');
  if (missing !== undefined) {
    is('pool', 'failed', explainFailure(missing, options));
    return;
  }
  if (pool === undefined) return;
  is('pool', 'passed', `${pool.key}, the first of ${poolKeysOf(view.namespace).join(', ')} that exists`);
  const wanted = wantedFamilies(state, pool);
  const lacking = failures.find(({ code }) => code === 'family-not-in-pool');
  const families = `${view.policy}: ${wanted.join(' and ')}`;
  if (lacking !== undefined) is('families', 'failed', `${families}, but ${explainFailure(lacking, options)}`);
  else is('families', 'passed', families);
  // DHCP is asked as often as somebody wants an address.
  if (state.intent.kind === 'new' && !pool.dhcp.IPv4) checkSharing(state, wanted, config, is);
  for (const failure of failures) {
    if (failure.code === 'pool-full' || failure.code === 'pool-empty')
      is('address', 'failed', explainFailure(failure, options));
  }
  if (decision.kind === 'write' && state.intent.kind === 'new')
    is('address', 'passed', explainGrant(decision));
}

function explainGrant({ addresses, cause }: Decision & { kind: 'write' }): string {
  // `::` beside an address, in a pool of both.
  if (addresses.split(',').some((address) => address === '0.0.0.0' || address === '::'))
    return `${addresses}: DHCP is asked for one`;
  if (cause === 'share') return `${addresses} is in use, and all who have it agree`;
  return cause === 'restore' ? `${addresses} stands in its status` : `${addresses} is free`;
}

function checkSharing(state: ServiceState, wanted: readonly Family[], config: Config, is: Record): void {
  const { namespace, policy } = state.view;
  if (!sharingFor(config, namespace)) return;
  if (wanted[0] === 'IPv4' && wantsToShare(state, config)) {
    is('sharing', 'noted', 'it takes an address that is in use, if all who have it agree');
    return;
  }
  const why = whyNotSharing(state, config);
  const reason =
    policy !== 'SingleStack'
      ? `it is ${policy}, and only SingleStack IPv4 Services share`
      : why?.code === 'local-traffic'
        ? 'it has externalTrafficPolicy: Local'
        : why?.code === 'no-ports'
          ? 'it has no ports'
          : 'it is no SingleStack IPv4 Service';
  is('sharing', 'noted', `${reason}, so it shares with nobody`);
}

function checkServed(decision: Decision & { kind: 'keep' | 'write' }, options: Options, is: Record): void {
  for (const condition of decision.conditions) {
    if (condition.code === 'pending-change') is('request', 'failed', explainCondition(condition, options));
    else
      is(
        'address',
        isConflictCondition(condition) ? 'failed' : 'noted',
        explainCondition(condition, options),
      );
  }
  if (decision.kind === 'keep') is('write', 'passed', 'all that is to stand on it stands there');
  else is('write', 'noted', `not written yet: ${explainWrite(decision)}`);
}
