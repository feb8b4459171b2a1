import type { ListFaults } from '../config/list-faults.ts';
import type { Address, Family } from '../ip/address.ts';
import type { ReservationFor } from '../ledger/reservations.ts';
import type { SharingConflict } from '../ledger/sharing.ts';
import type { ClaimOwner } from '../model/claim.ts';
import type { ServiceKey } from '../model/service-view.ts';
import type { NotEligible } from './allocation-request.ts';

/** Why no address could be allocated. `key` is the pool's key in the ConfigMap. */
export type AllocationFailure =
  | { readonly code: 'no-config-map' }
  | { readonly code: 'no-pool'; readonly namespace: string }
  /** The annotation names pools that are not on the list of the namespace. */
  | {
      readonly code: 'pool-not-listed';
      readonly namespace: string;
      /** The key of the list, or of the only pool. */
      readonly list: string;
      readonly pools: readonly string[];
      readonly listed: readonly string[];
    }
  /** The list names no pool, or only pools that do not exist. */
  | {
      readonly code: 'list-empty';
      readonly namespace: string;
      readonly list: string;
      readonly faults: ListFaults;
    }
  /** All pools on the list are for other Services: by a selector, or for those that name them. */
  | {
      readonly code: 'no-pool-chosen';
      readonly namespace: string;
      readonly list: string;
      readonly listed: readonly string[];
      readonly faults: ListFaults;
    }
  /** The Services of the namespace hold as many addresses as they may. */
  | {
      readonly code: 'quota-reached';
      readonly key: string;
      readonly namespace: string;
      readonly limit: number;
      /** Also by the Service itself. */
      readonly held: number;
      /** What the configuration reserves for the Service, which gets it when the quota has room. */
      readonly reserved?: ReservationFor<'configured'> | undefined;
    }
  | ({ readonly code: 'pool-empty'; readonly key: string } & Excluded)
  | ({ readonly code: 'family-not-in-pool'; readonly key: string; readonly family: Family } & Excluded)
  | ({
      readonly code: 'pool-full';
      readonly key: string;
      readonly family: Family;
      readonly size: bigint;
      /** How many of them IPAddress objects of other owners claim. */
      readonly claimed: bigint;
      /** How many of them the configuration reserves. */
      readonly reserved: bigint;
      /** Set if the namespace allows sharing. */
      readonly noSharing: NoSharing | undefined;
    } & Excluded)
  | TargetFailure;

/** Why a Service cannot be moved to exactly the addresses that the annotation `kube-vip.io/reallocate` names. */
export type TargetFailure =
  /** Neither a known word nor a list of addresses. */
  | { readonly code: 'target-unreadable'; readonly text: string }
  /** More addresses of the family than pools to take them from. */
  | { readonly code: 'target-too-many'; readonly of: Family; readonly limit: number }
  | { readonly code: 'target-wrong-family'; readonly address: Address; readonly families: readonly Family[] }
  /** The Service needs one of each family from each of its pools. */
  | { readonly code: 'target-lacks-family'; readonly missing: Family; readonly pool: string | undefined }
  /** `keys`: the pools of the Service. */
  | { readonly code: 'target-not-in-pool'; readonly address: Address; readonly keys: readonly string[] }
  /** One of its pools spans the address, but never gives it. */
  | { readonly code: 'target-excluded'; readonly address: Address }
  | {
      readonly code: 'target-in-use';
      readonly address: Address;
      /** The Services that use it and do not share it with this one. */
      readonly services: readonly ServiceKey[];
    }
  | {
      readonly code: 'target-external-ip';
      readonly address: Address;
      readonly services: readonly ServiceKey[];
    }
  | { readonly code: 'target-claimed'; readonly address: Address; readonly owner: ClaimOwner }
  /** The configuration reserves the address for another Service. */
  | {
      readonly code: 'target-reserved';
      readonly address: Address;
      readonly service: ServiceKey;
      readonly key: string;
    };

/** What the configuration excludes from the pool. */
export interface Excluded {
  /** How many addresses of the family. */
  readonly excluded: bigint;
  /** The keys, if there are any. */
  readonly excludedBy: readonly string[];
}

/** Why a Service in a namespace that allows sharing cannot share an address of its full pool. */
export type NoSharing =
  /** The Service itself cannot share any address. */
  | { readonly code: 'not-eligible'; readonly why: Exclude<NotEligible, 'being-deleted'> }
  /** The address that comes closest to being shared, and a holder that prevents it. */
  | {
      readonly code: 'no-partner';
      readonly address: Address;
      readonly holder: ServiceKey;
      readonly why: SharingConflict;
    };

export function isTargetFailure(failure: AllocationFailure): failure is TargetFailure {
  return failure.code.startsWith('target-');
}
