import { SilentConnection } from '../../src/client/errors.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/client/transport.ts';
import type { EmbeddedApi } from '../../src/embedded/embedded-api.ts';
import type { Fault, FaultKind } from './plan.ts';
import { randomAt } from './random.ts';
import { isServiceWrite } from './requests.ts';
import type { Event, Scheduler } from './scheduler.ts';

/** The sender of requests. While it is paused, responses are delayed; when it is dead, they are lost. */
export interface Sender {
  receive(run: () => void): void;
}

export interface NetworkOptions {
  /** The API server that runs now. */
  readonly api: () => EmbeddedApi;
  readonly scheduler: Scheduler;
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** Whether admission denies a write. */
  readonly isDenied: (request: HttpRequest) => boolean;
  /** Called before each request is executed; the returned function is called after it. */
  readonly onCarryOut: (sender: Sender, request: HttpRequest) => (status: number, text: string) => void;
  readonly count: (what: string) => void;
  /** Whether a write is in flight. */
  readonly isWriting: () => boolean;
}

/** What all exchanges of the network have in common. */
class Conditions {
  /** How often the API server was started. What was sent to an earlier one ends with a broken connection. */
  starts = 0;
  /** Until then, the watch cache is behind: watches deliver nothing. */
  lagsUntil = 0;
  /** How often the connections of a sender went silent, and until when its requests are lost. */
  readonly silences = new Map<Sender, { readonly count: number; readonly until: number }>();
  /** Each breaks an open watch. */
  readonly watches = new Set<() => void>();
}

