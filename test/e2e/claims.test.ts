import assert from 'node:assert/strict';
import type { Body } from '../contract/http.ts';
import { claimAnnotationOf, claimsScenarios, createForeignClaim, reserve } from './claims.ts';
import { eventually } from './eventually.ts';
import { Guide, GuideShell } from './guide.ts';
import { assigned, loadBalancer, names } from './objects.ts';

const scenario = claimsScenarios('claims');

const pool = { 'range-default': '10.1.0.1-10.1.0.9,2001:db8::1-2001:db8::9' };
const at = (addresses: string) => ({ annotations: { [names.addresses]: addresses } });
const versionOf = ({ metadata }: Body): bigint => BigInt(metadata.resourceVersion ?? 0);

scenario(
  'each address is claimed before it is assigned, including static addresses, and released after its Service',
  async ({ cluster, claims, startWithClaims }) => {
    await cluster.pools(pool);
    await startWithClaims().logs(/^Claiming each address/);
    const addresses = new Map([
      ['default/single', ['10.1.0.1']],
      ['default/dual', ['10.1.0.2', '2001:db8::1']],
      ['default/named', ['192.168.7.7', '2001:db8::7']],
    ]);
    await cluster.create(loadBalancer('default/single'));
    await cluster.becomes('default/single', assigned('10.1.0.1', 'range-default'));
    await cluster.create(loadBalancer('default/dual', { ipFamilyPolicy: 'RequireDualStack' }));
    await cluster.becomes('default/dual', assigned('10.1.0.2,2001:db8::1', 'range-default'));
    await cluster.create(loadBalancer('default/named', at('192.168.7.7,2001:DB8:0:0::7')));
    await eventually(async () => assert.equal((await cluster.assignment('default/named')).from, 'static'));
    const made = await claims.all();
    assert.deepEqual([...made.keys()].sort(), [...addresses.values()].flat().sort());
    for (const [key, own] of addresses) {
      const service = await cluster.service(key);
      for (const address of own) {
        const claim = made.get(address);
        assert.ok(claim, address);
        assert.ok(versionOf(claim) < versionOf(service), `${address} was claimed first`);
        assert.deepEqual(claim.metadata.labels, {
          'ipaddress.kubernetes.io/managed-by': 'kube-vip-cloud-provider',
          'ipaddress.kubernetes.io/ip-family': address.includes(':') ? 'IPv6' : 'IPv4',
        });
        assert.deepEqual(claim.spec, {
          parentRef: { resource: 'configmaps', namespace: 'kube-system', name: 'kubevip' },
        });
        const { by, for: reservations } = claimAnnotationOf(claim) as {
          by: string;
          for: { service: string; uid: string }[];
        };
        assert.equal(by, 'kube-vip-cloud-controller');
        assert.deepEqual(
          reservations.map(({ service, uid }) => [service, uid]),
          [[key, service.metadata.uid]],
        );
      }
    }
    await cluster.remove('default/single');
    await eventually(async () => assert.equal((await claims.all()).has('10.1.0.1'), false));
    for (const key of ['default/dual', 'default/named']) await cluster.remove(key);
    await eventually(async () => assert.deepEqual(await claims.names(), []));
  },
);

scenario(
  'an address that a killed controller had claimed is assigned to that Service, or released if the Service was deleted',
  async ({ cluster, claims, startWithClaims }) => {
    // SIGKILL arrives between the claim and the PATCH.
    await reserve(cluster, await cluster.create(loadBalancer('default/stays')), '10.1.0.1');
    await reserve(cluster, await cluster.create(loadBalancer('default/goes')), '10.1.0.2');
    assert.deepEqual(await claims.names(), ['10.1.0.1', '10.1.0.2']);
    await cluster.remove('default/goes');
    await cluster.create(loadBalancer('default/other'));
    await cluster.pools({ 'range-default': '10.2.0.1,10.1.0.1-10.1.0.9' });
    startWithClaims();
    await cluster.becomes('default/stays', assigned('10.1.0.1', 'range-default'));
    await eventually(async () => {
      const own = [(await cluster.assignment('default/other')).addresses, '10.1.0.1'];
      assert.deepEqual(await claims.names(), own.sort());
    });
  },
);

scenario(
  'a shared address has one claim, which is released with the last Service',
  async ({ cluster, claims, startWithClaims }) => {
    await cluster.pools({ ...pool, 'allow-share-default': 'true' });
    startWithClaims();
    const keys = [80, 81, 82].map((port) => [`default/p${port}`, port] as const);
    for (const [key, port] of keys) await cluster.create(loadBalancer(key, { ports: [{ port }] }));
    for (const [key] of keys) await cluster.becomes(key, assigned('10.1.0.1', 'range-default'));
    assert.deepEqual(await claims.names(), ['10.1.0.1']);
    const before = (await claims.all()).get('10.1.0.1')?.metadata.uid;
    await cluster.remove('default/p80');
    await cluster.remove('default/p82');
    // The work queue has handled the deletions when this Service has an address.
    await cluster.create(loadBalancer('default/later', { externalTrafficPolicy: 'Local' }));
    await cluster.becomes('default/later', assigned('10.1.0.2', 'range-default'));
    assert.deepEqual(await claims.names(), ['10.1.0.1', '10.1.0.2']);
    assert.equal((await claims.all()).get('10.1.0.1')?.metadata.uid, before);
    await cluster.remove('default/p81');
    await eventually(async () => assert.deepEqual(await claims.names(), ['10.1.0.2']));
  },
);

