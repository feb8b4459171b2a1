import type { Config } from '../config/config.ts';
import { parseKey } from '../config/keys.ts';
import { oncePerConfig } from '../config/once-per-config.ts';
import { type Exclusion, type PolicyPool, policyFor, poolsOf } from '../config/policy.ts';
import type { Pool } from '../config/pool.ts';
import type { Address } from '../ip/address.ts';
import { type Range, rangesContain, rangesMeet } from '../ip/range.ts';

/** Which Services can use a pool. */
export interface PoolUsers {
  /** The namespaces whose own keys name it, sorted. */
  readonly namespaces: readonly string[];
  /** Whether it also serves the namespaces without a list or a pool of their own. */
  readonly others: boolean;
}

/** Who can use each pool, by its key. A pool that is not among them serves no Service: once O(what the ConfigMap says). */
export const poolUsers = oncePerConfig((config): ReadonlyMap<string, PoolUsers> => {
  const users = new Map<string, { namespaces: string[]; others: boolean }>();
  const of = (key: string): { namespaces: string[]; others: boolean } => {
    const known = users.get(key) ?? { namespaces: [], others: false };
    users.set(key, known);
    return known;
  };
  for (const { key } of policyFor(config, general).listed) of(key).others = true;
  for (const namespace of [...namespacesWithPools(config)].sort())
    for (const { key } of policyFor(config, { namespace }).listed) of(key).namespaces.push(namespace);
  return users;
});

/** All namespaces that no key names use what this one uses. A namespace of this name does, too. */
const general = { namespace: 'global' };

/** The namespaces with a key of their own that says which pools they use. */
function namespacesWithPools({ pools, settings }: Config): Set<string> {
  const namespaces = new Set(settings.pools.namespace.keys());
  for (const key of pools.keys()) {
    const { scope, target = '' } = parseKey(key) ?? {};
    if (scope === 'namespace') namespaces.add(target);
  }
  namespaces.delete(general.namespace);
  return namespaces;
}

/** The pools that serve Services, with all of their addresses. */
export function servingPools(config: Config): Pool[] {
  const users = poolUsers(config);
  return [...config.pools.values()].filter(({ key }) => users.has(key));
}

/**
 * The pools that serve Services, without what is excluded from them. A pool whose addresses differ between namespaces is among
 * them once for each difference: O(what the ConfigMap says).
 */
export function usablePools(config: Config): PolicyPool[] {
  const { exclude, 'skip-end-ips-in-cidr': trimming } = config.settings;
  const namespaces = new Set([
    general.namespace,
    ...namespacesWithPools(config),
    ...exclude.namespace.keys(),
    ...trimming.namespace.keys(),
  ]);
  const pools = [...namespaces].flatMap((namespace) => policyFor(config, { namespace }).listed);
  return [...new Map(pools.map((pool) => [pool.id, pool])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The pools that serve no Service: O(pools). */
export function unusedPools(config: Config): Pool[] {
  const users = poolUsers(config);
  return [...config.pools.values()].filter(({ key }) => !users.has(key));
}

/** The keys that exclude the address from pools, sorted: O(keys that exclude addresses), and once O(what the ConfigMap says). */
export function excludedBy(address: Address, config: Config): string[] {
  return excludersIn({ ...address, first: address.value, last: address.value }, config)(address);
}

/**
 * Says which keys exclude an address of the range from pools, sorted, and no more than `max`: once O(what the ConfigMap says), then
 * O(keys that exclude addresses) for a range, and O(those that exclude some of it) for an address.
 */
export function excludersIn(range: Range, config: Config): (address: Address, max?: number) => string[] {
  const meets = (ranges: readonly Range[]): boolean => ranges.some((one) => rangesMeet(one, range));
  const excluders = excludersOf(config).flatMap((one): Excluder[] =>
    meets(one.ranges) ? [{ ...one, pools: one.pools.filter((pool) => meets(pool.ranges)) }] : [],
  );
  return (address, max = Number.POSITIVE_INFINITY) => {
    const keys: string[] = [];
    for (const { key, ranges, pools } of excluders) {
      if (keys.length >= max) break;
      const isExcluded =
        rangesContain(ranges, address) && pools.some((pool) => rangesContain(pool.ranges, address));
      if (isExcluded) keys.push(key);
    }
    return keys;
  };
}

/** A key that excludes addresses, and the pools to which it applies. */
interface Excluder extends Exclusion {
  readonly pools: readonly PolicyPool[];
}

/** Sorted by key. */
const excludersOf = oncePerConfig((config): readonly Excluder[] => {
  const found = new Map<string, Exclusion & { readonly pools: PolicyPool[] }>();
  for (const pool of [...poolsOf(config), ...usablePools(config)])
    for (const exclusion of pool.exclusions) {
      const known = found.get(exclusion.key) ?? { ...exclusion, pools: [] };
      found.set(exclusion.key, known);
      known.pools.push(pool);
    }
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
});
