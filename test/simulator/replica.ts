import type { HttpRequest, Transport } from '../../src/client/transport.ts';
import { createReplica, type Replica } from '../../src/controller/replica.ts';
import { type Config, readConfig } from '../../src/core/config/config.ts';
import { formatAddress } from '../../src/core/ip/address.ts';
import type { Options } from '../../src/core/model/options.ts';
import { compareVersions } from '../../src/core/model/service-view.ts';
import type { Data } from '../core/naive-pools.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { Network, Sender } from './network.ts';
import { isClaimWrite, isServiceWrite, listOf, writesAddress } from './requests.ts';
import type { Scheduler } from './scheduler.ts';

function textOf(config: Config): string {
  return JSON.stringify(config, (_, part: unknown) => {
    if (part instanceof Map) return [...part];
    return typeof part === 'bigint' ? String(part) : part;
  });
}

interface Basis {
  readonly versions: ReadonlyMap<string, string>;
  readonly used: ReadonlySet<string>;
  readonly config: Config;
  /** When the oldest list was requested. */
  readonly listedAt: number;
}

/** A second controller, for Services of a class. */
export const otherClass = 'example.com/other';

/** The options of a controller. Without claims, the one with a class has a ConfigMap of its own. */
export function optionsOf(
  { claims }: { readonly claims: boolean },
  controllerClass: string | undefined = undefined,
): Options {
  const isOther = controllerClass !== undefined;
  const configMap = { namespace: 'kube-system', name: isOther && !claims ? 'kubevip-other' : 'kubevip' };
  const controller = isOther ? 'test-other' : 'test';
  // Few remembered addresses, so that the oldest are forgotten.
  return { class: controllerClass, configMap, controller, claims, maxFormerHolders: 3 };
}

const election = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields: Record<string, unknown>;
}

/** A controller process from start to end, with separate clock and connection. */
export class SimulatedReplica implements Sender {
  readonly identity: string;
  readonly options: Options;
  readonly process: Replica;
  /** Nothing runs any longer, but sent requests may still arrive. */
  isDead = false;
  /** It is shutting down after SIGTERM. */
  isEnding = false;
  #isPaused = false;
  #held: (() => void)[] = [];
  #wallMs = Date.UTC(2026, 0, 1);
  /** The lists that were requested and received in this leadership. */
  readonly #lists = new Set<string>();
  /** When each list was requested that was received last. */
  readonly #listedAt = new Map<string, number>();
  /** For each write, the versions of Services that were known when it was first sent, and the addresses in use for other ones. */
  readonly #basis = new Map<string, Basis>();
  #leadership = 0;
  /** The number of lists that a decision requires. */
  readonly #requiredLists: number;
  readonly #scheduler: Scheduler;
  readonly #stop = new AbortController();
  readonly #onSend: (sender: SimulatedReplica, request: HttpRequest) => void;
  readonly #onDenied: (request: HttpRequest) => void;
  readonly #failed: (error: unknown) => void;

