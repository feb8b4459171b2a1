import type { Clock } from '../client/transport.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';

interface HeldWrite {
  readonly uid: string;
  readonly resourceVersion: string;
  /** How often in a row a change of this Service came to nothing. */
  readonly failures: number;
  readonly cancel: () => void;
  /** Its time is over: the next look at the Service may write. */
  isDue: boolean;
}

const limits = { initialMs: 1_000, maxMs: 5 * 60_000 };

/** Services whose change has to wait, until their time comes or they are another version. */
export class WriteBackoff {
  readonly #clock: Clock;
  /** Called when the time of one has come. */
  readonly #due: (key: ServiceKey) => void;
  readonly #holds = new Map<ServiceKey, HeldWrite>();
  #isClosed = false;

  constructor(clock: Clock, due: (key: ServiceKey) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Whether a change of this Service, as it stands, has to wait. */
  has(view: ServiceView): boolean {
    const key = keyOf(view);
    const hold = this.#holds.get(key);
    if (hold === undefined || hold.isDue) return false;
    if (hold.uid === view.uid && hold.resourceVersion === view.resourceVersion) return true;
    // It changed meanwhile: what came to nothing may be right now.
    this.release(key);
    return false;
  }

  /** Holds a change back for `ms` milliseconds. */
  hold(view: ServiceView, ms: number, failures = 0): void {
    if (this.#isClosed) return;
    const key = keyOf(view);
    this.#holds.get(key)?.cancel();
    const { uid, resourceVersion } = view;
    const cancel = this.#clock.after(ms, () => {
      hold.isDue = true;
      this.#due(key);
    });
    const hold: HeldWrite = { uid, resourceVersion, failures, cancel, isDue: false };
    this.#holds.set(key, hold);
  }

  /** A change came to nothing: it is held back for longer each time, from 1 s to 5 min. The answer is for how long. */
  failed(view: ServiceView): number {
    const failures = (this.#holds.get(keyOf(view))?.failures ?? 0) + 1;
    const ms = Math.min(limits.initialMs * 2 ** (failures - 1), limits.maxMs);
    this.hold(view, ms, failures);
    return ms;
  }

  /** Its change was written, or it is gone. */
  release(key: ServiceKey): void {
    this.#holds.get(key)?.cancel();
    this.#holds.delete(key);
  }

  /** Releases all but those that `isKnown` says are still there. */
  releaseOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of this.#holds.keys()) if (!isKnown(key)) this.release(key);
  }

  /** Leaves no timer behind, also none of outcomes that are still to come. */
  close(): void {
    this.#isClosed = true;
    this.releaseOthers(() => false);
  }
}
