import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aimRows, aimsText, type Row } from '../../bench/aims.ts';
import type { Memory } from '../../bench/cluster/memory.ts';
import type { Burst } from '../../bench/parts/cluster.ts';
import type { CoreRow } from '../../bench/parts/core.ts';
import type { Figures } from '../../bench/parts.ts';

const burst = (mode: Burst['mode'], services: number, perSecond: number): Burst => ({
  ...{ mode, services, perSecond, serviceWrites: 1, eventWrites: mode === 'raw' ? 0 : 0.5, earlyEvents: 0 },
  ...{ claimWrites: 0, cpuMs: 1, cpuWithEventsMs: 1, apiServerCpuMs: 1 },
});

const memory = (megabytes: number): Memory => {
  const bytes = megabytes * 1e6;
  return { rssBytes: bytes, anonBytes: bytes / 2, peakBytes: bytes + 10e6, settledSeconds: 1 };
};

const coreRow = (more: Partial<CoreRow>): CoreRow => ({
  ...{ pool: '/8', inUse: 1_000, order: 'asc', reserve: 2_000, map: 100 },
  ...more,
});

const size = (services: number, rss: number, first: number, list: number) => ({
  ...{ services, cpuSeconds: 1, memory: memory(rss), firstAddress: [first], list: [list] },
});

const longTurn = (cpuMs: number) => ({
  ...{
    kind: 'malformed pools',
    kilobytes: 800,
    turn: { cpuMs, wallMs: 90, gcMs: 1 },
    addressMs: 100,
    logKilobytes: 4,
  },
});

/** Every aim is just reached. */
const figures: Required<Figures> = {
  cluster: [
    [
      ...[burst('raw', 1_000, 600), burst('new pool', 1_000, 630), burst('raw', 1_000, 800)],
      ...[burst('raw', 2_000, 600), burst('at start', 2_000, 540), burst('raw', 2_000, 600)],
    ],
  ],
  size: [
    {
      ...{ idle: memory(50), bare: memory(45) },
      sizes: [size(5_000, 60, 500, 100), size(50_000, 110, 1_300, 1_000)],
      created: { ours: [5, 6, 7], raw: [4, 4, 90] },
      freed: { ours: [8], raw: [4] },
      rest: { percent: 0.19, seconds: 60 },
    },
  ],
  churn: [[10, 100, 100, 105].map((mb, i) => ({ deleted: i * 1_000, ...memory(mb) }))],
  plugin: [
    {
      services: 5_000,
      commands: [
        { line: 'kubectl get services', ms: [2_500] },
        { line: 'kubectl vip pools', ms: [300] },
        { line: 'kubectl vip audit', ms: [1_900] },
      ],
    },
  ],
  core: (['/8', '/64'] as const).map((pool) => [
    coreRow({ pool }),
    coreRow({ pool, inUse: 1_000_000, reserve: 3_333, map: 200 }),
  ]),
  drain: [],
  growth: [],
  page: [],
  silence: [
    {
      ...{ services: 1_000, rest: { percent: 0.1, requestsPerMinute: 42 } },
      outcomes: [
        { what: 'dead', aim: 20, seconds: [1, 20, 3], leaseLosses: 0, mayLoseLease: false },
        { what: 'away', aim: 3, seconds: [1, 3], leaseLosses: 2, mayLoseLease: true },
      ],
    },
  ],
  transport: [],
  takeover: [{ services: 5_000, timelines: [{ endedMs: 100, holderMs: 150, addressMs: 300 }] }],
  pools: [{ keys: 25_000, measured: [longTurn(3), longTurn(50)] }],
};

const rowOf = (rows: readonly Row[], what: RegExp): Row => {
  const found = rows.filter((row) => what.test(row.what));
  assert.equal(found.length, 1, `${what} matches one of ${rows.map((row) => row.what).join(', ')}`);
  return found[0] as Row;
};

test('the table states that all aims are reached', () => {
  const rows = aimRows(figures);
  assert.deepEqual(
    rows.filter(({ isReached }) => !isReached),
    [],
  );
  assert.equal(rows.length, 21);
  assert.match(aimsText(rows), /all reached/);
});

