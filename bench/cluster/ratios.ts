import type { Burst, ControllerMode } from './runs.ts';

/** Each burst of a mode, and the mean rate of the raw ones before and after it. */
export interface Compared {
  readonly burst: Burst;
  readonly rawPerSecond: number;
  readonly ratio: number;
}

export function compared(bursts: readonly Burst[], mode: ControllerMode): Compared[] {
  return bursts.flatMap((burst, i) => {
    const [before, after] = [bursts[i - 1], bursts[i + 1]];
    if (burst.mode !== mode || before === undefined || after === undefined) return [];
    const rawPerSecond = (before.perSecond + after.perSecond) / 2;
    return [{ burst, rawPerSecond, ratio: burst.perSecond / rawPerSecond }];
  });
}
