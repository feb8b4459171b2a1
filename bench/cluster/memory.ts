import { setTimeout as pause } from 'node:timers/promises';
import { median, megabytes, short } from '../figures.ts';
import type { MeasuredProcess } from './measured-process.ts';
import type { Usage } from './usage.ts';

/** Resident memory of a process at rest. */
export interface Memory {
  readonly rssBytes: number;
  readonly anonBytes: number;
  readonly peakBytes: number;
  /** The time until memory was stable; NaN if it was not stable within the limit. */
  readonly settledSeconds: number;
}

export interface Patience {
  /** How long memory must be stable. */
  readonly stillSeconds: number;
  readonly limitSeconds: number;
}

const everyMs = 500;
/** Single pages come and go even at rest. */
const toleranceBytes = 1e6;

/** Whether the last `least` sizes lie within the tolerance. */
export function isStill(sizes: readonly number[], least: number): boolean {
  const last = sizes.slice(-least);
  return sizes.length >= least && Math.max(...last) - Math.min(...last) <= toleranceBytes;
}

/** Waits until resident memory neither grows nor shrinks, and returns it. */
export async function settledMemory(process: MeasuredProcess, patience: Patience): Promise<Memory> {
  const least = Math.max(2, (patience.stillSeconds * 1000) / everyMs);
  const usages: Usage[] = [];
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const settled = (): boolean =>
    isStill(
      usages.map(({ rssBytes }) => rssBytes),
      least,
    );
  while (!settled() && seconds() < patience.limitSeconds) {
    await pause(everyMs);
    process.check();
    usages.push(process.usage());
  }
  const last = usages.slice(-least);
  return {
    rssBytes: median(last.map(({ rssBytes }) => rssBytes)),
    anonBytes: median(last.map(({ anonBytes }) => anonBytes)),
    peakBytes: last.at(-1)?.peakBytes ?? Number.NaN,
    settledSeconds: settled() ? seconds() - patience.stillSeconds : Number.NaN,
  };
}

export const memoryHeads = ['resident', 'own', 'peak', 'settled s'];

/** The cells below `memoryHeads`, in MB. */
export function memoryCells({ rssBytes, anonBytes, peakBytes, settledSeconds }: Memory): string[] {
  return [...[rssBytes, anonBytes, peakBytes].map(megabytes), short(settledSeconds)];
}
