import type { ServiceKey } from '../core/service.ts';
import type { Clock } from '../kube/transport.ts';

const firstMs = 1_000;
const mostMs = 5 * 60_000;
/** A write that is needed again only after so long is no quarrel. */
const quietMs = 2 * mostMs;
/** How many Services are remembered: a quarrel is about few of them, a burst of assignments about many. */
const capacity = 4_096;

interface Memory {
  readonly change: string;
  readonly writtenAt: number;
  /** How often in a row the same change had to be written again. */
  readonly repeats: number;
}

/**
 * Keeps two writers from undoing each other's work as fast as the API server takes it (spec section 6): the same
 * change of the same Service is written at once, then after 1 s, 2 s, and so on up to 5 min.
 */
export class Patience {
  readonly #clock: Clock;
  /** In the order of writing: the oldest goes first. */
  readonly #memories = new Map<ServiceKey, Memory>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to wait before this change is written, and how often it was undone before. */
  ask(key: ServiceKey, change: string): { readonly waitMs: number; readonly repeats: number } {
    const memory = this.#recall(key, change);
    if (memory === undefined) return { waitMs: 0, repeats: 0 };
    const due = memory.writtenAt + Math.min(firstMs * 2 ** memory.repeats, mostMs);
    return { waitMs: Math.max(0, due - this.#clock.now()), repeats: memory.repeats + 1 };
  }

  /** The change was written. */
  note(key: ServiceKey, change: string): void {
    const memory = this.#recall(key, change);
    this.#memories.delete(key);
    this.#memories.set(key, {
      change,
      writtenAt: this.#clock.now(),
      repeats: memory === undefined ? 0 : memory.repeats + 1,
    });
    if (this.#memories.size > capacity) {
      for (const oldest of this.#memories.keys()) {
        this.#memories.delete(oldest);
        break;
      }
    }
  }

  forget(key: ServiceKey): void {
    this.#memories.delete(key);
  }

  #recall(key: ServiceKey, change: string): Memory | undefined {
    const memory = this.#memories.get(key);
    if (memory?.change !== change || this.#clock.now() - memory.writtenAt > quietMs) return undefined;
    return memory;
  }
}
