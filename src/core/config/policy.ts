import { type Address, type Family, isUnspecified } from '../ip/address.ts';
import { mergeRanges, type Range, rangesContain } from '../ip/range.ts';
import { maxEntries } from '../model/address-list.ts';
import type { Announced } from '../model/service-patch.ts';
import type { ServiceKey, ServiceView } from '../model/service-view.ts';
import type { Config } from './config.ts';
import { keyFor, poolKey, poolNameOf, targetIn } from './keys.ts';
import { type LabelSelector, selects } from './label-selector.ts';
import { oncePerConfig } from './once-per-config.ts';
import type { Pool } from './pool.ts';
import type { SearchOrder } from './scalar-types.ts';
import { settingFor } from './settings.ts';
import { isWithin, sizeOf, without } from './spans.ts';

/** Everything that the configuration says for one Service. Nothing else reads the configuration for a Service. */
export interface AllocationPolicy extends AddressSettings {
  /** Where its addresses come from: from each group one of each family, from the first pool of the group that has one. */
  readonly groups: readonly (readonly PolicyPool[])[];
  /** The pools of all groups, in order. Empty if no pool serves it. */
  readonly pools: readonly PolicyPool[];
  /** All pools that its namespace can use, in order. */
  readonly listed: readonly PolicyPool[];
  /** The key that lists them, or is the only pool; undefined if there is none. */
  readonly list: string | undefined;
  /** Why it gets its addresses from these pools, and not from others that are listed. */
  readonly choice: PoolChoice;
  readonly quota: Quota | undefined;
}

/** What can be set for each pool and each namespace. In a policy: for an address outside of all pools. */
export interface AddressSettings {
  /** Which free address is taken first. */
  readonly order: SearchOrder;
  /** Whether the highest address in use is considered first for sharing. */
  readonly descending: boolean;
  /** How long a Service that is created again gets its former address, in milliseconds. */
  readonly sticky: number | undefined;
  /** How long a freed address is given to others only if there is no other, in milliseconds. */
  readonly coolDown: number | undefined;
  /** Whether it may share its address with other Services (spec section 6). */
  readonly sharing: boolean;
  /** The fields to write with the address; undefined if there are none. */
  readonly announced: Announced | undefined;
}

/** A pool as the Services of one namespace use it: its addresses are without the excluded ones. */
export interface PolicyPool extends Pool, AddressSettings {
  /** As in the annotation `kube-vip.io/pool`: a name, or the key of a pool without one. */
  readonly name: string;
  /** With the addresses that are excluded. */
  readonly whole: Pool;
  /** The keys that apply to it, whether or not it has the addresses that they name. */
  readonly exclusions: readonly Exclusion[];
  /** Those of them that exclude some of its addresses. */
  readonly excludedBy: readonly string[];
  /** Distinguishes pools with the same key whose addresses differ between namespaces. */
  readonly id: string;
  /** The Services that it is for; undefined if it is for all of the namespace. */
  readonly selector: LabelSelector | undefined;
  /** Whether it serves Services that do not name it. */
  readonly isAutomatic: boolean;
}

/** A key of the ConfigMap that excludes addresses from pools, and its value. */
export interface Exclusion {
  readonly key: string;
  readonly ranges: readonly Range[];
}

export type PoolChoice =
  /** Those without a selector, in order. */
  | { readonly by: 'order' }
  /** The first one whose selector matches the labels of the Service. */
  | { readonly by: 'label'; readonly pool: string }
  | { readonly by: 'annotation'; readonly pools: readonly string[] }
  /** None: the annotation names pools that are not listed. */
  | { readonly by: 'refused'; readonly pools: readonly string[] };

/** How many addresses the Services of a namespace can hold. */
export interface Quota {
  readonly key: string;
  readonly limit: number;
}

/** What the choice between pools depends on. */
export type PolicySubject = Pick<ServiceView, 'namespace'> & Partial<Pick<ServiceView, 'pool' | 'labels'>>;

