import type { Address } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { isInConflict } from '../ledger/sharing.ts';
import type { Facts } from './facts.ts';

/** The other holders of the address: they share it, or another program created a duplicate. */
export function coHolders(state: ServiceState, address: Address, { ledger, config }: Facts): ServiceState[] {
  // The common case: no other Service uses it.
  if (!ledger.isUsedByOthers(address, state)) return [];
  return ledger.holding(address, config).holders.filter((other) => other !== state);
}

/** The other Services that use the address, if only in their status. */
export function othersAt(state: ServiceState, address: Address, { ledger }: Facts): ServiceState[] {
  return ledger.servicesAt(address).filter((other) => other !== state);
}

/** Other holders of the address that may not share it with `state`. */
export function conflicts(state: ServiceState, address: Address, facts: Facts): ServiceState[] {
  return coHolders(state, address, facts).filter((other) =>
    isInConflict(state, other, address, facts.config),
  );
}
