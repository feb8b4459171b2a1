import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aMoment, until } from '../client/fake-clock.ts';
import { Harness, type Interception } from './harness.ts';

const pools = { 'cidr-global': '10.0.0.1-10.0.0.3' };

test('an address is assigned with one PATCH and one event', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/web');
  harness.start();
  await harness.settled();
  const { metadata, spec } = harness.service('default/web');
  assert.equal(metadata.annotations?.['kube-vip.io/loadbalancerIPs'], '10.0.0.1');
  assert.equal(spec?.loadBalancerIP, '10.0.0.1');
  assert.equal(metadata.labels?.implementation, 'kube-vip');
  assert.deepEqual(JSON.parse(metadata.annotations?.['kube-vip.io/allocation'] ?? ''), {
    from: 'cidr-global',
    ips: '10.0.0.1',
    ports: 'TCP/80',
    families: 'SingleStack ',
    uid: metadata.uid,
    by: 'kube-vip-cloud-controller',
  });
  assert.deepEqual(harness.writes, ['PATCH default/web']);
  assert.deepEqual(harness.events(), [
    'Normal EnsuredLoadBalancer default/web: Assigned 10.0.0.1 (from cidr-global)',
  ]);
  await harness.stop();
});

test('a write whose response was lost is repeated once at once, and its address stays reserved', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a');
  harness.onWrite = () => 'lost after';
  harness.start();
  await until(() => harness.writes.length === 2);
  harness.onWrite = () => 'pass';
  await harness.create('default/b');
  await until(() => harness.address('default/b') !== undefined);
  assert.equal(harness.address('default/b'), '10.0.0.2');
  harness.clock.advance(1_000);
  await harness.settled();
  assert.equal(harness.address('default/a'), '10.0.0.1');
  // The watch delivered the result of the first attempt.
  assert.deepEqual(harness.writes, ['PATCH default/a', 'PATCH default/a', 'PATCH default/b']);
  assert.equal(harness.events().length, 2);
  await harness.stop();
});

test('a write that never arrived is repeated with the same address', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a');
  harness.onWrite = () => 'lost before';
  harness.start();
  await until(() => harness.writes.length === 2);
  await harness.create('default/b');
  await until(() => harness.writes.length === 4);
  harness.onWrite = () => 'pass';
  harness.clock.advance(1_000);
  await harness.settled();
  assert.deepEqual([harness.address('default/a'), harness.address('default/b')], ['10.0.0.1', '10.0.0.2']);
  await harness.stop();
});

for (const status of [429, 500, 503, 504]) {
  test(`${status} with Retry-After delays the retry, and the address stays reserved`, async () => {
    const harness = new Harness();
    harness.pools(pools);
    harness.load('default/a');
    harness.onWrite = () => ({ status, headers: { 'retry-after': '7' } });
    harness.start();
    await until(() => harness.writes.length === 1);
    harness.onWrite = () => 'pass';
    harness.clock.advance(6_900);
    await until(() => harness.clock.timers().length > 0);
    assert.equal(harness.writes.length, 1);
    harness.clock.advance(200);
    await harness.settled();
    assert.equal(harness.address('default/a'), '10.0.0.1');
    await harness.stop();
  });
}

test('a write that lost a race is decided again on the current Service', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a');
  let hasRaced = false;
  harness.onWrite = () => {
    if (!hasRaced) {
      hasRaced = true;
      // Another client requests an address between the decision and the PATCH.
      void harness.patch('default/a', { spec: { loadBalancerIP: '10.9.9.9' } });
    }
    return 'pass';
  };
  harness.start();
  await harness.settled();
  assert.equal(harness.address('default/a'), '10.9.9.9');
  await harness.stop();
});

test('a write forbidden as PATCH and as UPDATE is reported once, and retried with back-off or at once when the Service changes', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a');
  const body = { kind: 'Status', reason: 'Forbidden', message: 'User "x" cannot patch resource "services"' };
  const attempts = (): number => harness.writes.filter((write) => write === 'PATCH default/a').length;
  harness.onWrite = () => ({ status: 403, body });
  harness.start();
  await until(() => harness.events().length === 1);
  assert.match(
    harness.events()[0] ?? '',
    /^Warning SyncLoadBalancerFailed default\/a: The API server rejected the change: .*cannot patch.*\. The next attempt is at 2026-01-02T03:04:06Z\.$/,
  );
  harness.clock.advance(900);
  assert.equal(attempts(), 1);
  harness.clock.advance(200);
  await until(() => attempts() === 2);
  await harness.patch('default/a', { metadata: { labels: { edited: 'yes' } } });
  await until(() => attempts() === 3);
  harness.onWrite = () => 'pass';
  await until(() => harness.clock.timers().length > 0);
  harness.clock.advance(60_000);
  await harness.settled();
  assert.equal(harness.address('default/a'), '10.0.0.1');
  assert.equal(harness.events().filter((event) => event.startsWith('Warning')).length, 1);
  await harness.stop();
});

