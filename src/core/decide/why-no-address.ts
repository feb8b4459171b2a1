import { type Config, type Pool, poolFor } from '../config/config.ts';
import type { Family } from '../ip/address.ts';
import type { AllocationContext } from './allocation-context.ts';
import type { AllocationFailure } from './allocation-failure.ts';

/** Why a pool without a free address of the family has none. */
export function whyNoneFree(pool: Pool, family: Family, { ledger }: AllocationContext): AllocationFailure {
  const { key, size, dhcp, spans } = pool;
  if (size[family] > 0n) {
    const claimed = ledger.claimedCount(family, spans[family]);
    return { code: 'pool-full', key, family, size: size[family], claimed, noSharing: undefined };
  }
  const other = family === 'IPv4' ? 'IPv6' : 'IPv4';
  return size[other] > 0n || dhcp[other]
    ? { code: 'family-not-in-pool', key, family }
    : { code: 'pool-empty', key };
}

export function whyNoPool(config: Config, namespace: string): AllocationFailure {
  return config.exists ? { code: 'no-pool', namespace } : { code: 'no-config-map' };
}

/** Why a new allocation in the namespace could not include an address of the family; undefined if it could. */
export function whyNotAvailable(
  namespace: string,
  family: Family,
  context: AllocationContext,
): AllocationFailure | undefined {
  const { ledger, config } = context;
  const pool = poolFor(config, namespace);
  if (pool === undefined) return whyNoPool(config, namespace);
  const isFree =
    pool.dhcp[family] || ledger.firstFree(family, pool.spans[family], config.descending) !== undefined;
  return isFree ? undefined : whyNoneFree(pool, family, context);
}
