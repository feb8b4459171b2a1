import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  isModuleName,
  isRelease,
  locateBinaries,
  type ModuleName,
  modules,
} from '../controlplane/binaries.ts';
import { type TemporaryFolder, temporaryFolder } from '../controlplane/temporary.ts';

/** The release of the control plane that all other tests run on. */
const usual = '1.36';

/** The releases of Kubernetes that tests can run on, oldest first. */
export const releases: readonly string[] = [
  ...Object.keys(modules)
    .filter((name) => isModuleName(name) && isRelease(name))
    .map((name) => name.replace('kubernetes-', '')),
  usual,
].sort();

/** The module with the kube-apiserver of a release; undefined if there is none. */
export function moduleOf(release: string): ModuleName | undefined {
  if (release === usual) return 'controlplane';
  const name = `kubernetes-${release}`;
  return isModuleName(name) ? name : undefined;
}

/** A folder for KUBEBUILDER_ASSETS: the kube-apiserver of one release, with the etcd and the kubectl of the other tests. */
export function assembleRelease(module: ModuleName): TemporaryFolder {
  const assets = temporaryFolder('kvcp-skew-');
  for (const program of Object.keys(modules.controlplane.packages)) {
    const { folder } = locateBinaries(process.env, program === 'kube-apiserver' ? module : 'controlplane');
    symlinkSync(join(folder, program), join(assets.path, program));
  }
  return assets;
}