test('if only PATCH is forbidden, UPDATE writes the same change, with one log line', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a', { metadata: { labels: { mine: 'stays' } } });
  harness.onWrite = ({ method }) => (method === 'PATCH' ? { status: 403 } : 'pass');
  harness.start();
  await harness.settled();
  await harness.create('default/b');
  await until(() => harness.address('default/b') !== undefined);
  await harness.settled();
  const { metadata, spec } = harness.service('default/a');
  assert.equal(metadata.annotations?.['kube-vip.io/loadbalancerIPs'], '10.0.0.1');
  assert.equal(spec?.loadBalancerIP, '10.0.0.1');
  assert.deepEqual(metadata.labels, { implementation: 'kube-vip', mine: 'stays' });
  assert.deepEqual(harness.writes, ['PATCH default/a', 'PUT default/a', 'PUT default/b']);
  assert.equal(harness.log.lines.filter((line) => line.includes('add the verb "patch"')).length, 1);
  assert.ok(!harness.events().some((event) => event.startsWith('Warning')));
  await harness.stop();
});

test('an UPDATE only writes the version that was decided on', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a');
  const edit = { metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '10.9.9.9' } } };
  const edited: Promise<void>[] = [];
  harness.onWrite = ({ method }) => {
    if (method !== 'PATCH') return 'pass';
    if (edited.length === 0) edited.push(harness.patch('default/a', edit));
    return { status: 403 };
  };
  harness.start();
  await until(() => harness.service('default/a').metadata.labels?.implementation === 'kube-vip');
  await harness.settled();
  assert.equal(harness.address('default/a'), '10.9.9.9', 'the edit of the user remains');
  await harness.stop();
});

test('a rejected write does not block other Services', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/a');
  harness.load('default/b');
  harness.onWrite = ({ path }) => (path.includes('/a?') ? { status: 403 } : 'pass');
  harness.start();
  await until(() => harness.address('default/b') !== undefined);
  assert.equal(harness.address('default/b'), '10.0.0.1');
  await harness.stop();
});

test('addresses are assigned before allocation records are added to adopted Services', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24' });
  for (let i = 0; i < 40; i += 1) {
    const ip = `10.0.0.${i + 100}`;
    harness.load(`default/old-${i}`, {
      metadata: {
        annotations: { 'kube-vip.io/loadbalancerIPs': ip },
        labels: { implementation: 'kube-vip' },
      },
      spec: { loadBalancerIP: ip },
    });
  }
  for (let i = 0; i < 40; i += 1)
    harness.load(`default/young-${i}`, { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
  harness.start();
  await harness.settled();
  assert.ok(harness.writes.slice(0, 40).every((write) => write.includes('young')));
  assert.ok(harness.writes.slice(40).every((write) => write.includes('old')));
  assert.equal(harness.writes.length, 80);
  await harness.stop();
});

test('nothing is written while nothing changes, neither to pending Services nor after a restart', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/a');
  harness.load('default/b');
  harness.load('default/c', {
    spec: { loadBalancerIP: '10.0.0.1' },
    metadata: { creationTimestamp: '2030-01-01T00:00:00Z' },
  });
  harness.start();
  await harness.settled();
  const versions = () => harness.services().map(({ metadata }) => metadata.resourceVersion);
  const before = versions();
  const writes = harness.writes.length;
  await harness.stop();
  harness.start();
  await harness.settled();
  assert.deepEqual(versions(), before);
  assert.equal(harness.writes.length, writes);
  await harness.stop();
});

test('on shutdown, in-flight writes end and no new one starts', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24' });
  for (let i = 0; i < 50; i += 1) harness.load(`default/s-${i}`);
  let stopped: Promise<void> | undefined;
  harness.onWrite = () => {
    stopped ??= harness.stop();
    return 'pass';
  };
  harness.start();
  await until(() => stopped !== undefined);
  await stopped;
  const assigned = harness
    .services()
    .filter(({ metadata }) => metadata.labels?.implementation === 'kube-vip');
  assert.equal(assigned.length, harness.writes.length);
  assert.ok(harness.writes.length <= 16, `${harness.writes.length} writes`);
});

