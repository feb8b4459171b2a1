import { addressesOf, parseAddressList } from '../../model/address-list.ts';
import type { Check } from '../check.ts';
import type { AddressConflict } from '../decision.ts';
import { contender } from '../desired-state.ts';
import { quotaRoom } from '../quota-room.ts';
import { whyNoRoom } from '../why-no-address.ts';

/** Addresses that are requested by name count in the quota, too. What the Service holds already is never taken (spec section 13). */
export const quota: Check = {
  name: 'quota',
  run({ state, policy, facts }) {
    const { intent, key: service, view } = state;
    if ((intent.kind !== 'requested' && intent.kind !== 'copied') || policy.quota === undefined)
      return undefined;
    if (quotaRoom(policy.quota, state, addressesOf(intent.list), facts) >= 0) return undefined;
    const reached = whyNoRoom(state, policy.quota, facts);
    const conflict: AddressConflict = { ...reached, service };
    // The addresses in an annotation beside an edited spec are still assigned.
    const isHeld =
      intent.kind === 'copied' || (intent.by === 'spec' && parseAddressList(view.annotation) !== undefined);
    return { conflict, decision: contender(state, conflict, isHeld, [reached]) };
  },
};
