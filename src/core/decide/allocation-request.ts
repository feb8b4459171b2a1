import { type AllocationPolicy, hasFamily } from '../config/policy.ts';
import type { Address, Family } from '../ip/address.ts';
import type { ReservedAddress, ServiceState } from '../ledger/service-state.ts';
import { whyNotEligible } from '../ledger/sharing.ts';
import type { Subject } from './facts.ts';

/** What is asked of an allocation. */
export interface AllocationRequest {
  /** The Service that gets the addresses. Only its ports and its own addresses matter, not what it requests. */
  readonly state: ServiceState;
  readonly policy: AllocationPolicy;
  /** The families to allocate, in the order of the list. */
  readonly families: readonly Family[];
  /** Whether it needs an address of each family, or only of one. */
  readonly needs: 'each' | 'any';
  /** Addresses that it keeps. */
  readonly keep: readonly Address[];
  readonly sharing: Sharing;
  /** Addresses that an earlier write may still assign. */
  readonly reserved: readonly ReservedAddress[];
  /** Whether it prefers the address that it had before it was created again: only one that has and requests nothing does. */
  readonly comesBack: boolean;
  /**
   * The address that the Service leaves, if any. Services that share an address move together where one address can hold all of
   * them, whatever the order and the timing of their reallocations.
   */
  readonly left: Address | undefined;
}

/** Whether a Service prefers a shared address to a free one (spec section 6), or why it does not. */
export type Sharing = 'preferred' | 'not-allowed' | NotEligible;

/** The Service itself cannot share any address. */
export type NotEligible = 'local-traffic' | 'no-ports' | 'families' | 'several-pools' | 'being-deleted';

/** The request of a Service that keeps these of its addresses: O(1). */
export function requestOf(
  subject: Subject,
  keep: readonly Address[] = [],
  left?: Address,
): AllocationRequest {
  const { state, policy } = subject;
  const families = wantedFamilies(state, policy);
  const needs = state.view.policy === 'PreferDualStack' ? 'any' : 'each';
  const sharing = sharingOf(subject, families);
  const comesBack = state.intent.kind === 'new' && !state.view.reallocate;
  return { state, policy, families, needs, keep, sharing, reserved: state.reserved, comesBack, left };
}

/** The families to allocate, in order. Without `ipFamilies` (only in files), IPv4 if the pools have any, otherwise IPv6. */
export function wantedFamilies({ view }: ServiceState, policy: AllocationPolicy): readonly Family[] {
  const { families } = view;
  if (view.policy !== 'SingleStack') return families.length > 0 ? families : ['IPv4', 'IPv6'];
  if (families.length > 0) return families.length === 1 ? families : families.slice(0, 1);
  return !hasFamily(policy, 'IPv4') && hasFamily(policy, 'IPv6') ? ['IPv6'] : ['IPv4'];
}

/** Whether the Service prefers a shared address to a free one. */
export function wantsToShare(subject: Subject): boolean {
  return sharingOf(subject, wantedFamilies(subject.state, subject.policy)) === 'preferred';
}

function sharingOf({ state, policy }: Subject, families: readonly Family[]): Sharing {
  const { pools, groups } = policy;
  if (state.view.sharingKey === undefined && !pools.some(({ sharing }) => sharing)) return 'not-allowed';
  if (state.view.policy !== 'SingleStack' || families[0] !== 'IPv4') return 'families';
  if (groups.length > 1) return 'several-pools';
  return whyNotEligible(state)?.code ?? 'preferred';
}
