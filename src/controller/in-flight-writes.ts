import type { Api } from '../client/api.ts';
import type { Leadership } from '../client/election.ts';
import { ApiError, ConnectionError, errorText } from '../client/errors.ts';
import type { Log } from '../client/log.ts';
import type { Clock, OnRecovered, Random } from '../client/transport.ts';
import type { ServicePatch } from '../core/model/service-patch.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import type { Interner } from '../core/text/interner.ts';
import type { PatchOrUpdate } from './patch-or-update.ts';
import type { Reporter } from './reporter.ts';
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
  /** Shares strings between the views of Services. */
  readonly interner: Interner;
  /** The Lease that a leader holds, as `namespace/name`; undefined without leader election. */
  readonly lease?: string | undefined;
  readonly onRecovered?: OnRecovered | undefined;
}

export interface InFlightWritesOptions {
  readonly context: WriterContext;
  readonly leadership: Leadership;
  /** The maximum number of writes that send at the same time. */
  readonly concurrency: number;
  /** Called when there is capacity for another write. */
  readonly wake: () => void;
  /** Hears of writes that are rejected but retried, because an earlier attempt may have executed. */
  readonly reporter: Pick<Reporter, 'rejected'>;
}

interface InFlightWrite {
  readonly view: ServiceView;
  ended: Promise<unknown>;
  /** The newest observed version of the Service. */
  newest: string;
}

/**
 * The in-flight writes of one leadership period, at most one per Service. At most `concurrency` of them send
 * at the same time. A write that backs off uses no capacity, so failing writes do not block others.
 */
export class InFlightWrites {
  readonly #options: InFlightWritesOptions;
  readonly #running = new Map<ServiceKey, InFlightWrite>();
  /** Writes that back off; they use no capacity. */
  readonly #backingOff = new Map<ServiceKey, (result: RetryResult) => void>();
  /** Writes whose back-off has ended, in that order; they wait for capacity. */
  readonly #due = new Set<ServiceKey>();
  readonly #abortController = new AbortController();
  #isDraining = false;
  #mayStillExecute = false;

  constructor(options: InFlightWritesOptions) {
    this.#options = options;
  }

  get hasCapacity(): boolean {
    if (this.#isDraining || this.#options.leadership.remainingMs() <= 0) return false;
    return this.sending < this.#options.concurrency;
  }

  /** The number of writes that do not back off. */
  get sending(): number {
    return this.#running.size - this.#backingOff.size;
  }

  get size(): number {
    return this.#running.size;
  }

  has(key: ServiceKey): boolean {
    return this.#running.has(key);
  }

  /** Aborts reads and writes that outlast the shutdown. */
  get signal(): AbortSignal {
    return this.#abortController.signal;
  }

  /**
   * Starts a write, after `beforeWrite`. `done` gets the outcome; from then on the write is no longer in
   * flight. Resolves to what `done` returns.
   */
  begin<T>(
    view: ServiceView,
    change: ServicePatch,
    done: (outcome: WriteOutcome) => T,
    beforeWrite?: BeforeWrite,
  ): Promise<T> {
    // A read that ends during the drain may call this.
    if (this.#isDraining) return Promise.resolve(done({ kind: 'stopped', mayStillExecute: false }));
    const key = keyOf(view);
    const { context, leadership } = this.#options;
    const write: InFlightWrite = { view, ended: Promise.resolve(), newest: view.resourceVersion };
    this.#running.set(key, write);
    const backOff = (error: unknown, ms: number): Promise<RetryResult> => this.#backOff(write, error, ms);
    const { signal } = this;
    const ended = writeService(view, change, { ...context, leadership, signal, backOff }, beforeWrite).then(
      (outcome) => {
        this.#running.delete(key);
        if (outcome.kind === 'stopped' && outcome.mayStillExecute) this.#mayStillExecute = true;
        const result = done(outcome);
        this.#assignCapacity();
        return result;
      },
    );
    write.ended = ended;
    return ended;
  }

  /** Call when the Service was observed in this version: a write based on an older one is obsolete. */
  seen(view: { readonly namespace: string; readonly name: string; readonly resourceVersion: string }): void {
    const key = keyOf(view);
    const write = this.#running.get(key);
    if (write === undefined || compareVersions(view.resourceVersion, write.newest) <= 0) return;
    write.newest = view.resourceVersion;
    this.#wake(key, 'superseded');
  }

  /**
   * Starts no more writes. Resolves when all have ended or were aborted after `ms`, to whether none of them
   * can still execute.
   */
  async drain(ms: number): Promise<boolean> {
    this.#isDraining = true;
    const cancel = this.#options.context.clock.after(ms, () => this.#abort());
    // Writes that back off have failed before; do not wait for them.
    for (const key of this.#backingOff.keys()) this.#wake(key, 'stopped');
    if (ms <= 0) this.#abort();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    cancel();
    this.#abort();
    return !this.#mayStillExecute;
  }

  #abort(): void {
    this.#abortController.abort(new Error('the in-flight writes were aborted'));
  }

  async #backOff(write: InFlightWrite, error: unknown, ms: number): Promise<RetryResult> {
    const { view } = write;
    const key = keyOf(view);
    if (this.#isDraining) return 'stopped';
    if (write.newest !== view.resourceVersion) return 'superseded';
    const { log, clock, onRecovered } = this.#options.context;
    log.warn(`Write failed, retrying: ${errorText(error)}`, { service: key, retryInMs: ms });
    if (error instanceof ApiError && !isTransient(error)) this.#options.reporter.rejected(view, error, ms);
    if (ms <= 0) return 'retry';
    const { promise, resolve } = Promise.withResolvers<RetryResult>();
    const end = (): void => {
      this.#due.add(key);
      this.#assignCapacity();
    };
    const cancel = clock.after(ms, end);
    const remove = error instanceof ConnectionError ? onRecovered?.(end) : undefined;
    this.#backingOff.set(key, resolve);
    this.#assignCapacity();
    const result = await promise;
    cancel();
    remove?.();
    return result;
  }

  #wake(key: ServiceKey, result: RetryResult): void {
    const resolve = this.#backingOff.get(key);
    // From here on the write uses capacity again.
    this.#backingOff.delete(key);
    this.#due.delete(key);
    resolve?.(result);
  }

  /** Gives capacity to retries first, then to new writes. */
  #assignCapacity(): void {
    for (const key of this.#due) {
      if (!this.hasCapacity) return;
      this.#wake(key, 'retry');
    }
    this.#options.wake();
  }
}
