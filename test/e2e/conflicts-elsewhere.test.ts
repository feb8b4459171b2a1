import assert from 'node:assert/strict';
import type { Body } from '../contract/http.ts';
import type { Cluster } from './cluster.ts';
import { loadBalancer, names, served } from './objects.ts';
import {
  askedForBy,
  assigned,
  at,
  belongsTo,
  heldBy,
  ofPool,
  over,
  pool,
  samePort,
  tells,
} from './reported-events.ts';
import { scenarios } from './scenario.ts';

/** Conflicts that come from elsewhere: backups, other load balancers, other controllers. */
const scenario = scenarios('conflicts-elsewhere');

/** What `kubectl get -o yaml` would have saved. */
async function backup(cluster: Cluster, key: string): Promise<string> {
  const [namespace = '', name = ''] = key.split('/');
  return cluster.kubectl(['get', 'service', '--namespace', namespace, name, '-o', 'json']);
}

/** A manifest that `kubectl apply` creates anew: with the annotations and the record that it was saved with. */
function withoutIdentity(saved: string): string {
  const object = JSON.parse(saved) as Body;
  const { name, namespace, annotations, labels } = object.metadata;
  const { clusterIP, clusterIPs, ...spec } = object.spec as Record<string, unknown>;
  return JSON.stringify({ ...object, metadata: { name, namespace, annotations, labels }, spec, status: {} });
}

scenario(
  'a Service restored from a manifest whose address was given away since gets its own, and its follower is not alarmed',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    const saved = await backup(cluster, 'default/web');
    await cluster.remove('default/web');
    await cluster.create(loadBalancer('default/next'));
    await cluster.becomes('default/next', ofPool('10.1.0.1'));
    const version = await cluster.version('default/next');
    await cluster.kubectl(['apply', '-f', '-'], withoutIdentity(saved));
    await cluster.becomes('default/web', ofPool('10.1.0.2'));
    await tells(cluster, 'default/web', assigned('10.1.0.1'), assigned('10.1.0.2'));
    await tells(cluster, 'default/next', assigned('10.1.0.1'));
    assert.equal(await cluster.version('default/next'), version);
    // Nobody has it any more: then it is kept.
    await cluster.remove('default/web');
    await cluster.remove('default/next');
    await cluster.kubectl(['apply', '-f', '-'], withoutIdentity(saved));
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
  },
);

scenario(
  'a static Service restored from a manifest asks for its address again: both are told if another one has it by now',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    start();
    await cluster.create(loadBalancer('default/web', at('192.168.7.7')));
    await cluster.becomes('default/web', served('192.168.7.7', 'static'));
    const saved = await backup(cluster, 'default/web');
    await cluster.remove('default/web');
    await cluster.create(loadBalancer('default/next', at('192.168.7.7')));
    await cluster.becomes('default/next', served('192.168.7.7', 'static'));
    await cluster.kubectl(['apply', '-f', '-'], withoutIdentity(saved));
    const told = [assigned('192.168.7.7'), askedForBy('192.168.7.7', samePort('default/web'))];
    await tells(cluster, 'default/next', ...told);
    await tells(cluster, 'default/web', assigned('192.168.7.7'), belongsTo('192.168.7.7', 'default/next'));
    await cluster.remove('default/next');
    await cluster.becomes('default/web', served('192.168.7.7', 'static'));
  },
);

