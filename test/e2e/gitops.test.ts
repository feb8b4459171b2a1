/** Tests docs/gitops.md with Helm itself, and for other tools compares the fields that the document lists. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import type { Body } from '../contract/http.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { firstCells, sectionsOf } from '../docs/document.ts';
import { helm } from '../install/helm.ts';
import type { Cluster } from './cluster.ts';
import { assigned, loadBalancer, names } from './objects.ts';
import { type Scenario, scenarios } from './scenario.ts';

const document = 'docs/gitops.md';
const scenario = scenarios('gitops');
const { missing } = locateBinaries(process.env, 'helm');
const withHelm: Scenario =
  missing.length === 0
    ? scenario
    : (title) => {
        test(title, { skip: `needs ${missing.join(', ')}: \`npm run controlplane\` builds them` });
      };

interface Ignoring {
  spec: {
    ignoreDifferences?: { jsonPointers: string[] }[];
    driftDetection?: { ignore: { paths: string[] }[] };
  };
}

function exampleOf(title: string): Ignoring {
  const block = sectionsOf(document)
    .find((section) => section.title === title)
    ?.parts.find((part) => part.kind === 'block');
  assert.ok(block?.kind === 'block', title);
  return parse(block.text) as Ignoring;
}

/** JSON pointers to the annotations, labels and addresses of a Service. */
function fieldsOf({ metadata, spec }: Body): string[] {
  const named = { '/metadata/annotations': metadata.annotations, '/metadata/labels': metadata.labels };
  const pointers = Object.entries(named).flatMap(([path, map = {}]) =>
    Object.keys(map).map((key) => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
  return spec.loadBalancerIP === undefined ? pointers : [...pointers, '/spec/loadBalancerIP'];
}

/** Converts a field name from the table to a JSON pointer. */
function pointerOf(field: string): string {
  const [kind = '', name = ''] = field.split(' ');
  if (name === '') return `/${kind.replaceAll('.', '/')}`;
  return `/metadata/${kind}s/${name.replaceAll('/', '~1')}`;
}

scenario(
  'docs/gitops.md lists every field that the controller writes, three times',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1', 'interface-default': 'eth3' });
    await cluster.create(loadBalancer('default/web'));
    const before = await cluster.service('default/web');
    assert.deepEqual(fieldsOf(before), []);
    start();
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default', { interface: 'eth3' }));
    const after = await cluster.service('default/web');
    const written = fieldsOf(after).sort();
    assert.deepEqual(
      { ...after.spec, loadBalancerIP: undefined },
      { ...before.spec, loadBalancerIP: undefined },
    );
    assert.deepEqual(firstCells(document, 'field').map(pointerOf).sort(), written);
    const argo = exampleOf('Argo CD').spec.ignoreDifferences ?? [];
    assert.deepEqual(argo.flatMap(({ jsonPointers }) => jsonPointers).sort(), written);
    const flux = exampleOf('Flux').spec.driftDetection?.ignore ?? [];
    assert.deepEqual(flux.flatMap(({ paths }) => paths).sort(), written);
  },
);

/** Creates a chart with one Service, whose label `round` is a value, and returns its folder. */
function chartOf(metadata: object, spec: object): string {
  const { path, remove } = temporaryFolder('kvcp-chart-');
  after(remove);
  mkdirSync(join(path, 'templates'));
  writeFileSync(join(path, 'Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', labels: { round: '{{ .Values.round }}' }, ...metadata },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  };
  writeFileSync(join(path, 'templates', 'service.yaml'), JSON.stringify(service));
  return path;
}

const blank = chartOf({ annotations: { [names.addresses]: '' } }, { loadBalancerIP: '' });
const byValue = chartOf({}, { loadBalancerIP: '{{ .Values.address }}' });
const withoutFields = chartOf({}, {});

/**
 * Installs a chart as the release `web`. Its Service has 10.1.0.5 while a lower address is free, so a new allocation would
 * be a different address.
 */
function withRelease(
  title: string,
  chart: string,
  body: (context: { cluster: Cluster; upgrade: Helm; run: Helm }) => Promise<void>,
  ...flags: string[]
): void {
  withHelm(title, async ({ cluster, start }) => {
    const run: Helm = (...args) => helm([...args, '--namespace', 'default'], '', cluster.server.kubeconfig());
    const upgrade: Helm = (...args) => run('upgrade', 'web', chart, ...args, '--set-string', 'round=second');
    await cluster.pools({ 'range-default': '10.1.0.5-10.1.0.9' });
    start();
    try {
      await run('install', 'web', chart, '--set-string', 'round=first', ...flags);
      await cluster.becomes('default/web', assigned('10.1.0.5', 'range-default'));
      await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
      await body({ cluster, upgrade, run });
    } finally {
      await run('uninstall', 'web', '--ignore-not-found');
    }
  });
}

type Helm = (...args: string[]) => Promise<string>;

async function isUpgraded(cluster: Cluster): Promise<void> {
  await cluster.becomes('default/web', assigned('10.1.0.5', 'range-default'));
  assert.equal((await cluster.service('default/web')).metadata.labels?.round, 'second');
}

withRelease('Helm: a chart without our fields', withoutFields, async ({ cluster, upgrade, run }) => {
  await upgrade();
  await isUpgraded(cluster);
  await run('rollback', 'web');
  await cluster.becomes('default/web', assigned('10.1.0.5', 'range-default'));
});

withRelease('Helm 4: a chart with empty fields causes a conflict', blank, async ({ cluster, upgrade }) => {
  await assert.rejects(upgrade(), /Apply failed with 2 conflicts: conflicts with "kube-vip-cloud-provider"/);
  await upgrade('--force-conflicts');
  await isUpgraded(cluster);
});

withRelease(
  'Helm 3: a chart with empty fields',
  blank,
  async ({ cluster, upgrade }) => {
    await upgrade();
    await isUpgraded(cluster);
  },
  '--server-side=false',
);

withRelease('Helm 4: an address that is added to the chart later', byValue, async ({ cluster, upgrade }) => {
  const value = ['--set-string', 'address=10.9.8.7'];
  await assert.rejects(upgrade(...value), /conflict with "kube-vip-cloud-provider"/);
  await upgrade(...value, '--force-conflicts');
  await cluster.becomes('default/web', assigned('10.9.8.7', 'static'));
});
