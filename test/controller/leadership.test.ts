/** What a tenure leaves behind: at its end, and at that of the controller. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/client/api.ts';
import { unlimitedLeadership } from '../../src/client/election.ts';
import { createEventRecorder } from '../../src/client/events.ts';
import type { HttpRequest, Transport } from '../../src/client/transport.ts';
import { sleep } from '../../src/client/wait.ts';
import { CleanupReconciler } from '../../src/controller/cleanup-reconciler.ts';
import { Counters } from '../../src/controller/counters.ts';
import { PatchOrUpdate } from '../../src/controller/patch-or-update.ts';
import { Reporter } from '../../src/controller/reporter.ts';
import { writeService } from '../../src/controller/write-service.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { goFinalizer } from '../../src/core/model/well-known-names.ts';
import { Interner } from '../../src/core/text/interner.ts';
import { aMoment, createFakeClock, type FakeClock, never, pass, until } from '../client/fake-clock.ts';
import { createMemoryLog } from '../client/memory-log.ts';
import { answer, Harness } from './harness.ts';
import { createWorld, election, TestReplica } from './replica.ts';

const pool = '10.0.0.1-10.0.0.9';

/** One replica, which leads. */
async function world(wall?: (clock: FakeClock) => number) {
  const { clock, api, load, address, holder } = createWorld(pool);
  const own = wall === undefined ? clock : { ...clock, wall: () => wall(clock) };
  const leader = new TestReplica(api, own, 'leader').start();
  await until(() => leader.inner.controller.isIdle, 'it leads');
  return { clock, api, load, address, holder, leader };
}

