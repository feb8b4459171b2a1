import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announcementProblem } from '../../src/core/decide/announcement.ts';
import { reportOf } from '../../src/core/queries/report.ts';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';
import { createCluster, TestReplica } from './replica.ts';

/** The value of a series, named without the common prefix; undefined if it does not exist. */
function seriesValue(harness: Harness, series: string): number | undefined {
  const lines = harness.replica.metrics().replaceAll('kube_vip_cloud_provider_', '').split('\n');
  const line = lines.find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** Services by state according to the report, which decides on every Service again. */
function recount(harness: Harness): Record<string, number | undefined> {
  const rows = reportOf(harness.replica.controller.allocator, harness.options).services;
  const states = ['assigned', 'pending', 'conflict'];
  const { allocator } = harness.replica.controller;
  const unannounced = [...allocator.ledger.all()].filter(({ key, view }) => {
    const decided = allocator.explain(key);
    return decided !== undefined && announcementProblem(view, decided.decision) !== undefined;
  });
  return {
    ...Object.fromEntries(
      states.map((state) => [state, rows.filter((row) => row.state.toLowerCase() === state).length]),
    ),
    unannounced: unannounced.length,
  };
}

function counted(harness: Harness): Record<string, number | undefined> {
  const states = ['assigned', 'pending', 'conflict'];
  return {
    ...Object.fromEntries(states.map((state) => [state, seriesValue(harness, `services{state="${state}"}`)])),
    unannounced: seriesValue(harness, 'services_unannounced{reason="not-announced"}'),
  };
}

/** Changes the pool, and waits until the controller has read it. */
async function setPool(harness: Harness, value: string, size: bigint): Promise<void> {
  await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data: { 'range-global': value } });
  const { controller } = harness.replica;
  await until(() => controller.allocator.config.pools.get('range-global')?.size.IPv4 === size);
}

test('the counts kept with each decision equal a full recount', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1-10.0.0.3', 'range-shop': '' });
  harness.start();
  const steps: (() => Promise<void> | void)[] = [
    () => harness.create('default/a'),
    () => harness.create('default/b', { spec: { loadBalancerIP: '10.0.0.1' } }),
    () => harness.create('default/c'),
    () => harness.create('default/d', { spec: { loadBalancerIP: '192.168.7.7' } }),
    () => harness.create('shop/e'),
    () => harness.create('default/f', { spec: { loadBalancerClass: 'example.com/other' } }),
    () => harness.create('default/g'),
    () => harness.create('default/h'),
    () => harness.create('default/i', { spec: { loadBalancerIP: '10.0.0.1/32' } }),
    () => harness.delete('default/a'),
    () => setPool(harness, '10.0.0.1-10.0.0.9', 9n),
    () => harness.patch('default/c', { spec: { type: 'ClusterIP' } }),
    () => harness.delete('default/h'),
    () => harness.create('default/h', { spec: { loadBalancerIP: '10.0.0.2' } }),
    () => setPool(harness, '10.9.0.1', 1n),
  ];
  const all: Record<string, number | undefined>[] = [];
  for (const step of steps) {
    await step();
    await harness.settled();
    assert.deepEqual(counted(harness), recount(harness));
    all.push(counted(harness));
  }
  // The steps changed each count.
  for (const state of ['assigned', 'pending', 'conflict'])
    assert.ok(new Set(all.map((counts) => counts[state])).size > 2, state);
  await harness.stop();
});

test('what is excluded and reserved is neither used nor free', async () => {
  const harness = new Harness();
  harness.pools({
    'pool.internal': '10.0.0.1-10.0.0.9, fd00::1-fd00::4',
    'exclude.internal': '10.0.0.1-10.0.0.3, fd00::4',
    'pools-global': 'internal',
    'reserve-shop': 'db=10.0.0.9, db=fd00::1',
  });
  harness.start();
  const counts = (family: string): (number | undefined)[] =>
    ['size', 'used', 'reserved', 'free', 'excluded'].map((count) =>
      seriesValue(harness, `pool_${count}_addresses{pool="pool.internal",family="${family}"}`),
    );
  await harness.create('shop/web');
  await harness.settled();
  assert.deepEqual(
    [counts('IPv4'), counts('IPv6')],
    [
      [6, 1, 1, 4, 3],
      [3, 0, 1, 2, 1],
    ],
  );
  await harness.create('shop/db');
  await harness.settled();
  assert.deepEqual(counts('IPv4'), [6, 2, 0, 4, 3]);
  await harness.stop();
});

