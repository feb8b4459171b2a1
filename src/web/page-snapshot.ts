import type { Config } from '../core/config/config.ts';
import type { ConfigProblem } from '../core/config/config-problem.ts';
import { type PolicyPool, policyFor, spans } from '../core/config/policy.ts';
import type { Allocator, ServiceDecision } from '../core/decide/allocator.ts';
import { type AnnouncementProblem, announcementProblem } from '../core/decide/announcement.ts';
import { explainProblems } from '../core/explain/explain-config.ts';
import { type Address, compareAddresses, type Family, formatAddress } from '../core/ip/address.ts';
import type { Range } from '../core/ip/range.ts';
import type { ServiceState } from '../core/ledger/service-state.ts';
import type { Options } from '../core/model/options.ts';
import type { ServiceKey } from '../core/model/service-view.ts';
import {
  type AllocatorView,
  type ConfiguredReservation,
  type Occupancy,
  occupancyOf,
  reservedIn,
  shownIn,
} from '../core/queries/occupancy.ts';
import { usablePools } from '../core/queries/pool-users.ts';
import { pendingCounts, type QuotaRow, quotaRows } from '../core/queries/quotas.ts';
import { type PoolRow, poolNotes, reportOf, type ServiceRow } from '../core/queries/report.ts';
import type { PoolItem, QuotaItem, ServiceItem } from './page-data.ts';

/** The allocator's state at one moment. Everything on the page is a function of it. */
export interface PageSnapshot {
  readonly isReady: boolean;
  readonly config: Config;
  readonly usable: readonly PolicyPool[];
  readonly problems: readonly string[];
  readonly poolItems: ReadonlyMap<string, PoolItem>;
  /** Those with the fewest addresses left come first. */
  readonly quotas: readonly QuotaItem[];
  /** By namespace and name. */
  readonly services: ReadonlyMap<ServiceKey, ServiceItem>;
  readonly decisions: ReadonlyMap<ServiceKey, ServiceDecision>;
  readonly allocator: AllocatorView;
  readonly options: Options;
  /** Each address that is in use or claimed, ascending. */
  readonly inUse: Readonly<Record<Family, readonly Occupancy[]>>;
  /** What the configuration reserves, ascending. */
  readonly reserved: Readonly<Record<Family, readonly ConfiguredReservation[]>>;
  /** By the key of a pool: the addresses that its Services have outside it. */
  readonly outside: ReadonlyMap<string, readonly Occupancy[]>;
  /** Services whose status does not show what was assigned, and since when the page has observed it. */
  readonly unannounced: ReadonlyMap<ServiceKey, Unannounced>;
}

interface Unannounced {
  readonly problem: AnnouncementProblem;
  /** Monotonic milliseconds. */
  readonly since: number;
}

const wholeRange = {
  IPv4: { family: 'IPv4', first: 0n, last: (1n << 32n) - 1n },
  IPv6: { family: 'IPv6', first: 0n, last: (1n << 128n) - 1n },
} as const;

/** O(Services x (decision + pools)): one decision for each Service. */
export function takeSnapshot(
  allocator: Allocator,
  options: Options,
  now: number,
  before?: PageSnapshot,
): PageSnapshot {
  const { ledger, config, nodes, claimTracker, isReady } = allocator;
  const decisions = new Map<ServiceKey, ServiceDecision>();
  const explain = (key: ServiceKey): ServiceDecision | undefined => {
    const decided = decisions.get(key) ?? allocator.explain(key);
    if (decided !== undefined) decisions.set(key, decided);
    return decided;
  };
  const view: AllocatorView = { ledger, config, nodes, now: allocator.now, claimTracker, explain };
  const usable = usablePools(config);
  const report = reportOf(view, options);
  const problems = Map.groupBy(config.problems, ({ key }) => key);
  const services = new Map<ServiceKey, ServiceItem>();
  for (const row of report.services) {
    const key = `${row.namespace}/${row.name}`;
    services.set(key, serviceItem(row, ledger.get(key)));
  }
  const occupanciesOf = (family: Family): Occupancy[] =>
    shownIn(wholeRange[family], view).map((address) => occupancyOf(address, view, usable));
  const reservationsOf = (family: Family): ConfiguredReservation[] =>
    reservedIn(wholeRange[family], view).sort((a, b) => compareAddresses(a.address, b.address));
  const inUse = { IPv4: occupanciesOf('IPv4'), IPv6: occupanciesOf('IPv6') };
  return {
    isReady,
    config,
    usable,
    problems: report.problems,
    poolItems: new Map(report.pools.map((row) => [row.key, poolItem(row, problems.get(row.key) ?? [])])),
    quotas: quotaRows(view, pendingCounts(decisions.values()))
      .sort((a, b) => a.left - b.left)
      .map(quotaItem),
    services,
    decisions,
    allocator: view,
    options,
    inUse,
    reserved: { IPv4: reservationsOf('IPv4'), IPv6: reservationsOf('IPv6') },
    outside: outsidePools(config, [...inUse.IPv4, ...inUse.IPv6]),
    unannounced: unannouncedIn(decisions, now, before),
  };
}

