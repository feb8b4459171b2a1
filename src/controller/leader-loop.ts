import { CleanupReconciler } from './cleanup-reconciler.ts';
import type { Counters } from './counters.ts';
import { IPAddressReconciler } from './ip-address-reconciler.ts';
import type { Reconciler, ReconcilerOptions } from './reconciler.ts';
import { ServiceReconciler } from './service-reconciler.ts';
import { StatusPublisher } from './status-publisher.ts';

export interface LeaderLoopOptions extends Omit<ReconcilerOptions, 'wake'> {
  readonly counters: Counters;
  /** Whether to keep the state of the pools in a ConfigMap. */
  readonly publishStatus: boolean;
  /** Called after each turn. */
  readonly updated: () => void;
}

/**
 * The maximum number of items that one reconciler starts in a turn, usually a few milliseconds. Between turns, writes are sent
 * and the Lease is renewed.
 */
const maxItemsPerTurn = 2_000;

/** The work of a leader: lets each reconciler process what is ready, and continues when something that was delayed is due. */
export class LeaderLoop {
  readonly services: ServiceReconciler;
  readonly cleanup: CleanupReconciler;
  readonly #options: LeaderLoopOptions;
  /** Decisions on Services come first; then the claims are reconciled with them, and their outcome is published. */
  readonly #reconcilers: readonly Reconciler[];
  /** The scheduled next turn. */
  #next: { readonly at: number; readonly cancel: () => void } | undefined;
  #isClosed = false;

  constructor(options: LeaderLoopOptions) {
    const shared = { ...options, wake: () => this.pump() };
    this.#options = options;
    this.services = new ServiceReconciler(shared);
    this.cleanup = new CleanupReconciler(shared);
    const ipAddresses = options.options.claims ? [new IPAddressReconciler(shared)] : [];
    const status = options.publishStatus ? [new StatusPublisher(shared)] : [];
    this.#reconcilers = [this.services, this.cleanup, ...ipAddresses, ...status];
  }

  get isIdle(): boolean {
    return this.#reconcilers.every(({ isIdle }) => isIdle);
  }

  /** Call when anything has changed. */
  pump(): void {
    const at = Math.min(...this.#reconcilers.map((reconciler) => this.#process(reconciler)));
    if (!this.#isClosed) this.#schedule(at);
    this.#options.updated();
  }

  /** Stops; see `Reconciler.close`. */
  async close(graceMs: number): Promise<boolean> {
    this.#isClosed = true;
    this.#next?.cancel();
    const closed = await Promise.all(this.#reconcilers.map((reconciler) => reconciler.close(graceMs)));
    return closed.every(Boolean);
  }

  /** Returns when to continue. Without capacity, that is when a write ends. */
  #process(reconciler: Reconciler): number {
    const { clock } = this.#options.context;
    for (let started = 0; started < maxItemsPerTurn; started += 1) {
      const ended = reconciler.startNext();
      if (ended instanceof Promise) void ended.then(() => this.pump());
      if (ended !== undefined) continue;
      const { nextAt = 0 } = reconciler;
      return nextAt > clock.now() ? nextAt : Number.POSITIVE_INFINITY;
    }
    return clock.now();
  }

  #schedule(at: number): void {
    if (at === this.#next?.at) return;
    const { clock } = this.#options.context;
    this.#next?.cancel();
    this.#next = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const cancel = clock.after(Math.max(0, at - clock.now()), () => {
      this.#next = undefined;
      this.pump();
    });
    this.#next = { at, cancel };
  }
}