test('each quota has its limit, the addresses that count, and the Services that it delays', async () => {
  const harness = new Harness();
  harness.pools({
    'range-global': '10.0.0.1-10.0.0.99',
    'quota-shop': '2',
    'quota-global': '9',
    'quota-idle': '1',
  });
  harness.start();
  const quota = (namespace: string): (number | undefined)[] =>
    ['limit_addresses', 'held_addresses', 'pending_services'].map((name) =>
      seriesValue(harness, `quota_${name}{namespace="${namespace}"}`),
    );
  for (const name of ['shop/a', 'shop/b', 'shop/c', 'shop/d', 'team/a']) await harness.create(name);
  await harness.settled();
  assert.deepEqual(['shop', 'team', 'idle', 'default'].map(quota), [
    [2, 2, 2],
    [9, 1, 0],
    [1, 0, 0],
    [undefined, undefined, undefined],
  ]);
  const becomes = (expected: string): Promise<void> =>
    until(() => quota('shop').join() === expected, expected);
  await harness.delete('shop/a');
  await becomes('2,2,1');
  for (const name of ['b', 'c', 'd']) await harness.delete(`shop/${name}`);
  await becomes('2,0,0');
  await harness.stop();
});

test('of more than a thousand namespaces with a quota, the others are one series', async () => {
  const harness = new Harness();
  const quotas = Array.from({ length: 1_003 }, (_, i) => [`quota-n${String(i).padStart(4, '0')}`, '3']);
  harness.pools({ 'range-global': '10.0.0.1', ...Object.fromEntries(quotas) });
  harness.start();
  await harness.settled();
  const lines =
    harness.replica.metrics().match(/^kube_vip_cloud_provider_quota_limit_addresses\{.*$/gm) ?? [];
  assert.equal(lines.length, 1_001);
  assert.equal(seriesValue(harness, 'quota_limit_addresses{namespace=""}'), 9);
  await harness.stop();
});

test('a Service whose write the API server rejects is counted as failing until it succeeds', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1' });
  harness.onWrite = () => ({
    status: 403,
    body: { kind: 'Status', message: 'an admission webhook says no' },
  });
  harness.start();
  await harness.create('default/web');
  await until(() => seriesValue(harness, 'services{state="failing"}') === 1);
  assert.equal(seriesValue(harness, 'assignments_total{cause="allocate"}'), 0);
  harness.onWrite = () => 'pass';
  await until(() => harness.clock.timers().length > 0);
  harness.clock.advance(5_000);
  await until(() => seriesValue(harness, 'services{state="assigned"}') === 1);
  assert.equal(seriesValue(harness, 'services{state="failing"}'), 0);
  await harness.stop();
});

test('the time to an address includes the pending time, and excludes Services from the first list', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1' });
  harness.load('default/early');
  harness.start();
  await harness.settled();
  await harness.create('default/late');
  await harness.settled();
  assert.equal(seriesValue(harness, 'time_to_address_seconds_count'), 0);
  harness.clock.advance(42_000);
  await harness.delete('default/early');
  await until(() => harness.address('default/late') !== undefined);
  await harness.settled();
  assert.equal(seriesValue(harness, 'time_to_address_seconds_count'), 1);
  assert.equal(seriesValue(harness, 'time_to_address_seconds_sum'), 42);
  assert.equal(seriesValue(harness, 'time_to_address_seconds_bucket{le="30"}'), 0);
  assert.equal(seriesValue(harness, 'time_to_address_seconds_bucket{le="60"}'), 1);
  await harness.stop();
});

test('the longest pending time is that of the first pending Service; it continues when the reason changes, and ends with the Service', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1' });
  for (const name of ['a', 'b']) harness.load(`default/${name}`);
  harness.start();
  await harness.settled();
  const isA = harness.address('default/a') !== undefined;
  const [assigned, pending] = isA ? ['default/a', 'default/b'] : ['default/b', 'default/a'];
  const longest = (reason: string, family = 'IPv4') =>
    seriesValue(
      harness,
      `longest_pending_seconds{pool="range-global",family="${family}",reason="${reason}"}`,
    );
  assert.equal(longest('pool-full'), 0);
  harness.clock.advance(60_000);
  await harness.create('default/c');
  await harness.settled();
  harness.clock.advance(30_000);
  assert.equal(longest('pool-full'), 90);
  await setPool(harness, '', 0n);
  await until(() => longest('pool-empty', '') === 90);
  assert.equal(longest('pool-full'), undefined);
  await setPool(harness, '10.0.0.1', 1n);
  await harness.delete(pending);
  await until(() => longest('pool-full') === 30);
  await harness.delete(assigned);
  await until(() => harness.address('default/c') !== undefined);
  await until(() => longest('pool-full') === undefined);
  await harness.stop();
});

