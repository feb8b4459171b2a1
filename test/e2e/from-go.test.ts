/**
 * Upgrade: the real Go version fills the cluster, including the effects of its bugs, and this controller takes over.
 * go-leftovers.test.ts covers what only older versions wrote.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Body } from '../contract/http.ts';
import { feed } from '../controlplane/process.ts';
import { differences } from '../upgrade/differences.ts';
import { type Cluster, keyOf } from './cluster.ts';
import { eventually, quietTime } from './eventually.ts';
import { goScenarios, hasAddresses } from './go-version.ts';
import { assigned, loadBalancer, names, unassigned } from './objects.ts';

const scenario = goScenarios('from-go');
const root = join(import.meta.dirname, '..', '..');
const world = join(root, 'examples', 'world.yaml');

const inClass = { loadBalancerClass: 'kube-vip.io/kube-vip-class' };
const isInClass = { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' };

/** The expected changes to a Service of the Go version: the allocation record is added and the finalizer is removed. */
function adopted(before: Body | undefined, source: string, ...more: string[]): string[] {
  const addresses = before?.metadata.annotations?.[names.addresses];
  return [
    `+ annotations.${names.record}: ${source} ${addresses}`,
    `- finalizers: ${names.goFinalizer}`,
    ...more,
  ].sort();
}

function addressOf(service: Body | undefined): string | undefined {
  return service?.metadata.annotations?.[names.addresses];
}

async function versions(cluster: Cluster): Promise<Record<string, string | undefined>> {
  const services = await cluster.services();
  return Object.fromEntries([...services].map(([key, { metadata }]) => [key, metadata.resourceVersion]));
}

/** Returns the addresses that the sandbox (`npm start`) prints for a dump of the cluster; null for none. */
async function simulatedAddresses(dump: string): Promise<Record<string, string | null>> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const start = join(root, 'src', 'cmd', 'sandbox', 'main.ts');
  const child = execFile(process.execPath, [start, '-o', 'json', '-'], (error, stdout) => {
    if (error === null) resolve(stdout);
    else reject(error);
  });
  feed(child, dump);
  const { items } = JSON.parse(await promise) as { items: Body[] };
  const services = items.filter((item) => keyOf(item) !== 'default/kubernetes');
  return Object.fromEntries(services.map((item) => [keyOf(item), addressOf(item) ?? null]));
}

/** Waits until each of these Services has exactly these changes. */
async function haveChanges(
  cluster: Cluster,
  before: ReadonlyMap<string, Body>,
  expected: Record<string, readonly string[]>,
): Promise<void> {
  await eventually(async () => {
    const after = await cluster.services();
    const seen = Object.keys(expected).map((key): [string, string[]] => {
      const [old, now] = [before.get(key), after.get(key)];
      return [key, old === undefined || now === undefined ? ['does not exist'] : differences(old, now)];
    });
    assert.deepEqual(Object.fromEntries(seen), expected);
  });
}

