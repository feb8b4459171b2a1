import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Expected, examples } from '../examples/expected.ts';
import type { Cluster } from './cluster.ts';
import { eventually, quietTime } from './eventually.ts';
import { type Assignment, assigned, loadBalancer, unassigned } from './objects.ts';
import { scenarios } from './scenario.ts';

const folder = join(import.meta.dirname, '..', '..', 'examples');
const scenario = scenarios('examples');

function assignmentFor(expected: Expected): Assignment {
  switch (expected.state) {
    case 'Assigned': {
      const { addresses, specIP, from, interface: device } = expected;
      return { addresses, specIP, label: 'kube-vip', from, interface: device };
    }
    case 'Conflict':
      return { ...unassigned, addresses: expected.addresses };
    default:
      return unassigned;
  }
}

/** Asserts that the warnings of an object contain these reasons. A block written from its middle is not a warning. */
async function hasReasons(cluster: Cluster, key: string, kind: string, reasons: readonly RegExp[]) {
  const messages = (await cluster.events(key, kind))
    .filter(({ type, reason }) => type === 'Warning' || reason === 'PoolEntryNormalized')
    .map(({ message }) => message);
  // Events start with a capital letter.
  for (const { source } of reasons) assert.match(messages.join('\n'), new RegExp(source, 'i'));
}

for (const [file, { env, services, problems }] of Object.entries(examples)) {
  scenario(`examples/${file}, applied with kubectl, has the expected result`, async ({ cluster, start }) => {
    for (const key of Object.keys(services)) await cluster.namespace(key.split('/')[0] ?? '');
    // Otherwise the watch could show a Service before the ConfigMap, whose reservations would come too late for it.
    await cluster.kubectl(['apply', '-f', join(folder, file)]);
    start({ env });
    for (const [key, expected] of Object.entries(services)) {
      await cluster.becomes(key, assignmentFor(expected));
      if (!('reason' in expected)) continue;
      await eventually(() => hasReasons(cluster, key, 'Service', [expected.reason]));
    }
    if (problems.length === 0) return;
    await eventually(() => hasReasons(cluster, 'kube-system/kubevip', 'ConfigMap', problems));
  });
}

// If a manifest has no ipFamilies, a pool without IPv4 provides IPv6. The API server, however, always sets ipFamilies to
// the cluster's first family, so examples that need IPv6 set the field and work in both cases.
scenario(
  'a Service without ipFamilies is pending for IPv4 if the pool contains only IPv6',
  async ({ cluster, start }) => {
    await cluster.pools({ 'cidr-default': '2001:db8::/64' });
    start();
    const { spec } = await cluster.create(loadBalancer('default/web'));
    assert.deepEqual(spec.ipFamilies, ['IPv4']);
    await eventually(() => hasReasons(cluster, 'default/web', 'Service', [/IPv4/]));
    assert.deepEqual(await cluster.assignment('default/web'), unassigned);
  },
);

scenario('the names of the ConfigMap and of the class can be changed', async ({ cluster, start }) => {
  const elsewhere = '/api/v1/namespaces/default/configmaps';
  const data = { 'cidr-global': '10.1.0.0/24' };
  await cluster.pools({ 'cidr-global': '10.2.0.0/24' });
  assert.equal((await cluster.client.post(elsewhere, { metadata: { name: 'own' }, data })).status, 201);
  try {
    start({
      user: 'administrator',
      env: {
        KUBEVIP_NAMESPACE: 'default',
        KUBEVIP_CONFIG_MAP: 'own',
        KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true',
        KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME: 'example.com/own',
      },
    });
    await cluster.create(loadBalancer('default/classless'));
    await cluster.create(loadBalancer('default/usual', { loadBalancerClass: 'kube-vip.io/kube-vip-class' }));
    await cluster.create(loadBalancer('default/own', { loadBalancerClass: 'example.com/own' }));
    // The last one created: any other Service would have an address by now.
    await cluster.becomes('default/own', assigned('10.1.0.1', 'cidr-global'));
    assert.deepEqual(await cluster.assignment('default/classless'), unassigned);
    assert.deepEqual(await cluster.assignment('default/usual'), unassigned);
  } finally {
    await cluster.client.delete(`${elsewhere}/own`);
  }
});

scenario('applying an example again changes nothing', async ({ cluster, start }) => {
  const file = join(folder, 'global-range.yaml');
  for (const namespace of ['shop', 'team']) await cluster.namespace(namespace);
  start();
  await cluster.kubectl(['apply', '-f', file]);
  await eventually(async () => {
    assert.deepEqual(await cluster.assignment('team/web'), assigned('192.168.0.202', 'range-global'));
    assert.equal((await cluster.events('team/web')).length, 1);
  });
  const before = await cluster.versions();
  assert.match(await cluster.kubectl(['apply', '-f', file]), /^(.* unchanged\n){4}$/);
  await quietTime();
  assert.deepEqual(await cluster.versions(), before);
});
