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
import type { Reporter } from './reporter.ts';
import { WriteBackoff } from './write-backoff.ts';
import { WriteConflicts } from './write-conflicts.ts';
import { pathOf, type WriteOutcome } from './write-service.ts';

const backoff = { initialMs: 1_000, maxMs: 5 * 60_000 };

/** Nobody waits for a clean-up. */
const concurrency = 2;

export interface CleanupReconcilerOptions {
  readonly context: WriterContext;
  readonly options: Options;
  readonly reporter: Reporter;
  readonly leadership: Leadership;
}

/** Takes our fields off Services that are no longer of type LoadBalancer. */
export class CleanupReconciler {
  readonly #context: WriterContext;
  readonly #controller: string;
  readonly #signals: Reporter;
  /** The newest state of each that bears our label. */
  readonly #seen = new Map<ServiceKey, ServiceView>();
  /** Those that have to be looked at. */
  readonly #due = new Set<ServiceKey>();
  readonly #writes: InFlightWrites;
  readonly #patience: WriteConflicts;
  readonly #holds: WriteBackoff;
  #isListed = false;

  constructor({ context, options, reporter, leadership }: CleanupReconcilerOptions) {
    this.#context = context;
    this.#controller = options.controller;
    this.#signals = reporter;
    this.#writes = new InFlightWrites({
      context,
      leadership,
      concurrency,
      freed: () => this.#pump(),
      rejected: (view, error, retryInMs) => reporter.rejected(view, error, retryInMs),
    });
    this.#patience = new WriteConflicts(context.clock);
    this.#holds = new WriteBackoff(context.clock, (key) => {
      this.#due.add(key);
      this.#pump();
    });
  }

  /** Whether the first list is in, and nothing of it is left to clean for now. */
  get isIdle(): boolean {
    return this.#isListed && this.#due.size === 0 && this.#writes.size === 0;
  }

  /** Aborted when it is closed and its writes have ended. */
  get signal(): AbortSignal {
    return this.#writes.signal;
  }

  /** Begins nothing more, and resolves when the writes under way have ended, as `Writes.drain`. */
  close(graceMs: number): Promise<boolean> {
    this.#holds.close();
    return this.#writes.drain(graceMs);
  }

  sink(): Sink<ServiceView> {
    return {
      replaced: (views) => {
        this.#seen.clear();
        for (const view of views) this.#put(view);
        this.#holds.releaseOthers((key) => this.#seen.has(key));
        this.#patience.forgetOthers((key) => this.#seen.has(key));
        this.#isListed = true;
        this.#pump();
      },
      upserted: (view) => {
        this.#put(view);
        this.#pump();
      },
      deleted: (view) => {
        // Its patience is kept: whoever puts the label back and takes it off has not ended a quarrel.
        this.#seen.delete(keyOf(view));
        this.#writes.seen(view);
      },
    };
  }

  /**
   * A Service of ours that waited, with Go's finalizer on it, is gone from the LoadBalancers. If only its type has changed,
   * no label leads to it, and it could never be deleted: one read finds out.
   */
  look(view: ServiceView): void {
    if (view.goFinalizers === undefined || view.labeled) return;
    const { api, clock, random, interner } = this.#context;
    const { signal } = this.#writes;
    const read = async (failures: number): Promise<void> => {
      try {
        this.#unhook(internedViewOf(await api.get<Service>(pathOf(view), signal), interner), view.uid);
      } catch (error) {
        const isGone = error instanceof ApiError && error.status === 404;
        if (isGone || signal.aborted) return;
        await sleep(clock, backoffMs(failures, random(), backoff), signal);
        return read(failures + 1);
      }
    };
    void read(0);
  }

  #unhook(view: ServiceView, uid: string): void {
    const isTurned = view.uid === uid && view.type !== 'LoadBalancer' && view.goFinalizers !== undefined;
    if (!isTurned || this.#seen.has(keyOf(view)) || this.#writes.has(keyOf(view))) return;
    this.#writes.begin(view, { goFinalizers: null }, (outcome) => {
      if (outcome.kind === 'stale') this.#unhook(outcome.view, uid);
    });
  }

  #put(view: ServiceView): void {
    this.#seen.set(keyOf(view), view);
    this.#writes.seen(view);
    this.#due.add(keyOf(view));
  }

  #pump(): void {
    for (const key of this.#due) {
      if (!this.#writes.hasCapacity) return;
      // One write at a time for each: its end looks at it again.
      if (this.#writes.has(key)) continue;
      this.#due.delete(key);
      const view = this.#seen.get(key);
      if (view !== undefined) this.#clean(key, view);
    }
  }

  #clean(key: ServiceKey, view: ServiceView): void {
    const decision = release(view, this.#controller);
    if (decision.kind !== 'release' || isEmptyPatch(decision.patch) || this.#holds.has(view)) return;
    const { waitMs } = this.#patience.delayFor(key, decision.patch);
    if (waitMs > 0) {
      this.#holds.hold(view, waitMs);
      return;
    }
    this.#writes.begin(view, decision.patch, (outcome) => this.#take(key, view, decision, outcome));
  }

  #take(
    key: ServiceKey,
    view: ServiceView,
    decision: Decision & { kind: 'release' },
    outcome: WriteOutcome,
  ): void {
    switch (outcome.kind) {
      case 'written':
        this.#holds.release(key);
        this.#patience.wrote(key, decision.patch);
        this.#signals.written(outcome.view, decision);
        // What it looks like now is on its way; the state that was cleaned is not to be cleaned again.
        if (this.#seen.get(key) === view) this.#seen.delete(key);
        break;
      case 'refused':
        this.#signals.rejected(view, outcome.error, this.#holds.failed(view));
        break;
      case 'stale':
        // An earlier attempt of ours has arrived, and its answer was lost.
        if (!outcome.view.labeled && outcome.view.record === undefined)
          this.#signals.written(outcome.view, decision);
        if (this.#seen.get(key) === view) this.#holds.failed(view);
        break;
      case 'contested':
      case 'gone':
      case 'overtaken':
      case 'stopped':
        break;
    }
  }
}
