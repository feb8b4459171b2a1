import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aMoment, until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

const blank = {
  metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '' } },
  spec: { loadBalancerIP: '' },
};

test('a field that another writer keeps reverting is restored with back-off, with warnings that name the field manager and the time of the next attempt', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  const writesAfter = async (ms: number): Promise<number> => {
    const before = harness.writes.length;
    await harness.patch('default/web', blank, 'gitops');
    await until(
      () =>
        harness.replica.controller.allocator.seenVersion('default/web') ===
        harness.service('default/web').metadata.resourceVersion,
    );
    if (ms > 0) {
      harness.clock.advance(ms - 100);
      assert.equal(harness.writes.length, before, `written before ${ms} ms`);
      harness.clock.advance(100);
    }
    await until(() => harness.writes.length > before);
    await harness.settled();
    assert.equal(harness.address('default/web'), '10.0.0.1');
    return harness.writes.length - before;
  };
  for (const ms of [0, 1_000, 2_000, 4_000, 8_000]) assert.equal(await writesAfter(ms), 1);
  const warnings = harness.events().filter((event) => event.startsWith('Warning'));
  // Again when the wait has become four times as long.
  assert.deepEqual(
    warnings,
    ['2026-01-02T03:04:06Z', '2026-01-02T03:04:12Z'].map(
      (time) =>
        'Warning LoadBalancerFieldsUndone default/web: The field manager "gitops" keeps reverting kube-vip.io/loadbalancerIPs. ' +
        'The same or another client keeps removing spec.loadBalancerIP. A removal leaves no trace in managedFields: ' +
        'the audit log of the API server names the client. Configure it to ignore these fields. The controller keeps restoring them with back-off. ' +
        `The next attempt is at ${time}.`,
    ),
  );
  await harness.stop();
});

test('a client that keeps removing the annotation is not named: neither kube-vip, which wrote last, nor we ourselves', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  const warnings = (): string[] =>
    harness.events().filter((event) => event.includes('LoadBalancerFieldsUndone'));
  for (let i = 0; i < 6 && warnings().length === 0; i += 1) {
    const removed = { metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': null } } };
    await harness.patch('default/web', removed, 'kubectl-annotate');
    const host = { metadata: { annotations: { 'kube-vip.io/vipHost': `n${i}` } } };
    await harness.patch('default/web', host, 'kube-vip');
    await aMoment();
    // The time until the next restore is due, if it is delayed.
    if (harness.address('default/web') === undefined) harness.clock.advance(2_000);
    await until(() => harness.address('default/web') !== undefined);
    await harness.settled();
  }
  const [warning = ''] = warnings();
  assert.match(
    warning,
    /^Warning LoadBalancerFieldsUndone default\/web: Another client keeps removing kube-vip\.io\/loadbalancerIPs\. A removal leaves no trace in managedFields: the audit log of the API server names the client\. Configure it to ignore this field\. The controller keeps restoring it with back-off\. The next attempt is at [-\dT:]+Z\.$/,
  );
  await harness.stop();
});

test('a Service that becomes ClusterIP is cleaned up in one write, and a pending Service gets its address', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1', 'interface-global': 'eth7' });
  harness.load('default/a');
  harness.load('default/b');
  harness.start();
  await harness.settled();
  assert.equal(harness.address('default/a'), '10.0.0.1');
  assert.equal(harness.service('default/a').metadata.annotations?.['kube-vip.io/serviceInterface'], 'eth7');
  await harness.patch('default/a', { spec: { type: 'ClusterIP' } });
  await until(() => harness.address('default/b') === '10.0.0.1');
  await harness.settled();
  const { metadata, spec } = harness.service('default/a');
  assert.deepEqual(metadata.annotations ?? {}, {});
  assert.deepEqual(metadata.labels ?? {}, {});
  assert.equal(spec?.loadBalancerIP, undefined);
  assert.deepEqual(
    harness.writes.filter((write) => write.endsWith('/a')),
    ['PATCH default/a', 'PATCH default/a'],
  );
  await harness.stop();
});

