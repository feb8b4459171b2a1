import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from './cluster.ts';
import { eventually, quietTime } from './eventually.ts';
import { isNotServed, type Needed, pauses, pool, verbsIn, web } from './needed.ts';
import { loadBalancer, served, unmarked } from './objects.ts';
import { grant, type Rights, shippedRights, verbsOf, without } from './roles.ts';
import { scenarios } from './scenario.ts';

/** All other scenarios run with exactly the shipped roles; these show that each verb of them is needed. */

const user = 'limited';
const scenario = scenarios('rights', [{ name: user }]);

/** Undoes what a controller writes until it says who does that. */
async function quarrel(cluster: Cluster): Promise<string> {
  await cluster.becomes('default/web', web);
  return eventually(async () => {
    const { addresses } = await cluster.marks('default/web');
    if (addresses !== null) await cluster.annotate('default/web', { 'kube-vip.io/loadbalancerIPs': null });
    const events = await cluster.events('default/web');
    const undone = events.find(({ reason }) => reason === 'LoadBalancerFieldsUndone');
    assert.ok(undone, 'it is said that somebody undoes the change');
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
  await grant(cluster, user, shippedRights());
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

const table: readonly Needed[] = [
  {
    verb: 'list',
    resource: 'nodes',
    fails: 'a Service adopts the address of a Node that another load balancer wrote into its status',
    async shows({ cluster }, start) {
      await showNodeAddress(cluster);
      try {
        await start().says(/grant the verb "list" on nodes: .*"limited" cannot list resource "nodes"/);
        await cluster.becomes('default/web', served('10.1.0.2', 'range-default'));
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
    fails: 'nothing is served',
    shows: isNotServed(/"limited" cannot list resource "services"/),
  },
  {
    verb: 'watch',
    resource: 'services',
    fails: 'Services that come later are not seen before the next list',
    async shows({ cluster }, start) {
      await cluster.create(loadBalancer('default/web'));
      const controller = start();
      await cluster.becomes('default/web', web);
      await pauses(controller, 'services', 'spec.type=LoadBalancer');
      await cluster.create(loadBalancer('default/late'));
      await quietTime(1_000);
      assert.deepEqual(await cluster.marks('default/late'), unmarked);
    },
  },
  {
    verb: 'patch',
    resource: 'services',
    fails: 'no address is written',
    shows: isNotServed(/the API server rejected the change: .*"limited" cannot patch resource "services"/),
  },
  {
    verb: 'get',
    resource: 'services',
    fails: 'whoever undoes a change is not named',
    async shows({ cluster }, start) {
      await cluster.create(loadBalancer('default/web'));
      start();
      assert.match(await quarrel(cluster), /^Another writer keeps reverting/);
    },
  },
  {
    verb: 'create',
    resource: 'events',
    fails: 'nothing is said on the Service',
    async shows({ cluster }, start) {
      await cluster.create(loadBalancer('default/web'));
      await start().says(/cannot write an event/);
      await cluster.becomes('default/web', web);
      assert.deepEqual(await cluster.events('default/web'), []);
    },
  },
  {
    verb: 'list',
    resource: 'configmaps',
    fails: 'nothing is served',
    shows: isNotServed(/"limited" cannot list resource "configmaps"/),
  },
  {
    verb: 'watch',
    resource: 'configmaps',
    fails: 'a change of the pools does not count before the next list',
    async shows({ cluster }, start) {
      await pauses(start(), 'configmaps');
      await cluster.pools({ 'range-default': '10.9.0.1' });
      await cluster.create(loadBalancer('default/web'));
      await cluster.becomes('default/web', web);
    },
  },
  {
    verb: 'create',
    resource: 'leases',
    fails: 'nobody leads where there is no Lease yet',
    shows: isNotServed(/cannot read or write the Lease: .*"limited" cannot create resource "leases"/),
  },
  {
    verb: 'get',
    resource: 'leases',
    fails: 'nobody leads',
    shows: isNotServed(/cannot read or write the Lease: .*"limited" cannot get resource "leases"/),
  },
  {
    verb: 'update',
    resource: 'leases',
    fails: 'the Lease is not renewed, and lost',
    async shows(_, start) {
      const controller = start();
      await controller.says(/cannot read or write the Lease: .*"limited" cannot update resource "leases"/);
      await controller.says(/lost the Lease/);
    },
  },
  {
    verb: 'watch',
    resource: 'leases',
    fails: 'a released Lease is found only at the next attempt',
    async shows({ cluster, start }, limited) {
      const leader = start();
      await leader.says(/^became leader$/);
      await limited().says(/running as standby/);
      await leader.terminate();
      await quietTime(1_000);
      assert.equal(await cluster.holder(), '');
    },
  },
];

for (const { verb, resource, fails, shows } of table) {
  scenario(`without ${verb} on ${resource} ${fails}`, async (world) => {
    await grant(world.cluster, user, without(shippedRights(), verb, resource));
    await world.cluster.pools(pool);
    // With attempts far apart, so that what a watch of the Lease is good for can be seen.
    const flags =
      resource === 'leases' && verb === 'watch'
        ? [
            '--leader-elect-lease-duration=60s',
            '--leader-elect-renew-deadline=50s',
            '--leader-elect-retry-period=20s',
          ]
        : [];
    await shows(world, () => world.start({ user, flags }));
  });
}

test('the table has each verb of the shipped roles once', () => {
  const { cluster, kubeSystem } = shippedRights();
  assert.deepEqual(verbsOf([...cluster, ...kubeSystem]), verbsIn(table));
});

/** The ClusterRole of the Go version's manifest (v0.0.12): everything in it is for every namespace, and no `patch`. */
const goRights: Rights = {
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
  "with the Go version's role it works by UPDATE, and says what it misses",
  async ({ cluster, start }) => {
    await grant(cluster, user, goRights);
    await cluster.pools(pool);
    await cluster.create(loadBalancer('default/web'));
    const first = start({ user });
    await cluster.becomes('default/web', web);
    await first.says(/add the verb "patch" on services to the ClusterRole/);
    await cluster.patch('default/web', { spec: { type: 'ClusterIP' } });
    await cluster.becomes('default/web', unmarked);
    await cluster.annotate('default/web', { 'example.com/mine': 'stays' });
    await cluster.patch('default/web', { spec: { type: 'LoadBalancer' } });
    await cluster.becomes('default/web', web);
    assert.equal((await cluster.service('default/web')).metadata.annotations?.['example.com/mine'], 'stays');
    assert.deepEqual(
      (await cluster.events('default/web')).filter(({ type }) => type === 'Warning'),
      [],
    );
    const second = start({ user });
    await second.says(/running as standby/);
    assert.equal(await first.terminate(), 0);
    await cluster.create(loadBalancer('default/next'));
    await cluster.becomes('default/next', served('10.1.0.2', 'range-default'));
  },
);
