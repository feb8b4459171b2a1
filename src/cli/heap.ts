import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../kube/transport.ts';

/** The process's JavaScript heap. */
export interface Heap {
  usedBytes(): number;
  /** Collects all garbage, and gives the pages back to the system. Nothing else runs meanwhile: 0.1 s for 50,000 Services. */
  collect(): void;
}

/** The heap of a process that was started with `--expose-gc`, as the image is; else undefined, and V8 does as it sees fit. */
export function exposedHeap(): Heap | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  return {
    usedBytes: () => getHeapStatistics().used_heap_size,
    // The flavour that also shrinks the heap: without it the pages stay.
    collect: () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
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
