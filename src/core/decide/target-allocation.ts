import { isInPool, provides, spans } from '../config/policy.ts';
import { type Address, includesAddress, isUnspecified } from '../ip/address.ts';
import { addressesOf, parseAddressList } from '../model/address-list.ts';
import { unknownSource } from '../model/allocation-record.ts';
import { targetOf } from '../model/service-view.ts';
import type { Allocation } from './allocate.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { type AllocationRequest, requestOf } from './allocation-request.ts';
import { othersAt } from './conditions.ts';
import type { Facts, Subject } from './facts.ts';
import { leftByHolder } from './reallocation.ts';
import { canJoin } from './shared-address.ts';
import { whyNoPool } from './why-no-address.ts';

/**
 * Exactly the addresses that the annotation `kube-vip.io/reallocate` names, in the order of the Service's families (spec section
 * 15); undefined if it names none. It reserves nothing.
 *
 * An address that was allocated to the Service may stay, wherever it is. Any other one has to be in the Service's pools, and either
 * free or in use by Services that share it.
 */
export function targetAllocation(subject: Subject): Allocation | undefined {
  const text = targetOf(subject.state.view);
  if (text === undefined) return undefined;
  const { state, policy, facts } = subject;
  const target = readTarget(text);
  if (target === undefined)
    return { request: requestOf(subject), failures: [{ code: 'target-unreadable', text }] };
  const kept = target.filter((address) => includesAddress(allocatedTo(subject), address));
  const list = 'list' in state.intent ? state.intent.list : [];
  const request = requestOf(subject, kept, leftByHolder(subject, list, kept));
  const failures = [
    ...familyFailures(request, target),
    ...target
      .filter((one) => !kept.includes(one))
      .flatMap((one) => whyNotAvailable(request, one, facts) ?? []),
  ];
  if (failures.length > 0) return { request, failures };
  const { families } = request;
  const addresses = target.toSorted((a, b) => families.indexOf(a.family) - families.indexOf(b.family));
  const added = addresses.find((one) => !kept.includes(one));
  const others = addresses.flatMap((address) =>
    isUnspecified(address) ? [] : othersAt(state, address, facts),
  );
  const [first] = addresses;
  const inPool = policy.pools.find((one) => first !== undefined && isInPool(one, added ?? first))?.key;
  const key = added === undefined ? (state.record?.source ?? inPool) : inPool;
  return { request, addresses, key: key ?? unknownSource, sharedWith: others.map((other) => other.key) };
}

/** Whether the Service can move to exactly the addresses of the list. */
export function canMoveTo(subject: Subject, target: string): boolean {
  const { state } = subject;
  const asked = { ...state, view: { ...state.view, reallocate: { target } } };
  const found = targetAllocation({ ...subject, state: asked });
  return found !== undefined && 'addresses' in found;
}

/** Undefined if an entry is no address, or if there are too many. */
function readTarget(text: string): readonly Address[] | undefined {
  const { entries, fault } = parseAddressList(text) ?? { entries: [] };
  const addresses = addressesOf(entries);
  return fault === undefined && addresses.length === entries.length ? addresses : undefined;
}

/** The addresses that the Service has from a pool. */
function allocatedTo({ state: { intent } }: Subject): readonly Address[] {
  return intent.kind === 'assigned' && intent.origin === 'allocated' ? addressesOf(intent.list) : [];
}

/** Whether there is one address for each family that the Service needs, and no other one. */
function familyFailures(
  { families, needs }: AllocationRequest,
  target: readonly Address[],
): readonly AllocationFailure[] {
  const wrong = target.find(({ family }) => !families.includes(family));
  if (wrong !== undefined) return [{ code: 'target-wrong-family', address: wrong, families }];
  const repeated = families.find((family) => target.filter((one) => one.family === family).length > 1);
  if (repeated !== undefined) return [{ code: 'target-repeats-family', repeated }];
  const missing = families.find((family) => !target.some((one) => one.family === family));
  return needs === 'each' && missing !== undefined ? [{ code: 'target-lacks-family', missing }] : [];
}

/** Why the Service cannot be allocated the address; undefined if it can. */
function whyNotAvailable(
  { state, policy, sharing }: AllocationRequest,
  address: Address,
  facts: Facts,
): AllocationFailure | undefined {
  if (policy.pools.length === 0) return whyNoPool(state.view, facts);
  if (!provides(policy, address))
    return spans(policy, address)
      ? { code: 'target-excluded', address }
      : { code: 'target-not-in-pool', address, keys: policy.pools.map(({ key }) => key) };
  if (isUnspecified(address)) return undefined;
  const { ledger } = facts;
  const owner = ledger.claimOwner(address);
  if (owner !== undefined) return { code: 'target-claimed', address, owner };
  const external = ledger.externalUsers(address).filter((user) => user !== state.key);
  if (external.length > 0) return { code: 'target-external-ip', address, services: external };
  const others = othersAt(state, address, facts);
  if (others.length === 0 || (sharing === 'preferred' && canJoin(state, address, facts))) return undefined;
  return { code: 'target-in-use', address, services: others.map(({ key }) => key).sort() };
}
