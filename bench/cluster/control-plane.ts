import { locateBinaries } from '../../test/controlplane/binaries.ts';
import { PartFailed } from '../part.ts';

/** The folder with kube-apiserver and etcd. */
export function controlPlane(): string {
  const { folder, missing } = locateBinaries(process.env);
  if (missing.length === 0) return folder;
  throw new PartFailed(
    `${missing.join(' and ')} missing in ${folder}. \`npm run controlplane\` builds them.`,
  );
}
