import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aMoment, until } from '../client/fake-clock.ts';
import { type Fate, Harness } from './harness.ts';

const pools = { 'cidr-global': '10.0.0.1-10.0.0.3' };

test('an address is given in one PATCH, with one event', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/web');
  stage.start();
  await stage.settled();
  const { metadata, spec } = stage.service('default/web');
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
  assert.deepEqual(stage.writes, ['PATCH default/web']);
  assert.deepEqual(stage.events(), [
    'Normal EnsuredLoadBalancer default/web: Assigned 10.0.0.1 (from cidr-global)',
  ]);
  await stage.stop();
});

test('a write whose answer was lost is not made twice, and nobody else gets the address meanwhile', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/a');
  stage.fate = () => 'lost after';
  stage.start();
  await until(() => stage.writes.length === 1);
  stage.fate = () => 'pass';
  await stage.create('default/b');
  await until(() => stage.address('default/b') !== undefined);
  assert.equal(stage.address('default/b'), '10.0.0.2');
  stage.clock.advance(1_000);
  await stage.settled();
  assert.equal(stage.address('default/a'), '10.0.0.1');
  // The watch told that the first attempt had arrived.
  assert.deepEqual(stage.writes, ['PATCH default/a', 'PATCH default/b']);
  assert.equal(stage.events().length, 2);
  await stage.stop();
});

test('a write that never arrived is made again with the same address', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/a');
  stage.fate = () => 'lost before';
  stage.start();
  await until(() => stage.writes.length === 1);
  await stage.create('default/b');
  await until(() => stage.writes.length === 2);
  stage.fate = () => 'pass';
  stage.clock.advance(1_000);
  await stage.settled();
  assert.deepEqual([stage.address('default/a'), stage.address('default/b')], ['10.0.0.1', '10.0.0.2']);
  await stage.stop();
});

for (const status of [429, 500, 503, 504]) {
  test(`${status} with Retry-After is waited for, and the address stays reserved`, async () => {
    const stage = new Harness();
    stage.pools(pools);
    stage.load('default/a');
    stage.fate = () => ({ status, headers: { 'retry-after': '7' } });
    stage.start();
    await until(() => stage.writes.length === 1);
    stage.fate = () => 'pass';
    stage.clock.advance(6_900);
    await until(() => stage.clock.timers().length > 0);
    assert.equal(stage.writes.length, 1);
    stage.clock.advance(200);
    await stage.settled();
    assert.equal(stage.address('default/a'), '10.0.0.1');
    await stage.stop();
  });
}

test('a write that lost a race is decided anew on what stands there now', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/a');
  let raced = false;
  stage.fate = () => {
    if (!raced) {
      raced = true;
      // Between the decision and the PATCH somebody asks for an address by name.
      void stage.patch('default/a', { spec: { loadBalancerIP: '10.9.9.9' } });
    }
    return 'pass';
  };
  stage.start();
  await stage.settled();
  assert.equal(stage.address('default/a'), '10.9.9.9');
  await stage.stop();
});

test('a write that is forbidden by PATCH and by UPDATE is said once, tried again with back-off, and at once when the Service changes', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/a');
  const body = { kind: 'Status', reason: 'Forbidden', message: 'User "x" cannot patch resource "services"' };
  const tries = (): number => stage.writes.filter((write) => write === 'PATCH default/a').length;
  stage.fate = () => ({ status: 403, body });
  stage.start();
  await until(() => stage.events().length === 1);
  assert.match(
    stage.events()[0] ?? '',
    /^Warning SyncLoadBalancerFailed default\/a: The API server refused the change: .*cannot patch/,
  );
  stage.clock.advance(900);
  assert.equal(tries(), 1);
  stage.clock.advance(200);
  await until(() => tries() === 2);
  await stage.patch('default/a', { metadata: { labels: { edited: 'yes' } } });
  await until(() => tries() === 3);
  stage.fate = () => 'pass';
  await until(() => stage.clock.timers().length > 0);
  stage.clock.advance(60_000);
  await stage.settled();
  assert.equal(stage.address('default/a'), '10.0.0.1');
  assert.equal(stage.events().filter((event) => event.startsWith('Warning')).length, 1);
  await stage.stop();
});

