import { poolFor } from '../core/config/config.ts';
import { parsePoolEntry } from '../core/config/pool-entry.ts';
import { checksOf } from '../core/explain/checks.ts';
import { explainFault } from '../core/explain/explain-config.ts';
import { remediesFor } from '../core/explain/service-remedies.ts';
import { type Address, formatAddress, readAddress } from '../core/ip/address.ts';
import { type Range, rangesContain } from '../core/ip/range.ts';
import type { ServiceState } from '../core/ledger/service-state.ts';
import { familiesText, type ServiceKey } from '../core/model/service-view.ts';
import { type Gap, type Occupancy, withGaps } from '../core/queries/occupancy.ts';
import { quoted } from '../core/text/quote.ts';
import type {
  AddressDetail,
  PageOverview,
  PoolDetail,
  SearchResult,
  ServiceDetail,
  ServiceItem,
  ServiceItemState,
} from './page-data.ts';
import { type PageSnapshot, shownBetween } from './page-snapshot.ts';
import { around, cellOf, large, mapOf, rangeText, small, wayTo } from './pool-map.ts';

/** What is asked for is not there, or cannot be read; the text says which. */
export class NoAnswer extends Error {
  readonly status: 400 | 404;

  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }
}

/** How many of each list are told; the others are counted. */
const most = { pools: 60, services: 100, odd: 30, changes: 50 };

export function overviewIn(
  snapshot: PageSnapshot,
): Omit<PageOverview, 'version' | 'role' | 'configMap' | 'changes' | 'since'> {
  const all = [...snapshot.services.values()];
  const counts: Record<ServiceItemState, number> = {
    Assigned: 0,
    Assigning: 0,
    Pending: 0,
    Conflict: 0,
    Ignored: 0,
  };
  for (const { state } of all) counts[state] += 1;
  const waiting = all.filter(({ state }) => state === 'Pending' || state === 'Conflict');
  const odd = all.filter(({ state, note }) => (state === 'Assigned' || state === 'Assigning') && note !== '');
  const pools = [...snapshot.poolItems.values()];
  return {
    isReady: snapshot.isReady,
    counts,
    pools: pools.slice(0, most.pools).map((pool) => ({
      ...pool,
      map: mapOf(rangesOf(pool.key, snapshot), snapshot.beside.get(pool.key) ?? [], snapshot, small),
    })),
    morePools: Math.max(0, pools.length - most.pools),
    problems: snapshot.problems,
    waiting: waiting.slice(0, most.services),
    moreWaiting: Math.max(0, waiting.length - most.services),
    odd: odd.slice(0, most.odd),
    moreOdd: Math.max(0, odd.length - most.odd),
  };
}

export const mostChangesTold = most.changes;

function rangesOf(key: string, { config }: PageSnapshot): readonly Range[] {
  return config.pools.get(key)?.ranges ?? [];
}

export function poolIn(snapshot: PageSnapshot, key: string, text: string | undefined): PoolDetail {
  const pool = snapshot.poolItems.get(key);
  if (pool === undefined) {
    throw new NoAnswer(
      404,
      `there is no pool ${quoted(key)} in the ConfigMap. Its pools are on the first page.`,
    );
  }
  const whole = rangesOf(key, snapshot);
  const range = text === undefined ? undefined : readRange(text);
  const ranges = range === undefined ? whole : [range];
  const beside = range === undefined ? (snapshot.beside.get(key) ?? []) : [];
  const inUse = ranges.flatMap((one) => shownBetween(snapshot.shown[one.family], one));
  return {
    pool,
    range: range && rangeText(range),
    parents: range === undefined ? [] : wayTo(range, whole, large).map(rangeText),
    map: mapOf(ranges, beside, snapshot, large),
    inUse: inUse.slice(0, most.services).map(cellOf),
    moreInUse: Math.max(0, inUse.length - most.services),
  };
}

function readRange(text: string): Range {
  const entry = parsePoolEntry(text);
  if ('fault' in entry) {
    throw new NoAnswer(
      400,
      `${quoted(text)} ${explainFault(entry, text)}. Write a block or a range of addresses.`,
    );
  }
  return entry.range;
}

