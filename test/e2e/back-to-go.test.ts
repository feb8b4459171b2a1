/** Downgrade: the real Go version takes over from this controller, and this controller takes over again. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Service } from '../../src/core/model/objects.ts';
import type { Body } from '../contract/http.ts';
import { differences } from '../upgrade/differences.ts';
import { faultsOf } from '../upgrade/go-reads.ts';
import { type Cluster, keyOf } from './cluster.ts';
import { eventually } from './eventually.ts';
import { goScenarios, hasAddresses } from './go-version.ts';
import { assigned, loadBalancer, names, unassigned } from './objects.ts';

const scenario = goScenarios('back-to-go');
const world = join(import.meta.dirname, '..', '..', 'examples', 'world.yaml');

const finalizer = `finalizers: ${names.goFinalizer}`;
const label = `labels.${names.implementation}: kube-vip`;

function recorded(source: string, addresses: string): string {
  return `annotations.${names.record}: ${source} ${addresses}`;
}

/** The differences for each Service that existed before. */
async function changes(
  cluster: Cluster,
  before: ReadonlyMap<string, Body>,
): Promise<Record<string, string[]>> {
  const after = await cluster.services();
  const pairs = [...before].map(([key, old]): [string, string[]] => {
    const now = after.get(key);
    return [key, now === undefined ? ['gone'] : differences(old, now)];
  });
  return Object.fromEntries(pairs.filter(([, lines]) => lines.length > 0));
}

/** The objects that this controller wrote are valid input for the Go version (test/upgrade/go-reads.ts). */
function isAsGoNeedsIt(before: Map<string, Body>, after: Map<string, Body>, wanted?: string): void {
  const faults = [...after.values()].flatMap((body) => {
    const old = before.get(keyOf(body)) ?? assert.fail(keyOf(body));
    return faultsOf({ before: old as Service, after: body as Service, class: wanted });
  });
  assert.deepEqual(faults, []);
}

scenario(
  'the Go version keeps the addresses that this controller assigned and allocates only free ones; this controller then takes over again',
  async ({ cluster, start, startGo }) => {
    for (const name of ['development', 'dual-stack', 'edge', 'finance', 'ipv6', 'shop', 'staging', 'testing'])
      await cluster.namespace(name);
    await cluster.kubectl(['apply', '-f', world]);
    const { data = {} } = (await cluster.client.get('/api/v1/namespaces/kube-system/configmaps/kubevip'))
      .body;
    const pools = { ...data, 'cidr-lab': '0.0.0.0/32', 'cidr-printers': '192.168.0.200/29' };
    await cluster.pools(pools);
    await cluster.create(loadBalancer('lab/web'));
    await cluster.create(loadBalancer('finance/turning'));
    const made = await cluster.services();
    const ours = start();
    await cluster.becomes('testing/printer', assigned('192.168.0.228', 'static'));
    await cluster.becomes('staging/web', assigned('192.168.0.241', 'cidr-global'));
    await cluster.becomes('finance/turning', assigned('192.168.0.218', 'cidr-finance'));
    await cluster.becomes('lab/web', assigned('0.0.0.0', 'cidr-lab'));
    await cluster.warns('testing/scanner', /192\.168\.0\.228 is already assigned to testing\/printer/);
    isAsGoNeedsIt(made, await cluster.services());
    assert.equal(await ours.terminate(), 0);
    assert.equal(await cluster.holder(), '', 'the Lease is released');

    const given = await cluster.services();
    const go = startGo();
    await cluster.create(loadBalancer('default/by-go'));
    await cluster.create(loadBalancer('shop/by-go'));
    await cluster.create(loadBalancer('finance/by-go'));
    await cluster.create(loadBalancer('development/by-go', { ports: [{ port: 9090 }] }));
    await hasAddresses(cluster, 'default/by-go', 'shop/by-go', 'finance/by-go', 'development/by-go');
    const isOurs = ({ spec }: Body): boolean => spec.loadBalancerClass === undefined;
    const expected = [...given]
      .filter(([, service]) => isOurs(service))
      .map(([key]) => [key, [`+ ${finalizer}`]]);
    const marked = {
      ...Object.fromEntries(expected),
      // A contender: the Go version labels every Service that has the annotation.
      'testing/scanner': [`+ ${finalizer}`, `+ ${label}`],
    };
    await eventually(async () => assert.deepEqual(await changes(cluster, given), marked));
    const { 'development/by-go': shared, ...addresses } = await cluster.addresses();
    assert.deepEqual(
      ['default/by-go', 'shop/by-go', 'finance/by-go'].map((key) => addresses[key]),
      // The Go version allocates the first address of a block. It skips .204, which is static, because of our label.
      ['192.168.0.200', '192.168.0.240', '192.168.0.216'],
    );
    assert.ok(shared === '192.168.0.209' || shared === '192.168.0.210', `${shared} is shared`);
    // The Go version does not check other namespaces when pools overlap.
    await cluster.create(loadBalancer('printers/by-go'));
    await hasAddresses(cluster, 'printers/by-go');
    assert.equal((await cluster.addresses())['printers/by-go'], '192.168.0.200');

    await cluster.remove('default/wiki');
    await eventually(async () => assert.ok(!(await cluster.services()).has('default/wiki')));
    await cluster.patch('finance/turning', { spec: { type: 'ClusterIP' } });
    await eventually(async () =>
      assert.equal((await cluster.service('finance/turning')).metadata.finalizers, undefined),
    );
    await go.terminate();

    const left = await cluster.services();
    start();
    const again = [...left]
      .filter(([, { metadata }]) => metadata.annotations?.[names.record] !== undefined)
      .map(([key]) => [key, [`- ${finalizer}`]]);
    const adopted = (source: string, address: string): string[] => [
      `+ ${recorded(source, address)}`,
      `- ${finalizer}`,
    ];
    const back = {
      ...Object.fromEntries(again),
      'default/by-go': adopted('cidr-default', '192.168.0.200'),
      'printers/by-go': adopted('cidr-printers', '192.168.0.200'),
      'development/by-go': adopted('cidr-development', shared),
      'finance/by-go': adopted('cidr-finance', '192.168.0.216'),
      'shop/by-go': adopted('unknown', '192.168.0.240'),
      // The Go version's label makes it a second holder.
      'testing/scanner': [
        `+ ${recorded('static', '192.168.0.228')}`,
        '+ spec.loadBalancerIP: 192.168.0.228',
        `- ${finalizer}`,
      ],
      'finance/turning': [
        `- annotations.${names.addresses}: 192.168.0.218`,
        `- ${recorded('cidr-finance', '192.168.0.218')}`,
        `- ${label}`,
        '- spec.loadBalancerIP: 192.168.0.218',
      ].sort(),
    };
    await eventually(async () => assert.deepEqual(await changes(cluster, left), back));
    await cluster.warns(
      'printers/by-go',
      /192\.168\.0\.200 is also assigned to default\/by-go/,
      'AddressConflict',
    );
    await cluster.warns(
      'testing/scanner',
      /192\.168\.0\.228 is also assigned to testing\/printer/,
      'AddressConflict',
    );
  },
);

