import { hunt, mutants } from '/work/wt/proof/test/simulator/mutants.ts';

const start = Number(process.argv[2] ?? 0);
for (const mutant of mutants.slice(start)) {
  const { line } = await hunt(mutant, 1_500_000);
  console.log(mutant.promise, mutant.what, '=>', line);
}
process.exit();
