import { backoffMs } from '../client/backoff.ts';
import type { Tenure } from '../client/election.ts';
import { ApiError } from '../client/errors.ts';
import type { Sink } from '../client/reflector.ts';
import { sleep } from '../client/wait.ts';
import type { Decision } from '../core/decide/decision.ts';
import { release } from '../core/decide/release.ts';
import type { Service } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { isEmpty } from '../core/model/service-patch.ts';
import { keyOf, type ServiceKey, type ServiceView, viewSharing } from '../core/model/service-view.ts';
import { Writes, type WritesContext } from './in-flight-writes.ts';
import type { Signals } from './reporter.ts';
import { Holds } from './write-backoff.ts';
import { Patience } from './write-conflicts.ts';
import { type Outcome, pathOf } from './write-service.ts';

const backoff = { firstMs: 1_000, mostMs: 5 * 60_000 };

/** Nobody waits for a clean-up. */
const lanes = 2;

export interface LeftoversOptions {
  readonly context: WritesContext;
  readonly options: Options;
  readonly signals: Signals;
  readonly tenure: Tenure;
}

/** Takes our fields off Services that are no longer of type LoadBalancer. */
export class Leftovers {
  readonly #context: WritesContext;
  readonly #controller: string;
  readonly #signals: Signals;
  /** The newest state of each that bears our label. */
  readonly #seen = new Map<ServiceKey, ServiceView>();
  /** Those that have to be looked at. */
  readonly #due = new Set<ServiceKey>();
  readonly #writes: Writes;
  readonly #patience: Patience;
  readonly #holds: Holds;
  #isListed = false;

  constructor({ context, options, signals, tenure }: LeftoversOptions) {
    this.#context = context;
    this.#controller = options.controller;
    this.#signals = signals;
    this.#writes = new Writes({
      context,
      tenure,
      lanes,
      freed: () => this.#pump(),
      refused: (view, error, retryInMs) => signals.refused(view, error, retryInMs),
    });
    this.#patience = new Patience(context.clock);
    this.#holds = new Holds(context.clock, (key) => {
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
    if (view.goFinalizers === undefined || view.labelled) return;
    const { api, clock, random, shared } = this.#context;
    const { signal } = this.#writes;
    const read = async (failures: number): Promise<void> => {
      try {
        this.#unhook(viewSharing(await api.get<Service>(pathOf(view), signal), shared), view.uid);
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
      if (!this.#writes.hasLane) return;
      // One write at a time for each: its end looks at it again.
      if (this.#writes.has(key)) continue;
      this.#due.delete(key);
      const view = this.#seen.get(key);
      if (view !== undefined) this.#clean(key, view);
    }
  }

  #clean(key: ServiceKey, view: ServiceView): void {
    const decision = release(view, this.#controller);
    if (decision.kind !== 'release' || isEmpty(decision.change) || this.#holds.has(view)) return;
    const { waitMs } = this.#patience.ask(key, decision.change);
    if (waitMs > 0) {
      this.#holds.hold(view, waitMs);
      return;
    }
    this.#writes.begin(view, decision.change, (outcome) => this.#take(key, view, decision, outcome));
  }

  #take(
    key: ServiceKey,
    view: ServiceView,
    decision: Decision & { kind: 'release' },
    outcome: Outcome,
  ): void {
    switch (outcome.kind) {
      case 'written':
        this.#holds.release(key);
        this.#patience.note(key, decision.change);
        this.#signals.written(outcome.view, decision);
        // What it looks like now is on its way; the state that was cleaned is not to be cleaned again.
        if (this.#seen.get(key) === view) this.#seen.delete(key);
        break;
      case 'refused':
        this.#signals.refused(view, outcome.error, this.#holds.failed(view));
        break;
      case 'stale':
        // An earlier attempt of ours has arrived, and its answer was lost.
        if (!outcome.view.labelled && outcome.view.record === undefined)
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
