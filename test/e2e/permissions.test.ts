import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from './cluster.ts';
import { eventually, quietTime } from './eventually.ts';
import { assigned, loadBalancer, unassigned } from './objects.ts';
import {
  isNotAssigned,
  permissionsIn,
  pool,
  type RequiredPermission,
  waitsForLongBackoff,
  web,
} from './required-permissions.ts';
import { grant, type Permissions, shippedPermissions, verbsOf, without } from './roles.ts';
import { scenarios } from './scenario.ts';

/** All other scenarios run with exactly the shipped roles. These show that each verb is required. */

const user = 'limited';
const scenario = scenarios('permissions', [{ name: user }]);

/** Reverts the controller's write until an event reports the write conflict, and returns its message. */
async function provokeWriteConflict(cluster: Cluster): Promise<string> {
  await cluster.becomes('default/web', web);
  return eventually(async () => {
    const { addresses } = await cluster.assignment('default/web');
    if (addresses !== null) await cluster.annotate('default/web', { 'kube-vip.io/loadbalancerIPs': null });
    const events = await cluster.events('default/web');
    const undone = events.find(({ reason }) => reason === 'LoadBalancerFieldsUndone');
    assert.ok(undone, 'an event reports the write conflict');
    return undone.message;
  });
}

/** A Service that was never assigned, and whose status shows what another load balancer wrote there: the address of a Node. */
async function showNodeAddress(cluster: Cluster): Promise<void> {
  await cluster.client.post('/api/v1/nodes', { metadata: { name: 'node-1' } });
  await cluster.client.patch('/api/v1/nodes/node-1/status', {
    status: { addresses: [{ type: 'InternalIP', address: '10.1.0.2' }] },
  });
  await cluster.create(loadBalancer('default/web'));
  await cluster.client.patch('/api/v1/namespaces/default/services/web/status', {
    status: { loadBalancer: { ingress: [{ ip: '10.1.0.2' }] } },
  });
}

scenario('the address of a Node in the status is not adopted', async ({ cluster, start }) => {
  await grant(cluster, user, shippedPermissions());
  await cluster.pools(pool);
  await showNodeAddress(cluster);
  try {
    start({ user });
    await cluster.becomes('default/web', web);
    await eventually(async () => {
      const [event] = await cluster.events('default/web');
      assert.equal(event?.message, 'Assigned 10.1.0.1 (from range-default)');
    });
  } finally {
    await cluster.client.delete('/api/v1/nodes/node-1');
  }
});

const table: readonly RequiredPermission[] = [
  {
    verb: 'list',
    resource: 'nodes',
    fails: 'a Service adopts the address of a Node that another load balancer wrote into its status',
    async shows({ cluster }, start) {
      await showNodeAddress(cluster);
      try {
        await start().logs(/grant the verb "list" on nodes: .*"limited" cannot list resource "nodes"/);
        await cluster.becomes('default/web', assigned('10.1.0.2', 'range-default'));
        await eventually(async () => {
          const [event] = await cluster.events('default/web');
          assert.equal(event?.message, "Adopted 10.1.0.2 from the Service's status");
        });
      } finally {
        await cluster.client.delete('/api/v1/nodes/node-1');
      }
    },
  },
  {
    verb: 'list',
    resource: 'services',
    fails: 'no address is assigned',
    shows: isNotAssigned(/"limited" cannot list resource "services"/),
  },
  {
    verb: 'watch',
    resource: 'services',
    fails: 'new Services are not observed before the next list',
    async shows({ cluster }, start) {
      await cluster.create(loadBalancer('default/web'));
      const controller = start();
      await cluster.becomes('default/web', web);
      await waitsForLongBackoff(controller, 'services', 'spec.type=LoadBalancer');
      await cluster.create(loadBalancer('default/late'));
      await quietTime(1_000);
      assert.deepEqual(await cluster.assignment('default/late'), unassigned);
    },
  },
  {
    verb: 'patch',
    resource: 'services',
    fails: 'no address is written',
    shows: isNotAssigned(/The API server rejected the change: .*"limited" cannot patch resource "services"/),
  },
  {
    verb: 'get',
    resource: 'services',
    fails: 'a write conflict is reported without the name of the other writer',
    async shows({ cluster }, start) {
      await cluster.create(loadBalancer('default/web'));
      start();
      assert.match(await provokeWriteConflict(cluster), /^Another writer keeps reverting/);
    },
  },
  {
    verb: 'create',
    resource: 'events',
    fails: 'the Service has no events',
    async shows({ cluster }, start) {
      await cluster.create(loadBalancer('default/web'));
      await start().logs(/Cannot write an event/);
      await cluster.becomes('default/web', web);
      assert.deepEqual(await cluster.events('default/web'), []);
    },
  },
  {
    verb: 'list',
    resource: 'configmaps',
    fails: 'no address is assigned',
    shows: isNotAssigned(/"limited" cannot list resource "configmaps"/),
  },
  {
    verb: 'watch',
    resource: 'configmaps',
    fails: 'a change to the pools does not apply before the next list',
    async shows({ cluster }, start) {
      await waitsForLongBackoff(start(), 'configmaps');
      await cluster.pools({ 'range-default': '10.9.0.1' });
      await cluster.create(loadBalancer('default/web'));
      await cluster.becomes('default/web', web);
    },
  },
  {
    verb: 'create',
    resource: 'leases',
    fails: 'no replica leads if the Lease does not exist yet',
    shows: isNotAssigned(/Cannot read or write the Lease: .*"limited" cannot create resource "leases"/),
  },
  {
    verb: 'get',
    resource: 'leases',
    fails: 'no replica leads',
    shows: isNotAssigned(/Cannot read or write the Lease: .*"limited" cannot get resource "leases"/),
  },
  {
    verb: 'update',
    resource: 'leases',
    fails: 'the Lease is not renewed and is lost',
    async shows(_, start) {
      const controller = start();
      await controller.logs(/Cannot read or write the Lease: .*"limited" cannot update resource "leases"/);
      await controller.logs(/Lost the Lease/);
    },
  },
  {
    verb: 'watch',
    resource: 'leases',
    fails: 'a released Lease is found only at the next attempt',
    async shows({ cluster, start }, limited) {
      const leader = start();
      await leader.logs(/^Became leader$/);
      await limited().logs(/Running as standby/);
      await leader.terminate();
      await quietTime(1_000);
      assert.equal(await cluster.holder(), '');
    },
  },
];

