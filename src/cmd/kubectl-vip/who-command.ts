import type { Config } from '../../core/config/config.ts';
import { poolKey } from '../../core/config/keys.ts';
import type { Pool } from '../../core/config/pool.ts';
import { parsePoolEntry } from '../../core/config/pool-entry.ts';
import type { FormerAddress } from '../../core/decide/former-address.ts';
import {
  explainExclusion,
  explainReservation,
  explainUnusedPools,
} from '../../core/explain/explain-address.ts';
import { explainFault, formatRange } from '../../core/explain/explain-config.ts';
import { externalIPOf } from '../../core/explain/explain-decision.ts';
import { freeFor, lastHeldBy } from '../../core/explain/explain-former.ts';
import { formatAddress } from '../../core/ip/address.ts';
import { type Range, rangesContain } from '../../core/ip/range.ts';
import type { ServiceState } from '../../core/ledger/service-state.ts';
import { annotations } from '../../core/model/well-known-names.ts';
import { type AddressState, type Gap, type Occupancy, occupancyIn } from '../../core/queries/occupancy.ts';
import { excludedBy, unusedPools } from '../../core/queries/pool-users.ts';
import { quoted, suggestionOf } from '../../core/text/quote.ts';
import { nearestSpelling } from '../../core/text/suggestions.ts';
import { layOut } from '../../terminal/layout.ts';
import { shortCount } from '../../terminal/table.ts';
import { type ClusterFacts, currentAllocator } from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import { heldSince } from './held-since.ts';

interface AddressRow {
  /** An address, or a range of addresses with the same state. */
  readonly addresses: string;
  readonly state: AddressState;
  /** Services that have it. */
  readonly holders: readonly string[];
  /** Services that use or request it without having it, and the owner of a claim. */
  readonly others: readonly string[];
  /** Services that have it as an external IP. */
  readonly externalUsers: readonly string[];
  /** Where the first holder's address came from; empty if there is none. */
  readonly from: string;
  readonly since: string;
  /** The pools that span it. */
  readonly pools: readonly string[];
  /** The pools that span it and serve no Service, if no other pool spans it. */
  readonly unusedPools: readonly string[];
  readonly ports: string;
  readonly free: bigint;
  /** Why it is excluded from allocation (spec section 3), or not managed; else empty. */
  readonly rule: string;
  /** Of a free address, if that is remembered. */
  readonly former: FormerAddress | undefined;
  /** The keys that exclude it from pools. */
  readonly excludedBy: readonly string[];
  readonly reservation: Occupancy['reservation'];
}

/** `who ADDRESS|CIDR` */
export function who(facts: ClusterFacts, ranges: readonly Range[]): CommandResult {
  const allocator = currentAllocator(facts);
  const unused = unusedPools(allocator.config);
  const rows = ranges
    .flatMap((range) => occupancyIn(range, allocator))
    .flatMap((part) =>
      'range' in part
        ? splitAt(part, unused).map((gap) => gapRow(gap, unused, allocator.config))
        : addressRow(part, facts),
    );
  return {
    value: {
      kind: 'AddressList',
      items: rows.map(
        ({ addresses, state, holders, others, externalUsers, from, since, pools, free, rule, ...more }) => ({
          addresses,
          state,
          holders,
          others,
          from,
          since,
          pools,
          free,
          ...(externalUsers.length === 0 ? {} : { externalIPOf: externalUsers }),
          ...(rule === '' ? {} : { rule }),
          ...(more.unusedPools.length === 0 ? {} : { unusedPools: more.unusedPools }),
          ...(more.excludedBy.length === 0 ? {} : { excludedBy: more.excludedBy }),
          ...(more.reservation === undefined
            ? {}
            : { reservedFor: more.reservation.service, reservedBy: more.reservation.key }),
          ...(more.former === undefined ? {} : formerValue(more.former)),
        }),
      ),
      source: sourceOf(facts),
    },
    lines: (output) => [...tableOf(rows, output), '', ...footnotes(facts, output)],
    exitCode: 0,
  };
}

