/**
 * What the Go version left, written by hand: what only its older versions wrote, and odd states that the real program
 * would have to be caught in. from-go.test.ts runs the real one.
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
 * As the Go version leaves a Service that it gave addresses to: pkg/provider/loadBalancer.go `syncLoadBalancer` writes
 * annotation, label and spec, cloud-provider's controllers/service/controller.go `addFinalizer` the rest.
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
  'in a cluster that the Go version filled no address changes, and its finalizers and old labels go',
  async ({ cluster, start }) => {
    await cluster.pools({ 'cidr-default': '10.1.0.0/24,2001:db8::/64', 'cidr-shop': '10.1.0.0/27' });
    const label = { [names.implementation]: 'kube-vip' };
    const held: Record<string, [ServiceOverrides, Assignment]> = {
      'default/allocated': [byGo('10.1.0.1'), assigned('10.1.0.1', 'cidr-default')],
      // `buildHostsFromCidr` leaves the ends of a block in, unless skip-end-ips-in-cidr says otherwise.
      'shop/end': [byGo('10.1.0.31'), assigned('10.1.0.31', 'cidr-shop')],
      'default/dual': [
        byGo('10.1.0.2,2001:db8::2', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] }),
        assigned('10.1.0.2,2001:db8::2', 'cidr-default'),
      ],
      // Labelled and without an annotation: before the annotation came, in the words of `checkLegacyLoadBalancerIPAnnotation`.
      'default/by-spec': [
        { labels: label, finalizers: [names.goFinalizer], loadBalancerIP: '10.1.0.3' },
        assigned('10.1.0.3', 'static'),
      ],
      // The label of early versions, `LegacyIpamAddressLabelKey`, which later ones take off.
      'default/legacy': [
        { labels: { ...label, [names.ipamAddress]: '10.1.0.4' }, loadBalancerIP: '10.1.0.4' },
        assigned('10.1.0.4', 'static'),
      ],
      // A user's annotation: `syncLoadBalancer` adds the label alone.
      'default/static': [byGo('10.1.0.5', { loadBalancerIP: '' }), assigned('10.1.0.5', 'static')],
      // From a pool that is no longer there.
      'default/outside': [byGo('172.16.0.9'), assigned('172.16.0.9', 'unknown')],
      // `mapImplementedServices` is given the Services of one namespace only.
      'default/duplicate': [byGo('10.1.0.7'), assigned('10.1.0.7', 'cidr-default')],
      'shop/duplicate': [byGo('10.1.0.7'), assigned('10.1.0.7', 'cidr-shop')],
      'shop/two-finalizers': [
        byGo('10.1.0.8', { finalizers: ['example.com/own', names.goFinalizer] }),
        assigned('10.1.0.8', 'cidr-shop'),
      ],
    };
    // Older than all that hold something: it must not be served first for that.
    await cluster.create(loadBalancer('default/a-waiting'));
    for (const [key, [overrides]] of Object.entries(held)) await cluster.create(loadBalancer(key, overrides));
    const first = start();
    await cluster.becomes('default/a-waiting', assigned('10.1.0.6', 'cidr-default'));
    for (const [key, [, marks]] of Object.entries(held)) await cluster.becomes(key, marks);
    for (const [key, { metadata }] of await cluster.services()) {
      const others = key === 'shop/two-finalizers' ? ['example.com/own'] : undefined;
      assert.deepEqual(metadata.finalizers, others, key);
      assert.equal(metadata.labels?.[names.ipamAddress], undefined, key);
    }
    await cluster.warns(
      'default/duplicate',
      /10\.1\.0\.7 is also held by shop\/duplicate/,
      'AddressConflict',
    );
    await cluster.warns(
      'shop/duplicate',
      /10\.1\.0\.7 is also held by default\/duplicate/,
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
    await second.logs(/pools read/);
    await quietTime();
    for (const [key, { metadata }] of await cluster.services())
      assert.equal(metadata.resourceVersion, adopted.get(key)?.metadata.resourceVersion, key);
  },
);

scenario(
  'a Service with the Go finalizer that is deleted goes, and its address to who waits; one of another class is left',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1' });
    await cluster.create(loadBalancer('default/leaving', byGo('10.1.0.1')));
    const foreign = { loadBalancerClass: 'example.com/other' };
    await cluster.create(loadBalancer('default/foreign', byGo('10.9.0.1', foreign)));
    await cluster.create(loadBalancer('default/waiting'));
    for (const name of ['leaving', 'foreign']) await cluster.remove(`default/${name}`);
    assert.notEqual((await cluster.service('default/leaving')).metadata.deletionTimestamp, undefined);
    const version = await cluster.version('default/foreign');
    start();
    await cluster.becomes('default/waiting', assigned('10.1.0.1', 'range-default'));
    assert.deepEqual([...(await cluster.services()).keys()].sort(), ['default/foreign', 'default/waiting']);
    assert.equal(await cluster.version('default/foreign'), version);
  },
);

scenario(
  'what was taken over or given here is deleted at once when no controller is there any more',
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
  'what the Go version left on a Service that turned ClusterIP comes off, its finalizer too',
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
  'its finalizer goes from a Service that waited, or was refused, when it stops being a LoadBalancer',
  async ({ cluster, start }) => {
    const finalizers = [names.goFinalizer];
    await cluster.pools({ 'range-default': '10.1.0.1' });
    await cluster.create(loadBalancer('default/first'));
    await cluster.create(loadBalancer('default/waiting', { finalizers }));
    await cluster.create(loadBalancer('default/refused', { finalizers, loadBalancerIP: '10.1.0.9' }));
    await cluster.create(
      loadBalancer('default/holder', { loadBalancerIP: '10.1.0.9', labels: { implementation: 'kube-vip' } }),
    );
    start();
    await cluster.warns('default/waiting', /range-default is full/i);
    await cluster.warns('default/refused', /belongs to default\/holder/);
    for (const name of ['waiting', 'refused']) {
      await cluster.patch(`default/${name}`, { spec: { type: 'ClusterIP' } });
      await cluster.remove(`default/${name}`);
    }
    await eventually(async () =>
      assert.deepEqual([...(await cluster.services()).keys()].sort(), ['default/first', 'default/holder']),
    );
  },
);
