import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Cluster } from '../e2e/cluster.ts';
import {
  at,
  base,
  fixtures,
  itemsOf,
  type KubernetesObject,
  manifest,
  objectsIn,
  only,
  podOf,
  rulesOf,
  titleOf,
} from './objects.ts';
import { onCluster } from './on-cluster.ts';

const ours = objectsIn(readFileSync(manifest, 'utf8'));
const goManifest = join(fixtures, 'go-version.yaml');
const theirs = objectsIn(readFileSync(goManifest, 'utf8'));
const container = 'spec.template.spec.containers.0';

/** What is in a cluster of the objects of a file. */
async function live(cluster: Cluster, file: string): Promise<KubernetesObject[]> {
  return itemsOf(await cluster.kubectl(['get', '-f', file, '-o', 'json']));
}

test('its image is of the version that package.json says', () => {
  const about: unknown = JSON.parse(readFileSync(join(base, '..', 'package.json'), 'utf8'));
  const image = `ghcr.io/kube-vip/kube-vip-cloud-provider:v${at(about, 'version')}`;
  assert.equal(at(only(ours, 'Deployment'), `${container}.image`), image);
});

test('what selects Pods selects those of the Deployment, and the probes ask a port that there is', () => {
  const deployment = only(ours, 'Deployment');
  const labels = at(deployment, 'spec.template.metadata.labels');
  assert.deepEqual(at(deployment, 'spec.selector.matchLabels'), labels);
  assert.deepEqual(
    at(deployment, 'spec.template.spec.topologySpreadConstraints.0.labelSelector.matchLabels'),
    labels,
  );
  assert.deepEqual(at(only(ours, 'PodDisruptionBudget'), 'spec.selector.matchLabels'), labels);
  for (const [probe, path] of [
    ['livenessProbe', '/livez'],
    ['readinessProbe', '/readyz'],
  ]) {
    assert.equal(at(deployment, `${container}.${probe}.httpGet.path`), path);
    assert.equal(
      at(deployment, `${container}.${probe}.httpGet.port`),
      at(deployment, `${container}.ports.0.name`),
    );
  }
});

const onServer = onCluster('install-manifest');

onServer(
  'the API server accepts the manifest, and the Kustomize base, which is the same',
  async (cluster) => {
    for (const from of [
      ['-f', manifest],
      ['-k', base],
    ]) {
      const said = await cluster.kubectl([
        'apply',
        '--dry-run=server',
        '--validate=strict',
        '--warnings-as-errors',
        ...from,
      ]);
      assert.equal(said.match(/ created \(server dry run\)$/gm)?.length, ours.length, said);
    }
    const built = objectsIn(await cluster.kubectl(['kustomize', base]));
    const sorted = (objects: KubernetesObject[]) =>
      objects.toSorted((a, b) => (titleOf(a) < titleOf(b) ? -1 : 1));
    assert.deepEqual(sorted(built), sorted(ours));
  },
);

test('it writes nothing to its own file system', () => {
  const readOnly = `${container}.securityContext.readOnlyRootFilesystem`;
  assert.equal(at(only(ours, 'Deployment'), readOnly), true);
});

onServer('a namespace with the pod security standard "restricted" takes its Pods', async (cluster) => {
  const label = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const metadata = { name: 'restricted', labels: label };
  await cluster.kubectl(
    ['create', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }),
  );
  const create = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];
  const said = await cluster.kubectl(create, podOf(ours, 'restricted'));
  assert.match(said, /pod\/probe created/);
  // The same namespace refuses those of the Go version: the standard is in force.
  await assert.rejects(
    cluster.kubectl(create, podOf(theirs, 'restricted')),
    /violates PodSecurity "restricted/,
  );
});

/** A test that leaves nothing of either manifest behind. */
const installing: typeof onServer = (title, body) => {
  onServer(title, async (cluster) => {
    try {
      await body(cluster);
    } finally {
      await cluster.kubectl(['delete', '--ignore-not-found', '-f', manifest]);
    }
  });
};

/** How the Go version's manifest may have come into a cluster. */
const ways: Record<string, string[]> = {
  'kubectl apply': ['apply'],
  'kubectl apply --server-side': ['apply', '--server-side'],
  'kubectl create': ['create'],
};

for (const [way, command] of Object.entries(ways)) {
  installing(
    `\`kubectl apply\` replaces the Go version that came by \`${way}\`, in place`,
    async (cluster) => {
      await cluster.pools({ 'cidr-global': '10.0.0.0/24' });
      const seePools = ['get', 'configmap', '--namespace', 'kube-system', 'kubevip', '-o', 'json'];
      const pools = await cluster.kubectl(seePools);
      const fresh = await cluster.kubectl(['apply', '--dry-run=server', '-f', manifest, '-o', 'json']);

      await cluster.kubectl([...command, '-f', goManifest]);
      const before = await live(cluster, goManifest);
      await cluster.kubectl(['apply', '--validate=strict', '-f', manifest]);
      const after = await live(cluster, manifest);

      const uids = new Map(after.map((object) => [titleOf(object), object.metadata.uid]));
      for (const object of before) {
        assert.equal(uids.get(titleOf(object)), object.metadata.uid, `${titleOf(object)} is the same`);
      }
      assert.deepEqual(rulesOf(after), rulesOf(ours), 'no right of the old role is left');
      const wanted = at(only(itemsOf(fresh), 'Deployment'), 'spec');
      assert.deepEqual(at(only(after, 'Deployment'), 'spec'), wanted, 'as if it had always been there');

      await cluster.kubectl(['apply', '-f', manifest]);
      assert.deepEqual(await live(cluster, manifest), after, 'a second time changes nothing');
      assert.equal(await cluster.kubectl(seePools), pools);
    },
  );
}

installing('`kubectl apply` of the Go version’s manifest goes back', async (cluster) => {
  await cluster.kubectl(['apply', '-f', manifest]);
  // `kubectl rollout undo` brings back its Pods alone, which ask for no token themselves.
  const account = only(await live(cluster, manifest), 'ServiceAccount');
  assert.equal(at(account, 'automountServiceAccountToken'), undefined);
  await cluster.kubectl(['apply', '-f', goManifest]);
  const after = await live(cluster, goManifest);
  assert.deepEqual(rulesOf(after), rulesOf(theirs));
  const deployment = only(after, 'Deployment');
  assert.equal(at(deployment, 'spec.replicas'), 1);
  assert.equal(at(deployment, `${container}.args`), undefined);
  assert.equal(at(deployment, `${container}.livenessProbe`), undefined, 'the Go version does not answer it');
});
