import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { permissionsWithClaims } from '../e2e/roles.ts';
import { invalidValues, shown, valueCases, valuesOf } from './chart-values.ts';
import { helm, render } from './helm.ts';
import {
  at,
  base,
  chart,
  fixtures,
  type KubernetesObject,
  manifest,
  objectsIn,
  only,
  podOf,
  rulesOf,
} from './objects.ts';
import { onCluster } from './on-cluster.ts';

const read = (file: string): string => readFileSync(join(chart, file), 'utf8');
const byManifest = objectsIn(readFileSync(manifest, 'utf8'));
const onServer = onCluster('install-chart', ['helm']);

/** The minimal CustomResourceDefinition for the kind. */
const serviceMonitors = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'servicemonitors.monitoring.coreos.com' },
  spec: {
    group: 'monitoring.coreos.com',
    names: { plural: 'servicemonitors', singular: 'servicemonitor', kind: 'ServiceMonitor' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: anything() } }],
  },
};

function anything(): object {
  return {
    type: 'object',
    properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  };
}

onServer('helm lint reports no problem, and the version is that of package.json', async () => {
  await helm(['lint', '--strict', chart]);
  const about: unknown = JSON.parse(readFileSync(join(base, '..', 'package.json'), 'utf8'));
  assert.equal(at(parse(read('Chart.yaml')), 'appVersion'), `v${at(about, 'version')}`);
});

onServer(
  'the API server accepts the chart with its defaults, and with each value changed',
  async (cluster) => {
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify(serviceMonitors));
    await cluster.kubectl(['wait', '--for=condition=established', `crd/${serviceMonitors.metadata.name}`]);
    const accept = async (objects: readonly KubernetesObject[]): Promise<void> => {
      const apply = ['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', '-'];
      const output = await cluster.kubectl(
        apply,
        objects.map((object) => JSON.stringify(object)).join('\n---\n'),
      );
      assert.equal(output.match(/\(server dry run\)$/gm)?.length, objects.length, output);
    };
    const usual = await render({});
    await accept(usual);
    for (const row of valueCases) {
      const [kind, path, what] = row.shows;
      assert.notDeepEqual(shown(usual, kind, path), what, `${row.value} is changed`);
      const objects = await render(valuesOf(row));
      assert.deepEqual(shown(objects, kind, path), what, row.value);
      await accept(objects);
    }
  },
);

onServer('an invalid value is rejected with a message that names it', async () => {
  for (const [values, message] of invalidValues) {
    await assert.rejects(render(values), message, JSON.stringify(values));
  }
});

onServer('manifest, Kustomize base and chart grant the same permissions', async (cluster) => {
  const byKustomize = objectsIn(await cluster.kubectl(['kustomize', base]));
  const byChart = await render({ configMapName: 'kubevip' });
  const sorted = (objects: readonly KubernetesObject[]) =>
    rulesOf(objects).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  assert.equal(sorted(byManifest).length, 2);
  assert.deepEqual(sorted(byKustomize), sorted(byManifest));
  assert.deepEqual(sorted(byChart), sorted(byManifest));
});

onServer('with claims, the chart grants the same permissions as the overlay in docs/install.md', async () => {
  const byChart = rulesOf(await render({ claims: true })).map((role) => at(role, 'rules'));
  assert.ok(byChart.some((rules) => isDeepStrictEqual(rules, permissionsWithClaims().cluster)));
});

onServer(
  'in another namespace, the pools are read there, and the Lease stays in kube-system as for the Go version',
  async () => {
    const objects = await render({}, 'network');
    const roles = objects.filter(({ kind }) => kind === 'Role');
    const resources = roles.map((role) => [role.metadata.namespace, at(role, 'rules.0.resources.0')]);
    assert.deepEqual(resources, [
      ['network', 'configmaps'],
      ['kube-system', 'leases'],
    ]);
    for (const binding of objects.filter(({ kind }) => kind.endsWith('RoleBinding'))) {
      assert.equal(at(binding, 'subjects.0.namespace'), 'network');
    }
    const env = at(only(objects, 'Deployment'), 'spec.template.spec.containers.0.env.0');
    assert.deepEqual(env, { name: 'KUBEVIP_NAMESPACE', value: 'network' });
  },
);

onServer('chart and manifest define the same Pods', async () => {
  const byChart = await render({ configMapName: 'kubevip', priorityClassName: 'system-cluster-critical' });
  assert.deepEqual(comparable(byChart), comparable(byManifest));
});

/** A Deployment without the names that differ between manifest and chart. */
function comparable(objects: readonly KubernetesObject[]): object {
  const deployment = only(objects, 'Deployment');
  const pod = at(deployment, 'spec.template.spec') as {
    containers: object[];
    tolerations: { key: string }[];
  };
  const [container] = pod.containers;
  const tolerations = pod.tolerations.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const spread = at(pod, 'topologySpreadConstraints.0') as object;
  return {
    replicas: at(deployment, 'spec.replicas'),
    ...pod,
    serviceAccountName: 'any',
    tolerations,
    topologySpreadConstraints: [{ ...spread, labelSelector: 'any' }],
    // Only the chart sets the name of the ConfigMap.
    containers: [{ ...container, env: 'any' }],
  };
}

onServer(
  'a namespace with the Pod Security Standard "restricted" accepts the Pods of the chart',
  async (cluster) => {
    const label = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'restricted', labels: label },
    };
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify(namespace));
    const create = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];
    assert.match(await cluster.kubectl(create, podOf(await render({}), 'restricted')), /pod\/probe created/);
  },
);

onServer('all selectors match the Pods of the chart', async () => {
  const objects = await render({ serviceMonitor: { enabled: true } });
  const deployment = only(objects, 'Deployment');
  const spread = 'spec.template.spec.topologySpreadConstraints.0.labelSelector.matchLabels';
  const selectors = [
    at(deployment, 'spec.selector.matchLabels'),
    at(deployment, spread),
    at(only(objects, 'PodDisruptionBudget'), 'spec.selector.matchLabels'),
    at(only(objects, 'Service'), 'spec.selector'),
  ];
  const labels = at(deployment, 'spec.template.metadata.labels');
  for (const selector of selectors) assert.deepEqual(selector, labels);
  // A ServiceMonitor selects a Service by its labels and port.
  const [service, monitor] = [only(objects, 'Service'), only(objects, 'ServiceMonitor')];
  assert.deepEqual(service.metadata.labels, { ...service.metadata.labels, ...labelsOf(monitor) });
  assert.equal(at(monitor, 'spec.endpoints.0.port'), at(service, 'spec.ports.0.name'));
  const port = 'spec.template.spec.containers.0.ports.0.name';
  assert.equal(at(service, 'spec.ports.0.targetPort'), at(deployment, port));
});

function labelsOf(monitor: KubernetesObject): object {
  return at(monitor, 'spec.selector.matchLabels') as object;
}

onServer('the chart accepts every value of the chart for the Go version', async () => {
  const values: unknown = parse(readFileSync(join(fixtures, 'chart-0.2.9', 'values.yaml'), 'utf8'));
  const objects = await render(values as object);
  assert.equal(at(only(objects, 'Deployment'), 'spec.replicas'), 1);
});
