import assert from 'node:assert/strict';
import type { Config } from '../../src/core/config/config.ts';
import { policyFor } from '../../src/core/config/policy.ts';
import type { Pool } from '../../src/core/config/pool.ts';
import { type CanonicalList, canonicalList, parseAddressList } from '../../src/core/model/address-list.ts';

/** `10.0.0.1,2001:db8::1` as a list, such as the one in an allocation record. */
export function listed(text: string): CanonicalList {
  return canonicalList(parseAddressList(text)?.entries ?? assert.fail(text));
}

/** The first pool of a namespace. */
export function poolFor(config: Config, namespace: string): Pool | undefined {
  return policyFor(config, { namespace }).pools[0];
}
