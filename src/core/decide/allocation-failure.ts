import type { Family } from '../ip/address.ts';

/** Why there is no address; each names the pool's key where there is one. */
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
      /** How many of them others have claimed in the API. */
      readonly claimed: bigint;
    };
