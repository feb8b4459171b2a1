/**
 * `npm run simulate -- --seed S --steps N`: three complete controllers under virtual time, with faults of the network, the
 * API server and the machines (docs/simulator.md).
 */
import { parseArgs } from 'node:util';
import { notCovered } from './coverage.ts';
import { hunt, mutants } from './mutants.ts';
import { type Plan, planOf } from './plan.ts';
import { shrink } from './shrink.ts';
import { type Outcome, run } from './simulation.ts';

const help = `Run three controllers on the embedded API under virtual time, with faults, and check
the promises of docs/SPEC.md after each write and when the system is at rest.

  npm run simulate -- [FLAGS]

  --seed N       Number of the first plan; each run uses the next one   [1]
  --steps N      Approximate number of steps in total                   [200000]
  --acts N       Actions of users and machines in each plan             [200]
  --no-shrink    Print a failing plan without reducing it
  --claims       Run the controllers with --claims, so that no late write may create a duplicate
  --mutants      Plant one fault for each promise, and print which are found
  -h, --help     Print this help

Exit codes: 0 all promises held (or all mutants were found), 1 otherwise, 2 invalid usage.
`;

/** More than enough to find every mutant. */
const mutantSteps = 1_500_000;
const shrinkRuns = 400;

interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  readonly acts: number;
  readonly claims: boolean;
}

async function simulate({ seed, steps, acts, claims }: RunOptions, isShrinking: boolean): Promise<boolean> {
  const counts = new Map<string, number>();
  let done = 0;
  let next = seed;
  const began = performance.now();
  let reportedAt = began;
  for (; done < steps; next += 1) {
    const plan = planOf(next, acts, claims);
    const outcome = await run(plan);
    done += outcome.steps;
    for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    if (outcome.broken !== undefined) {
      await report({ seed: next, steps, acts, claims }, plan, outcome, isShrinking);
      return false;
    }
    if (performance.now() - reportedAt < 2_000) continue;
    reportedAt = performance.now();
    process.stderr.write(`simulate: ${done} of ${steps} steps\n`);
  }
  for (const [what, count] of [...counts].sort()) console.log(`${String(count).padStart(9)}  ${what}`);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${next - seed} plans from seed ${seed}, ${done} steps in ${seconds} s: all promises held`);
  const missing = notCovered(counts, claims);
  for (const what of missing) console.log(`never occurred: ${what}. Increase --steps.`);
  return missing.length === 0;
}

async function report(
  { seed, acts, claims }: RunOptions,
  plan: Plan,
  outcome: Outcome,
  isShrinking: boolean,
): Promise<void> {
  if (isShrinking) {
    process.stderr.write('simulate: reducing the plan\n');
    const { plan: least, outcome: last } = await shrink(plan, outcome, shrinkRuns, run);
    console.log(last.timeline.join('\n'));
    console.log(`${last.broken?.message}`);
    console.log(`Reduced to ${least.acts.length} acts and ${least.faults.length} faults:`);
    console.log(JSON.stringify(least));
    console.log(
      `To repeat: npm run simulate -- --seed ${seed} --acts ${acts} --steps 1${claims ? ' --claims' : ''}`,
    );
  }
  console.log(`seed ${seed}, step ${outcome.steps}: ${outcome.broken?.message}`);
}

/** Hunts in two processes. */
async function huntAll(): Promise<boolean> {
  let found = 0;
  const waiting = mutants.values();
  const huntNext = async (): Promise<void> => {
    for (const mutant of waiting) {
      const { line } = await hunt(mutant, mutantSteps);
      const isFound = line?.includes(`: ${mutant.promise}: `) === true;
      if (isFound) found += 1;
      const what = `${mutant.promise} (${mutant.what})`;
      console.log(
        isFound ? `${what}\n    found: ${line}` : `${what}\n    NOT found: ${line ?? 'all promises held'}`,
      );
    }
  };
  await Promise.all([huntNext(), huntNext()]);
  console.log(`${found} of ${mutants.length} found`);
  return found === mutants.length;
}

function main(): Promise<boolean> | number {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      steps: { type: 'string', default: '200000' },
      acts: { type: 'string', default: '200' },
      'no-shrink': { type: 'boolean', default: false },
      claims: { type: 'boolean', default: false },
      mutants: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const numbers = [values.seed, values.steps, values.acts].map(Number);
  const [seed = 0, steps = 0, acts = 0] = numbers;
  if (!numbers.every((number) => Number.isSafeInteger(number) && number > 0)) {
    process.stderr.write(
      '--seed, --steps and --acts must be positive integers. Run with --help for usage.\n',
    );
    return 2;
  }
  return values.mutants
    ? huntAll()
    : simulate({ seed, steps, acts, claims: values.claims }, !values['no-shrink']);
}

try {
  const result = await main();
  process.exitCode = typeof result === 'number' ? result : result ? 0 : 1;
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')))
    throw error;
  process.stderr.write(`${error.message}\nRun "npm run simulate -- --help" for usage.\n`);
  process.exitCode = 2;
}
process.exit();
