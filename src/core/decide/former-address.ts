import { isInPool, type PolicyPool, poolsOf } from '../config/policy.ts';
import type { Address } from '../ip/address.ts';
import type { FormerHolder } from '../ledger/former-holders.ts';
import type { ServiceKey } from '../model/service-view.ts';
import type { Facts } from './facts.ts';

/** What is remembered of an address that is free. */
export interface FormerAddress {
  readonly address: Address;
  readonly service: ServiceKey;
  /** In milliseconds since 1970. */
  readonly freedAt: number;
  readonly freeForMs: number;
  /** How much longer other Services get it only if there is no other address; 0 if it has rested. */
  readonly restsForMs: number;
}

/** How long the address has been free, and rests in this pool. A clock that was set back makes no address younger than new. */
export function restOf(former: FormerHolder, { coolDown = 0 }: PolicyPool, now: number): FormerAddress {
  const freeForMs = Math.max(0, now - former.freedAt);
  return { ...former, freeForMs, restsForMs: Math.max(0, coolDown - freeForMs) };
}

/** Undefined if the address is in use or in no pool, or if its last holder is not remembered: O(pools). */
export function formerAddressAt(
  address: Address,
  { ledger, config, now }: Pick<Facts, 'ledger' | 'config' | 'now'>,
): FormerAddress | undefined {
  const former = ledger.former.at(address);
  if (former === undefined || ledger.isUsed(address)) return undefined;
  return poolsOf(config)
    .filter((pool) => isInPool(pool, address))
    .map((pool) => restOf(former, pool, now))
    .sort((a, b) => b.restsForMs - a.restsForMs)[0];
}
