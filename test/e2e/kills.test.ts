import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../simulator/random.ts';
import { type Cluster, keyOf } from './cluster.ts';
import { eventually } from './eventually.ts';
import { assigned, assignmentOf, loadBalancer } from './objects.ts';
import { scenarios, scenarioTimeoutMs } from './scenario.ts';
import type { ServiceWatch } from './service-watch.ts';

const scenario = scenarios('kills');

/** `KILLS=200` for a long run. `SEED` chooses other moments. */
const kills = Number(process.env.KILLS ?? 6);
const seed = Number(process.env.SEED ?? 1);

/** Services created for each process. */
const perKill = 8;
/** A process that is not killed logs about as many lines until it has served them, and then its renewals of the Lease. */
const linesOfLife = 60;

const pools = { 'cidr-default': '10.1.0.0/19' };

/** The Service that ends a test: it belongs to another controller. */
const last = 'default/last';

/** Follows every state of every Service, until `last` appears. No address may have two Services, and no Service two addresses. */
class Assignments {
  readonly #keys = new Map<string, string>();
  readonly #addresses = new Map<string, string>();

  async follow(watch: ServiceWatch): Promise<void> {
    for (;;) {
      const event = await watch.next();
      const key = keyOf(event.object);
      if (key === last) return watch.close();
      const { addresses } = assignmentOf(event.object);
      if (addresses === null) continue;
      assert.equal(this.#keys.get(addresses) ?? key, key, `${addresses} of ${key}`);
      assert.equal(this.#addresses.get(key) ?? addresses, addresses, key);
      this.#keys.set(addresses, key);
      this.#addresses.set(key, addresses);
    }
  }

  get size(): number {
    return this.#addresses.size;
  }
}

async function create(cluster: Cluster, prefix: string, count: number): Promise<void> {
  const keys = Array.from({ length: count }, (_, i) => `default/${prefix}-${i}`);
  await Promise.all(
    keys.map((key) => cluster.create(loadBalancer(key, { allocateLoadBalancerNodePorts: false }))),
  );
}

/** Each Service has an address of its own, and all fields that belong to it. */
async function isComplete(cluster: Cluster, count: number, following: Promise<void>): Promise<void> {
  await cluster.create(loadBalancer(last, { loadBalancerClass: 'example.com/other' }));
  await following;
  const all = await cluster.services();
  all.delete(last);
  const services = [...all.values()].map(assignmentOf);
  for (const one of services) assert.deepEqual(one, assigned(one.addresses ?? '', 'cidr-default'));
  assert.equal(new Set(services.map(({ addresses }) => addresses)).size, count);
}

scenario(
  `${kills} SIGKILLs at random points while Services are created (seed ${seed}): nothing is doubled, moved or lost`,
  async ({ cluster, start }) => {
    const random = randomOf(seed);
    await cluster.pools(pools);
    const watch = await cluster.watch();
    const assignments = new Assignments();
    const following = assignments.follow(watch);
    for (let kill = 0; kill < kills; kill += 1) {
      // With a line for each request: a point of the work, whatever the speed of the machine.
      const controller = start({ flags: ['-v=6'] });
      const lines = Math.floor(random() * linesOfLife);
      const creating = create(cluster, `web-${kill}`, perKill);
      const isThere = () => assert.ok(controller.output.split('\n').length > lines);
      await Promise.race([following, eventually(isThere)]);
      await delay(random() * 10);
      await controller.crash();
      await creating;
      // The next process does not wait for its end.
      await cluster.forgetLease();
    }
    start();
    const count = kills * perKill;
    await Promise.race([following, eventually(() => assert.equal(assignments.size, count))]);
    await isComplete(cluster, count, following);
  },
  scenarioTimeoutMs + kills * 10_000,
);

scenario(
  'a leader is stopped in a burst for longer than its Lease, and continued: nothing is doubled or moved',
  async ({ cluster, start }) => {
    const count = 100;
    await cluster.pools(pools);
    const watch = await cluster.watch();
    const assignments = new Assignments();
    const following = assignments.follow(watch);
    const first = start();
    await first.logs(/^Became leader$/);
    const second = start();
    await second.logs(/Running as standby/);
    const creating = create(cluster, 'web', count);
    const served = (least: number) => () => assert.ok(assignments.size >= least);
    await eventually(served(10));
    await first.freeze();
    await creating;
    await Promise.race([following, eventually(served(count))]);
    await first.thaw();
    await first.logs(/Lost the Lease/);
    await create(cluster, 'later', 1);
    await Promise.race([following, eventually(served(count + 1))]);
    await isComplete(cluster, count + 1, following);
    assert.ok(first.isRunning);
  },
);
