import type { Family } from '../ip/address.ts';
import { ordinalsOf, type Range, RangeSet, trimEnds } from '../ip/range.ts';
import { specialPurposesIn } from '../ip/special-purpose.ts';
import { EntryProblems } from './entry-problems.ts';
import { poolEntriesIn, readPoolEntry } from './pool-entry.ts';
import type { ListType, Reading } from './value-type.ts';

/** Allocatable addresses of one family, as ordinals (range.ts), including both ends. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** The parsed value of a key for a pool, such as `pool.<name>` or `cidr-<namespace>`. */
export interface Pool {
  readonly key: string;
  /** Whether the ends of blocks are excluded. */
  readonly trimmed: boolean;
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

/** The addresses of a pool. */
export const pool: ListType<Pool> = {
  description:
    'blocks `a/n`, ranges `a-b`, and single addresses of both families, separated by commas or newlines',
  valid: [
    '192.168.0.200/29',
    '10.0.0.10-10.0.0.20, 10.0.0.30',
    '2001:db8::/64\n2001:db8:1::1 - 2001:db8:1::9',
    '0.0.0.0/32',
  ],
  invalid: {
    'bad-entry': ['10.0.0.300', '10.0.0.9-10.0.0.1', '10.0.0.1\n# 10.0.0.2'],
    'host-bits': ['192.168.0.210/29'],
    'special-purpose': ['127.0.0.1/32'],
    'empty-pool': [' ,'],
    'nothing-allocatable': ['10.0.0.0,10.0.0.255'],
    'dhcp-beside-addresses': ['0.0.0.0/32,10.0.0.1'],
  },
  admission: 'entries',
  read: readPool,
};

function* readPool({ key, text: value, trimmed, problems }: Reading): Generator<void, Pool> {
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
  return { key, trimmed, spans, size, ranges: [...whole], dhcp, dhcpOnly };
}
