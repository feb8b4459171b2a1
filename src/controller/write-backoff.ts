import type { Clock } from '../client/transport.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';

interface DelayedWrite {
  readonly uid: string;
  readonly resourceVersion: string;
  /** How often in a row a change of this Service failed. */
  readonly failures: number;
  /** What refused the change (`Refusal.by`); undefined if nothing is known about it. */
  readonly refusedBy: string | undefined;
  readonly cancel: () => void;
  /** The delay has passed: the next decision may be written. */
  isDue: boolean;
}

/** Changes of Services that were refused for one reason. */
interface RefusedGroup {
  /** The one that was refused first is first. */
  readonly keys: Set<ServiceKey>;
  /** How often a change of the group was tried because another change was written. */
  trials: number;
  /** Until then, no further change is tried. */
  nextTrialAt: number;
}

const limits = { initialMs: 1_000, maxMs: 5 * 60_000 };

/**
 * Services whose changes are delayed, until the delay passes, the Service changes, or the reason of a refusal is gone: a missing
 * permission is granted, or a policy is removed.
 */
export class WriteBackoff {
  readonly #clock: Clock;
  /** Called when the delay of these Services has passed. */
  readonly #due: (keys: readonly ServiceKey[]) => void;
  readonly #delayed = new Map<ServiceKey, DelayedWrite>();
  /** By reason. Invariant: each Service in a group is in `#delayed`, with that reason. */
  readonly #refused = new Map<string, RefusedGroup>();
  #isClosed = false;

  constructor(clock: Clock, due: (keys: readonly ServiceKey[]) => void) {
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
  delay(view: ServiceView, ms: number): void {
    this.#delay(view, ms, 0, undefined);
  }

  /**
   * Records a failed change, and what refused it (`Refusal.by`), if that is known. Returns the delay in milliseconds, which
   * doubles from 1 s to 5 min.
   */
  failed(view: ServiceView, refusedBy?: string): number {
    const failures = (this.#delayed.get(keyOf(view))?.failures ?? 0) + 1;
    const ms = backOffMs(failures);
    this.#delay(view, ms, failures, refusedBy);
    return ms;
  }

  /**
   * Call when a change of this version was written. If it was refused before, the reason is gone, and all changes that were
   * refused for it are due. Of each other reason, one change is tried, with back-off; if it is written, the others follow.
   */
  written(view: ServiceView): void {
    const key = keyOf(view);
    const delayedWrite = this.#delayed.get(key);
    this.forget(key);
    const isSame = delayedWrite?.uid === view.uid && delayedWrite.resourceVersion === view.resourceVersion;
    const goneReason = isSame ? delayedWrite.refusedBy : undefined;
    const due: ServiceKey[] =
      goneReason === undefined ? [] : [...(this.#refused.get(goneReason)?.keys ?? [])];
    if (goneReason !== undefined) this.#refused.delete(goneReason);
    for (const group of this.#refused.values()) {
      const tried = this.#trial(group);
      if (tried !== undefined) due.push(tried);
    }
    for (const one of due) this.#setDue(one);
    if (due.length > 0) this.#due(due);
  }

  /** Call when the Service has no change left, or was deleted. */
  forget(key: ServiceKey): void {
    const delayedWrite = this.#delayed.get(key);
    if (delayedWrite === undefined) return;
    delayedWrite.cancel();
    this.#delayed.delete(key);
    const { refusedBy } = delayedWrite;
    const group = refusedBy === undefined ? undefined : this.#refused.get(refusedBy);
    group?.keys.delete(key);
    if (refusedBy !== undefined && group?.keys.size === 0) this.#refused.delete(refusedBy);
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

  #delay(view: ServiceView, ms: number, failures: number, refusedBy: string | undefined): void {
    if (this.#isClosed) return;
    const key = keyOf(view);
    const { uid, resourceVersion } = view;
    // A group keeps its trials while its only Service is refused again.
    const group = refusedBy === undefined ? undefined : (this.#refused.get(refusedBy) ?? newGroup());
    this.forget(key);
    if (refusedBy !== undefined && group !== undefined) this.#refused.set(refusedBy, group);
    group?.keys.add(key);
    const cancel = this.#clock.after(ms, () => {
      this.#setDue(key);
      this.#due([key]);
    });
    this.#delayed.set(key, { uid, resourceVersion, failures, refusedBy, cancel, isDue: false });
  }

  #setDue(key: ServiceKey): void {
    const delayedWrite = this.#delayed.get(key);
    if (delayedWrite === undefined) return;
    delayedWrite.cancel();
    delayedWrite.isDue = true;
  }

  #trial(group: RefusedGroup): ServiceKey | undefined {
    const now = this.#clock.now();
    if (now < group.nextTrialAt) return undefined;
    group.trials += 1;
    group.nextTrialAt = now + backOffMs(group.trials);
    const [first] = group.keys;
    return first;
  }
}

function newGroup(): RefusedGroup {
  return { keys: new Set(), trials: 0, nextTrialAt: 0 };
}

function backOffMs(failures: number): number {
  return Math.min(limits.initialMs * 2 ** (failures - 1), limits.maxMs);
}
