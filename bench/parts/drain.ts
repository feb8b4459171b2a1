import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { startTestBed } from '../cluster/test-bed.ts';
import { count, middle, short, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { say } from '../progress.ts';

/** The blocks that the Services move between. */
const blocks = ['10.1.0.0/20', '10.2.0.0/20'];
const batch = 10;

export const part = definePart({
  about: 'time to drain 1,000 addresses',
  inputs: (quick) => [quick ? { services: 200, rounds: 1 } : { services: 1_000, rounds: 3 }],

  async measure({ services, rounds }, stack) {
    const bed = await startTestBed(stack);
    await bed.createPool({ 'cidr-global': blocks.join(', ') });
    const controller = await bed.assign(0, services);
    const bin = join(bed.folder, 'bin');
    mkdirSync(bin);
    symlinkSync(join(bed.bundles, 'kubectl-vip.js'), join(bin, 'kubectl-vip'));
    symlinkSync(process.execPath, join(bin, 'node'));
    const PATH = [bin, bed.binaries, process.env.PATH].join(delimiter);
    const env = { HOME: bed.folder, KUBECONFIG: bed.kubeconfig, PATH };
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      say(`drain: ${round + 1} of ${rounds}`);
      seconds.push(await drain(blocks[round % 2] ?? '', services, env));
      controller.check();
    }
    await controller.stop();
    return { services, seconds };
  },

  print: ({
    services,
    seconds,
  }) => `drain: kubectl vip drain, ${count(services)} Services, ${batch} at a time, until each is assigned

${table(
  ['', 's'],
  [
    ['from the start of kubectl to its end', middle(seconds)],
    ['for each Service', short(Math.min(...seconds) / services)],
  ],
)}`,
});

/** Drains a block with all Services, and returns the seconds that it took. */
function drain(block: string, services: number, env: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const args = ['vip', 'drain', block, '--batch', String(batch), '--wait', 'assigned', '--pause', '0s'];
  const begun = performance.now();
  execFile('kubectl', args, { env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
    const isDone = stdout.includes(`Moved ${services} Services off ${block}.`);
    if (error === null && isDone) resolve((performance.now() - begun) / 1_000);
    else reject(new Error(`${stdout.slice(-500)}${stderr}`));
  });
  return promise;
}
