import type { Plan } from './plan.ts';
import type { Outcome } from './simulation.ts';

/**
 * Reduces a plan to a smaller one that breaks the same promise, by removing acts and faults in ever smaller pieces. Calls
 * `run` at most `maxRuns` times.
 */
export async function shrink(
  plan: Plan,
  outcome: Outcome,
  maxRuns: number,
  run: (plan: Plan) => Promise<Outcome>,
): Promise<{ readonly plan: Plan; readonly outcome: Outcome }> {
  let best = { plan, outcome };
  let runs = 0;
  const attempt = async (candidate: Plan): Promise<boolean> => {
    runs += 1;
    const tried = await run(candidate);
    if (tried.broken?.promise !== outcome.broken?.promise) return false;
    best = { plan: candidate, outcome: tried };
    return true;
  };
  for (const part of ['faults', 'acts'] as const) {
    for (let size = Math.ceil(best.plan[part].length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < best.plan[part].length && runs < maxRuns; ) {
        const without = best.plan[part].toSpliced(from, size);
        // If the piece cannot be removed, continue after it.
        if (!(await attempt({ ...best.plan, [part]: without }))) from += size;
      }
    }
  }
  return best;
}
