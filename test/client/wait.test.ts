import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortScope, deadline, sleep } from '../../src/client/wait.ts';
import { createFakeClock } from './fake-clock.ts';

test('a sleep ends after its time, or at once with the abort, and leaves no timer', async () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  let awake = 0;
  const first = sleep(clock, 100, stop.signal).then(() => {
    awake += 1;
  });
  clock.advance(99);
  await Promise.resolve();
  assert.equal(awake, 0);
  clock.advance(1);
  await first;
  const second = sleep(clock, 100, stop.signal);
  stop.abort();
  await second;
  await sleep(clock, 100, stop.signal);
  assert.deepEqual(clock.timers(), []);
});

test('a scope follows the outer signal, even if it was already aborted, until it is released', () => {
  const outer = new AbortController();
  const followed = abortScope(outer.signal);
  const released = abortScope(outer.signal);
  released.release();
  outer.abort('why');
  assert.equal(followed.signal.reason, 'why');
  assert.equal(released.signal.aborted, false);
  assert.equal(abortScope(outer.signal).signal.reason, 'why');
});

test('aborting a scope leaves the outer signal alone', () => {
  const outer = new AbortController();
  const inner = abortScope(outer.signal);
  inner.abort('mine');
  assert.equal(inner.signal.reason, 'mine');
  assert.equal(outer.signal.aborted, false);
});

test('a deadline can be extended, lifted and released', () => {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const late = deadline(clock, 1000, signal, 'no response');
  clock.advance(900);
  late.extend();
  clock.advance(900);
  assert.equal(late.signal.aborted, false);
  clock.advance(100);
  assert.match(String(late.signal.reason), /no response within 1 s/);
  const lifted = deadline(clock, 1000, signal, 'x');
  lifted.lift();
  const released = deadline(clock, 1000, signal, 'x');
  released.release();
  clock.advance(5000);
  assert.equal(lifted.signal.aborted || released.signal.aborted, false);
  assert.deepEqual(clock.timers(), []);
});
