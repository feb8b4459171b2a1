import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '../../src/client/transport.ts';
import { options, Polls, TestCandidate } from './candidate.ts';
import { aMoment, createFakeClock, never, pass, until } from './fake-clock.ts';

/** `a` leads. */
async function led() {
  const polls = new Polls();
  const a = polls.candidate('a').start();
  await until(() => a.leads, 'a leads');
  return { polls, clock: polls.clock, a };
}

/** `a` leads, and `b` stands by with its watch open. */
async function contested() {
  const { polls, clock, a } = await led();
  const b = polls.candidate('b').start();
  await until(() => b.requests.includes('GET watch'), 'b watches the Lease');
  await aMoment();
  return { polls, clock, a, b };
}

for (const [what, method] of [
  ['is not there yet', 'POST'],
  ['was given back', 'PUT'],
] as const) {
  test(`who ends while its claim to a Lease that ${what} is on its way gives it back after that`, async () => {
    const { polls, a: before } = await led();
    await before.end();
    if (method === 'POST') await polls.delete();
    const a = polls.candidate('next');
    const arrival = Promise.withResolvers<void>();
    a.around = async (request, signal, next) => {
      if (request.method !== method) return next(request, signal);
      a.around = (later, until, on) => on(later, until);
      // It arrives, whether anybody still waits for the answer or not.
      const answer = arrival.promise.then(() => next(request, new AbortController().signal));
      return Promise.race([answer, never(signal)]);
    };
    a.start();
    await aMoment();
    assert.equal(a.requests.at(-1), method);
    const ended = a.end();
    await aMoment();
    arrival.resolve();
    await ended;
    assert.equal(polls.holder, '');
  });
}

test('who ends after a renewal whose answer was lost gives the Lease back', async () => {
  const { polls, clock, a } = await led();
  let renewals = 0;
  a.around = async (request, signal, next) => {
    const answer = await next(request, signal);
    if (request.method === 'PUT') renewals += 1;
    if (renewals === 1) throw new Error('connection reset');
    return answer;
  };
  await pass(clock, options.retryPeriodMs);
  assert.equal(renewals, 1);
  renewals += 1;
  await a.end();
  assert.equal(polls.holder, '');
});

test('who ends while its first claim has no answer gives the Lease back', async () => {
  const polls = new Polls();
  const a = polls.candidate('a');
  a.around = async (request, signal, next) => {
    const answer = await next(request, signal);
    return request.method === 'POST' ? never(signal) : answer;
  };
  a.start();
  await until(() => polls.holder === 'a');
  const ended = a.end();
  await pass(polls.clock, 6_000);
  await ended;
  assert.equal(polls.holder, '');
});

test('a Lease that is given back while a standby looks at it is taken at once', async () => {
  const { polls, clock, a, b } = await contested();
  const look = Promise.withResolvers<void>();
  let isLooking = false;
  b.around = async (request, signal, next) => {
    const answer = await next(request, signal);
    if (isLooking || request.method !== 'GET') return answer;
    isLooking = true;
    await look.promise;
    return answer;
  };
  // The leader renews it, and the standby hears that.
  await pass(clock, options.retryPeriodMs);
  assert.ok(isLooking);
  await a.end();
  await aMoment();
  look.resolve();
  // Without the clock moving: no timer is involved.
  await until(() => polls.holder === 'b');
  await b.end();
});

test('a namespace that does not exist is said in the log', async () => {
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
  await a.end();
});

test('while somebody deletes the Lease, two do not lead at once', async () => {
  const { polls, clock, a, b } = await contested();
  await pass(clock, 2_500);
  await polls.delete();
  for (let ms = 0; ms < 4_000; ms += 250) {
    await pass(clock, 250);
    assert.ok(!(a.leads && b.leads), `both lead ${ms} ms after`);
  }
  assert.equal(polls.holder, 'a');
  await Promise.all([a.end(), b.end()]);
});

test('a leader whose Lease was deleted makes another one, and its tenure goes on', async () => {
  const { polls, clock, a } = await led();
  await pass(clock, 2_500);
  await polls.delete();
  await pass(clock, options.renewDeadlineMs + options.retryPeriodMs);
  assert.equal(polls.holder, 'a');
  assert.equal(a.terms.length, 1);
  assert.ok(a.leads);
  await a.end();
});

test('a tenure ends when another leader was between, however shortly', async () => {
  const { polls, clock, a } = await led();
  await polls.change({ holderIdentity: 'b' });
  await polls.change({ holderIdentity: '' });
  await pass(clock, options.retryPeriodMs);
  assert.equal(a.terms[0]?.leadership.signal.aborted, true);
  await a.end();
});

for (const [what, status] of [
  ['accepted', 200],
  ['refused, as its last one was carried out without an answer', 409],
] as const) {
  test(`a leader that is frozen beyond its deadline while a renewal is ${what} leads no longer`, async () => {
    const polls = new Polls();
    const { clock } = polls;
    let frozenMs = 0;
    const own = { ...clock, now: () => clock.now() + frozenMs, wall: () => clock.wall() + frozenMs };
    const a = polls.candidate('a', own).start();
    await until(() => a.leads);
    let renewals = 0;
    a.around = async (request, signal, next) => {
      if (request.method !== 'PUT') return next(request, signal);
      renewals += 1;
      if (renewals === 1 && status === 409) await next(request, signal);
      if (renewals < 4) throw new Error('connection reset');
      const answer = await next(request, signal);
      assert.equal(answer.status, status);
      // Less than a tenure after it was sent.
      frozenMs = 3_000;
      return answer;
    };
    while (renewals < 4) await pass(clock, 500);
    assert.equal(frozenMs, 3_000);
    assert.equal(a.leads, false);
    assert.equal(renewals, 4, 'it asks for nothing on the old tenure');
    await a.end();
  });
}

test('a new tenure begins when what was sent in the last one can be carried out no more', async () => {
  const { polls, clock, a } = await led();
  await pass(clock, 4_500);
  const landsUntil = clock.now() + (a.terms[0]?.leadership.leftMs() ?? 0);
  await polls.change({ holderIdentity: 'b' });
  await pass(clock, options.retryPeriodMs);
  assert.equal(a.terms[0]?.leadership.signal.aborted, true);
  await polls.change({ holderIdentity: '' });
  await pass(clock, 14_000);
  assert.ok((a.terms[1]?.at ?? 0) >= landsUntil, `${a.terms[1]?.at} ms, not before ${landsUntil} ms`);
  await a.end();
});

test('no timer is left behind by candidates that have ended', async () => {
  const { clock, a, b } = await contested();
  await pass(clock, 30_000);
  await b.end();
  await a.end();
  await aMoment();
  assert.deepEqual(clock.timers(), []);
});
