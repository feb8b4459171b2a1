import { policyFor } from '../core/config/policy.ts';
import { parsePoolEntry } from '../core/config/pool-entry.ts';
import { isAnnounceable } from '../core/decide/announcement.ts';
import { isReportable, remediesForAnnouncement } from '../core/explain/explain-announcement.ts';
import { explainFault } from '../core/explain/explain-config.ts';
import { externalIPOf } from '../core/explain/explain-decision.ts';
import { announcementCheck, explainTrace } from '../core/explain/explain-trace.ts';
import { remediesFor } from '../core/explain/service-remedies.ts';
import { type Address, formatAddress, readAddress } from '../core/ip/address.ts';
import { type Range, rangesContain } from '../core/ip/range.ts';
import type { ServiceState } from '../core/ledger/service-state.ts';
import { familiesText, type ServiceKey } from '../core/model/service-view.ts';
import { type Gap, type Occupancy, withGaps } from '../core/queries/occupancy.ts';
import { excludedBy } from '../core/queries/pool-users.ts';
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
import { between, type PageSnapshot } from './page-snapshot.ts';
import {
  blockAround,
  cellOf,
  formerTextAt,
  large,
  mapOf,
  noteOn,
  pathTo,
  rangeText,
  small,
} from './pool-map.ts';

/** The requested object does not exist (404), or the request is invalid (400). */
export class QueryError extends Error {
  readonly status: 400 | 404;

  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }
}

/** The most entries of each list; responses contain the number of the others. */
const limits = { pools: 60, quotas: 30, services: 100, withConditions: 30 };
/** The most changes in the overview. */
export const maxChanges = 50;

export function overviewOf(
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
  const pending = all.filter(({ state }) => state === 'Pending' || state === 'Conflict');
  const withConditions = all.filter(
    ({ state, condition }) => (state === 'Assigned' || state === 'Assigning') && condition !== '',
  );
  const pools = [...snapshot.poolItems.values()];
  return {
    isReady: snapshot.isReady,
    counts,
    pools: pools.slice(0, limits.pools).map((pool) => ({
      ...pool,
      map: mapOf(rangesOf(pool.key, snapshot), snapshot.outside.get(pool.key) ?? [], snapshot, small),
    })),
    morePools: Math.max(0, pools.length - limits.pools),
    quotas: snapshot.quotas.slice(0, limits.quotas),
    moreQuotas: Math.max(0, snapshot.quotas.length - limits.quotas),
    problems: snapshot.problems,
    pending: pending.slice(0, limits.services),
    morePending: Math.max(0, pending.length - limits.services),
    withConditions: withConditions.slice(0, limits.withConditions),
    moreWithConditions: Math.max(0, withConditions.length - limits.withConditions),
  };
}

function rangesOf(key: string, { config }: PageSnapshot): readonly Range[] {
  return config.pools.get(key)?.ranges ?? [];
}

export function findPool(snapshot: PageSnapshot, key: string, text: string | undefined): PoolDetail {
  const pool = snapshot.poolItems.get(key);
  if (pool === undefined) {
    throw new QueryError(
      404,
      `The ConfigMap has no pool ${quoted(key)}. Its pools are listed on the start page.`,
    );
  }
  const whole = rangesOf(key, snapshot);
  const range = text === undefined ? undefined : readRange(text);
  const ranges = range === undefined ? whole : [range];
  const outside = range === undefined ? (snapshot.outside.get(key) ?? []) : [];
  const inUse = ranges.flatMap((one) => between(snapshot.inUse[one.family], one));
  return {
    pool,
    range: range && rangeText(range),
    parents: range === undefined ? [] : pathTo(range, whole, large).map(rangeText),
    map: mapOf(ranges, outside, snapshot, large),
    inUse: inUse.slice(0, limits.services).map(cellOf),
    moreInUse: Math.max(0, inUse.length - limits.services),
  };
}

function readRange(text: string): Range {
  const entry = parsePoolEntry(text);
  if ('fault' in entry) {
    throw new QueryError(
      400,
      `${quoted(text)} ${explainFault(entry, text)}. Specify a block or a range of addresses.`,
    );
  }
  return entry.range;
}

