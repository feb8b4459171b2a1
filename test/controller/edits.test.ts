import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aMoment, until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

const blank = {
  metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '' } },
  spec: { loadBalancerIP: '' },
};

test('a field that somebody undoes again and again is written less and less often, with one warning that names them', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1' });
  stage.load('default/web');
  stage.start();
  await stage.settled();
  const writesAfter = async (ms: number): Promise<number> => {
    const before = stage.writes.length;
    await stage.patch('default/web', blank, 'gitops');
    await until(
      () =>
        stage.inner.controller.allocator.seenVersion('default/web') ===
        stage.service('default/web').metadata.resourceVersion,
    );
    if (ms > 0) {
      stage.clock.advance(ms - 100);
      assert.equal(stage.writes.length, before, `written before ${ms} ms`);
      stage.clock.advance(100);
    }
    await until(() => stage.writes.length > before);
    await stage.settled();
    assert.equal(stage.address('default/web'), '10.0.0.1');
    return stage.writes.length - before;
  };
  for (const ms of [0, 1_000, 2_000, 4_000, 8_000]) assert.equal(await writesAfter(ms), 1);
  const warnings = stage.events().filter((event) => event.startsWith('Warning'));
  assert.deepEqual(warnings, [
    'Warning LoadBalancerFieldsUndone default/web: The field manager "gitops" keeps undoing kube-vip.io/loadbalancerIPs, ' +
      'spec.loadBalancerIP: let it leave these fields alone. They are written again, less and less often.',
  ]);
  await stage.stop();
});

test('a Service that turns ClusterIP is cleaned in one write, and its address goes to whoever waits', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1', 'interface-global': 'eth7' });
  stage.load('default/a');
  stage.load('default/b');
  stage.start();
  await stage.settled();
  assert.equal(stage.address('default/a'), '10.0.0.1');
  assert.equal(stage.service('default/a').metadata.annotations?.['kube-vip.io/serviceInterface'], 'eth7');
  await stage.patch('default/a', { spec: { type: 'ClusterIP' } });
  await until(() => stage.address('default/b') === '10.0.0.1');
  await stage.settled();
  const { metadata, spec } = stage.service('default/a');
  assert.deepEqual(metadata.annotations ?? {}, {});
  assert.deepEqual(metadata.labels ?? {}, {});
  assert.equal(spec?.loadBalancerIP, undefined);
  assert.deepEqual(
    stage.writes.filter((write) => write.endsWith('/a')),
    ['PATCH default/a', 'PATCH default/a'],
  );
  await stage.stop();
});

test('what turned ClusterIP while nobody ran is found at the start; a static annotation stays, and so does what is not ours', async () => {
  const stage = new Harness();
  const record = (from: string, by: string) =>
    JSON.stringify({ from, ips: '10.0.0.1', ports: 'TCP/80', families: 'SingleStack IPv4', uid: 'u', by });
  const leftover = (annotations: object, spec: object = {}) => ({
    metadata: { uid: 'u', labels: { implementation: 'kube-vip' }, annotations },
    spec: { type: 'ClusterIP', ...spec },
  });
  const ips = { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' };
  const ours = 'kube-vip-cloud-controller';
  stage.load(
    'default/allocated',
    leftover(
      { ...ips, 'kube-vip.io/allocation': record('cidr-global', ours) },
      { loadBalancerIP: '10.0.0.1' },
    ),
  );
  stage.load('default/static', leftover({ ...ips, 'kube-vip.io/allocation': record('static', ours) }));
  stage.load('default/by-go', leftover(ips, { loadBalancerIP: '10.0.0.1' }));
  stage.load(
    'default/foreign',
    leftover({ ...ips, 'kube-vip.io/allocation': record('cidr-global', 'another') }),
  );
  stage.load('default/labelled-by-hand', leftover({ note: 'mine' }));
  stage.start();
  await stage.settled();
  const left = (key: string) => [
    Object.keys(stage.service(key).metadata.annotations ?? {}).sort(),
    stage.service(key).metadata.labels ?? {},
  ];
  assert.deepEqual(left('default/allocated'), [[], {}]);
  assert.deepEqual(left('default/static'), [['kube-vip.io/loadbalancerIPs'], {}]);
  assert.deepEqual(left('default/by-go'), [[], {}]);
  assert.deepEqual(left('default/foreign'), [
    ['kube-vip.io/allocation', 'kube-vip.io/loadbalancerIPs'],
    { implementation: 'kube-vip' },
  ]);
  assert.deepEqual(left('default/labelled-by-hand'), [['note'], { implementation: 'kube-vip' }]);
  assert.equal(stage.writes.length, 3);
  await stage.stop();
});

test('the finalizer of the Go version does not hold up a deletion', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1' });
  stage.load('default/web', {
    metadata: {
      finalizers: ['service.kubernetes.io/load-balancer-cleanup', 'example.com/mine'],
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
      labels: { implementation: 'kube-vip' },
    },
    spec: { loadBalancerIP: '10.0.0.1' },
  });
  stage.load('default/going', {
    metadata: {
      finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
      deletionTimestamp: '2026-01-01T00:00:00Z',
    },
  });
  stage.start();
  await until(() => stage.services().length === 1);
  await stage.settled();
  assert.deepEqual(stage.service('default/web').metadata.finalizers, ['example.com/mine']);
  assert.equal(stage.address('default/web'), '10.0.0.1');
  await stage.stop();
});

