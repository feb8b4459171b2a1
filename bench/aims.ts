import type { ChurnFigures } from './churn/churn.ts';
import { growth } from './churn/growth.ts';
import type { ClusterFigures } from './cluster/cluster.ts';
import { compared } from './cluster/ratios.ts';
import type { ControllerMode } from './cluster/runs.ts';
import type { CoreFigures, CoreRow } from './core/core.ts';
import { count, median, megabytes, short } from './figures.ts';
import type { GrowthRow } from './growth/growth.ts';
import type { PageFigures } from './page/page.ts';
import type { PluginFigures } from './plugin/plugin.ts';
import type { Latency } from './size/latency.ts';
import type { Memory } from './size/settled.ts';
import type { SizeFigures } from './size/size.ts';
import type { TakeoverFigures } from './takeover/part.ts';

/** What the parts that ran have found. */
export interface Figures {
  readonly core?: CoreFigures;
  /** No aim is about these. */
  readonly growth?: { readonly rows: readonly GrowthRow[] };
  readonly cluster?: ClusterFigures;
  readonly size?: SizeFigures;
  readonly churn?: ChurnFigures;
  readonly takeover?: TakeoverFigures;
  readonly plugin?: PluginFigures;
  /** Nor about these. */
  readonly page?: PageFigures;
}

/** One line of the table: an aim, and what it is measured by. */
export interface Row {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  /** From the same run; empty where the aim is a number of its own. */
  readonly limit: string;
  /** What the aim is about, as a number. */
  readonly value: number;
  readonly isReached: boolean;
}

/** Memory at rest differs by so much from one rest to the next. */
const flat = { share: 0.05, bytes: 1e6 };

export function aimRows({ core, cluster, size, churn, takeover, plugin }: Figures): Row[] {
  return [
    ...(cluster === undefined ? [] : clusterRows(cluster)),
    ...(size === undefined ? [] : sizeRows(size)),
    ...(churn === undefined ? [] : [churnRow(churn)]),
    ...(core === undefined ? [] : coreRows(core)),
    ...(takeover === undefined ? [] : [takeoverRow(takeover)]),
    ...(size === undefined ? [] : [restRow(size)]),
    ...(plugin === undefined ? [] : [pluginRow(plugin)]),
  ];
}

/** The slowest of the questions; the first command is kubectl's own list. */
function pluginRow({ services, commands: [list, ...questions] }: PluginFigures): Row {
  const slowest = questions
    .map(({ line, ms }) => ({ line, value: median(ms) }))
    .reduce((a, b) => (b.value > a.value ? b : a), { line: '', value: 0 });
  return {
    what: `${count(services)} Services: ${slowest.line}, the slowest question`,
    aim: '< 2 s',
    measured: `${short(slowest.value)} ms`,
    limit: `kubectl get services: ${short(median(list?.ms ?? []))} ms`,
    ...{ value: slowest.value, isReached: slowest.value < 2_000 },
  };
}

function clusterRows({ bursts }: ClusterFigures): Row[] {
  const rate = (mode: ControllerMode, what: string): Row[] => {
    const runs = compared(bursts, mode);
    const services = runs[0]?.burst.services;
    if (services === undefined) return [];
    const value = median(runs.map(({ ratio }) => ratio));
    const ours = median(runs.map(({ burst }) => burst.perSecond));
    const raw = median(runs.map(({ rawPerSecond }) => rawPerSecond));
    return [
      {
        what: `${count(services)} waiting, ${what}: addresses a second`,
        aim: '≥ 0.9 of raw PATCHes',
        measured: `${value.toFixed(2)} (${count(ours)})`,
        limit: `raw PATCHes: ${count(raw)}`,
        ...{ value, isReached: value >= 0.9 },
      },
    ];
  };
  return [
    ...rate('at start', 'the controller starts'),
    ...rate('pool comes', 'the pool comes'),
    ...writesRow({ bursts }),
  ];
}

function writesRow({ bursts }: Pick<ClusterFigures, 'bursts'>): Row[] {
  const ours = bursts.filter(({ mode }) => mode === 'at start' || mode === 'pool comes');
  const raw = bursts.filter(({ mode }) => mode === 'raw');
  if (ours.length === 0) return [];
  const value = median(ours.map(({ serviceWrites }) => serviceWrites));
  const events = median(ours.map(({ eventWrites }) => eventWrites));
  const early = median(ours.map(({ earlyEvents }) => earlyEvents));
  return [
    {
      what: 'API writes for one address',
      aim: '1 PATCH; 1 event at most, behind',
      measured: `${value.toFixed(2)}; ${events.toFixed(2)}, of which ${early.toFixed(2)} before the last address`,
      limit: `raw PATCHes: ${median(raw.map(({ serviceWrites }) => serviceWrites)).toFixed(2)}`,
      ...{ value, isReached: value <= 1.005 && events <= 1.005 },
    },
  ];
}

