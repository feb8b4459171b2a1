import type { Family } from '../ip/address.ts';
import { enumerate } from './explain-decision.ts';

/** Why a Service that uses one of the addresses is not moved off it. */
export type StaysBecause = 'static' | 'not-handled' | 'being-deleted' | 'no-address';

const reasons: Readonly<Record<StaysBecause, string>> = {
  static: 'requested by name: change the address where the Service is defined',
  'not-handled': 'another controller or load balancer is responsible for the Service',
  'being-deleted': 'the Service is being deleted',
  'no-address': 'the Service does not have the address, although it requests or shows it',
};

export function explainStay(why: StaysBecause): string {
  return reasons[why];
}

/** Why no address can replace one of a Service. */
export type NoTarget =
  /** `keys`: the pools that were searched. */
  | { readonly code: 'none-free'; readonly family: Family; readonly keys: readonly string[] }
  /** None of the pools has an address with this host part. */
  | { readonly code: 'no-host-part'; readonly address: string; readonly keys: readonly string[] }
  | { readonly code: 'not-its-pool'; readonly key: string; readonly keys: readonly string[] };

export function explainNoTarget(why: NoTarget): string {
  switch (why.code) {
    case 'none-free':
      return why.keys.length === 0
        ? 'No pool serves its namespace.'
        : `${poolsOf(why.keys)} no other free ${why.family} address. Add addresses to it.`;
    case 'no-host-part':
      return `${poolsOf(why.keys)} no other block with the host part of ${why.address}.`;
    case 'not-its-pool':
      return why.keys.length === 0
        ? `No pool serves its namespace, so it cannot have an address of ${why.key}.`
        : `${why.key} is not among the pools of its namespace (${enumerate(why.keys)}).`;
  }
}

function poolsOf(keys: readonly string[]): string {
  return keys.length === 1 ? `Pool ${keys[0]} has` : `Pools ${enumerate(keys)} have`;
}
