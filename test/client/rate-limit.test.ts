import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/client/api.ts';
import { limitRate } from '../../src/client/rate-limit.ts';
import { aMoment, createFakeClock, pass } from './fake-clock.ts';

function limited(requestsPerSecond: number, burst: number) {
  const clock = createFakeClock();
  const sent: string[] = [];
  const admit = limitRate({ requestsPerSecond, burst }, clock);
  const request = async (what: string, signal = new AbortController().signal): Promise<void> => {
    await admit(signal);
    sent.push(`${what} at ${clock.now()}`);
  };
  return { clock, sent, admit, request };
}

test('a burst is sent at once, further requests at the rate, in order', async () => {
  const { clock, sent, request } = limited(10, 2);
  const all = ['a', 'b', 'c', 'd'].map((what) => request(what));
  await aMoment();
  assert.deepEqual(sent, ['a at 0', 'b at 0']);
  clock.advance(100);
  await aMoment();
  clock.advance(100);
  await Promise.all(all);
  assert.deepEqual(sent, ['a at 0', 'b at 0', 'c at 100', 'd at 200']);
});

test('an idle period saves up no more than the burst', async () => {
  const { clock, sent, request } = limited(10, 2);
  clock.advance(60_000);
  void request('a');
  void request('b');
  void request('c');
  await aMoment();
  assert.deepEqual(sent, ['a at 60000', 'b at 60000']);
  clock.advance(100);
  await aMoment();
  assert.equal(sent.length, 3);
});

test('an aborted request does not wait', async () => {
  const { sent, request } = limited(1, 1);
  await request('a');
  const stop = new AbortController();
  const second = request('b', stop.signal);
  stop.abort(new Error('stopped'));
  await assert.rejects(second, { message: 'stopped' });
  assert.deepEqual(sent, ['a at 0']);
});

test('aborted requests do not delay others', async () => {
  const { clock, sent, request } = limited(1, 1);
  await request('a');
  const stop = new AbortController();
  const queue = Array.from({ length: 40 }, () => request('never', stop.signal));
  stop.abort(new Error('stopped'));
  await Promise.allSettled(queue);
  void request('b');
  clock.advance(1_000);
  await aMoment();
  assert.deepEqual(sent, ['a at 0', 'b at 1000']);
});

test('the time a request is queued reduces the timeout sent to the server', async () => {
  const { clock, admit } = limited(1, 1);
  const sent: { at: number; timeoutMs: number }[] = [];
  const client = { userAgent: 'tester/1', fieldManager: 'tester', clock, admit };
  const api = createApi(async ({ path }) => {
    sent.push({ at: clock.now(), timeoutMs: Number(/timeout=(\d+)ms/.exec(path)?.[1]) });
    const body = (async function* () {
      yield Buffer.from('{}');
    })();
    return { status: 200, headers: {}, body };
  }, client);
  const limits = { remainingMs: () => 4_500 - clock.now() };
  const { signal } = new AbortController();
  const all = Promise.allSettled(Array.from({ length: 8 }, () => api.mergePatch('/x', {}, signal, limits)));
  await aMoment();
  await pass(clock, 8_000, 1_000);
  const results = await all;
  assert.deepEqual(
    sent,
    [0, 1_000, 2_000, 3_000, 4_000].map((at) => ({ at, timeoutMs: (4_500 - at) * 0.9 })),
  );
  // The deadline of the others passed while they were queued, so nothing was sent.
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 3);
});
