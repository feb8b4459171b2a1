import type { Lease } from '../../src/client/lease-lock.ts';
import type { HttpRequest } from '../../src/client/transport.ts';
import type { ConfigMap, IPAddress, KubeObject, Service } from '../../src/core/model/objects.ts';
import { createEmbeddedApi, type EmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { keyOf, shown } from '../core/naive.ts';
import type { Data } from '../core/naive-pools.ts';
import { edit, type UserStep, withKeys } from '../core/users.ts';
import { BrokenPromise } from './broken-promise.ts';
import { Network, type Sender } from './network.ts';
import type { Act, Plan } from './plan.ts';
import { checkAtRest, checkClash, checkMove, checkWrite, holds, movers, sharers } from './promise-checks.ts';
import { randomOf } from './random.ts';
import { type LogEntry, optionsOf, SimulatedReplica } from './replica.ts';
import { isClaimWrite, isServiceWrite } from './requests.ts';
import { Scheduler } from './scheduler.ts';

export interface Outcome {
  readonly steps: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly broken: BrokenPromise | undefined;
  /** The last lines of what happened. */
  readonly timeline: readonly string[];
}

/** Longer than the longest back-off of a controller (5 min). */
const quietMs = 6 * 60_000;
/** The maximum age of the state that a decision may rest on, because of a stalled watch, slow list or late request. */
const memoryMs = 5 * 60_000;
const settleMs = 60 * 60_000;
const timelineLength = 200;

/** Runs a plan to its end and until the system is at rest. The same plan always runs the same way. */
export async function run(plan: Plan): Promise<Outcome> {
  const simulation = new Simulation(plan);
  try {
    await simulation.play();
  } catch (error) {
    if (!(error instanceof BrokenPromise)) throw error;
    return simulation.outcome(error);
  }
  return simulation.outcome(undefined);
}

/** One of several Services for DNS: two of them can share an address, the third one would take the port of one. */
function sharerNamed(name: string, protocol: string): Service {
  return {
    metadata: { namespace: 'moved', name },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      ports: [{ protocol, port: 53 }],
    },
  };
}

function portsOf({ spec }: Service): { protocol: string; port: number }[] {
  return (spec?.ports ?? []).map((port) => ({ protocol: 'TCP', ...port }));
}

class Simulation {
  readonly #plan: Plan;
  readonly #scheduler = new Scheduler();
  readonly #api: EmbeddedApi;
  readonly #network: Network;
  readonly #replicas: SimulatedReplica[] = [];
  readonly #counts = new Map<string, number>();
  readonly #timeline: string[] = [];
  #starts = 0;
  #steps = 0;
  #failure: unknown;
  #lastWriteAt = 0;
  readonly #pools: { at: number; data: Data | undefined }[] = [{ at: 0, data: undefined }];
  /** The states of each Service by its UID, the newest last. */
  readonly #past = new Map<string, { readonly at: number; readonly service: Service }[]>();
  /** UIDs of Services that a former leader wrote. */
  readonly #excused = new Set<string>();

