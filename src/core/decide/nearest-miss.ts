import type { PolicyPool } from '../config/policy.ts';
import { joinConflict } from '../ledger/sharing.ts';
import type { NoSharing } from './allocation-failure.ts';
import type { AllocationRequest } from './allocation-request.ts';
import type { Facts } from './facts.ts';
import { isUnblocked } from './shared-address.ts';

/** A pool can have thousands of addresses in use: the search ends after this many. */
const maxExamined = 32;

type NearestMiss = NoSharing & { readonly code: 'no-partner' };

/**
 * The IPv4 address in use that the Service comes closest to sharing: among the first in search order, the one with the fewest
 * conflicts, of which each common port counts. It only serves as an explanation.
 */
export function nearestMiss(
  { state }: AllocationRequest,
  pool: PolicyPool,
  facts: Facts,
): NearestMiss | undefined {
  const { ledger, config } = facts;
  let nearest: NearestMiss | undefined;
  let fewest = Infinity;
  let examined = 0;
  for (const address of ledger.usedAddresses('IPv4', pool.spans.IPv4, pool.descending)) {
    if (examined === maxExamined) break;
    examined += 1;
    if (!isUnblocked(state, address, facts)) continue;
    let count = 0;
    let miss: NearestMiss | undefined;
    for (const holder of ledger.servicesAt(address)) {
      const why = holder.key === state.key ? undefined : joinConflict(state, holder, address, config);
      if (why === undefined) continue;
      count += why.code === 'port-clash' ? why.ports.length : 1;
      if (count >= fewest) break;
      if (miss === undefined || holder.key < miss.holder)
        miss = { code: 'no-partner', address, holder: holder.key, why };
    }
    if (miss === undefined || count >= fewest) continue;
    nearest = miss;
    fewest = count;
  }
  return nearest;
}
