/** The end of leadership, and of the controller: nothing may remain of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/client/api.ts';
import { monotonicWithSleep } from '../../src/client/clock.ts';
import { unlimitedLeadership } from '../../src/client/election.ts';
import { createEventRecorder } from '../../src/client/events.ts';
import type { HttpRequest, Transport } from '../../src/client/transport.ts';
import { sleep } from '../../src/client/wait.ts';
import { CleanupReconciler } from '../../src/controller/cleanup-reconciler.ts';
import { Counters } from '../../src/controller/counters.ts';
import { IPAddressReconciler } from '../../src/controller/ip-address-reconciler.ts';
import { PatchOrUpdate } from '../../src/controller/patch-or-update.ts';
import { Reporter } from '../../src/controller/reporter.ts';
import { writeService } from '../../src/controller/write-service.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { goFinalizer } from '../../src/core/model/well-known-names.ts';
import { Interner } from '../../src/core/text/interner.ts';
import { aMoment, createFakeClock, type FakeClock, never, pass, until } from '../client/fake-clock.ts';
import { createMemoryLog } from '../client/memory-log.ts';
import { Harness, respond } from './harness.ts';
import { createCluster, election, TestReplica } from './replica.ts';

const pool = '10.0.0.1-10.0.0.9';

/** One replica, which is the leader. */
async function startLeader(wall?: (clock: FakeClock) => number) {
  const { clock, api, load, address, holder } = createCluster(pool);
  const time = { monotonic: clock.now, wall: () => (wall ?? clock.wall)(clock), sinceBoot: clock.now };
  const own = { ...clock, now: monotonicWithSleep(time), wall: time.wall };
  const leader = new TestReplica(api, own, 'leader').start();
  await until(() => leader.process.controller.isIdle, 'it is the leader');
  return { clock, api, load, address, holder, leader };
}

/** A context for writes, on a transport of the test. */
function createWriterContext(clock: FakeClock, transport: Transport) {
  const log = createMemoryLog();
  const api = createApi(transport, { userAgent: 'tester/1', fieldManager: 'tester', clock });
  return {
    api,
    sender: new PatchOrUpdate(api, log),
    clock,
    random: () => 0.5,
    log,
    interner: new Interner(),
  };
}

const timeoutMs = ({ path }: HttpRequest): number => Number(/timeout=(\d+)ms/.exec(path)?.[1]);

function stored(name: string, resourceVersion: string, type: string): Service {
  const metadata = { namespace: 'default', name, uid: `uid of ${name}`, resourceVersion };
  return { metadata: { ...metadata, finalizers: [goFinalizer] }, spec: { type } };
}

test('a write with an unknown outcome keeps the Lease for its own leadership period, not for the next', async () => {
  const { clock, load, address, holder, leader } = await startLeader();
  leader.onRequest = ({ method }) => (method === 'GET' ? 'pass' : 'never');
  load('default/a');
  await until(() => leader.writes.length === 1);
  await pass(clock, election.renewDeadlineMs + 500);
  assert.ok(leader.hasLogged('Lost the Lease'));
  leader.onRequest = () => 'pass';
  await pass(clock, election.leaseDurationMs);
  await until(() => address('default/a') === '10.0.0.1', 'it is the leader again');
  await until(() => leader.process.controller.isIdle);
  await leader.stop();
  assert.equal(holder(), '');
});

test('a Service delayed by back-off is decided again in the next leadership of the same replica', async () => {
  const { clock, load, address, leader } = await startLeader();
  leader.onRequest = ({ method }) => (method === 'PATCH' ? 'rejected' : 'pass');
  load('default/a');
  await until(() => leader.hasLogged('The API server rejected the change'), 'it is rejected');
  const rejecting = { GET: 'pass', PATCH: 'rejected' } as const;
  leader.onRequest = ({ method }) => (method === 'GET' || method === 'PATCH' ? rejecting[method] : 'never');
  await pass(clock, election.renewDeadlineMs + 500);
  assert.ok(leader.hasLogged('Lost the Lease'));
  assert.equal(address('default/a'), undefined);
  leader.onRequest = () => 'pass';
  // Neither the Service nor the pool changes, and the timer of the previous leadership is cancelled.
  await pass(clock, election.leaseDurationMs);
  await until(() => address('default/a') === '10.0.0.1', 'it is the leader again');
  await leader.stop();
});

for (const [what, setMs] of [
  ['to an hour later', 3_600_000],
  ['to a month later', 30 * 24 * 3_600_000],
  ['to an hour before', -3_600_000],
] as const) {
  test(`a wall clock that is set ${what} and back again does not end leadership, and no write waits`, async () => {
    let isSet = false;
    const { clock, load, address, leader } = await startLeader((clock) => clock.wall() + (isSet ? setMs : 0));
    isSet = true;
    load('default/a');
    await until(() => address('default/a') === '10.0.0.1');
    await pass(clock, election.leaseDurationMs, 2_000);
    assert.equal(leader.hasLogged('Lost the Lease'), false);
    isSet = false;
    load('default/b');
    await until(() => address('default/b') === '10.0.0.2');
    await pass(clock, election.leaseDurationMs, 2_000);
    assert.equal(leader.hasLogged('Lost the Lease'), false);
    await leader.stop();
  });
}

