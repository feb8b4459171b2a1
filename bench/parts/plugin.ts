import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { namespace } from '../cluster/services.ts';
import { startTestBed, type TestBed } from '../cluster/test-bed.ts';
import { count, middle, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { progress } from '../progress.ts';

const changed = 'changed.yaml';

/** The first is the limit that the others are compared with. */
const lines = [
  'kubectl get services --all-namespaces --output json',
  `kubectl vip explain service/service-0 --namespace ${namespace}`,
  'kubectl vip explain --all-namespaces',
  'kubectl vip pools',
  'kubectl vip who 10.0.0.0/16',
  `kubectl vip plan --filename ${changed}`,
  'kubectl vip audit',
  // Without kubectl.
  'kubectl-vip version',
];

export const part = definePart({
  about: 'run time of kubectl vip with 5,000 Services',
  inputs: (quick) => [quick ? { services: 1_000, rounds: 2 } : { services: 5_000, rounds: 7 }],

  async measure({ services, rounds }, stack) {
    const bed = await startTestBed(stack);
    await bed.createPool();
    const controller = await bed.assign(0, services);
    const env = installed(bed);
    const report = progress('plugin: commands', rounds * lines.length);
    const commands = lines.map((line) => ({ line, ms: [] as number[] }));
    for (let round = 0; round < rounds; round += 1) {
      // They alternate, so that other work on the machine affects all of them.
      for (const [i, { line, ms }] of commands.entries()) {
        report(round * lines.length + i);
        ms.push(await run(line, bed.folder, env));
      }
    }
    controller.check();
    await controller.stop();
    return { services, commands };
  },

  print: ({
    services,
    commands,
  }) => `plugin: ms from the start of kubectl to its end, with ${count(services)} Services; medians and ranges

${table(
  ['command', 'ms'],
  commands.map(({ line, ms }) => [line, middle(ms)]),
)}`,
});

/** Installs the built plugin, and writes the ConfigMap for `plan`. Returns the environment of the commands. */
function installed(bed: TestBed): Record<string, string> {
  const bin = join(bed.folder, 'bin');
  mkdirSync(bin);
  symlinkSync(join(bed.bundles, 'kubectl-vip.js'), join(bin, 'kubectl-vip'));
  symlinkSync(process.execPath, join(bin, 'node'));
  const manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kubevip', namespace: 'kube-system' },
    data: { 'cidr-global': '10.0.16.0/20' },
  };
  writeFileSync(join(bed.folder, changed), JSON.stringify(manifest));
  return {
    HOME: bed.folder,
    KUBECONFIG: bed.kubeconfig,
    PATH: [bin, bed.binaries, process.env.PATH].join(delimiter),
  };
}

function run(line: string, cwd: string, env: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const [program = '', ...args] = line.split(' ');
  const begun = performance.now();
  execFile(program, args, { cwd, env, maxBuffer: 1 << 28 }, (error, _stdout, stderr) => {
    // 2 of `plan`: an address would be outside its pool.
    if (error === null || error.code === 2) resolve(performance.now() - begun);
    else reject(new Error(`${line}: ${stderr}`));
  });
  return promise;
}