test('a pool that grows serves those who wait at once; one that goes takes nothing from anybody', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1' });
  for (const name of ['a', 'b', 'c']) stage.load(`default/${name}`);
  stage.start();
  await stage.settled();
  const addresses = () => ['a', 'b', 'c'].map((name) => stage.address(`default/${name}`));
  assert.deepEqual(addresses(), ['10.0.0.1', undefined, undefined]);
  await stage.request('PATCH', 'kube-system/configmaps/kubevip', {
    data: { 'cidr-global': '10.0.0.1-10.0.0.3' },
  });
  await until(() => addresses().every((address) => address !== undefined));
  await stage.settled();
  await stage.request('DELETE', 'kube-system/configmaps/kubevip');
  await until(() => !stage.inner.controller.allocator.config.exists);
  await stage.settled();
  assert.deepEqual(addresses(), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  assert.deepEqual(stage.api.objects('configmaps'), [], 'nothing is created in its place');
  await stage.create('default/d');
  await stage.settled();
  assert.match(
    stage.events().at(-1) ?? '',
    /^Warning SyncLoadBalancerFailed default\/d: There are no pools, because ConfigMap kube-system\/kubevip does not exist\./,
  );
  await stage.stop();
});

test('what is wrong with the ConfigMap is said on it, once', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1', 'cidr-default': 'nonsense' });
  stage.start();
  await until(() => stage.events().length === 1);
  assert.match(
    stage.events()[0] ?? '',
    /^Warning InvalidPoolConfiguration kube-system\/kubevip: cidr-default: "nonsense" is not an IP address/,
  );
  await stage.request('PATCH', 'kube-system/configmaps/kubevip', { data: { 'cidr-other': '10.0.1.1' } });
  await until(() => stage.inner.controller.allocator.config.pools.has('cidr-other'));
  await stage.settled();
  assert.equal(stage.events().length, 1);
  await stage.stop();
});

test('a claimant is told who has the address, once, and becomes its holder when that one leaves', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1' });
  stage.load('default/holder');
  stage.start();
  await stage.settled();
  await stage.create('default/late', { spec: { loadBalancerIP: '10.0.0.1' } });
  await stage.settled();
  assert.equal(stage.service('default/late').metadata.labels?.implementation, undefined);
  const warnings = stage.events().filter((event) => event.startsWith('Warning'));
  assert.equal(warnings.length, 2);
  assert.match(
    warnings.join('\n'),
    /default\/late: 10\.0\.0\.1 is already assigned to default\/holder, and both use TCP port 80\. kube-vip may still announce/,
  );
  assert.match(
    warnings.join('\n'),
    /AddressConflict default\/holder: 10\.0\.0\.1 is also requested by default\/late \(both use TCP port 80\)\./,
  );
  await stage.delete('default/holder');
  await until(() => stage.address('default/late') === '10.0.0.1');
  await stage.settled();
  assert.equal(stage.service('default/late').metadata.labels?.implementation, 'kube-vip');
  await stage.stop();
});

test('a fresh allocation that a person asks for brings an address back into its pool, and the wish is taken off', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1-10.0.0.3' });
  stage.load('default/web', {
    metadata: {
      annotations: { 'kube-vip.io/loadbalancerIPs': '192.168.7.7' },
      labels: { implementation: 'kube-vip' },
    },
    spec: { loadBalancerIP: '192.168.7.7' },
  });
  stage.start();
  await stage.settled();
  assert.equal(stage.address('default/web'), '192.168.7.7', 'kept, though outside its pool');
  await stage.patch('default/web', { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } });
  await until(() => stage.address('default/web') === '10.0.0.1');
  await stage.settled();
  assert.equal(stage.service('default/web').metadata.annotations?.['kube-vip.io/reallocate'], undefined);
  await stage.stop();
});

