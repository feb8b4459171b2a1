import type { PolicyPool } from '../config/policy.ts';
import type { Family } from '../ip/address.ts';
import { IntervalSet } from '../ip/interval-set.ts';
import { ordinalOf } from '../ip/range.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** The addresses of a pool, counted by set arithmetic, whatever overlaps. */
export interface PoolCounts {
  /** Those that can be allocated: used, reserved, and free ones. */
  readonly size: bigint;
  readonly used: bigint;
  /** Reserved for Services that do not have them. */
  readonly reserved: bigint;
  readonly free: bigint;
  /** Those that are not among these, because the configuration excludes them. */
  readonly excluded: bigint;
}

/** Counts the addresses of pools: O(used intervals + reservations) once, then O(spans x log of these) for each pool. */
export function poolCounter(ledger: Ledger): (pool: PolicyPool, family: Family) => PoolCounts {
  const blockedIn = ledger.usage();
  const waiting = waitingReservations(ledger);
  return ({ spans, size: sizes, whole }, family) => {
    const size = sizes[family];
    const reserved = spans[family].reduce(
      (sum, { first, last }) => sum + waiting[family].count(first, last),
      0n,
    );
    const blocked = blockedIn(family, spans[family]);
    return {
      size,
      used: blocked - reserved,
      reserved,
      free: size - blocked,
      excluded: whole.size[family] - size,
    };
  };
}

/** The ordinals of reserved addresses that no Service has. */
function waitingReservations(ledger: Ledger): Readonly<Record<Family, IntervalSet>> {
  const ordinals = { IPv4: new IntervalSet(), IPv6: new IntervalSet() };
  for (const { address } of ledger.reservations.all('configured')) {
    const ordinal = ordinalOf(address);
    const isInUse =
      ledger.servicesAt(address).length > 0 ||
      ledger.claimOwner(address) !== undefined ||
      ledger.isExternalIP(address);
    if (ordinal !== undefined && !isInUse) ordinals[address.family].add(ordinal);
  }
  return ordinals;
}
