import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startEtcd } from '../controlplane/etcd.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { Cluster } from '../e2e/cluster.ts';
import { grant, permissionsWithClaims } from '../e2e/roles.ts';
import { randomOf } from '../simulator/random.ts';
import type { Counter } from './counter.ts';
import { Faults, type ReplicaSlot } from './faults.ts';
import { History } from './history.ts';
import { megabytes, type Sample } from './memory.ts';
import { isObserved, Observer } from './observer.ts';
import { namespaces, poolsOf } from './pools.ts';
import { Replica } from './replica.ts';
import { checkAtRest } from './rest-checks.ts';
import { Sender } from './sender.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { Timeline } from './timeline.ts';
import { type Act, Users } from './users.ts';
import type { Finding } from './write-checks.ts';

export interface SoakOptions {
  /** The folder with kube-apiserver, etcd and kubectl. */
  readonly binaries: string;
  /** The built controller. */
  readonly bundle: string;
  readonly services: number;
  /** The duration of user acts and faults in all rounds together. */
  readonly seconds: number;
  /** A round ends with a rest. */
  readonly roundSeconds: number;
  readonly actsPerSecond: number;
  readonly seed: number;
  /** Whether the controllers run with `--claims`. */
  readonly claims: boolean;
  /** How long nothing must be written to be at rest. */
  readonly quietSeconds: number;
  /** The time limit for coming to rest. The back-off of a controller after a failure is up to 30 s. */
  readonly restSeconds: number;
  /** The factor for the duration of faults (see FaultsOptions). */
  readonly pace: number;
  /** Called with progress messages. */
  readonly progress: (text: string) => void;
}

export interface SoakReport {
  readonly seconds: number;
  readonly services: number;
  /** The broken promises that ended the run. */
  readonly findings: readonly Finding[];
  /** What happened to the Services in the first finding. */
  readonly timeline: readonly string[];
  readonly done: Counter;
  readonly rejected: Counter;
  readonly faults: Counter;
  readonly seen: Counter;
  readonly samples: readonly Sample[];
  readonly rests: number;
  /** At the last rest. */
  readonly pending: number;
  readonly duplicates: number;
}

const prefix = 'soak';
const claimsUser = 'claiming';
/** The share of a round without faults. */
const aloneShare = 0.25;

/** Runs the soak test. Throws if the test itself cannot continue. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const timeline = new Timeline();
  const observer = new Observer(timeline, options.claims);
  const ends: (() => unknown)[] = [];
  const etcd = await startEtcd(options.binaries);
  ends.push(() => etcd.stop());
  try {
    const history = new History(etcd.url, `/${prefix}/`, isObserved, (stored) => observer.take(stored));
    ends.push(() => history.close());
    await history.start();
    const flags = ['--storage-media-type=application/json'];
    const users = [{ name: claimsUser }];
    const cluster = await Cluster.start(options.binaries, { prefix, flags, users }, etcd);
    ends.push(() => cluster.stop());
    const run = await Run.prepare(options, cluster, observer, timeline);
    ends.push(() => run.end());
    const faults = new Faults({
      ...{ server: cluster.server, etcd, slots: run.slots, observer },
      ...{ random: randomOf(options.seed + 1), pace: options.pace },
      progress: (fault) => run.say(fault),
    });
    const playing = run.play(faults);
    // Faults and acts complete before the cluster is stopped.
    ends.push(() => run.stop(playing));
    return await Promise.race([playing, history.failed, run.failed]);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

/** Returns the kubeconfig of a user with the permissions for `--claims` from docs/install.md. */
async function grantClaims(cluster: Cluster): Promise<string> {
  await grant(cluster, claimsUser, permissionsWithClaims());
  return cluster.server.kubeconfig(claimsUser);
}

class Run {
  readonly slots: ReplicaSlot[] = [];
  readonly #options: SoakOptions;
  readonly #cluster: Cluster;
  readonly #observer: Observer;
  readonly #timeline: Timeline;
  readonly #users: Users;
  readonly #sender: Sender;
  readonly #folder = temporaryFolder('kvcp-soak-');
  readonly #failed = Promise.withResolvers<never>();
  readonly #stopping = new AbortController();
  readonly #began = performance.now();
  readonly #samples: Sample[] = [];
  #faults: Faults | undefined;
  #findings: readonly Finding[] = [];
  #rests = 0;