test('failing writes do not use up the concurrency of others', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24' });
  for (let i = 0; i < 40; i += 1) harness.load(`bad/s-${i}`);
  harness.load('good/web', { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
  harness.onWrite = ({ path }) => (path.includes('/bad/') ? { status: 500 } : 'pass');
  harness.start();
  await until(() => harness.address('good/web') !== undefined);
  await harness.stop();
});

test('a write during back-off ends when the Service is observed in another version', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a');
  harness.onWrite = () => ({ status: 429, headers: { 'retry-after': '300' } });
  harness.start();
  await until(() => harness.writes.length === 1);
  harness.onWrite = () => 'pass';
  await harness.patch('default/a', { spec: { loadBalancerIP: '10.9.9.9' } });
  await harness.settled();
  assert.equal(harness.address('default/a'), '10.9.9.9');
  await harness.stop();
});

test('a Service that differs from the watched one is not written in a loop', async () => {
  const harness = new Harness();
  harness.pools(pools);
  harness.load('default/a');
  const stale = { kind: 'Status', reason: 'Invalid', message: 'metadata.uid: field is immutable' };
  const body = {
    metadata: { namespace: 'default', name: 'a', uid: 'another', resourceVersion: '99999' },
    spec: { type: 'LoadBalancer' },
  };
  harness.onWrite = () => ({ status: 422, body: stale });
  harness.onRead = () => ({ status: 200, body });
  harness.start();
  await until(() => harness.writes.length === 1);
  await aMoment();
  assert.equal(harness.writes.length, 1);
  harness.clock.advance(1_100);
  await until(() => harness.writes.length === 2);
  await aMoment();
  assert.equal(harness.writes.length, 2);
  await harness.stop();
});

test('a released address is not assigned before the release is written', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1,fd00::1' });
  harness.load('default/dual', { spec: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] } });
  harness.start();
  await harness.settled();
  assert.equal(harness.address('default/dual'), '10.0.0.1,fd00::1');
  await harness.create('default/pending', { spec: { ipFamilies: ['IPv6'] } });
  await harness.settled();
  harness.onWrite = ({ path }) => (path.includes('/dual?') ? { status: 403 } : 'pass');
  await harness.patch('default/dual', { spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] } });
  await until(() => harness.writes.filter((write) => write === 'PATCH default/dual').length === 2);
  await aMoment();
  assert.equal(harness.address('default/pending'), undefined);
  harness.onWrite = () => 'pass';
  harness.clock.advance(1_100);
  await until(() => harness.address('default/pending') === 'fd00::1');
  assert.equal(harness.address('default/dual'), '10.0.0.1');
  await harness.stop();
});

test('an attempt without a response is not considered rejected because a later one is', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/x');
  const attempts: Interception[] = [{ status: 504 }, { status: 403 }, { status: 403 }];
  harness.onWrite = ({ path }) => (path.includes('/x?') ? (attempts.shift() ?? 'pass') : 'pass');
  harness.start();
  await until(() => harness.writes.length === 1);
  await harness.create('default/y');
  harness.clock.advance(1_000);
  await until(() => harness.writes.length === 3);
  await aMoment();
  assert.equal(harness.address('default/y'), undefined, 'the first attempt may still execute');
  harness.clock.advance(2_000);
  await until(() => harness.address('default/x') === '10.0.0.1');
  await harness.stop();
});

test('retries also respect the concurrency limit', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/22' });
  for (let i = 0; i < 200; i += 1) harness.load(`default/s-${i}`);
  harness.onWrite = () => ({ status: 429, headers: { 'retry-after': '1' } });
  harness.start();
  await until(() => harness.writes.length === 200);
  let open = 0;
  let maxOpen = 0;
  harness.onWrite = () => {
    open += 1;
    maxOpen = Math.max(maxOpen, open);
    queueMicrotask(() => {
      open -= 1;
    });
    return 'pass';
  };
  harness.clock.advance(2_000);
  await harness.settled();
  assert.ok(maxOpen <= 16, `${maxOpen} at once`);
  await harness.stop();
});

test('shutdown leaves no timer, and is not blocked by a late rejection', async () => {
  for (const interception of [{ status: 503, headers: { 'retry-after': '300' } }, { status: 403 }] as const) {
    const harness = new Harness();
    harness.pools({ 'cidr-global': '10.0.0.1' });
    harness.load('default/a');
    let stopped: Promise<void> | undefined;
    harness.onWrite = () => {
      stopped ??= harness.stop();
      return interception;
    };
    harness.start();
    await until(() => stopped !== undefined);
    await stopped;
    assert.deepEqual(harness.clock.timers(), []);
    assert.ok(!harness.events().some((event) => event.includes('Assigned')), 'nothing was assigned');
  }
});