function formerValue({ service, restsForMs }: FormerAddress): object {
  const restsForSeconds = Math.ceil(restsForMs / 1_000);
  return { formerHolder: service, ...(restsForSeconds === 0 ? {} : { restsForSeconds }) };
}

/** Reads an address, a block or a range. Throws an error with a suggestion if the text is none of them. */
export function rangeIn(text: string): Range {
  const entry = parsePoolEntry(text.trim());
  if (!('fault' in entry)) return entry.range;
  const suggestion = nearestSpelling(text, (spelling) => !('fault' in parsePoolEntry(spelling)));
  throw new Error(`${quoted(text)} ${explainFault(entry, text)}${suggestionOf(suggestion)}`);
}

/** What no used pool contains, split where one of the unused pools starts or ends. */
function splitAt(gap: Gap, unused: readonly Pool[]): Gap[] {
  const { range, state } = gap;
  if (state !== 'no-pool') return [gap];
  const edges = unused
    .flatMap(({ ranges }) => ranges)
    .flatMap(({ family, first, last }) => (family === range.family ? [first, last + 1n] : []))
    .filter((edge) => range.first < edge && edge <= range.last);
  const starts = [...new Set([range.first, ...edges])].sort((a, b) => (a < b ? -1 : 1));
  return starts.map((first, i) => {
    const next = starts[i + 1];
    return { ...gap, range: { ...range, first, last: next === undefined ? range.last : next - 1n } };
  });
}

function gapRow(
  { range, state, keys, free, reservation }: Gap,
  unused: readonly Pool[],
  config: Config,
): AddressRow {
  const first = { family: range.family, value: range.first };
  const spanning = state === 'no-pool' ? unused.filter(({ ranges }) => rangesContain(ranges, first)) : [];
  const unusedPools = spanning.map(({ key }) => key);
  const users = { holders: [], others: [], externalUsers: [], from: '', since: '', ports: '' };
  const former = undefined;
  const isLeased = keys.some((key) => config.pools.get(key)?.dhcp[range.family]);
  const by = state === 'no-pool' ? [] : excludedBy(first, config);
  const isByRule = state === 'excluded' && by.length === 0;
  const rule = isByRule ? (isLeased ? 'DHCP is used instead' : ruleFor(range)) : '';
  const addresses = formatRange(range);
  return {
    ...users,
    former,
    rule,
    addresses,
    state,
    pools: keys,
    unusedPools,
    free,
    excludedBy: by,
    reservation,
  };
}

function ruleFor({ family, first, last }: Range): string {
  const isExcluded = (value: bigint): boolean => (value & 255n) === 0n || (value & 255n) === 255n;
  return family === 'IPv4' && isExcluded(first) && isExcluded(last) ? '.0 and .255' : 'end of a block';
}

function addressRow(
  { address, state, holders, others, externalUsers, owner, keys, reservation, former }: Occupancy,
  facts: ClusterFacts,
): AddressRow {
  const [first] = holders;
  const held = first === undefined ? undefined : heldSince(facts.managedFields.get(first.key) ?? []);
  const since = former === undefined ? held?.time : timeText(former.freedAt);
  const manager = owner?.managedBy ? `, managed by ${owner.managedBy}` : '';
  // A claim without a parent is known by its own name.
  const claimant = owner?.parent.trim() || `ipaddresses ${formatAddress(address)}`;
  const claimed = owner === undefined ? [] : [`${claimant} (IPAddress claim${manager})`];
  return {
    addresses: formatAddress(address),
    state,
    holders: holders.map(({ key }) => key),
    others: [...others.map(({ key }) => key), ...claimed],
    externalUsers,
    from: first === undefined ? '' : sourceOfHolder(first, keys),
    since: since ?? 'unknown',
    pools: keys,
    unusedPools: [],
    ports: holders.map(({ view }) => view.ports.join(',')).join(' '),
    free: former === undefined ? 0n : 1n,
    former,
    rule: state === 'unmanaged' && first !== undefined ? ignoredBecause(first) : '',
    excludedBy: excludedBy(address, facts.snapshot.config),
    reservation,
  };
}

