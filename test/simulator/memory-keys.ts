import type { Data } from '../core/naive-pools.ts';
import type { Plan, TimedAct } from './plan.ts';
import { randomOf } from './random.ts';

/** Some expire while a plan runs, some before it is at rest, and some never. */
const durations = ['2s', '40s', '3m', '9000h'] as const;

/** In most plans with an even seed, what is configured says, too, how long and for what freed addresses are remembered. */
export function withMemoryKeys(plan: Plan): Plan {
  if (plan.seed % 2 === 1 || plan.seed % 8 === 0) return plan;
  const random = randomOf(plan.seed + 7);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const withKeys = (data: Data): Data => ({
    ...data,
    ...(random() < 0.7 ? { sticky: pick(durations) } : {}),
    ...(random() < 0.7 ? { 'cool-down': pick(durations) } : {}),
    // Not `spread`: of a large pool, the naive model lists only the ends.
    ...(random() < 0.3 ? { 'search-order': 'least-recently-used' } : {}),
  });
  const acts = plan.acts.map(({ at, act }): TimedAct => {
    if (act.do !== 'configure' || act.data === undefined) return { at, act };
    return { at, act: { ...act, data: withKeys(act.data) } };
  });
  return { ...plan, acts };
}

/** Whether a Service can come back to an address of a later pool of its list. */
export function isSticky(data: Data | undefined): boolean {
  return Object.keys(data ?? {}).some((key) => /^sticky\b/.test(key));
}
