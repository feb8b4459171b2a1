import { type AllocationPolicy, hasFamily, spans } from '../../config/policy.ts';
import { type Address, type Family, includesAddress, readAddress, sameAddress } from '../../ip/address.ts';
import { none } from '../../ip/short-lists.ts';
import { hasStatusOnly, type ServiceState } from '../../ledger/service-state.ts';
import { targetOf } from '../../model/service-view.ts';
import { allocate, type Grant } from '../allocate.ts';
import { requestOf, wantedFamilies } from '../allocation-request.ts';
import { allocationCause, assignedFrom } from '../assignments.ts';
import type { Check, Run } from '../check.ts';
import type { DesiredState } from '../decision.ts';
import type { Facts, Subject } from '../facts.ts';
import { othersAt } from '../holders.ts';
import { isTaken, isUnblocked, mayRejoin } from '../shared-address.ts';
import { pendingReallocation } from './reallocation.ts';

/**
 * No address is requested: a Service that lost its fields is restored from its status, one that was never assigned here adopts
 * the addresses in its status, and every other one gets new addresses.
 */
export const allocation: Check = {
  name: 'allocation',
  run(run) {
    const { state, facts } = run;
    if (state.intent.kind !== 'new') return undefined;
    const isAdoption = hasStatusOnly(state);
    const shown = isAdoption ? adoptable(run) : restorable(run);
    const found = allocate(requestOf(run, shown), facts);
    if ('failures' in found)
      return { allocation: found, decision: { kind: 'pending', failures: found.failures } };
    const isShown = areAmong(found.addresses, shown);
    return {
      allocation: found,
      desired: isShown ? shownAgain(run, found, shown, isAdoption) : newFor(run, found),
    };
  },
};

function areAmong(addresses: readonly Address[], shown: readonly Address[]): boolean {
  return addresses.every((address) => shown.includes(address));
}

/** The Service gets at least one address that its status does not show. */
function newFor(run: Run, found: Grant): DesiredState {
  const cause = isRequested(run.state) ? 'reallocate' : allocationCause(found);
  const desired = withPending(run, assignedFrom(run, cause, found));
  const isSame = found.picks.some(({ reason }) => reason === 'former');
  return isSame ? { ...desired, hadBefore: true } : desired;
}

/** The Service gets the addresses that its status shows. */
function shownAgain(run: Run, found: Grant, shown: readonly Address[], isAdoption: boolean): DesiredState {
  const { state, facts } = run;
  const cause = isRequested(state) ? 'reallocate' : isAdoption ? 'adopt' : 'restore';
  const sharedWith = shown.flatMap((address) => othersAt(state, address, facts).map(({ key }) => key));
  const desired = withPending(run, assignedFrom(run, cause, { ...found, sharedWith }));
  return isAdoption ? { ...desired, fromStatus: true } : desired;
}

/** Whether the assignment is the answer to a requested reallocation. A target that it cannot have yet stays requested. */
function isRequested({ view }: ServiceState): boolean {
  return view.reallocate !== false && targetOf(view) === undefined;
}

function withPending(run: Run, desired: DesiredState): DesiredState {
  const pending = pendingReallocation(run);
  return pending.length === 0 ? desired : { ...desired, conditions: [...pending, ...desired.conditions] };
}

/**
 * The addresses in the status of a Service that was never assigned here, if they can only be its own: exactly one for each
 * family that it wants, and none that a Node has. Other load balancers write the addresses of Nodes into the status.
 */
function adoptable(subject: Subject): readonly Address[] {
  const { state, policy, facts } = subject;
  // From several pools, it needs more addresses than these.
  if (policy.groups.length > 1) return none;
  const shown = statusAddresses(state);
  const adopted: Address[] = [];
  for (const family of wantedFamilies(state, policy)) {
    const [address, second] = shown.filter((one) => one.family === family);
    if (address === undefined && isOptional(family, state, policy)) continue;
    if (address === undefined || second !== undefined) return [];
    if (facts.nodes?.has(address) || !isRestorable(subject, address)) return [];
    adopted.push(address);
  }
  return adopted;
}

/** Whether a dual-stack Service does without the family, because its pools have none of it. */
function isOptional(family: Family, { view }: ServiceState, policy: AllocationPolicy): boolean {
  return view.policy === 'PreferDualStack' && !hasFamily(policy, family);
}

/** The addresses in the status of a Service that lost its fields. */
function restorable(subject: Subject): readonly Address[] {
  const { state } = subject;
  if (state.view.statusIPs.length === 0) return none;
  return statusAddresses(state).filter((address) => isRestorable(subject, address));
}

/** Whether the Service can have an address that its status shows: it is in its pool, and all others that use it share it. */
function isRestorable({ state, policy, facts }: Subject, address: Address): boolean {
  return (
    spans(policy, address) &&
    (isUnblocked(state, address, facts) || isKept(state, address, facts)) &&
    !state.reserved.some((one) => sameAddress(one.address, address)) &&
    othersAt(state, address, facts).every((other) => mayRejoin(state, other, address, facts))
  );
}

/** Whether the Service was assigned the address before the configuration reserved it for another one. */
function isKept(state: ServiceState, address: Address, facts: Facts): boolean {
  return state.view.labeled && !isTaken(state, address, facts);
}

/** The addresses that the status of the Service shows. */
export function statusAddresses({ view, usedIPs }: ServiceState): Address[] {
  const shown = view.statusIPs.flatMap((text) => readAddress(text.trim()) ?? []);
  return usedIPs.filter((used) => includesAddress(shown, used));
}
