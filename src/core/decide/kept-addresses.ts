import { isInPool, type PolicyPool } from '../config/policy.ts';
import { type Address, isUnspecified } from '../ip/address.ts';
import { none } from '../ip/short-lists.ts';
import type { AllocationRequest } from './allocation-request.ts';

/** Whether the group starts with a pool of a single DHCP entry, which is assigned for both families. */
export function isLeased([first]: readonly PolicyPool[]): boolean {
  return first?.dhcpOnly !== undefined;
}

/**
 * The addresses that a request keeps, by group of pools and family: first those that the pools of the group have, then any. An address
 * without a place is released. O(addresses x groups).
 */
export function keptBySlot(
  { keep, families }: AllocationRequest,
  groups: readonly (readonly PolicyPool[])[],
): readonly (readonly (Address | undefined)[])[] {
  if (keep.length === 0) return none;
  const left = new Set(keep);
  const slots = groups.map(() => families.map((): Address | undefined => undefined));
  const fill = (fits: (address: Address, group: readonly PolicyPool[]) => boolean): void => {
    for (const [i, group] of groups.entries())
      for (const [j, family] of families.entries()) {
        const slot = slots[i];
        if (slot === undefined || slot[j] !== undefined) continue;
        const found = [...left].find(
          (address) =>
            (address.family === family || (isUnspecified(address) && isLeased(group))) &&
            fits(address, group),
        );
        if (found === undefined) continue;
        slot[j] = found;
        left.delete(found);
      }
  };
  fill((address, group) => group.some((pool) => isInPool(pool, address)));
  fill(() => true);
  return slots;
}
