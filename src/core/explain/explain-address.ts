import type { Address } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';

/** The phrases about what the configuration says of one address. */

/** `excluded by exclude.internal`; empty if no key excludes it. */
export function explainExclusion(keys: readonly string[]): string {
  return keys.length === 0 ? '' : `excluded by ${keys.join(', ')}`;
}

/** `reserved for shop/web (reserve-shop)`; empty if it is not, or if the Service has it. */
export function explainReservation(
  reservation: { readonly address: Address; readonly service: string; readonly key: string } | undefined,
  holders: readonly Pick<ServiceState, 'key'>[],
): string {
  if (reservation === undefined || holders.some(({ key }) => key === reservation.service)) return '';
  return `reserved for ${reservation.service} (${reservation.key})`;
}
