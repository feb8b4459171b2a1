import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { releaseSettings, taggedImage } from '../../scripts/release/settings.ts';
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
  root,
  rulesOf,
  titleOf,
} from './objects.ts';
import { onCluster } from './on-cluster.ts';

const ours = objectsIn(readFileSync(manifest, 'utf8'));
const goManifest = join(fixtures, 'go-version.yaml');
const theirs = objectsIn(readFileSync(goManifest, 'utf8'));
const container = 'spec.template.spec.containers.0';

/** The objects in a file as they are in the cluster. */
async function live(cluster: Cluster, file: string): Promise<KubernetesObject[]> {
  return itemsOf(await cluster.kubectl(['get', '-f', file, '-o', 'json']));
}

test('the image has the name and the version in package.json', () => {
  const image = taggedImage(releaseSettings(root));
  assert.equal(at(only(ours, 'Deployment'), `${container}.image`), image);
});

test('all selectors match the Pods of the Deployment, and the probes use an existing port', () => {
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

onServer('the API server accepts the manifest and the Kustomize base, which are equal', async (cluster) => {
  for (const from of [
    ['-f', manifest],
    ['-k', base],
  ]) {
    const output = await cluster.kubectl([
      'apply',
      '--dry-run=server',
      '--validate=strict',
      '--warnings-as-errors',
      ...from,
    ]);
    assert.equal(output.match(/ created \(server dry run\)$/gm)?.length, ours.length, output);
  }
  const built = objectsIn(await cluster.kubectl(['kustomize', base]));
  const sorted = (objects: KubernetesObject[]) =>
    objects.toSorted((a, b) => (titleOf(a) < titleOf(b) ? -1 : 1));
  assert.deepEqual(sorted(built), sorted(ours));
});

test('the root file system is read-only', () => {
  const readOnly = `${container}.securityContext.readOnlyRootFilesystem`;
  assert.equal(at(only(ours, 'Deployment'), readOnly), true);
});

onServer('a namespace with the Pod Security Standard "restricted" accepts the Pods', async (cluster) => {
  const label = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const metadata = { name: 'restricted', labels: label };
  await cluster.kubectl(
    ['create', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }),
  );
  const create = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];
  const output = await cluster.kubectl(create, podOf(ours, 'restricted'));
  assert.match(output, /pod\/probe created/);
  // The rejected Pod of the Go version shows that the standard is enforced.
  await assert.rejects(
    cluster.kubectl(create, podOf(theirs, 'restricted')),
    /violates PodSecurity "restricted/,
  );
});

/** A test that removes both manifests at the end. */
const installing: typeof onServer = (title, body) => {
  onServer(title, async (cluster) => {
    try {
      await body(cluster);
    } finally {
      await cluster.kubectl(['delete', '--ignore-not-found', '-f', manifest]);
    }
  });
};

/** Commands with which the Go version's manifest may have been installed. */
const ways: Record<string, string[]> = {
  'kubectl apply': ['apply'],
  'kubectl apply --server-side': ['apply', '--server-side'],
  'kubectl create': ['create'],
};

for (const [way, command] of Object.entries(ways)) {
  installing(
    `\`kubectl apply\` replaces in place a Go version that \`${way}\` installed`,
    async (cluster) => {
      await cluster.pools({ 'cidr-global': '10.0.0.0/24' });
      const seePools = ['get', 'configmap', '--namespace', 'kube-system', 'kubevip', '-o', 'json'];
      const pools = await cluster.kubectl(seePools);
      const dryRun = await cluster.kubectl(['apply', '--dry-run=server', '-f', manifest, '-o', 'json']);

      await cluster.kubectl([...command, '-f', goManifest]);
      const before = await live(cluster, goManifest);
      await cluster.kubectl(['apply', '--validate=strict', '-f', manifest]);
      const after = await live(cluster, manifest);

      const uids = new Map(after.map((object) => [titleOf(object), object.metadata.uid]));
      for (const object of before) {
        assert.equal(uids.get(titleOf(object)), object.metadata.uid, `${titleOf(object)} is the same`);
      }
      assert.deepEqual(rulesOf(after), rulesOf(ours), 'no permission of the old role remains');
      const wanted = at(only(itemsOf(dryRun), 'Deployment'), 'spec');
      assert.deepEqual(at(only(after, 'Deployment'), 'spec'), wanted, 'the same as a new installation');

      await cluster.kubectl(['apply', '-f', manifest]);
      assert.deepEqual(await live(cluster, manifest), after, 'a second time changes nothing');
      assert.equal(await cluster.kubectl(seePools), pools);
    },
  );
}

installing('`kubectl apply` of the Go version’s manifest is a rollback', async (cluster) => {
  await cluster.kubectl(['apply', '-f', manifest]);
  // `kubectl rollout undo` only restores its Pods, which do not request a token themselves.
  const account = only(await live(cluster, manifest), 'ServiceAccount');
  assert.equal(at(account, 'automountServiceAccountToken'), undefined);
  await cluster.kubectl(['apply', '-f', goManifest]);
  const after = await live(cluster, goManifest);
  assert.deepEqual(rulesOf(after), rulesOf(theirs));
  const deployment = only(after, 'Deployment');
  assert.equal(at(deployment, 'spec.replicas'), 1);
  assert.equal(at(deployment, `${container}.args`), undefined);
  assert.equal(
    at(deployment, `${container}.livenessProbe`),
    undefined,
    'the Go version has no such endpoint',
  );
});
