/**
 * The manifest in deploy/kube-vip, as kube-vip itself generates it. `node setup.mjs test/kube-vip/manifest.ts` writes it again, after a
 * new version of kube-vip.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { locateBinaries, moduleFolder } from '../controlplane/binaries.ts';

export const kubeVipManifest = resolve(import.meta.dirname, '../../deploy/kube-vip/kube-vip.yaml');

/** The version of kube-vip that the tests build, such as `v1.2.2`. */
export function kubeVipVersion(): string {
  const text = readFileSync(join(moduleFolder('kubeVip'), 'go.mod'), 'utf8');
  const version = /\bgithub\.com\/kube-vip\/kube-vip (v\S+)/.exec(text)?.[1];
  if (version === undefined) throw new Error('go.mod names no version of kube-vip');
  return version;
}

const account = ['manifest', 'rbac', '--inCluster'];

function daemonSet(version: string): string[] {
  const image = `ghcr.io/kube-vip/kube-vip:${version}`;
  const mode = ['--services', '--arp', '--leaderElection'];
  return ['manifest', 'daemonset', ...mode, '--inCluster', '--taint', '--image', image];
}

function header(version: string): string {
  return `# kube-vip ${version}, which announces addresses by ARP and NDP on the interface of each node's default route. It generated this file:
#   kube-vip ${account.join(' ')}
#   kube-vip ${daemonSet(version).join(' ')}
# To choose the interface, set the variable vip_interface: see docs/guides/README.md.
`;
}

/** Runs the kube-vip of the tests, whose build has no version. */
export function generateManifest(): string {
  const version = kubeVipVersion();
  const program = join(locateBinaries(process.env, 'kubeVip').folder, 'kube-vip');
  // kube-vip also reads its options from the environment.
  const run = (args: string[]): string => execFileSync(program, args, { encoding: 'utf8', env: {} }).trim();
  const objects = `${run(account)}\n\n---\n${run(daemonSet(version))}\n`;
  return header(version) + objects.replaceAll('version: ""', `version: ${version}`);
}

if (import.meta.main) writeFileSync(kubeVipManifest, generateManifest());
