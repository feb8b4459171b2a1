import type { Quota } from '../config/policy.ts';
import type { Address } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import type { Facts } from './facts.ts';

/** How many addresses the Services of the namespace hold if this one has these: O(addresses). */
export function heldWith(state: ServiceState, addresses: readonly Address[], { ledger }: Facts): number {
  const { namespace } = state.view;
  const added = addresses.filter((address) => !ledger.held.has(namespace, address, state));
  return ledger.held.count(namespace, state) + added.length;
}

/**
 * How many addresses the Service can get beside these within the quota of its namespace; negative if these are too many. A lowered
 * quota takes nothing away, so it also permits what leaves the namespace with no more addresses than it has (spec section 13).
 * O(addresses).
 */
export function quotaRoom(
  { limit }: Quota,
  state: ServiceState,
  addresses: readonly Address[],
  facts: Facts,
): number {
  const most = Math.max(limit, facts.ledger.held.count(state.view.namespace, undefined));
  return most - heldWith(state, addresses, facts);
}
