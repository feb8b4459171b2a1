import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const apiServer = { 'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver' } as const;

/**
 * The programs that tests need, with their packages, by the Go module that pins their sources. Shared by the build script
 * and the tests.
 */
export const modules = {
  /** A real Kubernetes API. The package `server` builds the program `etcd`. */
  controlplane: {
    folder: '.',
    packages: {
      etcd: 'go.etcd.io/etcd/server/v3',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
  },
  /** Announces addresses, in the network namespaces of test/kube-vip. */
  kubeVip: { folder: 'kube-vip', packages: { 'kube-vip': 'github.com/kube-vip/kube-vip' } },
  helm: { folder: 'helm', packages: { helm: 'helm.sh/helm/v4/cmd/helm' } },
  /** Writes the README of the chart. */
  helmDocs: { folder: 'helm-docs', packages: { 'helm-docs': 'github.com/norwoodj/helm-docs/cmd/helm-docs' } },
  /** Programs that share a cluster with the controller: the Go version, and a candidate that uses client-go. */
  peers: {
    folder: 'peers',
    packages: { 'go-version': 'github.com/kube-vip/kube-vip-cloud-provider', elector: './elector' },
  },
  /** Installs the plugin as users do. */
  krew: {
    folder: 'krew',
    packages: {
      krew: 'sigs.k8s.io/krew/cmd/krew',
      'validate-krew-manifest': 'sigs.k8s.io/krew/cmd/validate-krew-manifest',
    },
  },
  /** Reads the image as a registry's client does. */
  crane: { folder: 'crane', packages: { crane: 'github.com/google/go-containerregistry/cmd/crane' } },
  /** Checks metrics, rules and queries as Prometheus does. */
  promtool: { folder: 'promtool', packages: { promtool: 'github.com/prometheus/prometheus/cmd/promtool' } },
  /** Signs the image, for `npm run rehearse-release`. Large, so built only on demand. */
  cosign: { folder: 'cosign', packages: { cosign: 'github.com/sigstore/cosign/v2/cmd/cosign' } },
  /** Other releases of Kubernetes, for `npm run skew`. Built only on demand. */
  'kubernetes-1.30': { folder: 'kubernetes-1.30', packages: apiServer },
  'kubernetes-1.32': { folder: 'kubernetes-1.32', packages: apiServer },
  'kubernetes-1.34': { folder: 'kubernetes-1.34', packages: apiServer },
  'kubernetes-1.37': { folder: 'kubernetes-1.37', packages: apiServer },
} as const;

export type ModuleName = keyof typeof modules;

export function isModuleName(name: string): name is ModuleName {
  return name in modules;
}

/** Whether the module is a release of Kubernetes that only `npm run skew` needs. */
export function isRelease(name: ModuleName): boolean {
  return name.startsWith('kubernetes-');
}

/** The modules that the whole test suite needs. */
export const usualModules = Object.keys(modules).filter(
  (name): name is ModuleName => isModuleName(name) && !isRelease(name) && name !== 'cosign',
);

export interface Binaries {
  folder: string;
  /** Whether the user set the folder; then nothing is built into it. */
  given: boolean;
  missing: string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** KUBEBUILDER_ASSETS, which setup-envtest sets, can provide only the control plane. */
export function locateBinaries(env: Environment, name: ModuleName = 'controlplane'): Binaries {
  const assets = name === 'controlplane' ? (env.KUBEBUILDER_ASSETS ?? '') : '';
  const given = assets !== '';
  const folder = given ? assets : join(cacheFolder(env), `${name}-${sourcesVersion(name)}`);
  const missing = Object.keys(modules[name].packages).filter((program) => !existsSync(join(folder, program)));
  return { folder, given, missing };
}

export function moduleFolder(name: ModuleName): string {
  return fileURLToPath(new URL(modules[name].folder, import.meta.url));
}

/** The user's cache folder (XDG base directory specification). A relative XDG_CACHE_HOME is ignored. */
export function cacheFolder(env: Environment): string {
  const xdg = env.XDG_CACHE_HOME;
  const base = xdg?.startsWith('/') ? xdg : join(env.HOME || homedir(), '.cache');
  return join(base, 'kube-vip-cloud-provider');
}

/** A hash of the sources, so that a folder with an older build is not used. */
function sourcesVersion(name: ModuleName): string {
  const cwd = moduleFolder(name);
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  // Subfolders of the control plane's folder are separate modules.
  const sources = name === 'controlplane' ? [] : globSync('**/*.go', { cwd }).sort();
  for (const file of ['go.mod', 'go.sum', ...sources]) hash.update(readFileSync(join(cwd, file)));
  return hash.digest('hex').slice(0, 16);
}