test('Services that became ClusterIP while no controller ran are cleaned up at the start, except for static annotations and fields of others', async () => {
  const harness = new Harness();
  const record = (from: string, by: string) =>
    JSON.stringify({ from, ips: '10.0.0.1', ports: 'TCP/80', families: 'SingleStack IPv4', uid: 'u', by });
  const formerLoadBalancer = (annotations: object, spec: object = {}) => ({
    metadata: { uid: 'u', labels: { implementation: 'kube-vip' }, annotations },
    spec: { type: 'ClusterIP', ...spec },
  });
  const ips = { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' };
  const ours = 'kube-vip-cloud-controller';
  harness.load(
    'default/allocated',
    formerLoadBalancer(
      { ...ips, 'kube-vip.io/allocation': record('cidr-global', ours) },
      { loadBalancerIP: '10.0.0.1' },
    ),
  );
  harness.load(
    'default/static',
    formerLoadBalancer({ ...ips, 'kube-vip.io/allocation': record('static', ours) }),
  );
  harness.load('default/by-go', formerLoadBalancer(ips, { loadBalancerIP: '10.0.0.1' }));
  harness.load(
    'default/foreign',
    formerLoadBalancer({ ...ips, 'kube-vip.io/allocation': record('cidr-global', 'another') }),
  );
  harness.load('default/labelled-by-hand', formerLoadBalancer({ note: 'mine' }));
  harness.start();
  await harness.settled();
  const remaining = (key: string) => [
    Object.keys(harness.service(key).metadata.annotations ?? {}).sort(),
    harness.service(key).metadata.labels ?? {},
  ];
  assert.deepEqual(remaining('default/allocated'), [[], {}]);
  assert.deepEqual(remaining('default/static'), [['kube-vip.io/loadbalancerIPs'], {}]);
  assert.deepEqual(remaining('default/by-go'), [[], {}]);
  assert.deepEqual(remaining('default/foreign'), [
    ['kube-vip.io/allocation', 'kube-vip.io/loadbalancerIPs'],
    { implementation: 'kube-vip' },
  ]);
  assert.deepEqual(remaining('default/labelled-by-hand'), [['note'], { implementation: 'kube-vip' }]);
  assert.equal(harness.writes.length, 3);
  await harness.stop();
});

test('the finalizer of the Go version does not block a deletion', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/web', {
    metadata: {
      finalizers: ['service.kubernetes.io/load-balancer-cleanup', 'example.com/mine'],
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
      labels: { implementation: 'kube-vip' },
    },
    spec: { loadBalancerIP: '10.0.0.1' },
  });
  harness.load('default/going', {
    metadata: {
      finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
      deletionTimestamp: '2026-01-01T00:00:00Z',
    },
  });
  harness.start();
  await until(() => harness.services().length === 1);
  await harness.settled();
  assert.deepEqual(harness.service('default/web').metadata.finalizers, ['example.com/mine']);
  assert.equal(harness.address('default/web'), '10.0.0.1');
  await harness.stop();
});

test('pending Services get addresses as soon as the pool grows, and Services keep theirs when it is removed', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  for (const name of ['a', 'b', 'c']) harness.load(`default/${name}`);
  harness.start();
  await harness.settled();
  const addresses = () => ['a', 'b', 'c'].map((name) => harness.address(`default/${name}`));
  assert.deepEqual(addresses(), ['10.0.0.1', undefined, undefined]);
  await harness.request('PATCH', 'kube-system/configmaps/kubevip', {
    data: { 'cidr-global': '10.0.0.1-10.0.0.3' },
  });
  await until(() => addresses().every((address) => address !== undefined));
  await harness.settled();
  await harness.request('DELETE', 'kube-system/configmaps/kubevip');
  await until(() => !harness.replica.controller.allocator.config.exists);
  await harness.settled();
  assert.deepEqual(addresses(), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  assert.deepEqual(harness.api.objects('configmaps'), [], 'the ConfigMap is not created again');
  await harness.create('default/d');
  await harness.settled();
  assert.match(
    harness.events().at(-1) ?? '',
    /^Warning SyncLoadBalancerFailed default\/d: There are no pools, because ConfigMap kube-system\/kubevip does not exist\./,
  );
  await harness.stop();
});