export function findAddress(snapshot: PageSnapshot, text: string): AddressDetail {
  const address = readAddress(text);
  if (address === undefined) {
    throw new QueryError(
      400,
      `${quoted(text)} is not an IP address. Use a format like 192.168.0.1 or 2001:db8::1.`,
    );
  }
  const found = occupancyAt(address, snapshot);
  const unused = { holders: [], others: [], externalUsers: [], owner: undefined };
  const services = 'range' in found ? unused : found;
  return {
    address: formatAddress(address),
    state: found.state,
    pools: found.keys.map((key) => {
      const range = rangesOf(key, snapshot).find((one) => rangesContain([one], address));
      return { key, around: range === undefined ? '' : rangeText(blockAround(address, range)) };
    }),
    holders: itemsOf(services.holders, snapshot),
    others: itemsOf(services.others, snapshot),
    externalIP: services.externalUsers.length === 0 ? '' : externalIPOf(services.externalUsers),
    claimOwner: services.owner?.parent,
    note: noteOn(found, excludedBy(address, snapshot.config)) || formerTextAt(address, snapshot.allocator),
  };
}

function occupancyAt({ family, value }: Address, snapshot: PageSnapshot): Occupancy | Gap {
  const range = { family, first: value, last: value };
  const inUse = between(snapshot.inUse[family], range);
  const [found] = withGaps(range, inUse, snapshot.usable, between(snapshot.reserved[family], range));
  return found ?? { range, state: 'no-pool', keys: [], free: 0n, reservation: undefined };
}

function itemsOf(states: readonly ServiceState[], { services }: PageSnapshot): ServiceItem[] {
  return states.slice(0, limits.services).flatMap(({ key }) => services.get(key) ?? []);
}

/** `now`: for the age of what is wrong with the status. */
export function findService(snapshot: PageSnapshot, key: ServiceKey, now: number): ServiceDetail {
  const service = snapshot.services.get(key);
  const decided = snapshot.decisions.get(key);
  if (service === undefined || decided === undefined) {
    throw new QueryError(
      404,
      `There is no Service ${quoted(key)} of type LoadBalancer. It may have been deleted.`,
    );
  }
  const { config, options, allocator } = snapshot;
  const { view, usedIPs } = decided.state;
  const unannounced = snapshot.unannounced.get(key);
  const found = unannounced && {
    problem: unannounced.problem,
    evidence: { ageMs: now - unannounced.since },
  };
  const facts: [string, string][] = [
    ['Created', view.created],
    ['Ports', view.ports.slice(0, 20).join(', ') + (view.ports.length > 20 ? ', ...' : '')],
    ['IP families', familiesText(view)],
    ['Class', view.class ?? ''],
    ['Interface', view.interface ?? ''],
    ['Allocation record', view.record?.addresses.text ?? ''],
    ['Addresses in status', view.statusIPs.slice(0, 4).join(', ')],
  ];
  return {
    service,
    addresses: usedIPs.map((address) => {
      const { state } = occupancyAt(address, snapshot);
      return { address: formatAddress(address), state };
    }),
    pools: policyFor(config, view).pools.map(({ key }) => key),
    checks: [
      ...explainTrace(decided, options),
      ...(isAnnounceable(view.annotation, decided.decision) ? [announcementCheck(found)] : []),
    ],
    // Without commands: some of them contain a changed ConfigMap value, and the snapshot does not keep the ConfigMap.
    remedies: [
      ...remediesFor(decided, { allocator, options, configMap: undefined }),
      ...(found !== undefined && isReportable(found.problem, found.evidence)
        ? remediesForAnnouncement(view, found.problem, found.evidence)
        : []),
    ].map(({ advice }) => advice),
    facts: facts.filter(([, value]) => value !== ''),
  };
}

/**
 * An address finds its holders and contenders. For any other query, each word must occur in the name, namespace, addresses,
 * source or state of a Service.
 */
export function search(snapshot: PageSnapshot, query: string): SearchResult {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const address = readAddress(query.trim());
  const services = address === undefined ? servicesMatching(words, snapshot) : servicesAt(address, snapshot);
  const keys = [...snapshot.poolItems.keys()].filter((key) => words.every((word) => key.includes(word)));
  return {
    query,
    services: services.slice(0, limits.services),
    more: Math.max(0, services.length - limits.services),
    pools: keys.slice(0, limits.pools),
    address: address && formatAddress(address),
  };
}

function servicesAt(address: Address, snapshot: PageSnapshot): ServiceItem[] {
  const found = occupancyAt(address, snapshot);
  return 'range' in found ? [] : itemsOf([...found.holders, ...found.others], snapshot);
}

function servicesMatching(words: readonly string[], { services }: PageSnapshot): ServiceItem[] {
  return [...services.values()].filter(({ namespace, name, addresses, from, state }) => {
    const text = `${namespace}/${name} ${addresses.join(' ')} ${from} ${state}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
