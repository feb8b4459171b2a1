import { provides } from '../config/policy.ts';
import { type Address, isUnspecified } from '../ip/address.ts';
import { none } from '../ip/short-lists.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { joinConflict } from '../ledger/sharing.ts';
import { type AddressEntry, addressesOf } from '../model/address-list.ts';
import { compareAge } from '../model/service-view.ts';
import { requestOf } from './allocation-request.ts';
import type { Condition, NotShared } from './decision.ts';
import type { Subject } from './facts.ts';

/** Thousands of Services can have one sharing key, and one of them is named: the search ends after so many. */
const maxExamined = 32;

/**
 * That the Service shares its addresses with none of those that have the same sharing key, although at least one of them has an
 * address, and why (spec section 12). O(1) for a Service without a sharing key.
 */
export function notShared(subject: Subject, list: readonly AddressEntry[]): readonly Condition[] {
  const { state, facts } = subject;
  const { sharingKey } = state.view;
  if (sharingKey === undefined) return none;
  const own = addressesOf(list);
  const isShared = own.some((address) =>
    facts.ledger
      .servicesAt(address)
      .some((other) => other.key !== state.key && other.view.sharingKey === sharingKey),
  );
  if (isShared) return [];
  const partners = firstOf(facts.ledger.withSharingKeyOf(state))
    .flatMap((other) => {
      const address = addressOf(other);
      return address === undefined ? [] : [{ other: other.key, address, why: whyApart(subject, address) }];
    })
    .sort((a, b) => (a.other < b.other ? -1 : 1));
  const partner = partners.find(({ why }) => why === undefined) ?? partners[0];
  return partner === undefined ? [] : [{ code: 'not-shared', sharingKey, ...partner }];
}

function firstOf(others: Iterable<ServiceState>): ServiceState[] {
  const first: ServiceState[] = [];
  for (const other of others) {
    if (first.length === maxExamined) break;
    first.push(other);
  }
  return first;
}

/** An address that is assigned to the Service. */
function addressOf({ view, intent, ignoreReason }: ServiceState): Address | undefined {
  if (ignoreReason !== undefined || !view.labeled || view.deleting || !('list' in intent)) return undefined;
  return addressesOf(intent.list).find((address) => !isUnspecified(address));
}

/** Why the Service does not share this address; undefined if it could. */
function whyApart(subject: Subject, address: Address): NotShared | undefined {
  const { state, policy, facts } = subject;
  const { sharing } = requestOf(subject);
  if (sharing !== 'preferred' && sharing !== 'not-allowed' && sharing !== 'being-deleted')
    return { code: 'not-eligible', why: sharing };
  if (!provides(policy, address)) return { code: 'not-in-pools' };
  const holders = facts.ledger.servicesAt(address).toSorted((a, b) => compareAge(a.view, b.view));
  for (const holder of holders) {
    const why = holder.key === state.key ? undefined : joinConflict(state, holder, address, facts.config);
    if (why !== undefined) return why;
  }
  const [reservation] = facts.ledger.reservations.blockers(address, state.key);
  return reservation && { code: 'set-aside', reservation };
}
