import type { Lease } from '../../src/client/lease-lock.ts';
import type { HttpRequest } from '../../src/client/transport.ts';
import type { ConfigMap, IPAddress, KubeObject, Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { createEmbeddedApi, type EmbeddedApi } from '../../src/embedded/embedded-api.ts';
import type { Backup } from '../../src/embedded/store.ts';
import { keyOf, shown } from '../core/naive.ts';
import type { Data } from '../core/naive-pools.ts';
import { edit, type UserStep, withKeys } from '../core/users.ts';
import { BrokenPromise } from './broken-promise.ts';
import { Network, type Sender } from './network.ts';
import type { Act, Plan, TimedAct } from './plan.ts';
import {
  checkAtRest,
  checkClash,
  checkMove,
  checkReleased,
  checkWrite,
  holds,
  movers,
  recordOf,
  sharers,
} from './promise-checks.ts';
import { randomOf } from './random.ts';
import { type LogEntry, optionsOf, otherClass, SimulatedReplica } from './replica.ts';
import { isClaimWrite, isRelease, isServiceWrite } from './requests.ts';
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
/** Many more than there are Services and fields to write. */
const settleWrites = 500;
/** Many more than a plan takes, unless requests do not stop. */
const maxSteps = 300_000;
const timelineLength = 200;

/** Hears of each write of a controller. `leadership` names the replica and its leadership. */
export interface Observer {
  /** A write of a Service or a claim is sent, possibly again. */
  sent(leadership: string, request: HttpRequest): void;
  /** A controller learns that admission has denied its write of a Service. */
  denied(request: HttpRequest): void;
  /** A request was carried out, of a user or of a controller, and this is in the API now. */
  carriedOut(
    request: HttpRequest | undefined,
    services: readonly Service[],
    claims: readonly IPAddress[],
  ): void;
}

/** Runs a plan to its end and until the system is at rest. The same plan always runs the same way. */
export async function run(plan: Plan, observer?: Observer): Promise<Outcome> {
  const simulation = new Simulation(plan, observer);
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

/** The pools of a second controller that has a ConfigMap of its own. No user requests these addresses. */
const otherData: Data = { 'range-global': '10.0.9.1-10.0.9.3' };

/** The Service as the naive model reads it, which knows one controller only, without a class. */
function asSeenBy(controllerClass: string | undefined, service: Service): Service {
  // A Service of another type has no class.
  if (controllerClass === undefined || service.spec?.type !== 'LoadBalancer') return service;
  const { loadBalancerClass, ...spec } = service.spec;
  if (loadBalancerClass === controllerClass) return { ...service, spec };
  return { ...service, spec: { ...spec, loadBalancerClass: loadBalancerClass ?? 'none' } };
}

function portsOf({ spec }: Service): { protocol: string; port: number }[] {
  return (spec?.ports ?? []).map((port) => ({ protocol: 'TCP', ...port }));
}

class Simulation {
  readonly #plan: Plan;
  readonly #observer: Observer | undefined;
  readonly #scheduler = new Scheduler();
  #api: EmbeddedApi;
  #backup: Backup | undefined;
  #restoredAt: number | undefined;
  readonly #network: Network;
  /** The first three, and with several controllers a fourth one that nothing happens to. */
  readonly #replicas: SimulatedReplica[] = [];
  readonly #counts = new Map<string, number>();
  readonly #timeline: string[] = [];
  #starts = 0;
  #steps = 0;
  #failure: unknown;
  #lastWriteAt = 0;
  #writes = 0;
  readonly #pools: { at: number; data: Data | undefined }[] = [{ at: 0, data: undefined }];
  /** The states of each Service by its UID, the newest last. */
  readonly #past = new Map<string, { readonly at: number; readonly service: Service }[]>();
  /** Replicas that have given up the Lease, and with it the right to have a write under way. */
  readonly #released = new Set<string>();
  /**
   * UIDs of Services that were written by a former leader, or on what etcd had before it was restored, or at the same time as
   * another one by another controller.
   */
  readonly #excused = new Set<string>();

  constructor(plan: Plan, observer: Observer | undefined) {
    const { seed, faults } = plan;
    this.#plan = plan;
    this.#observer = observer;
    const scheduler = this.#scheduler;
    this.#api = this.#startApi(undefined);
    this.#network = new Network({
      api: () => this.#api,
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

  #startApi(from: Backup | undefined): EmbeddedApi {
    const scheduler = this.#scheduler;
    return createEmbeddedApi({
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
      random: randomOf(this.#plan.seed + 2 + scheduler.now),
      ...(from === undefined ? {} : { from }),
    });
  }

  async #play(): Promise<void> {
    if (this.#plan.classes && !this.#plan.claims) this.#configureOther();
    for (let i = 0; i < (this.#plan.classes ? 4 : 3); i += 1) this.#replicas[i] = this.#startReplica(i);
    await this.#scheduler.drain();
    for (const part of this.#parts()) {
      this.#network.isCalm = false;
      const delay = this.#scheduler.now - (part[0]?.at ?? 0);
      const end = (part.at(-1)?.at ?? 0) + delay;
      for (const { at, act } of part) this.#scheduler.at(at + delay, () => this.#act(act));
      while ((this.#scheduler.nextAt ?? Number.POSITIVE_INFINITY) <= end) await this.#step();
      await this.#settle();
    }
    if (this.#plan.movesAll === true) await this.#moveAll();
  }

  /** The acts up to each rest. */
  #parts(): (readonly TimedAct[])[] {
    const { acts, rests = 1 } = this.#plan;
    const length = Math.max(1, Math.ceil(acts.length / rests));
    return Array.from({ length: rests }, (_, i) => acts.slice(i * length, (i + 1) * length));
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
    this.#network.calm();
    for (const [i, replica] of this.#replicas.entries()) {
      if (replica.isPaused) replica.resume();
      if (replica.isDead || replica.isEnding) this.#replicas[i] = this.#startReplica(i);
    }
    const began = this.#scheduler.now;
    const writesBefore = this.#writes;
    this.#lastWriteAt = Math.max(this.#lastWriteAt, began);
    // A denied write may be in flight.
    const isIdle = (): boolean => this.#classes.every((one) => this.#idleOf(one).length > 0);
    while (this.#scheduler.now < this.#lastWriteAt + quietMs || !isIdle()) {
      const writes = this.#writes - writesBefore;
      if (this.#scheduler.now > began + settleMs || writes > settleWrites)
        throw new BrokenPromise('Quiet', `writes do not stop: ${writes} since the last fault`);
      await this.#step();
    }
    for (const one of this.#classes) {
      const leaders = this.#idleOf(one);
      const [leader] = leaders;
      if (leader === undefined || leaders.length > 1)
        throw new BrokenPromise('Served', `${leaders.length} replicas lead and are at rest`);
      const { options } = leader;
      checkAtRest({
        options,
        all: this.#services().map((service) => asSeenBy(options.class, service)),
        data: this.#dataOf(options.configMap.name),
        allocator: leader.process.controller.allocator,
        warned: (service) => this.#warnings(service),
        claims: this.#claims(),
        denied: this.#denied,
      });
    }
    checkReleased(this.#services(), this.#denied);
    if (this.#classes.length > 1) this.#count('state: two controllers at rest');
    this.#checkDuplicatesReported();
  }

  /** The classes of the controllers. */
  get #classes(): readonly (string | undefined)[] {
    return this.#plan.classes ? [undefined, otherClass] : [undefined];
  }

  #idleOf(controllerClass: string | undefined): SimulatedReplica[] {
    return this.#replicas.filter(
      ({ options, process }) => options.class === controllerClass && process.controller.isIdle,
    );
  }

  /** The namespace whose writes admission denies now. */
  get #denied(): string | undefined {
    const { denied, claims } = this.#plan;
    return claims && this.#network.isCalm ? undefined : denied;
  }

  async #step(): Promise<void> {
    this.#steps += 1;
    if (this.#steps > maxSteps) throw new BrokenPromise('Quiet', 'requests do not stop');
    await this.#scheduler.step();
    this.#remember();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #startReplica(index: number): SimulatedReplica {
    this.#starts += 1;
    const identity = `replica-${this.#starts}`;
    const replica: SimulatedReplica = new SimulatedReplica({
      identity,
      options: optionsOf(this.#plan, index >= 2 && this.#plan.classes ? otherClass : undefined),
      scheduler: this.#scheduler,
      network: this.#network,
      random: randomOf(this.#plan.seed + 100 + this.#starts),
      onLog: (entry) => this.#onLog(identity, entry),
      onSend: (sender, request) => {
        this.#observer?.sent(sender.leadership, request);
        this.#checkLeads(sender, request);
      },
      onDenied: (request) => this.#observer?.denied(request),
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
      case 'backup':
        this.#backup = this.#api.backup();
        break;
      case 'restore':
        this.#restore();
        break;
      case 'lag':
        this.#network.lag(act.ms);
        break;
      case 'claim':
      case 'unclaim':
        this.#changeForeignClaim(act);
        break;
      case 'crash':
      case 'end':
      case 'pause':
      case 'jump':
      case 'silence':
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
        this.#replicas[act.replica] = this.#startReplica(act.replica);
        break;
      case 'silence':
        if (replica.process.controller.isLeading) this.#count('state: leader silenced');
        this.#network.silence(replica, act.ms);
        break;
      case 'end':
        if (replica.isPaused || replica.isEnding) break;
        replica.end();
        later(8_000, () => {
          replica.crash();
          if (this.#replicas[act.replica] === replica)
            this.#replicas[act.replica] = this.#startReplica(act.replica);
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

  /** Starts the API server again, with what etcd had at the last backup. */
  #restore(): void {
    if (this.#backup === undefined) return;
    this.#api = this.#startApi(this.#backup);
    this.#network.restarted();
    this.#restoredAt = this.#scheduler.now;
    this.#pools.push({ at: this.#scheduler.now, data: this.#data() });
  }

  /** Two controllers can use one ConfigMap only with claims. */
  #configureOther(): void {
    this.#send('POST', 'kube-system/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kubevip-other', namespace: 'kube-system' },
      data: otherData,
    });
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
    const exists = this.#configMaps().some(({ metadata }) => metadata.name === 'kubevip');
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
        else this.#observe(undefined);
      });
  }

  /** Checks that a write is sent only by the holder of the Lease. After a restore of etcd, another one may hold it. */
  #checkLeads({ identity, options }: SimulatedReplica, { method, path }: HttpRequest): void {
    const isRestored = this.#scheduler.now < (this.#restoredAt ?? Number.NEGATIVE_INFINITY) + memoryMs;
    const holder = this.#holder(options);
    if (holder === identity || isRestored) return;
    this.#failure ??= new BrokenPromise(
      'One leader',
      `${identity} sends ${method} ${path} while ${holder} holds the Lease`,
    );
  }

  /** Checks a request; called before it is executed, and the returned function after it. */
  #onCarryOut(sender: Sender, request: HttpRequest): (status: number, text: string) => void {
    if (isRelease(request) && sender instanceof SimulatedReplica) this.#released.add(sender.identity);
    if (isClaimWrite(request)) {
      return (status) => {
        this.#claimWritten(request, status);
        this.#observe(request);
      };
    }
    if (!isServiceWrite(request) || !(sender instanceof SimulatedReplica)) return () => {};
    const [, namespace, name] = /namespaces\/([^/]+)\/services\/([^/?]+)/.exec(request.path) ?? [];
    const find = (): Service | undefined =>
      this.#services().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    const before = find();
    const { options } = sender;
    return (status) => {
      this.#count(`write: ${status}`);
      this.#observe(request);
      if (status === 409 && this.#holder(options) !== sender.identity)
        this.#count('state: write of a former leader that came too late');
      if (status >= 300 || before === undefined) return;
      const after = find() ?? before;
      if (after.metadata.resourceVersion === before.metadata.resourceVersion) return;
      this.#lastWriteAt = this.#scheduler.now;
      this.#writes += 1;
      if (after.spec?.type !== 'LoadBalancer') this.#count('decision: release');
      const isLate = this.#holder(options) !== sender.identity;
      if (isLate) {
        this.#count('state: write of a former leader');
        if (!this.#plan.claims) this.#excused.add(after.metadata.uid ?? '');
      }
      if (sender.listedBefore(request) <= (this.#restoredAt ?? Number.NEGATIVE_INFINITY)) {
        this.#count('state: write decided before a restore');
        this.#excused.add(after.metadata.uid ?? '');
      }
      if (this.#released.has(sender.identity))
        this.#failure ??= new BrokenPromise(
          'One leader',
          `a write of ${sender.identity} to ${keyOf(after)} arrived after it released the Lease`,
        );
      this.#log(
        `${sender.identity} wrote ${keyOf(after)}: ${after.metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? 'nothing'}${isLate ? ', and is no longer the leader' : ''}`,
      );
      const seen = (service: Service): Service => asSeenBy(options.class, service);
      const ownsPools = options.configMap.name === 'kubevip-other';
      this.#check(() =>
        checkWrite({
          before: seen(before),
          after: seen(after),
          all: this.#services().map(seen),
          pools: ownsPools ? [otherData] : this.#recent(this.#pools).map(({ data }) => data),
          pastOf: ({ metadata }) =>
            this.#recent(this.#past.get(metadata.uid ?? '') ?? []).map(({ service }) => seen(service)),
          isExcused: ({ metadata }) => this.#excused.has(metadata.uid ?? ''),
          isUnseenUserEdit: (service, address) => {
            const states = this.#past.get(service.metadata.uid ?? '') ?? [];
            const first = states.find((state) => shown(state.service).includes(address))?.service;
            if (first === undefined) return false;
            const isOther = holds(first, address);
            // Without claims, two controllers can assign an address at the same moment.
            if (isOther && (this.#plan.claims || recordOf(first).by === options.controller)) return false;
            const isKnown = sender.hadSeen(request, keyOf(first), first.metadata.resourceVersion ?? '');
            if (isKnown) return false;
            if (isOther) this.#excused.add(after.metadata.uid ?? '');
            else this.#count('state: a user requested an address that was being assigned');
            return true;
          },
          wasConfigured: (data) => sender.hadConfig(request, data),
          wasInUse: (address) => sender.hadInUse(request, address),
          claims: this.#claims(),
          count: (what) => this.#count(what),
        }),
      );
    };
  }

  #observe(request: HttpRequest | undefined): void {
    const claims = this.#api.objects('ipaddresses') as readonly IPAddress[];
    this.#observer?.carriedOut(request, this.#services(), claims);
  }

  #claimWritten({ method }: HttpRequest, status: number): void {
    this.#count(`claim: ${method} ${status}`);
    if (status >= 300) return;
    this.#lastWriteAt = this.#scheduler.now;
    this.#writes += 1;
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

  #configMaps(): readonly ConfigMap[] {
    return this.#api.objects('configmaps') as readonly ConfigMap[];
  }

  #data(): Data | undefined {
    return this.#dataOf('kubevip');
  }

  #dataOf(name: string): Data | undefined {
    const configMap = this.#configMaps().find(({ metadata }) => metadata.name === name);
    // A ConfigMap without keys has no data.
    return configMap && (configMap.data ?? {});
  }

  #holder({ controller }: Options): string | undefined {
    const leases = this.#api.objects('leases') as readonly Lease[];
    return leases.find(({ metadata }) => metadata.name === controller)?.spec?.holderIdentity;
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  #log(line: string): void {
    this.#timeline.push(`${(this.#scheduler.now / 1000).toFixed(3).padStart(9)} s  ${line}`);
    if (this.#timeline.length > timelineLength) this.#timeline.shift();
  }
}