test('a former standby knows how long a Service has been pending', async () => {
  const { clock, api, load } = createCluster('10.0.0.1');
  load('default/a');
  const [first, second] = [new TestReplica(api, clock, 'first'), new TestReplica(api, clock, 'second')];
  const seconds = ({ process }: TestReplica): number =>
    Number(/^kube_vip_cloud_provider_longest_pending_seconds\{.*\} (.*)$/m.exec(process.metrics())?.[1]);
  first.start();
  await until(() => first.process.controller.isIdle);
  second.start();
  await until(() => second.process.controller.isReady);
  load('default/late');
  await until(() => seconds(first) === 0);
  await until(() => second.process.controller.allocator.seenVersion('default/late') !== undefined);
  clock.advance(1_000);
  assert.equal(seconds(first), 1);
  await first.stop();
  const since = clock.now() - 1_000;
  await until(() => {
    if (!second.process.controller.isLeading) clock.advance(500);
    return second.process.controller.isIdle;
  });
  assert.equal(seconds(second), (clock.now() - since) / 1000);
  await second.stop();
});

test('a conflict is counted once per reason, not per decision', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1' });
  harness.load('default/a');
  harness.start();
  await harness.settled();
  await harness.create('default/b', { spec: { loadBalancerIP: '10.0.0.1' } });
  await harness.settled();
  const conflicts = () =>
    ['address-in-use', 'invalid-address'].map((r) => seriesValue(harness, `conflicts_total{reason="${r}"}`));
  assert.deepEqual(conflicts(), [1, 0]);
  await setPool(harness, '10.0.0.1-10.0.0.3', 3n);
  await harness.settled();
  assert.deepEqual(conflicts(), [1, 0]);
  await harness.patch('default/b', { spec: { loadBalancerIP: '10.0.0.1/32' } });
  await harness.settled();
  assert.deepEqual(conflicts(), [1, 1]);
  await harness.stop();
});

test('pools beyond the limit are reported as one', async () => {
  const harness = new Harness();
  const keys = Array.from({ length: 1200 }, (_, index) => `range-n${String(index).padStart(4, '0')}`);
  harness.pools(
    Object.fromEntries(
      keys.map((key, index) => [key, `10.${index >> 8}.${index & 255}.1-10.${index >> 8}.${index & 255}.3`]),
    ),
  );
  harness.load('n0000/web');
  harness.load('n1199/web');
  for (const name of ['a', 'b', 'c']) harness.load(`n1198/${name}`);
  harness.load('n1198/pending');
  harness.start();
  await harness.settled();
  const lines = harness.replica.metrics().split('\n');
  assert.equal(
    lines.filter((line) => /^kube_vip_cloud_provider_pool_size_addresses\{/.test(line)).length,
    1001,
  );
  assert.equal(seriesValue(harness, 'pool_used_addresses{pool="range-n0000",family="IPv4"}'), 1);
  assert.equal(seriesValue(harness, 'pool_used_addresses{pool="range-n1199",family="IPv4"}'), undefined);
  assert.equal(seriesValue(harness, 'pool_size_addresses{pool="",family="IPv4"}'), 600);
  assert.equal(seriesValue(harness, 'pool_used_addresses{pool="",family="IPv4"}'), 4);
  assert.equal(seriesValue(harness, 'pool_free_addresses{pool="",family="IPv4"}'), 596);
  assert.equal(seriesValue(harness, 'services_pending{pool="",family="IPv4",reason="pool-full"}'), 1);
  await harness.stop();
});

test('the metrics contain nothing that a namespace user writes', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1' });
  const mark = 'mallory';
  harness.load(`${mark}/${mark}`, {
    metadata: {
      labels: { [mark]: mark },
      annotations: { [mark]: mark, 'kube-vip.io/loadbalancerIPs': `10.0.0.1"} 1\nforged{a="${mark}` },
    },
  });
  harness.load(`default/${mark}`, { spec: { loadBalancerIP: '10.0.0.1' } });
  harness.load(`default/${mark}-2`, { spec: { loadBalancerIP: '10.0.0.1' } });
  harness.start();
  await harness.settled();
  assert.equal(seriesValue(harness, 'services{state="conflict"}'), 2);
  assert.doesNotMatch(harness.replica.metrics(), /mallory|forged|10\.0\.0\.1/);
  await harness.stop();
});
