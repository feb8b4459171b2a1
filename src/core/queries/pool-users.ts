import type { Config } from '../config/config.ts';
import { parseKey, poolKey } from '../config/keys.ts';
import { type PolicyPool, policyFor } from '../config/policy.ts';
import type { Pool } from '../config/pool.ts';
import type { Address } from '../ip/address.ts';
import { type Range, rangesContain } from '../ip/range.ts';

/** Which Services can use a pool. */
export interface PoolUsers {
  /** The namespaces whose own keys name it, sorted. */
  readonly namespaces: readonly string[];
  /** Whether it also serves the namespaces without a list or a pool of their own. */
  readonly others: boolean;
}

/** Who can use each pool, by its key. A pool that is not among them serves no Service: once O(what the ConfigMap says). */
export function poolUsers(config: Config): ReadonlyMap<string, PoolUsers> {
  const known = usersByConfig.get(config) ?? usersIn(config);
  usersByConfig.set(config, known);
  return known;
}

/** As long as their configuration is in use. */
const usersByConfig = new WeakMap<Config, ReadonlyMap<string, PoolUsers>>();

function usersIn(config: Config): ReadonlyMap<string, PoolUsers> {
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
}

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

/** The keys that exclude the address from pools, sorted: O(keys that exclude addresses). */
export function excludedBy(address: Address, config: Config): string[] {
  const { exclude } = config.settings;
  const has = (ranges: readonly Range[]): boolean => rangesContain(ranges, address);
  const byPool = [...exclude.pool].filter(
    ([name, ranges]) => has(ranges) && has(config.pools.get(poolKey(name))?.ranges ?? []),
  );
  const byNamespace = [...exclude.namespace].filter(([namespace, ranges]) => {
    if (!has(ranges)) return false;
    if (namespace === general.namespace) return [...config.pools.values()].some((pool) => has(pool.ranges));
    const { listed } = policyFor(config, { namespace });
    return listed.some((pool) => has(pool.ranges) && !exclude.pool.has(pool.name));
  });
  return [
    ...byPool.map(([name]) => `exclude.${name}`),
    ...byNamespace.map(([namespace]) => `exclude-${namespace}`),
  ].sort();
}