test('the finalizer is removed from a Service that is no longer a LoadBalancer, even if its first read fails', async () => {
  const harness = new Harness();
  harness.load('default/a', { metadata: { finalizers: [goFinalizer] } });
  harness.start();
  await harness.settled();
  let reads = 0;
  harness.onRead = () => {
    reads += 1;
    return reads === 1 ? { status: 503, body: { kind: 'Status' } } : 'pass';
  };
  await harness.patch('default/a', { spec: { type: 'ClusterIP' } });
  await until(() => reads === 1);
  await pass(harness.clock, 2_000);
  assert.equal(harness.service('default/a').metadata.finalizers, undefined);
  await harness.stop();
});

for (const [state, interception] of [
  ['open', 'pass'],
  ['broken', 'cut'],
] as const) {
  test(`a former leader ends its ${state} cleanup watch, and is not considered stuck`, async () => {
    const { clock, api } = createCluster(pool);
    const leader = new TestReplica(api, clock, 'leader');
    const isCleanupWatch = ({ path }: HttpRequest): boolean => path.includes('labelSelector');
    leader.onRequest = (request) => (isCleanupWatch(request) ? interception : 'pass');
    leader.start();
    await until(() => leader.requests.some(isCleanupWatch));
    await aMoment();
    leader.onRequest = ({ path }) => (path.includes('/leases') ? 'cut' : interception);
    await pass(clock, election.renewDeadlineMs + 500);
    assert.ok(leader.hasLogged('Lost the Lease'));
    leader.requests.length = 0;
    leader.onRequest = ({ path }) => (path.includes('/leases') ? 'cut' : 'pass');
    // Longer than any watch lasts.
    await pass(clock, 700_000, 20_000);
    assert.ok(leader.requests.length > 0);
    assert.deepEqual(leader.requests.filter(isCleanupWatch), []);
    const { health } = leader.process;
    assert.deepEqual(
      health.live().filter(({ problem }) => problem !== undefined),
      [],
    );
    await leader.stop();
  });
}

test('a stopped controller leaves no timers', async () => {
  const { clock, load, leader } = await startLeader();
  load('default/a');
  await pass(clock, 10_000);
  assert.notDeepEqual(clock.timers(), []);
  await leader.stop();
  await aMoment();
  assert.deepEqual(clock.timers(), []);
});

test('a standby does not keep deleted Services', async () => {
  const { clock, api, load, leader } = await startLeader();
  const standby = new TestReplica(api, clock, 'standby').start();
  const { allocator } = standby.process.controller;
  await until(() => standby.process.controller.isReady);
  for (let index = 0; index < 40; index += 1) {
    load(`default/s${index}`);
    const path = `/api/v1/namespaces/default/services/s${index}`;
    const { signal } = new AbortController();
    await api.transport({ method: 'DELETE', path, headers: {} }, signal);
  }
  await aMoment();
  assert.equal(allocator.seenVersion('default/s39'), undefined);
  assert.ok(allocator.isIdle);
  await Promise.all([leader.stop(), standby.stop()]);
});

test('a read that completes during shutdown starts no write', async () => {
  const clock = createFakeClock();
  const read = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const patches: string[] = [];
  const context = createWriterContext(clock, async ({ method, path }, signal) => {
    const name = path.includes('/first') ? 'first' : 'second';
    if (method === 'PATCH') patches.push(name);
    if (method === 'PATCH' && name === 'second') return never(signal);
    await (method === 'PATCH' ? written.promise : name === 'second' ? read.promise : undefined);
    return respond(200, stored(name, '4', 'ClusterIP'));
  });
  const options = {
    class: undefined,
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    controller: 'kube-vip-cloud-controller',
    claims: false,
  };
  const events = createEventRecorder(context.api, { ...context, component: 'tester', instance: 'tester' });
  const reporter = new Reporter(events, context.log, options, new Counters(clock), clock);
  const reconciler = new CleanupReconciler({
    context,
    options,
    reporter,
    leadership: unlimitedLeadership(),
    wake: () => void reconciler.startNext(),
  });
  reconciler.removeFinalizer(viewOf(stored('first', '3', 'LoadBalancer')));
  reconciler.removeFinalizer(viewOf(stored('second', '3', 'LoadBalancer')));
  await aMoment();
  const closed = reconciler.close(5_000);
  read.resolve();
  await aMoment();
  written.resolve();
  assert.equal(await closed, true, 'no request can still execute');
  assert.deepEqual(patches, ['first']);
});

