import type { Service } from '../../src/core/model/objects.ts';
import { keyOf, mayShare } from '../core/naive.ts';
import type { Data } from '../core/naive-pools.ts';
import { BrokenPromise } from '../simulator/broken-promise.ts';
import { holds, recordOf } from '../simulator/promise-checks.ts';

/**
 * Two Services that were moved from one address, and may still share one, are at one address. If more than two share, the others there
 * can be a reason why not.
 */
export function checkTogether(all: readonly Service[], data: Data | undefined): void {
  const moved = all.filter((service) => recordOf(service).was !== undefined);
  const [one, other, ...more] = moved;
  if (data === undefined || one === undefined || other === undefined || more.length > 0) return;
  const [{ was, ips = '' }, there] = [recordOf(one), recordOf(other)];
  if (was !== there.was || ips === there.ips || !holds(one, ips) || !mayShare(data, one, other, ips)) return;
  throw new BrokenPromise(
    'Together',
    `${keyOf(one)} and ${keyOf(other)} shared an address, and are at ${ips} and ${there.ips}`,
  );
}
