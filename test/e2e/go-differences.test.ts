/**
 * Tests what the table of differences in docs/upgrade.md says about the Go version. from-go.test.ts covers the other
 * rows: ends of blocks, overlapping pools, static addresses, ClusterIP, and finalizers.
 */
import assert from 'node:assert/strict';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { goScenarios } from './go-version.ts';
import { loadBalancer, names } from './objects.ts';

const scenario = goScenarios('go-differences');
const configMap = '/api/v1/namespaces/kube-system/configmaps/kubevip';
const dual = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] };

function port(number: number, protocol = 'TCP'): { ports: { port: number; protocol: string }[] } {
  return { ports: [{ port: number, protocol }] };
}

/** Waits for the address that the Go version allocates. */
async function gets(cluster: Cluster, key: string, address: string): Promise<void> {
  await eventually(async () => assert.equal((await cluster.assignment(key)).addresses, address, key));
}

/** Waits until an event of the Go version reports why a Service gets no address. */
async function fails(cluster: Cluster, key: string, why: RegExp): Promise<void> {
  const [namespace, name] = key.split('/');
  const selector = encodeURIComponent(`involvedObject.name=${name},reason=SyncLoadBalancerFailed`);
  await eventually(async () => {
    const { body } = await cluster.client.get(
      `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`,
    );
    assert.match(body.items.map(({ message }) => message).join('\n'), why);
  });
  assert.equal((await cluster.assignment(key)).addresses, null, key);
}

scenario('the Go version behaves as the table of differences describes', async ({ cluster, startGo }) => {
  const pools: Record<string, string> = {
    'cidr-odd': '10.1.1.0/28',
    'cidr-forms': '10.1.2.1/32',
    'cidr-share': '10.1.3.8/29,2001:db8:3::/124',
    'allow-share-share': 'true',
    'range-both': '10.1.4.1-10.1.4.9',
    'cidr-lease': '10.1.5.1/32',
    'cidr-toggled': '10.1.7.8/30',
    'cidr-edited': '10.1.8.8/29',
    'cidr-typo': '10.1.10.8/29,10.1.10.l6/29',
    'cidr-global': '10.1.9.8/29',
  };
  const go = startGo();
  await go.logs(/Starting service controller/);

  // If the ConfigMap is missing, an empty one is created.
  await cluster.create(loadBalancer('early/web'));
  await eventually(async () => assert.equal((await cluster.client.get(configMap)).status, 200));
  assert.equal((await cluster.client.get(configMap)).body.data, undefined);
  await cluster.pools(pools);

  // An annotation with a hostname stops all allocation in its namespace's pool, and in the global one.
  await cluster.create(loadBalancer('odd/named', { annotations: { [names.addresses]: 'lb.example.com' } }));
  await eventually(async () => assert.equal((await cluster.assignment('odd/named')).label, 'kube-vip'));
  await cluster.create(loadBalancer('odd/next'));
  await fails(cluster, 'odd/next', /ParseAddr\("lb\.example\.com"\)/);
  await cluster.create(loadBalancer('other/next'));
  await fails(cluster, 'other/next', /ParseAddr\("lb\.example\.com"\)/);
  for (const key of ['odd/named', 'odd/next', 'other/next', 'early/web']) await cluster.remove(key);

  // One invalid entry spoils the pool.
  await cluster.create(loadBalancer('typo/web'));
  await fails(cluster, 'typo/web', /10\.1\.10\.l6/);

  // Sharing of an address outside the pool, by port numbers without protocols, and of one family of two.
  await cluster.create(
    loadBalancer('share/static', { annotations: { [names.addresses]: '172.16.0.9' }, ...port(81) }),
  );
  await eventually(async () => assert.equal((await cluster.assignment('share/static')).label, 'kube-vip'));
  // A Service with only the annotation gets only the label.
  assert.equal((await cluster.assignment('share/static')).specIP, null);
  await cluster.create(loadBalancer('share/joins', port(80)));
  await gets(cluster, 'share/joins', '172.16.0.9');
  await cluster.create(loadBalancer('share/udp', port(53, 'UDP')));
  await gets(cluster, 'share/udp', '172.16.0.9');
  await cluster.create(loadBalancer('share/tcp', port(53)));
  await gets(cluster, 'share/tcp', '10.1.3.8');
  await cluster.create(loadBalancer('share/dual', { ...dual, ...port(80) }));
  await gets(cluster, 'share/dual', '10.1.3.8,2001:db8:3::');

  // cidr-global takes precedence over range-<namespace>.
  await cluster.create(loadBalancer('both/web'));
  await gets(cluster, 'both/web', '10.1.9.8');

  // An address that DHCP leased is allocated again.
  const leased = { [names.addresses]: '0.0.0.0', 'kube-vip.io/requestedIP': '10.1.5.1' };
  await cluster.create(
    loadBalancer('lease/dhcp', { annotations: leased, labels: { implementation: 'kube-vip' } }),
  );
  await cluster.create(loadBalancer('lease/next'));
  await gets(cluster, 'lease/next', '10.1.5.1');

  // An edit is ignored; an address that is removed from both fields is replaced.
  await cluster.create(loadBalancer('edited/first'));
  await gets(cluster, 'edited/first', '10.1.8.8');
  await cluster.create(loadBalancer('edited/second'));
  await gets(cluster, 'edited/second', '10.1.8.9');
  await cluster.annotate('edited/first', { [names.addresses]: '10.1.8.12' });
  await cluster.patch('edited/second', {
    metadata: { annotations: { [names.addresses]: null } },
    spec: { loadBalancerIP: null },
  });
  await gets(cluster, 'edited/second', '10.1.8.8');
  assert.equal((await cluster.assignment('edited/first')).specIP, '10.1.8.8');

  // After a pool changes to another key and back, the first key is stale until a restart.
  await cluster.create(loadBalancer('forms/one'));
  await gets(cluster, 'forms/one', '10.1.2.1');
  const { 'cidr-forms': _, 'cidr-global': __, ...others } = pools;
  await cluster.pools({ ...others, 'range-forms': '10.1.2.5-10.1.2.5' });
  await cluster.create(loadBalancer('forms/two'));
  await gets(cluster, 'forms/two', '10.1.2.5');
  await cluster.pools(pools);
  await cluster.remove('forms/one');
  await cluster.create(loadBalancer('forms/three'));
  await fails(cluster, 'forms/three', /no addresses available in \[forms\] cidr \[10\.1\.2\.1\/32\]/);

  // Ends are trimmed after blocks are merged, and for a known pool the key applies only after a restart.
  await cluster.create(loadBalancer('toggled/one'));
  await gets(cluster, 'toggled/one', '10.1.7.8');
  await cluster.pools({ ...pools, 'skip-end-ips-in-cidr': 'true', 'cidr-merged': '10.1.6.4/31,10.1.6.6/31' });
  await cluster.remove('toggled/one');
  await eventually(async () => assert.ok(!(await cluster.services()).has('toggled/one')));
  await cluster.create(loadBalancer('toggled/two'));
  await gets(cluster, 'toggled/two', '10.1.7.8');
  await cluster.create(loadBalancer('merged/web'));
  await gets(cluster, 'merged/web', '10.1.6.5');
});
