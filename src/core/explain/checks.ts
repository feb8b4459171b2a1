import { type Pools, poolFor, poolKeysOf, sharingFor } from '../config/config.ts';
import { wantedFamilies, wantsToShare } from '../decide/allocate.ts';
import type { Shortage } from '../decide/allocation-failure.ts';
import type { Verdict } from '../decide/allocator.ts';
import { type Decision, isDispute } from '../decide/decision.ts';
import type { Family } from '../ip/address.ts';
import type { Standing } from '../ledger/service-state.ts';
import { unwilling } from '../ledger/sharing.ts';
import { formatList } from '../model/address-list.ts';
import { staticSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import { annotations } from '../model/well-known-names.ts';
import { quoted } from '../text/quote.ts';
import {
  explainNote,
  explainNotOurs,
  explainRefusal,
  explainShortage,
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
export function checksOf({ standing, decision }: Verdict, pools: Pools, options: Options): Check[] {
  const checks: Check[] = [];
  const is = (name: CheckName, outcome: Check['outcome'], finding: string): void => {
    checks.push({ name, outcome, finding });
  };
  if (!isOurs(standing, options, is)) return checks;
  if (decision.kind === 'ignore' || standing.view.deleting) {
    is('deletion', 'failed', 'being deleted: it keeps what it has until it is gone, and gets nothing');
    return checks;
  }
  if (decision.kind === 'refuse' && decision.refusal.code === 'not-an-address') {
    is('request', 'failed', explainRefusal(decision.refusal));
    return checks;
  }
  is('request', 'passed', explainRequest(standing));
  if (decision.kind === 'refuse') is('address', 'failed', explainRefusal(decision.refusal));
  const shortages = shortagesIn(decision);
  if (usesPool(standing, decision)) checkPool({ standing, decision }, shortages, pools, options, is);
  if (decision.kind === 'keep' || decision.kind === 'write') checkServed(decision, options, is);
  return checks;
}

type Is = (name: CheckName, outcome: Check['outcome'], finding: string) => void;

/** Spec section 8. */
function isOurs({ view, notOurs, record }: Standing, options: Options, is: Is): boolean {
  if (notOurs === 'not-a-load-balancer') {
    is('type', 'failed', `${view.type}: ${explainNotOurs(notOurs, options)}`);
    return false;
  }
  is('type', 'passed', 'LoadBalancer');
  if (notOurs === 'ignored') {
    is('ignore', 'failed', explainNotOurs(notOurs, options));
    return false;
  }
  is('ignore', 'passed', `no annotation ${annotations.ignore}`);
  const named = view.class === undefined ? 'none' : quoted(view.class);
  if (notOurs === 'other-class') {
    is('class', 'failed', `${named}: ${explainNotOurs(notOurs, options)}`);
    return false;
  }
  is('class', 'passed', `${named}, which this controller serves`);
  if (notOurs === 'other-controller') {
    is('controller', 'failed', `${record?.controller ?? 'unknown'}: ${explainNotOurs(notOurs, options)}`);
    return false;
  }
  return true;
}

/** What the Service asks for, and where that stands. */
function explainRequest({ view, intent, record }: Standing): string {
  const wish = view.reallocate ? `; ${annotations.reallocate} asks for a fresh allocation` : '';
  switch (intent.kind) {
    case 'fresh':
      return `nothing by name: an address from the pool of its namespace${wish}`;
    case 'held': {
      const source = record?.source;
      const from =
        source === undefined
          ? 'which it was given before this controller came'
          : source === staticSource
            ? 'which a user asked for by name'
            : `as its record says, from ${source}`;
      return `it shows ${formatList(intent.list)}, ${from}${wish}`;
    }
    case 'asked':
      return `${formatList(intent.list)}, by ${intent.by === 'spec' ? 'spec.loadBalancerIP' : `the annotation ${annotations.addresses}`}${wish}`;
    case 'copy':
      return `${formatList(intent.list)}, with the record of another Service: it is a copy of that one${wish}`;
    case 'stripped':
      return `its annotation was removed, and its record remembers ${formatList(intent.list)}${wish}`;
    case 'unreadable':
      return quoted(intent.fault.text);
  }
}

function shortagesIn(decision: Decision): readonly Shortage[] {
  if (decision.kind === 'wait' || decision.kind === 'refuse') return decision.shortages;
  if (!('notes' in decision)) return [];
  return decision.notes.flatMap((note) => (note.code === 'unmet' ? note.shortages : []));
}

/** Whether the pool of its namespace has a say in the decision. */
function usesPool({ intent, view }: Standing, decision: Decision): boolean {
  if (intent.kind === 'fresh' || view.reallocate || shortagesIn(decision).length > 0) return true;
  return 'source' in decision && decision.source !== staticSource;
}

function checkPool(
  { standing, decision }: Verdict,
  shortages: readonly Shortage[],
  pools: Pools,
  options: Options,
  is: Is,
): void {
  const { view } = standing;
  const pool = poolFor(pools, view.namespace);
  const missing = shortages.find(({ code }) => code === 'no-config-map' || code === 'no-pool');
  if (missing !== undefined) {
    is('pool', 'failed', explainShortage(missing, options));
    return;
  }
  if (pool === undefined) return;
  is('pool', 'passed', `${pool.key}, the first of ${poolKeysOf(view.namespace).join(', ')} that exists`);
  const wanted = wantedFamilies(standing, pool);
  const lacking = shortages.find(({ code }) => code === 'family-not-in-pool');
  const families = `${view.policy}: ${wanted.join(' and ')}`;
  if (lacking !== undefined)
    is('families', 'failed', `${families}, but ${explainShortage(lacking, options)}`);
  else is('families', 'passed', families);
  // DHCP is asked as often as somebody wants an address.
  if (standing.intent.kind === 'fresh' && !pool.dhcp.IPv4) checkSharing(standing, wanted, pools, is);
  for (const shortage of shortages) {
    if (shortage.code === 'pool-full' || shortage.code === 'pool-empty')
      is('address', 'failed', explainShortage(shortage, options));
  }
  if (decision.kind === 'write' && standing.intent.kind === 'fresh')
    is('address', 'passed', explainGrant(decision));
}

function explainGrant({ addresses, cause }: Decision & { kind: 'write' }): string {
  // `::` beside an address, in a pool of both.
  if (addresses.split(',').some((address) => address === '0.0.0.0' || address === '::'))
    return `${addresses}: DHCP is asked for one`;
  if (cause === 'share') return `${addresses} is in use, and all who have it agree`;
  return cause === 'restore' ? `${addresses} stands in its status` : `${addresses} is free`;
}

function checkSharing(standing: Standing, wanted: readonly Family[], pools: Pools, is: Is): void {
  const { namespace, policy } = standing.view;
  if (!sharingFor(pools, namespace)) return;
  if (wanted[0] === 'IPv4' && wantsToShare(standing, pools)) {
    is('sharing', 'noted', 'it takes an address that is in use, if all who have it agree');
    return;
  }
  const why = unwilling(standing, pools);
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

function checkServed(decision: Decision & { kind: 'keep' | 'write' }, options: Options, is: Is): void {
  for (const note of decision.notes) {
    if (note.code === 'unmet') is('request', 'failed', explainNote(note, options));
    else is('address', isDispute(note) ? 'failed' : 'noted', explainNote(note, options));
  }
  if (decision.kind === 'keep') is('write', 'passed', 'all that is to stand on it stands there');
  else is('write', 'noted', `not written yet: ${explainWrite(decision)}`);
}