scenario(
  'Services of the Go version change only in the added allocation record and the removed finalizer',
  async ({ cluster, start, startGo }) => {
    for (const name of ['development', 'dual-stack', 'edge', 'finance', 'ipv6', 'shop', 'staging', 'testing'])
      await cluster.namespace(name);
    const go = startGo();
    await go.logs(/Starting service controller/);
    await cluster.kubectl(['apply', '-f', world]);
    await hasAddresses(cluster, 'staging/web');
    // The label shows that the Go version has processed the last Service.
    await eventually(async () =>
      assert.equal((await cluster.assignment('testing/scanner')).label, 'kube-vip'),
    );
    await go.terminate();
    const holder = await cluster.holder();
    assert.notEqual(holder, '', 'the Go version does not release its Lease');

    const before = await cluster.services();
    const held = (key: string): string | undefined => addressOf(before.get(key));
    assert.deepEqual(
      ['default/blog', 'development/api', 'finance/ledger', 'shop/cart', 'testing/scanner'].map(held),
      ['192.168.0.200', '192.168.0.208', '192.168.0.216', '192.168.0.242', '192.168.0.228'],
      'it allocates the ends of blocks, prefers cidr-global to range-shop, and accepts a duplicate',
    );
    const predicted = await simulatedAddresses(await cluster.kubectl(['get', 'svc,cm', '-A', '-o', 'yaml']));

    const ours = start();
    const by = (key: string, source: string, ...more: string[]): [string, string[]] => [
      key,
      adopted(before.get(key), source, ...more),
    ];
    const label = `+ labels.${names.implementation}: kube-vip`;
    await haveChanges(cluster, before, {
      ...Object.fromEntries([
        by('default/blog', 'cidr-default'),
        by('default/wiki', 'cidr-default'),
        by('development/api', 'cidr-development'),
        by('development/api-canary', 'cidr-development'),
        by('development/dns-tcp', 'cidr-development'),
        by('development/dns-udp', 'cidr-development'),
        by('finance/ledger', 'cidr-finance'),
        by('ipv6/first', 'cidr-ipv6'),
        by('ipv6/second', 'cidr-ipv6'),
        by('staging/web', 'cidr-global'),
        // Allocated from cidr-global, although their namespaces have ranges.
        by('shop/cart', 'unknown'),
        by('dual-stack/my-service', 'unknown'),
        by('dual-stack/other-service', 'unknown'),
        // The Go version fills in only some of the fields for static addresses. This controller fills in the rest.
        by('default/static-web', 'static', label),
        by('testing/printer', 'static', '+ spec.loadBalancerIP: 192.168.0.228'),
        by('testing/scanner', 'static', '+ spec.loadBalancerIP: 192.168.0.228'),
      ]),
      'ipv6/third': [],
      'edge/web': [],
    });
    await cluster.becomes('dual-stack/strict-service', assigned('192.168.0.10,2001::20', 'range-dual-stack'));
    assert.deepEqual(await cluster.addresses(), predicted, 'the addresses that `npm start` predicted');
    assert.notEqual(await cluster.holder(), holder);

    await cluster.warns(
      'testing/printer',
      /192\.168\.0\.228 is also assigned to testing\/scanner/,
      'AddressConflict',
    );
    await cluster.warns(
      'testing/scanner',
      /192\.168\.0\.228 is also assigned to testing\/printer/,
      'AddressConflict',
    );
    // Holders of the ends of a block are not among them.
    await eventually(() => {
      const outside = ours.log.filter(({ msg }) => msg.includes('outside pool'));
      const expected = ['dual-stack/my-service', 'dual-stack/other-service', 'shop/cart'];
      assert.deepEqual(outside.map(({ service }) => service).sort(), expected);
    });

    assert.equal(await ours.terminate(), 0);
    const unchanged = await versions(cluster);
    await start().logs(/Became leader/);
    await quietTime();
    assert.deepEqual(await versions(cluster), unchanged, 'a restart writes to no Service');
  },
);

