import type { Clock } from '../client/transport.ts';
import type { ServicePatch } from '../core/model/service-patch.ts';
import type { ServiceKey } from '../core/model/service-view.ts';

const firstMs = 1_000;
const mostMs = 5 * 60_000;
/** A write that is needed again only after so long is no quarrel. */
const quietMs = 2 * mostMs;
/** How many Services are remembered: a quarrel is about few of them, a burst of assignments about many. */
const capacity = 4_096;
/** From how many times on an undone field is worth a warning. */
const warnAfterRepeats = 2;

/** The last time that a field was written. There are thousands of these after a burst, so they are small. */
interface FieldMemory {
  readonly field: string;
  /** A digest of it: two contents that are taken for one cost a second's pause. */
  readonly content: number;
  readonly writtenAt: number;
  /** How often in a row the same content had to be written again. */
  readonly repeats: number;
}

/**
 * Keeps two writers from undoing each other's work as fast as the API server takes it (spec section 6): the same content
 * of the same field is written at once, then after 1 s, 2 s, and so on up to 5 min.
 */
export class WriteConflicts {
  readonly #clock: Clock;
  /** In the order of writing: the oldest goes first. */
  readonly #memories = new Map<ServiceKey, readonly FieldMemory[]>();
  /** Those of them whose other writer has been named. */
  readonly #reported = new Set<ServiceKey>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to wait before this change is written. `isQuarrel` is said once: then it is time to name the other. */
  delayFor(key: ServiceKey, change: ServicePatch): { readonly waitMs: number; readonly isQuarrel: boolean } {
    const memory = this.#memories.get(key);
    if (memory === undefined) return { waitMs: 0, isQuarrel: false };
    let waitMs = 0;
    let repeats = 0;
    for (const { field, content } of contents(change)) {
      const last = this.#recall(memory, field, content);
      if (last === undefined) continue;
      repeats = Math.max(repeats, last.repeats + 1);
      waitMs = Math.max(waitMs, last.writtenAt + pauseMs(last.repeats) - this.#clock.now());
    }
    const isQuarrel = waitMs > 0 && repeats >= warnAfterRepeats && !this.#reported.has(key);
    if (isQuarrel) this.#reported.add(key);
    return { waitMs, isQuarrel };
  }

  /** The change was written. */
  wrote(key: ServiceKey, change: ServicePatch): void {
    const before = this.#memories.get(key) ?? [];
    // Whole numbers are kept in place, fractions in an object of their own.
    const writtenAt = Math.round(this.#clock.now());
    const written = contents(change).map(({ field, content }) => {
      const last = this.#recall(before, field, content);
      return { field, content, writtenAt, repeats: last === undefined ? 0 : last.repeats + 1 };
    });
    const others = before.filter(({ field }) => !written.some((one) => one.field === field));
    this.#memories.delete(key);
    this.#memories.set(key, [...others, ...written]);
    if (this.#memories.size <= capacity) return;
    const [oldest] = this.#memories.keys();
    if (oldest !== undefined) this.forget(oldest);
  }

  forget(key: ServiceKey): void {
    this.#memories.delete(key);
    this.#reported.delete(key);
  }

  /** Forgets all but those that `isKnown` says are still there. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of this.#memories.keys()) if (!isKnown(key)) this.forget(key);
  }

  #recall(memory: readonly FieldMemory[], field: string, content: number): FieldMemory | undefined {
    const last = memory.find((one) => one.field === field);
    if (last?.content !== content || this.#clock.now() - last.writtenAt > quietMs) return undefined;
    return last;
  }
}

/** What was written once is restored at once; only then it begins to look like a quarrel. */
function pauseMs(repeats: number): number {
  return repeats === 0 ? 0 : Math.min(firstMs * 2 ** (repeats - 1), mostMs);
}

function contents(change: ServicePatch): Pick<FieldMemory, 'field' | 'content'>[] {
  return Object.entries(change).map(([field, content]) => ({
    field,
    content: digest(JSON.stringify(content)),
  }));
}

/** FNV-1a, 32 bits: good enough where nothing but a pause depends on it. */
function digest(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
