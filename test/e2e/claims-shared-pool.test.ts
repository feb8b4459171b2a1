import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../simulator/random.ts';
import { another, claimsScenarios } from './claims.ts';
import { type Cluster, keyOf } from './cluster.ts';
import type { ControllerProcess } from './controller.ts';
import { eventually } from './eventually.ts';
import { assignmentOf, loadBalancer } from './objects.ts';
import type { ServiceWatch } from './service-watch.ts';

const scenario = claimsScenarios('claims-shared-pool');

/** Duration of the load. `CLAIMS_SECONDS` sets another one, and `CLAIMS_SEED` repeats the choices of a run. */
const seconds = Number(process.env.CLAIMS_SECONDS ?? '15');
const seed = Number(process.env.CLAIMS_SEED ?? String(Date.now() % 1_000_000));

const className = 'kube-vip.io/kube-vip-class';
const last = 'default/last';

/** Returns each moment at which two Services had the same address, until the Service `last` appears. */
async function duplicates(watch: ServiceWatch): Promise<string[]> {
  const found: string[] = [];
  const addresses = new Map<string, string>();
  const holders = new Map<string, string>();
  try {
    for (;;) {
      const { type, object } = await watch.next();
      const key = keyOf(object);
      if (key === last) return found;
      const before = addresses.get(key);
      addresses.delete(key);
      if (before !== undefined && holders.get(before) === key) holders.delete(before);
      const address = type === 'DELETED' ? null : assignmentOf(object).addresses;
      if (address === null) continue;
      const holder = holders.get(address);
      if (holder !== undefined) found.push(`${address} on ${holder} and ${key}`);
      addresses.set(key, address);
      holders.set(address, key);
    }
  } finally {
    watch.close();
  }
}

/** Creates Services for both controllers, and deletes and recreates some of them until `endAt`. All exist at the end. */
async function load(cluster: Cluster, count: number, random: () => number, endAt: number): Promise<void> {
  const keys = Array.from({ length: count }, (_, i) => `default/s-${i}`);
  const create = async (key: string): Promise<void> => {
    const ofClass = random() < 0.5 ? { loadBalancerClass: className } : {};
    await cluster.create(loadBalancer(key, { allocateLoadBalancerNodePorts: false, ...ofClass }));
  };
  await Promise.all(keys.map(create));
  while (performance.now() < endAt) {
    await delay(random() * 400);
    const share = random() * 0.3;
    const some = keys.filter(() => random() < share);
    await Promise.all(some.map((key) => cluster.remove(key)));
    await delay(random() * 200);
    await Promise.all(some.map(create));
  }
}

scenario(
  `two controllers share a pool of 200 addresses for 300 Services, with SIGKILL for ${seconds} s (seed ${seed}): no address is assigned twice, and every address is assigned in the end`,
  async ({ cluster, claims, startWithClaims }) => {
    const random = randomOf(seed);
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.200' });
    const following = duplicates(await cluster.watch());
    const ofClass = {
      env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' },
      flags: [`--leader-elect-resource-name=${another}`],
    };
    const starts: readonly (() => ControllerProcess)[] = [
      () => startWithClaims(),
      () => startWithClaims(ofClass),
    ];
    const running = starts.map((start) => start());
    const endAt = performance.now() + seconds * 1_000;
    const loading = load(cluster, 300, randomOf(seed + 1), endAt);
    while (performance.now() < endAt) {
      await delay(1_000 + random() * 4_000);
      const which = random() < 0.5 ? 0 : 1;
      await running[which]?.crash();
      const again = starts[which]?.();
      if (again !== undefined) running[which] = again;
    }
    await loading;
    await eventually(async () => {
      const given = Object.values(await cluster.addresses()).filter((address) => address !== null);
      assert.equal(new Set(given).size, 200);
      assert.equal(given.length, 200);
      assert.deepEqual(await claims.names(), given.sort());
    });
    await cluster.create(loadBalancer(last, { loadBalancerClass: 'example.com/other' }));
    assert.deepEqual(await following, []);
    const writers = new Set(
      [...(await cluster.services()).values()].flatMap(({ metadata }) => {
        const record = metadata.annotations?.['kube-vip.io/allocation'];
        return record === undefined ? [] : [(JSON.parse(record) as { by: string }).by];
      }),
    );
    assert.deepEqual([...writers].sort(), ['kube-vip-cloud-controller', another]);
  },
  (seconds + 60) * 1_000,
);
