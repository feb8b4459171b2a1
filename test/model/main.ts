/** `npm run model`: checks the formal model of the Lease and of claims, and runs of the simulator against it (docs/model.md). */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { commandsOf, fetchAlloy, holds } from './alloy.ts';
import { traceOf } from './trace.ts';
import { tracePlan } from './trace-plan.ts';

const help = `Check the formal model of the Lease and of claims, and check that the model accepts what
controllers do in the simulator. Needs Java 17 and, the first time, Maven.

  npm run model -- [FLAGS]

  --traces N     Number of runs of the simulator, with and without claims each   [5]
  --only NAME    Run only this check
  -h, --help     Print this help

Exit codes: 0 everything is as expected, 1 otherwise, 2 invalid usage.
`;

const models = ['lease.als', 'claims.als'].map((name) => join(import.meta.dirname, name));

async function main(traces: number, only: string | undefined): Promise<boolean> {
  fetchAlloy();
  const folder = temporaryFolder('kvcp-model-');
  let failures = 0;
  const report = (what: string, file: string, command: string): void => {
    const began = performance.now();
    const isExpected = holds(file, command, join(folder.path, 'out'));
    if (!isExpected) failures += 1;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${isExpected ? 'as expected' : 'NOT EXPECTED'}  ${what}  (${seconds} s)`);
  };
  try {
    for (const file of models)
      for (const command of commandsOf(file))
        if (only === undefined || only === command) report(command, file, command);
    for (const file of models)
      copyFileSync(file, join(folder.path, file.slice(import.meta.dirname.length + 1)));
    for (let seed = 1; only === undefined && seed <= traces; seed += 1) {
      for (const claims of [false, true]) {
        const file = join(folder.path, 'trace.als');
        writeFileSync(file, await traceOf(tracePlan(seed, claims)));
        report(`run ${seed} ${claims ? 'with' : 'without'} claims is accepted`, file, 'trace');
      }
    }
  } finally {
    folder.remove();
  }
  console.log(failures === 0 ? 'everything is as expected' : `${failures} are not as expected`);
  return failures === 0;
}

try {
  const { values } = parseArgs({
    options: {
      traces: { type: 'string', default: '5' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const traces = Number(values.traces);
  if (values.help) process.stdout.write(help);
  else if (!Number.isSafeInteger(traces) || traces < 0) {
    process.stderr.write('--traces must be an integer. Run with --help for usage.\n');
    process.exitCode = 2;
  } else process.exitCode = (await main(traces, values.only)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')))
    throw error;
  process.stderr.write(`${error.message}\nRun "npm run model -- --help" for usage.\n`);
  process.exitCode = 2;
}
process.exit();
