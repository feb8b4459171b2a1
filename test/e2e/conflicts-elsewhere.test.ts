import assert from 'node:assert/strict';
import type { Body } from '../contract/http.ts';
import type { Cluster } from './cluster.ts';
import { assigned, loadBalancer, names } from './objects.ts';
import {
  assignedEvent,
  at,
  fromPool,
  hasEvents,
  heldEvent,
  inUseEvent,
  pool,
  requestedEvent,
  resolvedEvent,
  samePort,
} from './reported-events.ts';
import { scenarios } from './scenario.ts';

/** Conflicts that backups, other load balancers, and other controllers cause. */
const scenario = scenarios('conflicts-elsewhere');

/** Returns what `kubectl get` saves. */
async function backup(cluster: Cluster, key: string): Promise<string> {
  const [namespace = '', name = ''] = key.split('/');
  return cluster.kubectl(['get', 'service', '--namespace', namespace, name, '-o', 'json']);
}

/** A manifest from which `kubectl apply` creates a new Service, with the saved annotations and allocation record. */
function withoutIdentity(saved: string): string {
  const object = JSON.parse(saved) as Body;
  const { name, namespace, annotations, labels } = object.metadata;
  const { clusterIP, clusterIPs, ...spec } = object.spec as Record<string, unknown>;
  return JSON.stringify({ ...object, metadata: { name, namespace, annotations, labels }, spec, status: {} });
}

scenario(
  'a Service restored from a manifest whose address is assigned elsewhere by now gets a new one, and no conflict is reported',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', fromPool('10.1.0.1'));
    const saved = await backup(cluster, 'default/web');
    await cluster.remove('default/web');
    await cluster.create(loadBalancer('default/next'));
    await cluster.becomes('default/next', fromPool('10.1.0.1'));
    const version = await cluster.version('default/next');
    await cluster.kubectl(['apply', '-f', '-'], withoutIdentity(saved));
    await cluster.becomes('default/web', fromPool('10.1.0.2'));
    await hasEvents(cluster, 'default/web', assignedEvent('10.1.0.1'), assignedEvent('10.1.0.2'));
    await hasEvents(cluster, 'default/next', assignedEvent('10.1.0.1'));
    assert.equal(await cluster.version('default/next'), version);
    // If the address is free, the restored Service keeps it.
    await cluster.remove('default/web');
    await cluster.remove('default/next');
    await cluster.kubectl(['apply', '-f', '-'], withoutIdentity(saved));
    await cluster.becomes('default/web', fromPool('10.1.0.1'));
  },
);

scenario(
  'a static Service restored from a manifest requests its address again, and a conflict is reported on both Services',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    start();
    await cluster.create(loadBalancer('default/web', at('192.168.7.7')));
    await cluster.becomes('default/web', assigned('192.168.7.7', 'static'));
    const saved = await backup(cluster, 'default/web');
    await cluster.remove('default/web');
    await cluster.create(loadBalancer('default/next', at('192.168.7.7')));
    await cluster.becomes('default/next', assigned('192.168.7.7', 'static'));
    await cluster.kubectl(['apply', '-f', '-'], withoutIdentity(saved));
    const events = [assignedEvent('192.168.7.7'), requestedEvent('192.168.7.7', samePort('default/web'))];
    await hasEvents(cluster, 'default/next', ...events);
    await hasEvents(
      cluster,
      'default/web',
      assignedEvent('192.168.7.7'),
      inUseEvent('192.168.7.7', 'default/next'),
    );
    await cluster.remove('default/next');
    await cluster.becomes('default/web', assigned('192.168.7.7', 'static'));
  },
);

scenario(
  'Services of another load balancer get no writes and no events, and conflicts with them are reported on ours',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    start();
    const theirs = { loadBalancerClass: 'example.com/other' };
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', fromPool('10.1.0.1'));
    const version = await cluster.version('default/web');
    const ofOtherClass = (service: string): string => `${service} \\(belongs to another load balancer\\)`;
    // Their Service uses an address of ours.
    await cluster.create(loadBalancer('shop/taking', { ...theirs, ...at('10.1.0.1') }));
    const events = [assignedEvent('10.1.0.1'), requestedEvent('10.1.0.1', ofOtherClass('shop/taking'))];
    await hasEvents(cluster, 'default/web', ...events);
    // Our Service requests an address of theirs.
    const having = await cluster.create(loadBalancer('shop/having', { ...theirs, ...at('192.168.7.7') }));
    const asking = await cluster.create(loadBalancer('default/asking', { loadBalancerIP: '192.168.7.7' }));
    await hasEvents(cluster, 'default/asking', inUseEvent('192.168.7.7', 'shop/having'));
    await cluster.remove('shop/taking');
    await hasEvents(cluster, 'default/web', ...events, resolvedEvent('10.1.0.1'));
    // A Service with the allocation record of another controller belongs to that controller, even without a class.
    const recorded = await cluster.create(loadBalancer('shop/recorded', { type: 'ClusterIP' }));
    const uid = recorded.metadata.uid;
    const record = { from: 'x', ips: '10.1.0.1', ports: 'TCP/80', families: '', uid, by: 'another' };
    const annotations = { ...at('10.1.0.1').annotations, [names.record]: JSON.stringify(record) };
    const changed = { metadata: { annotations }, spec: { type: 'LoadBalancer' } };
    const { metadata } = await cluster.patch('shop/recorded', changed);
    await hasEvents(
      cluster,
      'default/web',
      ...[
        ...events,
        resolvedEvent('10.1.0.1'),
        heldEvent('10.1.0.1', 'shop/recorded \\(belongs to another controller\\)'),
      ],
    );
    assert.deepEqual(await cluster.events('shop/recorded'), []);
    assert.equal(await cluster.version('shop/recorded'), metadata.resourceVersion);
    assert.deepEqual(await cluster.events('shop/taking'), []);
    assert.deepEqual(await cluster.events('shop/having'), []);
    assert.equal(await cluster.version('shop/having'), having.metadata.resourceVersion);
    assert.equal(await cluster.version('default/asking'), asking.metadata.resourceVersion);
    assert.equal(await cluster.version('default/web'), version);
    await cluster.remove('shop/having');
    await cluster.becomes('default/asking', assigned('192.168.7.7', 'static'));
  },
);

