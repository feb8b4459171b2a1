import type { Pool } from '../config/config.ts';
import { type Address, isUnspecified } from '../ip/address.ts';
import { ordinalOf } from '../ip/range.ts';

/** Whether the pool could provide this address if it were free. */
export function isInPool(pool: Pool, address: Address): boolean {
  if (isUnspecified(address)) return pool.dhcp[address.family];
  const ordinal = ordinalOf(address);
  if (ordinal === undefined) return false;
  return pool.spans[address.family].some(({ first, last }) => first <= ordinal && ordinal <= last);
}