scenario(
  'duplicates from the Go version are reported and kept, and its unfinished work is completed',
  async ({ cluster, start, startGo }) => {
    const pools = {
      'cidr-default': '10.1.0.8/29',
      'cidr-printers': '10.1.0.8/29',
      'cidr-global': '10.2.0.8/29',
      'cidr-lab': '0.0.0.0/32',
      'interface-default': 'eth3',
    };
    await cluster.pools(pools);
    const go = startGo();
    await go.logs(/Starting service controller/);
    // For a pool of a namespace, the Go version checks only Services of that namespace.
    for (const key of ['default/first', 'default/leaving', 'printers/first', 'lab/web', 'shop/turned'])
      await cluster.create(loadBalancer(key));
    // A Service with only spec.loadBalancerIP gets no label, and the Go version checks only labeled Services.
    await cluster.create(loadBalancer('default/by-spec', { loadBalancerIP: '10.1.0.10' }));
    await hasAddresses(cluster, 'shop/turned', 'default/by-spec');
    await cluster.create(loadBalancer('default/given'));
    await cluster.patch('shop/turned', { spec: { type: 'ClusterIP' } });
    await hasAddresses(cluster, 'default/given');
    await cluster.pools({ ...pools, 'search-order': 'desc' });
    await cluster.create(loadBalancer('shop/last'));
    await hasAddresses(cluster, 'shop/last');
    await cluster.pools(pools);
    await eventually(async () =>
      assert.equal((await cluster.service('shop/turned')).metadata.finalizers, undefined),
    );
    await go.terminate();
    // While no controller runs.
    await cluster.remove('default/leaving');
    await cluster.create(loadBalancer('default/new'));
    const before = await cluster.services();
    assert.deepEqual(await cluster.addresses(), {
      'default/by-spec': '10.1.0.10',
      'default/first': '10.1.0.8',
      'default/given': '10.1.0.10',
      'default/leaving': '10.1.0.9',
      'default/new': null,
      'lab/web': '0.0.0.0',
      'printers/first': '10.1.0.8',
      'shop/last': '10.2.0.15',
      'shop/turned': '10.2.0.8',
    });

    start();
    await haveChanges(cluster, before, {
      'default/first': adopted(before.get('default/first'), 'cidr-default'),
      'default/given': adopted(before.get('default/given'), 'cidr-default'),
      'printers/first': adopted(before.get('printers/first'), 'cidr-printers'),
      'lab/web': adopted(before.get('lab/web'), 'cidr-lab'),
      'shop/last': adopted(before.get('shop/last'), 'cidr-global'),
      // The label makes default/given the holder.
      'default/by-spec': [],
      'shop/turned': [
        `- annotations.${names.addresses}: 10.2.0.8`,
        `- labels.${names.implementation}: kube-vip`,
        '- spec.loadBalancerIP: 10.2.0.8',
      ],
    });
    await cluster.warns(
      'default/first',
      /10\.1\.0\.8 is also assigned to printers\/first/,
      'AddressConflict',
    );
    await cluster.warns(
      'printers/first',
      /10\.1\.0\.8 is also assigned to default\/first/,
      'AddressConflict',
    );
    await cluster.warns('default/by-spec', /10\.1\.0\.10 is already assigned to default\/given/);

    // New Services get addresses that no Service uses, and released addresses are allocated again.
    const eth3 = { interface: 'eth3' };
    await cluster.becomes('default/new', assigned('10.1.0.11', 'cidr-default', eth3));
    await eventually(async () => assert.ok(!(await cluster.services()).has('default/leaving')));
    await cluster.create(loadBalancer('default/next'));
    await cluster.becomes('default/next', assigned('10.1.0.9', 'cidr-default', eth3));
    // When the holder is deleted, the contender becomes the holder of the address.
    await cluster.remove('default/given');
    await cluster.becomes('default/by-spec', assigned('10.1.0.10', 'static'));
    assert.deepEqual((await cluster.service('default/by-spec')).metadata.finalizers, undefined);
  },
);

scenario(
  'after a Go version in class mode is killed during allocation, assigned addresses stay and the other Services get free ones',
  async ({ cluster, start, startGo }) => {
    await cluster.pools({ 'range-global': '10.2.0.1-10.2.0.8', 'interface-global': 'eth1' });
    const keys = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'].map(
      (name) => `shop/${name}`,
    );
    const go = startGo(isInClass);
    await go.logs(/Caches are synced/);
    for (const key of keys) await cluster.create(loadBalancer(key, inClass));
    await cluster.create(loadBalancer('shop/classless'));
    await hasAddresses(cluster, 'shop/three');
    // Without its class, the Go version ignores the Service and never removes the finalizer.
    await cluster.patch('shop/one', { spec: { type: 'ClusterIP' } });
    await cluster.remove('shop/one');
    await go.crash();
    const before = await cluster.services();
    assert.notEqual(before.get('shop/one')?.metadata.deletionTimestamp, undefined);
    const given = keys.filter((key) => key !== 'shop/one' && addressOf(before.get(key)) !== undefined);
    assert.ok(given.length < keys.length - 1, 'it was killed before it finished');
    const { body } = await cluster.client.get('/api/v1/namespaces/shop/events');
    // The API server also writes events when it checks ClusterIPs.
    const items = body.items as (Body & { reportingComponent: string })[];
    const written = items.filter(({ reportingComponent }) => !/ipallocator/.test(reportingComponent));
    assert.deepEqual(written, [], 'in class mode it writes no events');

    start({ env: isInClass });
    await hasAddresses(cluster, ...keys.slice(1));
    await eventually(async () => assert.ok(!(await cluster.services()).has('shop/one')));
    const after = await cluster.services();
    for (const key of given) {
      const [old, now] = [before.get(key), after.get(key)];
      assert.ok(old !== undefined && now !== undefined);
      await eventually(async () =>
        assert.deepEqual(differences(old, await cluster.service(key)), adopted(old, 'range-global'), key),
      );
    }
    const all = keys.slice(1).map((key) => addressOf(after.get(key)));
    assert.equal(new Set(all).size, all.length, `each has a different address: ${all.join(' ')}`);
    assert.deepEqual(await cluster.assignment('shop/classless'), unassigned);
  },
);
