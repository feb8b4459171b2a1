/** `kubectl vip` as a user waits for it: the real kubectl, the built plugin, a control plane of its own. */

import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { buildDistribution, distribution } from '../../scripts/build.ts';
import { onStack } from '../cluster/on-stack.ts';
import { listed, makePool, within } from '../cluster/runs.ts';
import { configMap, namespace, newNamespace, newService } from '../cluster/services.ts';
import type { Stack } from '../cluster/stack.ts';
import { storeCopies } from '../cluster/stored.ts';
import { makeTestBed } from '../cluster/test-bed.ts';
import { serve } from '../part.ts';
import { counter, say } from '../progress.ts';

export interface PluginInput {
  readonly binaries: string;
  readonly services: number;
  readonly rounds: number;
}

export interface PluginFigures {
  readonly services: number;
  /** Milliseconds from the start of kubectl to its end, by command line. */
  readonly commands: readonly { readonly line: string; readonly ms: readonly number[] }[];
}

async function measurePlugin(input: PluginInput, signal: AbortSignal): Promise<PluginFigures> {
  return onStack(signal, (stack) => measure(input, stack));
}

async function measure({ binaries, services, rounds }: PluginInput, stack: Stack): Promise<PluginFigures> {
  const bed = await makeTestBed(binaries, stack);
  await bed.requests.send(newNamespace());
  await makePool(bed, configMap.data);
  const of = 'service-0';
  await bed.requests.send(newService(of));
  const names = Array.from({ length: services - 1 }, (_, i) => `service-${i + 1}`);
  await storeCopies(bed.requests, bed.store, { namespace, of, names });
  say(`plugin: the controller serves ${services.toLocaleString('en-US')} Services`);
  const { resourceVersion } = await listed(bed);
  const observer = bed.observe(resourceVersion, services);
  const controller = await bed.startController();
  await within(observer.done, 'the controller', services);
  observer.close();

  const outdir = join(bed.folder, 'plugin');
  await buildDistribution({ ...distribution(resolve(import.meta.dirname, '../..')), outdir });
  const bin = join(bed.folder, 'bin');
  mkdirSync(bin);
  symlinkSync(join(outdir, 'kubectl-vip.js'), join(bin, 'kubectl-vip'));
  symlinkSync(process.execPath, join(bin, 'node'));
  const changed = join(bed.folder, 'changed.yaml');
  const manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kubevip', namespace: 'kube-system' },
    data: { 'cidr-global': '10.0.16.0/20' },
  };
  writeFileSync(changed, JSON.stringify(manifest));
  const env = {
    HOME: bed.folder,
    KUBECONFIG: kubeconfig(bed.folder, bed.target),
    PATH: [bin, binaries, process.env.PATH].join(delimiter),
  };
  const lines = [
    'kubectl get services --all-namespaces --output json',
    `kubectl vip explain service/${of} --namespace ${namespace}`,
    'kubectl vip explain --all-namespaces',
    'kubectl vip pools',
    'kubectl vip who 10.0.0.0/16',
    `kubectl vip plan --filename ${changed}`,
    'kubectl vip audit',
  ];
  const tell = counter('plugin: commands', rounds * lines.length);
  const times = new Map(lines.map((line) => [line, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    // In turn, so that what else the machine does is in all of them.
    for (const [i, line] of lines.entries()) {
      tell(round * lines.length + i);
      times.get(line)?.push(await timed(line, env));
    }
  }
  controller.check();
  await controller.stop();
  return {
    services,
    commands: lines.map((line) => ({
      line: line.replace(changed, 'changed.yaml'),
      ms: times.get(line) ?? [],
    })),
  };
}

function timed(line: string, env: Record<string, string>): Promise<number> {
  const { promise, resolve: done, reject } = Promise.withResolvers<number>();
  const [program = '', ...args] = line.split(' ');
  const begun = performance.now();
  // As on a terminal, it prints everything; here into memory.
  execFile(program, args, { env, maxBuffer: 1 << 28 }, (error, _stdout, stderr) => {
    // 2: an address would fall outside, which is an answer.
    if (error === null || error.code === 2) done(performance.now() - begun);
    else reject(new Error(`${line}: ${stderr}`));
  });
  return promise;
}

function kubeconfig(folder: string, { url, ca, token }: { url: string; ca: string; token: string }): string {
  const file = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    clusters: [
      {
        name: 'bench',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'bench', user: { token } }],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

await serve(measurePlugin);