/** What the configuration says for a namespace. */
interface NamespacePolicies {
  /** For Services without an annotation, if no pool on the list has a selector. */
  readonly usual: AllocationPolicy | undefined;
  readonly common: Omit<AllocationPolicy, 'groups' | 'pools' | 'choice'>;
  /** By the annotation. */
  readonly byName: Map<string, AllocationPolicy>;
  /** By the name of the pool that a selector has chosen. */
  readonly byLabel: Map<string, AllocationPolicy>;
}

type Addresses = Pick<PolicyPool, 'spans' | 'size' | 'exclusions' | 'excludedBy'>;

interface Resolved {
  readonly namespaces: Map<string, NamespacePolicies>;
  /** By the `id` of the pool: namespaces without an exclusion of their own have the same. */
  readonly addresses: Map<string, Addresses>;
  /** See `poolsOf`. */
  pools: readonly PolicyPool[] | undefined;
}

/**
 * The policy for a Service. Services that the configuration does not distinguish have the same object: O(1) for all but the
 * first of them, and O(pools on its list) if one of those has a selector.
 */
export function policyFor(config: Config, subject: PolicySubject): AllocationPolicy {
  const { namespace, pool } = subject;
  const policies = resolvedOf(config).namespaces.get(namespace) ?? policiesIn(config, namespace);
  if (pool !== undefined && pool.length > 0) return named(policies, pool);
  return policies.usual ?? chosen(policies, subject.labels ?? '');
}

/** What the configuration says for the namespace: made once. */
function policiesIn(config: Config, namespace: string): NamespacePolicies {
  const { namespaces, addresses } = resolvedOf(config);
  return remembered(namespaces, namespace, () => policiesOf(config, namespace, addresses));
}

/** Users can write any text into an annotation. */
const maxRemembered = 1_000;

/** One address of each of the pools that the annotation names. */
function named(policies: NamespacePolicies, text: string): AllocationPolicy {
  if (policies.byName.size >= maxRemembered) policies.byName.clear();
  return remembered(policies.byName, text, () => {
    const { listed } = policies.common;
    const written = text.split(',').map((name) => name.trim());
    // Both families of so many pools are as many addresses as a list can have.
    const names = [...new Set(written)].filter((name) => name !== '').slice(0, maxEntries / 2);
    const pools = names.flatMap((name) => listed.find((pool) => pool.name === name) ?? []);
    if (pools.length === names.length) {
      const groups = pools.map((pool) => [pool]);
      return policyOf(policies, groups, { by: 'annotation', pools: names });
    }
    const refused = names.filter((name) => listed.every((pool) => pool.name !== name));
    return policyOf(policies, [], { by: 'refused', pools: refused });
  });
}

/** The first pool whose selector matches, otherwise those without one, of which each takes over when those before it are full. */
function chosen(policies: NamespacePolicies, labels: string): AllocationPolicy {
  const read = labelsIn(labels);
  const automatic = policies.common.listed.filter(({ isAutomatic }) => isAutomatic);
  const match = automatic.find(({ selector }) => selector !== undefined && selects(selector, read));
  return remembered(policies.byLabel, match?.id ?? '', () => {
    if (match !== undefined) return policyOf(policies, [[match]], { by: 'label', pool: match.name });
    const others = automatic.filter(({ selector }) => selector === undefined);
    return policyOf(policies, others.length > 0 ? [others] : [], { by: 'order' });
  });
}