test('two tools that undo different fields in turn are a quarrel all the same', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1' });
  stage.load('default/web');
  stage.start();
  await stage.settled();
  const undo = [{ metadata: { labels: { implementation: null } } }, blank];
  for (let i = 0; i < 6; i += 1) {
    await stage.patch('default/web', undo[i % 2] ?? {});
    await aMoment();
  }
  // Written at once: the first time for each field. Everything else waits.
  assert.ok(stage.writes.length <= 5, stage.writes.join());
  const warnings = stage.events().filter((event) => event.includes('LoadBalancerFieldsUndone'));
  assert.equal(warnings.length, 1);
  await stage.stop();
});

test('a label that comes back to a ClusterIP Service again and again is taken off less and less often', async () => {
  const stage = new Harness();
  const marked = {
    metadata: {
      labels: { implementation: 'kube-vip' },
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
    },
    spec: { type: 'ClusterIP', loadBalancerIP: '10.0.0.1' },
  };
  stage.load('default/web', marked);
  stage.start();
  await stage.settled();
  for (let i = 0; i < 5; i += 1) {
    await stage.patch('default/web', marked);
    await aMoment();
  }
  assert.ok(stage.writes.length <= 2, `${stage.writes.length} writes`);
  await stage.stop();
});

test('one whose clean-up fails holds up no other', async () => {
  const stage = new Harness();
  const marked = {
    metadata: {
      labels: { implementation: 'kube-vip' },
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
    },
    spec: { type: 'ClusterIP' },
  };
  for (const name of ['a', 'b', 'c']) stage.load(`bad/${name}`, marked);
  stage.load('good/web', marked);
  stage.fate = ({ path }) => (path.includes('/bad/') ? { status: 500 } : 'pass');
  stage.start();
  await until(() => stage.service('good/web').metadata.labels?.implementation === undefined);
  await stage.stop();
});

test('a waiting Service that was made anew under its name is told its reason anew', async () => {
  const stage = new Harness();
  stage.load('default/web');
  stage.start();
  await until(() => stage.events().length === 1);
  await stage.delete('default/web');
  await stage.create('default/web');
  await until(() => stage.events().length === 2);
  await stage.stop();
});

test('a claimant that turns away from a taken address ends the conflict, and is never taken for a duplicate', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1-10.0.0.3' });
  stage.load('default/early');
  stage.load('default/web');
  stage.start();
  await stage.settled();
  const annotate = (value: string | null) => ({
    metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': value } },
  });
  await stage.patch('default/early', annotate('10.0.0.2'));
  await stage.settled();
  assert.match(
    stage.events().at(-1) ?? '',
    /default\/early: 10\.0\.0\.2 is already assigned to default\/web/,
  );
  await stage.patch('default/early', annotate(null));
  await until(() => stage.address('default/early') === '10.0.0.1');
  await stage.settled();
  assert.deepEqual(conflictEvents(stage, 'default/web'), [
    'Warning AddressConflict: 10.0.0.2 is also requested by default/early (both use TCP port 80).',
    'Normal AddressConflictResolved: The conflict over 10.0.0.2 is over: nobody else has it or asks for it any more.',
  ]);
  await stage.stop();
});

/** The events of a Service beside that of its assignment, each without what it advises. */
function conflictEvents(stage: Harness, key: string): string[] {
  return stage.events().flatMap((event) => {
    const [, kind, regarding, message] = /^(\w+ \w+) (\S+): (.*)$/.exec(event) ?? [];
    if (regarding !== key || kind === 'Normal EnsuredLoadBalancer') return [];
    return [`${kind}: ${message?.replace(/ This Service keeps it.*/, '')}`];
  });
}

test('a claimant that asks for a fresh allocation does not make its holder look like a duplicate', async () => {
  const stage = new Harness();
  stage.pools({ 'cidr-global': '10.0.0.1-10.0.0.3' });
  stage.load('default/web');
  stage.start();
  await stage.settled();
  await stage.create('default/late', { spec: { loadBalancerIP: '10.0.0.1' } });
  await stage.settled();
  await stage.patch('default/late', { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } });
  await until(() => stage.address('default/late') === '10.0.0.2');
  await stage.settled();
  assert.deepEqual(conflictEvents(stage, 'default/web'), [
    'Warning AddressConflict: 10.0.0.1 is also requested by default/late (both use TCP port 80).',
    'Normal AddressConflictResolved: The conflict over 10.0.0.1 is over: nobody else has it or asks for it any more.',
  ]);
  await stage.stop();
});
