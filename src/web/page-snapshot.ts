import { type Config, type Pool, poolFor } from '../core/config/config.ts';
import type { Allocator, ServiceDecision } from '../core/decide/allocator.ts';
import { explainProblem } from '../core/explain/explain-config.ts';
import { compareAddresses, type Family, formatAddress } from '../core/ip/address.ts';
import { rangesContain } from '../core/ip/range.ts';
import type { ServiceState } from '../core/ledger/service-state.ts';
import type { Options } from '../core/model/options.ts';
import type { ServiceKey } from '../core/model/service-view.ts';
import {
  type AllocatorView,
  type Occupancy,
  occupancyOf,
  shownIn,
  usablePools,
} from '../core/queries/occupancy.ts';
import { type PoolRow, reportOf, type ServiceRow } from '../core/queries/report.ts';
import type { PoolItem, ServiceItem } from './page-data.ts';

/** The world at one moment. Everything that the page shows is a function of such a value. */
export interface PageSnapshot {
  readonly isReady: boolean;
  readonly config: Config;
  readonly usable: readonly Pool[];
  readonly problems: readonly string[];
  readonly poolItems: ReadonlyMap<string, PoolItem>;
  /** By namespace and name. */
  readonly services: ReadonlyMap<ServiceKey, ServiceItem>;
  readonly decisions: ReadonlyMap<ServiceKey, ServiceDecision>;
  readonly world: AllocatorView;
  readonly options: Options;
  /** Each address that somebody shows or claims, ascending. */
  readonly shown: Readonly<Record<Family, readonly Occupancy[]>>;
  /** By the key of a pool: what its Services have outside of it. */
  readonly beside: ReadonlyMap<string, readonly Occupancy[]>;
}

const everything = {
  IPv4: { family: 'IPv4', first: 0n, last: (1n << 32n) - 1n },
  IPv6: { family: 'IPv6', first: 0n, last: (1n << 128n) - 1n },
} as const;

/** O(Services x (a decision + pools)): each Service is decided on once. */
export function takeSnapshot(allocator: Allocator, options: Options): PageSnapshot {
  const { ledger, config, claimTracker, isReady } = allocator;
  const decisions = new Map<ServiceKey, ServiceDecision>();
  const explain = (key: ServiceKey): ServiceDecision | undefined => {
    const decided = decisions.get(key) ?? allocator.explain(key);
    if (decided !== undefined) decisions.set(key, decided);
    return decided;
  };
  const world: AllocatorView = { ledger, config, claimTracker, explain };
  const usable = usablePools(config);
  const report = reportOf(world, options);
  const services = new Map<ServiceKey, ServiceItem>();
  for (const row of report.services) {
    const key = `${row.namespace}/${row.name}`;
    services.set(key, serviceItem(row, ledger.get(key)));
  }
  const shownOf = (family: Family): Occupancy[] =>
    shownIn(everything[family], world).map((address) => occupancyOf(address, world, usable));
  const shown = { IPv4: shownOf('IPv4'), IPv6: shownOf('IPv6') };
  return {
    isReady,
    config,
    usable,
    problems: report.problems,
    poolItems: new Map(report.pools.map((row) => [row.key, poolItem(row, allocator)])),
    services,
    decisions,
    world,
    options,
    shown,
    beside: besideIn(config, [...shown.IPv4, ...shown.IPv6]),
  };
}

function serviceItem(row: ServiceRow, service: ServiceState | undefined): ServiceItem {
  const { namespace, name, from, condition } = row;
  const isDue = row.state === 'Assigned' && service?.view.annotation?.trim() !== row.addresses;
  const addresses = row.addresses === '' ? [] : row.addresses.split(',').map((text) => text.trim());
  const state = isDue ? 'Assigning' : row.state;
  // Who is looked at alone would get the first free one, like everybody else who waits: nobody is promised it.
  const shown = isDue ? addresses.filter((text) => uses(service, text)) : addresses;
  return { namespace, name, addresses: shown, from, state, note: condition };
}

function uses(service: ServiceState | undefined, text: string): boolean {
  return service?.usedIPs.some((address) => formatAddress(address) === text) === true;
}

function poolItem(row: PoolRow, { config }: Allocator): PoolItem {
  const { key, ranges, size, used, free, next } = row;
  const problems = config.problems.filter((problem) => problem.key === key).map(explainProblem);
  const percent = size === 0n ? 0 : Number((used * 10_000n) / size) / 100;
  return {
    ...{ key, ranges, percent, next, notes: problems },
    ...{ size: String(size), used: String(used), free: String(free) },
  };
}

function besideIn(config: Config, shown: readonly Occupancy[]): Map<string, Occupancy[]> {
  const beside = new Map<string, Occupancy[]>();
  for (const one of shown) {
    const keys = new Set(
      one.holders.flatMap(({ view }) => {
        const pool = poolFor(config, view.namespace);
        return pool === undefined || rangesContain(pool.ranges, one.address) ? [] : pool.key;
      }),
    );
    for (const key of keys) {
      const list = beside.get(key);
      if (list === undefined) beside.set(key, [one]);
      else list.push(one);
    }
  }
  return beside;
}

/** Those of one family from `first` to `last`: O(log n), and what is found. */
export function shownBetween(
  shown: readonly Occupancy[],
  { family, first, last }: { family: Family; first: bigint; last: bigint },
): readonly Occupancy[] {
  const from = placeOf(shown, { family, value: first });
  const to = placeOf(shown, { family, value: last + 1n });
  return shown.slice(from, to);
}

/** How many lie before the address. */
function placeOf(shown: readonly Occupancy[], address: Occupancy['address']): number {
  let low = 0;
  let high = shown.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = shown[middle];
    if (one !== undefined && compareAddresses(one.address, address) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