test('a missing claim whose creation is aborted is created in the next leadership', async () => {
  const clock = createFakeClock();
  const context = createWriterContext(clock, async (_request, signal) => never(signal));
  const options = {
    class: undefined,
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    controller: 'kube-vip-cloud-controller',
    claims: true,
  };
  const allocator = new Allocator(options, () => 0);
  const record = {
    from: 'static',
    ips: '10.0.0.1',
    ports: '',
    families: '',
    uid: 'u',
    by: options.controller,
  };
  const annotations = {
    'kube-vip.io/loadbalancerIPs': '10.0.0.1',
    'kube-vip.io/allocation': JSON.stringify(record),
  };
  const labels = { implementation: 'kube-vip' };
  const metadata = { namespace: 'default', name: 'a', uid: 'u', resourceVersion: '1', annotations, labels };
  allocator.replaceServices([viewOf({ metadata, spec: { type: 'LoadBalancer' } })], '1');
  allocator.claimTracker.replace([], '1');
  const events = createEventRecorder(context.api, { ...context, component: 'tester', instance: 'tester' });
  const reconciler = new IPAddressReconciler({
    context,
    allocator,
    options,
    reporter: new Reporter(events, context.log, options, new Counters(clock), clock),
    leadership: unlimitedLeadership(),
    concurrency: 1,
    hasSynced: () => true,
    wake() {},
  });
  const repair = reconciler.startNext();
  assert.equal(reconciler.startNext(), undefined, 'one at a time');
  await reconciler.close();
  await (repair ?? assert.fail('nothing was started'));
  assert.equal(allocator.claimTracker.next()?.repair.kind, 'claim');
});

test('an UPDATE after a forbidden PATCH cannot execute after leadership ends', async () => {
  const clock = createFakeClock();
  const endsAt = 10_000;
  const latest: string[] = [];
  const context = createWriterContext(clock, async (request, signal) => {
    latest.push(`${request.method} until ${clock.now() + timeoutMs(request)}`);
    await sleep(clock, 3_000, signal);
    if (request.method === 'PATCH') return respond(403, { kind: 'Status', reason: 'Forbidden' });
    return respond(200, stored('a', '3', 'LoadBalancer'));
  });
  const { signal } = new AbortController();
  const leadership = { remainingMs: () => Math.max(0, endsAt - clock.now()) };
  const backOff = async () => 'stopped' as const;
  const view = viewOf(stored('a', '3', 'LoadBalancer'));
  const outcome = writeService(view, { labeled: true }, { ...context, leadership, signal, backOff });
  await aMoment();
  await pass(clock, 9_000, 1_000);
  assert.equal((await outcome).kind, 'written');
  assert.deepEqual(
    latest,
    // The server gives up before the client, at most half a second.
    ['PATCH until 9500', 'GET until 9500', 'PUT until 9600'],
  );
});

test('nothing is sent without remaining time, because a timeout of 0 means no timeout', async () => {
  const sent: string[] = [];
  const context = createWriterContext(createFakeClock(), async ({ path }) => {
    sent.push(path);
    return respond(200, stored('a', '4', 'LoadBalancer'));
  });
  // Leadership ends between the check before an attempt and the attempt.
  const remaining = [5];
  const leadership = { remainingMs: () => remaining.shift() ?? 0 };
  const { signal } = new AbortController();
  const backOff = async () => 'retry' as const;
  const view = viewOf(stored('a', '3', 'LoadBalancer'));
  const outcome = await writeService(view, { labeled: true }, { ...context, leadership, signal, backOff });
  assert.deepEqual(outcome, { kind: 'stopped', mayStillExecute: false });
  assert.deepEqual(sent, []);
});

test('the server gets a deadline even if leadership lasts longer than a request', async () => {
  const sent: HttpRequest[] = [];
  const { api } = createWriterContext(createFakeClock(), async (request) => {
    sent.push(request);
    return respond(200, stored('a', '4', 'LoadBalancer'));
  });
  const { signal } = new AbortController();
  await api.mergePatch('/x', {}, signal, { remainingMs: () => 31_000 });
  await api.mergePatch('/x', {}, signal, { remainingMs: () => Number.POSITIVE_INFINITY });
  assert.deepEqual(sent.map(timeoutMs), [29_500, Number.NaN]);
});

test('a write whose connection broke is repeated at once, and after an outage without waiting for its back-off', async () => {
  const { clock, load, address, leader } = await startLeader();
  leader.onRequest = ({ method }) => (method === 'PATCH' ? 'cut' : 'pass');
  load('default/a');
  // The clock does not move.
  await until(() => leader.writes.length === 2);
  leader.onRequest = () => 'cut';
  load('default/b');
  await pass(clock, 6_000);
  leader.onRequest = () => 'pass';
  // The next probe; the back-off of both writes has grown to 6 s.
  await pass(clock, 1_000);
  await until(() => address('default/a') !== undefined && address('default/b') !== undefined);
  assert.equal(leader.hasLogged('Lost the Lease'), false);
  await leader.stop();
});
