import { count, median, megabytes, middle, short, table } from './figures.ts';
import { thirds } from './parts/churn.ts';
import { type ControllerMode, compared } from './parts/cluster.ts';
import type { CoreRow } from './parts/core.ts';
import { tenths } from './parts/silence.ts';
import type { Figures } from './parts.ts';

/** One line of the table: an aim, and the figure that it is compared with. */
export interface Row {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  /** From the same run; empty if the aim is a number of its own. */
  readonly limit: string;
  /** The measured figure as a number. */
  readonly value: number;
  readonly isReached: boolean;
}

type Result<Name extends keyof Figures> = NonNullable<Figures[Name]>[number];

/** How much memory at rest may differ. */
const flat = { share: 0.05, bytes: 1e6 };

export function aimRows({ cluster, size, churn, core, takeover, silence, plugin, pools }: Figures): Row[] {
  return [
    ...(cluster ?? []).flatMap(clusterRows),
    ...(size ?? []).flatMap(sizeRows),
    ...(churn ?? []).map(churnRow),
    ...(core ?? []).map(rateRow),
    ...(core ?? []).map(growthRow),
    ...(takeover ?? []).map(takeoverRow),
    ...(silence ?? []).flatMap(({ outcomes }) => outcomes.map(silenceRow)),
    ...(size ?? []).map(restRow),
    ...(plugin ?? []).map(pluginRow),
    ...(pools ?? []).map(turnRow),
  ];
}

/** Shows which aims these figures, on this machine, do not reach. */
export function aimsText(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const missed = rows.filter(({ isReached }) => !isReached).length;
  const summary = missed === 0 ? 'all reached' : `${missed} of ${rows.length} not reached`;
  const cells = rows.map(({ what, aim, measured, limit, isReached }) => [
    ...[what, aim, measured, limit, isReached ? '' : 'short'],
  ]);
  const heads = ['what', 'aim', 'measured', 'limit in the same run', ''];
  return `\naims: each compared with a limit from the same run; ${summary}\n\n${table(heads, cells, 'left')}`;
}

function clusterRows(bursts: Result<'cluster'>): Row[] {
  const rate = (mode: ControllerMode, what: string): Row[] => {
    const runs = compared(bursts, mode);
    const services = runs[0]?.burst.services;
    if (services === undefined) return [];
    const value = median(runs.map(({ ratio }) => ratio));
    return [
      {
        what: `${count(services)} pending, ${what}: addresses per second`,
        aim: '≥ 0.9 of raw PATCHes',
        measured: `${value.toFixed(2)} (${count(median(runs.map(({ burst }) => burst.perSecond)))})`,
        limit: `raw PATCHes: ${count(median(runs.map(({ rawPerSecond }) => rawPerSecond)))}`,
        ...{ value, isReached: value >= 0.9 },
      },
    ];
  };
  const ours = bursts.filter(({ mode }) => mode === 'at start' || mode === 'new pool');
  const raw = bursts.filter(({ mode }) => mode === 'raw');
  const value = median(ours.map(({ serviceWrites }) => serviceWrites));
  const events = median(ours.map(({ eventWrites }) => eventWrites));
  const early = median(ours.map(({ earlyEvents }) => earlyEvents));
  return [
    ...rate('at start', 'the controller starts'),
    ...rate('new pool', 'the pool is created'),
    {
      what: 'API writes for one address',
      aim: '1 PATCH; at most 1 event, after it',
      measured: `${value.toFixed(2)}; ${events.toFixed(2)}, ${early.toFixed(2)} of them before the last address`,
      limit: `raw PATCHes: ${median(raw.map(({ serviceWrites }) => serviceWrites)).toFixed(2)}`,
      ...{ value, isReached: value <= 1.005 && events <= 1.005 },
    },
  ];
}

function sizeRows({ idle, bare, sizes, created, freed }: Result<'size'>): Row[] {
  const latency = (what: string, { ours, raw }: typeof created, most: number): Row => {
    const value = median(ours) / median(raw);
    return {
      what,
      aim: `≤ ${most} raw PATCHes`,
      measured: `${value.toFixed(2)} (${short(median(ours))} ms)`,
      limit: `raw PATCH: ${short(median(raw))} ms`,
      ...{ value, isReached: value <= most },
    };
  };
  const memory = (what: string, { rssBytes, peakBytes }: typeof idle, most: number): Row => ({
    what: `resident memory, ${what}`,
    aim: `≤ ${most} MB`,
    measured: `${megabytes(rssBytes)} MB (at most ${megabytes(peakBytes)})`,
    limit: `plain Node: ${megabytes(bare.rssBytes)} MB`,
    ...{ value: rssBytes / 1e6, isReached: rssBytes / 1e6 <= most },
  });
  return [
    latency(`new Service among ${count(sizes[0]?.services ?? 0)}: created to address seen`, created, 1.5),
    latency('freed address: holder seen gone to next address seen', freed, 2),
    ...sizes.map(startRow),
    memory('idle', idle, 50),
    ...sizes.map(({ services, memory: used }) =>
      memory(`${count(services)} Services, after the burst`, used, services <= 5_000 ? 60 : 110),
    ),
  ];
}

