import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { locateBinaries } from '../controlplane/binaries.ts';
import { feed } from '../controlplane/process.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { chart, type KubernetesObject, objectsIn } from './objects.ts';

/** The home directory for helm's cache and settings. */
const home = temporaryFolder('kvcp-helm-');

/** Returns the standard output of helm, or rejects with its standard error. `input` is the content for `-f -`. */
export function helm(args: readonly string[], input = '', kubeconfig = '/nowhere'): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const env = { HOME: home.path, KUBECONFIG: kubeconfig, PATH: process.env.PATH ?? '' };
  const program = join(locateBinaries(process.env, 'helm').folder, 'helm');
  const child = execFile(program, args, { env }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(stderr, { cause: error }));
  });
  feed(child, input);
  return promise;
}

/** Renders our chart with these values. */
export async function render(values: object, namespace = 'kube-system'): Promise<KubernetesObject[]> {
  const args = ['template', 'kvcp', chart, '--namespace', namespace, '--values', '-'];
  return objectsIn(await helm(args, JSON.stringify(values)));
}