scenario(
  'in class mode, the Go version and this controller replace each other, and no address changes',
  async (context) => {
    const { cluster, start, startGo } = context;
    const env = { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' };
    const loadBalancerClass = 'kube-vip.io/kube-vip-class';
    await cluster.pools({
      'range-global': '10.2.0.1-10.2.0.9,2001:db8::1-2001:db8::9',
      'search-order': 'desc',
    });
    await cluster.create(loadBalancer('default/one', { loadBalancerClass }));
    await cluster.create(
      loadBalancer('default/dual', {
        loadBalancerClass,
        ipFamilyPolicy: 'RequireDualStack',
        ipFamilies: ['IPv6', 'IPv4'],
      }),
    );
    await cluster.create(loadBalancer('default/static', { loadBalancerClass, loadBalancerIP: '10.2.0.7' }));
    await cluster.create(loadBalancer('default/classless'));
    const made = await cluster.services();
    const ours = start({ env });
    await cluster.becomes('default/dual', assigned('2001:db8::9,10.2.0.9', 'range-global'));
    await cluster.becomes('default/one', assigned('10.2.0.8', 'range-global'));
    await cluster.becomes('default/static', assigned('10.2.0.7', 'static'));
    isAsGoNeedsIt(made, await cluster.services(), loadBalancerClass);
    await ours.terminate();

    const given = await cluster.services();
    const go = startGo(env);
    await cluster.create(loadBalancer('default/by-go', { loadBalancerClass }));
    await hasAddresses(cluster, 'default/by-go');
    // Our label on a static address makes the Go version treat it as in use.
    assert.equal((await cluster.addresses())['default/by-go'], '10.2.0.6');
    const added = [`+ ${finalizer}`];
    const marked = { 'default/one': added, 'default/dual': added, 'default/static': added };
    await eventually(async () => assert.deepEqual(await changes(cluster, given), marked));
    await cluster.remove('default/one');
    await eventually(async () => assert.ok(!(await cluster.services()).has('default/one')));
    await go.terminate();

    const left = await cluster.services();
    start({ env });
    const back = {
      'default/by-go': [`+ ${recorded('range-global', '10.2.0.6')}`, `- ${finalizer}`],
      'default/dual': [`- ${finalizer}`],
      'default/static': [`- ${finalizer}`],
    };
    await eventually(async () => assert.deepEqual(await changes(cluster, left), back));
    assert.deepEqual(await cluster.assignment('default/classless'), unassigned);
  },
);
