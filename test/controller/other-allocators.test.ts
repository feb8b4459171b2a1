import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

const event = 'Warning AnotherAllocator';
const record = 'kube-vip.io/allocation';
const addresses = 'kube-vip.io/loadbalancerIPs';

function reports(harness: Harness): string[] {
  return harness.events().filter((one) => one.startsWith(event));
}

function total(harness: Harness): number {
  return Number(/other_allocations_total (\d+)/.exec(harness.replica.metrics())?.[1]);
}

/** What another process of this program writes on a Service. */
function assignmentBy(harness: Harness, key: string, ips: string): object {
  const { uid } = harness.service(key).metadata;
  const text = JSON.stringify({
    from: 'cidr-global',
    ips,
    ports: 'TCP/80',
    families: 'SingleStack ',
    uid,
    by: 'kube-vip-cloud-controller',
  });
  return {
    metadata: { annotations: { [addresses]: ips, [record]: text }, labels: { implementation: 'kube-vip' } },
    spec: { loadBalancerIP: ips },
  };
}

test('a second process that assigns addresses is reported at once, and counted', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24' });
  const another: Promise<void>[] = [];
  // It is faster than this one, each time.
  harness.onWrite = ({ path }) => {
    const [, name = ''] = /services\/([^/?]+)/.exec(path) ?? [];
    const key = `default/${name}`;
    another.push(harness.patch(key, assignmentBy(harness, key, '10.0.0.9'), 'kube-vip-cloud-provider'));
    return 'pass';
  };
  harness.start();
  await harness.create('default/a');
  await until(() => reports(harness).length === 1);
  assert.equal(
    reports(harness)[0],
    `${event} default/a: Another controller assigned 10.0.0.9 to this Service (allocation record of kube-vip-cloud-controller, field manager "kube-vip-cloud-provider"). This one runs without leader election. Both allocate at the same time and can assign one address twice. Stop one of them, or let both use the same Lease.`,
  );
  await until(() => total(harness) === 1);
  harness.onWrite = () => 'pass';
  await harness.create('default/b');
  await harness.settled();
  // Without a write of ours in flight: the watch shows it.
  await harness.patch('default/b', assignmentBy(harness, 'default/b', '10.0.0.8'), 'kube-vip-cloud-provider');
  await until(() => total(harness) === 2);
  await harness.settled();
  assert.equal(reports(harness).length, 1, 'at most one report in a minute');
  harness.clock.advance(60_000);
  // The other one has leader election.
  const renewTime = new Date(harness.clock.wall()).toISOString().replace('Z', '000Z');
  harness.api.load({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'kube-system', name: 'kube-vip-cloud-controller' },
    spec: { holderIdentity: 'node-1_a', leaseDurationSeconds: 15, renewTime },
  });
  await harness.patch('default/b', assignmentBy(harness, 'default/b', '10.0.0.7'), 'kube-vip-cloud-provider');
  await until(() => reports(harness).length === 2);
  assert.match(
    reports(harness)[1] ?? '',
    /runs without leader election, and "node-1_a" holds Lease kube-system\/kube-vip-cloud-controller\./,
  );
  await harness.stop();
});

test('the Go version beside this one is reported, by its finalizer and by its label', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24' });
  harness.start();
  await harness.create('default/a', { spec: { loadBalancerClass: 'other' } });
  await harness.create('default/b');
  await harness.settled();
  await harness.patch('default/a', {
    metadata: { finalizers: ['service.kubernetes.io/load-balancer-cleanup'] },
  });
  await harness.settled();
  assert.equal(total(harness), 0, 'a Service of another class');
  await harness.patch(
    'default/b',
    { metadata: { finalizers: ['service.kubernetes.io/load-balancer-cleanup'] } },
    'go-version',
  );
  await until(() => reports(harness).length === 1);
  assert.match(
    reports(harness)[0] ?? '',
    /manages this Service: it added the finalizer service.kubernetes.io\/load-balancer-cleanup, as the Go/,
  );
  harness.clock.advance(60_000);
  await harness.create('default/c', { spec: { ipFamilies: ['IPv6'] } });
  await harness.settled();
  const marks = { annotations: { [addresses]: '10.0.0.5' }, labels: { implementation: 'kube-vip' } };
  await harness.patch('default/c', { metadata: marks, spec: { loadBalancerIP: '10.0.0.5' } }, 'go-version');
  await until(() => reports(harness).length === 2);
  assert.match(
    reports(harness)[1] ?? '',
    /assigned "10\.0\.0\.5" to this Service without an allocation record/,
  );
  await harness.stop();
});

test('our own writes, people, and tools that restore what was there are no other allocator', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.0/24' });
  harness.load('default/a');
  let isFirst = true;
  harness.onWrite = () => {
    // The response is lost, and the watch reports the write.
    const interception = isFirst ? 'lost after' : 'pass';
    isFirst = false;
    return interception;
  };
  harness.start();
  await until(() => harness.writes.length >= 1);
  harness.clock.advance(1_000);
  await harness.settled();
  await harness.create('default/b');
  await harness.settled();
  const kept = harness.service('default/b').metadata;
  const removed = {
    metadata: { annotations: { [addresses]: null, [record]: null }, labels: { implementation: null } },
  };
  await harness.patch('default/b', removed, 'argocd');
  await harness.settled();
  await harness.patch(
    'default/b',
    { metadata: { annotations: { ...kept.annotations, [record]: `${kept.annotations?.[record]} ` } } },
    'argocd',
  );
  await harness.settled();
  await harness.patch('default/b', { spec: { type: 'ClusterIP' } });
  await harness.patch('default/b', { spec: { type: 'LoadBalancer' } });
  await harness.settled();
  assert.equal(total(harness), 0);
  assert.deepEqual(reports(harness), []);
  await harness.stop();
});
