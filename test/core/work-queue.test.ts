import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkQueue } from '../../src/core/queue/work-queue.ts';

interface Item {
  readonly key: string;
  readonly age?: number;
  readonly isSecondary?: boolean;
}

const version = { uid: 'u', resourceVersion: '1' };
const newer = { ...version, resourceVersion: '2' };

function sorted(ended: (item: Item) => void = () => undefined): WorkQueue<Item> {
  return new WorkQueue<Item>({
    keyOf: ({ key }) => key,
    compare: (a, b) => (a.age ?? 0) - (b.age ?? 0),
    isSecondary: (item) => item.isSecondary === true,
    ended,
  });
}

function fifo(...items: readonly string[]): WorkQueue<string> {
  const queue = new WorkQueue<string>({ keyOf: (key) => key });
  for (const item of items) queue.add(item);
  return queue;
}

function take<T>(queue: WorkQueue<T>, now = 0) {
  return queue.get(now) ?? assert.fail('nothing is ready');
}

/** Takes and ends everything that is ready. */
function drained(queue: WorkQueue<string>, now = 0): string[] {
  const keys: string[] = [];
  for (let next = queue.get(now); next !== undefined; next = queue.get(now)) {
    keys.push(next.item);
    next.leave();
  }
  return keys;
}

test('a key is processed once at a time, and one that is added meanwhile is queued again at the end', () => {
  const queue = fifo('a', 'a');
  const first = take(queue);
  assert.equal(queue.get(0), undefined, 'added twice, processed once');
  queue.add('a');
  assert.equal(queue.get(0), undefined, 'still processed');
  assert.equal(queue.isIdle, false);
  first.done();
  take(queue).done();
  assert.equal(queue.get(0), undefined);
  assert.ok(queue.isIdle);
});

test('an item that waits in two priorities is processed once at a time, too', () => {
  const queue = sorted();
  queue.add({ key: 'a', isSecondary: true });
  queue.add({ key: 'a' });
  const first = take(queue);
  assert.equal(queue.get(0), undefined);
  first.done();
  assert.equal(take(queue).item.key, 'a');
});

test('primary items come first, then secondary ones, then postponed ones, each in its order', () => {
  const queue = sorted();
  for (const [key, age, isSecondary] of [
    ['d', 1, true],
    ['b', 3, false],
    ['a', 2, false],
    ['e', 4, true],
  ] as const)
    queue.add({ key, age, isSecondary });
  const order: string[] = [];
  for (let next = queue.get(0); next !== undefined; next = queue.get(0)) {
    order.push(next.item.key);
    if (next.item.key === 'a' && !next.isPostponed) queue.postpone(next.item);
    next.done();
  }
  assert.deepEqual(order, ['a', 'b', 'd', 'e', 'a']);
});

test('without an order, the item that was added first comes first, also after thousands', () => {
  const many = Array.from({ length: 3_000 }, (_, i) => `k${i}`);
  const queue = fifo(...many, 'k0');
  assert.deepEqual(drained(queue), many);
  queue.add('z');
  queue.add('a');
  assert.deepEqual(drained(queue), ['z', 'a']);
});

test('a failure delays the next attempt from 1 s to 5 min, and done forgets it', () => {
  const queue = fifo('a');
  const delays: number[] = [];
  let now = 0;
  for (let i = 0; i < 11; i += 1) {
    delays.push(take(queue, now).retry(version, now).retryInMs);
    const at = queue.nextAt ?? assert.fail();
    assert.equal(queue.get(at - 1), undefined);
    assert.ok(queue.isIdle, 'a delayed item does not count');
    now = at;
  }
  assert.deepEqual(delays.slice(0, 3), [1_000, 2_000, 4_000]);
  assert.equal(delays.at(-1), 300_000);
  take(queue, now).done();
  queue.add('a');
  assert.equal(take(queue, now).retry(version, now).retryInMs, 1_000);
});

test('a delayed item that is added is processed, and only changes of its version are delayed', () => {
  const queue = fifo('a');
  take(queue).retryAfter(5_000, version, 0);
  queue.add('a');
  const again = take(queue);
  assert.ok(again.isDelayed(version));
  again.leave();
  assert.equal(queue.nextAt, 5_000, 'the delay remains');
  queue.add('a');
  const changed = take(queue);
  assert.equal(changed.isDelayed(newer), false);
  assert.equal(queue.nextAt, undefined, 'it has ended');
  changed.leave();
  assert.equal(queue.get(9_000), undefined);
});

test('a change that is written queues all that were refused for the same reason, and tries one of each other reason', () => {
  const queue = fifo('a', 'b', 'c', 'd', 'e', 'other');
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    const refusedBy = key < 'd' ? 'policy' : 'webhook';
    const work = take(queue);
    assert.equal(work.item, key);
    work.retry(version, 0, refusedBy);
  }
  take(queue).written(version, 10);
  assert.deepEqual(drained(queue, 10), ['a', 'd'], 'one of each reason');
  queue.add('other');
  take(queue, 20).written(version, 20);
  assert.deepEqual(drained(queue, 20), [], 'the next only after a delay');
  queue.add('b');
  take(queue, 30).written(version, 30);
  assert.deepEqual(drained(queue, 30), ['a', 'c'], 'the reason is gone');
});

test('what is added at the end of the work is queued', () => {
  const queue: WorkQueue<Item> = sorted(({ key }) => {
    if (key === 'a') queue.add({ key, age: 2 });
  });
  queue.add({ key: 'a', age: 1 });
  take(queue).done();
  assert.equal(take(queue).item.age, 2);
});

test('a deleted item is not processed again, and its delay ends', () => {
  const queue = fifo('a', 'b', 'c');
  const first = take(queue);
  queue.add('a');
  queue.delete('a');
  queue.delete('b');
  first.leave();
  take(queue).retry(version, 0);
  queue.delete('c');
  assert.equal(queue.nextAt, undefined);
  assert.deepEqual(drained(queue, 9_000), []);
});

test('the work on an item cannot end twice', () => {
  const queue = fifo('a');
  const first = take(queue);
  first.done();
  queue.add('a');
  take(queue);
  assert.throws(() => first.done(), /the work on a has ended already/);
});
