import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

const pools = { 'range-global': '192.168.50.20-192.168.50.21' };

test('an external IP of a Service of another type is in use until the Service gives it up', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/legacy', { spec: { type: 'ClusterIP', externalIPs: ['192.168.50.20'] } });
  harness.load('default/plain', { spec: { type: 'ClusterIP' } });
  harness.load('default/a');
  harness.start();
  await harness.settled();
  assert.equal(harness.address('default/a'), '192.168.50.21');
  await harness.create('default/b');
  await until(() => harness.events().some((text) => text.includes('default/b: Pool range-global is full')));
  await harness.patch('default/legacy', { spec: { externalIPs: null } });
  await until(() => harness.address('default/b') !== undefined);
  assert.equal(harness.address('default/b'), '192.168.50.20');
  assert.equal(harness.replica.controller.allocator.externalIPs.size, 0);
  await harness.stop();
});

test('an external IP that comes later blocks the address, and moves no Service that has it', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a');
  harness.start();
  await harness.settled();
  const { allocator } = harness.replica.controller;
  await harness.create('default/legacy', { spec: { type: 'ClusterIP', externalIPs: ['192.168.50.20'] } });
  await harness.create('default/next', { spec: { type: 'NodePort', externalIPs: ['192.168.50.21'] } });
  await until(() => allocator.externalIPs.size === 2);
  assert.equal(harness.address('default/a'), '192.168.50.20');
  await harness.create('default/b');
  await until(() => harness.events().some((text) => text.includes('default/b: Pool range-global is full')));
  await harness.delete('default/next');
  // The watch of LoadBalancers has to report as much: the Service could have become one.
  await harness.create('default/c');
  await until(() => harness.address('default/b') !== undefined);
  assert.equal(harness.address('default/b'), '192.168.50.21');
  await harness.stop();
});

test('a Service that becomes ClusterIP keeps its external IP in use', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/mail', { spec: { externalIPs: ['192.168.50.20'] } });
  harness.start();
  await harness.settled();
  assert.equal(harness.address('default/mail'), '192.168.50.21');
  await harness.patch('default/mail', { spec: { type: 'ClusterIP' } });
  await harness.create('default/a');
  await harness.create('default/b');
  await until(() => harness.events().some((text) => text.includes('default/b: Pool range-global is full')));
  assert.equal(harness.address('default/a'), '192.168.50.21');
  await harness.stop();
});
