import type { Clock } from '../client/transport.ts';
import { ChangeHistory } from './change-history.ts';
import type { PageUpdate, Role } from './page-data.ts';
import type { PageSnapshot } from './page-snapshot.ts';

export interface LiveContext {
  readonly take: () => PageSnapshot;
  readonly role: () => Role;
  readonly clock: Clock;
}

type Listener = (update: PageUpdate) => void;

/** The shortest time between two snapshots, with and without listeners. */
const intervalMs = { watched: 250, unwatched: 5_000 };
/** The pause after a snapshot, as a multiple of the time it took: snapshots use at most a tenth of a core. */
const pauseFactor = 9;
/** A periodic update reports a new leader, and writing it detects dead connections. */
const heartbeatMs = 15_000;
/** Each browser tab costs a connection. */
const maxListeners = 32;

/**
 * The latest snapshot, and its listeners. Snapshots are rate-limited, independent of the number of changes and requests,
 * because the controller's own work comes first.
 */
export class LiveSnapshot {
  readonly #context: LiveContext;
  readonly #history = new ChangeHistory();
  readonly #listeners = new Set<Listener>();
  #snapshot: PageSnapshot;
  #revision = 0;
  /** How many Services changed between the last two snapshots. */
  #changed = 0;
  #isStale = false;
  #takenAt = 0;
  #costMs = 0;
  #cancelSnapshot: (() => void) | undefined;
  #cancelHeartbeat: (() => void) | undefined;

  constructor(context: LiveContext) {
    this.#context = context;
    this.#snapshot = this.#take();
  }

  get history(): ChangeHistory {
    return this.#history;
  }

  /** The current state, or that of a moment ago. */
  get snapshot(): PageSnapshot {
    if (this.#isStale && this.#context.clock.now() >= this.#earliest(true)) this.#renew();
    return this.#snapshot;
  }

  /** The first update for a new listener, and the periodic one. */
  get update(): PageUpdate {
    return { revision: this.#revision, role: this.#context.role(), changed: 0, newest: undefined };
  }

  /** Marks the snapshot as stale. */
  changed(): void {
    this.#isStale = true;
    this.#schedule();
  }

  /** Returns a function that unsubscribes, or undefined if there are too many listeners. */
  subscribe(listener: Listener): (() => void) | undefined {
    if (this.#listeners.size >= maxListeners) return undefined;
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#cancelSnapshot?.();
      this.#cancelSnapshot = undefined;
      this.#schedule();
      this.#scheduleHeartbeat();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#cancelHeartbeat?.();
    };
  }

  close(): void {
    this.#cancelSnapshot?.();
    this.#cancelHeartbeat?.();
  }

  #earliest(isWatched: boolean): number {
    const interval = isWatched ? intervalMs.watched : intervalMs.unwatched;
    return this.#takenAt + Math.max(interval, pauseFactor * this.#costMs);
  }

  #schedule(): void {
    if (!this.#isStale || this.#cancelSnapshot !== undefined) return;
    const ms = Math.max(0, this.#earliest(this.#listeners.size > 0) - this.#context.clock.now());
    this.#cancelSnapshot = this.#context.clock.after(ms, () => {
      this.#cancelSnapshot = undefined;
      try {
        if (this.#isStale) this.#renew();
      } catch {
        // The snapshot stays stale, so the next request reports the bug. The controller must keep running.
      }
    });
  }

  #renew(): void {
    this.#snapshot = this.#take();
    this.#revision += 1;
    this.#send({ ...this.update, changed: this.#changed, newest: this.#history.changes[0] });
  }

  #take(): PageSnapshot {
    const { take, clock } = this.#context;
    const startedAt = clock.now();
    this.#takenAt = startedAt;
    const snapshot = take();
    this.#isStale = false;
    this.#changed = snapshot.isReady ? this.#history.record(snapshot.services, clock.wall()) : 0;
    this.#takenAt = clock.now();
    this.#costMs = this.#takenAt - startedAt;
    return snapshot;
  }

  #send(update: PageUpdate): void {
    for (const listener of this.#listeners) listener(update);
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat = this.#context.clock.after(heartbeatMs, () => {
      this.#send(this.update);
      this.#scheduleHeartbeat();
    });
  }
}
