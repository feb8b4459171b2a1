/** `npm run bench`: prints figures and asserts nothing. */

import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { aimRows, aimsText } from './aims.ts';
import { type BenchRun, benchRequest } from './arguments.ts';
import { compareText, resultIn } from './compare.ts';
import { machineLine, thisMachine } from './machine.ts';
import { measure, type Part, PartFailed, stopParts } from './part.ts';
import { type Figures, type PartName, parts } from './parts.ts';
import { say } from './progress.ts';

async function main(): Promise<number> {
  const request = benchRequest(process.argv.slice(2));
  if ('help' in request) process.stdout.write(request.help);
  else if ('usage' in request) {
    process.stderr.write(`${request.usage}\nRun "npm run bench -- --help" for usage.\n`);
    return 2;
  } else if ('compare' in request) {
    const [first, second] = request.compare;
    process.stdout.write(compareText(resultIn(first), resultIn(second)));
  } else return run(request);
  return 0;
}

async function run({ names, quick, json }: BenchRun): Promise<number> {
  const machine = thisMachine();
  process.stdout.write(`${machineLine(machine)}\n`);
  const figures: Figures = {};
  const seconds: Partial<Record<PartName, number>> = {};
  const write = (): void => {
    if (json === undefined) return;
    const all = { machine, quick, seconds, aims: aimRows(figures), ...figures };
    writeFileSync(json, `${JSON.stringify(all, undefined, 2)}\n`);
  };
  // A path that cannot be written fails before the long measurements.
  write();
  let exitCode = 0;
  for (const name of names) {
    const begun = performance.now();
    try {
      Object.assign(figures, { [name]: await runPart(name, quick) });
    } catch (error) {
      if (!(error instanceof PartFailed)) throw error;
      // The other parts still run.
      say(`${name}: ${error.message}`);
      exitCode = 1;
    }
    seconds[name] = (performance.now() - begun) / 1000;
    say(`${name}: ${seconds[name].toFixed(0)} s`);
    write();
  }
  process.stdout.write(aimsText(aimRows(figures)));
  return exitCode;
}

async function runPart(name: PartName, quick: boolean): Promise<unknown[]> {
  const part: Part<object, unknown> = parts[name];
  const results: unknown[] = [];
  for (const input of part.inputs(quick)) results.push(await measure(name, input, part.nodeFlags));
  const [first, ...more] = results;
  process.stdout.write(`\n${part.print(first, ...more)}`);
  return results;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    say(`${signal}: cleaning up`);
    void stopParts().then(() => process.exit(128 + constants.signals[signal]));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
