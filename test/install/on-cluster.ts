import { after, before, test } from 'node:test';
import { locateBinaries, type ModuleName } from '../controlplane/binaries.ts';
import { Cluster } from '../e2e/cluster.ts';

export type OnCluster = (title: string, body: (cluster: Cluster) => Promise<void>) => void;

/**
 * Returns a function that registers tests. All tests of a file run one after another on one kube-apiserver, and each
 * cleans up after itself.
 */
export function onCluster(
  prefix: string,
  programs: readonly ModuleName[] = [],
  flags: readonly string[] = [],
): OnCluster {
  const { folder } = locateBinaries(process.env);
  const missing = [...new Set<ModuleName>(['controlplane', ...programs])].flatMap(
    (name) => locateBinaries(process.env, name).missing,
  );
  if (missing.length > 0) {
    const skip = `needs ${missing.join(', ')}: \`npm run controlplane\` builds them`;
    return (title) => {
      test(title, { skip });
    };
  }
  let cluster: Cluster | undefined;
  before(async () => {
    cluster = await Cluster.start(folder, { prefix, flags });
  });
  after(() => cluster?.stop());
  return (title, body) => {
    test(title, async () => {
      if (cluster === undefined) throw new Error('the cluster did not start');
      await body(cluster);
    });
  };
}