/** What writes are made with, on a transport of the test. */
function workshop(clock: FakeClock, transport: Transport) {
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

test('a write whose fate is unknown keeps the Lease to the end of its tenure, not of the next', async () => {
  const { clock, load, address, holder, leader } = await world();
  leader.fate = ({ method }) => (method === 'GET' ? 'pass' : 'never');
  load('default/a');
  await until(() => leader.writes.length === 1);
  await pass(clock, election.renewDeadlineMs + 500);
  assert.ok(leader.says('the Lease was lost'));
  leader.fate = () => 'pass';
  await pass(clock, election.leaseDurationMs);
  await until(() => address('default/a') === '10.0.0.1', 'it leads again');
  await until(() => leader.inner.controller.isIdle);
  await leader.stop();
  assert.equal(holder(), '');
});

test('whoever was held back in one tenure has a turn in the next of the same replica', async () => {
  const { clock, load, address, leader } = await world();
  leader.fate = ({ method }) => (method === 'PATCH' ? 'refused' : 'pass');
  load('default/a');
  await until(() => leader.says('the API server refused the change'), 'it is refused');
  const refusing = { GET: 'pass', PATCH: 'refused' } as const;
  leader.fate = ({ method }) => (method === 'GET' || method === 'PATCH' ? refusing[method] : 'never');
  await pass(clock, election.renewDeadlineMs + 500);
  assert.ok(leader.says('the Lease was lost'));
  assert.equal(address('default/a'), undefined);
  leader.fate = () => 'pass';
  // Neither the Service nor the pool changes, and the timer of the earlier tenure is gone with it.
  await pass(clock, election.leaseDurationMs);
  await until(() => address('default/a') === '10.0.0.1', 'it leads again');
  await leader.stop();
});

test('a tenure that is over stays over, also when the wall clock is set back', async () => {
  let setMs = 60_000;
  let isSet = false;
  const { clock, load, leader } = await world((clock) => clock.wall() + (isSet ? setMs : 0));
  isSet = true;
  load('default/a');
  await aMoment();
  assert.deepEqual(leader.writes, []);
  setMs = 0;
  await pass(clock, election.leaseDurationMs);
  assert.ok(leader.says('the Lease was lost'));
  assert.deepEqual(leader.writes, ['PATCH default/a']);
  await leader.stop();
});

test('the finalizer comes off a Service that is no LoadBalancer any more, also where its read failed at first', async () => {
  const stage = new Harness();
  stage.load('default/a', { metadata: { finalizers: [goFinalizer] } });
  stage.start();
  await stage.settled();
  let reads = 0;
  stage.reread = () => {
    reads += 1;
    return reads === 1 ? { status: 503, body: { kind: 'Status' } } : 'pass';
  };
  await stage.patch('default/a', { spec: { type: 'ClusterIP' } });
  await until(() => reads === 1);
  await pass(stage.clock, 2_000);
  assert.equal(stage.service('default/a').metadata.finalizers, undefined);
  await stage.stop();
});

for (const [state, fate] of [
  ['open', 'pass'],
  ['broken', 'cut'],
] as const) {
  test(`who leads no longer ends its ${state} watch for leftovers, and is not taken for stuck`, async () => {
    const { clock, api } = createWorld(pool);
    const leader = new TestReplica(api, clock, 'leader');
    const isOnLeftovers = ({ path }: HttpRequest): boolean => path.includes('labelSelector');
    leader.fate = (request) => (isOnLeftovers(request) ? fate : 'pass');
    leader.start();
    await until(() => leader.requests.some(isOnLeftovers));
    await aMoment();
    leader.fate = ({ path }) => (path.includes('/leases') ? 'cut' : fate);
    await pass(clock, election.renewDeadlineMs + 500);
    assert.ok(leader.says('the Lease was lost'));
    leader.requests.length = 0;
    leader.fate = ({ path }) => (path.includes('/leases') ? 'cut' : 'pass');
    // Longer than any watch lasts.
    await pass(clock, 700_000, 20_000);
    assert.ok(leader.requests.length > 0);
    assert.deepEqual(leader.requests.filter(isOnLeftovers), []);
    const { health } = leader.inner;
    assert.deepEqual(
      health.live().filter(({ problem }) => problem !== undefined),
      [],
    );
    await leader.stop();
  });
}

test('no timer is left behind by a controller that has ended', async () => {
  const { clock, load, leader } = await world();
  load('default/a');
  await pass(clock, 10_000);
  assert.notDeepEqual(clock.timers(), []);
  await leader.stop();
  await aMoment();
  assert.deepEqual(clock.timers(), []);
});

test('a standby does not grow with the Services that come and go', async () => {
  const { clock, api, load, leader } = await world();
  const standby = new TestReplica(api, clock, 'standby').start();
  const { allocator } = standby.inner.controller;
  await until(() => standby.inner.controller.isReady);
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

test('a read that is answered while the controller ends begins no write', async () => {
  const clock = createFakeClock();
  const read = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const patches: string[] = [];
  const context = workshop(clock, async ({ method, path }, signal) => {
    const name = path.includes('/first') ? 'first' : 'second';
    if (method === 'PATCH') patches.push(name);
    if (method === 'PATCH' && name === 'second') return never(signal);
    await (method === 'PATCH' ? written.promise : name === 'second' ? read.promise : undefined);
    return answer(200, stored(name, '4', 'ClusterIP'));
  });
  const options = {
    class: undefined,
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    controller: 'kube-vip-cloud-controller',
    claims: false,
  };
  const events = createEventRecorder(context.api, { ...context, component: 'tester', instance: 'tester' });
  const reporter = new Reporter(events, context.log, options, new Counters(clock));
  const leftovers = new CleanupReconciler({ context, options, reporter, leadership: unlimitedLeadership() });
  leftovers.look(viewOf(stored('first', '3', 'LoadBalancer')));
  leftovers.look(viewOf(stored('second', '3', 'LoadBalancer')));
  await aMoment();
  const closed = leftovers.close(5_000);
  read.resolve();
  await aMoment();
  written.resolve();
  assert.equal(await closed, true, 'nothing can arrive any more');
  assert.deepEqual(patches, ['first']);
});

test('an UPDATE after a forbidden PATCH is not allowed to be carried out after the tenure', async () => {
  const clock = createFakeClock();
  const endsAt = 10_000;
  const latest: string[] = [];
  const context = workshop(clock, async (request, signal) => {
    latest.push(`${request.method} until ${clock.now() + timeoutMs(request)}`);
    await sleep(clock, 3_000, signal);
    if (request.method === 'PATCH') return answer(403, { kind: 'Status', reason: 'Forbidden' });
    return answer(200, stored('a', '3', 'LoadBalancer'));
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
    ['PATCH', 'GET', 'PUT'].map((method) => `${method} until ${endsAt}`),
  );
});

test('nothing is sent when nothing is left of the tenure, as a timeout of 0 would be none', async () => {
  const sent: string[] = [];
  const context = workshop(createFakeClock(), async ({ path }) => {
    sent.push(path);
    return answer(200, stored('a', '4', 'LoadBalancer'));
  });
  // It ends between the look before an attempt and the attempt.
  const looks = [5];
  const leadership = { remainingMs: () => looks.shift() ?? 0 };
  const { signal } = new AbortController();
  const backOff = async () => 'again' as const;
  const view = viewOf(stored('a', '3', 'LoadBalancer'));
  const outcome = await writeService(view, { labeled: true }, { ...context, leadership, signal, backOff });
  assert.deepEqual(outcome, { kind: 'stopped', mayLand: false });
  assert.deepEqual(sent, []);
});

test('the server is told a deadline also where the tenure is longer than a request may take', async () => {
  const sent: HttpRequest[] = [];
  const { api } = workshop(createFakeClock(), async (request) => {
    sent.push(request);
    return answer(200, stored('a', '4', 'LoadBalancer'));
  });
  const { signal } = new AbortController();
  await api.mergePatch('/x', {}, signal, { remainingMs: () => 31_000 });
  await api.mergePatch('/x', {}, signal, { remainingMs: () => Number.POSITIVE_INFINITY });
  assert.deepEqual(sent.map(timeoutMs), [30_000, Number.NaN]);
});
