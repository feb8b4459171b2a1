import { ApiError } from '../client/errors.ts';
import type { Sink } from '../client/reflector.ts';
import type { Decision } from '../core/decide/decision.ts';
import { release } from '../core/decide/release.ts';
import type { Service } from '../core/model/objects.ts';
import { isEmptyPatch } from '../core/model/service-patch.ts';
import { internedViewOf, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { type Ended, type WorkItem, WorkQueue } from '../core/queue/work-queue.ts';
import { InFlightWrites } from './in-flight-writes.ts';
import type { Reconciler, ReconcilerOptions } from './reconciler.ts';
import { reasonToWaitFor } from './refusal.ts';
import { WriteConflicts } from './write-conflicts.ts';
import { pathOf, type WriteOutcome } from './write-service.ts';

/** Cleanup has no urgency. */
const concurrency = 2;

type CleanupOptions = Omit<ReconcilerOptions, 'allocator' | 'concurrency' | 'hasSynced'>;

/** Removes our fields from Services that are no longer of type LoadBalancer. */
export class CleanupReconciler implements Reconciler {
  readonly #options: CleanupOptions;
  /** The newest state of each Service with our label, and of each that left the LoadBalancers with Go's finalizer. */
  readonly #services = new Map<ServiceKey, ServiceView>();
  readonly #queue = new WorkQueue<ServiceKey>({ keyOf: (key) => key });
  readonly #writes: InFlightWrites;
  readonly #writeConflicts: WriteConflicts;
  #isListed = false;

  constructor(options: CleanupOptions) {
    this.#options = options;
    this.#writes = new InFlightWrites({ ...options, concurrency });
    this.#writeConflicts = new WriteConflicts(options.context.clock);
  }

  /** Whether the first list was read and there is nothing left to clean up. */
  get isIdle(): boolean {
    return this.#isListed && this.#queue.isIdle;
  }

  get nextAt(): number | undefined {
    return this.#queue.nextAt;
  }

  /** Aborted when it is closed and its writes have ended. */
  get signal(): AbortSignal {
    return this.#writes.signal;
  }

  close(graceMs: number): Promise<boolean> {
    return this.#writes.drain(graceMs);
  }

  sink(): Sink<ServiceView> {
    return {
      replaced: (views) => {
        for (const [key, view] of this.#services) if (!hasLeft(view)) this.#services.delete(key);
        for (const view of views) this.#put(view);
        this.#queue.forgetOthers((key) => this.#services.has(key));
        this.#writeConflicts.forgetOthers((key) => this.#services.has(key));
        this.#isListed = true;
        this.#options.wake();
      },
      upserted: (view) => {
        this.#put(view);
        this.#options.wake();
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
    const known = this.#services.get(keyOf(view));
    const isLabeled = view.labeled || (known !== undefined && !hasLeft(known));
    if (view.goFinalizers === undefined || isLabeled) return;
    this.#put(view);
    this.#options.wake();
  }

  startNext(): Ended | Promise<Ended> | undefined {
    const work = this.#writes.hasCapacity ? this.#queue.get(this.#options.context.clock.now()) : undefined;
    if (work === undefined) return undefined;
    const view = this.#services.get(work.item);
    if (view === undefined) return work.done();
    return hasLeft(view) ? this.#removeFinalizer(view, work) : this.#clean(view, work);
  }

  async #removeFinalizer(left: ServiceView, work: WorkItem<ServiceKey>): Promise<Ended> {
    const { api, clock, interner } = this.#options.context;
    const { signal } = this.#writes;
    let view: ServiceView | undefined;
    try {
      view = internedViewOf(await api.get<Service>(pathOf(left), signal), interner);
    } catch (error) {
      const isGone = error instanceof ApiError && error.status === 404;
      if (!isGone && !signal.aborted) return work.retry(left, clock.now());
    }
    const isCurrent = (): boolean => this.#services.get(work.item) === left;
    if (view?.uid === left.uid && view.goFinalizers !== undefined && !hasLeft(view) && isCurrent()) {
      const kind = await this.#writes.begin(view, { goFinalizers: null }, (outcome) => outcome.kind);
      if (kind === 'stale') {
        this.#queue.add(work.item);
        return work.leave();
      }
    }
    if (isCurrent()) this.#services.delete(work.item);
    return work.done();
  }

  #put(view: ServiceView): void {
    this.#services.set(keyOf(view), view);
    this.#writes.seen(view);
    this.#queue.add(keyOf(view));
  }

  #clean(view: ServiceView, work: WorkItem<ServiceKey>): Ended | Promise<Ended> {
    const decision = release(view, this.#options.options.controller);
    if (decision.kind !== 'release' || isEmptyPatch(decision.patch)) return work.done();
    if (work.isDelayed(view)) return work.leave();
    const { waitMs } = this.#writeConflicts.delayFor(work.item, decision.patch);
    if (waitMs > 0) return work.retryAfter(waitMs, view, this.#options.context.clock.now());
    return this.#writes.begin(view, decision.patch, (outcome) =>
      this.#completed(view, decision, work, outcome),
    );
  }

  #completed(
    view: ServiceView,
    decision: Decision & { kind: 'release' },
    work: WorkItem<ServiceKey>,
    outcome: WriteOutcome,
  ): Ended {
    const { context, reporter } = this.#options;
    const key = work.item;
    const now = context.clock.now();
    switch (outcome.kind) {
      case 'written':
        this.#writeConflicts.wrote(key, decision.patch);
        reporter.written(outcome.view, decision, view);
        // The watch will deliver its new state; the old one must not be cleaned up again.
        if (this.#services.get(key) === view) this.#services.delete(key);
        return work.written(view, now);
      case 'rejected': {
        const ended = work.retry(view, now, reasonToWaitFor(outcome.error));
        reporter.rejected(view, outcome.error, ended.retryInMs);
        return ended;
      }
      case 'stale':
        // An earlier attempt has executed, and its response was lost.
        if (!outcome.view.labeled && outcome.view.record === undefined)
          reporter.written(outcome.view, decision, view);
        return this.#services.get(key) === view ? work.retry(view, now) : work.leave();
      case 'contested':
      case 'gone':
      case 'outdated':
      case 'superseded':
      case 'stopped':
        return work.leave();
    }
  }
}

/** Whether this is the last state of a LoadBalancer: it was deleted, or only its type has changed. */
function hasLeft({ type }: ServiceView): boolean {
  return type === 'LoadBalancer';
}
