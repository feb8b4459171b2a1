import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { chart, type KubernetesObject, objectsIn } from './objects.ts';

/** helm keeps caches and settings at home, and the user's own are not ours to fill. */
const home = temporaryFolder('kvcp-helm-');

/** Standard output of helm; its error where it fails. `input` is what `-f -` reads. */
export function helm(args: readonly string[], input = '', kubeconfig = '/nowhere'): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const env = { HOME: home.path, KUBECONFIG: kubeconfig, PATH: process.env.PATH ?? '' };
  const program = join(locateBinaries(process.env, 'helm').folder, 'helm');
  const child = execFile(program, args, { env }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(stderr, { cause: error }));
  });
  child.stdin?.end(input);
  return promise;
}

/** What our chart makes of these values. */
export async function render(values: object, namespace = 'kube-system'): Promise<KubernetesObject[]> {
  const args = ['template', 'kvcp', chart, '--namespace', namespace, '--values', '-'];
  return objectsIn(await helm(args, JSON.stringify(values)));
}