/** The simulated network: each request and response takes some time, and some meet a fault. */
export class Network {
  readonly #options: NetworkOptions;
  readonly #faults: ReadonlyMap<number, Fault>;
  /** Disables all faults. */
  isCalm = false;
  #requests = 0;
  readonly #conditions = new Conditions();

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#faults = new Map(options.faults.map((fault) => [fault.request, fault]));
  }

  /** The API server was started again: all connections break. */
  restarted(): void {
    this.#conditions.starts += 1;
    for (const end of this.#conditions.watches) end();
    this.#conditions.watches.clear();
  }

  lag(ms: number): void {
    this.#conditions.lagsUntil = this.#options.scheduler.now + ms;
  }

  silence(sender: Sender, ms: number): void {
    const { silences } = this.#conditions;
    const count = (silences.get(sender)?.count ?? 0) + 1;
    silences.set(sender, { count, until: this.#options.scheduler.now + ms });
  }

  /** Ends the conditions that last. */
  calm(): void {
    this.isCalm = true;
    this.#conditions.lagsUntil = 0;
    for (const [sender, { count }] of this.#conditions.silences)
      this.#conditions.silences.set(sender, { count, until: 0 });
  }

  transportFor(sender: Sender): Transport {
    return (request, signal) => {
      const n = this.#requests++;
      const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
      const abort = (): void => reject(signal.reason);
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
      const exchange = new Exchange(this.#options, this.#conditions, sender, request, signal, n, {
        resolve,
        reject,
      });
      const isDenied = isServiceWrite(request) && this.#options.isDenied(request);
      const fault = isDenied ? denial : this.isCalm ? undefined : this.#faults.get(n);
      exchange.go(fault && fits(fault.kind, request) ? fault : undefined);
      return promise;
    };
  }
}

const denial: Fault = { request: 0, kind: 'denied', ms: 0 };

function isWatch({ path }: HttpRequest): boolean {
  return path.includes('watch=true');
}

/** Some faults apply only to watches, others only to requests with a single response. */
function fits(kind: FaultKind, request: HttpRequest): boolean {
  if (kind === 'reset' || kind === 'stall' || kind === 'silent') return isWatch(request);
  if (['lost answer', 'swallowed answer', 'twice', 'slow answer', '504', 'late'].includes(kind))
    return !isWatch(request);
  if (kind === 'late write') return isServiceWrite(request);
  if (kind === '409') return request.method !== 'GET';
  if (kind === '410') return request.method === 'GET';
  return true;
}

class Exchange {
  readonly #options: NetworkOptions;
  readonly #conditions: Conditions;
  /** The number of starts and silences when it began: it belongs to a connection of that time. */
  readonly #start: number;
  readonly #silence: number;
  readonly #sender: Sender;
  readonly #request: HttpRequest;
  readonly #signal: AbortSignal;
  readonly #n: number;
  readonly #answer: { resolve: (response: HttpResponse) => void; reject: (error: unknown) => void };

  constructor(
    options: NetworkOptions,
    conditions: Conditions,
    sender: Sender,
    request: HttpRequest,
    signal: AbortSignal,
    n: number,
    answer: { resolve: (response: HttpResponse) => void; reject: (error: unknown) => void },
  ) {
    this.#options = options;
    this.#conditions = conditions;
    this.#start = conditions.starts;
    this.#silence = conditions.silences.get(sender)?.count ?? 0;
    this.#sender = sender;
    this.#request = request;
    this.#signal = signal;
    this.#n = n;
    this.#answer = answer;
  }

  go(fault: Fault | undefined): void {
    const { count } = this.#options;
    if (fault !== undefined) count(`fault: ${fault.kind}`);
    if (this.#request.method === 'PATCH' && /^(lost|swallowed) answer$|^504$/.test(fault?.kind ?? ''))
      count('state: a write was carried out and its answer lost');
    if (fault?.kind === '410' && this.#options.isWriting()) count('state: 410 with a write under way');
    const there = this.#delay(0);
    if (this.#options.scheduler.now < (this.#conditions.silences.get(this.#sender)?.until ?? 0)) return;
    switch (fault?.kind) {
      case undefined:
      case 'reset':
      case 'stall':
      case 'silent':
        if (isWatch(this.#request)) this.#later(there, () => void this.#watch(fault));
        else this.#later(there, () => void this.#carryOut((response) => this.#respond(response)));
        break;
      case 'refused':
        this.#fail(there);
        break;
      case 'dropped':
        break;
      case 'lost answer':
        this.#later(there, () => void this.#carryOut(() => this.#fail(this.#delay(1))));
        break;
      case 'swallowed answer':
        this.#later(there, () => void this.#carryOut(() => {}));
        break;
      case 'late':
      case 'late write':
        this.#later(there + fault.ms, () => void this.#carryOut(() => {}));
        break;
      case 'twice':
        this.#later(there, () => void this.#carryOut((response) => this.#respond(response)));
        this.#later(there + fault.ms, () => void this.#carryOut(() => {}));
        break;
      case 'slow answer':
        this.#later(there, () => void this.#carryOut((response) => this.#respond(response, fault.ms)));
        break;
      case '504':
        this.#later(there, () => void this.#carryOut(() => this.#respond(errorResponse(504))));
        break;
      case 'denied':
        this.#later(there, () =>
          this.#respond(errorResponse(403, 'admission webhook "x" denied the request')),
        );
        break;
      case '409':
      case '410':
      case '429':
      case '500':
      case '503':
        this.#later(there, () => this.#respond(errorResponse(Number(fault.kind))));
        break;
    }
  }

  /** A few milliseconds, determined by the seed and the number of the request. */
  #delay(way: number): number {
    return 1 + randomAt(this.#options.seed + way, this.#n) * 8;
  }

  /** Whether the API server that received the request still runs. */
  get #isConnected(): boolean {
    return this.#start === this.#conditions.starts;
  }

  get #isSilent(): boolean {
    return this.#silence !== (this.#conditions.silences.get(this.#sender)?.count ?? 0);
  }

  #later(ms: number, run: () => void): void {
    const { scheduler } = this.#options;
    scheduler.at(scheduler.now + ms, run);
  }

  /** Unless the connection went silent meanwhile. */
  #toSender(ms: number, run: () => void): void {
    this.#later(ms, () => {
      if (!this.#isSilent) this.#sender.receive(run);
    });
  }

  #fail(ms: number): void {
    this.#toSender(ms, () => this.#answer.reject(new Error('connection reset')));
  }

  #respond({ status, headers, text }: FullResponse, ms = 0): void {
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(text);
    };
    this.#toSender(this.#delay(1) + ms, () => {
      if (this.#isConnected) this.#answer.resolve({ status, headers, body: body() });
      else this.#answer.reject(new Error('connection reset'));
    });
  }

  /** Executes the request on the API server, atomically in virtual time. */
  async #carryOut(then: (response: FullResponse) => void): Promise<void> {
    if (!this.#isConnected) {
      this.#fail(0);
      return;
    }
    const afterwards = this.#options.onCarryOut(this.#sender, this.#request);
    const { status, headers, body } = await this.#options
      .api()
      .transport(this.#request, new AbortController().signal);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    afterwards(status, text);
    then({ status, headers, text });
  }

  async #watch(fault: Fault | undefined): Promise<void> {
    if (this.#signal.aborted) return;
    if (!this.#isConnected) {
      this.#fail(0);
      return;
    }
    const { api, scheduler, count } = this.#options;
    const { status, headers, body } = await api().transport(this.#request, this.#signal);
    const pipe = new Pipe();
    const abort = (): void => {
      const { reason } = this.#signal;
      if (fault?.kind === 'silent' && reason instanceof SilentConnection)
        count('state: a silent watch was replaced');
      pipe.end(reason);
    };
    this.#signal.addEventListener('abort', abort, { once: true });
    this.#toSender(this.#delay(1), () => this.#answer.resolve({ status, headers, body: pipe.read() }));
    let lastAt = scheduler.now + this.#delay(1);
    let seen = 0;
    /** What the watch cache does not have yet. */
    const missing: Event[] = [];
    const deliver = (run: () => void, ms = 0): Event => {
      // A connection preserves order.
      lastAt = Math.max(lastAt, scheduler.now + this.#delay(1) + ms);
      return scheduler.at(lastAt, () => {
        if (!this.#isSilent) this.#sender.receive(run);
      });
    };
    const deliverEvent = (run: () => void, ms: number): void => {
      const lagMs = this.#conditions.lagsUntil - scheduler.now;
      if (lagMs > 0) count('state: an event missed in the watch cache');
      const event = deliver(run, Math.max(ms, lagMs));
      if (lagMs > 0) missing.push(event);
    };
    const restarted = (): void => void deliver(() => pipe.end(new Error('connection reset')));
    this.#conditions.watches.add(restarted);
    this.#signal.addEventListener('abort', () => this.#conditions.watches.delete(restarted), { once: true });
    for await (const chunk of body) {
      if (!this.#isConnected) return;
      seen += 1;
      if (fault?.kind === 'reset' && seen > fault.ms % 4) {
        deliver(() => pipe.end(new Error('connection reset')));
        return;
      }
      if (fault?.kind === 'silent' && seen > fault.ms % 3) return;
      deliverEvent(() => pipe.write(chunk), fault?.kind === 'stall' && seen > fault.ms % 3 ? fault.ms : 0);
    }
    if (scheduler.now < this.#conditions.lagsUntil) {
      for (const event of missing) event.isCancelled = true;
      lastAt = scheduler.now;
    }
    if (fault?.kind !== 'silent') deliver(() => pipe.end());
  }
}

interface FullResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
}

function errorResponse(status: number, message = 'injected fault'): FullResponse {
  const reasons: Record<number, string> = { 409: 'Conflict', 410: 'Expired', 429: 'TooManyRequests' };
  const body = { kind: 'Status', code: status, reason: reasons[status] ?? '', message };
  const headers: Record<string, string> = status === 429 ? { 'retry-after': '2' } : {};
  return { status, headers, text: JSON.stringify(body) };
}

/** An asynchronous queue of bytes. */
class Pipe {
  #chunks: Uint8Array[] = [];
  #isEnded = false;
  #error: unknown;
  #wake = (): void => {};

  write(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  end(error?: unknown): void {
    this.#isEnded = true;
    this.#error = error;
    this.#wake();
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const ready = this.#chunks;
      this.#chunks = [];
      yield* ready;
      if (this.#chunks.length > 0) continue;
      if (this.#error !== undefined) throw this.#error;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
