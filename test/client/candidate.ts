import { createApi } from '../../src/client/api.ts';
import { type Candidate, Election, type Leadership } from '../../src/client/election.ts';
import type { ElectionOptions } from '../../src/client/election-options.ts';
import type { Lease } from '../../src/client/lease-lock.ts';
import type { Clock, HttpRequest, HttpResponse, Transport } from '../../src/client/transport.ts';
import { createEmbeddedApi, type EmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { createFakeClock } from './fake-clock.ts';
import { createMemoryLog } from './memory-log.ts';

export const options: ElectionOptions = {
  lease: { namespace: 'kube-system', name: 'l' },
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

/** An embedded API with a Lease, which tests can also change directly. */
export class LeaseFixture {
  readonly clock = createFakeClock();
  readonly api: EmbeddedApi = createEmbeddedApi({ clock: this.clock, random: () => 0.5 });

  candidate(identity: string, clock: Clock = this.clock): TestCandidate {
    return new TestCandidate(this.api.transport, clock, identity);
  }

  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity;
  }

  get #lease(): Lease | undefined {
    return (this.api.objects('leases') as readonly Lease[])[0];
  }

  /** Updates the spec of the Lease as another client. */
  async change(spec: Lease['spec']): Promise<void> {
    const lease = this.#lease;
    const status = await this.#send('PUT', { ...lease, spec: { ...lease?.spec, ...spec } });
    if (status !== 200) throw new Error(`the Lease cannot be changed: ${status}`);
  }

  async delete(): Promise<void> {
    await this.#send('DELETE');
  }

  async #send(method: HttpRequest['method'], body?: object): Promise<number> {
    const { namespace, name } = options.lease;
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
    const headers = { 'content-type': 'application/json' };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const { signal } = new AbortController();
    return (await this.api.transport({ method, path, headers, ...content }, signal)).status;
  }
}

export interface LeadershipPeriod {
  readonly leadership: Leadership;
  readonly at: number;
}

/** Takes part in the election like a controller, and records its leadership periods. */
export class TestCandidate implements Candidate {
  readonly log = createMemoryLog();
  readonly periods: LeadershipPeriod[] = [];
  /** `PUT`, `GET`, `GET watch`, in the order in which they were sent. */
  readonly requests: string[] = [];
  /** Intercepts each request. */
  intercept: (request: HttpRequest, signal: AbortSignal, next: Transport) => Promise<HttpResponse> = (
    request,
    signal,
    next,
  ) => next(request, signal);
  /** The API server answers again. */
  recovered = (): void => {};
  readonly #clock: Clock;
  readonly #election: Election;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(next: Transport, clock: Clock, identity: string) {
    const transport: Transport = (request, signal) => {
      const { method, path } = request;
      this.requests.push(path.includes('watch=true') ? `${method} watch` : method);
      return this.intercept(request, signal, next);
    };
    const api = createApi(transport, { userAgent: 'tester/1', fieldManager: 'tester', clock });
    this.#clock = clock;
    const context = { api, options, identity, clock, random: () => 0.5, log: this.log };
    this.#election = new Election({
      ...context,
      onRecovered: (then) => {
        this.recovered = then;
        return () => {};
      },
    });
  }

  start(): this {
    this.#running = this.#election.run(this, this.#stop.signal);
    return this;
  }

  lead(leadership: Leadership): void {
    this.periods.push({ leadership, at: this.#clock.now() });
  }

  follow(): void {}

  /** Why it lost the Lease, in any order. */
  get losses(): string[] {
    return [...this.#election.losses.rows()].flatMap(([why, times]) => new Array<string>(times).fill(why));
  }

  get isLeading(): boolean {
    return this.periods.some(({ leadership }) => leadership.remainingMs() > 0);
  }

  /** Stops like a controller without in-flight writes. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the controller stops'));
    await this.#running;
    await this.#election.release();
  }
}
