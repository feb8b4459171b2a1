import { isInPool, type PolicyPool } from '../config/policy.ts';
import type { Grant, PassedPool, PickedAddress, PickReason } from '../decide/allocate.ts';
import { type Family, formatAddress } from '../ip/address.ts';
import { annotations } from '../model/well-known-names.ts';

/** The sentences about the pools of an ordered list that an allocation did not use. */

/** The pool that provides the address. For one that the Service has, or that is reserved for it: the first pool that contains it. */
export function poolOfPick({ request }: Grant, { address, key }: PickedAddress): PolicyPool | undefined {
  const { pools } = request.policy;
  return pools.find((pool) => pool.key === key) ?? pools.find((pool) => isInPool(pool, address));
}

/** Why none of the addresses comes from the pool, as clauses. */
export function whyPassedOver(pool: PolicyPool, grant: Grant): string {
  const clauses = grant.picks.map((pick) => whyNotFrom(pool, pick, grant));
  return [...new Set(clauses)].join('; ');
}

function whyNotFrom(pool: PolicyPool, pick: PickedAddress, grant: Grant): string {
  const { address, key, reason, passed } = pick;
  const text = formatAddress(address);
  if (key === undefined) return `the Service keeps ${text}`;
  if (reason !== undefined) return reasons[reason](text);
  const found = passed?.find((one) => one.pool === pool);
  if (found !== undefined) return explainPassed(found, address.family);
  const source = poolOfPick(grant, pick);
  return `${source?.name ?? key}, which comes first, provides ${text}`;
}

const reasons: Readonly<Record<PickReason, (address: string) => string>> = {
  joined: (address) => `the Services that it shared an address with moved to ${address}`,
  'in-flight': (address) => `an earlier write may still assign ${address}`,
  reserved: (address) => `${address} is reserved for the Service`,
  former: (address) => `the Service had ${address} before`,
  target: (address) => `the annotation ${annotations.reallocate} requests ${address}`,
};

function explainPassed({ pool, why }: PassedPool, family: Family): string {
  switch (why) {
    case 'no-family': {
      const [by] = pool.excludedBy;
      return pool.whole.size[family] > 0n && by !== undefined
        ? `every ${family} address of it is excluded (${by})`
        : `it has no ${family} addresses`;
    }
    case 'full':
      return `it has no free ${family} address`;
    case 'quota':
      return `it has no ${family} address that the quota permits`;
    case 'resting':
      return `its free ${family} addresses were in use a short time ago (cool-down)`;
  }
}
