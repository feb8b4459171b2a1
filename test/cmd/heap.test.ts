import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { collectWhenIdle, growSlowlyOnce } from '../../src/cmd/controller/heap.ts';
import { createFakeClock } from '../client/fake-clock.ts';

function setup() {
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
  const stop = collectWhenIdle(heap, clock, () => state.busy);
  const collectionsAfter = (used: number): number => {
    state.used = used;
    clock.advance(5_000);
    return state.collections;
  };
  return { clock, state, stop, collectionsAfter };
}

test('the garbage of a burst is collected once, after the burst', () => {
  const { state, collectionsAfter } = setup();
  state.busy = true;
  assert.equal(collectionsAfter(60e6), 0);
  state.busy = false;
  assert.equal(collectionsAfter(60e6), 1);
  assert.equal(collectionsAfter(8.5e6), 1);
});

test('garbage is collected only above a fifth of the live heap plus 4 MB', () => {
  const { state, collectionsAfter } = setup();
  state.live = 50e6;
  assert.equal(collectionsAfter(60e6), 1);
  assert.equal(collectionsAfter(63.9e6), 1);
  assert.equal(collectionsAfter(64.1e6), 2);
});

test('the heap switches to slow growth once the initial lists are complete', () => {
  let [isReady, calls] = [false, 0];
  const heap = { usedBytes: () => 0, collect: () => {}, growSlowly: () => (calls += 1) };
  const onUpdate = growSlowlyOnce(heap, () => isReady);
  onUpdate();
  assert.equal(calls, 0);
  isReady = true;
  onUpdate();
  onUpdate();
  assert.equal(calls, 1);
});

test('no timer remains after it is stopped', () => {
  const { clock, stop } = setup();
  stop();
  assert.deepEqual(clock.timers(), []);
});

test('a process with --expose-gc returns memory to the system', () => {
  const module = fileURLToPath(new URL('../../src/cmd/controller/heap.ts', import.meta.url));
  const script = `
    const { exposedHeap } = await import(${JSON.stringify(module)});
    const heap = exposedHeap();
    let objects = Array.from({ length: 1_000_000 }, (_, i) => ({ i }));
    const before = process.memoryUsage();
    objects = undefined;
    heap.collect();
    const after = process.memoryUsage();
    console.log(JSON.stringify([before.rss - after.rss, before.heapUsed - heap.usedBytes()]));`;
  const run = (...flags: string[]): string =>
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8' });
  const [resident = 0, used = 0] = JSON.parse(run('--expose-gc')) as number[];
  assert.ok(resident > 10e6, `${resident} bytes of resident memory`);
  assert.ok(used > 10e6, `${used} bytes of heap`);
});

test('without --expose-gc, the heap is not exposed', async () => {
  const module = fileURLToPath(new URL('../../src/cmd/controller/heap.ts', import.meta.url));
  const script = `console.log((await import(${JSON.stringify(module)})).exposedHeap())`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(output, 'undefined\n');
});
