/** `npm run bench`: prints figures and asserts nothing. */

import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { benchRequest } from './arguments.ts';
import { clusterFigures } from './cluster/print.ts';
import { coreFigures } from './core/print.ts';
import { machineLine, thisMachine } from './machine.ts';
import { PartFailed, stopParts } from './part.ts';
import { say } from './progress.ts';

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
  const { parts, quick, json } = request;
  const machine = thisMachine();
  const figures: Record<string, unknown> = { machine, quick };
  process.stdout.write(`${machineLine(machine)}\n`);
  const write = (): void => {
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`);
  };
  // Before the minutes of work, so that a folder that is not there is told at once.
  write();
  if (parts.includes('core')) figures.core = await coreFigures(quick);
  if (parts.includes('cluster')) figures.cluster = await clusterFigures(quick);
  write();
  return 0;
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
  // The part has said why already, and when it was a signal that ended it the handler above ends us.
  if (error instanceof PartFailed) say(error.message);
  else say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
