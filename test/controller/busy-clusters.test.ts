/** Clusters in which much happens that does not concern the controller: counted, not timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

test('updates by other programs cause no write, no event, and no log line', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24' });
  const keys = Array.from({ length: 10 }, (_, i) => `default/s-${i}`);
  for (const key of keys) harness.load(key);
  harness.start();
  await harness.settled();
  const counts = () => [harness.writes.length, harness.events().length, harness.log.lines.length];
  const timers = harness.clock.timers().length;
  const before = counts();
  for (let i = 0; i < 600; i += 1) {
    const key = keys[i % keys.length] ?? '';
    await harness.patch(key, { metadata: { annotations: { 'example.com/seen': String(i) } } });
    harness.clock.advance(50);
  }
  await harness.settled();
  assert.deepEqual(counts(), before);
  assert.equal(harness.clock.timers().length, timers);
  await harness.stop();
});

test('a Service with thousands of ports gets its address with one write, and harms no other', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24', 'allow-share-global': 'true' });
  const ports = Array.from({ length: 4_000 }, (_, i) => ({ name: `p${i}`, port: i + 1 }));
  harness.load('default/many', { spec: { ports } });
  harness.start();
  await until(() => harness.address('default/many') !== undefined);
  await harness.create('default/web', { spec: { ports: [{ port: 8_080 }] } });
  await until(() => harness.address('default/web') !== undefined);
  await harness.settled();
  assert.deepEqual(harness.writes, ['PATCH default/many', 'PATCH default/web']);
  await harness.stop();
});

test('a quota of load balancers rejects a change like any admission, and others are served', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('shop/a');
  harness.load('shop/b', { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
  const message =
    'services "a" is forbidden: exceeded quota: q, requested: services.loadbalancers=1, used: services.loadbalancers=1, limited: services.loadbalancers=1';
  const body = { kind: 'Status', reason: 'Forbidden', message };
  harness.onWrite = ({ path }) => (path.includes('/a?') ? { status: 403, body } : 'pass');
  harness.start();
  await until(() => harness.address('shop/b') === '10.0.0.1');
  assert.deepEqual(harness.writes, ['PATCH shop/a', 'PATCH shop/b']);
  await harness.stop();
});

test('two minutes of 429 delay writes, and no address is lost or given twice', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1-10.0.0.20' });
  for (let i = 0; i < 20; i += 1) harness.load(`default/s-${i}`);
  let refused = 0;
  const end = harness.clock.now() + 120_000;
  harness.onWrite = () => {
    if (harness.clock.now() >= end) return 'pass';
    refused += 1;
    return { status: 429, headers: { 'retry-after': '1' } };
  };
  harness.start();
  const addresses = () => harness.services().map(({ spec }) => spec?.loadBalancerIP);
  // Each attempt waits at least as long as the API server says, and at most half a minute.
  await until(() => refused >= 20);
  while (harness.clock.now() < end + 60_000) {
    harness.clock.advance(1_000);
    await until(() => harness.clock.timers().length > 0);
  }
  await harness.settled();
  assert.equal(new Set(addresses()).size, 20);
  assert.ok(!addresses().includes(undefined));
  assert.ok(refused <= 20 * 120, `${refused} attempts`);
  await harness.stop();
});
