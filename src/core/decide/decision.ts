import type { Address, Family } from '../ip/address.ts';
import type { HolderConflict } from '../ledger/ledger.ts';
import type { Blocker } from '../ledger/reservations.ts';
import type { IgnoreReason } from '../ledger/service-state.ts';
import type { SharingConflict } from '../ledger/sharing.ts';
import type { AddressList, CanonicalList } from '../model/address-list.ts';
import type { ClaimOwner } from '../model/claim.ts';
import type { ServicePatch } from '../model/service-patch.ts';
import type { FamilyPolicy, ServiceKey } from '../model/service-view.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import type { NotEligible } from './allocation-request.ts';

/** What to do about one Service, and why. All messages about it are composed from these values. */
export type Decision =
  /** This controller does not handle the Service, or has nothing left to do for it. */
  | { readonly kind: 'ignore'; readonly why: IgnoreReason | 'being-deleted' }
  /** Assigned, and every field is up to date. */
  | ({ readonly kind: 'keep' } & Assignment)
  /** Assigned once `patch` is written. */
  | ({ readonly kind: 'write'; readonly patch: ServicePatch } & Omit<DesiredState, 'fields'>)
  /** No address is available. */
  | { readonly kind: 'pending'; readonly failures: readonly AllocationFailure[] }
  /**
   * The requested address cannot be assigned. `patch` removes the fields of an earlier address. `failures` says why no other
   * address could be allocated, if the Service would accept one.
   */
  | {
      readonly kind: 'conflict';
      readonly conflict: AddressConflict;
      readonly patch: ServicePatch;
      readonly failures: readonly AllocationFailure[];
    }
  /** The fields written for the Service are removed. */
  | { readonly kind: 'release'; readonly patch: ServicePatch; readonly addresses: CanonicalList };

export interface Assignment {
  /** As in the annotation. */
  readonly addresses: CanonicalList;
  /** The ConfigMap's key, `static` or `unknown`. */
  readonly source: string;
  readonly conditions: readonly Condition[];
}

/** What an assigned Service should look like. */
export interface DesiredState extends Assignment {
  /** The purpose of the write, if one is needed. */
  readonly cause: WriteCause;
  /** The fields that the Service should have. Those that are not named stay as they are. */
  readonly fields: ServicePatch;
  /** Only the status of the Service, which any load balancer may write, says that the addresses are its own. */
  readonly fromStatus?: true;
  /** The Service had an allocated address before it was created again. */
  readonly hadBefore?: true;
  /** The address may have been allocated, but nothing shows it: it is taken as requested by name. */
  readonly assumesRequest?: true;
}

/** The purpose of a write. */
export type WriteCause =
  | 'allocate'
  | 'share'
  | 'mark-static'
  | 'restore'
  | 'adopt'
  | 'families'
  | 'ports'
  /** The annotation `kube-vip.io/pool` was edited. */
  | 'pools'
  | 'reallocate'
  /** The requested reallocation changes no address: only the request is removed. */
  | 'confirm'
  | 'update';

export type AddressConflict =
  | {
      readonly code: 'address-in-use';
      /** The Service that requests the address. */
      readonly service: ServiceKey;
      readonly address: Address;
      /** A Service, or the parent of an IPAddress claim. */
      readonly holder: string;
      readonly why: HolderConflict['why'];
      /** More contenders than are named come before this one: the next holder is none of its concern. */
      readonly isBehindMany?: true;
    }
  /** The Services of the namespace hold as many addresses as they may. */
  | {
      readonly code: 'quota-reached';
      readonly service: ServiceKey;
      readonly key: string;
      readonly namespace: string;
      readonly limit: number;
      readonly held: number;
    }
  | {
      readonly code: 'invalid-address';
      readonly field: 'annotation' | 'spec';
      readonly fault: NonNullable<AddressList['fault']>;
    };

