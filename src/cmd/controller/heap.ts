import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import type { Clock } from '../../client/transport.ts';

/** The process's JavaScript heap. */
export interface Heap {
  usedBytes(): number;
  /** Collects all garbage, and gives the pages back to the system. Nothing else runs meanwhile: 0.1 s for 50,000 Services. */
  collect(): void;
  /**
   * From now on it grows in small steps. By default it may double before old garbage is looked for: right while the first
   * lists are read, which nearly all stay, and too much ever after.
   */
  growSlowly(): void;
}

/** The heap of a process that was started with `--expose-gc`, as the image is; else undefined, and V8 does as it sees fit. */
export function exposedHeap(): Heap | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  return {
    usedBytes: () => getHeapStatistics().used_heap_size,
    // The flavour that also shrinks the heap: without it the pages stay.
    collect: () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
    growSlowly: () => setFlagsFromString('--optimize-for-size'),
  };
}

/** To be called after each turn: has the heap grow slowly as soon as the first lists are in. */
export function growSlowlyOnce(heap: Heap, isReady: () => boolean): () => void {
  let isDone = false;
  return () => {
    if (isDone || !isReady()) return;
    isDone = true;
    heap.growSlowly();
  };
}

const everyMs = 5_000;
/** What has come since the last collection is worth another one from so much on. */
const worth = { share: 0.2, bytes: 4e6 };

/**
 * Collects when there is time for it. V8 does so when memory is asked for: what a burst left behind would stay for as
 * long as nothing happens, days maybe. Returns what ends it.
 */
export function collectAtRest(heap: Heap, clock: Clock, isBusy: () => boolean): () => void {
  let leastBytes = 0;
  let cancel = (): void => {};
  const look = (): void => {
    const most = leastBytes * (1 + worth.share) + worth.bytes;
    if (!isBusy() && heap.usedBytes() > most) {
      heap.collect();
      leastBytes = heap.usedBytes();
    }
    cancel = clock.after(everyMs, look);
  };
  cancel = clock.after(everyMs, look);
  return () => cancel();
}
