import { SortedSet } from '../ip/sorted-set.ts';

/** A state of an object in the API. */
export interface Version {
  readonly uid: string;
  readonly resourceVersion: string;
}

interface Delay<T> {
  readonly key: string;
  readonly item: T;
  readonly version: Version;
  /** How often in a row a change of the item failed. */
  readonly failures: number;
  /** What refused the change; undefined if nothing is known about it. */
  readonly refusedBy: string | undefined;
  readonly until: number;
}

/** Items whose changes were refused for one reason. */
interface RefusedGroup {
  /** Invariant: each has a delay with this reason. The one that was refused first is first. */
  readonly keys: Set<string>;
  /** How often a change of the group was tried because another change was written. */
  trials: number;
  /** Until then, no further change is tried. */
  nextTrialAt: number;
}

const limits = { initialMs: 1_000, maxMs: 5 * 60_000 };

/**
 * Items whose changes are delayed, until the delay passes, the item has another version, or the reason of a refusal is gone: a
 * missing permission is granted, or a policy is removed. All times are milliseconds of the caller's clock.
 */
export class Backoff<T> {
  readonly #delays = new Map<string, Delay<T>>();
  /** The delays that have not passed yet. */
  readonly #waiting = new SortedSet<Delay<T>>(
    (a, b) => a.until - b.until || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  );
  /** By reason. */
  readonly #refused = new Map<string, RefusedGroup>();

  /** When the first delay passes; undefined if there is none. */
  get nextAt(): number | undefined {
    return this.#waiting.first()?.until;
  }

  /** Whether changes of this version are delayed. Another version ends the delay: its change may succeed. */
  isDelayed(key: string, version: Version): boolean {
    const delay = this.#delays.get(key);
    if (delay === undefined || !this.#waiting.has(delay)) return false;
    if (isSameVersion(delay.version, version)) return true;
    this.forget(key);
    return false;
  }

  /** Delays changes of this version, without a failure. */
  delay(key: string, item: T, version: Version, until: number): void {
    this.#put({ key, item, version, failures: 0, refusedBy: undefined, until });
  }

  /**
   * Delays changes of this version after a failure, and by what refused it, if that is known. Returns the delay in milliseconds,
   * which doubles from 1 s to 5 min.
   */
  failed(key: string, item: T, version: Version, now: number, refusedBy: string | undefined): number {
    const failures = (this.#delays.get(key)?.failures ?? 0) + 1;
    const ms = backOffMs(failures);
    this.#put({ key, item, version, failures, refusedBy, until: now + ms });
    return ms;
  }

  /**
   * A change of this version was written. If it was refused before, the reason is gone, and all changes that were refused for it
   * are due. Of each other reason, one change is tried, with back-off; if it is written, the others follow. Returns what is due.
   */
  written(key: string, version: Version, now: number): readonly T[] {
    const delay = this.#delays.get(key);
    const goneReason =
      delay !== undefined && isSameVersion(delay.version, version) ? delay.refusedBy : undefined;
    this.forget(key);
    const due: string[] = [];
    for (const [reason, group] of this.#refused) {
      const [first] = group.keys;
      if (reason === goneReason || first === undefined) {
        due.push(...group.keys);
        this.#refused.delete(reason);
      } else if (now >= group.nextTrialAt) {
        due.push(first);
        group.trials += 1;
        group.nextTrialAt = now + backOffMs(group.trials);
      }
    }
    return due.flatMap((one) => this.#delays.get(one) ?? []).map((one) => this.#end(one));
  }

  /** Takes the next item whose delay has passed. The number of its failures is kept. */
  takeDue(now: number): T | undefined {
    const first = this.#waiting.first();
    return first === undefined || first.until > now ? undefined : this.#end(first);
  }

  /** Call when the item has no change left, or is gone. */
  forget(key: string): void {
    const delay = this.#delays.get(key);
    if (delay === undefined) return;
    this.#delays.delete(key);
    this.#waiting.delete(delay);
    if (delay.refusedBy !== undefined) this.#refused.get(delay.refusedBy)?.keys.delete(key);
  }

  /** Forgets all keys for which `isKnown` is false. */
  forgetOthers(isKnown: (key: string) => boolean): void {
    for (const key of this.#delays.keys()) if (!isKnown(key)) this.forget(key);
  }

  #put(delay: Delay<T>): void {
    const { key, refusedBy } = delay;
    this.forget(key);
    this.#delays.set(key, delay);
    this.#waiting.add(delay);
    if (refusedBy === undefined) return;
    const group = this.#refused.get(refusedBy) ?? { keys: new Set(), trials: 0, nextTrialAt: 0 };
    this.#refused.set(refusedBy, group);
    group.keys.add(key);
  }

  #end(delay: Delay<T>): T {
    this.#waiting.delete(delay);
    return delay.item;
  }
}

export function isSameVersion(one: Version, other: Version): boolean {
  return one.uid === other.uid && one.resourceVersion === other.resourceVersion;
}

function backOffMs(failures: number): number {
  return Math.min(limits.initialMs * 2 ** (failures - 1), limits.maxMs);
}
