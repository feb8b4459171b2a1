import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { collectAtRest, growSlowlyOnce } from '../../src/cmd/controller/heap.ts';
import { createFakeClock } from '../client/fake-clock.ts';

function world() {
  const clock = createFakeClock();
  const state = { used: 10e6, live: 8e6, busy: false, collections: 0 };
  const heap = {
    usedBytes: () => state.used,
    collect: () => {
      state.collections += 1;
      state.used = state.live;
    },
    growSlowly: () => {},
  };
  const stop = collectAtRest(heap, clock, () => state.busy);
  const after = (used: number): number => {
    state.used = used;
    clock.advance(5_000);
    return state.collections;
  };
  return { clock, state, stop, after };
}

test('what a burst left behind is collected when it is over, once', () => {
  const { state, after } = world();
  state.busy = true;
  assert.equal(after(60e6), 0);
  state.busy = false;
  assert.equal(after(60e6), 1);
  assert.equal(after(8.5e6), 1);
});

test('only what is worth the pause is collected: a fifth of what lives, and four megabytes', () => {
  const { state, after } = world();
  state.live = 50e6;
  assert.equal(after(60e6), 1);
  assert.equal(after(63.9e6), 1);
  assert.equal(after(64.1e6), 2);
});

test('the heap grows slowly from the first lists on', () => {
  let [isReady, told] = [false, 0];
  const heap = { usedBytes: () => 0, collect: () => {}, growSlowly: () => (told += 1) };
  const turned = growSlowlyOnce(heap, () => isReady);
  turned();
  assert.equal(told, 0);
  isReady = true;
  turned();
  turned();
  assert.equal(told, 1);
});

test('nothing is left behind when it is ended', () => {
  const { clock, stop } = world();
  stop();
  assert.deepEqual(clock.timers(), []);
});

test('a process with --expose-gc gives its pages back', () => {
  const module = fileURLToPath(new URL('../../src/cmd/controller/heap.ts', import.meta.url));
  const script = `
    const { exposedHeap } = await import(${JSON.stringify(module)});
    const heap = exposedHeap();
    let kept = Array.from({ length: 1_000_000 }, (_, i) => ({ i }));
    const before = process.memoryUsage();
    kept = undefined;
    heap.collect();
    const after = process.memoryUsage();
    console.log(JSON.stringify([before.rss - after.rss, before.heapUsed - heap.usedBytes()]));`;
  const run = (...flags: string[]): string =>
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8' });
  const [resident = 0, used = 0] = JSON.parse(run('--expose-gc')) as number[];
  assert.ok(resident > 10e6, `${resident} bytes of resident memory`);
  assert.ok(used > 10e6, `${used} bytes of heap`);
});

test('without the flag there is nothing to ask', async () => {
  const module = fileURLToPath(new URL('../../src/cmd/controller/heap.ts', import.meta.url));
  const script = `console.log((await import(${JSON.stringify(module)})).exposedHeap())`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(output, 'undefined\n');
});
