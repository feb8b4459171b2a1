import type { Clock } from '../client/transport.ts';
import { contentOf, fieldsIn, type ServicePatch } from '../core/model/service-patch.ts';
import type { ServiceKey } from '../core/model/service-view.ts';

const initialMs = 1_000;
const maxMs = 5 * 60_000;
/** If the same write is needed again only after this time, it is not a conflict. */
const quietMs = 2 * maxMs;
/**
 * The maximum number of remembered Services. A write conflict concerns few Services, a burst of assignments
 * many.
 */
const capacity = 4_096;
/** The number of reverts after which a warning is reported. */
const warnAfterRepeats = 2;
/** The warning is repeated, with the time of the next attempt, when the wait has grown by this factor. */
const repeatFactor = 4;

/** The last write of a field. There are thousands after a burst, so they are small. */
interface FieldWrite {
  readonly field: string;
  /** A digest. A collision only costs a delay of a second. */
  readonly content: number;
  readonly writtenAt: number;
  /** How often in a row the same content was written again. */
  readonly repeats: number;
}

/**
 * Limits how fast two writers revert each other (spec section 6): the same content of a field is written
 * again at once, then after 1 s, 2 s, and so on up to 5 min.
 */
export class WriteConflicts {
  readonly #clock: Clock;
  /** In write order: the oldest is evicted first. */
  readonly #writes = new Map<ServiceKey, readonly FieldWrite[]>();
  /** Services whose other writer was reported, and the wait at that time. */
  readonly #reported = new Map<ServiceKey, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns how long to wait before writing this change. `shouldReport` is true when the write conflict is found, and again when
   * the wait has become much longer. A change that answers a person's request for a reallocation never waits.
   */
  delayFor(
    key: ServiceKey,
    change: ServicePatch,
  ): { readonly waitMs: number; readonly shouldReport: boolean } {
    const lastWrites = this.#writes.get(key);
    if (lastWrites === undefined || isAnswer(change)) return { waitMs: 0, shouldReport: false };
    let waitMs = 0;
    let repeats = 0;
    for (const { field, content } of contents(change)) {
      const last = this.#find(lastWrites, field, content);
      if (last === undefined) continue;
      repeats = Math.max(repeats, last.repeats + 1);
      waitMs = Math.max(waitMs, last.writtenAt + delayMs(last.repeats) - this.#clock.now());
    }
    const reportedMs = this.#reported.get(key);
    const isLonger = reportedMs === undefined || waitMs >= repeatFactor * reportedMs;
    const shouldReport = waitMs > 0 && repeats >= warnAfterRepeats && isLonger;
    if (shouldReport) this.#reported.set(key, waitMs);
    return { waitMs, shouldReport };
  }

  /** Records a written change, unless it answers a person's request: that does not indicate another writer. */
  wrote(key: ServiceKey, change: ServicePatch): void {
    if (isAnswer(change)) return;
    const before = this.#writes.get(key) ?? [];
    // V8 stores small integers inline, but fractions as heap objects.
    const writtenAt = Math.round(this.#clock.now());
    const written = contents(change).map(({ field, content }) => {
      const last = this.#find(before, field, content);
      return { field, content, writtenAt, repeats: last === undefined ? 0 : last.repeats + 1 };
    });
    const others = before.filter(({ field }) => !written.some((one) => one.field === field));
    this.#writes.delete(key);
    this.#writes.set(key, [...others, ...written]);
    if (this.#writes.size <= capacity) return;
    const [oldest] = this.#writes.keys();
    if (oldest !== undefined) this.forget(oldest);
  }

  forget(key: ServiceKey): void {
    this.#writes.delete(key);
    this.#reported.delete(key);
  }

  /** Forgets all Services for which `isKnown` is false. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of this.#writes.keys()) if (!isKnown(key)) this.forget(key);
  }

  #find(lastWrites: readonly FieldWrite[], field: string, content: number): FieldWrite | undefined {
    const last = lastWrites.find((one) => one.field === field);
    if (last?.content !== content || this.#clock.now() - last.writtenAt > quietMs) return undefined;
    return last;
  }
}

/** Whether the change removes the annotation with which a person requested a reallocation. */
function isAnswer(change: ServicePatch): boolean {
  return change.reallocate === null;
}

/** The first revert is restored at once; only repeated ones are a write conflict. */
function delayMs(repeats: number): number {
  return repeats === 0 ? 0 : Math.min(initialMs * 2 ** (repeats - 1), maxMs);
}

function contents(change: ServicePatch): Pick<FieldWrite, 'field' | 'content'>[] {
  return fieldsIn(change).map((field) => ({ field, content: digest(contentOf(change, field)) }));
}

/** FNV-1a, 32 bits: good enough where nothing but a pause depends on it. */
function digest(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
