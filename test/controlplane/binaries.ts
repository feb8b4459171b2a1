import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the control plane's programs are, or would be: shared by the script that builds and the tests that run them. */
export const programs = ['etcd', 'kube-apiserver', 'kubectl'] as const;
export type Program = (typeof programs)[number];

/** The Go module that pins the sources of the three. */
export const moduleFolder = fileURLToPath(new URL('.', import.meta.url));

export interface Binaries {
  folder: string;
  /** Set by the user, so it is not ours to fill. */
  given: boolean;
  missing: Program[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** KUBEBUILDER_ASSETS is the variable that Kubernetes' own test environment (setup-envtest) sets. */
export function locateBinaries(env: Environment): Binaries {
  const assets = env.KUBEBUILDER_ASSETS;
  const given = assets !== undefined && assets !== '';
  const folder = given ? assets : join(cacheFolder(env), `controlplane-${sourcesVersion()}`);
  return { folder, given, missing: programs.filter((program) => !existsSync(join(folder, program))) };
}

/** The per-user cache of the XDG base directory specification; a relative XDG_CACHE_HOME is to be ignored. */
export function cacheFolder(env: Environment): string {
  const xdg = env.XDG_CACHE_HOME;
  const base = xdg?.startsWith('/') ? xdg : join(env.HOME || homedir(), '.cache');
  return join(base, 'kube-vip-cloud-provider');
}

/** Changes with every change of what would be built, so an old folder is never taken for a new one. */
export function sourcesVersion(): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(moduleFolder, file)));
  return hash.digest('hex').slice(0, 16);
}