  constructor(plan: Plan) {
    const { seed, faults } = plan;
    this.#plan = plan;
    const scheduler = this.#scheduler;
    this.#api = createEmbeddedApi({
      clock: {
        now: () => scheduler.now,
        wall: () => Date.UTC(2026, 0, 1) + scheduler.now,
        after: (ms, then) => {
          const event = scheduler.at(scheduler.now + ms, then);
          return () => {
            event.isCancelled = true;
          };
        },
      },
      random: randomOf(seed + 2),
    });
    this.#network = new Network({
      api: this.#api,
      scheduler,
      seed,
      faults,
      isDenied: ({ path }) => path.includes(`/namespaces/${this.#denied}/`),
      onCarryOut: (sender, request) => this.#onCarryOut(sender, request),
      count: (what) => this.#count(what),
      isWriting: () => this.#replicas.some((replica) => replica.process.controller.isWriting),
    });
  }

  outcome(broken: BrokenPromise | undefined): Outcome {
    return { steps: this.#steps, counts: this.#counts, broken, timeline: this.#timeline };
  }

  async play(): Promise<void> {
    const unhandled = (error: unknown): void => {
      this.#failure ??= new BrokenPromise(
        'Alone',
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
    };
    process.on('unhandledRejection', unhandled);
    try {
      await this.#play();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  }

  async #play(): Promise<void> {
    for (let i = 0; i < 3; i += 1) this.#replicas[i] = this.#startReplica();
    await this.#scheduler.drain();
    for (const { at, act } of this.#plan.acts) this.#scheduler.at(at, () => this.#act(act));
    const end = this.#plan.acts.at(-1)?.at ?? 0;
    while ((this.#scheduler.nextAt ?? Number.POSITIVE_INFINITY) <= end) await this.#step();
    await this.#settle();
    if (this.#plan.movesAll === true) await this.#moveAll();
  }

  /**
   * The pools are replaced, and a person moves all Services, in any order and with faults. In the first
   * one, Services come to share addresses.
   */
  async #moveAll(): Promise<void> {
    const random = randomOf(this.#plan.seed + 3);
    for (const [name, protocol] of Object.entries({ tcp: 'TCP', udp: 'UDP', alone: 'UDP' }))
      this.#user({ do: 'create', service: sharerNamed(name, protocol) });
    for (const pool of ['10.0.3.1-10.0.3.40', '10.0.2.1-10.0.2.40']) {
      const data: Data = { 'cidr-global': pool, 'allow-share-global': 'true' };
      this.#configure(data);
      await this.#settle();
      const groups = movers(this.#services(), data);
      this.#network.isCalm = false;
      const end = this.#scheduler.now + 3_000;
      this.#services().forEach((_, i) => {
        const act: Act = { do: 'reallocate', at: i };
        this.#scheduler.at(end - random() * 3_000, () => this.#act(act));
      });
      if (random() < 0.5)
        this.#scheduler.at(end - random() * 3_000, () => this.#act({ do: 'crash', replica: 0 }));
      while ((this.#scheduler.nextAt ?? Number.POSITIVE_INFINITY) <= end) await this.#step();
      await this.#settle();
      for (const group of groups) {
        // A former leader did not know where the others went.
        if (group.some(({ metadata }) => this.#excused.has(metadata.uid ?? ''))) continue;
        this.#count('state: sharers moved together');
        checkMove(group, this.#services());
      }
    }
    await this.#clashAll();
  }

  /** One of the Services at each shared address takes a port of another one, with faults. */
  async #clashAll(): Promise<void> {
    const clashing = sharers(this.#services(), this.#data() ?? {}).flatMap(([stays, moves]) =>
      stays !== undefined && moves !== undefined ? [[stays, moves] as const] : [],
    );
    this.#network.isCalm = false;
    for (const [stays, moves] of clashing) {
      const at = this.#services().findIndex(({ metadata }) => metadata.uid === moves.metadata.uid);
      this.#act({ do: 'ports', at, ports: portsOf(stays) });
      await this.#step();
    }
    await this.#settle();
    for (const pair of clashing) {
      if (pair.some(({ metadata }) => this.#excused.has(metadata.uid ?? ''))) continue;
      this.#count('state: a sharer took a port of another one');
      checkClash(pair, this.#services());
    }
  }

  /** Disables faults, waits until the system is at rest, and checks it. */
  async #settle(): Promise<void> {
    this.#log('no more faults from here on');
    this.#network.isCalm = true;
    for (const [i, replica] of this.#replicas.entries()) {
      if (replica.isPaused) replica.resume();
      if (replica.isDead || replica.isEnding) this.#replicas[i] = this.#startReplica();
    }
    const began = this.#scheduler.now;
    this.#lastWriteAt = Math.max(this.#lastWriteAt, began);
    // A denied write may be in flight.
    const isIdle = (): boolean => this.#replicas.some((replica) => replica.process.controller.isIdle);
    while (this.#scheduler.now < this.#lastWriteAt + quietMs || !isIdle()) {
      if (this.#scheduler.now > began + settleMs) throw new BrokenPromise('Quiet', 'writes do not stop');
      await this.#step();
    }
    const leaders = this.#replicas.filter((replica) => replica.process.controller.isIdle);
    const [leader] = leaders;
    if (leader === undefined || leaders.length > 1)
      throw new BrokenPromise('Served', `${leaders.length} replicas lead and are at rest`);
    checkAtRest({
      all: this.#services(),
      data: this.#data(),
      allocator: leader.process.controller.allocator,
      warned: (service) => this.#warnings(service),
      claims: this.#claims(),
      denied: this.#denied,
    });
    this.#checkDuplicatesReported();
  }

  /** The namespace whose writes admission denies now. */
  get #denied(): string | undefined {
    const { denied, claims } = this.#plan;
    return claims && this.#network.isCalm ? undefined : denied;
  }

  async #step(): Promise<void> {
    this.#steps += 1;
    await this.#scheduler.step();
    this.#remember();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #startReplica(): SimulatedReplica {
    this.#starts += 1;
    const identity = `replica-${this.#starts}`;
    const replica: SimulatedReplica = new SimulatedReplica({
      identity,
      options: optionsOf(this.#plan),
      scheduler: this.#scheduler,
      network: this.#network,
      random: randomOf(this.#plan.seed + 100 + this.#starts),
      onLog: (entry) => this.#onLog(identity, entry),
      failed: (error) => {
        this.#failure ??= error;
      },
    });
    replica.start();
    return replica;
  }

  #onLog(identity: string, { text, fields }: LogEntry): void {
    const { cause, decision } = fields;
    if (typeof cause === 'string') this.#count(`decision: ${cause}`);
    if (typeof decision === 'string') this.#count(`decision: ${decision}`);
    this.#log(`${identity} logs: ${text}${typeof fields.service === 'string' ? ` (${fields.service})` : ''}`);
  }

  #act(act: Act): void {
    this.#log(`act: ${JSON.stringify(act)}`);
    this.#count(`act: ${act.do}`);
    switch (act.do) {
      case 'compact':
        this.#api.compact();
        break;
      case 'claim':
      case 'unclaim':
        this.#changeForeignClaim(act);
        break;
      case 'crash':
      case 'end':
      case 'pause':
      case 'jump':
        this.#disrupt(act);
        break;
      default:
        this.#user(act);
    }
  }

  #disrupt(act: Extract<Act, { replica: number }>): void {
    const replica = this.#replicas[act.replica];
    if (replica === undefined) return;
    const later = (ms: number, run: () => void): void =>
      void this.#scheduler.at(this.#scheduler.now + ms, run);
    switch (act.do) {
      case 'crash':
        if (replica.process.controller.isLeading) this.#count('state: leader crashed');
        replica.crash();
        this.#replicas[act.replica] = this.#startReplica();
        break;
      case 'end':
        if (replica.isPaused || replica.isEnding) break;
        replica.end();
        later(8_000, () => {
          replica.crash();
          if (this.#replicas[act.replica] === replica) this.#replicas[act.replica] = this.#startReplica();
        });
        break;
      case 'pause':
        if (replica.isPaused) break;
        if (replica.process.controller.isLeading) this.#count('state: leader paused');
        replica.pause();
        later(act.ms, () => {
          const others = this.#replicas.filter(
            (other) => other !== replica && other.process.controller.isLeading,
          );
          if (!replica.isDead && replica.process.controller.isLeading && others.length > 0)
            this.#count('state: two believe that they lead');
          replica.resume();
        });
        break;
      case 'jump':
        replica.jump(act.ms);
        break;
    }
  }

  #user(step: UserStep): void {
    const services = this.#services();
    const target = 'at' in step ? services[step.at % Math.max(services.length, 1)] : undefined;
    if (step.do === 'configure') this.#configure(step.data);
    else if (step.do === 'set') this.#configure(withKeys(this.#data(), step.keys));
    else if (step.do === 'create')
      this.#send('POST', `${step.service.metadata.namespace}/services`, step.service);
    else if (target === undefined) return;
    else {
      const path = `${target.metadata.namespace}/services/${target.metadata.name}`;
      if (step.do === 'delete' || step.do === 'terminate') this.#send('DELETE', path);
      else {
        const changed = structuredClone(target);
        edit(changed, step);
        if (step.do === 'announce' || step.do === 'show') this.#send('PUT', `${path}/status`, changed);
        else this.#send('PUT', path, changed);
      }
    }
  }

  #configure(data: Data | undefined): void {
    const path = 'kube-system/configmaps';
    const exists = this.#api.objects('configmaps').length > 0;
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kubevip', namespace: 'kube-system' },
      data,
    };
    if (data === undefined) {
      if (exists) this.#send('DELETE', `${path}/kubevip`);
    } else this.#send(exists ? 'PUT' : 'POST', exists ? `${path}/kubevip` : path, object);
    this.#pools.push({ at: this.#scheduler.now, data });
  }

  /** Creates or deletes a claim of another program. Our claims are not changed. */
  #changeForeignClaim({ do: what, address }: Extract<Act, { address: string }>): void {
    const claim = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: { name: address, labels: { 'ipaddress.kubernetes.io/managed-by': 'another-program' } },
      spec: { parentRef: { resource: 'routers', name: 'one' } },
    };
    const path = '/apis/networking.k8s.io/v1/ipaddresses';
    const existing = this.#claims()?.find(({ metadata }) => metadata.name === address);
    if (what === 'claim') this.#request('POST', path, claim);
    else if (existing?.metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === 'another-program')
      this.#request('DELETE', `${path}/${encodeURIComponent(address)}`);
  }

  #send(method: HttpRequest['method'], path: string, body?: unknown): void {
    this.#request(method, `/api/v1/namespaces/${path}`, body);
  }

  /** Sends a user's request without delay. A request that the API server rejects has no effect. */
  #request(method: HttpRequest['method'], path: string, body?: unknown): void {
    void this.#api
      .transport(
        {
          method,
          path,
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        },
        new AbortController().signal,
      )
      .then(({ status }) => {
        if (status >= 400) this.#count('act: rejected by the API server');
      });
  }

  /** Checks a request; called before it is executed, and the returned function after it. */
  #onCarryOut(sender: Sender, request: HttpRequest): (status: number, text: string) => void {
    if (isClaimWrite(request)) return (status) => this.#claimWritten(request, status);
    if (!isServiceWrite(request) || !(sender instanceof SimulatedReplica)) return () => {};
    const [, namespace, name] = /namespaces\/([^/]+)\/services\/([^/?]+)/.exec(request.path) ?? [];
    const find = (): Service | undefined =>
      this.#services().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    const before = find();
    return (status) => {
      this.#count(`write: ${status}`);
      if (status === 409 && this.#holder() !== sender.identity)
        this.#count('state: write of a former leader that came too late');
      if (status >= 300 || before === undefined) return;
      const after = find() ?? before;
      if (after.metadata.resourceVersion === before.metadata.resourceVersion) return;
      this.#lastWriteAt = this.#scheduler.now;
      if (after.spec?.type !== 'LoadBalancer') this.#count('decision: release');
      const isLate = this.#holder() !== sender.identity;
      if (isLate) {
        this.#count('state: write of a former leader');
        if (!this.#plan.claims) this.#excused.add(after.metadata.uid ?? '');
      }
      this.#log(
        `${sender.identity} wrote ${keyOf(after)}: ${after.metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? 'nothing'}${isLate ? ', and is no longer the leader' : ''}`,
      );
      this.#check(() =>
        checkWrite({
          before,
          after,
          all: this.#services(),
          pools: this.#recent(this.#pools).map(({ data }) => data),
          pastOf: ({ metadata }) =>
            this.#recent(this.#past.get(metadata.uid ?? '') ?? []).map(({ service }) => service),
          isExcused: ({ metadata }) => this.#excused.has(metadata.uid ?? ''),
          isUnseenUserEdit: (service, address) => {
            const states = this.#past.get(service.metadata.uid ?? '') ?? [];
            const first = states.find((state) => shown(state.service).includes(address))?.service;
            if (first === undefined || holds(first, address)) return false;
            const isKnown = sender.hadSeen(request, keyOf(first), first.metadata.resourceVersion ?? '');
            if (!isKnown) this.#count('state: a user requested an address that was being assigned');
            return !isKnown;
          },
          wasConfigured: (data) => sender.hadConfig(request, data),
          wasInUse: (address) => sender.hadInUse(request, address),
          claims: this.#claims(),
          count: (what) => this.#count(what),
        }),
      );
    };
  }

  #claimWritten({ method }: HttpRequest, status: number): void {
    this.#count(`claim: ${method} ${status}`);
    if (status < 300) this.#lastWriteAt = this.#scheduler.now;
  }

  /** The states that applied at any time in the last minutes. */
  #recent<T extends { readonly at: number }>(states: readonly T[]): T[] {
    const since = this.#scheduler.now - memoryMs;
    return states.filter((_, i) => (states[i + 1]?.at ?? Number.POSITIVE_INFINITY) >= since);
  }

  #remember(): void {
    for (const service of this.#services()) {
      const uid = service.metadata.uid ?? '';
      const states = this.#past.get(uid) ?? [];
      if (states.at(-1)?.service === service) continue;
      states.push({ at: this.#scheduler.now, service });
      this.#past.set(uid, states);
    }
  }

  /** Keeps an error until the step ends, because an error inside a request would be handled as a network error. */
  #check(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** Checks that duplicates by a former leader are reported on at least one of the two Services. */
  #checkDuplicatesReported(): void {
    const services = this.#services();
    for (const one of services) {
      for (const other of services) {
        if (keyOf(one) >= keyOf(other) || !this.#excused.has(one.metadata.uid ?? '')) continue;
        const both = (one.metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '').split(',');
        const address = both.find((text) => holds(one, text) && holds(other, text));
        if (address === undefined || this.#isShared(one, other)) continue;
        this.#count('state: duplicate of a former leader');
        const warnings = [...this.#warnings(one), ...this.#warnings(other)];
        if (!warnings.some((text) => text.includes(address)))
          throw new BrokenPromise(
            'Said why',
            `${keyOf(one)} and ${keyOf(other)} have ${address} without a warning`,
          );
      }
    }
  }

  #isShared(one: Service, other: Service): boolean {
    const ports = (service: Service): string[] =>
      (service.spec?.ports ?? []).map(({ protocol, port }) => `${protocol}/${port}`);
    return !ports(one).some((port) => ports(other).includes(port));
  }

  #warnings({ metadata }: Service): string[] {
    const events = this.#api.objects('events') as readonly (KubeObject & {
      type: string;
      message: string;
      involvedObject: { uid: string };
    })[];
    return events
      .filter(({ type, involvedObject }) => type === 'Warning' && involvedObject.uid === metadata.uid)
      .map(({ message }) => message);
  }

  #services(): readonly Service[] {
    return this.#api.objects('services') as readonly Service[];
  }

  #claims(): readonly IPAddress[] | undefined {
    return this.#plan.claims ? (this.#api.objects('ipaddresses') as readonly IPAddress[]) : undefined;
  }

  #data(): Data | undefined {
    return (this.#api.objects('configmaps') as readonly ConfigMap[])[0]?.data;
  }

  #holder(): string | undefined {
    return (this.#api.objects('leases') as readonly Lease[])[0]?.spec?.holderIdentity;
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  #log(line: string): void {
    this.#timeline.push(`${(this.#scheduler.now / 1000).toFixed(3).padStart(9)} s  ${line}`);
    if (this.#timeline.length > timelineLength) this.#timeline.shift();
  }
}
