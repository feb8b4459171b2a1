import type { Family } from '../ip/address.ts';
import { mergeRanges, ordinalsOf, type Range, trimEnds } from '../ip/range.ts';
import { type SpecialPurpose, specialPurposesIn } from '../ip/special-purpose.ts';
import type { ConfigMap } from '../model/objects.ts';
import { isDnsLabel, nearest, nearestSpelling, parseBool } from '../text/suggestions.ts';
import { type EntryFault, parsePoolEntry, splitPoolEntries } from './pool-entry.ts';

/** Allocatable addresses of one family, as ordinals (range.ts), including both ends. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** The parsed value of one key `cidr-<scope>` or `range-<scope>`. */
export interface Pool {
  readonly key: string;
  /** The allocatable addresses: ascending and disjoint. Empty for a family that uses DHCP. */
  readonly spans: Readonly<Record<Family, readonly Span[]>>;
  /** The number of addresses in `spans`. */
  readonly size: Readonly<Record<Family, bigint>>;
  /** All addresses of the entries, including excluded ones: a Service with one of them is not outside its pool. */
  readonly ranges: readonly Range[];
  /** The families for which 0.0.0.0 or :: is assigned (spec section 6). */
  readonly dhcp: Readonly<Record<Family, boolean>>;
  /** Set if the pool consists of a single DHCP entry, which is then assigned for both families. */
  readonly dhcpOnly: Family | undefined;
}

export type ConfigProblem =
  | { code: 'bad-entry'; key: string; entry: string; fault: EntryFault; suggestion: string | undefined }
  | { code: 'host-bits'; key: string; entry: string; range: Range; used: Range }
  | { code: 'special-purpose'; key: string; entry: string; special: SpecialPurpose }
  | { code: 'empty-pool'; key: string }
  | { code: 'nothing-allocatable'; key: string }
  | { code: 'dhcp-beside-addresses'; key: string; family: Family }
  | { code: 'shadowed'; key: string; by: string }
  | { code: 'unknown-key'; key: string; suggestion: string | undefined }
  | { code: 'not-text'; key: string }
  | { code: 'binary-data'; key: string }
  | { code: 'bad-boolean'; key: string; value: string; meaning: string }
  | { code: 'bad-order'; key: string; value: string }
  | { code: 'bad-interface'; key: string; value: string };

/** Whether the controller only says how it reads something that is valid. */
export function isInformational({ code }: ConfigProblem): boolean {
  return code === 'host-bits';
}

/** The parsed ConfigMap. */
export interface Config {
  /** False if the ConfigMap does not exist. */
  readonly exists: boolean;
  readonly descending: boolean;
  /** By key, sorted. Includes shadowed pools. */
  readonly pools: ReadonlyMap<string, Pool>;
  readonly interfaces: ReadonlyMap<string, string>;
  readonly sharing: ReadonlyMap<string, boolean>;
  readonly problems: readonly ConfigProblem[];
  /** A cache that only `poolFor` uses. */
  readonly poolByNamespace: Map<string, Pool>;
}

export const emptyConfig: Config = {
  exists: false,
  descending: false,
  pools: new Map(),
  interfaces: new Map(),
  sharing: new Map(),
  problems: [],
  poolByNamespace: new Map(),
};

/** The keys that can have the pool of a namespace, by precedence (spec section 3). */
export function poolKeysOf(namespace: string): string[] {
  return [`cidr-${namespace}`, `range-${namespace}`, 'cidr-global', 'range-global'];
}

/** The pool of the first key that exists. There is no overflow into the next one (spec section 3). */
export function poolFor(config: Config, namespace: string): Pool | undefined {
  const known = config.poolByNamespace.get(namespace);
  if (known !== undefined) return known;
  const key = poolKeysOf(namespace).find((one) => config.pools.has(one));
  const pool = key === undefined ? undefined : config.pools.get(key);
  if (pool !== undefined) config.poolByNamespace.set(namespace, pool);
  return pool;
}

