import type { Config } from '../../core/config/config.ts';
import { parsePoolEntry } from '../../core/config/pool-entry.ts';
import { explainFault, formatRange } from '../../core/explain/explain-config.ts';
import { formatAddress } from '../../core/ip/address.ts';
import type { Range } from '../../core/ip/range.ts';
import type { ServiceState } from '../../core/ledger/service-state.ts';
import { type AddressState, type Gap, type Occupancy, occupancyIn } from '../../core/queries/occupancy.ts';
import { quoted, suggestionOf } from '../../core/text/quote.ts';
import { nearestSpelling } from '../../core/text/suggestions.ts';
import { layOut } from '../../terminal/layout.ts';
import { shortCount } from '../../terminal/table.ts';
import type { Answer, OutputOptions } from './answer.ts';
import { type ClusterFacts, presentOf } from './facts.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import { sinceIn } from './since.ts';

interface WhoRow {
  /** An address, or a range of them that stand alike. */
  readonly addresses: string;
  readonly state: AddressState;
  /** Who has it. */
  readonly holders: readonly string[];
  /** Who shows or asks for it without having it. */
  readonly others: readonly string[];
  /** The record's source of the first holder, else empty. */
  readonly from: string;
  readonly since: string;
  /** The pools that span it. */
  readonly pools: readonly string[];
  readonly ports: string;
  readonly free: bigint;
  /** Of what is left out of allocation: by which rule (spec section 3). */
  readonly rule: string;
}

/** `who ADDRESS|CIDR` */
export function who(facts: ClusterFacts, ranges: readonly Range[]): Answer {
  const allocator = presentOf(facts);
  const rows = ranges
    .flatMap((range) => occupancyIn(range, allocator))
    .map((part) => ('range' in part ? gapRow(part, allocator.config) : heldRow(part, facts)));
  return {
    value: {
      kind: 'AddressList',
      items: rows.map(({ addresses, state, holders, others, from, since, pools, free, rule }) => ({
        addresses,
        state,
        holders,
        others,
        from,
        since,
        pools,
        free,
        ...(rule === '' ? {} : { rule }),
      })),
      source: sourceOf(facts),
    },
    lines: (view) => [...tableOf(rows, view), '', ...footnotes(facts, view)],
    exitCode: 0,
  };
}

/** An address, a block or a range, as on the command line. Throws a sentence where it is none. */
export function rangeIn(word: string): Range {
  const entry = parsePoolEntry(word.trim());
  if (!('fault' in entry)) return entry.range;
  const meant = nearestSpelling(word, (text) => !('fault' in parsePoolEntry(text)));
  throw new Error(`${quoted(word)} ${explainFault(entry, word)}${suggestionOf(meant)}`);
}

function gapRow({ range, state, keys, free }: Gap, config: Config): WhoRow {
  const nobody = { holders: [], others: [], from: '', since: '', ports: '' };
  const isLeased = keys.some((key) => config.pools.get(key)?.dhcp[range.family]);
  const rule = state !== 'excluded' ? '' : isLeased ? 'DHCP answers' : ruleFor(range);
  return { ...nobody, rule, addresses: formatRange(range), state, pools: keys, free };
}

function ruleFor({ family, first, last }: Range): string {
  const isLeftOut = (value: bigint): boolean => (value & 255n) === 0n || (value & 255n) === 255n;
  return family === 'IPv4' && isLeftOut(first) && isLeftOut(last) ? '.0 and .255' : 'end of a block';
}

function heldRow({ address, state, holders, others, owner, keys }: Occupancy, facts: ClusterFacts): WhoRow {
  const [first] = holders;
  const since = first === undefined ? undefined : sinceIn(facts.managedFields.get(first.key) ?? []);
  const claimed =
    owner === undefined ? [] : [`${owner.parent} (IPAddress of ${owner.managedBy || 'nobody'})`];
  return {
    addresses: formatAddress(address),
    state,
    holders: holders.map(({ key }) => key),
    others: [...others.map(({ key }) => key), ...claimed],
    from: first === undefined ? '' : sourceOfHolder(first),
    since: since?.time ?? 'unknown',
    pools: keys,
    ports: holders.map(({ view }) => view.ports.join(',')).join(' '),
    free: 0n,
    rule: '',
  };
}

/** As its record says; of one that is not ours there is nothing to say. */
function sourceOfHolder({ record, ignoreReason, view }: ServiceState): string {
  if (record !== undefined) return record.source;
  if (ignoreReason !== undefined) return '';
  return view.labeled ? 'unknown' : 'static';
}

const words: Readonly<Record<AddressState, string>> = {
  conflict: 'conflict',
  outside: 'assigned, outside its pool',
  lease: 'DHCP lease',
  shared: 'shared',
  static: 'static',
  assigned: 'assigned',
  unmanaged: 'unmanaged',
  free: 'free',
  excluded: 'excluded',
  'no-pool': 'in no pool',
};

function tableOf(rows: readonly WhoRow[], { ansi, width, isWide }: OutputOptions): string[] {
  const heads = [
    { title: 'ADDRESS' },
    { title: 'STATE' },
    { title: 'SERVICE', least: 20 },
    { title: 'KEY' },
    { title: 'SINCE' },
    ...(isWide ? [{ title: 'POOL' }, { title: 'PORTS', least: 20 }] : []),
  ];
  const cells = rows.map((row) => {
    const also = row.others.length > 0 ? `also shown by ${row.others.join(', ')}` : '';
    const paint = row.state === 'conflict' ? ansi.red : row.state === 'free' ? ansi.green : undefined;
    const state =
      row.state === 'free' && row.addresses.includes('-')
        ? `${shortCount(row.free)} free`
        : `${words[row.state]}${row.rule === '' ? '' : ` (${row.rule})`}`;
    return [
      { text: row.addresses },
      { text: state, ...(paint === undefined ? {} : { paint }) },
      { text: [row.holders.join(', '), also].filter((text) => text !== '').join('; ') || '-' },
      // Where it came from, or could come from.
      { text: row.from || row.pools.join(',') || '-' },
      { text: row.since || '-' },
      ...(isWide ? [{ text: row.pools.join(',') || '-' }, { text: row.ports || '-' }] : []),
    ];
  });
  return layOut(heads, cells, width, ansi.bold);
}
