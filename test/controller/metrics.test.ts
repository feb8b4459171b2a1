import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportOf } from '../../src/core/queries/report.ts';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';
import { createWorld, TestReplica } from './replica.ts';

/** The number of a series, named without the common prefix; undefined where there is none. */
function shown(stage: Harness, series: string): number | undefined {
  const lines = stage.inner.metrics().replaceAll('kube_vip_cloud_provider_', '').split('\n');
  const line = lines.find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** By state, as the report finds it, which decides on every Service anew. */
function recount(stage: Harness): Record<string, number | undefined> {
  const rows = reportOf(stage.inner.controller.allocator, stage.options).services;
  const states = ['assigned', 'pending', 'conflict'];
  return Object.fromEntries(
    states.map((state) => [state, rows.filter((row) => row.state.toLowerCase() === state).length]),
  );
}

function counted(stage: Harness): Record<string, number | undefined> {
  const states = ['assigned', 'pending', 'conflict'];
  return Object.fromEntries(states.map((state) => [state, shown(stage, `services{state="${state}"}`)]));
}

/** Changes the pool, and waits until the controller has read it. */
async function repool(stage: Harness, value: string, size: bigint): Promise<void> {
  await stage.request('PATCH', 'kube-system/configmaps/kubevip', { data: { 'range-global': value } });
  const { controller } = stage.inner;
  await until(() => controller.allocator.config.pools.get('range-global')?.size.IPv4 === size);
}

test('what is counted with each decision is what a look at every Service finds', async () => {
  const stage = new Harness();
  stage.pools({ 'range-global': '10.0.0.1-10.0.0.3', 'range-shop': '' });
  stage.start();
  const steps: (() => Promise<void> | void)[] = [
    () => stage.create('default/a'),
    () => stage.create('default/b', { spec: { loadBalancerIP: '10.0.0.1' } }),
    () => stage.create('default/c'),
    () => stage.create('default/d', { spec: { loadBalancerIP: '192.168.7.7' } }),
    () => stage.create('shop/e'),
    () => stage.create('default/f', { spec: { loadBalancerClass: 'example.com/other' } }),
    () => stage.create('default/g'),
    () => stage.create('default/h'),
    () => stage.create('default/i', { spec: { loadBalancerIP: '10.0.0.1/32' } }),
    () => stage.delete('default/a'),
    () => repool(stage, '10.0.0.1-10.0.0.9', 9n),
    () => stage.patch('default/c', { spec: { type: 'ClusterIP' } }),
    () => stage.delete('default/h'),
    () => stage.create('default/h', { spec: { loadBalancerIP: '10.0.0.2' } }),
    () => repool(stage, '10.9.0.1', 1n),
  ];
  const all: Record<string, number | undefined>[] = [];
  for (const step of steps) {
    await step();
    await stage.settled();
    assert.deepEqual(counted(stage), recount(stage));
    all.push(counted(stage));
  }
  // It was worth counting.
  for (const state of ['assigned', 'pending', 'conflict'])
    assert.ok(new Set(all.map((counts) => counts[state])).size > 2, state);
  await stage.stop();
});

test('a Service whose change the API server does not accept counts as failing until it does', async () => {
  const stage = new Harness();
  stage.pools({ 'range-global': '10.0.0.1' });
  stage.fate = () => ({ status: 403, body: { kind: 'Status', message: 'an admission webhook says no' } });
  stage.start();
  await stage.create('default/web');
  await until(() => shown(stage, 'services{state="failing"}') === 1);
  assert.equal(shown(stage, 'assignments_total{cause="allocate"}'), 0);
  stage.fate = () => 'pass';
  await until(() => stage.clock.timers().length > 0);
  stage.clock.advance(5_000);
  await until(() => shown(stage, 'services{state="assigned"}') === 1);
  assert.equal(shown(stage, 'services{state="failing"}'), 0);
  await stage.stop();
});

test('the time to an address has the time of waiting in it, and leaves out who was there before', async () => {
  const stage = new Harness();
  stage.pools({ 'range-global': '10.0.0.1' });
  stage.load('default/early');
  stage.start();
  await stage.settled();
  await stage.create('default/late');
  await stage.settled();
  assert.equal(shown(stage, 'time_to_address_seconds_count'), 0);
  stage.clock.advance(42_000);
  await stage.delete('default/early');
  await until(() => stage.address('default/late') !== undefined);
  await stage.settled();
  assert.equal(shown(stage, 'time_to_address_seconds_count'), 1);
  assert.equal(shown(stage, 'time_to_address_seconds_sum'), 42);
  assert.equal(shown(stage, 'time_to_address_seconds_bucket{le="30"}'), 0);
  assert.equal(shown(stage, 'time_to_address_seconds_bucket{le="60"}'), 1);
  await stage.stop();
});

test('the longest wait is that of whoever came first; it goes on when its reason changes, and ends with it', async () => {
  const stage = new Harness();
  stage.pools({ 'range-global': '10.0.0.1' });
  for (const name of ['a', 'b']) stage.load(`default/${name}`);
  stage.start();
  await stage.settled();
  const isA = stage.address('default/a') !== undefined;
  const [served, waiting] = isA ? ['default/a', 'default/b'] : ['default/b', 'default/a'];
  const longest = (reason: string, family = 'IPv4') =>
    shown(stage, `longest_pending_seconds{pool="range-global",family="${family}",reason="${reason}"}`);
  assert.equal(longest('pool-full'), 0);
  stage.clock.advance(60_000);
  await stage.create('default/c');
  await stage.settled();
  stage.clock.advance(30_000);
  assert.equal(longest('pool-full'), 90);
  await repool(stage, '', 0n);
  await until(() => longest('pool-empty', '') === 90);
  assert.equal(longest('pool-full'), undefined);
  await repool(stage, '10.0.0.1', 1n);
  await stage.delete(waiting);
  await until(() => longest('pool-full') === 30);
  await stage.delete(served);
  await until(() => stage.address('default/c') !== undefined);
  await until(() => longest('pool-full') === undefined);
  await stage.stop();
});

test('a replica that was a standby when a Service came knows for how long it has waited', async () => {
  const { clock, api, load } = createWorld('10.0.0.1');
  load('default/a');
  const [first, second] = [new TestReplica(api, clock, 'first'), new TestReplica(api, clock, 'second')];
  const seconds = ({ inner }: TestReplica): number =>
    Number(/^kube_vip_cloud_provider_longest_pending_seconds\{.*\} (.*)$/m.exec(inner.metrics())?.[1]);
  first.start();
  await until(() => first.inner.controller.isIdle);
  second.start();
  await until(() => second.inner.controller.isReady);
  load('default/late');
  await until(() => seconds(first) === 0);
  await until(() => second.inner.controller.allocator.seenVersion('default/late') !== undefined);
  clock.advance(1_000);
  assert.equal(seconds(first), 1);
  await first.stop();
  const since = clock.now() - 1_000;
  await until(() => {
    if (!second.inner.controller.isLeading) clock.advance(500);
    return second.inner.controller.isIdle;
  });
  assert.equal(seconds(second), (clock.now() - since) / 1000);
  await second.stop();
});

test('a refusal is counted once for each cause, not at each look', async () => {
  const stage = new Harness();
  stage.pools({ 'range-global': '10.0.0.1' });
  stage.load('default/a');
  stage.start();
  await stage.settled();
  await stage.create('default/b', { spec: { loadBalancerIP: '10.0.0.1' } });
  await stage.settled();
  const refusals = () =>
    ['address-in-use', 'invalid-address'].map((r) => shown(stage, `conflicts_total{reason="${r}"}`));
  assert.deepEqual(refusals(), [1, 0]);
  await repool(stage, '10.0.0.1-10.0.0.3', 3n);
  await stage.settled();
  assert.deepEqual(refusals(), [1, 0]);
  await stage.patch('default/b', { spec: { loadBalancerIP: '10.0.0.1/32' } });
  await stage.settled();
  assert.deepEqual(refusals(), [1, 1]);
  await stage.stop();
});

test('of very many pools the last are told as one', async () => {
  const stage = new Harness();
  const keys = Array.from({ length: 1200 }, (_, index) => `range-n${String(index).padStart(4, '0')}`);
  stage.pools(
    Object.fromEntries(
      keys.map((key, index) => [key, `10.${index >> 8}.${index & 255}.1-10.${index >> 8}.${index & 255}.3`]),
    ),
  );
  stage.load('n0000/web');
  stage.load('n1199/web');
  for (const name of ['a', 'b', 'c']) stage.load(`n1198/${name}`);
  stage.load('n1198/waiting');
  stage.start();
  await stage.settled();
  const lines = stage.inner.metrics().split('\n');
  assert.equal(
    lines.filter((line) => /^kube_vip_cloud_provider_pool_size_addresses\{/.test(line)).length,
    1001,
  );
  assert.equal(shown(stage, 'pool_used_addresses{pool="range-n0000",family="IPv4"}'), 1);
  assert.equal(shown(stage, 'pool_used_addresses{pool="range-n1199",family="IPv4"}'), undefined);
  assert.equal(shown(stage, 'pool_size_addresses{pool="",family="IPv4"}'), 600);
  assert.equal(shown(stage, 'pool_used_addresses{pool="",family="IPv4"}'), 4);
  assert.equal(shown(stage, 'pool_free_addresses{pool="",family="IPv4"}'), 596);
  assert.equal(shown(stage, 'services_pending{pool="",family="IPv4",reason="pool-full"}'), 1);
  await stage.stop();
});

test('nothing that a user of a namespace writes is in the metrics', async () => {
  const stage = new Harness();
  stage.pools({ 'range-global': '10.0.0.1' });
  const mark = 'mallory';
  stage.load(`${mark}/${mark}`, {
    metadata: {
      labels: { [mark]: mark },
      annotations: { [mark]: mark, 'kube-vip.io/loadbalancerIPs': `10.0.0.1"} 1\nforged{a="${mark}` },
    },
  });
  stage.load(`default/${mark}`, { spec: { loadBalancerIP: '10.0.0.1' } });
  stage.load(`default/${mark}-2`, { spec: { loadBalancerIP: '10.0.0.1' } });
  stage.start();
  await stage.settled();
  assert.equal(shown(stage, 'services{state="conflict"}'), 2);
  assert.doesNotMatch(stage.inner.metrics(), /mallory|forged|10\.0\.0\.1/);
  await stage.stop();
});
