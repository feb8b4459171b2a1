/**
 * Services with fields that only older Go versions wrote, and with states that the real program has only for a moment.
 * from-go.test.ts runs the real program.
 */
import assert from 'node:assert/strict';
import { eventually, quietTime } from './eventually.ts';
import {
  type Assignment,
  assigned,
  loadBalancer,
  names,
  type ServiceOverrides,
  unassigned,
} from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('go-leftovers');

/**
 * The fields of a Service to which the Go version assigned addresses: `syncLoadBalancer` in pkg/provider/loadBalancer.go
 * writes the annotation, the label and the spec, and `addFinalizer` in cloud-provider's
 * controllers/service/controller.go the finalizer.
 */
function byGo(addresses: string, more: ServiceOverrides = {}): ServiceOverrides {
  return {
    annotations: { [names.addresses]: addresses },
    labels: { [names.implementation]: 'kube-vip' },
    finalizers: [names.goFinalizer],
    loadBalancerIP: addresses.split(',')[0] ?? '',
    ...more,
  };
}

scenario(
  'Services of the Go version keep their addresses, and lose its finalizers and old labels',
  async ({ cluster, start }) => {
    await cluster.pools({ 'cidr-default': '10.1.0.0/24,2001:db8::/64', 'cidr-shop': '10.1.0.0/27' });
    const label = { [names.implementation]: 'kube-vip' };
    const held: Record<string, [ServiceOverrides, Assignment]> = {
      'default/allocated': [byGo('10.1.0.1'), assigned('10.1.0.1', 'cidr-default')],
      // `buildHostsFromCidr` includes the ends of a block unless skip-end-ips-in-cidr is true.
      'shop/end': [byGo('10.1.0.31'), assigned('10.1.0.31', 'cidr-shop')],
      'default/dual': [
        byGo('10.1.0.2,2001:db8::2', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] }),
        assigned('10.1.0.2,2001:db8::2', 'cidr-default'),
      ],
      // Labeled without an annotation, from before the annotation existed (`checkLegacyLoadBalancerIPAnnotation`).
      'default/by-spec': [
        { labels: label, finalizers: [names.goFinalizer], loadBalancerIP: '10.1.0.3' },
        assigned('10.1.0.3', 'static'),
      ],
      // The label `LegacyIpamAddressLabelKey` of early versions, which later versions remove.
      'default/legacy': [
        { labels: { ...label, [names.ipamAddress]: '10.1.0.4' }, loadBalancerIP: '10.1.0.4' },
        assigned('10.1.0.4', 'static'),
      ],
      // To a user's annotation, `syncLoadBalancer` adds only the label.
      'default/static': [byGo('10.1.0.5', { loadBalancerIP: '' }), assigned('10.1.0.5', 'static')],
      // From a pool that no longer exists.
      'default/outside': [byGo('172.16.0.9'), assigned('172.16.0.9', 'unknown')],
      // `mapImplementedServices` receives only the Services of one namespace.
      'default/duplicate': [byGo('10.1.0.7'), assigned('10.1.0.7', 'cidr-default')],
      'shop/duplicate': [byGo('10.1.0.7'), assigned('10.1.0.7', 'cidr-shop')],
      'shop/two-finalizers': [
        byGo('10.1.0.8', { finalizers: ['example.com/own', names.goFinalizer] }),
        assigned('10.1.0.8', 'cidr-shop'),
      ],
    };
    // The oldest Service must not get an address that a younger one holds.
    await cluster.create(loadBalancer('default/a-pending'));
    for (const [key, [overrides]] of Object.entries(held)) await cluster.create(loadBalancer(key, overrides));
    const first = start();
    await cluster.becomes('default/a-pending', assigned('10.1.0.6', 'cidr-default'));
    for (const [key, [, expected]] of Object.entries(held)) await cluster.becomes(key, expected);
    for (const [key, { metadata }] of await cluster.services()) {
      const others = key === 'shop/two-finalizers' ? ['example.com/own'] : undefined;
      assert.deepEqual(metadata.finalizers, others, key);
      assert.equal(metadata.labels?.[names.ipamAddress], undefined, key);
    }
    await cluster.warns(
      'default/duplicate',
      /10\.1\.0\.7 is also assigned to shop\/duplicate/,
      'AddressConflict',
    );
    await cluster.warns(
      'shop/duplicate',
      /10\.1\.0\.7 is also assigned to default\/duplicate/,
      'AddressConflict',
    );
    const outside = first.log.filter(({ msg }) => msg.includes('outside'));
    assert.deepEqual(
      outside.map(({ service }) => service),
      ['default/outside'],
    );
    const adopted = await cluster.services();
    await first.terminate();
    const second = start();
    await second.logs(/read the pools/);
    await quietTime();
    for (const [key, { metadata }] of await cluster.services())
      assert.equal(metadata.resourceVersion, adopted.get(key)?.metadata.resourceVersion, key);
  },
);

