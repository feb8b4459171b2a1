import type { Clock } from '../client/transport.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';

interface DelayedWrite {
  readonly uid: string;
  readonly resourceVersion: string;
  /** How often in a row a change of this Service failed. */
  readonly failures: number;
  readonly cancel: () => void;
  /** The delay has passed: the next decision may be written. */
  isDue: boolean;
}

const limits = { initialMs: 1_000, maxMs: 5 * 60_000 };

/** Services whose changes are delayed, until the delay passes or the Service changes. */
export class WriteBackoff {
  readonly #clock: Clock;
  /** Called when the delay of a Service has passed. */
  readonly #due: (key: ServiceKey) => void;
  readonly #delayed = new Map<ServiceKey, DelayedWrite>();
  #isClosed = false;

  constructor(clock: Clock, due: (key: ServiceKey) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Whether a change of this version of the Service is delayed. */
  has(view: ServiceView): boolean {
    const key = keyOf(view);
    const delayedWrite = this.#delayed.get(key);
    if (delayedWrite === undefined || delayedWrite.isDue) return false;
    if (delayedWrite.uid === view.uid && delayedWrite.resourceVersion === view.resourceVersion) return true;
    // The Service has changed, so the change may succeed now.
    this.forget(key);
    return false;
  }

  /** Delays changes of this version for `ms` milliseconds. */
  delay(view: ServiceView, ms: number, failures = 0): void {
    if (this.#isClosed) return;
    const key = keyOf(view);
    this.#delayed.get(key)?.cancel();
    const { uid, resourceVersion } = view;
    const cancel = this.#clock.after(ms, () => {
      delayedWrite.isDue = true;
      this.#due(key);
    });
    const delayedWrite: DelayedWrite = { uid, resourceVersion, failures, cancel, isDue: false };
    this.#delayed.set(key, delayedWrite);
  }

  /** Records a failed change. Returns its delay, which doubles from 1 s to 5 min. */
  failed(view: ServiceView): number {
    const failures = (this.#delayed.get(keyOf(view))?.failures ?? 0) + 1;
    const ms = Math.min(limits.initialMs * 2 ** (failures - 1), limits.maxMs);
    this.delay(view, ms, failures);
    return ms;
  }

  /** Call when the change was written or the Service was deleted. */
  forget(key: ServiceKey): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  /** Forgets all Services for which `isKnown` is false. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of this.#delayed.keys()) if (!isKnown(key)) this.forget(key);
  }

  /** Cancels all timers, and ignores later failures. */
  close(): void {
    this.#isClosed = true;
    this.forgetOthers(() => false);
  }
}
