import { ConnectionError, SilentConnection } from './errors.ts';
import type { Log } from './log.ts';
import type { Clock, Connections, HttpRequest, HttpResponse, OnRecovered, Transport } from './transport.ts';
import { type AbortScope, abortScope, deadline } from './wait.ts';

/** Allowed for everyone who is authenticated (the ClusterRole system:public-info-viewer), and needs no etcd. */
const probePath = '/version';
const probeEveryMs = 500;
/** Longer than a handshake on a slow network. Probes overlap, so it does not delay the next one. */
const probeTimeoutMs = 3_000;
/** In doubt, an open request has so long to receive data. */
const proveWithinMs = 2_000;
/** A request that was sent shortly before the one that was answered may still be answered. */
const settleMs = 250;
/** Deadlines shorter than this, at the end of a leadership, say nothing about a connection. */
const shortestDeadlineMs = 1_000;
/** An API server that was silent for less than this cannot have come back with another history (decision 0011). */
const briefMs = 5_000;

/** A request from its start until its response has been read. */
interface Exchange {
  readonly number: number;
  readonly startedAt: number;
  readonly scope: AbortScope;
  /** Whether data arrived since it started, or since the suspicion. */
  isHeard: boolean;
}

/** Lasts from a failure until the API server has answered a request that was sent after it. */
interface Suspicion {
  readonly at: number;
  /** The number of the next request. */
  readonly next: number;
  /** When data last arrived on any connection. */
  readonly heardAt: number;
  probes: number;
  isAnswered: boolean;
}

export interface HealthOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** undefined: a transport without connections. */
  readonly connections: Connections | undefined;
  /** The probe's. */
  readonly userAgent: string;
  readonly log: Log;
}

/**
 * The one place that notices dead connections. It observes all requests. When one is not answered in time or its
 * connection breaks, the other connections may be dead, too: the unused ones are closed at once, and a probe is sent
 * twice a second. As soon as a later request is answered, all earlier ones that still receive nothing are aborted, and
 * pending retries are made at once (docs/decisions/0014).
 */
export class ConnectionHealth {
  readonly #options: HealthOptions;
  readonly #open = new Set<Exchange>();
  readonly #waiting = new Set<() => void>();
  #count = 0;
  #heardAt: number;
  #suspicion: Suspicion | undefined;
  #cancelTimer: () => void = () => {};
  readonly #closed = new AbortController();

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    options.connections?.onDead(() => this.#suspect());
  }

  /** Sends requests and observes them. */
  readonly transport: Transport = async (request, signal) => {
    const startedAt = this.#options.clock.now();
    const number = this.#count++;
    const exchange: Exchange = { number, startedAt, scope: abortScope(signal), isHeard: false };
    this.#open.add(exchange);
    try {
      const response = await this.#options.transport(request, exchange.scope.signal);
      this.#heard(exchange);
      if (response.status < 500) this.#answered(number);
      return { ...response, body: this.#observed(exchange, response.body, signal) };
    } catch (error) {
      this.#failed(exchange, signal);
      throw error;
    }
  };

  readonly onRecovered: OnRecovered = (then) => {
    this.#waiting.add(then);
    return () => this.#waiting.delete(then);
  };

  /** Call when a connection turns out to be dead. */
  #suspect(): void {
    if (this.#suspicion !== undefined || this.#closed.signal.aborted) return;
    const [at, next, heardAt] = [this.#options.clock.now(), this.#count, this.#heardAt];
    this.#suspicion = { at, next, heardAt, probes: 0, isAnswered: false };
    for (const exchange of this.#open) exchange.isHeard = false;
    this.#options.connections?.closeIdle();
    this.#probe(this.#suspicion);
  }

  /** Sends no more probes. */
  close(): void {
    this.#cancelTimer();
    this.#closed.abort(new ConnectionError('stopped probing', { mayHaveExecuted: true }));
  }

  async *#observed(
    exchange: Exchange,
    body: HttpResponse['body'],
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body) {
        this.#heard(exchange);
        yield chunk;
      }
    } catch (error) {
      this.#failed(exchange, signal);
      throw error;
    } finally {
      this.#ended(exchange);
    }
  }

  #heard(exchange: Exchange): void {
    exchange.isHeard = true;
    this.#heardAt = this.#options.clock.now();
  }

  #ended(exchange: Exchange): void {
    this.#open.delete(exchange);
    exchange.scope.release();
  }

  #failed(exchange: Exchange, signal: AbortSignal): void {
    this.#ended(exchange);
    if (signal.aborted ? this.#isSilent(exchange, signal) : !exchange.scope.signal.aborted) this.#suspect();
  }

  /** Whether it was aborted because no data arrived, and not because the caller stopped. */
  #isSilent({ startedAt }: Exchange, { reason }: AbortSignal): boolean {
    return reason instanceof SilentConnection && this.#options.clock.now() - startedAt >= shortestDeadlineMs;
  }

  #probe(suspicion: Suspicion): void {
    const { clock, userAgent } = this.#options;
    suspicion.probes += 1;
    const timer = deadline(clock, probeTimeoutMs, this.#closed.signal, 'probe: no response');
    const request: HttpRequest = {
      method: 'GET',
      path: probePath,
      headers: { accept: 'application/json', 'user-agent': userAgent },
    };
    this.#cancelTimer = clock.after(probeEveryMs, () => this.#probe(suspicion));
    void this.transport(request, timer.signal)
      .then(async ({ body }) => {
        for await (const _chunk of body);
      })
      // Its failure only means that the suspicion lasts.
      .catch(() => {})
      .finally(() => timer.release());
  }

  /** Call when the API server has answered the request with this number. */
  #answered(number: number): void {
    const suspicion = this.#suspicion;
    if (suspicion === undefined || suspicion.isAnswered || number < suspicion.next) return;
    suspicion.isAnswered = true;
    this.#cancelTimer();
    const { clock, log } = this.#options;
    const now = clock.now();
    const isBrief = now - suspicion.heardAt < briefMs;
    const restMs = Math.max(suspicion.at + proveWithinMs - now, settleMs);
    this.#cancelTimer = clock.after(restMs, () => {
      this.#suspicion = undefined;
      this.#abortSilent(number, isBrief);
    });
    // After a single failure, the API server was there all the time, and a pending retry has another reason to wait.
    if (suspicion.probes === 1) return;
    log.info(`The API server answers again, after ${Math.round((now - suspicion.heardAt) / 1000)} s`);
    for (const then of [...this.#waiting]) then();
  }

  /** Aborts what was sent before the request with this number and has received nothing since the suspicion. */
  #abortSilent(number: number, isBrief: boolean): void {
    const reason = new SilentConnection('no data, while other connections work', { isBrief });
    for (const exchange of [...this.#open])
      if (exchange.number < number && !exchange.isHeard) exchange.scope.abort(reason);
  }
}
