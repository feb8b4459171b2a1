/** The built controller beside a real kube-vip in ARP mode, with one leader for all Services. */
import assert from 'node:assert/strict';
import { eventually, quietTime } from '../e2e/eventually.ts';
import { assigned, names, unassigned } from '../e2e/objects.ts';
import { lanInterface } from './lan.ts';
import { onSite } from './on-site.ts';

const test = onSite({ prefix: 'announcements', nodes: ['node-a'] });

const pools = {
  'cidr-default': '192.168.77.96/28,fd00:77::100/120',
  'range-shop': '192.168.77.129-192.168.77.134',
  'range-team': '192.168.77.129-192.168.77.134',
  'allow-share-shop': 'true',
  'allow-share-team': 'true',
};
const at = (addresses: string) => ({ annotations: { [names.addresses]: addresses } });
const dual = (...ipFamilies: ('IPv4' | 'IPv6')[]) =>
  ({ ipFamilyPolicy: 'RequireDualStack', ipFamilies }) as const;

test('an allocated address is on the interface and in the status, and answers; dual-stack in both orders', async ({
  site,
}) => {
  await site.cluster.pools(pools);
  await site.create('default/a');
  await site.create('default/first-4', dual('IPv4', 'IPv6'));
  await site.announces('default/a', '192.168.77.97');
  // By which the controller tells a former address from the status of another load balancer.
  const { metadata } = await site.cluster.service('default/a');
  const status = metadata.managedFields?.find(({ fieldsV1 = {} }) => 'f:status' in fieldsV1);
  assert.equal(status?.manager, 'kube-vip');
  await site.announces('default/first-4', '192.168.77.98', 'fd00:77::100');
  await site.create('default/first-6', dual('IPv6', 'IPv4'));
  await site.announces('default/first-6', 'fd00:77::101', '192.168.77.99');
});

test('Services of one and of two namespaces share an address, and deleting one leaves it to the others', async ({
  site,
}) => {
  await site.cluster.pools(pools);
  const lease = { annotations: { 'kube-vip.io/leaseName': 'shop/shared' } };
  await site.create('shop/a', lease);
  await site.announces('shop/a', '192.168.77.129');
  await site.create('shop/b', { ...lease, ports: [{ port: 8080 }] });
  await site.create('team/c', { ...lease, ports: [{ port: 8081 }] });
  await site.announces('shop/b', '192.168.77.129');
  await site.announces('shop/a', '192.168.77.129');
  assert.equal((await site.cluster.assignment('team/c')).addresses, '192.168.77.129');
  // kube-vip may remove the address with any of them, and puts it back within 3 s.
  await site.cluster.remove('shop/a');
  await site.cluster.remove('team/c');
  await quietTime(1000);
  await site.announces('shop/b', '192.168.77.129');
});

test('a static address that is taken is announced for both Services, and stays when the contender is deleted', async ({
  site,
}) => {
  await site.cluster.pools(pools);
  await site.create('default/holder');
  await site.announces('default/holder', '192.168.77.97');
  await site.create('default/contender', at('192.168.77.97'));
  await site.cluster.warns('default/contender', /kube-vip may still announce it for this Service/);
  await site.announces('default/contender', '192.168.77.97');
  assert.equal((await site.cluster.assignment('default/contender')).label, null);
  await site.cluster.remove('default/contender');
  await quietTime(1000);
  await site.announces('default/holder', '192.168.77.97');
});

