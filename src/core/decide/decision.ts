import type { Address } from '../ip/address.ts';
import type { ClaimOwner } from '../ledger/claim.ts';
import type { IgnoreReason } from '../ledger/service-state.ts';
import type { SharingConflict } from '../ledger/sharing.ts';
import type { AddressList } from '../model/address-list.ts';
import type { ServicePatch } from '../model/service-patch.ts';
import type { ServiceKey } from '../model/service-view.ts';
import type { AllocationFailure } from './allocation-failure.ts';

/** What is to be done about one Service, and why. Everything that people see is made from these values. */
export type Decision =
  /** Not ours, or with nothing left to do: nothing is written. */
  | { readonly kind: 'ignore'; readonly why: IgnoreReason | 'being-deleted' }
  /** Served, and as it should be. */
  | ({ readonly kind: 'keep' } & Assignment)
  /** Served once `change` is written. */
  | ({ readonly kind: 'write'; readonly cause: WriteCause; readonly patch: ServicePatch } & Assignment)
  /** Ours, and there is no address for it. */
  | { readonly kind: 'pending'; readonly failures: readonly AllocationFailure[] }
  /**
   * What it asks for by name, or shows, cannot be had. `change` takes the marks of an earlier address off; `shortages`
   * says why there is nothing else for it, where it would take something else.
   */
  | {
      readonly kind: 'conflict';
      readonly conflict: AddressConflict;
      readonly patch: ServicePatch;
      readonly failures: readonly AllocationFailure[];
    }
  /** What we wrote comes off again. */
  | { readonly kind: 'release'; readonly patch: ServicePatch; readonly addresses: string };

export interface Assignment {
  /** Canonical, as in the annotation. */
  readonly addresses: string;
  /** The ConfigMap's key, `static` or `unknown`. */
  readonly source: string;
  readonly conditions: readonly Condition[];
}

/** What a write is for. */
export type WriteCause =
  | 'allocate'
  | 'share'
  | 'mark-static'
  | 'restore'
  | 'adopt'
  | 'families'
  | 'ports'
  | 'reallocate'
  | 'update';

export type AddressConflict =
  | {
      readonly code: 'address-in-use';
      readonly address: Address;
      readonly holder: ServiceKey;
      readonly why: SharingConflict;
    }
  | {
      readonly code: 'invalid-address';
      readonly field: 'annotation' | 'spec';
      readonly fault: NonNullable<AddressList['fault']>;
    };

/** What a person should know of a Service that is served all the same. */
export type Condition =
  /** Others have the address, too, and may not share it: a duplicate made elsewhere. */
  | ({ readonly code: 'conflict'; readonly address: Address } & OtherServices)
  /** Others ask for it who may not share it. They do not get it, and may be announced with it all the same. */
  | ({ readonly code: 'contested'; readonly address: Address } & OtherServices)
  /** Somebody else has claimed it in the API. */
  | { readonly code: 'claimed'; readonly address: Address; readonly owner: ClaimOwner }
  | { readonly code: 'outside-pool'; readonly address: Address; readonly key: string | undefined }
  | { readonly code: 'shared'; readonly others: readonly ServiceKey[] }
  /** It wants what it cannot have yet, and keeps what it has meanwhile. */
  | {
      readonly code: 'pending-change';
      readonly change: 'families' | 'ports' | 'reallocate';
      readonly failures: readonly AllocationFailure[];
    }
  | { readonly code: 'global-namespace'; readonly key: string };

/** Oldest first. A thousand Services can be put on one address: some are named, the others counted. */
export interface OtherServices {
  readonly services: readonly OtherService[];
  readonly more: number;
}

export interface OtherService {
  readonly service: ServiceKey;
  readonly why: SharingConflict;
}

/** A note that somebody else has the address of a served Service, or asks for it, where that may not be. */
type ConflictCondition = Condition & { readonly code: 'conflict' | 'contested' | 'claimed' };

export function isConflictCondition(condition: Condition): condition is ConflictCondition {
  return condition.code === 'conflict' || condition.code === 'contested' || condition.code === 'claimed';
}

/** The addresses of a Service that somebody else has, or asks for, where that may not be. */
export function conflictingAddresses(decision: Decision): readonly Address[] {
  if (decision.kind === 'conflict') {
    return decision.conflict.code === 'address-in-use' ? [decision.conflict.address] : [];
  }
  return 'conditions' in decision
    ? decision.conditions.filter(isConflictCondition).map(({ address }) => address)
    : [];
}

/** Whether more addresses could change the decision: such a Service is tried again when its pool improves. */
export function isPending(decision: Decision): boolean {
  if (decision.kind === 'pending') return true;
  if (decision.kind === 'conflict') return decision.failures.length > 0;
  return (
    (decision.kind === 'keep' || decision.kind === 'write') &&
    decision.conditions.some(({ code }) => code === 'pending-change')
  );
}