/** The labels of a `ServiceView` by name. */
export function labelsIn(labels: string): ReadonlyMap<string, string> {
  return new Map(
    labels.split(',').map((text) => {
      const at = text.indexOf('=');
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function remembered<V>(known: Map<string, V>, key: string, make: () => V): V {
  const before = known.get(key);
  if (before !== undefined) return before;
  const value = make();
  known.set(key, value);
  return value;
}

function policyOf(
  { common }: NamespacePolicies,
  groups: readonly (readonly PolicyPool[])[],
  choice: PoolChoice,
): AllocationPolicy {
  return { ...common, groups, pools: groups.flat(), choice };
}

function policiesOf(config: Config, namespace: string, known: Map<string, Addresses>): NamespacePolicies {
  const { settings } = config;
  const list = listKeysOf(namespace).find(
    (key) => config.pools.has(key) || listIn(config, key) !== undefined,
  );
  const keys = list === undefined ? [] : (listIn(config, list)?.map(poolKey) ?? [list]);
  const listed = keys.flatMap((key) => poolIn(config, key, namespace, known) ?? []);
  const own = settings.quota.namespace.has(namespace) ? namespace : 'global';
  const limit = settings.quota.namespace.get(own);
  const common = {
    ...addressSettings(config, undefined, namespace),
    listed,
    list,
    quota: limit === undefined ? undefined : { key: keyFor('quota', 'namespace', own), limit },
  };
  const policies = { usual: undefined, common, byName: new Map(), byLabel: new Map() };
  if (listed.some(({ selector }) => selector !== undefined)) return policies;
  return { ...policies, usual: chosen(policies, '') };
}

/** The names on the list with this key; undefined if there is none. */
export function listIn({ settings }: Config, key: string): readonly string[] | undefined {
  const target = targetIn('pools', 'namespace', key);
  return target === undefined ? undefined : settings.pools.namespace.get(target);
}

/** The keys that can say which pools a namespace uses, by precedence (spec section 12). */
export function listKeysOf(namespace: string): string[] {
  return [namespace, 'global'].flatMap((target) =>
    (['pools', 'cidr', 'range'] as const).map((name) => keyFor(name, 'namespace', target)),
  );
}

/**
 * All pools, without the addresses that are always excluded from them: those of a namespace as it uses them, the others as
 * namespaces without settings of their own do. O(pools) once.
 */
export function poolsOf(config: Config): readonly PolicyPool[] {
  const known = resolvedOf(config);
  known.pools ??= [...config.pools.keys()].flatMap((key) => {
    const target = poolNameOf(key) === undefined ? key.slice(key.indexOf('-') + 1) : 'global';
    return poolIn(config, key, target, known.addresses) ?? [];
  });
  return known.pools;
}

const resolvedOf = oncePerConfig(
  (): Resolved => ({ namespaces: new Map(), addresses: new Map(), pools: undefined }),
);

function poolIn(
  config: Config,
  key: string,
  namespace: string,
  known: Map<string, Addresses>,
): PolicyPool | undefined {
  const { exclude, 'skip-end-ips-in-cidr': trimming, select, 'auto-assign': automatic } = config.settings;
  const name = poolNameOf(key);
  const trimmed = settingFor(trimming, name, namespace) ?? true;
  const asRead = config.pools.get(key);
  const pool = asRead?.trimmed === trimmed ? asRead : (config.withOtherEnds.get(key) ?? asRead);
  if (pool === undefined) return undefined;
  const isOwn = pool !== asRead || (exclude.namespace.has(namespace) && !exclude.pool.has(name ?? ''));
  const id = isOwn ? `${key} ${namespace}` : key;
  const addresses = remembered(known, id, () => withoutExcluded(pool, exclusionsOf(config, name, namespace)));
  return {
    ...pool,
    ...addresses,
    ...addressSettings(config, name, namespace),
    name: name ?? key,
    whole: pool,
    id,
    selector: name === undefined ? undefined : select.pool.get(name),
    isAutomatic: name === undefined || (automatic.pool.get(name) ?? true),
  };
}

function addressSettings({ settings }: Config, pool: string | undefined, namespace: string): AddressSettings {
  const order = settingFor(settings['search-order'], pool, namespace) ?? 'asc';
  const announced = {
    interface: settingFor(settings.interface, pool, namespace),
    vlan: settingFor(settings.vlan, pool, namespace),
    lease: settingFor(settings.lease, pool, namespace),
  };
  return {
    order,
    descending: order === 'desc',
    sticky: settingFor(settings.sticky, pool, namespace),
    coolDown: settingFor(settings['cool-down'], pool, namespace),
    sharing: settingFor(settings['allow-share'], pool, namespace) ?? false,
    announced:
      (announced.interface ?? announced.vlan ?? announced.lease) === undefined ? undefined : announced,
  };
}

/** The keys that exclude addresses from a pool as a namespace uses it: its own or the namespace's, and the global one. */
function exclusionsOf(
  { settings: { exclude } }: Config,
  name: string | undefined,
  namespace: string,
): readonly Exclusion[] {
  const ofPool = name === undefined ? undefined : exclude.pool.get(name);
  const target = namespace === 'global' || ofPool !== undefined ? [] : [namespace];
  const ofNamespaces = [...target, 'global'].flatMap((one) => {
    const ranges = exclude.namespace.get(one);
    return ranges === undefined ? [] : [{ key: keyFor('exclude', 'namespace', one), ranges }];
  });
  if (name === undefined || ofPool === undefined) return ofNamespaces;
  return [{ key: keyFor('exclude', 'pool', name), ranges: ofPool }, ...ofNamespaces];
}

/** The addresses of a pool without the excluded ones. */
function withoutExcluded(pool: Pool, exclusions: readonly Exclusion[]): Addresses {
  const gaps = mergeRanges(exclusions.flatMap(({ ranges }) => ranges));
  if (gaps.length === 0) return { ...pool, exclusions, excludedBy: [] };
  const spans = spansWithout(pool, gaps);
  const size = { IPv4: sizeOf(spans.IPv4), IPv6: sizeOf(spans.IPv6) };
  if (size.IPv4 === pool.size.IPv4 && size.IPv6 === pool.size.IPv6)
    return { ...pool, exclusions, excludedBy: [] };
  const excludes = ({ ranges }: Exclusion): boolean => {
    if (exclusions.length === 1) return true;
    const { IPv4, IPv6 } = spansWithout(pool, ranges);
    return sizeOf(IPv4) < pool.size.IPv4 || sizeOf(IPv6) < pool.size.IPv6;
  };
  const excluding = exclusions.filter(excludes);
  return { spans, size, exclusions, excludedBy: excluding.map(({ key }) => key) };
}

function spansWithout({ spans }: Pool, gaps: readonly Range[]): Pool['spans'] {
  return { IPv4: without(spans.IPv4, gaps, 'IPv4'), IPv6: without(spans.IPv6, gaps, 'IPv6') };
}

/** Whether one of the namespace's pools contains the address, if only as an excluded one: the Service is then not outside its pool. */
export function spans({ listed }: AllocationPolicy, address: Address): boolean {
  for (const { ranges } of listed) if (rangesContain(ranges, address)) return true;
  return false;
}

/** Whether one of the pools could provide the address if it were free. */
export function provides({ pools }: AllocationPolicy, address: Address): boolean {
  return pools.some((pool) => isInPool(pool, address));
}

/** Whether one of the pools has addresses of the family, free or not. */
export function hasFamily({ pools }: AllocationPolicy, family: Family): boolean {
  return pools.some(({ size, dhcp }) => size[family] > 0n || dhcp[family]);
}

/** What is set for an address: by the pool that contains it, otherwise by the namespace. */
export function settingsAt(policy: AllocationPolicy, address: Address): AddressSettings {
  return policy.listed.find(({ ranges }) => rangesContain(ranges, address)) ?? policy;
}

/** The pool from which an address was assigned, by the key in its allocation record; undefined if no listed pool has it. */
export function providerOf(
  { listed }: AllocationPolicy,
  address: Address,
  source: string,
): PolicyPool | undefined {
  const having = listed.filter((pool) => rangesContain(pool.ranges, address) || isInPool(pool, address));
  return (
    having.find(({ key }) => key === source) ?? having.find((pool) => isInPool(pool, address)) ?? having[0]
  );
}

/** Whether the pool could provide this address if it were free: O(log spans). */
export function isInPool(pool: Pool, address: Address): boolean {
  const { family } = address;
  if (isUnspecified(address)) return pool.dhcp[family];
  return isWithin(pool.spans[family], address);
}

/** What the configuration reserves, in the order of namespaces: the first reservation of an address counts. O(n log n). */
export function reservedIn({ settings }: Config): readonly Configured[] {
  const namespaces = [...settings.reserve.namespace].sort(([a], [b]) => (a < b ? -1 : 1));
  return namespaces.flatMap(([namespace, reserved]) =>
    reserved.map(({ service, address }) => ({
      why: 'configured' as const,
      address,
      service: `${namespace}/${service}`,
      key: keyFor('reserve', 'namespace', namespace),
    })),
  );
}

/** An address that the configuration reserves. */
interface Configured {
  readonly why: 'configured';
  readonly address: Address;
  readonly service: ServiceKey;
  readonly key: string;
}
