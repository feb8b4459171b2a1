import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '../../src/client/transport.ts';
import { LeaseFixture, options, TestCandidate } from './candidate.ts';
import { aMoment, createFakeClock, never, pass, until } from './fake-clock.ts';

/** `a` is the leader. */
async function withLeader() {
  const fixture = new LeaseFixture();
  const a = fixture.candidate('a').start();
  await until(() => a.isLeading, 'a is the leader');
  return { fixture, clock: fixture.clock, a };
}

/** `a` is the leader, and `b` is a standby with an open watch. */
async function withStandby() {
  const { fixture, clock, a } = await withLeader();
  const b = fixture.candidate('b').start();
  await until(() => b.requests.includes('GET watch'), 'b watches the Lease');
  await aMoment();
  return { fixture, clock, a, b };
}

for (const [what, method] of [
  ['does not exist yet', 'POST'],
  ['was released', 'PUT'],
] as const) {
  test(`a candidate that stops while it acquires a Lease that ${what} releases it afterwards`, async () => {
    const { fixture, a: before } = await withLeader();
    await before.stop();
    if (method === 'POST') await fixture.delete();
    const a = fixture.candidate('next');
    const arrival = Promise.withResolvers<void>();
    a.intercept = async (request, signal, next) => {
      if (request.method !== method) return next(request, signal);
      a.intercept = (later, until, on) => on(later, until);
      // It executes, whether or not the client still waits for the response.
      const response = arrival.promise.then(() => next(request, new AbortController().signal));
      return Promise.race([response, never(signal)]);
    };
    a.start();
    await aMoment();
    assert.equal(a.requests.at(-1), method);
    const ended = a.stop();
    await aMoment();
    arrival.resolve();
    await ended;
    assert.equal(fixture.holder, '');
  });
}

test('a leader that stops after a renewal without a response releases the Lease', async () => {
  const { fixture, clock, a } = await withLeader();
  let renewals = 0;
  a.intercept = async (request, signal, next) => {
    const response = await next(request, signal);
    if (request.method === 'PUT') renewals += 1;
    if (renewals === 1) throw new Error('connection reset');
    return response;
  };
  await pass(clock, options.retryPeriodMs);
  assert.equal(renewals, 1);
  renewals += 1;
  await a.stop();
  assert.equal(fixture.holder, '');
});

test('a candidate that stops before its first write has a response releases the Lease', async () => {
  const fixture = new LeaseFixture();
  const a = fixture.candidate('a');
  a.intercept = async (request, signal, next) => {
    const response = await next(request, signal);
    return request.method === 'POST' ? never(signal) : response;
  };
  a.start();
  await until(() => fixture.holder === 'a');
  const ended = a.stop();
  await pass(fixture.clock, 6_000);
  await ended;
  assert.equal(fixture.holder, '');
});

test('a Lease released while a standby reads it is acquired at once', async () => {
  const { fixture, clock, a, b } = await withStandby();
  const read = Promise.withResolvers<void>();
  let isReading = false;
  b.intercept = async (request, signal, next) => {
    const response = await next(request, signal);
    if (isReading || request.method !== 'GET') return response;
    isReading = true;
    await read.promise;
    return response;
  };
  // The leader renews it, and the standby observes that.
  await pass(clock, options.retryPeriodMs);
  assert.ok(isReading);
  await a.stop();
  await aMoment();
  read.resolve();
  // The clock does not move, so no timer is involved.
  await until(() => fixture.holder === 'b');
  await b.stop();
});

test('a missing namespace is logged', async () => {
  const clock = createFakeClock();
  const message = 'namespaces "kube-systme" not found';
  const transport: Transport = async ({ method }) => {
    const status = { kind: 'Status', reason: 'NotFound', message: method === 'POST' ? message : '' };
    const body = (async function* () {
      yield Buffer.from(JSON.stringify(status));
    })();
    return { status: 404, headers: {}, body };
  };
  const a = new TestCandidate(transport, clock, 'a').start();
  await until(() => a.log.lines.some((line) => line.includes(message)));
  await a.stop();
});

test('deleting the Lease does not result in two leaders', async () => {
  const { fixture, clock, a, b } = await withStandby();
  await pass(clock, 2_500);
  await fixture.delete();
  for (let ms = 0; ms < 4_000; ms += 250) {
    await pass(clock, 250);
    assert.ok(!(a.isLeading && b.isLeading), `two leaders ${ms} ms after the deletion`);
  }
  assert.equal(fixture.holder, 'a');
  await Promise.all([a.stop(), b.stop()]);
});

test('a leader whose Lease was deleted creates it again and stays the leader', async () => {
  const { fixture, clock, a } = await withLeader();
  await pass(clock, 2_500);
  await fixture.delete();
  await pass(clock, options.renewDeadlineMs + options.retryPeriodMs);
  assert.equal(fixture.holder, 'a');
  assert.equal(a.periods.length, 1);
  assert.ok(a.isLeading);
  await a.stop();
});

test('leadership ends after another leader, however briefly it led', async () => {
  const { fixture, clock, a } = await withLeader();
  await fixture.change({ holderIdentity: 'b' });
  await fixture.change({ holderIdentity: '' });
  await pass(clock, options.retryPeriodMs);
  assert.equal(a.periods[0]?.leadership.signal.aborted, true);
  await a.stop();
});

for (const [what, status] of [
  ['accepted', 200],
  ['rejected, because the last one executed without a response', 409],
] as const) {
  test(`a leader frozen beyond its deadline while a renewal is ${what} is no longer the leader`, async () => {
    const fixture = new LeaseFixture();
    const { clock } = fixture;
    let frozenMs = 0;
    const own = { ...clock, now: () => clock.now() + frozenMs, wall: () => clock.wall() + frozenMs };
    const a = fixture.candidate('a', own).start();
    await until(() => a.isLeading);
    let renewals = 0;
    a.intercept = async (request, signal, next) => {
      if (request.method !== 'PUT') return next(request, signal);
      renewals += 1;
      if (renewals === 1 && status === 409) await next(request, signal);
      if (renewals < 4) throw new Error('connection reset');
      const response = await next(request, signal);
      assert.equal(response.status, status);
      // Less than the renew deadline after it was sent.
      frozenMs = 3_000;
      return response;
    };
    while (renewals < 4) await pass(clock, 500);
    assert.equal(frozenMs, 3_000);
    assert.equal(a.isLeading, false);
    assert.equal(renewals, 4, 'it sends no further renewal');
    await a.stop();
  });
}

test('leadership begins again only when no request of the previous one can still execute', async () => {
  const { fixture, clock, a } = await withLeader();
  await pass(clock, 4_500);
  const executesUntil = clock.now() + (a.periods[0]?.leadership.remainingMs() ?? 0);
  await fixture.change({ holderIdentity: 'b' });
  await pass(clock, options.retryPeriodMs);
  assert.equal(a.periods[0]?.leadership.signal.aborted, true);
  await fixture.change({ holderIdentity: '' });
  await pass(clock, 14_000);
  assert.ok(
    (a.periods[1]?.at ?? 0) >= executesUntil,
    `${a.periods[1]?.at} ms, not before ${executesUntil} ms`,
  );
  await a.stop();
});

test('stopped candidates leave no timers', async () => {
  const { clock, a, b } = await withStandby();
  await pass(clock, 30_000);
  await b.stop();
  await a.stop();
  await aMoment();
  assert.deepEqual(clock.timers(), []);
});
