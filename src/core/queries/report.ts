import { type Config, shadowOf } from '../config/config.ts';
import { poolNameOf } from '../config/keys.ts';
import { type PolicyPool, policyFor, poolsOf } from '../config/policy.ts';
import type { Pool } from '../config/pool.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import { type AnnouncementEvidence, statusProblem } from '../decide/announcement.ts';
import type { Decision } from '../decide/decision.ts';
import { explainAnnouncement } from '../explain/explain-announcement.ts';
import { explainProblems } from '../explain/explain-config.ts';
import { explainDecision } from '../explain/explain-decision.ts';
import { type Address, compareAddresses, type Family, formatAddress } from '../ip/address.ts';
import type { AddressMap } from '../ip/address-map.ts';
import { addressAt, compareRanges, mergeRanges, rangesContain, rangesMeet } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { textsOf } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import type { ServiceView } from '../model/service-view.ts';
import type { AllocatorView } from './occupancy.ts';
import { type PoolCounts, poolCounter } from './pool-counts.ts';
import { type PoolUsers, poolUsers } from './pool-users.ts';

/**
 * All Services, all pools, and the problems of the ConfigMap at one moment, as texts and numbers for tables, the web page, and
 * the log.
 */
export interface Report {
  /** Sorted by namespace and name. */
  readonly services: readonly ServiceRow[];
  /** Sorted by key. */
  readonly pools: readonly PoolRow[];
  readonly problems: readonly string[];
}

export interface ServiceRow {
  readonly namespace: string;
  readonly name: string;
  /** In the order of its annotation. Of a Service that has none, what its annotation or else its spec says. */
  readonly addresses: readonly string[];
  /** The key in the ConfigMap that the address came from, `static`, `unknown`, or empty. */
  readonly from: string;
  /** Why the Service is pending, in conflict, or ignored, or what an operator should know; may be empty. */
  readonly condition: string;
  readonly state: 'Assigned' | 'Pending' | 'Conflict' | 'Ignored';
}

/** The counts are those of both families. */
export interface PoolRow extends PoolCounts {
  readonly key: string;
  /** The allocatable addresses: `192.168.0.201-192.168.0.206`. */
  readonly ranges: string;
  /** The families for which the pool has addresses or uses DHCP. */
  readonly families: readonly Family[];
  /** The next address to be allocated, for each family with a free one. */
  readonly next: readonly string[];
  readonly users: PoolUsers;
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
    if (decided !== undefined) services.push(serviceRow(decided, options, context.nodes));
  }
  const pools = poolRows(context);
  const problems = explainProblems(context.config.problems);
  return { services, pools, problems };
}

/** The usage of each pool, or of the first `limit`: O(intervals of used addresses in them). */
export function poolRows(
  context: Pick<AllocatorView, 'ledger' | 'config'>,
  limit = Number.POSITIVE_INFINITY,
): PoolRow[] {
  return rowsOf(poolsOf(context.config).slice(0, limit), context);
}

/** The usage of the pools that the Services of one namespace can use, in order, without what is excluded for them. */
export function namespacePoolRows(
  namespace: string,
  context: Pick<AllocatorView, 'ledger' | 'config'>,
): PoolRow[] {
  return rowsOf(policyFor(context.config, { namespace }).listed, context);
}

/** The state of one Service. `nodes` has the name of the Node that has an address, if Nodes are known. */
export function serviceRow(
  { state, decision }: ServiceDecision,
  options: Options,
  nodes?: AddressMap<string>,
): ServiceRow {
  const { namespace, name } = state.view;
  const evidence = { nodeAt: (address: Address) => nodes?.get(address) };
  const condition = [explainDecision(decision, options), foreignStatus(state, decision, evidence)]
    .filter((text) => text !== '')
    .join(' ');
  const row = { namespace, name, condition };
  switch (decision.kind) {
    case 'keep':
    case 'write':
      return { ...row, addresses: textsOf(decision.addresses), from: decision.source, state: 'Assigned' };
    case 'pending':
      return { ...row, addresses: [], from: '', state: 'Pending' };
    case 'conflict':
      return { ...row, addresses: announcedBy(state.view), from: '', state: 'Conflict' };
    case 'ignore':
    case 'release':
      return { ...row, addresses: announcedBy(state.view), from: '', state: 'Ignored' };
  }
}

