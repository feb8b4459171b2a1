import { isInPool, type PolicyPool } from '../config/policy.ts';
import type { Family } from '../ip/address.ts';
import { none } from '../ip/short-lists.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { sharingGroupWhere } from '../ledger/sharing.ts';
import { familiesText, type ServiceView, targetOf } from '../model/service-view.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { wantsToShare } from './allocation-request.ts';
import type { Condition, Decision } from './decision.ts';
import type { Facts, Subject } from './facts.ts';

/** What would help a pending Service. */
export type WakeCondition =
  /** An address of the family becomes free in the pool. */
  | {
      readonly pool: PolicyPool;
      readonly family: Family;
      /** Whether any change of an address in use can help, too, because the Service would share it. */
      readonly orPartner: boolean;
    }
  /** A Service of the namespace gives an address back. */
  | { readonly quotaOf: string };

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
export function waitingFor(subject: Subject, decision: Decision): Waiting | undefined {
  const { state, policy, facts } = subject;
  const failures = failuresOf(decision);
  if (failures !== undefined) {
    const orPartner = wantsToShare(subject);
    const conditions = failures.flatMap((failure) => conditionsFor(failure, subject, orPartner));
    return { conditions, needs: needsOf(state, orPartner, facts) };
  }
  const lacking = lackingFamilies(decision);
  if (lacking.length === 0) return undefined;
  const { pools, quota } = policy;
  const conditions = [
    ...lacking.flatMap(({ missing: family, pool: only }) =>
      pools
        .filter(({ key }) => only === undefined || only === key)
        .map((pool) => ({ pool, family, orPartner: false })),
    ),
    ...(quota === undefined ? [] : [{ quotaOf: state.view.namespace }]),
  ];
  const hasReserved = facts.ledger.reservations.of(state.key, 'configured').length > 0;
  const needs = hasReserved ? `own ${state.key}` : 'second family';
  return conditions.length === 0 ? undefined : { conditions, needs };
}

function conditionsFor(
  failure: AllocationFailure,
  { state: { view }, policy: { pools } }: Subject,
  orPartner: boolean,
): readonly WakeCondition[] {
  switch (failure.code) {
    case 'pool-full': {
      const { key, family } = failure;
      return pools
        .filter((pool) => pool.key === key)
        .map((pool) => ({ pool, family, orPartner: orPartner && canShareIn(pool, view) }));
    }
    case 'quota-reached': {
      // An address that the namespace holds already costs nothing.
      const shared = orPartner ? pools.filter((pool) => canShareIn(pool, view)) : [];
      return [
        { quotaOf: failure.namespace },
        ...shared.map((pool) => ({ pool, family: 'IPv4', orPartner }) as const),
      ];
    }
    case 'target-in-use':
    case 'target-external-ip':
    case 'target-claimed': {
      const { address } = failure;
      return pools
        .filter((pool) => isInPool(pool, address))
        .map((pool) => ({ pool, family: address.family, orPartner }));
    }
    default:
      return [];
  }
}

function canShareIn({ sharing }: PolicyPool, view: ServiceView): boolean {
  return sharingGroupWhere(sharing, view) !== undefined;
}

/** Why the Service has no address, or cannot have the change that it wants; undefined if neither is so. */
function failuresOf(decision: Decision): readonly AllocationFailure[] | undefined {
  if (decision.kind === 'pending') return decision.failures;
  if (decision.kind === 'conflict') return decision.failures.length > 0 ? decision.failures : undefined;
  if (!('conditions' in decision)) return undefined;
  return decision.conditions.find((condition) => condition.code === 'pending-change')?.failures;
}

/** A Service with addresses to keep, with a target, or with reserved ones, has needs of its own. */
function needsOf(
  { key, view, intent, usedIPs }: ServiceState,
  orPartner: boolean,
  { ledger }: Facts,
): string {
  const isOwn =
    intent.kind !== 'new' ||
    usedIPs.length > 0 ||
    targetOf(view) !== undefined ||
    ledger.reservations.of(key, 'configured').length > 0;
  if (isOwn) return `own ${key}`;
  const partners = orPartner ? `${view.ports.join(',')} ${sharingNeeds(view)}` : '';
  return `${familiesText(view)} ${partners}`;
}

/** The Services that can share with each other. */
function sharingNeeds({ namespace, sharingKey }: ServiceState['view']): string {
  return sharingKey === undefined ? '' : `${namespace} ${sharingKey}`;
}

type LackingFamily = Condition & { readonly code: 'one-family' };

/** What is missing because a pool is full, or was: the oldest such Service is checked when an address is freed. */
function lackingFamilies(decision: Decision): readonly LackingFamily[] {
  if (!('conditions' in decision) || decision.conditions.length === 0) return none;
  return decision.conditions.flatMap((condition) =>
    condition.code === 'one-family' && canEnd(condition) ? condition : none,
  );
}

function canEnd({ why }: LackingFamily): boolean {
  if (why === 'static') return false;
  return 'from' in why || why.some(({ code }) => code === 'pool-full' || code === 'quota-reached');
}
