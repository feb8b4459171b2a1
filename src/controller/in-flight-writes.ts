import type { Api } from '../client/api.ts';
import type { Tenure } from '../client/election.ts';
import { ApiError, errorText } from '../client/errors.ts';
import type { Log } from '../client/log.ts';
import type { Clock, Random } from '../client/transport.ts';
import type { Change } from '../core/model/service-patch.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import type { Shared } from '../core/text/interner.ts';
import type { Verb } from './patch-or-update.ts';
import { type FirstStep, isTransient, type Outcome, type Rested, write } from './write-service.ts';

export interface WritesContext {
  readonly api: Api;
  readonly verb: Verb;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What the views of many Services have in common. */
  readonly shared: Shared;
}

export interface WritesOptions {
  readonly context: WritesContext;
  readonly tenure: Tenure;
  /** How many may send at once. */
  readonly lanes: number;
  /** Called when a lane has become free. */
  readonly freed: () => void;
  /** A write is refused, and tried again all the same, because an earlier attempt may have been carried out. */
  readonly refused: (view: ServiceView, error: ApiError, retryInMs: number) => void;
}

interface Running {
  readonly view: ServiceView;
  ended: Promise<void>;
  /** The newest version that was seen of the Service meanwhile. */
  newest: string;
}

/**
 * The writes of one tenure that are under way, at most one for each Service. At most `lanes` of them send at once; one that rests before it
 * tries again gives its lane to others, so a Service whose writes fail holds up nobody.
 */
export class Writes {
  readonly #options: WritesOptions;
  readonly #running = new Map<ServiceKey, Running>();
  /** Those that rest: all of them without a lane. */
  readonly #resting = new Map<ServiceKey, (rested: Rested) => void>();
  /** Those whose rest is over, in the order of its end; they wait for a lane. */
  readonly #rested = new Set<ServiceKey>();
  readonly #ended = new AbortController();
  #isDraining = false;
  #mayLand = false;

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  get hasLane(): boolean {
    if (this.#isDraining || this.#options.tenure.leftMs() <= 0) return false;
    return this.sending < this.#options.lanes;
  }

  /** How many of them are under way, and do not rest. */
  get sending(): number {
    return this.#running.size - this.#resting.size;
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
  begin(view: ServiceView, change: Change, done: (outcome: Outcome) => void, first?: FirstStep): void {
    // A read that ends during the drain may lead here.
    if (this.#isDraining) return;
    const key = keyOf(view);
    const { context, tenure } = this.#options;
    const running: Running = { view, ended: Promise.resolve(), newest: view.resourceVersion };
    this.#running.set(key, running);
    const rest = (error: unknown, ms: number): Promise<Rested> => this.#rest(running, error, ms);
    const { signal } = this;
    running.ended = write(view, change, { ...context, tenure, signal, rest }, first).then((outcome) => {
      this.#running.delete(key);
      if (outcome.kind === 'stopped' && outcome.mayLand) this.#mayLand = true;
      done(outcome);
      this.#free();
    });
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
    for (const key of this.#resting.keys()) this.#wake(key, 'stopped');
    if (ms <= 0) this.#end();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    cancel();
    this.#end();
    return !this.#mayLand;
  }

  #end(): void {
    this.#ended.abort(new Error('the writes were ended'));
  }

  async #rest(running: Running, error: unknown, ms: number): Promise<Rested> {
    const { view } = running;
    const key = keyOf(view);
    if (this.#isDraining) return 'stopped';
    if (running.newest !== view.resourceVersion) return 'overtaken';
    const { log, clock } = this.#options.context;
    log.warn(`a write is tried again: ${errorText(error)}`, { service: key, retryInMs: ms });
    if (error instanceof ApiError && !isTransient(error)) this.#options.refused(view, error, ms);
    const { promise, resolve } = Promise.withResolvers<Rested>();
    const cancel = clock.after(ms, () => {
      this.#rested.add(key);
      this.#free();
    });
    this.#resting.set(key, resolve);
    this.#free();
    const rested = await promise;
    cancel();
    return rested;
  }

  #wake(key: ServiceKey, rested: Rested): void {
    const resolve = this.#resting.get(key);
    // From here on it counts as one that sends.
    this.#resting.delete(key);
    this.#rested.delete(key);
    resolve?.(rested);
  }

  /** Lanes go first to those that have rested, then to new writes. */
  #free(): void {
    for (const key of this.#rested) {
      if (!this.hasLane) return;
      this.#wake(key, 'again');
    }
    this.#options.freed();
  }
}
