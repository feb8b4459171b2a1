import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface KubernetesVersion {
  /** `1.30.14` */
  text: string;
  minor: number;
}

/** The version of the kube-apiserver in a folder. */
export function apiServerVersion(folder: string): KubernetesVersion {
  const { stdout } = spawnSync(join(folder, 'kube-apiserver'), ['--version'], { encoding: 'utf8' });
  const [, text, minor] = /v(1\.(\d+)\.\S+)/.exec(stdout) ?? [];
  if (text === undefined)
    throw new Error(`kube-apiserver in ${folder} does not print its version: ${stdout}`);
  return { text, minor: Number(minor) };
}

/** The minor versions of Kubernetes of which something holds. */
export type Releases = { since: number } | { before: number };

export function includes(releases: Releases, minor: number): boolean {
  return 'since' in releases ? minor >= releases.since : minor < releases.before;
}
