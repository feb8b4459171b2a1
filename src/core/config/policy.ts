import { type Address, type Family, isUnspecified } from '../ip/address.ts';
import { ordinalOf, rangesContain } from '../ip/range.ts';
import type { ServiceView } from '../model/service-view.ts';
import type { Config } from './config.ts';
import type { Pool, Span } from './pool.ts';

/** Everything that the configuration says for one Service. Nothing else reads the configuration for a Service. */
export interface AllocationPolicy {
  /** Where its addresses come from, in order of preference. Empty if no pool serves it. */
  readonly pools: readonly Pool[];
  /** Whether the highest free address is taken first. */
  readonly descending: boolean;
  /** Whether it may share its address with other Services (spec section 6). */
  readonly sharing: boolean;
  /** The interface to write for it, if any. */
  readonly interface: string | undefined;
}

/** Policies by namespace, as long as their configuration is in use. */
const policies = new WeakMap<Config, Map<string, AllocationPolicy>>();

/**
 * The policy for a Service. Services of one namespace have the same object: O(1) for all but the first of them.
 *
 * The pool is that of the first key that exists. There is no overflow into the next one (spec section 3).
 */
export function policyFor(config: Config, { namespace }: Pick<ServiceView, 'namespace'>): AllocationPolicy {
  const known = policies.get(config) ?? new Map<string, AllocationPolicy>();
  const policy = known.get(namespace);
  if (policy !== undefined) return policy;
  const resolved = resolve(config, namespace);
  policies.set(config, known.set(namespace, resolved));
  return resolved;
}

function resolve(config: Config, namespace: string): AllocationPolicy {
  const { interface: interfaces, 'allow-share': sharing } = config.settings;
  const pool = poolKeysOf(namespace)
    .map((key) => config.pools.get(key))
    .find((one) => one !== undefined);
  return {
    pools: pool === undefined ? [] : [pool],
    descending: isDescending(config),
    sharing: setting(sharing.namespace, namespace) ?? false,
    interface: setting(interfaces.namespace, namespace),
  };
}

/** The value for a namespace, otherwise the global one. */
function setting<T>(values: ReadonlyMap<string, T>, namespace: string): T | undefined {
  return values.get(namespace) ?? values.get('global');
}

/** Whether addresses are allocated from the highest one down. */
export function isDescending({ settings }: Config): boolean {
  return settings['search-order'].all.get('') === 'desc';
}

/** The keys that can have the pool of a namespace, by precedence (spec section 3). */
export function poolKeysOf(namespace: string): string[] {
  return [`cidr-${namespace}`, `range-${namespace}`, 'cidr-global', 'range-global'];
}

/** Whether one of the pools contains the address, if only as an excluded one: the Service is then not outside its pool. */
export function spans({ pools }: AllocationPolicy, address: Address): boolean {
  return pools.some(({ ranges }) => rangesContain(ranges, address));
}

/** Whether one of the pools could provide the address if it were free. */
export function provides({ pools }: AllocationPolicy, address: Address): boolean {
  return pools.some((pool) => isInPool(pool, address));
}

/** Whether one of the pools has addresses of the family, free or not. */
export function hasFamily({ pools }: AllocationPolicy, family: Family): boolean {
  return pools.some(({ size, dhcp }) => size[family] > 0n || dhcp[family]);
}

/** Whether the pool could provide this address if it were free: O(spans). */
export function isInPool(pool: Pool, address: Address): boolean {
  const { family } = address;
  if (isUnspecified(address)) return pool.dhcp[family];
  return isWithin(pool.spans[family], address);
}

/** Whether one of the spans, which are of the address's family, has it: O(spans). */
export function isWithin(spans: readonly Span[], address: Address): boolean {
  const ordinal = ordinalOf(address);
  return ordinal !== undefined && spans.some(({ first, last }) => first <= ordinal && ordinal <= last);
}
