import type { Config } from '../config/config.ts';
import { isInPool, policyFor } from '../config/policy.ts';
import type { Pool } from '../config/pool.ts';
import type { Family } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { familiesText, targetOf } from '../model/service-view.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { wantsToShare } from './allocation-request.ts';
import type { Condition, Decision } from './decision.ts';
import type { Facts } from './facts.ts';

/** What would help a pending Service: an address of the family becomes free in the pool. */
export interface WakeCondition {
  readonly pool: Pool;
  readonly family: Family;
  /** Whether any change of an address in use can help, too, because the Service would share it. */
  readonly orPartner: boolean;
}

/** What a pending Service waits for. Without a condition, only a change of the ConfigMap or of the Service helps. */
export interface Waiting {
  readonly conditions: readonly WakeCondition[];
  /**
   * What else its allocation depends on, besides pool and ledger. Of Services with the same conditions and the same needs, none
   * can be helped if the oldest cannot.
   */
  readonly needs: string;
}

/** Undefined if the Service is not pending: no address that becomes free would change the decision. */
export function waitingFor(state: ServiceState, decision: Decision, facts: Facts): Waiting | undefined {
  const { config } = facts;
  const failures = failuresOf(decision);
  if (failures !== undefined) {
    const orPartner = wantsToShare(state, facts);
    const conditions = conditionsFor(state, failures, orPartner, config);
    return { conditions, needs: needsOf(state, orPartner) };
  }
  const missing = lackingFamily(decision);
  const pool = missing?.key === undefined ? undefined : config.pools.get(missing.key);
  if (missing === undefined || pool === undefined) return undefined;
  return { conditions: [{ pool, family: missing.missing, orPartner: false }], needs: 'second family' };
}

function conditionsFor(
  { view }: ServiceState,
  failures: readonly AllocationFailure[],
  orPartner: boolean,
  config: Config,
): readonly WakeCondition[] {
  return failures.flatMap((failure) => {
    switch (failure.code) {
      case 'pool-full': {
        const pool = config.pools.get(failure.key);
        return pool === undefined ? [] : [{ pool, family: failure.family, orPartner }];
      }
      case 'target-in-use':
      case 'target-external-ip':
      case 'target-claimed': {
        const { address } = failure;
        const pool = policyFor(config, view).pools.find((one) => isInPool(one, address));
        return pool === undefined ? [] : [{ pool, family: address.family, orPartner }];
      }
      default:
        return [];
    }
  });
}

/** Why the Service has no address, or cannot have the change that it wants; undefined if neither is so. */
function failuresOf(decision: Decision): readonly AllocationFailure[] | undefined {
  if (decision.kind === 'pending') return decision.failures;
  if (decision.kind === 'conflict') return decision.failures.length > 0 ? decision.failures : undefined;
  if (!('conditions' in decision)) return undefined;
  return decision.conditions.find((condition) => condition.code === 'pending-change')?.failures;
}

/** A Service with addresses to keep, or with a target, has needs of its own. */
function needsOf({ key, view, intent, usedIPs }: ServiceState, orPartner: boolean): string {
  if (intent.kind !== 'new' || usedIPs.length > 0 || targetOf(view) !== undefined) return `own ${key}`;
  return `${familiesText(view)} ${orPartner ? view.ports.join(',') : ''}`;
}

/** The family that is missing because the pool is full, or was: the oldest such Service is checked when an address is freed. */
function lackingFamily(decision: Decision): (Condition & { code: 'one-family' }) | undefined {
  if (!('conditions' in decision)) return undefined;
  const lacking = decision.conditions.find((condition) => condition.code === 'one-family');
  if (lacking === undefined || lacking.why === 'static') return undefined;
  return lacking.why === undefined || lacking.why.code === 'pool-full' ? lacking : undefined;
}