scenario(
  'a deleted Service with the Go finalizer is released, and a pending Service gets its address; one of another class stays',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1' });
    await cluster.create(loadBalancer('default/leaving', byGo('10.1.0.1')));
    const foreign = { loadBalancerClass: 'example.com/other' };
    await cluster.create(loadBalancer('default/foreign', byGo('10.9.0.1', foreign)));
    await cluster.create(loadBalancer('default/pending'));
    for (const name of ['leaving', 'foreign']) await cluster.remove(`default/${name}`);
    assert.notEqual((await cluster.service('default/leaving')).metadata.deletionTimestamp, undefined);
    const version = await cluster.version('default/foreign');
    start();
    await cluster.becomes('default/pending', assigned('10.1.0.1', 'range-default'));
    assert.deepEqual([...(await cluster.services()).keys()].sort(), ['default/foreign', 'default/pending']);
    assert.equal(await cluster.version('default/foreign'), version);
  },
);

scenario(
  'adopted and new Services can be deleted at once when no controller runs',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    await cluster.create(loadBalancer('default/adopted', byGo('10.1.0.1')));
    const controller = start();
    await cluster.create(loadBalancer('default/given'));
    await cluster.becomes('default/given', assigned('10.1.0.2', 'range-default'));
    await cluster.becomes('default/adopted', assigned('10.1.0.1', 'range-default'));
    await controller.terminate();
    for (const name of ['adopted', 'given']) await cluster.remove(`default/${name}`);
    assert.deepEqual([...(await cluster.services()).keys()], []);
  },
);

scenario(
  'the fields and the finalizer of the Go version are removed from a Service that changed to type ClusterIP',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1' });
    await cluster.create(loadBalancer('default/web', byGo('10.1.0.1')));
    await cluster.patch('default/web', { spec: { type: 'ClusterIP' } });
    start();
    await cluster.becomes('default/web', unassigned);
    await eventually(async () =>
      assert.equal((await cluster.service('default/web')).metadata.finalizers, undefined),
    );
  },
);

scenario(
  'the Go finalizer is removed from a pending Service, and from one in conflict, that changes to type ClusterIP',
  async ({ cluster, start }) => {
    const finalizers = [names.goFinalizer];
    await cluster.pools({ 'range-default': '10.1.0.1' });
    await cluster.create(loadBalancer('default/first'));
    await cluster.create(loadBalancer('default/pending', { finalizers }));
    await cluster.create(loadBalancer('default/contender', { finalizers, loadBalancerIP: '10.1.0.9' }));
    await cluster.create(
      loadBalancer('default/holder', { loadBalancerIP: '10.1.0.9', labels: { implementation: 'kube-vip' } }),
    );
    start();
    await cluster.warns('default/pending', /range-default is full/i);
    await cluster.warns('default/contender', /is already assigned to default\/holder/);
    for (const name of ['pending', 'contender']) {
      await cluster.patch(`default/${name}`, { spec: { type: 'ClusterIP' } });
      await cluster.remove(`default/${name}`);
    }
    await eventually(async () =>
      assert.deepEqual([...(await cluster.services()).keys()].sort(), ['default/first', 'default/holder']),
    );
  },
);