scenario(
  'Services of another load balancer are never written to nor told anything, and ours are told of them',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    start();
    const theirs = { loadBalancerClass: 'example.com/other' };
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    const version = await cluster.version('default/web');
    const ignoreReason = (service: string): string => `${service} \\(belongs to another load balancer\\)`;
    // It takes what is ours.
    await cluster.create(loadBalancer('shop/taking', { ...theirs, ...at('10.1.0.1') }));
    const told = [assigned('10.1.0.1'), askedForBy('10.1.0.1', ignoreReason('shop/taking'))];
    await tells(cluster, 'default/web', ...told);
    // It has what ours asks for.
    const having = await cluster.create(loadBalancer('shop/having', { ...theirs, ...at('192.168.7.7') }));
    const asking = await cluster.create(loadBalancer('default/asking', { loadBalancerIP: '192.168.7.7' }));
    await tells(cluster, 'default/asking', belongsTo('192.168.7.7', 'shop/having'));
    await cluster.remove('shop/taking');
    await tells(cluster, 'default/web', ...told, over('10.1.0.1'));
    // What another controller has noted is its own, though it has no class.
    const noted = await cluster.create(loadBalancer('shop/noted', { type: 'ClusterIP' }));
    const uid = noted.metadata.uid;
    const record = { from: 'x', ips: '10.1.0.1', ports: 'TCP/80', families: '', uid, by: 'another' };
    const noting = { ...at('10.1.0.1').annotations, [names.record]: JSON.stringify(record) };
    const changed = { metadata: { annotations: noting }, spec: { type: 'LoadBalancer' } };
    const { metadata } = await cluster.patch('shop/noted', changed);
    await tells(
      cluster,
      'default/web',
      ...[...told, over('10.1.0.1'), heldBy('10.1.0.1', ignoreReason('shop/noted'))],
    );
    assert.deepEqual(await cluster.events('shop/noted'), []);
    assert.equal(await cluster.version('shop/noted'), metadata.resourceVersion);
    assert.deepEqual(await cluster.events('shop/taking'), []);
    assert.deepEqual(await cluster.events('shop/having'), []);
    assert.equal(await cluster.version('shop/having'), having.metadata.resourceVersion);
    assert.equal(await cluster.version('default/asking'), asking.metadata.resourceVersion);
    assert.equal(await cluster.version('default/web'), version);
    await cluster.remove('shop/having');
    await cluster.becomes('default/asking', served('192.168.7.7', 'static'));
  },
);

scenario(
  'an address that stands in a status alone is given to nobody, and is no conflict with who asks for it by name',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.2' });
    await cluster.create(loadBalancer('shop/shown', { loadBalancerClass: 'example.com/other' }));
    const answer = await cluster.client.patch('/api/v1/namespaces/shop/services/shown/status', {
      status: { loadBalancer: { ingress: [{ ip: '10.1.0.1' }] } },
    });
    assert.equal(answer.status, 200);
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', ofPool('10.1.0.2'));
    await cluster.create(loadBalancer('default/named', { loadBalancerIP: '10.1.0.1' }));
    await cluster.becomes('default/named', served('10.1.0.1', 'static'));
    await tells(cluster, 'default/web', assigned('10.1.0.2'));
    await tells(cluster, 'default/named', assigned('10.1.0.1'));
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
    await cluster.becomes('default/mail', ofPool('10.1.0.3'));
    await cluster.create(loadBalancer('default/web'));
    await cluster.warns('default/web', /^Pool range-default is full/);
    await cluster.patch('shop/legacy', { spec: { externalIPs: null } });
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
  },
);

scenario(
  'two controllers, by class, whose pools overlap: neither gives what the other gave, and each is told of a claim',
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
    await cluster.becomes('default/a', ofPool('10.1.0.1'));
    await cluster.create(loadBalancer('default/b', classed));
    await cluster.becomes('default/b', served('10.1.0.2', 'range-global'));
    await cluster.create(loadBalancer('default/c'));
    await cluster.becomes('default/c', ofPool('10.1.0.3'));
    await cluster.create(loadBalancer('default/d', { ...classed, loadBalancerIP: '10.1.0.1' }));
    await cluster.create(loadBalancer('default/e', { loadBalancerIP: '10.1.0.2' }));
    const other = (service: string): string => `${service} \\(belongs to another load balancer\\)`;
    await tells(cluster, 'default/a', assigned('10.1.0.1'), askedForBy('10.1.0.1', other('default/d')));
    await tells(cluster, 'default/b', assigned('10.1.0.2'), askedForBy('10.1.0.2', other('default/e')));
    await tells(cluster, 'default/d', belongsTo('10.1.0.1', 'default/a'));
    await tells(cluster, 'default/e', belongsTo('10.1.0.2', 'default/b'));
    await cluster.client.delete('/api/v1/namespaces/kube-system/configmaps/others');
    await cluster.client.delete('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/others');
  },
);
