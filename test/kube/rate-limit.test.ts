import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitRate } from '../../src/kube/rate-limit.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { aMoment, createFakeClock } from './fake-clock.ts';

function limited(requestsPerSecond: number, burst: number) {
  const clock = createFakeClock();
  const sent: string[] = [];
  const transport: Transport = async ({ path }) => {
    sent.push(`${path} at ${clock.now()}`);
    return { status: 200, headers: {}, body: (async function* () {})() };
  };
  const send = limitRate(transport, { requestsPerSecond, burst }, clock);
  const ask = (path: string, signal = new AbortController().signal) =>
    send({ method: 'GET', path, headers: {} }, signal);
  return { clock, sent, ask };
}

test('a burst goes out at once, what follows at the rate, in its order', async () => {
  const { clock, sent, ask } = limited(10, 2);
  const all = ['a', 'b', 'c', 'd'].map((path) => ask(path));
  await aMoment();
  assert.deepEqual(sent, ['a at 0', 'b at 0']);
  clock.advance(100);
  await aMoment();
  clock.advance(100);
  await Promise.all(all);
  assert.deepEqual(sent, ['a at 0', 'b at 0', 'c at 100', 'd at 200']);
});

test('a quiet time saves up no more than the burst', async () => {
  const { clock, sent, ask } = limited(10, 2);
  clock.advance(60_000);
  void ask('a');
  void ask('b');
  void ask('c');
  await aMoment();
  assert.deepEqual(sent, ['a at 60000', 'b at 60000']);
  clock.advance(100);
  await aMoment();
  assert.equal(sent.length, 3);
});

test('who is told to stop does not wait for its turn', async () => {
  const { sent, ask } = limited(1, 1);
  await ask('a');
  const stop = new AbortController();
  const second = ask('b', stop.signal);
  stop.abort(new Error('stopped'));
  await assert.rejects(second, { message: 'stopped' });
  assert.deepEqual(sent, ['a at 0']);
});