function sizeRows({ idle, bare, sizes, created, freed }: SizeFigures): Row[] {
  const few = count(sizes[0]?.services ?? 0);
  const latency = (what: string, { ours, raw }: Latency, most: number): Row => {
    const value = median(ours) / median(raw);
    return {
      what,
      aim: `≤ ${most} raw PATCHes`,
      measured: `${value.toFixed(2)} (${short(median(ours))} ms)`,
      limit: `raw PATCH: ${short(median(raw))} ms`,
      ...{ value, isReached: value <= most },
    };
  };
  const starts = sizes.map(({ services, starts: { firstAddress, list } }): Row => {
    const [first, raw] = [median(firstAddress), median(list)];
    const row = {
      what: `start to first address, ${count(services)} Services`,
      limit: `raw list: ${(raw / 1000).toFixed(2)} s`,
    };
    const [seconds, ratio] = [first / 1000, first / raw];
    if (services <= 5_000) {
      const measured = `${seconds.toFixed(2)} s`;
      return { ...row, aim: '≤ 0.5 s', measured, value: seconds, isReached: seconds <= 0.5 };
    }
    const measured = `${ratio.toFixed(2)} (${seconds.toFixed(2)} s)`;
    return { ...row, aim: '≤ 1.3 raw lists', measured, value: ratio, isReached: ratio <= 1.3 };
  });
  const memory = (what: string, { rssBytes, peakBytes }: Memory, most: number): Row => ({
    what: `resident memory, ${what}`,
    aim: `≤ ${most} MB`,
    measured: `${megabytes(rssBytes)} MB (at most ${megabytes(peakBytes)})`,
    limit: `plain Node: ${megabytes(bare.rssBytes)} MB`,
    ...{ value: rssBytes / 1e6, isReached: rssBytes / 1e6 <= most },
  });
  return [
    latency(`one new Service among ${few}: created to address seen`, created, 1.5),
    latency('an address is freed: seen gone to seen on who waited', freed, 2),
    ...starts,
    memory('idle', idle, 50),
    ...sizes.map((one) =>
      memory(
        `${count(one.services)} Services, after the burst`,
        one.memory,
        one.services <= 5_000 ? 60 : 110,
      ),
    ),
  ];
}

function restRow({ sizes, rest }: SizeFigures): Row {
  return {
    what: `processor at rest, ${count(sizes[0]?.services ?? 0)} Services`,
    aim: '< 0.2 % of a core',
    measured: `${rest.percent.toFixed(2)} % over ${count(rest.seconds)} s`,
    limit: '',
    ...{ value: rest.percent, isReached: rest.percent < 0.2 },
  };
}

function churnRow({ rests }: ChurnFigures): Row {
  const { firstBytes, lastBytes } = growth(rests);
  return {
    what: `resident memory over ${count(rests.at(-1)?.gone ?? 0)} creations and deletions`,
    aim: 'flat',
    measured: `${megabytes(lastBytes)} MB in the last third`,
    limit: `the first third: ${megabytes(firstBytes)} MB`,
    value: lastBytes / firstBytes,
    isReached: lastBytes <= firstBytes * (1 + flat.share) + flat.bytes,
  };
}

/** Of both search orders the worse one. */
function coreRows({ rows }: CoreFigures): Row[] {
  const most = Math.max(...rows.map(({ inUse }) => inUse));
  const pools = ['/8', '/64'] as const;
  const worst = (cases: readonly CoreRow[], badness: (row: CoreRow) => number): CoreRow | undefined =>
    cases.toSorted((a, b) => badness(b) - badness(a))[0];
  const large = (pool: string): CoreRow[] => rows.filter((row) => row.pool === pool && row.inUse === most);
  const small = (row: CoreRow): CoreRow | undefined =>
    rows.find(({ pool, order, inUse }) => pool === row.pool && order === row.order && inUse === 1_000);
  const grown = (row: CoreRow, name: 'reserve' | 'mapSetDelete'): number =>
    row[name] / (small(row)?.[name] ?? Number.NaN);
  const rates = pools.flatMap((pool): Row[] => {
    const row = worst(large(pool), ({ reserve }) => reserve);
    if (row === undefined) return [];
    const value = 1e9 / row.reserve;
    return [
      {
        what: `decide + reserve, ${pool} with ${count(most)} in use: a second`,
        aim: '≥ 300,000',
        measured: `${count(value)} (${row.order})`,
        limit: `Map, set + delete: ${count(1e9 / row.mapSetDelete)}`,
        ...{ value, isReached: value >= 300_000 },
      },
    ];
  });
  const growths = pools.flatMap((pool): Row[] => {
    const row = worst(large(pool), (one) => grown(one, 'reserve') / grown(one, 'mapSetDelete'));
    if (row === undefined) return [];
    const [value, map] = [grown(row, 'reserve'), grown(row, 'mapSetDelete')];
    return [
      {
        what: `its growth from 1,000 to ${count(most)} in use, ${pool}`,
        aim: 'no steeper than a Map',
        measured: `× ${value.toFixed(2)} (${row.order})`,
        limit: `Map: × ${map.toFixed(2)}`,
        ...{ value, isReached: value <= map },
      },
    ];
  });
  return [...rates, ...growths];
}

function takeoverRow({ services, timelines }: TakeoverFigures): Row {
  const value = median(timelines.map(({ addressMs }) => addressMs)) / 1000;
  const ended = median(timelines.map(({ endedMs }) => endedMs)) / 1000;
  return {
    what: `takeover after SIGTERM, ${count(services)} Services: to the next address`,
    aim: '≤ 0.3 s',
    measured: `${value.toFixed(2)} s`,
    limit: `the leader's own end: ${ended.toFixed(2)} s`,
    ...{ value, isReached: value <= 0.3 },
  };
}
