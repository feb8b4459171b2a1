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
  let isCut = true;
  a.intercept = async (request, signal, next) => {
    const response = await next(request, signal);
    if (isCut) throw new Error('connection reset');
    return response;
  };
  await pass(clock, options.retryPeriodMs);
  assert.ok(a.requests.includes('PUT'));
  isCut = false;
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

test('a standby whose clock is an hour ahead does not take a Lease that is renewed', async () => {
  const { fixture, clock, a } = await withLeader();
  const b = fixture.candidate('b', { ...clock, wall: () => clock.wall() + 3_600_000 }).start();
  await pass(clock, options.leaseDurationMs);
  assert.equal(fixture.holder, 'a');
  assert.ok(b.requests.includes('GET watch'), 'b watches the Lease');
  await b.stop();
  await a.stop();
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
      frozenMs = 9_000;
      return response;
    };
    while (renewals < 4) await pass(clock, 500);
    assert.equal(frozenMs, 9_000);
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

test('a renewal whose connection breaks is repeated at once', async () => {
  const { clock, a } = await withLeader();
  let renewals = 0;
  a.intercept = async (request, signal, next) => {
    renewals += 1;
    if (renewals === 1) throw new Error('connection reset');
    return next(request, signal);
  };
  await pass(clock, options.retryPeriodMs);
  await until(() => renewals === 2, 'the repeated renewal');
  assert.equal(a.periods[0]?.leadership.remainingMs(), options.renewDeadlineMs);
  await a.stop();
});

test('while connections fail at once, a leader tries again twice a second', async () => {
  const { clock, a } = await withLeader();
  let attempts = 0;
  let isThere = false;
  a.intercept = async (request, signal, next) => {
    if (isThere) return next(request, signal);
    attempts += 1;
    throw new Error('connection refused');
  };
  await pass(clock, 9_000);
  assert.ok(attempts >= 10 && attempts <= 20, `${attempts} attempts`);
  isThere = true;
  await pass(clock, options.renewDeadlineMs);
  assert.equal(a.isLeading, true);
  assert.deepEqual(a.losses, []);
  await a.stop();
});

test('after a renewal without an answer, the next one is sent at once', async () => {
  const { clock, a } = await withLeader();
  let isDead = true;
  a.intercept = async (request, signal, next) => {
    if (!isDead) return next(request, signal);
    isDead = false;
    return never(signal);
  };
  await pass(clock, options.retryPeriodMs + options.renewDeadlineMs / 2);
  await until(() => a.periods[0]?.leadership.remainingMs() === options.renewDeadlineMs, 'the renewal');
  await a.stop();
});

test('a leader and a standby try at once when the API server answers again', async () => {
  const { clock, a, b } = await withStandby();
  await pass(clock, 500);
  for (const each of [a, b]) {
    const sent = each.requests.length;
    each.recovered();
    // The clock does not move, so no timer is involved.
    await until(() => each.requests.length > sent, 'another attempt');
  }
  await Promise.all([a.stop(), b.stop()]);
});

for (const why of ['unanswered', 'rejected'] as const) {
  test(`a Lease that is lost because renewals are ${why} is counted as such, and the log says so`, async () => {
    const { clock, a } = await withLeader();
    a.intercept = async (_, signal) =>
      why === 'unanswered' ? never(signal) : { status: 403, headers: {}, body: (async function* () {})() };
    await pass(clock, options.renewDeadlineMs + options.retryPeriodMs);
    assert.deepEqual(a.losses, [why]);
    const text = { unanswered: 'the API server did not answer', rejected: 'the API server rejected' }[why];
    assert.ok(a.log.lines.some((line) => line.includes(`Lost the Lease, because ${text}`)));
    a.intercept = (request, signal, next) => next(request, signal);
    await a.stop();
  });
}

test('a Lease that another replica took, and one that expired while the process was frozen, are counted', async () => {
  const { fixture, clock, a } = await withLeader();
  await fixture.change({ holderIdentity: 'b' });
  await pass(clock, options.retryPeriodMs);
  assert.deepEqual(a.losses, ['taken']);
  await a.stop();

  let frozenMs = 0;
  const own = { ...clock, now: () => clock.now() + frozenMs };
  const c = new LeaseFixture().candidate('c', own).start();
  await until(() => c.isLeading);
  frozenMs = 60_000;
  await pass(clock, options.retryPeriodMs);
  assert.deepEqual(c.losses, ['paused']);
  await c.stop();
});

test('stopped candidates leave no timers', async () => {
  const { clock, a, b } = await withStandby();
  await pass(clock, 30_000);
  await b.stop();
  await a.stop();
  await aMoment();
  assert.deepEqual(clock.timers(), []);
});
