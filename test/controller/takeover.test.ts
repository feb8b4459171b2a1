import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicWithSleep } from '../../src/client/clock.ts';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { aMoment, createFakeClock, pass, until } from '../client/fake-clock.ts';
import { serviceNamed } from './harness.ts';
import { createCluster, election, TestReplica } from './replica.ts';

/** Two replicas on one API: the first is the leader, the second a synced standby. */
async function startReplicas(pool: string, more: Readonly<Record<string, string>> = {}) {
  const { clock, api, load, address, holder } = createCluster(pool, more);
  const first = new TestReplica(api, clock, 'first').start();
  await until(() => first.process.controller.isIdle, 'the first is the leader');
  const second = new TestReplica(api, clock, 'second').start();
  await until(
    () => second.process.controller.isReady && second.hasLogged('Running as standby'),
    'the second is a standby',
  );
  await until(
    () => second.requests.some(({ path }) => path.includes('leases?')),
    'the second watches the Lease',
  );
  return { clock, api, load, address, holder, first, second };
}

test('the leader writes, the standby is ready and writes nothing, and a released Lease is acquired at once', async () => {
  const { load, address, holder, first, second } = await startReplicas('10.0.0.1-10.0.0.9');
  load('default/a');
  await until(() => address('default/a') === '10.0.0.1');
  assert.equal(holder(), 'first');
  assert.deepEqual(second.writes, []);
  assert.ok(second.process.health.ready().every(({ problem }) => problem === undefined));
  await first.stop();
  // The clock does not move, so no timer is involved.
  await until(() => holder() === 'second');
  load('default/b');
  await until(() => address('default/b') === '10.0.0.2');
  assert.deepEqual(second.writes, ['PATCH default/b']);
  await second.stop();
  assert.equal(holder(), '');
});

test('a standby remembers who had an address, for when it leads', async () => {
  const { api, load, address, holder, first, second } = await startReplicas('10.0.0.1-10.0.0.9', {
    sticky: '1h',
  });
  const { ledger } = second.process.controller.allocator;
  for (const name of ['a', 'b']) load(`default/${name}`);
  const hasSeen = (): boolean =>
    ledger.size === 2 && [...ledger.all()].every(({ view }) => view.annotation !== undefined);
  await until(hasSeen, 'the standby has seen the addresses');
  for (const name of ['a', 'b']) {
    const path = `/api/v1/namespaces/default/services/${name}`;
    await api.transport({ method: 'DELETE', path, headers: {} }, new AbortController().signal);
  }
  await until(() => ledger.size === 0, 'the standby has seen the deletions');
  await first.stop();
  await until(() => holder() === 'second');
  load('default/b');
  await until(() => address('default/b') === '10.0.0.2');
  await second.stop();
});

test('a leader without an API server stops writing at its deadline, and others lead only after the Lease has expired', async () => {
  const { clock, load, address, holder, first, second } = await startReplicas('10.0.0.1-10.0.0.9');
  first.onRequest = () => 'cut';
  load('default/a');
  await pass(clock, election.renewDeadlineMs + 500);
  assert.ok(first.hasLogged('Lost the Lease'));
  assert.equal(holder(), 'first', 'no other replica may lead yet');
  assert.deepEqual(second.writes, []);
  await pass(clock, election.leaseDurationMs - election.renewDeadlineMs + 500);
  await until(() => holder() === 'second');
  await until(() => address('default/a') === '10.0.0.1');
  // The former leader finds another leader and does nothing.
  first.onRequest = () => 'pass';
  first.writes.length = 0;
  await pass(clock, 30_000);
  load('default/b');
  await until(() => address('default/b') === '10.0.0.2');
  assert.deepEqual(first.writes, []);
  assert.ok(first.hasLogged('Running as standby; the leader is second'));
  await Promise.all([first.stop(), second.stop()]);
});

test('a standby with a slow watch lists everything again before it assigns an address', async () => {
  const { load, address, holder, first, second } = await startReplicas('10.0.0.1-10.0.0.9');
  const delay = Promise.withResolvers<void>();
  second.delayWatchesUntil(delay.promise);
  load('default/a');
  await until(() => address('default/a') === '10.0.0.1');
  await aMoment();
  assert.equal(
    second.process.controller.allocator.seenVersion('default/a'),
    undefined,
    'its watch has not delivered it',
  );
  await first.stop();
  await until(() => holder() === 'second');
  load('default/b');
  await until(() => address('default/b') !== undefined);
  assert.equal(address('default/b'), '10.0.0.2');
  assert.deepEqual(second.writes, ['PATCH default/b']);
  delay.resolve();
  await second.stop();
});

test('a write without a response ends with leadership, and the server got that deadline', async () => {
  const { clock, load, address, first, second } = await startReplicas('10.0.0.1-10.0.0.9');
  // PATCHes and renewals never get a response.
  first.onRequest = ({ method }) => (method === 'GET' ? 'pass' : 'never');
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
  assert.ok(first.hasLogged('Lost the Lease'));
  assert.ok(clock.now() < election.leaseDurationMs, 'that is before the Lease expires');
  await pass(clock, 6_000);
  await until(() => address('default/a') === '10.0.0.1');
  assert.deepEqual(second.writes, ['PATCH default/a']);
  // While other requests are answered, the same PATCH is repeated.
  assert.deepEqual([...new Set(first.writes)], ['PATCH default/a']);
  const stopped = Promise.all([first.stop(), second.stop()]);
  // An attempt of the first one to acquire the Lease has a deadline, too.
  await pass(clock, 6_000);
  await stopped;
});

test('after a suspend, in which the monotonic clock stood still, a replica writes nothing on its old Lease', async () => {
  const clock = createFakeClock();
  let sleptMs = 0;
  const [monotonic, wall] = [clock.now, (): number => clock.wall() + sleptMs];
  const now = monotonicWithSleep({ monotonic, wall, sinceBoot: () => clock.now() + sleptMs });
  const api = createEmbeddedApi({ clock, random: () => 0.5 });
  const metadata = { namespace: 'kube-system', name: 'kubevip' };
  api.load({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'range-global': '10.0.0.1' } });
  const replica = new TestReplica(api, { ...clock, now, wall }, 'sleeper').start();
  await until(() => replica.process.controller.isIdle);
  sleptMs = 60_000;
  api.load(serviceNamed('default/a', {}));
  await aMoment();
  assert.deepEqual(replica.writes, []);
  // No other replica acquired it, so this one is the leader again.
  await pass(clock, 10_000);
  await until(() => replica.writes.length === 1);
  await replica.stop();
});

test('a leader that stops while the outcome of a write is unknown lets the Lease expire', async () => {
  const { clock, load, holder, first, second } = await startReplicas('10.0.0.1-10.0.0.9');
  first.onRequest = ({ method }) => (method === 'PATCH' ? 'never' : 'pass');
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
