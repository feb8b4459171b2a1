import type { HttpRequest, Transport } from '../../src/client/transport.ts';
import { createReplica, type Replica } from '../../src/controller/replica.ts';
import type { Options } from '../../src/core/model/options.ts';
import { compareVersions } from '../../src/core/model/service-view.ts';
import { Broken } from './broken.ts';
import type { Network, Sender } from './network.ts';
import { givesAddress, isServiceWrite, listOf } from './requests.ts';
import type { Scheduler } from './scheduler.ts';

export function optionsOf({ claims }: { readonly claims: boolean }): Options {
  const configMap = { namespace: 'kube-system', name: 'kubevip' };
  return { class: undefined, configMap, controller: 'test', claims };
}

export const election = {
  lease: { namespace: 'kube-system', name: 'test' },
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

export interface Said {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields: Record<string, unknown>;
}

/** One life of a controller, on its own clock and connection. */
export class SimulatedReplica implements Sender {
  readonly identity: string;
  readonly process: Replica;
  /** Its promises will never be settled again; what it has sent may still arrive. */
  isDead = false;
  /** It ends in order. */
  isEnding = false;
  #isPaused = false;
  #held: (() => void)[] = [];
  #wallMs = Date.UTC(2026, 0, 1);
  /** The lists that were asked for and answered in the present tenure. */
  readonly #lists = new Set<string>();
  /** By what it sent first of each write: the versions of Services that it had seen then. */
  readonly #basis = new Map<string, ReadonlyMap<string, string>>();
  #tenure = 0;
  /** How many lists a decision needs. */
  readonly #needed: number;
  readonly #scheduler: Scheduler;
  readonly #stop = new AbortController();
  readonly #failed: (error: unknown) => void;

  constructor(context: {
    identity: string;
    options: Options;
    scheduler: Scheduler;
    network: Network;
    random: () => number;
    said: (said: Said) => void;
    failed: (error: unknown) => void;
  }) {
    const { identity, options, scheduler, network, random, said, failed } = context;
    this.identity = identity;
    this.#needed = options.claims ? 4 : 3;
    this.#scheduler = scheduler;
    this.#failed = failed;
    const say =
      (level: Said['level']) =>
      (text: string, fields: Record<string, unknown> = {}): void => {
        if (text === 'became leader') this.#enter();
        said({ level, text, fields });
      };
    this.process = createReplica({
      transport: this.#adoptingFirst(network.transportFor(this)),
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
      log: { info: say('info'), warn: say('warn'), error: say('error') },
      version: 'simulated',
      instance: identity,
      concurrency: 4,
      rateLimit: undefined,
      election: { options: election, identity },
    });
  }

  /** Adopt first: no address is given but on lists that were begun in this tenure. */
  #adoptingFirst(transport: Transport): Transport {
    return async (request, signal) => {
      if (isServiceWrite(request) && givesAddress(request) && this.#lists.size < this.#needed)
        this.#failed(new Broken('Adopt first', `${this.identity} writes before it knows who holds what`));
      if (isServiceWrite(request)) this.#remember(request);
      const list = listOf(request);
      const leadership = this.#tenure;
      const response = await transport(request, signal);
      if (list !== undefined && response.status === 200 && leadership === this.#tenure) this.#lists.add(list);
      return response;
    };
  }

  #remember(request: HttpRequest): void {
    const write = `${request.path} ${request.body}`;
    if (this.#basis.has(write)) return;
    const { ledger } = this.process.controller.allocator;
    this.#basis.set(write, new Map([...ledger.all()].map(({ key, view }) => [key, view.resourceVersion])));
  }

  /** Whether it had seen this state of a Service, or a newer one, when it sent the request for the first time. */
  knew(request: HttpRequest, key: string, resourceVersion: string): boolean {
    const seen = this.#basis.get(`${request.path} ${request.body}`)?.get(key);
    return seen !== undefined && compareVersions(seen, resourceVersion) >= 0;
  }

  /** A tenure begins. */
  #enter(): void {
    this.#tenure += 1;
    this.#lists.clear();
  }

  start(): void {
    void this.process.run(this.#stop.signal).then(
      () => {
        this.isDead = true;
      },
      (error: unknown) =>
        this.#failed(error instanceof Error ? new Broken('Alone', error.stack ?? error.message) : error),
    );
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

  /** SIGTERM. */
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

  /** Its wall clock is set. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }
}