test('the former address of an edited, moved or narrowed Service is removed, and given to none while a status shows it', async ({
  site,
}) => {
  await site.cluster.pools(pools);
  const bystander = '192.168.77.97';
  await site.create('default/bystander');
  await site.announces('default/bystander', bystander);
  await site.create('default/edited');
  await site.announces('default/edited', '192.168.77.98');
  await site.create('default/narrowed', dual('IPv4', 'IPv6'));
  await site.announces('default/narrowed', '192.168.77.99', 'fd00:77::100');
  const [{ samples } = assert.fail()] = site.nodes;
  const since = samples.mark();

  await site.cluster.annotate('default/edited', { [names.addresses]: '192.168.77.200' });
  await site.cluster.becomes('default/edited', assigned('192.168.77.200', 'static'));
  await site.cluster.patch('default/narrowed', {
    spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], clusterIPs: null },
  });
  await site.cluster.becomes('default/narrowed', assigned('192.168.77.99', 'cidr-default'));
  await site.create('default/later', dual('IPv4', 'IPv6'));
  await site.cluster.annotate('default/edited', { [names.reallocate]: 'true' });
  await eventually(async () => {
    assert.equal((await site.cluster.assignment('default/edited')).from, 'cidr-default');
  });
  for (const set of since()) assert.ok(set.includes(bystander), `the bystander is announced in ${set}`);

  // kube-vip v1.2.2 takes the Service down after such a change, and often does not announce it again before a restart.
  await site.restartKubeVip('TERM');
  const inUse = Object.values(await site.cluster.addresses()).flatMap((list) => list?.split(',') ?? []);
  const former = ['192.168.77.98', '192.168.77.200', 'fd00:77::100'];
  await site.withdraws(...former.filter((address) => !inUse.includes(address)));
  const { addresses } = await site.cluster.assignment('default/edited');
  await site.announces('default/edited', addresses ?? '');
  await site.announces('default/narrowed', '192.168.77.99');
  await site.announces('default/bystander', bystander);
});

test('a Service that becomes a ClusterIP loses its address in the API at once, and on the interface when kube-vip restarts', async ({
  site,
}) => {
  await site.cluster.pools(pools);
  await site.create('default/a');
  await site.announces('default/a', '192.168.77.97');
  await site.cluster.patch('default/a', { spec: { type: 'ClusterIP' } });
  await site.cluster.becomes('default/a', unassigned);
  assert.deepEqual(await site.status('default/a'), []);
  // kube-vip v1.2.2 ignores the change: it skips Services of other types.
  assert.deepEqual(site.holders('192.168.77.97'), ['node-a']);
  await site.create('default/b');
  await site.announces('default/b', '192.168.77.97');
  await site.cluster.remove('default/b');
  await site.restartKubeVip('TERM');
  await site.withdraws('192.168.77.97');
});

test('a restart of the controller changes nothing, and one of kube-vip brings the same addresses back, but leaves that of a Service that was deleted while it was down after a crash', async ({
  site,
  restartController,
}) => {
  await site.cluster.pools(pools);
  await site.create('default/a', dual('IPv4', 'IPv6'));
  await site.announces('default/a', '192.168.77.97', 'fd00:77::100');
  const [{ machine, samples } = assert.fail()] = site.nodes;
  const since = samples.mark();
  const before = await site.cluster.version('default/a');
  await restartController();
  // A Service that is served afterwards shows that the new controller works.
  await site.create('default/b');
  await site.announces('default/b', '192.168.77.98');
  for (const set of since())
    for (const address of ['192.168.77.97', 'fd00:77::100']) assert.ok(set.includes(address));
  assert.equal(await site.cluster.version('default/a'), before);
  for (const signal of ['TERM', 'KILL'] as const) {
    await site.restartKubeVip(signal);
    await site.announces('default/a', '192.168.77.97', 'fd00:77::100');
    await site.announces('default/b', '192.168.77.98');
  }
  await site.restartKubeVip('KILL', () => site.cluster.remove('default/b'));
  await site.announces('default/a', '192.168.77.97', 'fd00:77::100');
  // kube-vip v1.2.2 does not look for addresses that it left behind when it was killed.
  assert.deepEqual(site.holders('192.168.77.98'), ['node-a']);
  await machine.namespace.run('ip', 'addr', 'del', '192.168.77.98/32', 'dev', lanInterface);
});