  static async prepare(
    options: SoakOptions,
    cluster: Cluster,
    observer: Observer,
    timeline: Timeline,
  ): Promise<Run> {
    const run = new Run(options, cluster, observer, timeline);
    for (const name of Object.keys(namespaces)) await cluster.namespace(name);
    await cluster.pools(poolsOf(options.services, 0));
    const account = options.claims ? await grantClaims(cluster) : await cluster.install();
    for (let i = 0; i < 2; i += 1) run.slots.push(await run.#createSlot(account, i));
    return run;
  }

  private constructor(options: SoakOptions, cluster: Cluster, observer: Observer, timeline: Timeline) {
    this.#options = options;
    this.#cluster = cluster;
    this.#observer = observer;
    this.#timeline = timeline;
    const shown = (key: string): readonly string[] => observer.services.get(key)?.recorded ?? [];
    this.#users = new Users(options.seed, options.services, shown);
    this.#sender = new Sender(cluster.client, this.#stopping.signal);
    this.#failed.promise.catch(() => {});
  }

  /** Rejects if a controller exits unexpectedly. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  async stop(playing: Promise<unknown>): Promise<void> {
    this.#stopping.abort();
    this.#cluster.client.close();
    await playing.catch(() => {});
  }

  async end(): Promise<void> {
    for (const { replica, proxy } of this.slots) {
      await replica.kill();
      proxy.close();
    }
    this.#folder.remove();
  }

  async play(faults: Faults): Promise<SoakReport> {
    this.#faults = faults;
    const { services, seconds, roundSeconds } = this.#options;
    const ticks = setInterval(() => this.#tick(), 5_000);
    try {
      this.say(`creating ${services.toLocaleString('en-US')} Services`);
      let left = services;
      await this.#sender.send(() => (left-- > 0 ? this.#users.create() : undefined));
      await this.#waitForRest();
      const rounds = Math.max(1, Math.round(seconds / roundSeconds));
      for (let round = 0; round < rounds && this.#findings.length === 0; round += 1) {
        // Memory growth is not visible in a process that is killed every few seconds.
        const withControllers = round < rounds / 2;
        await this.#runFaults(faults, seconds / rounds, withControllers);
        await this.#waitForRest();
      }
    } finally {
      clearInterval(ticks);
    }
    return this.#report(faults);
  }

  /** Runs user acts and faults at least until each kind of fault has occurred, and then only user acts. */
  async #runFaults(faults: Faults, seconds: number, withControllers: boolean): Promise<void> {
    this.say(`users, and faults of the control plane${withControllers ? ' and the controllers' : ''}`);
    let until = performance.now() + seconds * 1000;
    let areUsersDone = false;
    const isBroken = (): boolean => this.#stopping.signal.aborted || this.#observer.findings.length > 0;
    const isOver = (): boolean =>
      isBroken() || (performance.now() > until && faults.isComplete(withControllers));
    const next = (): Act | undefined => (areUsersDone ? undefined : this.#users.next());
    const sending = this.#sender.send(next, this.#options.actsPerSecond);
    try {
      await faults.inject(isOver, withControllers);
      // Without this time, the next restart could hide an error of a process.
      until = performance.now() + seconds * aloneShare * 1000;
      while (!isBroken() && performance.now() < until) await pause(100);
    } finally {
      areUsersDone = true;
      await sending;
    }
  }

  /** Waits until all checks pass and nothing is written, or the time limit has passed. */
  async #waitForRest(): Promise<void> {
    this.say('rest');
    const { quietSeconds, restSeconds, claims } = this.#options;
    const observer = this.#observer;
    const until = performance.now() + restSeconds * 1000;
    while (!this.#stopping.signal.aborted) {
      await pause(250);
      if (observer.findings.length > 0) {
        this.#findings = observer.findings;
        return;
      }
      const isLate = performance.now() > until;
      const isQuiet = performance.now() - observer.writtenAt > quietSeconds * 1000;
      if (!isQuiet && !isLate) continue;
      const broken = checkAtRest({
        services: observer.services,
        pools: observer.pools,
        claims: claims ? observer.claims : undefined,
        showing: (address) => observer.showing(address),
        recording: (address) => observer.recording(address),
        recorded: () => observer.recorded(),
        isWarned: (observed, word) => observer.isWarned(observed, word),
      });
      if (broken.length === 0 && isQuiet) break;
      if (!isLate) continue;
      const endless = { promise: 'Quiet', what: `writes do not stop within ${restSeconds} s` };
      this.#findings = isQuiet ? broken : [...broken, endless];
      return;
    }
    if (this.#stopping.signal.aborted) return;
    this.#rests += 1;
    this.#sample();
  }

  #sample(): void {
    const led = this.slots.map(({ replica }) => replica).sort((a, b) => b.ledAt - a.ledAt);
    const uses = led.flatMap((replica) => replica.usage() ?? []);
    this.#samples.push({ seconds: this.#seconds, services: this.#observer.services.size, uses });
  }

