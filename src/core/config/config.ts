import type { Family } from '../ip/address.ts';
import { ordinalsOf, type Range, RangeSet, trimEnds } from '../ip/range.ts';
import { type SpecialPurpose, specialPurposesIn } from '../ip/special-purpose.ts';
import type { ConfigMap } from '../model/objects.ts';
import { isDnsLabel, parseBool } from '../text/suggestions.ts';
import { poolEntriesIn, readPoolEntry } from './pool-entry.ts';

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

/** What is wrong; corrections.ts looks for the reason and for what was meant, which takes longer than reading. */
export type ConfigProblem =
  | EntryProblem
  /** A pool has more problems of this code than it lists. */
  | { code: 'more-entries'; key: string; of: EntryProblem['code']; count: number }
  | { code: 'empty-pool'; key: string }
  | { code: 'nothing-allocatable'; key: string }
  | { code: 'dhcp-beside-addresses'; key: string; family: Family }
  | { code: 'shadowed'; key: string; by: string }
  | { code: 'unknown-key'; key: string }
  | { code: 'not-text'; key: string }
  | { code: 'binary-data'; key: string }
  | { code: 'bad-boolean'; key: string; value: string; meaning: string }
  | { code: 'bad-order'; key: string; value: string }
  | { code: 'bad-interface'; key: string; value: string };

type EntryProblem =
  | { code: 'bad-entry'; key: string; entry: string }
  | { code: 'host-bits'; key: string; entry: string; range: Range; used: Range }
  | { code: 'special-purpose'; key: string; entry: string; special: SpecialPurpose };

export type ProblemCode = Exclude<ConfigProblem['code'], 'more-entries'>;

/** What a problem is, and how often: a pool with many entries of one problem counts most of them. */
export function countOf(problem: ConfigProblem): { readonly code: ProblemCode; readonly count: number } {
  return problem.code === 'more-entries'
    ? { code: problem.of, count: problem.count }
    : { code: problem.code, count: 1 };
}

/** Whether the controller only says how it reads something that is valid. */
export function isInformational(problem: ConfigProblem): boolean {
  return countOf(problem).code === 'host-bits';
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
}

export const emptyConfig: Config = {
  exists: false,
  descending: false,
  pools: new Map(),
  interfaces: new Map(),
  sharing: new Map(),
  problems: [],
};

/** Prefixes of keys that end in a namespace or `global`. */
export const scopedKeys = ['cidr', 'range', 'interface', 'allow-share', 'allow-shared'] as const;
export const plainKeys = ['search-order', 'skip-end-ips-in-cidr'] as const;
type ScopedKey = (typeof scopedKeys)[number];