test('a burst is compared with the raw PATCHes directly before and after it', () => {
  const row = rowOf(aimRows(figures), /^1,000 pending/);
  assert.equal(row.measured, '0.90 (630)');
  assert.equal(row.limit, 'raw PATCHes: 700');
});

/** Makes one figure of a line worse. */
const worse: [RegExp, (figures: Required<Figures>) => void][] = [
  [/^2,000 pending/, ({ cluster }) => change(cluster[0]?.[4], { perSecond: 530 })],
  [/^1,000 pending/, ({ cluster }) => change(cluster[0]?.[1], { perSecond: 620 })],
  [/^API writes/, ({ cluster }) => change(cluster[0]?.[4], { serviceWrites: 1.1 })],
  [/^new Service/, ({ size }) => change(size[0]?.created, { ours: [6.1] })],
  [/^freed address/, ({ size }) => change(size[0]?.freed, { ours: [8.1] })],
  [/^start .* 5,000/, ({ size }) => change(size[0]?.sizes[0], { firstAddress: [510] })],
  [/^start .* 50,000/, ({ size }) => change(size[0]?.sizes[1], { list: [990] })],
  [/^resident memory, idle/, ({ size }) => change(size[0]?.idle, { rssBytes: 50.1e6 })],
  [/^resident memory, 5,000/, ({ size }) => change(size[0]?.sizes[0]?.memory, { rssBytes: 60.1e6 })],
  [/^resident memory, 50,000/, ({ size }) => change(size[0]?.sizes[1]?.memory, { rssBytes: 110.1e6 })],
  [/^resident memory over 3,000/, ({ churn }) => change(churn[0]?.[3], { rssBytes: 107e6 })],
  [/^decide \+ reserve, \/8/, ({ core }) => change(core[0]?.[1], { reserve: 3_400 })],
  [/^its growth .* \/64/, ({ core }) => change(core[1]?.[1], { map: 160 })],
  [/^takeover/, ({ takeover }) => change(takeover[0]?.timelines[0], { addressMs: 310 })],
  [/^5,000 Services: kubectl vip audit/, ({ plugin }) => change(plugin[0]?.commands[2], { ms: [2_100] })],
  [/^dead: seconds/, ({ silence }) => change(silence[0]?.outcomes[0], { seconds: [1, 20.1] })],
  [/^dead: seconds/, ({ silence }) => change(silence[0]?.outcomes[0], { leaseLosses: 1 })],
  [/^away: seconds/, ({ silence }) => change(silence[0]?.outcomes[1], { seconds: [3.1] })],
  [/^longest turn/, ({ pools }) => change(pools[0]?.measured[0]?.turn, { cpuMs: 51 })],
  [/^CPU at rest/, ({ size }) => change(size[0]?.rest, { percent: 0.2 })],
];

test('only the figure that misses its aim is marked', () => {
  for (const [what, spoil] of worse) {
    const copy = structuredClone(figures);
    spoil(copy);
    const rows = aimRows(copy);
    const short = rows.filter(({ isReached }) => !isReached);
    assert.deepEqual(short, [rowOf(rows, what)], String(what));
    assert.match(aimsText(rows), /1 of 21 not reached[\s\S]* short\n/);
  }
});

test('a part that did not run has no lines, and a missing figure reaches no aim', () => {
  assert.deepEqual(aimRows({}), []);
  const [measured] = figures.size;
  assert.ok(measured);
  const idle = { rssBytes: Number.NaN, anonBytes: Number.NaN, peakBytes: Number.NaN, settledSeconds: 1 };
  assert.equal(rowOf(aimRows({ size: [{ ...measured, idle, sizes: [] }] }), /idle/).isReached, false);
});

function change<T extends object>(target: T | undefined, more: Partial<T>): void {
  assert.ok(target);
  Object.assign(target, more);
}

test('parts without an aim have no table', () => {
  assert.equal(aimsText(aimRows({ growth: [], page: [], transport: [] })), '');
});
