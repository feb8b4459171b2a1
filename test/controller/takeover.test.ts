import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/client/transport.ts';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { aMoment, createFakeClock, pass, until } from '../client/fake-clock.ts';
import { serviceNamed } from './harness.ts';
import { createWorld, election, TestReplica } from './replica.ts';

/** Two replicas on one API: the first leads, the second stands by with its lists in. */
async function world(pool: string) {
  const { clock, api, load, address, holder } = createWorld(pool);
  const first = new TestReplica(api, clock, 'first').start();
  await until(() => first.inner.controller.isIdle, 'the first leads');
  const second = new TestReplica(api, clock, 'second').start();
  await until(() => second.inner.controller.isReady && second.says('standing by'), 'the second stands by');
  await until(
    () => second.requests.some(({ path }) => path.includes('leases?')),
    'the second watches the Lease',
  );
  return { clock, api, load, address, holder, first, second };
}

test('one leads and writes, the other is ready and writes nothing; the Lease that is given back is taken at once', async () => {
  const { load, address, holder, first, second } = await world('10.0.0.1-10.0.0.9');
  load('default/a');
  await until(() => address('default/a') === '10.0.0.1');
  assert.equal(holder(), 'first');
  assert.deepEqual(second.writes, []);
  assert.ok(second.inner.health.ready().every(({ problem }) => problem === undefined));
  await first.stop();
  // Without the clock moving: no timer is involved.
  await until(() => holder() === 'second');
  load('default/b');
  await until(() => address('default/b') === '10.0.0.2');
  assert.deepEqual(second.writes, ['PATCH default/b']);
  await second.stop();
  assert.equal(holder(), '');
});

test('a leader without an API server stops writing at its deadline; others lead only when the Lease has run out', async () => {
  const { clock, load, address, holder, first, second } = await world('10.0.0.1-10.0.0.9');
  first.fate = () => 'cut';
  load('default/a');
  await pass(clock, election.renewDeadlineMs + 500);
  assert.ok(first.says('the Lease was lost'));
  assert.equal(holder(), 'first', 'nobody else may lead yet');
  assert.deepEqual(second.writes, []);
  await pass(clock, election.leaseDurationMs - election.renewDeadlineMs + 500);
  await until(() => holder() === 'second');
  await until(() => address('default/a') === '10.0.0.1');
  // The one that comes back finds another leader and keeps still.
  first.fate = () => 'pass';
  first.writes.length = 0;
  await pass(clock, 30_000);
  load('default/b');
  await until(() => address('default/b') === '10.0.0.2');
  assert.deepEqual(first.writes, []);
  assert.ok(first.says('second leads; standing by'));
  await Promise.all([first.stop(), second.stop()]);
});

test('a standby whose watch lags reads everything afresh before it gives an address', async () => {
  const { load, address, holder, first, second } = await world('10.0.0.1-10.0.0.9');
  const lag = Promise.withResolvers<void>();
  second.lagUntil(lag.promise);
  load('default/a');
  await until(() => address('default/a') === '10.0.0.1');
  await aMoment();
  assert.equal(
    second.inner.controller.allocator.seenVersion('default/a'),
    undefined,
    'it has not heard of it',
  );
  await first.stop();
  await until(() => holder() === 'second');
  load('default/b');
  await until(() => address('default/b') !== undefined);
  assert.equal(address('default/b'), '10.0.0.2');
  assert.deepEqual(second.writes, ['PATCH default/b']);
  lag.resolve();
  await second.stop();
});

test('a write without an answer ends with the tenure, and the server was told to end it by then', async () => {
  const { clock, load, address, first, second } = await world('10.0.0.1-10.0.0.9');
  // What arrives hangs, PATCHes and renewals alike.
  first.fate = ({ method }) => (method === 'GET' ? 'pass' : 'never');
  await pass(clock, 3_000);
  const began = clock.now();
  load('default/a');
  await until(() => first.writes.length > 0);
  const [, timeout] =
    /timeout=(\d+)ms/.exec(first.requests.find(({ method }) => method === 'PATCH')?.path ?? '') ?? [];
  assert.ok(
    Number(timeout) > 0 && began + Number(timeout) <= election.renewDeadlineMs,
    `${timeout} ms from ${began}`,
  );
  await pass(clock, election.renewDeadlineMs - began + 500);
  assert.ok(first.says('the Lease was lost'));
  assert.ok(clock.now() < election.leaseDurationMs, 'that was before the Lease ran out');
  await pass(clock, 6_000);
  await until(() => address('default/a') === '10.0.0.1');
  assert.deepEqual(second.writes, ['PATCH default/a']);
  assert.deepEqual(first.writes, ['PATCH default/a']);
  await Promise.all([first.stop(), second.stop()]);
});

test('a machine that slept, so that only its wall clock went on, writes nothing on its old Lease', async () => {
  const clock = createFakeClock();
  let sleptMs = 0;
  const asleep: Clock = { ...clock, wall: () => clock.wall() + sleptMs };
  const api = createEmbeddedApi({ clock, random: () => 0.5 });
  const metadata = { namespace: 'kube-system', name: 'kubevip' };
  api.load({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'range-global': '10.0.0.1' } });
  const inner = new TestReplica(api, { ...clock, wall: asleep.wall }, 'sleeper').start();
  await until(() => inner.inner.controller.isIdle);
  sleptMs = 60_000;
  api.load(serviceNamed('default/a', {}));
  await aMoment();
  assert.deepEqual(inner.writes, []);
  // Nobody else took it meanwhile, so it leads again.
  await pass(clock, 10_000);
  await until(() => inner.writes.length === 1);
  await inner.stop();
});

test('a leader that ends while the fate of a write is unknown lets the Lease run out', async () => {
  const { clock, load, holder, first, second } = await world('10.0.0.1-10.0.0.9');
  first.fate = ({ method }) => (method === 'PATCH' ? 'never' : 'pass');
  load('default/a');
  await until(() => first.writes.length === 1);
  const stopped = first.stop();
  await pass(clock, 6_000);
  await stopped;
  assert.equal(holder(), 'first');
  await pass(clock, election.leaseDurationMs + 1_000);
  await until(() => holder() === 'second');
  await until(() => second.writes.length === 1);
  await second.stop();
});