/** What an operator should know about a Service that is assigned. */
export type Condition =
  /** Other Services have the address too and may not share it: another program created a duplicate. */
  | ({ readonly code: 'conflict'; readonly service: ServiceKey; readonly address: Address } & OtherServices)
  /** Contenders that may not share the address. They do not get it, but kube-vip may announce it for them. */
  | ({ readonly code: 'contested'; readonly address: Address } & OtherServices)
  /** An IPAddress object of another owner claims the address. */
  | { readonly code: 'claimed'; readonly address: Address; readonly owner: ClaimOwner }
  | {
      readonly code: 'outside-pool';
      readonly service: ServiceKey;
      readonly address: Address;
      /** The pool of the namespace; undefined if there is none. */
      readonly key: string | undefined;
      /** Why a reallocation is not possible, if no pool serves the Service. */
      readonly why: AllocationFailure | undefined;
    }
  | { readonly code: 'shared'; readonly others: readonly ServiceKey[] }
  /** The Service has a sharing key, and an address of its own although another Service has the same key. */
  | {
      readonly code: 'not-shared';
      readonly sharingKey: string;
      /** The other Service, and its address. */
      readonly other: ServiceKey;
      readonly address: Address;
      /** Undefined if they can share it now. */
      readonly why: NotShared | undefined;
    }
  /** The configuration reserves the address for another Service, by this key. It stays, because it was here first. */
  | {
      readonly code: 'reserved-for-other';
      readonly address: Address;
      readonly service: ServiceKey;
      readonly key: string;
    }
  /** The configuration reserves an address for the Service, which has another one. */
  | {
      readonly code: 'reservation-unused';
      readonly address: Address;
      readonly key: string;
      /** The Services that have the address instead. */
      readonly holders: readonly ServiceKey[];
    }
  /** A change that is not possible yet. The Service keeps its addresses until then. */
  | {
      readonly code: 'pending-change';
      readonly change: 'families' | 'ports' | 'pools' | 'reallocate';
      readonly failures: readonly AllocationFailure[];
    }
  /** The Service is dual-stack, but all of its addresses, or all of one of its pools, belong to one family. */
  | ({ readonly code: 'one-family'; readonly missing: Family } & OneFamily)
  /** An address of a family that the Service does not have: no rule of the cluster forwards its traffic. */
  | {
      readonly code: 'wrong-family';
      readonly address: Address;
      readonly families: readonly Family[];
      readonly policy: FamilyPolicy;
    }
  /** Services that share the address, of which one may get no traffic because of `externalTrafficPolicy: Local`. */
  | {
      readonly code: 'local-traffic';
      readonly address: Address;
      readonly others: readonly ServiceKey[];
      /** All have that policy, and select different Pods. */
      readonly areAllLocal: boolean;
    }
  /** A word such as `None` or `auto` in the place of an address: kube-vip resolves it with DNS. */
  | { readonly code: 'read-as-hostname'; readonly service: ServiceKey; readonly text: string }
  | { readonly code: 'global-namespace'; readonly key: string };

/** Why two Services with the same sharing key do not share an address. */
export type NotShared =
  | SharingConflict
  /** The Service itself can share no address. */
  | { readonly code: 'not-eligible'; readonly why: Exclude<NotEligible, 'being-deleted'> }
  /** The pools of the Service do not have the address. */
  | { readonly code: 'not-in-pools' }
  /** The address is set aside for another Service or owner. */
  | { readonly code: 'set-aside'; readonly reservation: Blocker };

interface OneFamily {
  readonly service: ServiceKey;
  readonly policy: FamilyPolicy;
  /** The pool that should have provided it, if the Service gets addresses of several. */
  readonly pool: string | undefined;
  /** Why a reallocation would not add it. `static`: a user listed the addresses. */
  readonly why: AvailableAddress | readonly AllocationFailure[] | 'static';
}

/** A reallocation adds the missing address. */
export interface AvailableAddress {
  /** The key that provides it. */
  readonly from: string;
  /** It is set aside for the Service. */
  readonly isReserved: boolean;
}

/** A sentence about an address names no more Services than this. */
export const maxNamedServices = 3;

/** Oldest first. A thousand Services can have one address: some are named, the others counted. */
export interface OtherServices {
  readonly services: readonly OtherService[];
  readonly more: number;
}

export interface OtherService {
  readonly service: ServiceKey;
  readonly why: SharingConflict;
}

/** Another Service or owner has or requests the address and may not share it. */
type ConflictCondition = Condition & { readonly code: 'conflict' | 'contested' | 'claimed' };

export function isConflictCondition(condition: Condition): condition is ConflictCondition {
  return condition.code === 'conflict' || condition.code === 'contested' || condition.code === 'claimed';
}

/** The Service has its addresses, and clients may still not reach it through them. */
export function isMisconfigured({ code }: Condition): boolean {
  return code === 'wrong-family' || code === 'read-as-hostname' || code === 'local-traffic';
}

/** The addresses of the Service that others have or request and may not share. */
export function conflictingAddresses(decision: Decision): readonly Address[] {
  if (decision.kind === 'conflict') {
    return decision.conflict.code === 'address-in-use' ? [decision.conflict.address] : [];
  }
  return 'conditions' in decision
    ? decision.conditions.filter(isConflictCondition).map(({ address }) => address)
    : [];
}