test('where only PATCH is forbidden, the same change is made by UPDATE, which is said once', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/a', { metadata: { labels: { mine: 'stays' } } });
  stage.fate = ({ method }) => (method === 'PATCH' ? { status: 403 } : 'pass');
  stage.start();
  await stage.settled();
  await stage.create('default/b');
  await until(() => stage.address('default/b') !== undefined);
  await stage.settled();
  const { metadata, spec } = stage.service('default/a');
  assert.equal(metadata.annotations?.['kube-vip.io/loadbalancerIPs'], '10.0.0.1');
  assert.equal(spec?.loadBalancerIP, '10.0.0.1');
  assert.deepEqual(metadata.labels, { implementation: 'kube-vip', mine: 'stays' });
  assert.deepEqual(stage.writes, ['PATCH default/a', 'PUT default/a', 'PUT default/b']);
  assert.equal(stage.log.lines.filter((line) => line.includes('add the verb "patch"')).length, 1);
  assert.ok(!stage.events().some((event) => event.startsWith('Warning')));
  await stage.stop();
});

test('an UPDATE is made of the very version that was decided on, and of no other', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/a');
  const edit = { metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '10.9.9.9' } } };
  const edited: Promise<void>[] = [];
  stage.fate = ({ method }) => {
    if (method !== 'PATCH') return 'pass';
    if (edited.length === 0) edited.push(stage.patch('default/a', edit));
    return { status: 403 };
  };
  stage.start();
  await until(() => stage.service('default/a').metadata.labels?.implementation === 'kube-vip');
  await stage.settled();
  assert.equal(stage.address('default/a'), '10.9.9.9', 'what the user wrote meanwhile');
  await stage.stop();
});

test('another Service is not held up by one whose write is refused', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1' });
  stage.load('default/a');
  stage.load('default/b');
  stage.fate = ({ path }) => (path.includes('/a?') ? { status: 403 } : 'pass');
  stage.start();
  await until(() => stage.address('default/b') !== undefined);
  assert.equal(stage.address('default/b'), '10.0.0.1');
  await stage.stop();
});

test('addresses are given before what was taken over is noted', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.0/24' });
  for (let i = 0; i < 40; i += 1) {
    const ip = `10.0.0.${i + 100}`;
    stage.load(`default/old-${i}`, {
      metadata: {
        annotations: { 'kube-vip.io/loadbalancerIPs': ip },
        labels: { implementation: 'kube-vip' },
      },
      spec: { loadBalancerIP: ip },
    });
  }
  for (let i = 0; i < 40; i += 1)
    stage.load(`default/young-${i}`, { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
  stage.start();
  await stage.settled();
  assert.ok(stage.writes.slice(0, 40).every((write) => write.includes('young')));
  assert.ok(stage.writes.slice(40).every((write) => write.includes('old')));
  assert.equal(stage.writes.length, 80);
  await stage.stop();
});

test('nothing is written while nothing changes: not to those that wait, and not by another start', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1' });
  stage.load('default/a');
  stage.load('default/b');
  stage.load('default/c', {
    spec: { loadBalancerIP: '10.0.0.1' },
    metadata: { creationTimestamp: '2030-01-01T00:00:00Z' },
  });
  stage.start();
  await stage.settled();
  const versions = () => stage.services().map(({ metadata }) => metadata.resourceVersion);
  const before = versions();
  const writes = stage.writes.length;
  await stage.stop();
  stage.start();
  await stage.settled();
  assert.deepEqual(versions(), before);
  assert.equal(stage.writes.length, writes);
  await stage.stop();
});

test('after a stop the writes under way end, and no new one begins', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.0/24' });
  for (let i = 0; i < 50; i += 1) stage.load(`default/s-${i}`);
  let stopped: Promise<void> | undefined;
  stage.fate = () => {
    stopped ??= stage.stop();
    return 'pass';
  };
  stage.start();
  await until(() => stopped !== undefined);
  await stopped;
  const served = stage.services().filter(({ metadata }) => metadata.labels?.implementation === 'kube-vip');
  assert.equal(served.length, stage.writes.length);
  assert.ok(stage.writes.length <= 16, `${stage.writes.length} writes`);
});

test('Services whose writes fail give their lanes to others', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.0/24' });
  for (let i = 0; i < 40; i += 1) stage.load(`bad/s-${i}`);
  stage.load('good/web', { metadata: { creationTimestamp: '2030-01-01T00:00:00Z' } });
  stage.fate = ({ path }) => (path.includes('/bad/') ? { status: 500 } : 'pass');
  stage.start();
  await until(() => stage.address('good/web') !== undefined);
  await stage.stop();
});