for (const { verb, resource, fails, shows } of table) {
  scenario(`without ${verb} on ${resource}, ${fails}`, async (context) => {
    await grant(context.cluster, user, without(shippedPermissions(), verb, resource));
    await context.cluster.pools(pool);
    // A long retry period shows the effect of the watch.
    const flags =
      resource === 'leases' && verb === 'watch'
        ? [
            '--leader-elect-lease-duration=60s',
            '--leader-elect-renew-deadline=50s',
            '--leader-elect-retry-period=20s',
          ]
        : [];
    await shows(context, () => context.start({ user, flags }));
  });
}

test('the table contains each verb of the shipped roles, once', () => {
  const { cluster, kubeSystem } = shippedPermissions();
  assert.deepEqual(verbsOf([...cluster, ...kubeSystem]), permissionsIn(table));
});

/** The ClusterRole in the Go version's manifest (v0.0.12), which has no `patch`. */
const goPermissions: Permissions = {
  cluster: [
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      verbs: ['get', 'create', 'update', 'list', 'put'],
    },
    {
      apiGroups: [''],
      resources: ['configmaps', 'endpoints', 'events', 'services/status', 'leases'],
      verbs: ['*'],
    },
    { apiGroups: [''], resources: ['nodes', 'services'], verbs: ['list', 'get', 'watch', 'update'] },
  ],
  kubeSystem: [],
};

scenario(
  "with the Go version's role, the controller uses UPDATE and logs the missing permission",
  async ({ cluster, start }) => {
    await grant(cluster, user, goPermissions);
    await cluster.pools(pool);
    await cluster.create(loadBalancer('default/web'));
    const first = start({ user });
    await cluster.becomes('default/web', web);
    await first.logs(/add the verb "patch" on services to the ClusterRole/);
    await cluster.patch('default/web', { spec: { type: 'ClusterIP' } });
    await cluster.becomes('default/web', unassigned);
    await cluster.annotate('default/web', { 'example.com/mine': 'stays' });
    await cluster.patch('default/web', { spec: { type: 'LoadBalancer' } });
    await cluster.becomes('default/web', web);
    assert.equal((await cluster.service('default/web')).metadata.annotations?.['example.com/mine'], 'stays');
    assert.deepEqual(
      (await cluster.events('default/web')).filter(({ type }) => type === 'Warning'),
      [],
    );
    const second = start({ user });
    await second.logs(/Running as standby/);
    assert.equal(await first.terminate(), 0);
    await cluster.create(loadBalancer('default/next'));
    await cluster.becomes('default/next', assigned('10.1.0.2', 'range-default'));
  },
);
