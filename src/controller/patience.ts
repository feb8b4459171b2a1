import type { Change } from '../core/change.ts';
import type { ServiceKey } from '../core/service.ts';
import type { Clock } from '../kube/transport.ts';

const firstMs = 1_000;
const mostMs = 5 * 60_000;
/** A write that is needed again only after so long is no quarrel. */
const quietMs = 2 * mostMs;
/** How many Services are remembered: a quarrel is about few of them, a burst of assignments about many. */
const capacity = 4_096;
/** From how many times on an undone field is worth a warning. */
const quarrel = 2;

/** The last time that a field was written, by its content. */
interface FieldMemory {
  readonly content: string;
  readonly writtenAt: number;
  /** How often in a row the same content had to be written again. */
  readonly repeats: number;
}

interface Memory {
  readonly fields: Map<string, FieldMemory>;
  /** Its writer has been named. */
  isBlamed: boolean;
}

/**
 * Keeps two writers from undoing each other's work as fast as the API server takes it (spec section 6): the same content
 * of the same field is written at once, then after 1 s, 2 s, and so on up to 5 min.
 */
export class Patience {
  readonly #clock: Clock;
  /** In the order of writing: the oldest goes first. */
  readonly #memories = new Map<ServiceKey, Memory>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to wait before this change is written. `isQuarrel` is said once: then it is time to name the other. */
  ask(key: ServiceKey, change: Change): { readonly waitMs: number; readonly isQuarrel: boolean } {
    const memory = this.#memories.get(key);
    let waitMs = 0;
    let repeats = 0;
    for (const [field, content] of contents(change)) {
      const last = this.#recall(memory, field, content);
      if (last === undefined) continue;
      repeats = Math.max(repeats, last.repeats + 1);
      waitMs = Math.max(waitMs, last.writtenAt + pauseMs(last.repeats) - this.#clock.now());
    }
    const isQuarrel = waitMs > 0 && repeats >= quarrel && memory?.isBlamed === false;
    if (isQuarrel) memory.isBlamed = true;
    return { waitMs, isQuarrel };
  }

  /** The change was written. */
  note(key: ServiceKey, change: Change): void {
    const memory = this.#memories.get(key) ?? { fields: new Map<string, FieldMemory>(), isBlamed: false };
    for (const [field, content] of contents(change)) {
      const last = this.#recall(memory, field, content);
      const repeats = last === undefined ? 0 : last.repeats + 1;
      memory.fields.set(field, { content, writtenAt: this.#clock.now(), repeats });
    }
    this.#memories.delete(key);
    this.#memories.set(key, memory);
    if (this.#memories.size <= capacity) return;
    const [oldest] = this.#memories.keys();
    if (oldest !== undefined) this.#memories.delete(oldest);
  }

  forget(key: ServiceKey): void {
    this.#memories.delete(key);
  }

  /** Forgets all but those that `isKnown` says are still there. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of this.#memories.keys()) if (!isKnown(key)) this.#memories.delete(key);
  }

  #recall(memory: Memory | undefined, field: string, content: string): FieldMemory | undefined {
    const last = memory?.fields.get(field);
    if (last?.content !== content || this.#clock.now() - last.writtenAt > quietMs) return undefined;
    return last;
  }
}

/** What was written once is restored at once; only then it begins to look like a quarrel. */
function pauseMs(repeats: number): number {
  return repeats === 0 ? 0 : Math.min(firstMs * 2 ** (repeats - 1), mostMs);
}

function contents(change: Change): [field: string, content: string][] {
  return Object.entries(change).map(([field, content]) => [field, JSON.stringify(content)]);
}