test('a block written from its middle is a Normal event, and the problems beside it a Warning', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.10/29,127.0.0.1', 'cidr-default': '10.1.0.10/29' });
  harness.start();
  await until(() => harness.events().length === 2);
  assert.deepEqual(harness.events(), [
    'Normal PoolEntryNormalized kube-system/kubevip: cidr-default: "10.1.0.10/29" has host bits set. It is read as 10.1.0.8/29, which provides 10.1.0.9-10.1.0.14. cidr-global: "10.0.0.10/29" has host bits set. It is read as 10.0.0.8/29, which provides 10.0.0.9-10.0.0.14.',
    'Warning InvalidPoolConfiguration kube-system/kubevip: cidr-global: "127.0.0.1" contains loopback addresses (127.0.0.0/8), which never leave a host. Remove these addresses from the pool.',
  ]);
  await harness.stop();
});

test('a problem in the ConfigMap is reported on it, once', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1', 'cidr-default': 'nonsense' });
  harness.start();
  await until(() => harness.events().length === 1);
  assert.match(
    harness.events()[0] ?? '',
    /^Warning InvalidPoolConfiguration kube-system\/kubevip: cidr-default: "nonsense" is not an IP address/,
  );
  await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data: { 'cidr-other': '10.0.1.1' } });
  await until(() => harness.replica.controller.allocator.config.pools.has('cidr-other'));
  await harness.settled();
  assert.equal(harness.events().length, 1);
  await harness.stop();
});

test('a contender gets one event that names the holder, and becomes the holder when that Service is deleted', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/holder');
  harness.start();
  await harness.settled();
  await harness.create('default/late', { spec: { loadBalancerIP: '10.0.0.1' } });
  await harness.settled();
  assert.equal(harness.service('default/late').metadata.labels?.implementation, undefined);
  const warnings = harness.events().filter((event) => event.startsWith('Warning'));
  assert.equal(warnings.length, 2);
  assert.match(
    warnings.join('\n'),
    /default\/late: 10\.0\.0\.1 is already assigned to default\/holder, and both use TCP port 80\. kube-vip may still announce/,
  );
  assert.match(
    warnings.join('\n'),
    /AddressConflict default\/holder: 10\.0\.0\.1 is also requested by default\/late \(both use TCP port 80\)\./,
  );
  await harness.delete('default/holder');
  await until(() => harness.address('default/late') === '10.0.0.1');
  await harness.settled();
  assert.equal(harness.service('default/late').metadata.labels?.implementation, 'kube-vip');
  await harness.stop();
});

test('the reallocate annotation assigns an address from the pool, and is removed', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1-10.0.0.3' });
  harness.load('default/web', {
    metadata: {
      annotations: { 'kube-vip.io/loadbalancerIPs': '192.168.7.7' },
      labels: { implementation: 'kube-vip' },
    },
    spec: { loadBalancerIP: '192.168.7.7' },
  });
  harness.start();
  await harness.settled();
  assert.equal(harness.address('default/web'), '192.168.7.7', 'kept, although outside its pool');
  await harness.patch('default/web', { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } });
  await until(() => harness.address('default/web') === '10.0.0.1');
  await harness.settled();
  assert.equal(harness.service('default/web').metadata.annotations?.['kube-vip.io/reallocate'], undefined);
  await harness.stop();
});

test('a person who requests one reallocation after another is never delayed, and is no other writer', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  const reallocate = { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } };
  // Between two pools, so that the same fields get the same content again.
  for (let i = 0; i < 10; i += 1) {
    const address = `10.0.${(i + 1) % 2}.1`;
    const { allocator } = harness.replica.controller;
    const before = allocator.config;
    await harness.request('PATCH', 'kube-system/configmaps/kubevip', {
      data: { 'cidr-global': address, 'search-order': `${i}` },
    });
    await until(() => allocator.config !== before);
    await harness.patch('default/web', reallocate, 'kubectl-annotate');
    await until(() => harness.address('default/web') === address);
    await harness.settled();
  }
  // The same request, when there is nothing to change.
  for (let i = 0; i < 10; i += 1) {
    await harness.patch('default/web', reallocate, 'kubectl-annotate');
    await until(
      () => harness.service('default/web').metadata.annotations?.['kube-vip.io/reallocate'] === undefined,
    );
    await harness.settled();
  }
  const events = harness.events();
  assert.deepEqual(
    events.filter((event) => event.includes('LoadBalancerFieldsUndone')),
    [],
  );
  assert.equal(
    events.at(-1),
    'Normal EnsuredLoadBalancer default/web: Kept 10.0.0.1: it is already in its pool',
  );
  await harness.stop();
});

