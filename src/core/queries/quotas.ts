import type { Config } from '../config/config.ts';
import { policyFor } from '../config/policy.ts';
import type { AllocationFailure } from '../decide/allocation-failure.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** How many addresses the Services of a namespace have of those that they can have. */
export interface QuotaRow {
  readonly namespace: string;
  /** The ConfigMap's key. */
  readonly key: string;
  readonly limit: number;
  readonly used: number;
  /** How many more they can have. Negative if they have more than the quota allows, because it was lowered. */
  readonly left: number;
  /** The Services that wait because of it. */
  readonly pending: number;
}

/** How many Services wait for what. */
export interface PendingCounts {
  /** For an address of a pool, by its key. A Service can wait for several. */
  readonly byPool: ReadonlyMap<string, number>;
  /** Because of the quota of a namespace. */
  readonly byQuota: ReadonlyMap<string, number>;
}

/** Counts Services without an address. */
export function pendingCounts(
  decisions: Iterable<Pick<ServiceDecision, 'state' | 'decision'>>,
): PendingCounts {
  const byPool = new Map<string, number>();
  const byQuota = new Map<string, number>();
  for (const { state, decision } of decisions) {
    if (decision.kind !== 'pending' && decision.kind !== 'conflict') continue;
    for (const key of new Set(decision.failures.flatMap(poolOf))) byPool.set(key, (byPool.get(key) ?? 0) + 1);
    const { namespace } = state.view;
    if (decision.failures.some(({ code }) => code === 'quota-reached'))
      byQuota.set(namespace, (byQuota.get(namespace) ?? 0) + 1);
  }
  return { byPool, byQuota };
}

function poolOf(failure: AllocationFailure): string[] {
  switch (failure.code) {
    case 'pool-full':
    case 'pool-empty':
    case 'family-not-in-pool':
      return [failure.key];
    default:
      return [];
  }
}

/**
 * The namespaces with a quota of their own, and of the others with the global quota those that have or wait for addresses, sorted:
 * O(n log n) in these namespaces.
 */
export function quotaRows(
  { ledger, config }: { readonly ledger: Ledger; readonly config: Config },
  pending: Pick<PendingCounts, 'byQuota'>,
): QuotaRow[] {
  const { namespace: quotas } = config.settings.quota;
  if (quotas.size === 0) return [];
  const namespaces = new Set([...ledger.held.namespaces(), ...pending.byQuota.keys()]);
  for (const namespace of quotas.keys()) if (namespace !== 'global') namespaces.add(namespace);
  return [...namespaces].sort().flatMap((namespace) => {
    const row = quotaRow(namespace, { ledger, config }, pending);
    const isOwn = quotas.has(namespace) && namespace !== 'global';
    return row !== undefined && (isOwn || row.used + row.pending > 0) ? [row] : [];
  });
}

/** Undefined if the namespace has no quota. */
export function quotaRow(
  namespace: string,
  { ledger, config }: { readonly ledger: Ledger; readonly config: Config },
  { byQuota }: Pick<PendingCounts, 'byQuota'>,
): QuotaRow | undefined {
  const { quota } = policyFor(config, { namespace });
  if (quota === undefined) return undefined;
  const used = ledger.held.count(namespace, undefined);
  return { namespace, ...quota, used, left: quota.limit - used, pending: byQuota.get(namespace) ?? 0 };
}