function startRow({ services, firstAddress, list }: Result<'size'>['sizes'][number]): Row {
  const [first, raw] = [median(firstAddress), median(list)];
  const seconds = `${(first / 1000).toFixed(2)} s`;
  const what = `start to first address, ${count(services)} Services`;
  const limit = `raw list: ${(raw / 1000).toFixed(2)} s`;
  if (services <= 5_000)
    return { what, aim: '≤ 0.5 s', measured: seconds, limit, value: first / 1000, isReached: first <= 500 };
  const value = first / raw;
  const measured = `${value.toFixed(2)} (${seconds})`;
  return { what, aim: '≤ 1.3 raw lists', measured, limit, value, isReached: value <= 1.3 };
}

function restRow({ sizes, rest }: Result<'size'>): Row {
  return {
    what: `CPU at rest, ${count(sizes[0]?.services ?? 0)} Services`,
    aim: '< 0.2 % of a core',
    measured: `${rest.percent.toFixed(2)} % over ${count(rest.seconds)} s`,
    limit: '',
    ...{ value: rest.percent, isReached: rest.percent < 0.2 },
  };
}

function churnRow(rests: Result<'churn'>): Row {
  const { firstBytes, lastBytes } = thirds(rests);
  return {
    what: `resident memory over ${count(rests.at(-1)?.deleted ?? 0)} creations and deletions`,
    aim: 'flat',
    measured: `${megabytes(lastBytes)} MB in the last third`,
    limit: `the first third: ${megabytes(firstBytes)} MB`,
    value: lastBytes / firstBytes,
    isReached: lastBytes <= firstBytes * (1 + flat.share) + flat.bytes,
  };
}

/** The worse of the two search orders, with the most addresses in use. */
function worst(rows: readonly CoreRow[], badness: (row: CoreRow) => number): CoreRow {
  const most = Math.max(...rows.map(({ inUse }) => inUse));
  return rows.filter(({ inUse }) => inUse === most).reduce((a, b) => (badness(b) > badness(a) ? b : a));
}

function rateRow(rows: Result<'core'>): Row {
  const { pool, inUse, order, reserve, map } = worst(rows, (row) => row.reserve);
  const value = 1e9 / reserve;
  return {
    what: `decide + reserve, ${pool} with ${count(inUse)} in use: per second`,
    aim: '≥ 300,000',
    measured: `${count(value)} (${order})`,
    limit: `Map, set + delete: ${count(1e9 / map)}`,
    ...{ value, isReached: value >= 300_000 },
  };
}

function growthRow(rows: Result<'core'>): Row {
  const grown = (row: CoreRow, name: 'reserve' | 'map'): number => {
    const small = rows.find(({ order, inUse }) => order === row.order && inUse === 1_000);
    return row[name] / (small?.[name] ?? Number.NaN);
  };
  const row = worst(rows, (one) => grown(one, 'reserve') / grown(one, 'map'));
  const [value, map] = [grown(row, 'reserve'), grown(row, 'map')];
  return {
    what: `its growth from 1,000 to ${count(row.inUse)} in use, ${row.pool}`,
    aim: 'no steeper than a Map',
    measured: `× ${value.toFixed(2)} (${row.order})`,
    limit: `Map: × ${map.toFixed(2)}`,
    ...{ value, isReached: value <= map },
  };
}

function takeoverRow({ services, timelines }: Result<'takeover'>): Row {
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

/** The slowest of the plugin's commands; the first command is kubectl's own list. */
function pluginRow({ services, commands: [list, ...commands] }: Result<'plugin'>): Row {
  const slowest = commands
    .map(({ line, ms }) => ({ line, value: median(ms) }))
    .reduce((a, b) => (b.value > a.value ? b : a), { line: '', value: 0 });
  return {
    what: `${count(services)} Services: ${slowest.line}, the slowest command`,
    aim: '< 2 s',
    measured: `${short(slowest.value)} ms`,
    limit: `kubectl get services: ${short(median(list?.ms ?? []))} ms`,
    ...{ value: slowest.value, isReached: slowest.value < 2_000 },
  };
}

/** The slowest round counts. */
function silenceRow({
  what,
  aim,
  seconds,
  leaseLosses,
  mayLoseLease,
}: Result<'silence'>['outcomes'][number]): Row {
  const value = Math.max(...seconds);
  const lease = mayLoseLease ? '' : ', Lease kept';
  return {
    what: `${what}: seconds to the next address`,
    aim: `≤ ${aim}${lease}`,
    measured: `${middle(seconds, tenths)}${leaseLosses > 0 ? `, Lease lost ${leaseLosses} times` : lease}`,
    limit: '',
    ...{ value, isReached: value <= aim && (mayLoseLease || leaseLosses === 0) },
  };
}

/** CPU time: another program on the machine must not change it. */
function turnRow({ keys, measured }: Result<'pools'>): Row {
  const value = Math.max(...measured.map(({ turn }) => turn.cpuMs));
  return {
    what: `longest turn of the event loop, ConfigMaps of ${count(keys)} keys`,
    aim: '≤ 50 ms',
    measured: `${short(value)} ms`,
    limit: '',
    ...{ value, isReached: value <= 50 },
  };
}
