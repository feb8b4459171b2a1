import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../simulator/random.ts';
import { type Cluster, keyOf } from './cluster.ts';
import type { ControllerProcess } from './controller.ts';
import { eventually } from './eventually.ts';
import { assignmentOf, loadBalancer } from './objects.ts';
import { scenarios, scenarioTimeoutMs } from './scenario.ts';
import type { ServiceWatch } from './service-watch.ts';

const scenario = scenarios('chaos');

/** How long signals are sent. `CHAOS_SECONDS` sets another duration, and `CHAOS_SEED` repeats the choices of a run. */
const seconds = Number(process.env.CHAOS_SECONDS ?? '20');
const seed = Number(process.env.CHAOS_SEED ?? String(Date.now() % 1_000_000));

/** Records in `moved` each change of an address, until the Service `last` appears. */
async function follow(watch: ServiceWatch, last: string, moved: string[]): Promise<void> {
  const given = new Map<string, string>();
  for (;;) {
    const event = await watch.next();
    if (keyOf(event.object) === last) return;
    const key = `${keyOf(event.object)} ${event.object.metadata.uid}`;
    const { addresses } = assignmentOf(event.object);
    const before = given.get(key);
    if (before !== undefined && addresses !== before) moved.push(`${key}: ${before} became ${addresses}`);
    if (addresses !== null) given.set(key, addresses);
  }
}

/** The groups of Services that have the same address. */
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

  /** The replica that most recently logged that it leads. */
  async leader(): Promise<ControllerProcess> {
    const ledAt = ({ log }: ControllerProcess): string =>
      log.findLast(({ msg }) => msg === 'Became leader')?.time ?? '';
    return eventually(() => {
      const [leader] = [...this.running].sort((a, b) => (ledAt(a) < ledAt(b) ? 1 : -1));
      assert.ok(leader !== undefined && ledAt(leader) !== '', 'one replica leads');
      return leader;
    });
  }

  async strike(signal: Signal, random: () => number): Promise<void> {
    const leader = await this.leader();
    if (signal === 'STOP') {
      await leader.freeze();
      // Longer or shorter than the Lease is valid.
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

/** Creates bursts of Services and deletes some of them until `isOver`. */
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
  `three replicas, whose leader receives SIGTERM, SIGKILL and SIGSTOP for ${seconds} s (seed ${seed}): each Service gets an address and keeps it, and each duplicate is reported`,
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
    /** Sends the signals in turn, at random times. */
    const sendSignals = async (signals: readonly Signal[]): Promise<void> => {
      const end = performance.now() + (seconds * 1000) / 2;
      for (let i = 0; performance.now() < end; i += 1) {
        await delay(200 + random() * 2_000);
        await replicas.strike(signals[i % signals.length] ?? 'KILL', random);
      }
    };
    try {
      await sendSignals(['TERM', 'KILL']);
      assert.deepEqual(duplicates(await cluster.addresses()), [], 'before any process was frozen');
      await sendSignals(['STOP', 'TERM', 'STOP', 'KILL']);
    } finally {
      isOver = true;
      await loading;
    }
    await cluster.create(loadBalancer(last, { loadBalancerClass: 'example.com/other' }));
    await eventually(async () => {
      const pending = Object.entries(await cluster.addresses()).filter(([, address]) => address === null);
      assert.deepEqual(pending, [[last, null]]);
    });
    await following;
    watch.close();
    assert.deepEqual(moved, []);
    // Only a resumed process with an in-flight write can create a duplicate, and it must be reported.
    for (const keys of duplicates(await cluster.addresses())) {
      const events = await Promise.all(keys.map((key) => cluster.events(key)));
      assert.ok(
        events
          .flat()
          .some(({ type, message }) => type === 'Warning' && keys.some((key) => message.includes(key))),
        `${keys.join(' and ')} have the same address, and no event reports it`,
      );
    }
  },
  seconds * 1000 + scenarioTimeoutMs,
);
