import type { Api } from '../client/api.ts';
import type { Leadership } from '../client/election.ts';
import { ApiError, errorText } from '../client/errors.ts';
import type { Log } from '../client/log.ts';
import type { Clock, Random } from '../client/transport.ts';
import type { ServicePatch } from '../core/model/service-patch.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import type { Interner } from '../core/text/interner.ts';
import type { PatchOrUpdate } from './patch-or-update.ts';
import {
  type BeforeWrite,
  isTransient,
  type RetryResult,
  type WriteOutcome,
  writeService,
} from './write-service.ts';

export interface WriterContext {
  readonly api: Api;
  readonly sender: PatchOrUpdate;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What the views of many Services have in common. */
  readonly interner: Interner;
}

export interface InFlightWritesOptions {
  readonly context: WriterContext;
  readonly leadership: Leadership;
  /** How many may send at once. */
  readonly concurrency: number;
  /** Called when a lane has become free. */
  readonly freed: () => void;
  /** A write is refused, and tried again all the same, because an earlier attempt may have been carried out. */
  readonly rejected: (view: ServiceView, error: ApiError, retryInMs: number) => void;
}

interface InFlightWrite {
  readonly view: ServiceView;
  ended: Promise<void>;
  /** The newest version that was seen of the Service meanwhile. */
  newest: string;
}

/**
 * The writes of one tenure that are under way, at most one for each Service. At most `lanes` of them send at once; one that rests before it
 * tries again gives its lane to others, so a Service whose writes fail holds up nobody.
 */
export class InFlightWrites {
  readonly #options: InFlightWritesOptions;
  readonly #running = new Map<ServiceKey, InFlightWrite>();
  /** Those that rest: all of them without a lane. */
  readonly #backingOff = new Map<ServiceKey, (rested: RetryResult) => void>();
  /** Those whose rest is over, in the order of its end; they wait for a lane. */
  readonly #due = new Set<ServiceKey>();
  readonly #ended = new AbortController();
  #isDraining = false;
  #mayLand = false;

  constructor(options: InFlightWritesOptions) {
    this.#options = options;
  }

  get hasCapacity(): boolean {
    if (this.#isDraining || this.#options.leadership.remainingMs() <= 0) return false;
    return this.sending < this.#options.concurrency;
  }

  /** How many of them are under way, and do not rest. */
  get sending(): number {
    return this.#running.size - this.#backingOff.size;
  }

  get size(): number {
    return this.#running.size;
  }

  has(key: ServiceKey): boolean {
    return this.#running.has(key);
  }

  /** Ends reads and writes that outlast the stop. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Begins a write, with what has to come first; `done` is told what became of it, after which it no longer counts as under way. */
  begin(
    view: ServiceView,
    change: ServicePatch,
    done: (outcome: WriteOutcome) => void,
    first?: BeforeWrite,
  ): void {
    // A read that ends during the drain may lead here.
    if (this.#isDraining) return;
    const key = keyOf(view);
    const { context, leadership } = this.#options;
    const running: InFlightWrite = { view, ended: Promise.resolve(), newest: view.resourceVersion };
    this.#running.set(key, running);
    const backOff = (error: unknown, ms: number): Promise<RetryResult> => this.#backOff(running, error, ms);
    const { signal } = this;
    running.ended = writeService(view, change, { ...context, leadership, signal, backOff }, first).then(
      (outcome) => {
        this.#running.delete(key);
        if (outcome.kind === 'stopped' && outcome.mayLand) this.#mayLand = true;
        done(outcome);
        this.#free();
      },
    );
  }

  /** The Service was seen in this version: a write on an older one need not be tried again. */
  seen(view: { readonly namespace: string; readonly name: string; readonly resourceVersion: string }): void {
    const key = keyOf(view);
    const running = this.#running.get(key);
    if (running === undefined || compareVersions(view.resourceVersion, running.newest) <= 0) return;
    running.newest = view.resourceVersion;
    this.#wake(key, 'overtaken');
  }

  /**
   * Begins no more, and resolves when all have ended, or have been ended because they took too long. False where one of
   * them may still be carried out.
   */
  async drain(ms: number): Promise<boolean> {
    this.#isDraining = true;
    const cancel = this.#options.context.clock.after(ms, () => this.#end());
    // Who rests would only try again what did not work.
    for (const key of this.#backingOff.keys()) this.#wake(key, 'stopped');
    if (ms <= 0) this.#end();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    cancel();
    this.#end();
    return !this.#mayLand;
  }

  #end(): void {
    this.#ended.abort(new Error('the writes were ended'));
  }

  async #backOff(running: InFlightWrite, error: unknown, ms: number): Promise<RetryResult> {
    const { view } = running;
    const key = keyOf(view);
    if (this.#isDraining) return 'stopped';
    if (running.newest !== view.resourceVersion) return 'overtaken';
    const { log, clock } = this.#options.context;
    log.warn(`a write is tried again: ${errorText(error)}`, { service: key, retryInMs: ms });
    if (error instanceof ApiError && !isTransient(error)) this.#options.rejected(view, error, ms);
    const { promise, resolve } = Promise.withResolvers<RetryResult>();
    const cancel = clock.after(ms, () => {
      this.#due.add(key);
      this.#free();
    });
    this.#backingOff.set(key, resolve);
    this.#free();
    const rested = await promise;
    cancel();
    return rested;
  }

  #wake(key: ServiceKey, rested: RetryResult): void {
    const resolve = this.#backingOff.get(key);
    // From here on it counts as one that sends.
    this.#backingOff.delete(key);
    this.#due.delete(key);
    resolve?.(rested);
  }

  /** Lanes go first to those that have rested, then to new writes. */
  #free(): void {
    for (const key of this.#due) {
      if (!this.hasCapacity) return;
      this.#wake(key, 'again');
    }
    this.#options.freed();
  }
}
