import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The programs that tests need besides our own, by the Go module that pins their sources: shared by the script that
 * builds them and the tests that run them. Each is named with its package.
 */
export const modules = {
  /** A real Kubernetes API. etcd's main package is called `server` where its program is `etcd`. */
  controlplane: {
    folder: '.',
    packages: {
      etcd: 'go.etcd.io/etcd/server/v3',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
  },
  helm: { folder: 'helm', packages: { helm: 'helm.sh/helm/v4/cmd/helm' } },
  /** What ours shares a cluster with: the Go version, and a candidate for the Lease on client-go's leaderelection. */
  peers: {
    folder: 'peers',
    packages: { 'go-version': 'github.com/kube-vip/kube-vip-cloud-provider', elector: './elector' },
  },
  /** Installs the plugin as its users do. */
  krew: {
    folder: 'krew',
    packages: {
      krew: 'sigs.k8s.io/krew/cmd/krew',
      'validate-krew-manifest': 'sigs.k8s.io/krew/cmd/validate-krew-manifest',
    },
  },
  /** Reads metrics, rules and queries as Prometheus does. */
  promtool: { folder: 'promtool', packages: { promtool: 'github.com/prometheus/prometheus/cmd/promtool' } },
} as const;

export type ModuleName = keyof typeof modules;

export interface Binaries {
  folder: string;
  /** Set by the user, so it is not ours to fill. */
  given: boolean;
  missing: string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** KUBEBUILDER_ASSETS is the variable that Kubernetes' own test environment (setup-envtest) sets; it has no others. */
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

/** The per-user cache of the XDG base directory specification; a relative XDG_CACHE_HOME is to be ignored. */
export function cacheFolder(env: Environment): string {
  const xdg = env.XDG_CACHE_HOME;
  const base = xdg?.startsWith('/') ? xdg : join(env.HOME || homedir(), '.cache');
  return join(base, 'kube-vip-cloud-provider');
}

/** Changes with every change of what would be built, so an old folder is never taken for a new one. */
function sourcesVersion(name: ModuleName): string {
  const cwd = moduleFolder(name);
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  // Folders below the control plane's own are modules of their own.
  const sources = name === 'controlplane' ? [] : globSync('**/*.go', { cwd }).sort();
  for (const file of ['go.mod', 'go.sum', ...sources]) hash.update(readFileSync(join(cwd, file)));
  return hash.digest('hex').slice(0, 16);
}
