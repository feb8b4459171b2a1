import { after, before, test } from 'node:test';
import { locateBinaries, type ModuleName } from '../controlplane/binaries.ts';
import { Cluster } from '../e2e/cluster.ts';

export type OnCluster = (title: string, body: (cluster: Cluster) => Promise<void>) => void;

/** Tests of one file on a kube-apiserver of their own, one after another. Each cleans up what the next would meet. */
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
      if (cluster === undefined) throw new Error('there is no cluster');
      await body(cluster);
    });
  };
}
