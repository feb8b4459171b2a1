import type { AllocationPolicy } from '../config/policy.ts';
import type { Pool } from '../config/pool.ts';
import type { Family } from '../ip/address.ts';
import type { ServiceView } from '../model/service-view.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import type { Facts } from './facts.ts';

/** Why a pool without a free address of the family has none. */
export function whyNoneFree(pool: Pool, family: Family, { ledger }: Facts): AllocationFailure {
  const { key, size, dhcp, spans } = pool;
  if (size[family] > 0n) {
    const claimed = ledger.reservations.claimedCount(family, spans[family]);
    return { code: 'pool-full', key, family, size: size[family], claimed, noSharing: undefined };
  }
  const other = family === 'IPv4' ? 'IPv6' : 'IPv4';
  return size[other] > 0n || dhcp[other]
    ? { code: 'family-not-in-pool', key, family }
    : { code: 'pool-empty', key };
}

export function whyNoPool({ namespace }: ServiceView, { config }: Facts): AllocationFailure {
  return config.exists ? { code: 'no-pool', namespace } : { code: 'no-config-map' };
}

/** Why a new allocation for the Service could not include an address of the family; undefined if it could. */
export function whyNotAvailable(
  view: ServiceView,
  family: Family,
  { pools, descending }: AllocationPolicy,
  facts: Facts,
): AllocationFailure | undefined {
  let failure: AllocationFailure | undefined;
  for (const pool of pools) {
    const isFree =
      pool.dhcp[family] || facts.ledger.firstFree(family, pool.spans[family], descending) !== undefined;
    if (isFree) return undefined;
    failure ??= whyNoneFree(pool, family, facts);
  }
  return failure ?? whyNoPool(view, facts);
}
