import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aimRows, type Figures, type Row } from '../../bench/aims.ts';
import { aimsText } from '../../bench/aims-text.ts';
import type { Burst } from '../../bench/cluster/runs.ts';
import type { CoreRow } from '../../bench/core/core.ts';
import type { Memory } from '../../bench/size/settled.ts';

const burst = (mode: Burst['mode'], services: number, perSecond: number): Burst => ({
  ...{ mode, services, perSecond, serviceWrites: 1, eventWrites: mode === 'raw' ? 0 : 0.5, earlyEvents: 0 },
  ...{ claimWrites: 0, cpuMs: 1, cpuWithEventsMs: 1, apiServerCpuMs: 1, firstMs: 100 },
});

const memory = (megabytes: number): Memory => {
  const bytes = megabytes * 1e6;
  return { rssBytes: bytes, anonBytes: bytes / 2, peakBytes: bytes + 10e6, settledSeconds: 1 };
};

const coreRow = (more: Partial<CoreRow>): CoreRow => ({
  ...{
    pool: '/8',
    inUse: 1_000,
    batch: 1_000,
    order: 'asc',
    arrive: 1,
    reserve: 2_000,
    confirm: 1,
    leave: 1,
  },
  ...{ mapSetDelete: 100, turnOver: 1, mapTurnOver: 1, ...more },
});

const size = (services: number, rss: number, first: number, list: number) => ({
  ...{ services, perSecond: 600, memory: memory(rss), restarted: memory(rss) },
  starts: { firstAddress: [first], list: [list], listProcess: [list + 50] },
});

/** Every aim just reached. */
const counters: Required<Figures> = {
  cluster: {
    sockets: 16,
    bursts: [
      ...[burst('raw', 1_000, 600), burst('pool comes', 1_000, 630), burst('raw', 1_000, 800)],
      ...[burst('raw', 2_000, 600), burst('at start', 2_000, 540), burst('raw', 2_000, 600)],
    ],
  },
  size: {
    ...{ idle: memory(50), bare: memory(45) },
    sizes: [size(5_000, 60, 500, 100), size(50_000, 110, 1_300, 1_000)],
    created: { ours: [5, 6, 7], raw: [4, 4, 90] },
    freed: { ours: [8], raw: [4] },
    rest: { percent: 0.19, seconds: 60 },
  },
  churn: { perSecond: 100, rests: [10, 100, 100, 105].map((mb, i) => ({ gone: i * 1_000, ...memory(mb) })) },
  plugin: {
    services: 5_000,
    commands: [
      { line: 'kubectl get services', ms: [2_500] },
      { line: 'kubectl vip pools', ms: [300] },
      { line: 'kubectl vip audit', ms: [1_900] },
    ],
  },
  core: {
    rows: (['/8', '/64'] as const).flatMap((pool) => [
      coreRow({ pool }),
      coreRow({ pool, inUse: 1_000_000, reserve: 3_333, mapSetDelete: 200 }),
    ]),
    fills: [],
  },
  growth: { rows: [] },
  page: { services: 0, looked: [], views: [], updated: [], scrolled: [], zoomed: [] },
  takeover: { services: 5_000, timelines: [{ endedMs: 100, holderMs: 150, addressMs: 300 }] },
};

const rowOf = (rows: readonly Row[], what: RegExp): Row => {
  const found = rows.filter((row) => what.test(row.what));
  assert.equal(found.length, 1, `${what} is one of ${rows.map((row) => row.what).join(', ')}`);
  return found[0] as Row;
};

test('figures that reach every aim make a table that says so', () => {
  const rows = aimRows(counters);
  assert.deepEqual(
    rows.filter(({ isReached }) => !isReached),
    [],
  );
  assert.equal(rows.length, 18);
  assert.match(aimsText(rows), /all reached/);
});

test('a burst is compared with the raw PATCHes right before and right after it', () => {
  const row = rowOf(aimRows(counters), /^1,000 waiting/);
  assert.equal(row.measured, '0.90 (630)');
  assert.equal(row.limit, 'raw PATCHes: 700');
});

/** One figure of each line made worse: only that line is short. */
const worse: [RegExp, (counters: Required<Figures>) => void][] = [
  [/^2,000 waiting/, ({ cluster }) => change(cluster.bursts[4], { perSecond: 530 })],
  [/^1,000 waiting/, ({ cluster }) => change(cluster.bursts[1], { perSecond: 620 })],
  [/^API writes/, ({ cluster }) => change(cluster.bursts[4], { serviceWrites: 1.1 })],
  [/^one new Service/, ({ size }) => change(size.created, { ours: [6.1] })],
  [/^an address is freed/, ({ size }) => change(size.freed, { ours: [8.1] })],
  [/^start .* 5,000/, ({ size }) => change(size.sizes[0]?.starts, { firstAddress: [510] })],
  [/^start .* 50,000/, ({ size }) => change(size.sizes[1]?.starts, { list: [990] })],
  [/^resident memory, idle/, ({ size }) => change(size.idle, { rssBytes: 50.1e6 })],
  [/^resident memory, 5,000/, ({ size }) => change(size.sizes[0]?.memory, { rssBytes: 60.1e6 })],
  [/^resident memory, 50,000/, ({ size }) => change(size.sizes[1]?.memory, { rssBytes: 110.1e6 })],
  [/^resident memory over 3,000/, ({ churn }) => change(churn.rests[3], { rssBytes: 107e6 })],
  [/^decide \+ reserve, \/8/, ({ core }) => change(core.rows[1], { reserve: 3_400 })],
  [/^its growth .* \/64/, ({ core }) => change(core.rows[3], { mapSetDelete: 160 })],
  [/^takeover/, ({ takeover }) => change(takeover.timelines[0], { addressMs: 310 })],
  [/^5,000 Services: kubectl vip audit/, ({ plugin }) => change(plugin.commands[2], { ms: [2_100] })],
  [/^processor at rest/, ({ size }) => change(size.rest, { percent: 0.2 })],
];

test('what falls short of its aim is marked, and nothing else', () => {
  for (const [what, spoil] of worse) {
    const copy = structuredClone(counters);
    spoil(copy);
    const rows = aimRows(copy);
    const short = rows.filter(({ isReached }) => !isReached);
    assert.deepEqual(short, [rowOf(rows, what)], String(what));
    assert.match(aimsText(rows), /1 of 18 not reached[\s\S]* short\n/);
  }
});

test('what was not measured is no line, and reaches nothing', () => {
  assert.deepEqual(aimRows({}), []);
  const { bare, created, freed, rest } = counters.size;
  const nothing = { rssBytes: Number.NaN, anonBytes: Number.NaN, peakBytes: Number.NaN, settledSeconds: 1 };
  const size = { idle: nothing, bare, sizes: [], created, freed, rest };
  assert.equal(rowOf(aimRows({ size }), /idle/).isReached, false);
});

function change<T extends object>(target: T | undefined, more: Partial<T>): void {
  assert.ok(target);
  Object.assign(target, more);
}

test('where no part has an aim, there is no table', () => {
  assert.equal(aimsText(aimRows({ growth: { rows: [] } })), '');
});
