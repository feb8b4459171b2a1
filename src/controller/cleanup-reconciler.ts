import { backoffMs } from '../client/backoff.ts';
import type { Leadership } from '../client/election.ts';
import { ApiError } from '../client/errors.ts';
import type { Sink } from '../client/reflector.ts';
import { sleep } from '../client/wait.ts';
import type { Decision } from '../core/decide/decision.ts';
import { release } from '../core/decide/release.ts';
import type { Service } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { isEmptyPatch } from '../core/model/service-patch.ts';
import { internedViewOf, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { InFlightWrites, type WriterContext } from './in-flight-writes.ts';
import { reasonToWaitFor } from './refusal.ts';
import type { Reporter } from './reporter.ts';
import { WriteBackoff } from './write-backoff.ts';
import { WriteConflicts } from './write-conflicts.ts';
import { pathOf, type WriteOutcome } from './write-service.ts';

const backoff = { initialMs: 1_000, maxMs: 5 * 60_000 };

/** Cleanup has no urgency. */
const concurrency = 2;

export interface CleanupReconcilerOptions {
  readonly context: WriterContext;
  readonly options: Options;
  readonly reporter: Reporter;
  readonly leadership: Leadership;
}

/** Removes our fields from Services that are no longer of type LoadBalancer. */
export class CleanupReconciler {
  readonly #context: WriterContext;
  readonly #controller: string;
  readonly #reporter: Reporter;
  /** The newest state of each Service with our label. */
  readonly #services = new Map<ServiceKey, ServiceView>();
  /** The Services to process. */
  readonly #due = new Set<ServiceKey>();
  readonly #writes: InFlightWrites;
  readonly #writeConflicts: WriteConflicts;
  readonly #backoff: WriteBackoff;
  #isListed = false;

  constructor({ context, options, reporter, leadership }: CleanupReconcilerOptions) {
    this.#context = context;
    this.#controller = options.controller;
    this.#reporter = reporter;
    this.#writes = new InFlightWrites({
      context,
      leadership,
      concurrency,
      freed: () => this.#pump(),
      rejected: (view, error, retryInMs) => reporter.rejected(view, error, retryInMs),
    });
    this.#writeConflicts = new WriteConflicts(context.clock);
    this.#backoff = new WriteBackoff(context.clock, (keys) => {
      for (const key of keys) this.#due.add(key);
      this.#pump();
    });
  }

  /** Whether the first list was read and there is nothing left to clean up. */
  get isIdle(): boolean {
    return this.#isListed && this.#due.size === 0 && this.#writes.size === 0;
  }

  /** Aborted when it is closed and its writes have ended. */
  get signal(): AbortSignal {
    return this.#writes.signal;
  }

  /** Starts no more writes, and resolves when those in flight have ended; see `InFlightWrites.drain`. */
  close(graceMs: number): Promise<boolean> {
    this.#backoff.close();
    return this.#writes.drain(graceMs);
  }

  sink(): Sink<ServiceView> {
    return {
      replaced: (views) => {
        this.#services.clear();
        for (const view of views) this.#put(view);
        this.#backoff.forgetOthers((key) => this.#services.has(key));
        this.#writeConflicts.forgetOthers((key) => this.#services.has(key));
        this.#isListed = true;
        this.#pump();
      },
      upserted: (view) => {
        this.#put(view);
        this.#pump();
      },
      deleted: (view) => {
        // Its write conflict is kept: another writer that adds and removes the label again and again has not
        // ended it.
        this.#services.delete(keyOf(view));
        this.#writes.seen(view);
      },
    };
  }

  /**
   * Removes Go's finalizer from a Service that was pending and has left the LoadBalancers. If only its type
   * has changed, no label leads to it, and it could never be deleted. One read finds out.
   */
  removeFinalizer(view: ServiceView): void {
    if (view.goFinalizers === undefined || view.labeled) return;
    const { api, clock, random, interner } = this.#context;
    const { signal } = this.#writes;
    const read = async (failures: number): Promise<void> => {
      try {
        this.#removeFinalizer(
          internedViewOf(await api.get<Service>(pathOf(view), signal), interner),
          view.uid,
        );
      } catch (error) {
        const isGone = error instanceof ApiError && error.status === 404;
        if (isGone || signal.aborted) return;
        await sleep(clock, backoffMs(failures, random(), backoff), signal);
        return read(failures + 1);
      }
    };
    void read(0);
  }

  #removeFinalizer(view: ServiceView, uid: string): void {
    const hasLeftType = view.uid === uid && view.type !== 'LoadBalancer' && view.goFinalizers !== undefined;
    if (!hasLeftType || this.#services.has(keyOf(view)) || this.#writes.has(keyOf(view))) return;
    this.#writes.begin(view, { goFinalizers: null }, (outcome) => {
      if (outcome.kind === 'stale') this.#removeFinalizer(outcome.view, uid);
    });
  }

  #put(view: ServiceView): void {
    this.#services.set(keyOf(view), view);
    this.#writes.seen(view);
    this.#due.add(keyOf(view));
  }

  #pump(): void {
    for (const key of this.#due) {
      if (!this.#writes.hasCapacity) return;
      // One write at a time per Service: its end starts the next.
      if (this.#writes.has(key)) continue;
      this.#due.delete(key);
      const view = this.#services.get(key);
      if (view !== undefined) this.#clean(key, view);
    }
  }

  #clean(key: ServiceKey, view: ServiceView): void {
    const decision = release(view, this.#controller);
    if (decision.kind !== 'release' || isEmptyPatch(decision.patch) || this.#backoff.has(view)) return;
    const { waitMs } = this.#writeConflicts.delayFor(key, decision.patch);
    if (waitMs > 0) {
      this.#backoff.delay(view, waitMs);
      return;
    }
    this.#writes.begin(view, decision.patch, (outcome) => this.#completed(key, view, decision, outcome));
  }

  #completed(
    key: ServiceKey,
    view: ServiceView,
    decision: Decision & { kind: 'release' },
    outcome: WriteOutcome,
  ): void {
    switch (outcome.kind) {
      case 'written':
        this.#writeConflicts.wrote(key, decision.patch);
        this.#reporter.written(outcome.view, decision);
        // The watch will deliver its new state; the old one must not be cleaned up again.
        if (this.#services.get(key) === view) this.#services.delete(key);
        this.#backoff.written(view);
        break;
      case 'rejected':
        this.#reporter.rejected(
          view,
          outcome.error,
          this.#backoff.failed(view, reasonToWaitFor(outcome.error)),
        );
        break;
      case 'stale':
        // An earlier attempt has executed, and its response was lost.
        if (!outcome.view.labeled && outcome.view.record === undefined)
          this.#reporter.written(outcome.view, decision);
        if (this.#services.get(key) === view) this.#backoff.failed(view);
        break;
      case 'contested':
      case 'gone':
      case 'outdated':
      case 'superseded':
      case 'stopped':
        break;
    }
  }
}