export function addressIn(snapshot: PageSnapshot, text: string): AddressDetail {
  const address = readAddress(text);
  if (address === undefined) {
    throw new NoAnswer(400, `${quoted(text)} is no IP address. Write one like 192.168.0.1 or 2001:db8::1.`);
  }
  const found = standingAt(address, snapshot);
  const services = 'range' in found ? { holders: [], others: [], owner: undefined } : found;
  return {
    address: formatAddress(address),
    state: found.state,
    pools: found.keys.map((key) => {
      const range = rangesOf(key, snapshot).find((one) => rangesContain([one], address));
      return { key, around: range === undefined ? '' : rangeText(around(address, range)) };
    }),
    holders: itemsOf(services.holders, snapshot),
    others: itemsOf(services.others, snapshot),
    owner: services.owner?.parent,
  };
}

function standingAt({ family, value }: Address, snapshot: PageSnapshot): Occupancy | Gap {
  const range = { family, first: value, last: value };
  const [found] = withGaps(range, shownBetween(snapshot.shown[family], range), snapshot.usable);
  return found ?? { range, state: 'no-pool', keys: [], free: 0n };
}

function itemsOf(states: readonly ServiceState[], { services }: PageSnapshot): ServiceItem[] {
  return states.slice(0, most.services).flatMap(({ key }) => services.get(key) ?? []);
}

export function serviceIn(snapshot: PageSnapshot, key: ServiceKey): ServiceDetail {
  const service = snapshot.services.get(key);
  const decided = snapshot.decisions.get(key);
  if (service === undefined || decided === undefined) {
    throw new NoAnswer(
      404,
      `there is no Service ${quoted(key)} of type LoadBalancer. It may have been deleted.`,
    );
  }
  const { config: pools, options, world: allocator } = snapshot;
  const { view, usedIPs } = decided.state;
  const facts: [string, string][] = [
    ['Created', view.created],
    ['Ports', view.ports.slice(0, 20).join(', ') + (view.ports.length > 20 ? ', ...' : '')],
    ['IP families', familiesText(view)],
    ['Class', view.class ?? ''],
    ['Interface', view.interface ?? ''],
    ['Record', view.record?.addresses ?? ''],
    ['In its status', view.statusIPs.slice(0, 4).join(', ')],
  ];
  return {
    service,
    addresses: usedIPs.map((address) => {
      const { state } = standingAt(address, snapshot);
      return { address: formatAddress(address), state };
    }),
    pool: poolFor(pools, view.namespace)?.key,
    checks: checksOf(decided, pools, options),
    // Without their commands: some of them change a value of the ConfigMap, which is not kept.
    remedies: remediesFor(decided, { allocator, options, configMap: undefined }).map(({ advice }) => advice),
    facts: facts.filter(([, value]) => value !== ''),
  };
}

/** By an address: who has it or shows it. Else each word has to be in a Service's name, namespace, addresses, source or state. */
export function foundIn(snapshot: PageSnapshot, query: string): SearchResult {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const address = readAddress(query.trim());
  const services = address === undefined ? withWords(words, snapshot) : showing(address, snapshot);
  const keys = [...snapshot.poolItems.keys()].filter((key) => words.every((word) => key.includes(word)));
  return {
    query,
    services: services.slice(0, most.services),
    more: Math.max(0, services.length - most.services),
    pools: keys.slice(0, most.pools),
    address: address && formatAddress(address),
  };
}

function showing(address: Address, snapshot: PageSnapshot): ServiceItem[] {
  const found = standingAt(address, snapshot);
  return 'range' in found ? [] : itemsOf([...found.holders, ...found.others], snapshot);
}

function withWords(words: readonly string[], { services }: PageSnapshot): ServiceItem[] {
  return [...services.values()].filter(({ namespace, name, addresses, from, state }) => {
    const text = `${namespace}/${name} ${addresses.join(' ')} ${from} ${state}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
