/** Each way in which a Service gets or loses an address leaves a log line with the fields that docs/logs.md lists. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields } from '../../src/client/log.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

/** Lines about addresses without the fields that other tests compare. */
function linesOf(harness: Harness): LogFields[] {
  const about = harness.log.fields.filter(
    ({ decision = '', previous, holders }) =>
      ['write', 'release', 'conflict'].includes(decision.toString()) || (previous ?? holders) !== undefined,
  );
  return about.map(({ source, reason, ...fields }) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  );
}

/** Whether the controller knows of each deletion. */
function isUpToDate(harness: Harness): boolean {
  const stored = new Set(harness.services().map(({ metadata }) => metadata.uid));
  return [...harness.replica.controller.allocator.ledger.all()].every(({ view }) => stored.has(view.uid));
}

/** Runs the controller, and returns the lines that it logs after its start. */
async function linesAfter(change: (harness: Harness) => Promise<void>): Promise<LogFields[]> {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1-10.0.0.3' });
  harness.start();
  await harness.settled();
  await harness.create('shop/web');
  await harness.settled();
  const known = linesOf(harness).length;
  await change(harness);
  await until(() => harness.isSettled && isUpToDate(harness), 'each change was seen');
  await harness.stop();
  return linesOf(harness).slice(known);
}

const released = { service: 'shop/web', previous: '10.0.0.1' };

test('a new Service: assigned, with the cause', async () => {
  const lines = await linesAfter((harness) => harness.create('shop/api'));
  assert.deepEqual(lines, [
    { service: 'shop/api', decision: 'write', cause: 'allocate', addresses: '10.0.0.2' },
  ]);
});

test('a deleted Service: released', async () => {
  const lines = await linesAfter((harness) => harness.delete('shop/web'));
  assert.deepEqual(lines, [{ ...released, cause: 'deleted' }]);
});

test('a Service that was deleted and created again: released, then assigned', async () => {
  const lines = await linesAfter(async (harness) => {
    await harness.delete('shop/web');
    await harness.create('shop/web');
  });
  assert.deepEqual(lines, [
    { ...released, cause: 'deleted' },
    { service: 'shop/web', decision: 'write', cause: 'allocate', addresses: '10.0.0.1' },
  ]);
});

test('a list after a lost watch, in which a Service is missing or is another one of its name: released', async () => {
  const lines = await linesAfter(async (harness) => {
    await harness.create('shop/api');
    await harness.settled();
    await harness.changeUnwatched(async () => {
      await harness.delete('shop/api');
      await harness.delete('shop/web');
      harness.load('shop/web', { metadata: { uid: 'of another Service' } });
    });
  });
  assert.deepEqual(lines.slice(1), [
    { ...released, cause: 'deleted' },
    { service: 'shop/api', cause: 'deleted', previous: '10.0.0.2' },
    { service: 'shop/web', decision: 'write', cause: 'allocate', addresses: '10.0.0.1' },
  ]);
});

test('a Service that is deleted before the answer to its write arrives: the last line says that it is released', async () => {
  const lines = await linesAfter(async (harness) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    harness.beforeAnswer = () => promise;
    await harness.create('shop/api');
    await until(() => harness.address('shop/api') !== undefined, 'the PATCH has executed');
    await harness.delete('shop/api');
    await until(() => harness.replica.controller.allocator.seen('shop/api') === undefined, 'it is gone');
    resolve();
  });
  const line = { service: 'shop/api', cause: 'deleted', previous: '10.0.0.2' };
  assert.deepEqual(lines.at(-1), line);
});

test('another type: released, and the cleanup says why', async () => {
  const lines = await linesAfter((harness) => harness.patch('shop/web', { spec: { type: 'ClusterIP' } }));
  assert.deepEqual(lines, [
    { ...released, cause: 'deleted' },
    { service: 'shop/web', decision: 'release', addresses: '10.0.0.1' },
  ]);
});

test('an edit: the line of the new address has the previous one', async () => {
  const lines = await linesAfter((harness) =>
    harness.patch('shop/web', { metadata: { annotations: { [annotations.addresses]: '10.9.9.9' } } }),
  );
  const { previous } = released;
  assert.deepEqual(lines, [
    { service: 'shop/web', decision: 'write', cause: 'mark-static', addresses: '10.9.9.9', previous },
  ]);
});

test('a reallocation: the line of the new address has the previous one', async () => {
  const lines = await linesAfter(async (harness) => {
    const data = { 'range-global': '10.0.0.2-10.0.0.3' };
    await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data });
    await harness.patch('shop/web', { metadata: { annotations: { [annotations.reallocate]: 'true' } } });
  });
  assert.deepEqual(lines, [
    {
      service: 'shop/web',
      decision: 'write',
      cause: 'reallocate',
      addresses: '10.0.0.2',
      previous: '10.0.0.1',
    },
  ]);
});

test('an edit to an address that another Service has: the earlier one is released, and the conflict names the holder', async () => {
  const lines = await linesAfter(async (harness) => {
    await harness.create('shop/api');
    await harness.settled();
    await harness.patch('shop/web', { metadata: { annotations: { [annotations.addresses]: '10.0.0.2' } } });
  });
  const conflict = { service: 'shop/web', decision: 'conflict', address: '10.0.0.2', holder: 'shop/api' };
  assert.deepEqual(lines.slice(1), [{ ...released, cause: 'edited' }, conflict]);
});

test('a start: which Service has which address, so a log can begin anywhere', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1-10.0.0.3' });
  harness.start();
  await harness.settled();
  await harness.create('shop/web');
  await harness.create('shop/api');
  await harness.settled();
  await harness.stop();
  await harness.delete('shop/api');
  harness.load('shop/other', { spec: { type: 'LoadBalancer', loadBalancerClass: 'other' } });
  harness.start();
  await harness.settled();
  await harness.stop();
  assert.deepEqual(
    linesOf(harness).filter(({ holders }) => holders !== undefined),
    [
      { holders: '', part: 1, parts: 1 },
      { holders: 'shop/web=10.0.0.1', part: 1, parts: 1 },
    ],
  );
});

test('a start with many Services: the list has parts that fit into a line', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1-10.0.9.255' });
  for (let i = 0; i < 300; i += 1) harness.load(`shop/service-with-a-name-${i}`);
  harness.start();
  await harness.settled();
  await harness.stop();
  const known = linesOf(harness).length;
  harness.start();
  await harness.settled();
  await harness.stop();
  const lines = linesOf(harness).slice(known);
  assert.deepEqual(
    lines.map(({ part, parts }) => [part, parts]),
    lines.map((_, i) => [i + 1, lines.length]),
  );
  assert.ok(lines.length > 1 && lines.every(({ holders }) => String(holders).length < 4_000));
  const all = lines.flatMap(({ holders }) => String(holders).split(' '));
  assert.equal(new Set(all).size, 300);
});