function unannouncedIn(
  decisions: ReadonlyMap<ServiceKey, ServiceDecision>,
  now: number,
  before: PageSnapshot | undefined,
): Map<ServiceKey, Unannounced> {
  const unannounced = new Map<ServiceKey, Unannounced>();
  for (const [key, { state, decision }] of decisions) {
    const problem = announcementProblem(state.view, decision);
    if (problem === undefined) continue;
    const known = before?.unannounced.get(key);
    unannounced.set(key, { problem, since: known?.problem.code === problem.code ? known.since : now });
  }
  return unannounced;
}

function serviceItem(row: ServiceRow, service: ServiceState | undefined): ServiceItem {
  const { namespace, name, addresses, from, condition } = row;
  const isAssigning = row.state === 'Assigned' && service?.view.annotation?.trim() !== addresses.join(',');
  const state = isAssigning ? 'Assigning' : row.state;
  // Each decision is made on its own, so several Services may have the same free address in theirs.
  const shown = isAssigning ? addresses.filter((text) => uses(service, text)) : addresses;
  return { namespace, name, addresses: shown, from, state, condition };
}

function uses(service: ServiceState | undefined, text: string): boolean {
  return service?.usedIPs.some((address) => formatAddress(address) === text) === true;
}

function poolItem(row: PoolRow, found: readonly ConfigProblem[]): PoolItem {
  const { key, ranges, size, used, free, next } = row;
  const percent = size === 0n ? 0 : Number((used * 10_000n) / size) / 100;
  return {
    ...{ key, ranges, percent, next, notes: poolNotes(row) },
    ...{ size: String(size), used: String(used), free: String(free) },
    // A few of thousands of pools are shown.
    get problems() {
      return explainProblems(found);
    },
  };
}

function quotaItem({ namespace, key, limit, used, pending }: QuotaRow): QuotaItem {
  const percent = used >= limit ? 100 : (100 * used) / limit;
  return { namespace, key, limit, used, percent, pending };
}

function outsidePools(config: Config, inUse: readonly Occupancy[]): Map<string, Occupancy[]> {
  const outside = new Map<string, Occupancy[]>();
  for (const occupancy of inUse) {
    const keys = new Set(
      occupancy.holders.flatMap(({ view }) => {
        const policy = policyFor(config, view);
        return spans(policy, occupancy.address) ? [] : policy.pools.map(({ key }) => key);
      }),
    );
    for (const key of keys) {
      const list = outside.get(key);
      if (list === undefined) outside.set(key, [occupancy]);
      else list.push(occupancy);
    }
  }
  return outside;
}

interface Addressed {
  readonly address: Address;
}

/** The part of a sorted list of one family that lies in the range. O(log n + result). */
export function between<T extends Addressed>(
  sorted: readonly T[],
  { family, first, last }: Range,
): readonly T[] {
  const from = lowerBound(sorted, { family, value: first });
  const to = lowerBound(sorted, { family, value: last + 1n });
  return sorted.slice(from, to);
}

/** The index of the first entry that is not below the address. */
function lowerBound(sorted: readonly Addressed[], address: Address): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = sorted[middle];
    if (found !== undefined && compareAddresses(found.address, address) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