export function interfaceFor(config: Config, namespace: string): string | undefined {
  return config.interfaces.get(namespace) ?? config.interfaces.get('global');
}

/** Whether Services of the namespace may share an address (spec section 6). */
export function sharingFor(config: Config, namespace: string): boolean {
  return config.sharing.get(namespace) ?? config.sharing.get('global') ?? false;
}

/** Prefixes of keys that end in a namespace or `global`. */
export const scopedKeys = ['cidr', 'range', 'interface', 'allow-share', 'allow-shared'] as const;
export const plainKeys = ['search-order', 'skip-end-ips-in-cidr'] as const;
type ScopedKey = (typeof scopedKeys)[number];

/** Parses the ConfigMap. Never throws: an invalid part is reported as a problem, and the rest still applies. */
export function readConfig(configMap: ConfigMap | undefined): Config {
  if (configMap === undefined) return emptyConfig;
  const problems: ConfigProblem[] = [];
  const data = new Map<string, string>();
  // Sorted: equal ConfigMaps have equal reports.
  for (const [key, value] of Object.entries(configMap.data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (typeof value === 'string') data.set(key, value);
    else problems.push({ code: 'not-text', key });
  }
  const trimmed = readSkipEnds(data.get('skip-end-ips-in-cidr'), problems);
  const descending = readOrder(data.get('search-order'), problems);
  const pools = new Map<string, Pool>();
  const interfaces = new Map<string, string>();
  const sharing = new Map<string, boolean>();
  for (const [key, value] of data) {
    if ((plainKeys as readonly string[]).includes(key)) continue;
    const known = splitKey(key);
    if (known === undefined) {
      problems.push({ code: 'unknown-key', key, suggestion: nearestKey(key) });
      continue;
    }
    switch (known.prefix) {
      case 'cidr':
      case 'range':
        pools.set(key, readPool(key, value, trimmed, problems));
        break;
      case 'interface': {
        const name = value.trim();
        if (isInterface(name)) interfaces.set(known.scope, name);
        else problems.push({ code: 'bad-interface', key, value });
        break;
      }
      case 'allow-share':
      case 'allow-shared': {
        const allowed = parseBool(value);
        if (allowed === undefined) problems.push({ code: 'bad-boolean', key, value, meaning: 'false' });
        // The first spelling takes precedence even if its value is invalid.
        if (known.prefix === 'allow-share' || !data.has(`allow-share-${known.scope}`)) {
          sharing.set(known.scope, allowed ?? false);
        }
        break;
      }
    }
  }
  reportShadowed(data, problems);
  for (const key of Object.keys(configMap.binaryData ?? {}).sort())
    problems.push({ code: 'binary-data', key });
  return { exists: true, descending, pools, interfaces, sharing, problems, poolByNamespace: new Map() };
}

function splitKey(key: string): { prefix: ScopedKey; scope: string } | undefined {
  for (const prefix of scopedKeys) {
    const scope = key.slice(prefix.length + 1);
    if (key.startsWith(`${prefix}-`) && isDnsLabel(scope)) return { prefix, scope };
  }
  return undefined;
}

/** The key that was probably meant by `CIDR-global`, `cidr_global`, `cird-global`, `cidr`, or `searchorder`. */
function nearestKey(key: string): string | undefined {
  const plain = key.toLowerCase().replace(/[._\s]+/g, '-');
  if (splitKey(plain) !== undefined) return plain;
  const whole = nearest(plain, plainKeys, 3);
  if (whole !== undefined) return whole;
  const unscoped = nearest(plain, scopedKeys, 1);
  if (unscoped !== undefined) return `${unscoped}-global`;
  for (let dash = plain.lastIndexOf('-'); dash > 0; dash = plain.lastIndexOf('-', dash - 1)) {
    const prefix = nearest(plain.slice(0, dash), scopedKeys, 2);
    const scope = plain.slice(dash + 1);
    if (prefix !== undefined && isDnsLabel(scope)) return `${prefix}-${scope}`;
  }
  // `cidrglobal`
  const joined = scopedKeys.findLast(
    (prefix) => plain.startsWith(prefix) && isDnsLabel(plain.slice(prefix.length)),
  );
  return joined && `${joined}-${plain.slice(joined.length)}`;
}

function readPool(key: string, value: string, trimmed: boolean, problems: ConfigProblem[]): Pool {
  const allocatable: Range[] = [];
  const whole: Range[] = [];
  const dhcp = { IPv4: false, IPv6: false };
  const entries = splitPoolEntries(value);
  for (const text of entries) {
    const entry = parsePoolEntry(text);
    if ('fault' in entry) {
      const suggestion = nearestSpelling(text, areEntries);
      problems.push({ code: 'bad-entry', key, entry: text, fault: entry, suggestion });
      continue;
    }
    const { range } = entry;
    if (range.last === 0n) {
      dhcp[range.family] = true;
      continue;
    }
    const used = entry.isBlock && trimmed ? trimEnds(range) : range;
    for (const special of specialPurposesIn(used)) {
      if (special.isUnusable) problems.push({ code: 'special-purpose', key, entry: text, special });
    }
    if (entry.hostBits) problems.push({ code: 'host-bits', key, entry: text, range, used });
    whole.push(range);
    allocatable.push(used);
  }
  // A pool without a valid entry is reported by its entries.
  if (entries.length === 0) problems.push({ code: 'empty-pool', key });
  const families: readonly Family[] = ['IPv4', 'IPv6'];
  const merged = mergeRanges(allocatable);
  const spans = { IPv4: [] as Span[], IPv6: [] as Span[] };
  const size = { IPv4: 0n, IPv6: 0n };
  for (const family of families) {
    const ofFamily = merged.filter((range) => range.family === family);
    if (dhcp[family]) {
      if (ofFamily.length > 0) problems.push({ code: 'dhcp-beside-addresses', key, family });
      continue;
    }
    spans[family] = ofFamily.flatMap((range) => ordinalsOf(range) ?? []);
    size[family] = spans[family].reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  }
  if (merged.length > 0 && size.IPv4 + size.IPv6 === 0n && !dhcp.IPv4 && !dhcp.IPv6) {
    problems.push({ code: 'nothing-allocatable', key });
  }
  const dhcpOnly = merged.length > 0 || dhcp.IPv4 === dhcp.IPv6 ? undefined : dhcp.IPv4 ? 'IPv4' : 'IPv6';
  return { key, spans, size, ranges: mergeRanges(whole), dhcp, dhcpOnly };
}

function areEntries(text: string): boolean {
  return text.split(',').every((part) => !('fault' in parsePoolEntry(part.trim())));
}

function readSkipEnds(value: string | undefined, problems: ConfigProblem[]): boolean {
  if (value === undefined || value === 'true') return true;
  if (value === 'false') return false;
  problems.push({ code: 'bad-boolean', key: 'skip-end-ips-in-cidr', value, meaning: 'true' });
  return true;
}

function readOrder(value: string | undefined, problems: ConfigProblem[]): boolean {
  if (value === 'desc') return true;
  if (value !== undefined && value !== 'asc')
    problems.push({ code: 'bad-order', key: 'search-order', value });
  return false;
}

/** Linux: at most 15 bytes, no white space, no slash (dev_valid_name in net/core/dev.c). */
function isInterface(name: string): boolean {
  return /^[\x21-\x2e\x30-\x7e]{1,15}$/.test(name) && name !== '.' && name !== '..';
}

/** Reports keys that never apply, because another one takes precedence. */
function reportShadowed(data: ReadonlyMap<string, string>, problems: ConfigProblem[]): void {
  for (const key of data.keys()) {
    const known = splitKey(key);
    if (known === undefined) continue;
    const first = { range: `cidr-${known.scope}`, 'allow-shared': `allow-share-${known.scope}` };
    if (known.prefix !== 'range' && known.prefix !== 'allow-shared') continue;
    const by = first[known.prefix];
    if (data.has(by)) problems.push({ code: 'shadowed', key, by });
  }
}
