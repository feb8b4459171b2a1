import { type Family, formatAddress } from './address.ts';
import type { Verdict } from './allocator.ts';
import { explainDecision } from './explain.ts';
import { explainProblem } from './explain-pools.ts';
import type { World } from './occupancy.ts';
import type { Options } from './options.ts';
import type { Pool, Pools } from './pools.ts';
import { addressAt } from './range.ts';

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
  readonly note: string;
  readonly state: 'served' | 'waiting' | 'refused' | 'not ours';
}

export interface PoolRow {
  readonly key: string;
  /** `192.168.0.201-192.168.0.206`: what can be allocated. */
  readonly ranges: string;
  readonly size: bigint;
  readonly used: bigint;
  readonly free: bigint;
  readonly note: string;
}

/** O(Services + pools). */
export function reportOf(world: World, options: Options): Report {
  const services: ServiceRow[] = [];
  const standings = [...world.ledger.all()].sort(
    (a, b) => compare(a.view.namespace, b.view.namespace) || compare(a.view.name, b.view.name),
  );
  for (const { key } of standings) {
    const verdict = world.explain(key);
    if (verdict !== undefined) services.push(serviceRow(verdict, options));
  }
  const pools = poolRows(world);
  const problems = world.pools.problems.map(explainProblem);
  return { services, pools, problems };
}

/** How full each pool is: O(runs of used addresses in them). */
export function poolRows(world: Pick<World, 'ledger' | 'pools'>): PoolRow[] {
  return [...world.pools.byKey.values()].map((pool) => poolRow(pool, world));
}

function serviceRow({ standing, decision }: Verdict, options: Options): ServiceRow {
  const { namespace, name, annotation, specIP } = standing.view;
  const note = explainDecision(decision, options);
  // What it shows, whoever wrote it: kube-vip announces that.
  const shown = (annotation ?? specIP ?? '').trim();
  const row = { namespace, name, note };
  switch (decision.kind) {
    case 'keep':
    case 'write':
      return { ...row, addresses: decision.addresses, from: decision.source, state: 'served' };
    case 'wait':
      return { ...row, addresses: '', from: '', state: 'waiting' };
    case 'refuse':
      return { ...row, addresses: shown, from: '', state: 'refused' };
    case 'ignore':
    case 'release':
      return { ...row, addresses: shown, from: '', state: 'not ours' };
  }
}

function poolRow(pool: Pool, { ledger, pools }: Pick<World, 'ledger' | 'pools'>): PoolRow {
  const families: readonly Family[] = ['IPv4', 'IPv6'];
  const size = pool.size.IPv4 + pool.size.IPv6;
  const used = families.reduce((sum, family) => sum + ledger.used(family, pool.spans[family]), 0n);
  const ranges = families.flatMap((family) => [
    ...(pool.dhcp[family] ? [`DHCP (${family === 'IPv4' ? '0.0.0.0' : '::'})`] : []),
    ...pool.spans[family].map(({ first, last }) => {
      const from = formatAddress(addressAt(family, first));
      return first === last ? from : `${from}-${formatAddress(addressAt(family, last))}`;
    }),
  ]);
  return {
    key: pool.key,
    ranges: shortened(ranges),
    size,
    used,
    free: size - used,
    note: noteOn(pool, pools),
  };
}

function noteOn({ key }: Pool, { problems }: Pools): string {
  const shadowed = problems.find((problem) => problem.code === 'shadowed' && problem.key === key);
  return shadowed?.code === 'shadowed' ? `not used: ${shadowed.by} comes first` : '';
}

/** A pool may have thousands of ranges; its line in a table has room for a few. */
function shortened(ranges: readonly string[]): string {
  const shown = ranges.slice(0, 4).join(', ');
  return ranges.length > 4 ? `${shown} and ${ranges.length - 4} more` : shown;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
