/** The overlays in docs/install.md are accepted and consistent. */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { temporaryFolder } from '../controlplane/temporary.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { at, base, type KubernetesObject, objectsIn, only } from './objects.ts';
import { onCluster } from './on-cluster.ts';

const onServer = onCluster('install-overlays');
const text = readFileSync(join(base, '..', 'docs', 'install.md'), 'utf8');

/** The overlays by their headings. */
const overlays = new Map(
  text.split(/^## /m).flatMap((section): [string, string][] => {
    const yaml = /^```yaml\n(.*?)^```$/ms.exec(section)?.[1];
    return yaml === undefined ? [] : [[section.slice(0, section.indexOf('\n')), yaml]];
  }),
);

async function build(cluster: Cluster, overlay: string): Promise<KubernetesObject[]> {
  const folder = temporaryFolder('kvcp-overlay-');
  try {
    cpSync(base, join(folder.path, 'manifest'), { recursive: true });
    mkdirSync(join(folder.path, 'overlay'));
    writeFileSync(join(folder.path, 'overlay', 'kustomization.yaml'), overlay);
    return objectsIn(await cluster.kubectl(['kustomize', join(folder.path, 'overlay')]));
  } finally {
    folder.remove();
  }
}

/** The names of the Lease and the ConfigMap that the Pods use, from their flags and environment. */
function namesUsedBy(objects: readonly KubernetesObject[]): Record<string, string> {
  const container = at(only(objects, 'Deployment'), 'spec.template.spec.containers.0');
  const args = new Map((at(container, 'args') as string[]).map((arg) => arg.split('=') as [string, string]));
  const env = (at(container, 'env') ?? []) as { name: string; value: string }[];
  const named = new Map(env.map(({ name, value }) => [name, value]));
  return {
    lease: args.get('--leader-elect-resource-name') ?? '',
    leaseNamespace: args.get('--leader-elect-resource-namespace') ?? 'kube-system',
    pools: named.get('KUBEVIP_CONFIG_MAP') ?? 'kubevip',
    poolsNamespace: named.get('KUBEVIP_NAMESPACE') ?? 'kube-system',
  };
}

for (const [heading, overlay] of overlays) {
  onServer(
    `the overlay under "${heading}" grants its Pods the permissions that they need`,
    async (cluster) => {
      const objects = await build(cluster, overlay);
      const role = only(objects, 'Role');
      const [pools, lease] = [at(role, 'rules.0.resourceNames.0'), at(role, 'rules.2.resourceNames.0')];
      const where = role.metadata.namespace;
      assert.deepEqual(namesUsedBy(objects), { lease, leaseNamespace: where, pools, poolsNamespace: where });

      const deployment = only(objects, 'Deployment');
      const account = at(deployment, 'spec.template.spec.serviceAccountName');
      for (const binding of objects.filter(({ kind }) => kind.endsWith('RoleBinding'))) {
        assert.equal(at(binding, 'subjects.0.name'), account);
        assert.equal(at(binding, 'subjects.0.namespace'), deployment.metadata.namespace);
        const named = objects.filter(({ kind }) => kind === at(binding, 'roleRef.kind'));
        assert.deepEqual(
          named.map(({ metadata }) => metadata.name),
          [at(binding, 'roleRef.name')],
        );
      }
      const labels = at(deployment, 'spec.template.metadata.labels');
      const spread = 'spec.template.spec.topologySpreadConstraints.0.labelSelector.matchLabels';
      for (const [object, path] of [
        [deployment, 'spec.selector.matchLabels'],
        [deployment, spread],
        [only(objects, 'PodDisruptionBudget'), 'spec.selector.matchLabels'],
      ] as const) {
        assert.deepEqual(at(object, path), labels, path);
      }
    },
  );

  onServer(`the API server accepts the overlay under "${heading}"`, async (cluster) => {
    const objects = await build(cluster, overlay);
    const { namespace } = only(objects, 'Deployment').metadata;
    if (namespace !== undefined) await cluster.namespace(namespace);
    const apply = ['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', '-'];
    await cluster.kubectl(apply, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  });
}

onServer('the objects of the first controller do not select the Pods of a second one', async (cluster) => {
  const first = await build(cluster, 'resources: [../manifest]');
  const selector = at(only(first, 'PodDisruptionBudget'), 'spec.selector.matchLabels') as object;
  const second = await build(cluster, overlays.get('Several in one cluster') ?? '');
  const labels = new Map(
    Object.entries(at(only(second, 'Deployment'), 'spec.template.metadata.labels') as object),
  );
  assert.ok(Object.entries(selector).some(([label, value]) => labels.get(label) !== value));
  const names = new Set(first.map(({ metadata }) => metadata.name));
  assert.deepEqual(
    second.filter(({ metadata }) => names.has(metadata.name)),
    [],
  );
});

onServer('every overlay in the document is tested', () => {
  assert.equal(overlays.size, text.match(/^kind: Kustomization$/gm)?.length);
  assert.ok(overlays.size >= 3);
  for (const overlay of overlays.values()) assert.deepEqual(at(parse(overlay), 'resources'), ['../manifest']);
  return Promise.resolve();
});