  async #createSlot(account: string, index: number): Promise<ReplicaSlot> {
    const { bundle, claims } = this.#options;
    const observer = this.#observer;
    const proxy = await TcpProxy.to(this.#cluster.server.url);
    // The same kubeconfig with the address of the proxy.
    const text = readFileSync(account, 'utf8').replaceAll(this.#cluster.server.url, proxy.url);
    const kubeconfig = join(this.#folder.path, `${index}.kubeconfig`);
    writeFileSync(kubeconfig, text, { mode: 0o600 });
    const start = (): Replica => {
      const replica = new Replica({
        ...{ bundle, kubeconfig, flags: claims ? ['--claims'] : [] },
        onLog: (entry) => {
          this.#timeline.add(`controller ${index + 1} logs: ${entry.service ?? ''} ${entry.msg}`);
          observer.addLogEntry(entry);
        },
      });
      void replica.exitedUnexpectedly.then(() =>
        this.#failed.reject(new Error(`a controller exited unexpectedly:\n${replica.output}`)),
      );
      return replica;
    };
    const slot: ReplicaSlot = {
      proxy,
      replica: start(),
      restart: () => {
        slot.replica = start();
      },
    };
    return slot;
  }

  #report(faults: Faults): SoakReport {
    const observer = this.#observer;
    const all = [...observer.services.values()];
    const without = all.filter(({ isOurs, record }) => isOurs && record === undefined);
    const timeline = this.#findings.slice(0, 1).flatMap(({ what }) => this.#timeline.about(what));
    const duplicates = [...observer.recorded()].filter((address) => observer.recording(address).length > 1);
    return {
      ...{ seconds: this.#seconds, services: all.length, findings: this.#findings, timeline },
      ...{ done: this.#sender.done, rejected: this.#sender.rejected, faults: faults.happened },
      ...{ seen: observer.seen, samples: this.#samples, rests: this.#rests },
      ...{ pending: without.length, duplicates: duplicates.length },
    };
  }

  get #seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  say(text: string): void {
    this.#timeline.add(text);
    this.#options.progress(`${Math.round(this.#seconds)} s: ${text}`);
  }

  #tick(): void {
    const observer = this.#observer;
    const [leader] = this.slots.map(({ replica }) => replica).toSorted((a, b) => b.ledAt - a.ledAt);
    const memory = leader?.usage()?.rssBytes ?? Number.NaN;
    const counters = [
      [observer.services.size, 'Services'],
      [this.#sender.done.total, 'acts'],
      [observer.writes, 'writes'],
      [this.#faults?.happened.total ?? 0, 'faults'],
      [observer.seen.of('new leader'), 'new leaders'],
    ] as const;
    const text = counters.map(([count, what]) => `${count.toLocaleString('en-US')} ${what}`).join(', ');
    this.say(`${text}, ${megabytes(memory)} MB`);
  }
}
