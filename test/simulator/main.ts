/**
 * `npm run simulate -- --seed S --steps N`: the whole controller, three times, under virtual time, with faults of the
 * network, the API server and the machines (docs/simulator.md).
 */
import { parseArgs } from 'node:util';
import { notCovered } from './coverage.ts';
import { hunt, mutants } from './mutants.ts';
import { type Plan, planOf } from './plan.ts';
import { shrink } from './shrink.ts';
import { type Outcome, run } from './simulation.ts';

const help = `Runs three controllers on the embedded API under virtual time, with faults, and checks
the promises of docs/SPEC.md after each write and when nothing moves any more.

  npm run simulate -- [FLAGS]

  --seed N       the first plan; each run takes the next one   [1]
  --steps N      about how many steps in all                   [200000]
  --acts N       acts of users and machines in each plan       [200]
  --no-shrink    a plan that fails is printed as it is
  --claims       the controllers run with --claims: no address is given twice, whenever a write arrives
  --mutants      plants one fault for each promise, and says which are found
  -h, --help     this text

Exit code 0: all promises held (all mutants were found), 1: not so, 2: wrong usage.
`;

/** Enough to meet every mutant, with room to spare. */
const mutantSteps = 1_500_000;
const shrinkRuns = 400;

interface Extent {
  readonly seed: number;
  readonly steps: number;
  readonly acts: number;
  readonly claims: boolean;
}

async function simulate({ seed, steps, acts, claims }: Extent, isShrinking: boolean): Promise<boolean> {
  const counts = new Map<string, number>();
  let done = 0;
  let next = seed;
  const began = performance.now();
  let saidAt = began;
  for (; done < steps; next += 1) {
    const plan = planOf(next, acts, claims);
    const outcome = await run(plan);
    done += outcome.steps;
    for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    if (outcome.broken !== undefined) {
      await report({ seed: next, steps, acts, claims }, plan, outcome, isShrinking);
      return false;
    }
    if (performance.now() - saidAt < 2_000) continue;
    saidAt = performance.now();
    process.stderr.write(`simulate: ${done} of ${steps} steps\n`);
  }
  for (const [what, count] of [...counts].sort()) console.log(`${String(count).padStart(9)}  ${what}`);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${next - seed} plans from seed ${seed}, ${done} steps in ${seconds} s: all promises held`);
  const never = notCovered(counts, claims);
  for (const what of never) console.log(`never happened: ${what}. Take more steps.`);
  return never.length === 0;
}

async function report(
  { seed, acts, claims }: Extent,
  plan: Plan,
  outcome: Outcome,
  isShrinking: boolean,
): Promise<void> {
  if (isShrinking) {
    process.stderr.write('simulate: looking for a shorter story\n');
    const { plan: least, outcome: last } = await shrink(plan, outcome, shrinkRuns, run);
    console.log(last.timeline.join('\n'));
    console.log(`${last.broken?.message}`);
    console.log(`${least.acts.length} acts and ${least.faults.length} faults of the plan are enough:`);
    console.log(JSON.stringify(least));
    console.log(
      `Again: npm run simulate -- --seed ${seed} --acts ${acts} --steps 1${claims ? ' --claims' : ''}`,
    );
  }
  console.log(`seed ${seed}, step ${outcome.steps}: ${outcome.broken?.message}`);
}

async function huntAll(): Promise<boolean> {
  let found = 0;
  for (const mutant of mutants) {
    const { line } = await hunt(mutant, mutantSteps);
    const isFound = line?.includes(`: ${mutant.promise}: `) === true;
    if (isFound) found += 1;
    const what = `${mutant.promise} (${mutant.what})`;
    console.log(
      isFound ? `${what}\n    found: ${line}` : `${what}\n    NOT found: ${line ?? 'all promises held'}`,
    );
  }
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
      '--seed, --steps and --acts are whole numbers above 0. Write --help for what there is.\n',
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
  process.stderr.write(`${error.message}\nWrite npm run simulate -- --help for what there is.\n`);
  process.exitCode = 2;
}
process.exit();
