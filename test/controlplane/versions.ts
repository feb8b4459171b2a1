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

/** What tests do differently on older API servers. The controller itself asks for no version: it tries. */
export interface Features {
  /** Services can be selected by `spec.type`. */
  typeSelector: boolean;
  /** IPAddress of networking.k8s.io/v1: `--claims`, and cluster IPs as objects. */
  ipAddresses: boolean;
}

export const allFeatures: Features = { typeSelector: true, ipAddresses: true };

export function featuresOf({ minor }: KubernetesVersion): Features {
  return { typeSelector: minor >= 31, ipAddresses: minor >= 33 };
}
