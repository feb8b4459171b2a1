import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Watch } from '../contract/http.ts';
import { randomOf } from '../simulator/random.ts';
import { type Cluster, keyOf } from './cluster.ts';
import type { ControllerProcess } from './controller.ts';
import { eventually } from './eventually.ts';
import { assignmentOf, loadBalancer } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('chaos');

/** For how long signals rain; `CHAOS_SECONDS` for a longer sitting, `CHAOS_SEED` to repeat the choices of one. */
const seconds = Number(process.env.CHAOS_SECONDS ?? '20');
const seed = Number(process.env.CHAOS_SEED ?? String(Date.now() % 1_000_000));

/** Follows every address that is ever shown until the Service `last` appears: one that has an address keeps it. */
async function follow(watch: Watch, last: string, moved: string[]): Promise<void> {
  const given = new Map<string, string>();
  for (;;) {
    const event = await watch.next();
    assert.ok(event, 'the watch goes on');
    if (keyOf(event.object) === last) return;
    const key = `${keyOf(event.object)} ${event.object.metadata.uid}`;
    const { addresses } = assignmentOf(event.object);
    const before = given.get(key);
    if (before !== undefined && addresses !== before) moved.push(`${key}: ${before} became ${addresses}`);
    if (addresses !== null) given.set(key, addresses);
  }
}

/** Which Services have one address together. */
function duplicates(addresses: Record<string, string | null>): string[][] {
  const byAddress = Map.groupBy(Object.entries(addresses), ([, address]) => address);
  const shared = [...byAddress].filter(([address, keys]) => address !== null && keys.length > 1);
  return shared.map(([, entries]) => entries.map(([key]) => key));
}

type Signal = 'STOP' | 'TERM' | 'KILL';

class Replicas {
  readonly running: ControllerProcess[] = [];
  readonly #start: () => ControllerProcess;

  constructor(start: () => ControllerProcess, count: number) {
    this.#start = start;
    for (let i = 0; i < count; i += 1) this.add();
  }

  add(): void {
    this.running.push(this.#start());
  }

  /** The one that last said that it leads. */
  async leader(): Promise<ControllerProcess> {
    const ledAt = ({ log }: ControllerProcess): string =>
      log.findLast(({ msg }) => msg === 'leading')?.time ?? '';
    return eventually(() => {
      const [leader] = [...this.running].sort((a, b) => (ledAt(a) < ledAt(b) ? 1 : -1));
      assert.ok(leader !== undefined && ledAt(leader) !== '', 'somebody leads');
      return leader;
    }, 20_000);
  }

  async strike(signal: Signal, random: () => number): Promise<void> {
    const leader = await this.leader();
    if (signal === 'STOP') {
      await leader.freeze();
      // Longer than the Lease lasts, or shorter: both wake up in the middle of something.
      await delay(500 + random() * 6_000);
      await leader.thaw();
      return;
    }
    this.running.splice(this.running.indexOf(leader), 1);
    if (signal === 'TERM') assert.equal(await leader.terminate(), 0);
    else await leader.crash();
    this.add();
  }
}

/** Creates bursts of Services, and deletes some of them meanwhile, until it is told to stop. */
async function load(cluster: Cluster, random: () => number, isOver: () => boolean): Promise<void> {
  const alive: string[] = [];
  for (let burst = 0; !isOver(); burst += 1) {
    const keys = Array.from({ length: 40 }, (_, i) => `default/s-${burst}-${i}`);
    const some = alive.filter(() => random() < 0.3);
    await Promise.all([
      ...keys.map((key) => cluster.create(loadBalancer(key, { allocateLoadBalancerNodePorts: false }))),
      ...some.map((key) => cluster.remove(key)),
    ]);
    alive.push(...keys);
    for (const key of some) alive.splice(alive.indexOf(key), 1);
    await delay(200 + random() * 600);
  }
}

scenario(
  `three processes, ${seconds} s of SIGTERM, kill -9 and SIGSTOP for the leader (seed ${seed}): each Service has an address, nothing moves, none is given twice unseen`,
  async ({ cluster, start }) => {
    const random = randomOf(seed);
    await cluster.pools({ 'cidr-default': '10.1.0.0/20' });
    const watch = await cluster.watch();
    const moved: string[] = [];
    const last = 'default/last';
    const following = follow(watch, last, moved);
    const replicas = new Replicas(start, 3);
    let isOver = false;
    const loading = load(cluster, randomOf(seed + 1), () => isOver);
    /** In turn, so that each comes; what they hit is chance. */
    const rain = async (signals: readonly Signal[]): Promise<void> => {
      const end = performance.now() + (seconds * 1000) / 2;
      for (let i = 0; performance.now() < end; i += 1) {
        await delay(200 + random() * 2_000);
        await replicas.strike(signals[i % signals.length] ?? 'KILL', random);
      }
    };
    try {
      await rain(['TERM', 'KILL']);
      assert.deepEqual(duplicates(await cluster.addresses()), [], 'before any process was frozen');
      await rain(['STOP', 'TERM', 'STOP', 'KILL']);
    } finally {
      isOver = true;
      await loading;
    }
    await cluster.create(loadBalancer(last, { loadBalancerClass: 'example.com/other' }));
    await eventually(async () => {
      const waiting = Object.entries(await cluster.addresses()).filter(([, address]) => address === null);
      assert.deepEqual(waiting, [[last, null]]);
    }, 30_000);
    await following;
    watch.close();
    assert.deepEqual(moved, []);
    // Only a process that woke up with a write in hand may have made one, and then that is said.
    for (const keys of duplicates(await cluster.addresses())) {
      const said = await Promise.all(keys.map((key) => cluster.events(key)));
      assert.ok(
        said
          .flat()
          .some(({ type, message }) => type === 'Warning' && keys.some((key) => message.includes(key))),
        `${keys.join(' and ')} have one address, and nobody says so`,
      );
    }
  },
  (seconds + 60) * 1000,
);
