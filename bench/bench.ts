/** `npm run bench`: prints figures and asserts nothing. */

import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { aimRows, type Figures } from './aims.ts';
import { aimsText } from './aims-text.ts';
import { type BenchRun, benchRequest, type Part } from './arguments.ts';
import { churnFigures } from './churn/print.ts';
import { clusterFigures } from './cluster/print.ts';
import { compareText, resultIn } from './compare.ts';
import { coreFigures } from './core/print.ts';
import { growthFigures } from './growth/print.ts';
import { machineLine, thisMachine } from './machine.ts';
import { pageFigures } from './page/print.ts';
import { PartFailed, stopParts } from './part.ts';
import { pluginFigures } from './plugin/print.ts';
import { say } from './progress.ts';
import { sizeFigures } from './size/print.ts';
import { takeoverFigures } from './takeover/print.ts';

/** Each prints its own figures, and gives them for the table. */
const measures: { readonly [P in Part]: (quick: boolean) => Promise<Required<Figures>[P]> } = {
  core: coreFigures,
  growth: growthFigures,
  cluster: clusterFigures,
  size: sizeFigures,
  churn: churnFigures,
  takeover: takeoverFigures,
  plugin: pluginFigures,
  page: pageFigures,
};

async function main(): Promise<number> {
  const request = benchRequest(process.argv.slice(2));
  if ('help' in request) {
    process.stdout.write(request.help);
    return 0;
  }
  if ('usage' in request) {
    process.stderr.write(`${request.usage}\nWrite npm run bench -- --help for what there is.\n`);
    return 2;
  }
  if ('compare' in request) {
    const [first, second] = request.compare;
    process.stdout.write(compareText(resultIn(first), resultIn(second)));
    return 0;
  }
  return run(request);
}

async function run({ parts, quick, json }: BenchRun): Promise<number> {
  const machine = thisMachine();
  process.stdout.write(`${machineLine(machine)}\n`);
  const counters: Partial<Record<Part, unknown>> & Figures = {};
  const seconds: Partial<Record<Part, number>> = {};
  const write = (): void => {
    if (json === undefined) return;
    const all = { machine, quick, seconds, aims: aimRows(counters), ...counters };
    writeFileSync(json, `${JSON.stringify(all, undefined, 2)}\n`);
  };
  // Before the minutes of work, so that a folder that is not there is told at once.
  write();
  let isWhole = true;
  for (const part of parts) {
    const begun = performance.now();
    try {
      Object.assign(counters, { [part]: await measures[part](quick) });
    } catch (error) {
      if (!(error instanceof PartFailed)) throw error;
      // It has said why already. The others' figures are worth having all the same.
      say(`${part}: ${error.message}`);
      isWhole = false;
    }
    seconds[part] = (performance.now() - begun) / 1000;
    say(`${part}: ${seconds[part].toFixed(0)} s`);
    write();
  }
  process.stdout.write(aimsText(aimRows(counters)));
  return isWhole ? 0 : 1;
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
  // When it was a signal that ended a part, the handler above ends us.
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
