import { setTimeout as pause } from 'node:timers/promises';
import type { MeasuredProcess } from '../cluster/measured-process.ts';
import type { Usage } from '../cluster/usage.ts';
import { median } from '../figures.ts';

/** Resident memory of a process that has come to rest. */
export interface Memory {
  readonly rssBytes: number;
  readonly anonBytes: number;
  /** The most that it ever was. */
  readonly peakBytes: number;
  /** How long it took; NaN: it did not come to rest in the time that there was. */
  readonly settledSeconds: number;
}

const everyMs = 500;
/** Pages come and go one by one also at rest. */
const toleranceBytes = 1e6;

export interface Patience {
  /** How long memory must stay where it is. */
  readonly stillSeconds: number;
  readonly mostSeconds: number;
}

/** Whether the last so many sizes lie within the tolerance. */
export function isStill(sizes: readonly number[], least: number): boolean {
  const last = sizes.slice(-least);
  return sizes.length >= least && Math.max(...last) - Math.min(...last) <= toleranceBytes;
}

/** Waits until resident memory neither grows nor shrinks, and tells where it stands then. */
export async function settledMemory(
  controller: MeasuredProcess,
  { stillSeconds, mostSeconds }: Patience,
): Promise<Memory> {
  const least = Math.max(2, (stillSeconds * 1000) / everyMs);
  const usages: Usage[] = [];
  const sizes: number[] = [];
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  while (!isStill(sizes, least) && seconds() < mostSeconds) {
    await pause(everyMs);
    controller.check();
    const usage = controller.usage();
    usages.push(usage);
    sizes.push(usage.rssBytes);
  }
  const last = usages.slice(-least);
  return {
    rssBytes: median(last.map(({ rssBytes }) => rssBytes)),
    anonBytes: median(last.map(({ anonBytes }) => anonBytes)),
    peakBytes: last.at(-1)?.peakBytes ?? Number.NaN,
    settledSeconds: isStill(sizes, least) ? seconds() - stillSeconds : Number.NaN,
  };
}
