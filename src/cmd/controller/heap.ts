import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import type { Clock } from '../../client/transport.ts';

/** The JavaScript heap of this process. */
export interface Heap {
  usedBytes(): number;
  /** Collects all garbage and returns memory to the system. Blocks the process: 0.1 s for 50,000 Services. */
  collect(): void;
  /**
   * Grow the heap in small steps from now on. By default, V8 lets it double before it collects old objects. That suits
   * the initial lists, which nearly all stay in memory, but wastes memory afterwards.
   */
  growSlowly(): void;
}

/** The heap if the process runs with `--expose-gc`, as in the image; otherwise undefined, and V8 decides when to collect. */
export function exposedHeap(): Heap | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  return {
    usedBytes: () => getHeapStatistics().used_heap_size,
    // Only this flavor also shrinks the heap.
    collect: () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
    growSlowly: () => setFlagsFromString('--optimize-for-size'),
  };
}

/** Returns a function to call after each update. It switches the heap to slow growth once the initial lists are complete. */
export function growSlowlyOnce(heap: Heap, isReady: () => boolean): () => void {
  let isDone = false;
  return () => {
    if (isDone || !isReady()) return;
    isDone = true;
    heap.growSlowly();
  };
}

const checkIntervalMs = 5_000;
/** Growth since the last collection that justifies another one. */
const growthThreshold = { fraction: 0.2, bytes: 4e6 };

/**
 * Collects garbage while the controller is idle. V8 collects only on allocation, so the garbage of a burst would stay
 * until the next activity, possibly for days. Returns a function that stops the collections.
 */
export function collectWhenIdle(heap: Heap, clock: Clock, isBusy: () => boolean): () => void {
  let liveBytes = 0;
  let cancel = (): void => {};
  const check = (): void => {
    const thresholdBytes = liveBytes * (1 + growthThreshold.fraction) + growthThreshold.bytes;
    if (!isBusy() && heap.usedBytes() > thresholdBytes) {
      heap.collect();
      liveBytes = heap.usedBytes();
    }
    cancel = clock.after(checkIntervalMs, check);
  };
  cancel = clock.after(checkIntervalMs, check);
  return () => cancel();
}
