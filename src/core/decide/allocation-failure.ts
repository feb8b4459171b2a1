import type { Address, Family } from '../ip/address.ts';
import type { SharingConflict } from '../ledger/sharing.ts';
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
  /** The list names only pools that do not exist. */
  | { readonly code: 'list-empty'; readonly namespace: string; readonly list: string }
  /** All pools on the list are for other Services: by a selector, or for those that name them. */
  | {
      readonly code: 'no-pool-chosen';
      readonly namespace: string;
      readonly list: string;
      readonly listed: readonly string[];
    }
  /** The Services of the namespace hold as many addresses as they may. */
  | {
      readonly code: 'quota-reached';
      readonly key: string;
      readonly namespace: string;
      readonly limit: number;
      /** Also by the Service itself. */
      readonly held: number;
    }
  | { readonly code: 'pool-empty'; readonly key: string }
  | { readonly code: 'family-not-in-pool'; readonly key: string; readonly family: Family }
  | {
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
    };

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