/** RFC 3339, as in managedFields. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function ignoredBecause({ ignoreReason, view, record }: ServiceState): string {
  switch (ignoreReason) {
    case 'ignored':
      return `annotation ${annotations.ignore}`;
    case 'other-class':
      return view.class === undefined ? 'no class' : `class ${view.class}`;
    case 'other-controller':
      return `controller ${record?.controller}`;
    default:
      return '';
  }
}

/**
 * From the allocation record, which has the first of several pools: for an address of another one, the pools that contain it. Empty
 * for a Service that is not ours.
 */
function sourceOfHolder({ record, ignoreReason, view }: ServiceState, keys: readonly string[]): string {
  if (record !== undefined) {
    const { source, addresses } = record;
    const isOfOther =
      addresses.entries.length > 1 && source.startsWith(poolKey('')) && !keys.includes(source);
    return isOfOther ? keys.join(',') || source : source;
  }
  if (ignoreReason !== undefined) return '';
  return view.labeled ? 'unknown' : 'static';
}

/** `excluded by exclude.internal`, `static, reserved for shop/web (reserve-shop)`, `26 free`. */
function stateOf(row: AddressRow): string {
  const { state, addresses, free, rule, excludedBy, reservation, holders, former, unusedPools } = row;
  const reserved = explainReservation(
    reservation,
    holders.map((key) => ({ key })),
  );
  if (state === 'reserved') return reserved;
  const excluded = explainExclusion(excludedBy);
  if (state === 'excluded' && excluded !== '') return excluded;
  const text =
    state === 'free' && addresses.includes('-')
      ? `${shortCount(free)} free`
      : unusedPools.length > 0
        ? explainUnusedPools(unusedPools)
        : former !== undefined
          ? freeFor(former)
          : `${stateTexts[state]}${rule === '' ? '' : ` (${rule})`}`;
  return [text, excluded, reserved].filter((part) => part !== '').join(', ');
}

const stateTexts: Readonly<Record<AddressState, string>> = {
  conflict: 'conflict',
  outside: 'assigned, outside its pool',
  lease: 'DHCP lease',
  shared: 'shared',
  static: 'static',
  assigned: 'assigned',
  unmanaged: 'unmanaged',
  free: 'free',
  reserved: 'reserved',
  excluded: 'excluded',
  'no-pool': 'in no pool',
};

function tableOf(rows: readonly AddressRow[], { ansi, width, isWide }: OutputOptions): string[] {
  const heads = [
    { title: 'ADDRESS' },
    { title: 'STATE', least: 16 },
    { title: 'SERVICE', least: 20 },
    { title: 'FROM' },
    { title: 'SINCE' },
    ...(isWide ? [{ title: 'POOL' }, { title: 'PORTS', least: 20 }] : []),
  ];
  const cells = rows.map((row) => {
    const usedBy = `${row.holders.length > 0 ? 'also ' : ''}used by ${row.others.join(', ')}`;
    const paint = row.state === 'conflict' ? ansi.red : row.state === 'free' ? ansi.green : undefined;
    return [
      { text: row.addresses },
      { text: stateOf(row), ...(paint === undefined ? {} : { paint }) },
      {
        text:
          [
            row.holders.join(', '),
            row.others.length > 0 ? usedBy : '',
            row.externalUsers.length > 0 ? externalIPOf(row.externalUsers) : '',
            row.former === undefined ? '' : lastHeldBy(row.former),
          ]
            .filter((text) => text !== '')
            .join('; ') || '-',
      },
      // A free address has the pools that it can be allocated from.
      { text: row.from || row.pools.join(',') || '-' },
      { text: row.since || '-' },
      ...(isWide ? [{ text: row.pools.join(',') || '-' }, { text: row.ports || '-' }] : []),
    ];
  });
  return layOut(heads, cells, width, ansi.bold);
}
