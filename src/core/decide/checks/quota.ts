import { heldBy } from '../../ledger/held-addresses.ts';
import { addressesOf } from '../../model/address-list.ts';
import type { Check } from '../check.ts';
import type { AddressConflict } from '../decision.ts';
import { contender } from '../desired-state.ts';

/** Addresses that are requested by name count in the quota, too. What the Service holds already is never taken (spec section 13). */
export const quota: Check = {
  name: 'quota',
  run({ state, policy, facts: { ledger } }) {
    const { intent, key: service, view } = state;
    if (intent.kind !== 'requested' || policy.quota === undefined) return undefined;
    const { namespace } = view;
    const { key, limit } = policy.quota;
    const held = ledger.held.count(namespace, state);
    const added = addressesOf(intent.list).filter((address) => !ledger.held.has(namespace, address, state));
    if (added.length <= heldBy(state).length || held + added.length <= limit) return undefined;
    const reached = {
      code: 'quota-reached',
      key,
      namespace,
      limit,
      held: ledger.held.count(namespace, undefined),
    } as const;
    const conflict: AddressConflict = { ...reached, service };
    const failures = [reached];
    return { conflict, decision: contender(state, conflict, false, failures) };
  },
};