/** What kube-vip announces, whichever client wrote it. */
function announcedBy({ annotation, specIP }: ServiceView): string[] {
  return (annotation ?? specIP ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

/** That the status shows another address; empty if not. That it shows none is no remark: the address may be seconds old. */
function foreignStatus(state: ServiceState, decision: Decision, evidence: AnnouncementEvidence): string {
  const problem = statusProblem(state, decision);
  return problem?.code === 'foreign-status' ? explainAnnouncement(problem, evidence) : '';
}

const families: readonly Family[] = ['IPv4', 'IPv6'];

function rowsOf(
  pools: readonly PolicyPool[],
  { ledger, config }: Pick<AllocatorView, 'ledger' | 'config'>,
): PoolRow[] {
  const context = { ledger, config, users: poolUsers(config), counts: poolCounter(ledger) };
  return pools.map((pool) => poolRow(pool, context));
}

interface RowContext extends Pick<AllocatorView, 'ledger' | 'config'> {
  readonly users: ReadonlyMap<string, PoolUsers>;
  readonly counts: (pool: PolicyPool, family: Family) => PoolCounts;
}

const noUsers: PoolUsers = { namespaces: [], others: false };

function poolRow(pool: PolicyPool, { ledger, config, users, counts }: RowContext): PoolRow {
  const [v4, v6] = [counts(pool, 'IPv4'), counts(pool, 'IPv6')];
  const ranges = families.flatMap((family) => [
    ...(pool.dhcp[family] ? [`DHCP (${family === 'IPv4' ? '0.0.0.0' : '::'})`] : []),
    ...pool.spans[family].map(({ first, last }) => {
      const from = formatAddress(addressAt(family, first));
      return first === last ? from : `${from}-${formatAddress(addressAt(family, last))}`;
    }),
  ]);
  const remark = users.has(pool.key) ? '' : whyUnused(pool.key, config);
  const next = families.flatMap((family) => {
    const free = ledger.firstFree(family, pool.spans[family], pool.descending);
    return free === undefined ? [] : formatAddress(free);
  });
  return {
    key: pool.key,
    ranges: shortened(ranges),
    families: families.filter((family) => pool.size[family] > 0n || pool.dhcp[family]),
    // A pool that no Service uses never provides an address.
    next: remark === '' ? next : [],
    size: v4.size + v6.size,
    used: v4.used + v6.used,
    reserved: v4.reserved + v6.reserved,
    free: v4.free + v6.free,
    excluded: v4.excluded + v6.excluded,
    users: users.get(pool.key) ?? noUsers,
    remark,
  };
}

function whyUnused(key: string, config: Config): string {
  const by = shadowOf(config, key);
  return by === undefined ? 'not used: no list names it' : `not used: ${by} takes precedence`;
}

/** `for shop, 20 excluded, 1 reserved, not used: no list names it` */
export function poolNotes(
  row: Pick<PoolRow, 'key' | 'excluded' | 'reserved' | 'users' | 'remark'>,
): string[] {
  const { key, excluded, reserved, users, remark } = row;
  // The key of a pool without a name says for which namespace it is.
  const isNamed = poolNameOf(key) !== undefined && remark === '';
  return [
    ...(isNamed ? [`for ${explainUsers(users)}`] : []),
    ...(excluded > 0n ? [`${excluded} excluded`] : []),
    ...(reserved > 0n ? [`${reserved} reserved`] : []),
    ...(remark === '' ? [] : [remark]),
  ];
}

/** A pool can serve thousands of namespaces. */
const maxNamespaces = 5;

/** `blog, shop, all others without a list of their own` */
function explainUsers({ namespaces, others }: PoolUsers): string {
  const more = namespaces.length - maxNamespaces;
  const parts = [
    ...namespaces.slice(0, maxNamespaces),
    ...(more > 0 ? [`${more} more`] : []),
    ...(others ? [`all ${namespaces.length > 0 ? 'others ' : ''}without a list of their own`] : []),
  ];
  return parts.join(', ');
}

/** Other pools with which a pool has addresses in common. */
export interface Overlap {
  /** At most `maxOverlaps` keys, sorted. */
  readonly keys: readonly string[];
  /** Whether there are more. */
  readonly hasMore: boolean;
}

/** A pool in thousands of others is not a list for people. */
export const maxOverlaps = 10;

/**
 * The overlaps of each pool that has some: O(ranges x (log ranges + maxOverlaps)). Ranges are entered in the order of their
 * starts. A range meets the earlier ones that end behind its start, so it is compared with those that end last: one for each
 * pool, and no more than the result can have. A pool that is dropped from these has been compared with as many that end
 * behind it, and so has met them.
 */
export function overlapsIn(pools: readonly Pool[]): ReadonlyMap<string, Overlap> {
  const found = new Map<string, Set<string>>();
  const meet = (key: string, other: string): void => {
    const keys = found.get(key) ?? new Set();
    found.set(key, keys);
    if (keys.size <= maxOverlaps) keys.add(other);
  };
  const all = pools
    .flatMap(({ key, ranges }) => ranges.map((range) => ({ key, range })))
    .sort((a, b) => compareRanges(a.range, b.range));
  /** By descending ends. */
  let last: typeof all = [];
  for (const one of all) {
    const { key, range } = one;
    const others = last.filter((other) => other.key !== key);
    for (const other of others) {
      if (!rangesMeet(other.range, range)) continue;
      meet(key, other.key);
      meet(other.key, key);
    }
    const own = last.find((other) => other.key === key);
    if (own !== undefined && own.range.family === range.family && own.range.last >= range.last) continue;
    const at = others.findIndex(
      (other) => other.range.family !== range.family || other.range.last < range.last,
    );
    last = others.toSpliced(at < 0 ? others.length : at, 0, one).slice(0, maxOverlaps + 2);
  }
  return new Map(
    [...found].map(([key, keys]) => [
      key,
      { keys: [...keys].sort().slice(0, maxOverlaps), hasMore: keys.size > maxOverlaps },
    ]),
  );
}

/** `cidr-a, cidr-b and more` */
export function explainOverlap({ keys, hasMore }: Overlap): string {
  return `${keys.join(', ')}${hasMore ? ' and more' : ''}`;
}

/** Addresses of assigned Services that are in no pool: O(Services x log ranges). */
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

/** A pool can have thousands of ranges: a table shows the first ones. */
function shortened(ranges: readonly string[]): string {
  const shown = ranges.slice(0, 4).join(', ');
  return ranges.length > 4 ? `${shown} and ${ranges.length - 4} more` : shown;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
