import type { Plan } from './plan.ts';
import type { Outcome } from './simulation.ts';

/**
 * A plan with less in it that breaks the same promise: acts and faults are left out in ever smaller pieces as long as it
 * still does. At most `most` runs by `run`.
 */
export async function shrink(
  plan: Plan,
  outcome: Outcome,
  most: number,
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
      for (let from = 0; from < best.plan[part].length && runs < most; ) {
        const without = best.plan[part].toSpliced(from, size);
        // What is left out makes room for what follows; else it was needed.
        if (!(await attempt({ ...best.plan, [part]: without }))) from += size;
      }
    }
  }
  return best;
}