scenario(
  "another program's IPAddress is respected, and its deletion frees the address for a pending Service",
  async ({ cluster, claims, startWithClaims }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.2' });
    await createForeignClaim(cluster, '10.1.0.1');
    startWithClaims();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', assigned('10.1.0.2', 'range-default'));
    await assert.rejects(createForeignClaim(cluster, '10.1.0.2'), /already exists/);
    await cluster.create(loadBalancer('default/pending'));
    await cluster.warns('default/pending', /1 of them claimed by other IPAddress objects/);
    await cluster.create(loadBalancer('default/named', at('10.1.0.1')));
    await cluster.warns(
      'default/named',
      /^10\.1\.0\.1 is claimed by the IPAddress object 10\.1\.0\.1 \(parent routers edge/,
    );
    await cluster.remove('default/named');
    const foreign = (await claims.all()).get('10.1.0.1');
    assert.equal(foreign?.metadata.annotations, undefined);
    await cluster.kubectl(['delete', 'ipaddress', '10.1.0.1']);
    await cluster.becomes('default/pending', assigned('10.1.0.1', 'range-default'));
    // If one of our claims is deleted, the controller creates it again.
    await cluster.kubectl(['delete', 'ipaddress', '10.1.0.2']);
    await eventually(async () => assert.deepEqual(await claims.names(), ['10.1.0.1', '10.1.0.2']));
    await assert.rejects(createForeignClaim(cluster, '10.1.0.2'), /already exists/);
  },
);

const guide = new Guide('claims.md');

/** Matches a line of the document, in which `…` stands for any text and several spaces for any number of them. */
function lineLike(text: string): RegExp {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '[^"]+').replaceAll(/ {2,}/g, ' +')}`, 'm');
}

scenario(
  'docs/claims.md: turning claims on, listing them, and turning them off writes to no Service',
  async ({ cluster, claims, startWithClaims, start }) => {
    const shell = new GuideShell(cluster, guide);
    const given = async (): Promise<string[]> => {
      const all = Object.values(await cluster.addresses()).filter((address) => address !== null);
      return all.sort();
    };
    const isGiven = (key: string, address: string) => cluster.becomes(key, assigned(address, 'range-global'));
    await cluster.pools({ 'range-global': '192.168.0.201-192.168.0.240' });
    const plain = start();
    const keys = Array.from({ length: 30 }, (_, i) => `default/s-${i}`);
    await cluster.create(loadBalancer('default/first'));
    await isGiven('default/first', '192.168.0.201');
    await cluster.create(loadBalancer('default/second'));
    await isGiven('default/second', '192.168.0.202');
    await Promise.all(keys.map((key) => cluster.create(loadBalancer(key))));
    await eventually(async () => assert.equal((await given()).length, 32));
    assert.equal(await plain.terminate(), 0);
    assert.deepEqual(await claims.names(), []);
    const before = await cluster.versions();
    const held = await given();
    const second = startWithClaims();
    await eventually(async () => assert.deepEqual(await claims.names(), held));
    assert.deepEqual(await cluster.versions(), before);

    for (const key of ['default/first', 'default/second']) await cluster.remove(key);
    await eventually(async () => assert.equal((await claims.names()).includes('192.168.0.202'), false));
    await cluster.kubectl(['create', '-f', '-'], guide.follow('See the claims', 4));
    await cluster.create(loadBalancer('default/web'));
    await isGiven('default/web', '192.168.0.201');
    await cluster.create(loadBalancer('default/next'));
    await isGiven('default/next', '192.168.0.233');
    for (const [command, shows] of [
      [0, 1],
      [2, 3],
    ] as const) {
      const shown = await shell.run('See the claims', command);
      for (const line of guide.follow('See the claims', shows).trim().split('\n'))
        assert.match(shown, lineLike(line));
    }

    assert.equal(await second.terminate(), 0);
    await shell.run('Turn claims off', 0);
    assert.deepEqual(await claims.names(), ['192.168.0.202']);
    start();
    await cluster.remove('default/web');
    await cluster.create(loadBalancer('default/after'));
    await isGiven('default/after', '192.168.0.201');
    assert.deepEqual(await claims.names(), ['192.168.0.202']);
    assert.deepEqual(guide.left, [], 'every block was followed');
    shell.close();
  },
);
