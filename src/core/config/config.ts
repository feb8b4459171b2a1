import type { Family } from '../ip/address.ts';
import { mergeRanges, ordinalsOf, type Range, trimEnds } from '../ip/range.ts';
import type { ConfigMap } from '../model/objects.ts';
import { isDnsLabel, nearest, nearestSpelling, parseBool } from '../text/suggestions.ts';
import { type EntryFault, parsePoolEntry } from './pool-entry.ts';

/** Allocatable addresses of one family, as ordinals (range.ts), both ends included. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** The value of one `cidr-<scope>` or `range-<scope>` key. */
export interface Pool {
  readonly key: string;
  /** What may be allocated: ascending, disjoint. A family that DHCP answers for has none. */
  readonly spans: Readonly<Record<Family, readonly Span[]>>;
  /** How many addresses `spans` has. */
  readonly size: Readonly<Record<Family, bigint>>;
  /** What the entries span, with the ends that are left out of allocation: an address held here is not outside. */
  readonly ranges: readonly Range[];
  /** The families answered with 0.0.0.0 or :: (spec section 6). */
  readonly dhcp: Readonly<Record<Family, boolean>>;
  /** The pool is nothing but one DHCP entry, which then answers for both families. */
  readonly dhcpOnly: Family | undefined;
}

export type ConfigProblem =
  | { code: 'bad-entry'; key: string; entry: string; fault: EntryFault; suggestion: string | undefined }
  | { code: 'host-bits'; key: string; entry: string; range: Range; used: Range }
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

/** All that the ConfigMap says, read once. */
export interface Config {
  /** False where the ConfigMap does not exist. */
  readonly exists: boolean;
  readonly descending: boolean;
  /** By key, sorted: each pool that some namespace can use, and the shadowed ones. */
  readonly pools: ReadonlyMap<string, Pool>;
  readonly interfaces: ReadonlyMap<string, string>;
  readonly sharing: ReadonlyMap<string, boolean>;
  readonly problems: readonly ConfigProblem[];
  /** Which pool a namespace was found to have: filled by `poolFor`, and nobody else's to read. */
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

/** The keys that are asked for a namespace's pool, in their order (spec section 3). */
export function poolKeysOf(namespace: string): string[] {
  return [`cidr-${namespace}`, `range-${namespace}`, 'cidr-global', 'range-global'];
}

/** The first key that exists is *the* pool of a namespace's Services: there is no overflow (spec section 3). */
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

/** Keys with a namespace, or `global`, behind them. */
export const scopedKeys = ['cidr', 'range', 'interface', 'allow-share', 'allow-shared'] as const;
export const plainKeys = ['search-order', 'skip-end-ips-in-cidr'] as const;
type ScopedKey = (typeof scopedKeys)[number];

/** Reads the ConfigMap. Never throws and never gives up: what cannot be read is a problem, and the rest goes on. */
export function readConfig(configMap: ConfigMap | undefined): Config {
  if (configMap === undefined) return emptyConfig;
  const problems: ConfigProblem[] = [];
  const data = new Map<string, string>();
  // Sorted, so that the same ConfigMap gives the same report.
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
        // Of the two spellings the first decides, also when it cannot be read.
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

/** `CIDR-global`, `cidr_global`, `cird-global`, `cidr` and `searchorder` each have one key that was meant. */
function nearestKey(key: string): string | undefined {
  const plain = key.toLowerCase().replace(/[._\s]+/g, '-');
  if (splitKey(plain) !== undefined) return plain;
  const whole = nearest(plain, plainKeys, 3);
  if (whole !== undefined) return whole;
  const alone = nearest(plain, scopedKeys, 1);
  if (alone !== undefined) return `${alone}-global`;
  for (let dash = plain.lastIndexOf('-'); dash > 0; dash = plain.lastIndexOf('-', dash - 1)) {
    const prefix = nearest(plain.slice(0, dash), scopedKeys, 2);
    const scope = plain.slice(dash + 1);
    if (prefix !== undefined && isDnsLabel(scope)) return `${prefix}-${scope}`;
  }
  // `cidrglobal`
  const run = scopedKeys.findLast(
    (prefix) => plain.startsWith(prefix) && isDnsLabel(plain.slice(prefix.length)),
  );
  return run && `${run}-${plain.slice(run.length)}`;
}

function readPool(key: string, value: string, trimmed: boolean, problems: ConfigProblem[]): Pool {
  const allocatable: Range[] = [];
  const whole: Range[] = [];
  const dhcp = { IPv4: false, IPv6: false };
  let entries = 0;
  for (const part of value.split(',')) {
    const text = part.trim();
    if (text === '') continue;
    const entry = parsePoolEntry(text);
    if ('fault' in entry) {
      const suggestion = nearestSpelling(text, readsAsEntries);
      problems.push({ code: 'bad-entry', key, entry: text, fault: entry, suggestion });
      continue;
    }
    entries += 1;
    const { range } = entry;
    if (range.last === 0n) {
      dhcp[range.family] = true;
      continue;
    }
    const used = entry.isBlock && trimmed ? trimEnds(range) : range;
    if (entry.hostBits) problems.push({ code: 'host-bits', key, entry: text, range, used });
    whole.push(range);
    allocatable.push(used);
  }
  if (entries === 0) problems.push({ code: 'empty-pool', key });
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

function readsAsEntries(text: string): boolean {
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

/** A key that can never be reached because another one is asked first. */
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
