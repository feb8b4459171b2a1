import type { IgnoreReason } from '../../ledger/service-state.ts';
import { canonicalList } from '../../model/address-list.ts';
import { unknownSource } from '../../model/allocation-record.ts';
import type { Check, CheckName } from '../check.ts';
import type { AddressConflict } from '../decision.ts';

/** Whether this controller handles the Service at all (spec section 8). */
export const handled: readonly Check[] = [
  ignores('type', 'not-a-load-balancer'),
  ignores('ignore', 'ignored'),
  ignores('class', 'other-class'),
  ignores('controller', 'other-controller'),
  {
    name: 'deletion',
    /** A Service that is being deleted keeps its addresses and gets no new ones. The Go version's finalizer must not block it. */
    run({ state: { view, intent, record } }) {
      if (!view.deleting) return undefined;
      if (view.goFinalizers === undefined) return { decision: { kind: 'ignore', why: 'being-deleted' } };
      const addresses = canonicalList('list' in intent ? intent.list : []);
      const source = record?.source ?? unknownSource;
      const fields = { goFinalizers: null };
      return { desired: { cause: 'update', addresses, source, conditions: [], fields } };
    },
  },
];

function ignores(name: CheckName, reason: IgnoreReason): Check {
  return {
    name,
    run: ({ state: { ignoreReason: why } }) =>
      why === reason ? { decision: { kind: 'ignore', why } } : undefined,
  };
}

/** Whether what the Service requests can be read. */
export const request: Check = {
  name: 'request',
  run({ state: { intent } }) {
    if (intent.kind !== 'unreadable') return undefined;
    const conflict: AddressConflict = { code: 'invalid-address', field: intent.by, fault: intent.fault };
    return { conflict, decision: { kind: 'conflict', conflict, patch: {}, failures: [] } };
  },
};
