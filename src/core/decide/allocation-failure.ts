import type { Family } from '../ip/address.ts';

/** Why no address could be allocated. `key` is the pool's key in the ConfigMap. */
export type AllocationFailure =
  | { readonly code: 'no-config-map' }
  | { readonly code: 'no-pool'; readonly namespace: string }
  | { readonly code: 'pool-empty'; readonly key: string }
  | { readonly code: 'family-not-in-pool'; readonly key: string; readonly family: Family }
  | {
      readonly code: 'pool-full';
      readonly key: string;
      readonly family: Family;
      readonly size: bigint;
      /** How many of them IPAddress objects of other owners claim. */
      readonly claimed: bigint;
    };