/** Parses the ConfigMap. Never throws: an invalid part is reported as a problem, and the rest still applies. */
export function readConfig(configMap: ConfigMap | undefined): Config {
  const steps = readConfigInSteps(configMap);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** `readConfig` in steps of microseconds: a ConfigMap of a mebibyte takes longer than an event loop may stand still. */
export function* readConfigInSteps(configMap: ConfigMap | undefined): Generator<void, Config> {
  if (configMap === undefined) return emptyConfig;
  const problems: ConfigProblem[] = [];
  const data = new Map<string, string>();
  const values: Readonly<Record<string, unknown>> = configMap.data ?? {};
  // Sorted: equal ConfigMaps have equal reports.
  for (const key of Object.keys(values).sort()) {
    yield;
    const value = values[key];
    if (typeof value === 'string') data.set(key, value);
    else problems.push({ code: 'not-text', key });
  }
  const trimmed = readSkipEnds(data.get('skip-end-ips-in-cidr'), problems);
  const descending = readOrder(data.get('search-order'), problems);
  const pools = new Map<string, Pool>();
  const interfaces = new Map<string, string>();
  const sharing = new Map<string, boolean>();
  for (const [key, value] of data) {
    yield;
    if ((plainKeys as readonly string[]).includes(key)) continue;
    const known = splitKey(key);
    if (known === undefined) {
      problems.push({ code: 'unknown-key', key });
      continue;
    }
    switch (known.prefix) {
      case 'cidr':
      case 'range':
        pools.set(key, yield* readPool(key, value, trimmed, problems));
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
  for (const key of data.keys()) {
    yield;
    const by = precedingKey(key);
    if (by !== undefined && data.has(by)) problems.push({ code: 'shadowed', key, by });
  }
  for (const key of Object.keys(configMap.binaryData ?? {}).sort())
    problems.push({ code: 'binary-data', key });
  return { exists: true, descending, pools, interfaces, sharing, problems };
}

/** The kind of a key, and the namespace or `global` that it ends in. */
export function splitKey(key: string): { prefix: ScopedKey; scope: string } | undefined {
  for (const prefix of scopedKeys) {
    if (!key.startsWith(prefix) || key[prefix.length] !== '-') continue;
    const scope = key.slice(prefix.length + 1);
    if (isDnsLabel(scope)) return { prefix, scope };
  }
  return undefined;
}

/** The key that takes precedence over this one wherever both exist. */
function precedingKey(key: string): string | undefined {
  const known = splitKey(key);
  if (known?.prefix === 'range') return `cidr-${known.scope}`;
  return known?.prefix === 'allow-shared' ? `allow-share-${known.scope}` : undefined;
}

/** The key that takes precedence over a pool's, so that the pool is not used. */
export function shadowOf({ pools }: Config, key: string): string | undefined {
  const by = precedingKey(key);
  return by !== undefined && pools.has(by) ? by : undefined;
}

/** A pool lists no more problems of one code than this, and counts the others. */
const maxListed = 20;

/** The problems with the entries of one pool. */
class EntryProblems {
  readonly #counts = new Map<EntryProblem['code'], number>();
  readonly #problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    this.#problems = problems;
  }

  add(problem: EntryProblem): void {
    const count = (this.#counts.get(problem.code) ?? 0) + 1;
    this.#counts.set(problem.code, count);
    if (count <= maxListed) this.#problems.push(problem);
  }

  /** Call after the last one. */
  addCounts(key: string): void {
    for (const [of, count] of this.#counts)
      if (count > maxListed) this.#problems.push({ code: 'more-entries', key, of, count: count - maxListed });
  }
}

function* readPool(
  key: string,
  value: string,
  trimmed: boolean,
  problems: ConfigProblem[],
): Generator<void, Pool> {
  const allocatable = new RangeSet();
  const whole = new RangeSet();
  const dhcp = { IPv4: false, IPv6: false };
  const entryProblems = new EntryProblems(problems);
  let isEmpty = true;
  for (const text of poolEntriesIn(value)) {
    yield;
    isEmpty = false;
    const entry = readPoolEntry(text);
    if (entry === undefined) {
      entryProblems.add({ code: 'bad-entry', key, entry: text });
      continue;
    }
    const { range } = entry;
    if (range.last === 0n) {
      dhcp[range.family] = true;
      continue;
    }
    const used = entry.isBlock && trimmed ? trimEnds(range) : range;
    for (const special of specialPurposesIn(used)) {
      if (special.isUnusable) entryProblems.add({ code: 'special-purpose', key, entry: text, special });
    }
    if (entry.hostBits) entryProblems.add({ code: 'host-bits', key, entry: text, range, used });
    whole.add(range);
    allocatable.add(used);
  }
  entryProblems.addCounts(key);
  // A pool without a valid entry is reported by its entries.
  if (isEmpty) problems.push({ code: 'empty-pool', key });
  const spans = { IPv4: [] as Span[], IPv6: [] as Span[] };
  const size = { IPv4: 0n, IPv6: 0n };
  const besideDhcp = new Set<Family>();
  for (const range of allocatable) {
    yield;
    const { family } = range;
    const span = ordinalsOf(range);
    if (dhcp[family]) besideDhcp.add(family);
    else if (span !== undefined) {
      spans[family].push(span);
      size[family] += span.last - span.first + 1n;
    }
  }
  for (const family of besideDhcp) problems.push({ code: 'dhcp-beside-addresses', key, family });
  const hasRanges = allocatable.size > 0;
  if (hasRanges && size.IPv4 + size.IPv6 === 0n && !dhcp.IPv4 && !dhcp.IPv6) {
    problems.push({ code: 'nothing-allocatable', key });
  }
  const dhcpOnly = hasRanges || dhcp.IPv4 === dhcp.IPv6 ? undefined : dhcp.IPv4 ? 'IPv4' : 'IPv6';
  return { key, spans, size, ranges: [...whole], dhcp, dhcpOnly };
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