scenario(
  'an address that only a status shows is not allocated, and a Service may request it without a conflict',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.2' });
    await cluster.create(loadBalancer('shop/shown', { loadBalancerClass: 'example.com/other' }));
    const answer = await cluster.client.patch('/api/v1/namespaces/shop/services/shown/status', {
      status: { loadBalancer: { ingress: [{ ip: '10.1.0.1' }] } },
    });
    assert.equal(answer.status, 200);
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', fromPool('10.1.0.2'));
    await cluster.create(loadBalancer('default/named', { loadBalancerIP: '10.1.0.1' }));
    await cluster.becomes('default/named', assigned('10.1.0.1', 'static'));
    await hasEvents(cluster, 'default/web', assignedEvent('10.1.0.2'));
    await hasEvents(cluster, 'default/named', assignedEvent('10.1.0.1'));
  },
);

scenario(
  'an external IP of a Service of any type is not given, until the Service gives it up',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.3' });
    const legacy = loadBalancer('shop/legacy', { externalIPs: ['10.1.0.1'] });
    await cluster.create({ ...legacy, spec: { ...legacy.spec, type: 'ClusterIP' } });
    await cluster.create(loadBalancer('default/mail', { externalIPs: ['10.1.0.2'] }));
    start();
    await cluster.becomes('default/mail', fromPool('10.1.0.3'));
    await cluster.create(loadBalancer('default/web'));
    await cluster.warns('default/web', /^Pool range-default is full/);
    await cluster.patch('shop/legacy', { spec: { externalIPs: null } });
    await cluster.becomes('default/web', fromPool('10.1.0.1'));
  },
);

scenario(
  'two controllers with different classes and overlapping pools assign different addresses, and both report conflicting requests',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    const others = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'others', namespace: 'kube-system' },
    };
    const made = { ...others, data: { 'range-global': '10.1.0.1-10.1.0.9' } };
    await cluster.client.post('/api/v1/namespaces/kube-system/configmaps', made);
    start();
    start({
      user: 'administrator',
      env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true', KUBEVIP_CONFIG_MAP: 'others' },
      flags: ['--leader-elect-resource-name=others'],
    });
    const classed = { loadBalancerClass: 'kube-vip.io/kube-vip-class' };
    await cluster.create(loadBalancer('default/a'));
    await cluster.becomes('default/a', fromPool('10.1.0.1'));
    await cluster.create(loadBalancer('default/b', classed));
    await cluster.becomes('default/b', assigned('10.1.0.2', 'range-global'));
    await cluster.create(loadBalancer('default/c'));
    await cluster.becomes('default/c', fromPool('10.1.0.3'));
    await cluster.create(loadBalancer('default/d', { ...classed, loadBalancerIP: '10.1.0.1' }));
    await cluster.create(loadBalancer('default/e', { loadBalancerIP: '10.1.0.2' }));
    const other = (service: string): string => `${service} \\(belongs to another load balancer\\)`;
    await hasEvents(
      cluster,
      'default/a',
      assignedEvent('10.1.0.1'),
      requestedEvent('10.1.0.1', other('default/d')),
    );
    await hasEvents(
      cluster,
      'default/b',
      assignedEvent('10.1.0.2'),
      requestedEvent('10.1.0.2', other('default/e')),
    );
    await hasEvents(cluster, 'default/d', inUseEvent('10.1.0.1', 'default/a'));
    await hasEvents(cluster, 'default/e', inUseEvent('10.1.0.2', 'default/b'));
    await cluster.client.delete('/api/v1/namespaces/kube-system/configmaps/others');
    await cluster.client.delete('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/others');
  },
);
