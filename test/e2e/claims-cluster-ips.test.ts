import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../simulator/random.ts';
import { claimsScenarios } from './claims.ts';
import { type Cluster, keyOf } from './cluster.ts';
import { eventually } from './eventually.ts';
import { assigned, assignmentOf, loadBalancer, names } from './objects.ts';
import type { ServiceWatch } from './service-watch.ts';

/** Fourteen addresses, the first of which the Service `kubernetes` has, so that allocations compete for each one. */
const scenario = claimsScenarios('claims-cluster-ips', ['--service-cluster-ip-range=10.96.0.0/28']);

const seed = Number(process.env.CLAIMS_SEED ?? String(Date.now() % 1_000_000));

const at = (address: string) => ({ annotations: { [names.addresses]: address } });

scenario(
  'if a pool overlaps the ClusterIP range, no address is assigned on both sides, and events name the holder',
  async ({ cluster, startWithClaims }) => {
    // The first is the Service `kubernetes`.
    await cluster.pools({ 'range-default': '10.96.0.1-10.96.0.4' });
    await cluster.create(loadBalancer('default/inside', { type: 'ClusterIP', clusterIP: '10.96.0.2' }));
    startWithClaims();
    await cluster.create(loadBalancer('default/web', { clusterIP: '10.96.0.11' }));
    await cluster.becomes('default/web', assigned('10.96.0.3', 'range-default'));
    await cluster.create(loadBalancer('default/named', { ...at('10.96.0.2'), clusterIP: '10.96.0.12' }));
    await cluster.warns(
      'default/named',
      /^10\.96\.0\.2 is claimed by the IPAddress object 10\.96\.0\.2 \(parent services default\/inside, managed by ipallocator\.k8s\.io\)/,
    );
    await assert.rejects(
      cluster.create(loadBalancer('default/late', { type: 'ClusterIP', clusterIP: '10.96.0.3' })),
      /provided IP is already allocated/,
    );
    // The ClusterIP allocator also respects static addresses, inside or outside the pool.
    await cluster.annotate('default/named', { [names.addresses]: '10.96.0.9' });
    await cluster.becomes('default/named', assigned('10.96.0.9', 'static'));
    await assert.rejects(
      cluster.create(loadBalancer('default/late', { type: 'ClusterIP', clusterIP: '10.96.0.9' })),
      /provided IP is already allocated/,
    );
    await cluster.create(loadBalancer('default/last', { clusterIP: '10.96.0.13' }));
    await cluster.becomes('default/last', assigned('10.96.0.4', 'range-default'));
    await cluster.create(loadBalancer('default/pending', { clusterIP: '10.96.0.14' }));
    await cluster.warns(
      'default/pending',
      /full: all 4 of its IPv4 addresses \(2 of them claimed by other IPAddress objects\) are in use/,
    );
    await cluster.remove('default/named');
    await cluster.remove('default/inside');
    await cluster.becomes('default/pending', assigned('10.96.0.2', 'range-default'));
  },
);

/** Returns each moment at which two Services had the same address, until the Service `last` is deleted. */
async function duplicates(watch: ServiceWatch, last: string): Promise<string[]> {
  const found: string[] = [];
  const shown = new Map<string, readonly string[]>();
  for (;;) {
    const { type, object } = await watch.next();
    const key = keyOf(object);
    if (type === 'DELETED') {
      shown.delete(key);
      if (key === last) return found;
      continue;
    }
    const own = [object.spec.clusterIP, assignmentOf(object).addresses].filter((address) => address != null);
    shown.set(key, own);
    const others = [...shown].filter(([other]) => other !== key).flatMap(([, addresses]) => addresses);
    if (own.some((address) => others.includes(address)) || new Set(own).size < own.length)
      found.push(`${type} ${key}: ${own}; others have ${others}`);
  }
}

/** Returns whether a ClusterIP was available for the Service. */
async function tryToCreate(cluster: Cluster, key: string): Promise<boolean> {
  const path = `/api/v1/namespaces/default/services`;
  const { status, body } = await cluster.client.post(
    path,
    loadBalancer(key, { allocateLoadBalancerNodePorts: false }),
  );
  if (status !== 201) assert.match(body.message ?? '', /range is full/);
  return status === 201;
}

scenario(
  `if the pool is the whole ClusterIP range, no address is ever used on both sides (seed ${seed})`,
  async ({ cluster, claims, startWithClaims }) => {
    const random = randomOf(seed);
    await cluster.pools({ 'cidr-default': '10.96.0.0/28' });
    const watch = await cluster.watch();
    const following = duplicates(watch, 'default/s-0');
    startWithClaims();
    const alive = new Set<string>();
    let rejected = 0;
    for (let turn = 1; turn <= 150 || rejected === 0; turn += 1) {
      const key = `default/s-${turn}`;
      if (random() < 0.6) {
        if (await tryToCreate(cluster, key)) alive.add(key);
        else rejected += 1;
      } else {
        const [some] = [...alive].filter(() => random() < 0.5);
        if (some !== undefined) await cluster.remove(some);
        alive.delete(some ?? '');
      }
      await delay(random() * 40);
    }
    await Promise.all([...alive].map((key) => cluster.remove(key)));
    // A ClusterIP may be released shortly after its Service is deleted.
    await eventually(async () => assert.ok(await tryToCreate(cluster, 'default/s-0')));
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await eventually(async () => assert.ok(await tryToCreate(cluster, `default/${name}`)));
    await eventually(async () => {
      const given = Object.values(await cluster.addresses()).filter((address) => address !== null);
      assert.equal(given.length, 6);
      assert.deepEqual(await claims.names(), given.sort());
    });
    await cluster.remove('default/s-0');
    assert.deepEqual(await following, []);
    watch.close();
  },
);
