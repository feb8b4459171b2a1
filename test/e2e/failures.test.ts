import assert from 'node:assert/strict';
import type { Cluster } from './cluster.ts';
import { keyOf } from './cluster.ts';
import { eventually } from './eventually.ts';
import { assigned, assignmentOf, loadBalancer, unassigned } from './objects.ts';
import { scenarios } from './scenario.ts';
import type { ServiceWatch } from './service-watch.ts';

const reader = 'reader';
const scenario = scenarios('failures', [{ name: reader }]);

/** Creates `count` Services, eight at a time. */
async function burst(cluster: Cluster, count: number): Promise<void> {
  const remaining = Array.from({ length: count }, (_, index) => `default/web-${index + 1}`);
  const worker = async (): Promise<void> => {
    for (let key = remaining.pop(); key !== undefined; key = remaining.pop())
      await cluster.create(loadBalancer(key, { allocateLoadBalancerNodePorts: false }));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** Follows the watch until `count` Services have an address, and fails if the address of one changes. */
async function follow(watch: ServiceWatch, given: Map<string, string>, count: number): Promise<void> {
  while (given.size < count) {
    const event = await watch.next();
    const { addresses } = assignmentOf(event.object);
    if (addresses === null) continue;
    const key = keyOf(event.object);
    assert.equal(addresses, given.get(key) ?? addresses, key);
    given.set(key, addresses);
  }
}

/** Asserts that the Services use each address from 10.1.0.1 to .count exactly once. */
async function isComplete(cluster: Cluster, count: number, given: Map<string, string>): Promise<void> {
  const services = await cluster.services();
  assert.equal(services.size, count);
  const addresses = new Set<string | null>();
  for (const [key, service] of services) {
    const assignment = assignmentOf(service);
    assert.deepEqual(assignment, assigned(assignment.addresses ?? '', 'range-default'), key);
    assert.equal(assignment.addresses, given.get(key) ?? assignment.addresses, key);
    addresses.add(assignment.addresses);
  }
  const pool = Array.from({ length: count }, (_, index) => `10.1.0.${index + 1}`);
  assert.deepEqual(addresses, new Set(pool));
}

scenario(
  'three SIGKILLs during 200 assignments: no address is duplicated, lost or changed',
  async ({ cluster, start }) => {
    const count = 200;
    await cluster.pools({ 'range-default': `10.1.0.1-10.1.0.${count}` });
    await burst(cluster, count);
    const watch = await cluster.watch();
    const given = new Map<string, string>();
    for (const share of [20, 70, 120]) {
      const controller = start();
      await follow(watch, given, share);
      await controller.crash();
      const addresses = Object.values(await cluster.addresses());
      assert.ok(addresses.includes(null), 'it was killed before it finished');
    }
    start();
    await follow(watch, given, count);
    watch.close();
    await isComplete(cluster, count, given);
  },
);

scenario(
  'restarts while 200 Services are created: each process exits cleanly within its grace period, and all Services get an address',
  async ({ cluster, start }) => {
    const count = 200;
    await cluster.pools({ 'range-default': `10.1.0.1-10.1.0.${count}` });
    const watch = await cluster.watch();
    const given = new Map<string, string>();
    let controller = start();
    const creating = burst(cluster, count);
    for (const share of [30, 100]) {
      await follow(watch, given, share);
      assert.equal(await controller.terminate(), 0);
      controller = start();
    }
    await creating;
    await follow(watch, given, count);
    watch.close();
    await isComplete(cluster, count, given);
  },
);

scenario(
  'the API server is killed during 100 assignments and restarted: the same process continues',
  async ({ cluster, start }) => {
    const count = 100;
    await cluster.pools({ 'range-default': `10.1.0.1-10.1.0.${count}` });
    await burst(cluster, count);
    const watch = await cluster.watch();
    const given = new Map<string, string>();
    const controller = start();
    try {
      await follow(watch, given, 20);
    } finally {
      await cluster.server.signal('KILL');
      watch.close();
      await controller.logs(/Write failed, retrying/).finally(() => cluster.server.restart());
    }
    await eventually(() => isComplete(cluster, count, given));
    assert.ok(controller.isRunning);
    // All watches work again: Services, the ConfigMap, and Services of other types.
    await cluster.pools({ 'range-default': `10.1.0.1-10.1.0.${count + 1}` });
    await cluster.create(loadBalancer('default/new'));
    await cluster.becomes('default/new', assigned(`10.1.0.${count + 1}`, 'range-default'));
    await cluster.patch('default/new', { spec: { type: 'ClusterIP' } });
    await cluster.becomes('default/new', unassigned);
  },
);

scenario(
  'after SIGTERM the controller exits with 0 within its grace period, with and without an API server',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1' });
    const idle = start();
    await idle.logs(/read the pools/);
    assert.equal(await idle.terminate(), 0);
    assert.equal(idle.log.at(-1)?.msg, 'Stopped');
    const disconnected = start();
    await disconnected.logs(/read the pools/);
    await cluster.server.signal('STOP');
    try {
      assert.equal(await disconnected.terminate(), 0);
    } finally {
      await cluster.server.signal('CONT');
    }
  },
);

/** Grants the user `reader` read access, events and leases, and these rules. */
async function grant(cluster: Cluster, ...more: object[]): Promise<void> {
  const rules = [
    { apiGroups: [''], resources: ['services', 'configmaps'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
    ...more,
  ];
  const group = 'rbac.authorization.k8s.io';
  const of = { apiVersion: `${group}/v1`, metadata: { name: reader } };
  const items = [
    { ...of, kind: 'ClusterRole', rules },
    {
      ...of,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: reader },
      subjects: [{ apiGroup: group, kind: 'User', name: reader }],
    },
  ];
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

const patchServices = { apiGroups: [''], resources: ['services'], verbs: ['patch'] };

scenario(
  'without permission to write, the Service gets an event and writes are retried; with the permission it gets an address',
  async ({ cluster, start }) => {
    await grant(cluster);
    await cluster.pools({ 'range-default': '10.1.0.1' });
    const { metadata } = await cluster.create(loadBalancer('default/web'));
    const controller = start({ user: reader });
    await cluster.warns(
      'default/web',
      /The API server rejected the change: .*"reader" cannot patch .*"services"/,
    );
    await controller.logs(/rejected the change/);
    assert.equal(await cluster.version('default/web'), metadata.resourceVersion);
    await grant(cluster, patchServices);
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
    assert.ok(controller.isRunning);
  },
);

scenario(
  'an address that a Service releases is not assigned to another one before the release is written',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1,2001:db8::1' });
    const dual = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] };
    await cluster.create(loadBalancer('default/dual', dual));
    const first = start();
    await cluster.becomes('default/dual', assigned('10.1.0.1,2001:db8::1', 'range-default'));
    await first.terminate();
    await cluster.patch('default/dual', { spec: { ipFamilyPolicy: 'SingleStack' } });
    await cluster.create(loadBalancer('default/pending', { ipFamilies: ['IPv6'] }));
    // The write that releases the address is rejected. The write that would assign it is not.
    await grant(cluster, { ...patchServices, resourceNames: ['pending'] });
    const second = start({ user: reader });
    await second.logs(/rejected the change: .*"reader" cannot patch/);
    await second.logs(/2001:db8::1|range-default is full/);
    const shown = await cluster.addresses();
    assert.deepEqual(shown, { 'default/dual': '10.1.0.1,2001:db8::1', 'default/pending': null });
    await grant(cluster, patchServices);
    await cluster.becomes('default/pending', assigned('2001:db8::1', 'range-default'));
    await cluster.becomes('default/dual', assigned('10.1.0.1', 'range-default'));
  },
);
