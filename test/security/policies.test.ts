import assert from 'node:assert/strict';
import type { Answer } from '../contract/http.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import { assigned, loadBalancer, type ServiceOverrides, unassigned } from '../e2e/objects.ts';
import { scenarios } from '../e2e/scenario.ts';
import { allowUser, apply, asUser, pools, rejectionMessage } from '../install/static-addresses.ts';

/** The controller, with the permissions of its manifest, in a cluster with the policies in deploy/admission. */

const addresses = 'kube-vip.io/loadbalancerIPs';
const scenario = scenarios('security-policies');
const shared = { 'range-shop': '10.1.0.1-10.1.0.9', 'range-office': '10.2.0.1-10.2.0.9' };

let prepared: Promise<void> | undefined;

/** Applies the policies. The ConfigMap must exist, because without it nothing shows that they are in force. */
function prepare(cluster: Cluster): Promise<void> {
  prepared ??= (async () => {
    await allowUser(cluster);
    await apply(cluster, 'addresses');
    await apply(cluster, 'marks');
    await apply(cluster, 'hostnames');
  })();
  return prepared;
}

async function create(cluster: Cluster, key: string, overrides: ServiceOverrides = {}): Promise<Answer> {
  const [namespace = ''] = key.split('/');
  await cluster.namespace(namespace);
  return cluster.client.post(
    `/api/v1/namespaces/${namespace}/services`,
    loadBalancer(key, overrides),
    asUser,
  );
}

async function change(cluster: Cluster, key: string, patch: object): Promise<Answer> {
  const [namespace, name] = key.split('/');
  return cluster.client.patch(`/api/v1/namespaces/${namespace}/services/${name}`, patch, asUser);
}

scenario('the controller keeps working, and users can make permitted changes', async ({ cluster, start }) => {
  await cluster.pools(shared);
  await prepare(cluster);
  await pools(cluster, shared);
  // An address outside the pool, from before the policies.
  await cluster.create(loadBalancer('shop/old', { loadBalancerIP: '10.99.0.1' }));
  const controller = start();
  await cluster.becomes('shop/old', assigned('10.99.0.1', 'static'));

  assert.equal((await create(cluster, 'shop/web')).status, 201);
  await cluster.becomes('shop/web', assigned('10.1.0.1', 'range-shop'));
  assert.equal((await create(cluster, 'shop/named', { loadBalancerIP: '10.1.0.7' })).status, 201);
  await cluster.becomes('shop/named', assigned('10.1.0.7', 'static'));

  // After a manifest without our fields is applied again, the controller restores the fields.
  const path = '/api/v1/namespaces/shop/services/web';
  assert.equal((await cluster.client.put(path, loadBalancer('shop/web'), asUser)).status, 200);
  await cluster.becomes('shop/web', assigned('10.1.0.1', 'range-shop'));
  // Users can edit other fields, including on a Service with an old address.
  for (const key of ['shop/web', 'shop/old']) {
    const edited = await change(cluster, key, { metadata: { labels: { tier: 'web' } } });
    assert.equal(edited.status, 200, edited.body.message ?? '');
  }
  const requested = await change(cluster, 'shop/web', {
    metadata: { annotations: { [addresses]: '10.1.0.8' } },
  });
  assert.equal(requested.status, 200);
  await cluster.becomes('shop/web', assigned('10.1.0.8', 'static'));
  const again = { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } };
  assert.equal((await change(cluster, 'shop/old', again)).status, 200);
  await cluster.becomes('shop/old', assigned('10.1.0.1', 'range-shop'));
  // When the type changes to ClusterIP, the controller removes its fields.
  assert.equal((await change(cluster, 'shop/old', { spec: { type: 'ClusterIP' } })).status, 200);
  await cluster.becomes('shop/old', unassigned);
  assert.ok(!controller.output.includes('ValidatingAdmissionPolicy'), 'no write was rejected');
});

scenario(
  'changes by which a user could affect another namespace are rejected',
  async ({ cluster, start }) => {
    await cluster.pools(shared);
    await prepare(cluster);
    await pools(cluster, shared);
    start();
    assert.equal((await create(cluster, 'office/web')).status, 201);
    await cluster.becomes('office/web', assigned('10.2.0.1', 'range-office'));
    const victim = await cluster.service('office/web');
    const { annotations = {} } = victim.metadata;
    const forged: readonly ServiceOverrides[] = [
      { loadBalancerIP: '10.2.0.1' },
      { loadBalancerIP: '10.2.0.9' },
      { annotations: { [addresses]: '10.1.0.5,10.2.0.1' } },
      { annotations, labels: { implementation: 'kube-vip' }, loadBalancerIP: '10.2.0.1' },
      { annotations: { [addresses]: '10.1.0.5' }, labels: { implementation: 'kube-vip' } },
      { annotations: { [addresses]: '10.1.0.5', 'kube-vip.io/requestedIP': '10.2.0.1' } },
      { loadBalancerIP: 'office.example.com' },
    ];
    for (const overrides of forged) {
      const { status, body } = await create(cluster, 'shop/thief', overrides);
      assert.equal(status, 422, JSON.stringify(overrides));
      assert.match(body.message ?? '', /'kube-vip-(?:addresses|marks|hostnames)' with binding/);
    }
    assert.equal((await create(cluster, 'shop/thief')).status, 201);
    await cluster.becomes('shop/thief', assigned('10.1.0.1', 'range-shop'));
    // With the Service's own UID, which is known now, a forged allocation record would make it a holder.
    const own = (await cluster.service('shop/thief')).metadata.annotations?.['kube-vip.io/allocation'] ?? '';
    const record = { ...(JSON.parse(own) as object), ips: '10.2.0.1' };
    const stolen = await change(cluster, 'shop/thief', {
      metadata: { annotations: { 'kube-vip.io/allocation': JSON.stringify(record) } },
    });
    assert.ok(rejectionMessage('marks', stolen));
    assert.deepEqual(await cluster.assignment('office/web'), assigned('10.2.0.1', 'range-office'));
  },
);

scenario(
  'a pool that two namespaces share does not protect them from each other',
  async ({ cluster, start }) => {
    await cluster.pools(shared);
    await prepare(cluster);
    await pools(cluster, { 'range-global': '10.3.0.1-10.3.0.9' });
    start();
    assert.equal((await create(cluster, 'office/web')).status, 201);
    await cluster.becomes('office/web', assigned('10.3.0.1', 'range-global'));
    assert.equal((await create(cluster, 'shop/late', { loadBalancerIP: '10.3.0.1' })).status, 201);
    await cluster.warns(
      'shop/late',
      /10\.3\.0\.1 is already assigned to office\/web, .* kube-vip may still announce it/,
    );
    await eventually(async () => {
      assert.deepEqual(await cluster.assignment('office/web'), assigned('10.3.0.1', 'range-global'));
    });
  },
);
