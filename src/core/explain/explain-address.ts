import { poolNameOf } from '../config/keys.ts';
import type { Address } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';

/** The phrases about what the configuration says of one address. */

/** `excluded by exclude.internal`; empty if no key excludes it. */
export function explainExclusion(keys: readonly string[]): string {
  return keys.length === 0 ? '' : `excluded by ${keys.join(', ')}`;
}

/** `in pool.dmz, which no list names`: Services get none of the addresses of these pools. */
export function explainUnusedPools(keys: readonly string[]): string {
  const areNamed = keys.every((key) => poolNameOf(key) !== undefined);
  const why = areNamed ? 'which no list names' : keys.length > 1 ? 'which are not used' : 'which is not used';
  return `in ${keys.join(', ')}, ${why}`;
}

/** `reserved for shop/web (reserve-shop)`; empty if it is not, or if the Service has it. */
export function explainReservation(
  reservation: { readonly address: Address; readonly service: string; readonly key: string } | undefined,
  holders: readonly Pick<ServiceState, 'key'>[],
): string {
  if (reservation === undefined || holders.some(({ key }) => key === reservation.service)) return '';
  return `reserved for ${reservation.service} (${reservation.key})`;
}
