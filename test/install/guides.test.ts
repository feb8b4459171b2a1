/** Follows docs/guides/air-gap.md with small images and a registry on this machine, and the settings in docs/guides/README.md. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ImageConfig, Layout } from '../../scripts/image/oci.ts';
import { architectures } from '../../scripts/image/platform.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { type Child, freePorts, startChild } from '../controlplane/process.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { type Block, root, sectionsOf } from '../docs/document.ts';
import { eventually } from '../e2e/eventually.ts';
import { Shell } from '../e2e/guide.ts';
import { at, itemsOf, objectsIn, only } from './objects.ts';
import { onCluster } from './on-cluster.ts';

const guide = 'docs/guides/air-gap.md';
const { folder: programs, missing } = locateBinaries(process.env, 'crane');
const options = missing.length > 0 ? { skip: 'needs crane: `npm run controlplane` builds it' } : {};
const folder = temporaryFolder('kvcp-air-gap-');
/** The name of the registry in the guide. */
const named = 'registry.example.com';
let registry: Child | undefined;
let address = '';

function blocks(path: string, title: string, language: string): string[] {
  const section = sectionsOf(path).find((one) => one.title === title);
  return (section?.parts ?? [])
    .filter((part): part is Block => part.kind === 'block' && part.language === language)
    .map(({ text }) => text);
}

/** Runs commands in the folder with the images, on the registry of the test. */
function run(commands: string): string {
  return execFileSync('/bin/sh', ['-euc', commands.replaceAll(named, address)], {
    cwd: folder.path,
    encoding: 'utf8',
    env: { PATH: `${programs}:${process.env.PATH}`, HOME: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Writes small images with the names of those that the guide collects. */
function collect(): void {
  const config: ImageConfig = {
    ...{ user: '65532:65532', entrypoint: ['/program'], env: [], ports: [], labels: {} },
    created: '2026-01-01T00:00:00Z',
  };
  const content = join(folder.path, 'content');
  mkdirSync(content);
  writeFileSync(join(content, 'program'), '');
  const layout = new Layout(join(folder.path, 'dist', 'image', 'oci'));
  const images = architectures.map((architecture) => layout.add(architecture, [content], config));
  layout.finish(images, 'example:v1');
  const [first = assert.fail()] = images;
  for (const file of ['kube-vip.tar', 'nginx.tar']) layout.pack(join(folder.path, file), first, 'example:v1');
}

before(async () => {
  if (missing.length > 0) return;
  const [port = 0] = await freePorts(1);
  address = `127.0.0.1:${port}`;
  const started = startChild(join(programs, 'crane'), ['registry', 'serve', '--address', address]);
  registry = started;
  await eventually(async () => {
    if (!started.running()) throw new Error(started.output());
    assert.equal((await fetch(`http://${address}/v2/`)).status, 200);
  });
  collect();
});
after(async () => {
  await registry?.stop('KILL');
  folder.remove();
});

const [push = ''] = blocks(guide, 'Push them to a registry', 'sh');
const [overlay = '', credentials = ''] = blocks(guide, 'Install from the registry', 'yaml');
const [secret = '', install = ''] = blocks(guide, 'Install from the registry', 'sh');
const [workload = ''] = blocks(guide, 'Create a Service', 'sh');
const [chart = ''] = blocks(guide, 'With Helm', 'sh');

test(`${guide}: crane pushes the images, with both platforms of the controller`, options, () => {
  run(push);
  const index = JSON.parse(run(`crane manifest ${named}/kube-vip/kube-vip-cloud-provider:v0.1.0`)) as {
    manifests: { platform: { architecture: string } }[];
  };
  assert.deepEqual(index.manifests.map(({ platform }) => platform.architecture).sort(), [...architectures]);
});

test('each document pushes the OCI layout as an index, which crane requires', options, () => {
  assert.throws(() => run(`crane push dist/image/oci ${named}/example:v1`), /consider --index/);
  const texts = globSync(['README.md', 'docs/**/*.md'], { cwd: root }).map((path) =>
    readFileSync(join(root, path), 'utf8'),
  );
  const commands = texts.flatMap((text) => text.match(/crane push .*dist\/image\/oci/g) ?? []);
  assert.ok(commands.length >= 3);
  assert.deepEqual([...new Set(commands)], ['crane push --index dist/image/oci']);
});

const onServer = onCluster('install-guides', ['helm', 'crane']);

/** Fails if the registry lacks an image. */
function inRegistry(image: unknown): void {
  assert.ok(typeof image === 'string' && image.startsWith(`${named}/`), String(image));
  run(`crane digest ${image}`);
}

onServer(
  `${guide}: everything that is installed has an image in the registry, and the credentials`,
  async (cluster) => {
    const shell = new Shell(cluster);
    try {
      shell.save(`${overlay}${credentials}`, 'overlay/kustomization.yaml');
      await shell.run(secret);
      // Nothing runs the Pods here, so a rollout would never end: test/kube-vip/guides.test.ts runs them.
      await shell.run(install.replaceAll(/^kubectl rollout .*$/gm, ''));
      await shell.run(workload);
      const list = await cluster.kubectl(['get', 'deployments,daemonsets', '-A', '-o', 'json']);
      const objects = itemsOf(list);
      assert.deepEqual(objects.map(({ metadata }) => metadata.name).sort(), [
        'kube-vip-cloud-provider',
        'kube-vip-ds',
        'web',
      ]);
      for (const object of objects) {
        inRegistry(at(object, 'spec.template.spec.containers.0.image'));
        const pullSecret = object.metadata.namespace === 'kube-system' ? 'registry' : undefined;
        assert.equal(at(object, 'spec.template.spec.imagePullSecrets.0.name'), pullSecret);
      }
      const template = chart.replace('helm install', 'helm template');
      inRegistry(
        at(only(objectsIn(await shell.run(template)), 'Deployment'), 'spec.template.spec.containers.0.image'),
      );
    } finally {
      await cluster.kubectl(['delete', 'deployment,daemonset', '--all', '-A']);
      await cluster.clear();
      shell.close();
    }
  },
);

onServer('docs/guides/README.md: kube-vip on another interface, and on all nodes', async (cluster) => {
  const path = 'docs/guides/README.md';
  const [interfaces = ''] = blocks(path, 'Settings of kube-vip', 'sh');
  const [onWorkers = ''] = blocks(path, 'Settings of kube-vip', 'yaml');
  const shell = new Shell(cluster);
  try {
    await shell.run('kubectl apply -k deploy/kube-vip');
    const spec = async () =>
      at(
        JSON.parse(
          await cluster.kubectl(['get', 'daemonset', '-n', 'kube-system', 'kube-vip-ds', '-o', 'json']),
        ),
        'spec.template.spec',
      );
    assert.notEqual(at(await spec(), 'affinity'), undefined);
    await shell.run(interfaces);
    const variables = at(await spec(), 'containers.0.env') as { name: string; value?: string }[];
    assert.ok(variables.some(({ name, value }) => name === 'vip_interface' && value === 'eth1'));
    shell.save(onWorkers, 'overlay/kustomization.yaml');
    await shell.run('kubectl apply -k overlay');
    assert.equal(at(await spec(), 'affinity'), undefined);
  } finally {
    await shell.run('kubectl delete --ignore-not-found -k deploy/kube-vip');
    shell.close();
  }
});
