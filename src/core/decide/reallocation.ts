import { poolFor } from '../config/config.ts';
import { type Address, isUnspecified } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { sharingConflict } from '../ledger/sharing.ts';
import { type AddressEntry, addressesOf } from '../model/address-list.ts';
import { type Allocation, allocate, isInPool, isUnblocked } from './allocate.ts';
import type { AllocationContext } from './allocation-context.ts';
import { coHolders } from './conditions.ts';

export interface Reallocation {
  readonly allocation: Allocation;
  /** The addresses of the list that stay. */
  readonly stays: readonly Address[];
  /** The address that the Service leaves, if it has exactly one, as a holder: only such a Service shares it. */
  readonly left: Address | undefined;
}

/**
 * A new allocation for a Service with these addresses. Addresses that a new allocation could have chosen stay, because any
 * change of the list interrupts the Service; the others are replaced from the pool. It reserves nothing.
 */
export function reallocation(
  state: ServiceState,
  list: readonly AddressEntry[],
  context: AllocationContext,
): Reallocation {
  const { config, ledger } = context;
  const pool = poolFor(config, state.view.namespace);
  // A static address becomes an allocated one, and those have stricter sharing rules.
  const allocated: ServiceState = { ...state, intent: { kind: 'assigned', list, origin: 'allocated' } };
  const stays = addressesOf(list).filter(
    (address) =>
      pool !== undefined &&
      isInPool(pool, address) &&
      isUnblocked(address, context) &&
      ledger.externalUsers(address).every((user) => user === state.key) &&
      ledger.conflictWith(state, address, config) === undefined &&
      coHolders(state, address, context).every((other) => !sharingConflict(allocated, other, config)),
  );
  const only = leftIPv4(list, stays);
  // A contender never had the address, so it does not share it with the holders.
  const isHolder = only !== undefined && ledger.holding(only, config).holders.includes(state);
  const left = isHolder ? only : undefined;
  return { allocation: allocate(state, stays, context, left), stays, left };
}

function leftIPv4(list: readonly AddressEntry[], stays: readonly Address[]): Address | undefined {
  const [only, ...more] = list;
  const isIPv4 = typeof only === 'object' && only.family === 'IPv4' && !isUnspecified(only);
  return isIPv4 && more.length === 0 && stays.length === 0 ? only : undefined;
}
