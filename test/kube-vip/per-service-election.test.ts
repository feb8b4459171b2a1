/** The built controller beside a real kube-vip on each of two nodes, which elects a node for each Service. */
import assert from 'node:assert/strict';
import { assigned, names } from '../e2e/objects.ts';
import { onSite } from './on-site.ts';

const test = onSite({ prefix: 'per-service', nodes: ['node-a', 'node-b'], electsPerService: true });

const pools = {
  'cidr-default': '192.168.77.96/28,fd00:77::100/120',
  'range-shop': '192.168.77.129',
  'range-team': '192.168.77.129',
  'allow-share-global': 'true',
};

test('each address is on one node, and moves to the other one when its kube-vip ends', async ({ site }) => {
  await site.cluster.pools(pools);
  await site.create('default/a', { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] });
  await site.announces('default/a', 'fd00:77::100', '192.168.77.97');
  const [first] = site.holders('192.168.77.97');
  assert.deepEqual(site.holders('fd00:77::100'), [first]);
  const kubeVip = site.nodes.find(({ machine }) => machine.name === first)?.kubeVip;
  await kubeVip?.stop('TERM');
  await site.announces('default/a', 'fd00:77::100', '192.168.77.97');
  assert.notDeepEqual(site.holders('192.168.77.97'), [first]);
  kubeVip?.start();
});

test('Services of two namespaces that share an address are on one node if they have one leaseName, and deleting one leaves it to the other', async ({
  site,
}) => {
  await site.cluster.pools(pools);
  const lease = { annotations: { 'kube-vip.io/leaseName': 'shop/shared' } };
  await site.create('shop/a', lease);
  await site.announces('shop/a', '192.168.77.129');
  await site.create('team/b', { ...lease, ports: [{ port: 8080 }] });
  await site.announces('team/b', '192.168.77.129');
  await site.cluster.remove('shop/a');
  await site.announces('team/b', '192.168.77.129');
});

test('an edited and a narrowed Service give their former addresses back, and have the new ones at the latest after a restart of kube-vip', async ({
  site,
}) => {
  await site.cluster.pools(pools);
  await site.create('default/a', { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] });
  await site.announces('default/a', '192.168.77.97', 'fd00:77::100');
  await site.cluster.patch('default/a', {
    spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], clusterIPs: null },
  });
  await site.cluster.becomes('default/a', assigned('192.168.77.97', 'cidr-default'));
  await site.cluster.annotate('default/a', { [names.addresses]: '192.168.77.200' });
  await site.cluster.becomes('default/a', assigned('192.168.77.200', 'static'));
  // kube-vip v1.2.2 usually removes the former addresses at once, but not always before it is restarted.
  await site.restartKubeVip('TERM');
  await site.announces('default/a', '192.168.77.200');
  await site.withdraws('192.168.77.97', 'fd00:77::100');
});