test('two tools that revert different fields in turn are also a write conflict', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  const reverts = [{ metadata: { labels: { implementation: null } } }, blank];
  for (let i = 0; i < 6; i += 1) {
    await harness.patch('default/web', reverts[i % 2] ?? {});
    await aMoment();
  }
  // The first restore of each field is immediate; all others are delayed.
  assert.ok(harness.writes.length <= 5, harness.writes.join());
  const warnings = harness.events().filter((event) => event.includes('LoadBalancerFieldsUndone'));
  assert.equal(warnings.length, 1, warnings.join());
  await harness.stop();
});

test('a label that another writer keeps adding to a ClusterIP Service is removed with back-off', async () => {
  const harness = new Harness();
  const marked = {
    metadata: {
      labels: { implementation: 'kube-vip' },
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
    },
    spec: { type: 'ClusterIP', loadBalancerIP: '10.0.0.1' },
  };
  harness.load('default/web', marked);
  harness.start();
  await harness.settled();
  for (let i = 0; i < 5; i += 1) {
    await harness.patch('default/web', marked);
    await aMoment();
  }
  assert.ok(harness.writes.length <= 2, `${harness.writes.length} writes`);
  await harness.stop();
});

test('a failing cleanup does not block others', async () => {
  const harness = new Harness();
  const marked = {
    metadata: {
      labels: { implementation: 'kube-vip' },
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
    },
    spec: { type: 'ClusterIP' },
  };
  for (const name of ['a', 'b', 'c']) harness.load(`bad/${name}`, marked);
  harness.load('good/web', marked);
  harness.onWrite = ({ path }) => (path.includes('/bad/') ? { status: 500 } : 'pass');
  harness.start();
  await until(() => harness.service('good/web').metadata.labels?.implementation === undefined);
  await harness.stop();
});

test('a pending Service that was deleted and created again gets its event again', async () => {
  const harness = new Harness();
  harness.load('default/web');
  harness.start();
  await until(() => harness.events().length === 1);
  await harness.delete('default/web');
  await harness.create('default/web');
  await until(() => harness.events().length === 2);
  await harness.stop();
});

test('a contender that no longer requests the address ends the conflict, and is never reported as a duplicate', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1-10.0.0.3' });
  harness.load('default/early');
  harness.load('default/web');
  harness.start();
  await harness.settled();
  const annotate = (value: string | null) => ({
    metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': value } },
  });
  await harness.patch('default/early', annotate('10.0.0.2'));
  await harness.settled();
  assert.match(
    harness.events().at(-1) ?? '',
    /default\/early: 10\.0\.0\.2 is already assigned to default\/web/,
  );
  await harness.patch('default/early', annotate(null));
  await until(() => harness.address('default/early') === '10.0.0.1');
  await harness.settled();
  assert.deepEqual(conflictEvents(harness, 'default/web'), [
    'Warning AddressConflict: 10.0.0.2 is also requested by default/early (both use TCP port 80).',
    'Normal AddressConflictResolved: The conflict over 10.0.0.2 is resolved: it is no longer used or requested elsewhere.',
  ]);
  await harness.stop();
});

/** The events of a Service except that of its assignment, without their advice. */
function conflictEvents(harness: Harness, key: string): string[] {
  return harness.events().flatMap((event) => {
    const [, kind, regarding, message] = /^(\w+ \w+) (\S+): (.*)$/.exec(event) ?? [];
    if (regarding !== key || kind === 'Normal EnsuredLoadBalancer') return [];
    return [`${kind}: ${message?.replace(/ This Service keeps it.*/, '')}`];
  });
}

test('a contender that requests reallocation does not make the holder look like a duplicate', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1-10.0.0.3' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  await harness.create('default/late', { spec: { loadBalancerIP: '10.0.0.1' } });
  await harness.settled();
  await harness.patch('default/late', { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } });
  await until(() => harness.address('default/late') === '10.0.0.2');
  await harness.settled();
  assert.deepEqual(conflictEvents(harness, 'default/web'), [
    'Warning AddressConflict: 10.0.0.1 is also requested by default/late (both use TCP port 80).',
    'Normal AddressConflictResolved: The conflict over 10.0.0.1 is resolved: it is no longer used or requested elsewhere.',
  ]);
  await harness.stop();
});