test('a write that rests ends when the Service is seen in another version', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/a');
  stage.fate = () => ({ status: 429, headers: { 'retry-after': '300' } });
  stage.start();
  await until(() => stage.writes.length === 1);
  stage.fate = () => 'pass';
  await stage.patch('default/a', { spec: { loadBalancerIP: '10.9.9.9' } });
  await stage.settled();
  assert.equal(stage.address('default/a'), '10.9.9.9');
  await stage.stop();
});

test('a Service that is not the one the watch knows is not written again and again', async () => {
  const stage = new Harness();
  stage.pools(pools);
  stage.load('default/a');
  const stale = { kind: 'Status', reason: 'Invalid', message: 'metadata.uid: field is immutable' };
  const body = {
    metadata: { namespace: 'default', name: 'a', uid: 'another', resourceVersion: '99999' },
    spec: { type: 'LoadBalancer' },
  };
  stage.fate = () => ({ status: 422, body: stale });
  stage.reread = () => ({ status: 200, body });
  stage.start();
  await until(() => stage.writes.length === 1);
  await aMoment();
  assert.equal(stage.writes.length, 1);
  stage.clock.advance(1_100);
  await until(() => stage.writes.length === 2);
  await aMoment();
  assert.equal(stage.writes.length, 2);
  await stage.stop();
});

test('an address that is given back goes to nobody else before that is written', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1,fd00::1' });
  stage.load('default/dual', { spec: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] } });
  stage.start();
  await stage.settled();
  assert.equal(stage.address('default/dual'), '10.0.0.1,fd00::1');
  await stage.create('default/waits', { spec: { ipFamilies: ['IPv6'] } });
  await stage.settled();
  stage.fate = ({ path }) => (path.includes('/dual?') ? { status: 403 } : 'pass');
  await stage.patch('default/dual', { spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] } });
  await until(() => stage.writes.filter((write) => write === 'PATCH default/dual').length === 2);
  await aMoment();
  assert.equal(stage.address('default/waits'), undefined);
  stage.fate = () => 'pass';
  stage.clock.advance(1_100);
  await until(() => stage.address('default/waits') === 'fd00::1');
  assert.equal(stage.address('default/dual'), '10.0.0.1');
  await stage.stop();
});

test('an attempt without an answer is not taken for refused because a later one is', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1' });
  stage.load('default/x');
  const attempts: Fate[] = [{ status: 504 }, { status: 403 }, { status: 403 }];
  stage.fate = ({ path }) => (path.includes('/x?') ? (attempts.shift() ?? 'pass') : 'pass');
  stage.start();
  await until(() => stage.writes.length === 1);
  await stage.create('default/y');
  stage.clock.advance(1_000);
  await until(() => stage.writes.length === 3);
  await aMoment();
  assert.equal(stage.address('default/y'), undefined, 'the first attempt may still arrive');
  stage.clock.advance(2_000);
  await until(() => stage.address('default/x') === '10.0.0.1');
  await stage.stop();
});

test('writes that have rested wait for their lane like all others', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.0/22' });
  for (let i = 0; i < 200; i += 1) stage.load(`default/s-${i}`);
  stage.fate = () => ({ status: 429, headers: { 'retry-after': '1' } });
  stage.start();
  await until(() => stage.writes.length === 200);
  let open = 0;
  let most = 0;
  stage.fate = () => {
    open += 1;
    most = Math.max(most, open);
    queueMicrotask(() => {
      open -= 1;
    });
    return 'pass';
  };
  stage.clock.advance(2_000);
  await stage.settled();
  assert.ok(most <= 16, `${most} at once`);
  await stage.stop();
});

test('after a stop no timer is left, and a refusal that comes late does not hold it up', async () => {
  for (const fate of [{ status: 503, headers: { 'retry-after': '300' } }, { status: 403 }] as const) {
    const stage = new Harness();
    stage.pools({ 'cidr-global': '10.0.0.1' });
    stage.load('default/a');
    let stopped: Promise<void> | undefined;
    stage.fate = () => {
      stopped ??= stage.stop();
      return fate;
    };
    stage.start();
    await until(() => stopped !== undefined);
    await stopped;
    assert.deepEqual(stage.clock.timers(), []);
    assert.ok(!stage.events().some((event) => event.includes('Assigned')), 'nothing was');
  }
});
