import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { pageAddress, releaseSettings, taggedImage } from '../../scripts/release/settings.ts';
import { firstCells } from '../docs/document.ts';
import { permissionsWithClaims, permissionsWithStatus } from '../e2e/roles.ts';
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
  root,
  rulesOf,
} from './objects.ts';
import { onCluster } from './on-cluster.ts';

const read = (file: string): string => readFileSync(join(chart, file), 'utf8');
const byManifest = objectsIn(readFileSync(manifest, 'utf8'));
const onServer = onCluster('install-chart', ['helm']);

/** The minimal CustomResourceDefinition for a kind of the Prometheus Operator. */
function definitionOf(kind: string) {
  const [singular, group] = [kind.toLowerCase(), 'monitoring.coreos.com'];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${group}` },
    spec: {
      group,
      names: { plural: `${singular}s`, singular, kind },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: anything() } }],
    },
  };
}

function anything(): object {
  return {
    type: 'object',
    properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  };
}

/** Every optional object of the chart. */
const everything = {
  cm: { data: { 'cidr-global': '10.0.0.0/24' } },
  podDisruptionBudget: { enabled: true },
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true },
};
const policies = { admissionPolicies: { install: ['addresses', 'marks', 'hostnames'] } };

/** The releases of Kubernetes in docs/compatibility.md. */
const releases = firstCells('docs/compatibility.md', 'Kubernetes').filter((cell) =>
  /^1\.\d+\.\d+$/.test(cell),
);

onServer('helm lint reports no problem on any tested release of Kubernetes, with all objects', async () => {
  assert.ok(releases.length >= 4);
  for (const release of releases) {
    const minor = Number(release.split('.')[1]);
    const values = {
      ...everything,
      ...(minor < 31 ? {} : policies),
      ...(minor < 33 ? {} : { claims: true }),
    };
    const given = ['--kube-version', release, '--values', '-'];
    await helm(['lint', '--strict', chart, ...given], JSON.stringify(values));
    const objects = objectsIn(await helm(['template', 'kvcp', chart, ...given], JSON.stringify(values)));
    const kinds = new Set(objects.map(({ kind }) => kind));
    assert.ok(kinds.has('Deployment') && kinds.has('PrometheusRule'), release);
  }
});

onServer('on a release of Kubernetes that lacks what a value needs, the chart names the value', async () => {
  const on = (release: string, values: object) =>
    helm(['template', 'kvcp', chart, '--kube-version', release, '--values', '-'], JSON.stringify(values));
  await assert.rejects(on('1.29.9', {}), /kubeVersion: >=1\.30\.0-0/);
  await assert.rejects(
    on('1.32.13', { claims: true }),
    /claims requires Kubernetes 1\.33, but the cluster runs v1\.32\.13\. Remove the value, or upgrade the cluster/,
  );
  const pools = { admissionPolicies: { install: ['pools'] } };
  await assert.rejects(on('1.32.13', pools), /admissionPolicies\.install pools requires Kubernetes 1\.33,/);
  await assert.rejects(
    on('1.30.14', policies),
    /admissionPolicies\.install addresses requires Kubernetes 1\.31,/,
  );
  await on('v1.33.1+k3s1', { claims: true, ...pools });
});

onServer('the chart and the manifest read the same ConfigMap, a second release reads its own', async () => {
  const poolsOf = async (values: object) => at(only(await render(values), 'Role'), 'rules.0.resourceNames');
  assert.deepEqual(await poolsOf({}), at(only(byManifest, 'Role'), 'rules.0.resourceNames'));
  assert.deepEqual(await poolsOf({ nameOverride: 'second' }), ['second']);
  assert.deepEqual(await poolsOf({ nameOverride: 'second', configMapName: 'mine' }), ['mine']);
  const [pools] = (await render({ cm: everything.cm, configMapName: 'mine' })).filter(
    ({ kind }) => kind === 'ConfigMap',
  );
  assert.equal(pools?.metadata.name, 'mine', 'cm.data goes where the controller reads it');
});

onServer('the dashboard is the one in deploy/monitoring', async () => {
  const board = only(await render({ dashboard: { enabled: true } }), 'ConfigMap');
  const [text = ''] = Object.values(at(board, 'data') as Record<string, string>);
  assert.equal(`${text}\n`, readFileSync(join(root, 'deploy', 'monitoring', 'dashboard.json'), 'utf8'));
});

test('Chart.yaml names the version, the image and the repository of package.json', () => {
  const settings = releaseSettings(root);
  const about: unknown = parse(read('Chart.yaml'));
  assert.equal(at(about, 'appVersion'), `v${settings.version}`);
  assert.equal(at(about, 'home'), settings.repository);
  assert.deepEqual(at(about, 'sources'), [settings.repository]);
  const notes = new Map(Object.entries(at(about, 'annotations') as Record<string, string>));
  const images: unknown = parse(notes.get('artifacthub.io/images') ?? '');
  assert.equal(at(images, '0.image'), taggedImage(settings));
  const links = parse(notes.get('artifacthub.io/links') ?? '') as { url: string }[];
  for (const { url } of links) {
    const path = url.replace(pageAddress(settings, ''), '');
    assert.ok(existsSync(join(root, path)), `${url} is a page of this version`);
  }
  const repository = at(parse(read('values.yaml')), 'image.repository');
  assert.equal(repository, settings.image);
});

onServer(
  'the API server accepts the chart with its defaults, and with each value changed',
  async (cluster) => {
    for (const definition of ['ServiceMonitor', 'PrometheusRule'].map(definitionOf)) {
      await cluster.kubectl(['create', '-f', '-'], JSON.stringify(definition));
      await cluster.kubectl(['wait', '--for=condition=established', `crd/${definition.metadata.name}`]);
    }
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
  const byChart = await render({});
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
  'with publishStatus, the chart grants the same permissions as the overlay in docs/install.md',
  async () => {
    const byChart = rulesOf(await render({ publishStatus: true })).map((role) => at(role, 'rules'));
    assert.ok(byChart.some((rules) => isDeepStrictEqual(rules, permissionsWithStatus().kubeSystem)));
  },
);

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
  const byChart = await render({ priorityClassName: 'system-cluster-critical' });
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