  constructor(context: {
    identity: string;
    options: Options;
    scheduler: Scheduler;
    network: Network;
    random: () => number;
    onLog: (entry: LogEntry) => void;
    /** Called for each write of a Service or a claim, before it is sent. */
    onSend: (sender: SimulatedReplica, request: HttpRequest) => void;
    /** Called when the sender of a write of a Service learns that admission has denied it. */
    onDenied: (request: HttpRequest) => void;
    failed: (error: unknown) => void;
  }) {
    const { identity, options, scheduler, network, random, onLog, onSend, onDenied, failed } = context;
    this.identity = identity;
    this.options = options;
    this.#onSend = onSend;
    this.#onDenied = onDenied;
    this.#requiredLists = options.claims ? 4 : 3;
    this.#scheduler = scheduler;
    this.#failed = failed;
    const logAt =
      (level: LogEntry['level']) =>
      (text: string, fields: Record<string, unknown> = {}): void => {
        if (text === 'Became leader') this.#startLeadership();
        onLog({ level, text, fields });
      };
    this.process = createReplica({
      transport: this.#checkingAdoptFirst(network.transportFor(this)),
      options,
      clock: {
        now: () => scheduler.now,
        wall: () => this.#wallMs + scheduler.now,
        after: (ms, then) => {
          const event = scheduler.at(scheduler.now + ms, () => this.receive(then));
          return () => {
            event.isCancelled = true;
          };
        },
      },
      random,
      log: { info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
      version: 'simulated',
      instance: identity,
      concurrency: 4,
      rateLimit: undefined,
      election: {
        options: { ...election, lease: { namespace: 'kube-system', name: options.controller } },
        identity,
      },
    });
  }

  /** Checks Adopt first: addresses are only assigned after all lists of this leadership were received. */
  #checkingAdoptFirst(transport: Transport): Transport {
    return async (request, signal) => {
      if (isServiceWrite(request) && writesAddress(request) && this.#lists.size < this.#requiredLists)
        this.#failed(
          new BrokenPromise('Adopt first', `${this.identity} writes before it has listed all objects`),
        );
      if (isServiceWrite(request) || isClaimWrite(request)) this.#onSend(this, request);
      if (isServiceWrite(request)) this.#remember(request);
      const list = listOf(request);
      const leadership = this.#leadership;
      const sentAt = this.#scheduler.now;
      const response = await transport(request, signal);
      if (response.status === 403 && isServiceWrite(request)) this.#onDenied(request);
      if (list === undefined || response.status !== 200) return response;
      this.#listedAt.set(list, sentAt);
      if (leadership === this.#leadership) this.#lists.add(list);
      return response;
    };
  }

  #remember(request: HttpRequest): void {
    const write = sameWrite(request);
    if (this.#basis.has(write)) return;
    const { ledger, config } = this.process.controller.allocator;
    const states = [...ledger.all()];
    const [path = ''] = request.path.split('?');
    const others = states.filter(({ view }) => !path.endsWith(`/${view.namespace}/services/${view.name}`));
    const externalIPs = [...ledger.reservations.all('external-ip')].map(({ address }) => address);
    this.#basis.set(write, {
      versions: new Map(states.map(({ key, view }) => [key, view.resourceVersion])),
      used: new Set([...others.flatMap(({ usedIPs }) => usedIPs), ...externalIPs].map(formatAddress)),
      config,
      listedAt: Math.min(...this.#listedAt.values()),
    });
  }

  /** When the oldest of the lists was requested on which this write was decided. */
  listedBefore(request: HttpRequest): number {
    return this.#basis.get(sameWrite(request))?.listedAt ?? 0;
  }

  /** Whether this version of a Service, or a newer one, was known when the request was first sent. */
  hadSeen(request: HttpRequest, key: string, resourceVersion: string): boolean {
    const seen = this.#basis.get(sameWrite(request))?.versions.get(key);
    return seen !== undefined && compareVersions(seen, resourceVersion) >= 0;
  }

  /** Whether this was the configuration when the request was first sent. */
  hadConfig(request: HttpRequest, data: Data | undefined): boolean {
    const known = this.#basis.get(sameWrite(request))?.config;
    const config = readConfig(data && { metadata: { name: 'kubevip' }, data });
    return known !== undefined && textOf(known) === textOf(config);
  }

  /** Whether another Service used the address when the request was first sent, or would because of a write in flight. */
  hadInUse(request: HttpRequest, address: string): boolean {
    return this.#basis.get(sameWrite(request))?.used.has(address) === true;
  }

  /** Called when leadership starts. */
  #startLeadership(): void {
    this.#leadership += 1;
    this.#lists.clear();
  }

  start(): void {
    void this.process.run(this.#stop.signal).then(
      () => {
        this.isDead = true;
      },
      (error: unknown) =>
        this.#failed(
          error instanceof Error ? new BrokenPromise('Alone', error.stack ?? error.message) : error,
        ),
    );
  }

  /** Names the replica and its current leadership. */
  get leadership(): string {
    return `${this.identity}, leadership ${this.#leadership}`;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  receive(run: () => void): void {
    if (this.isDead) return;
    if (this.#isPaused) this.#held.push(run);
    else run();
  }

  crash(): void {
    this.isDead = true;
    this.#held = [];
  }

  /** Sends SIGTERM. */
  end(): void {
    this.isEnding = true;
    this.receive(() => this.#stop.abort(new Error('SIGTERM')));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const held = this.#held;
    this.#held = [];
    for (const run of held) this.#scheduler.at(this.#scheduler.now, () => this.receive(run));
  }

  /** Changes the wall clock. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }
}

/** What all attempts of a write have in common: their time limits differ. */
function sameWrite({ path, body }: HttpRequest): string {
  return `${path.split('?')[0]} ${body}`;
}
