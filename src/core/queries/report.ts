import type { Config, Pool } from '../config/config.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import { explainProblem } from '../explain/explain-config.ts';
import { explainDecision } from '../explain/explain-decision.ts';
import { type Address, compareAddresses, type Family, formatAddress } from '../ip/address.ts';
import { addressAt, mergeRanges, rangesContain } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import type { Options } from '../model/options.ts';
import type { AllocatorView } from './occupancy.ts';

/**
 * What a person is shown of the whole world at one moment: each Service, each pool, and what is wrong with the
 * ConfigMap. Plain texts and counts, so that a table, a page and a log line can all print the same value.
 */
export interface Report {
  /** By namespace and name. */
  readonly services: readonly ServiceRow[];
  /** By key. */
  readonly pools: readonly PoolRow[];
  readonly problems: readonly string[];
}

export interface ServiceRow {
  readonly namespace: string;
  readonly name: string;
  /** `192.168.0.201`, `2001::10,192.168.0.10` or empty. */
  readonly addresses: string;
  /** The ConfigMap's key that the address came from, `static`, `unknown`, or empty. */
  readonly from: string;
  /** Why it waits, what is odd, or empty. */
  readonly condition: string;
  readonly state: 'Assigned' | 'Pending' | 'Conflict' | 'Ignored';
}

export interface PoolRow {
  readonly key: string;
  /** `192.168.0.201-192.168.0.206`: what can be allocated. */
  readonly ranges: string;
  /** Those that it has addresses of, or asks DHCP for. */
  readonly families: readonly Family[];
  /** What would be given next, of each family that it has a free address of. */
  readonly next: readonly string[];
  readonly size: bigint;
  readonly used: bigint;
  readonly free: bigint;
  readonly remark: string;
}

/** O(Services + pools). */
export function reportOf(context: AllocatorView, options: Options): Report {
  const services: ServiceRow[] = [];
  const states = [...context.ledger.all()].sort(
    (a, b) => compare(a.view.namespace, b.view.namespace) || compare(a.view.name, b.view.name),
  );
  for (const { key } of states) {
    const decided = context.explain(key);
    if (decided !== undefined) services.push(serviceRow(decided, options));
  }
  const pools = poolRows(context);
  const problems = context.config.problems.map(explainProblem);
  return { services, pools, problems };
}

/** How full each pool is: O(runs of used addresses in them). */
export function poolRows(context: Pick<AllocatorView, 'ledger' | 'config'>): PoolRow[] {
  return [...context.config.pools.values()].map((pool) => poolRow(pool, context));
}

/** How one Service stands. */
export function serviceRow({ state, decision }: ServiceDecision, options: Options): ServiceRow {
  const { namespace, name, annotation, specIP } = state.view;
  const condition = explainDecision(decision, options);
  // What it shows, whoever wrote it: kube-vip announces that.
  const shown = (annotation ?? specIP ?? '').trim();
  const row = { namespace, name, condition };
  switch (decision.kind) {
    case 'keep':
    case 'write':
      return { ...row, addresses: decision.addresses, from: decision.source, state: 'Assigned' };
    case 'pending':
      return { ...row, addresses: '', from: '', state: 'Pending' };
    case 'conflict':
      return { ...row, addresses: shown, from: '', state: 'Conflict' };
    case 'ignore':
    case 'release':
      return { ...row, addresses: shown, from: '', state: 'Ignored' };
  }
}

const families: readonly Family[] = ['IPv4', 'IPv6'];

function poolRow(pool: Pool, { ledger, config }: Pick<AllocatorView, 'ledger' | 'config'>): PoolRow {
  const size = pool.size.IPv4 + pool.size.IPv6;
  const used = families.reduce((sum, family) => sum + ledger.usedCount(family, pool.spans[family]), 0n);
  const ranges = families.flatMap((family) => [
    ...(pool.dhcp[family] ? [`DHCP (${family === 'IPv4' ? '0.0.0.0' : '::'})`] : []),
    ...pool.spans[family].map(({ first, last }) => {
      const from = formatAddress(addressAt(family, first));
      return first === last ? from : `${from}-${formatAddress(addressAt(family, last))}`;
    }),
  ]);
  const remark = remarkOn(pool, config);
  const next = families.flatMap((family) => {
    const free = ledger.firstFree(family, pool.spans[family], config.descending);
    return free === undefined ? [] : formatAddress(free);
  });
  return {
    key: pool.key,
    ranges: shortened(ranges),
    families: families.filter((family) => pool.size[family] > 0n || pool.dhcp[family]),
    // Of one that is not used nothing is given.
    next: remark === '' ? next : [],
    size,
    used,
    free: size - used,
    remark,
  };
}

function remarkOn({ key }: Pool, { problems }: Config): string {
  const shadowed = problems.find((problem) => problem.code === 'shadowed' && problem.key === key);
  return shadowed?.code === 'shadowed' ? `not used: ${shadowed.by} comes first` : '';
}

/** Of each pool, with which others it has addresses in common: O(ranges x log ranges, and the pairs found). */
export function overlapsIn(pools: readonly Pool[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>(pools.map(({ key }) => [key, new Set()]));
  const all = pools
    .flatMap(({ key, ranges }) => ranges.map((range) => ({ key, ...range })))
    .sort((a, b) => compare(a.family, b.family) || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  let open: typeof all = [];
  for (const range of all) {
    open = open.filter(({ family, last }) => family === range.family && last >= range.first);
    for (const other of open) {
      if (other.key === range.key) continue;
      found.get(other.key)?.add(range.key);
      found.get(range.key)?.add(other.key);
    }
    open.push(range);
  }
  return new Map([...found].map(([key, others]) => [key, [...others].sort()]));
}

/** Addresses that Services of ours have, and that no pool spans: O(Services x log ranges). */
export function outsideEveryPool({
  ledger,
  config,
}: Pick<AllocatorView, 'ledger' | 'config'>): { address: Address; state: ServiceState }[] {
  const ranges = mergeRanges([...config.pools.values()].flatMap((pool) => pool.ranges));
  return [...ledger.all()]
    .filter(({ ignoreReason }) => ignoreReason === undefined)
    .flatMap((state) =>
      state.requestedIPs
        .filter((address) => !rangesContain(ranges, address))
        .filter((address) => ledger.holding(address, config).holders.includes(state))
        .map((address) => ({ address, state })),
    )
    .sort((a, b) => compareAddresses(a.address, b.address));
}

/** A pool may have thousands of ranges; its line in a table has room for a few. */
function shortened(ranges: readonly string[]): string {
  const shown = ranges.slice(0, 4).join(', ');
  return ranges.length > 4 ? `${shown} and ${ranges.length - 4} more` : shown;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
