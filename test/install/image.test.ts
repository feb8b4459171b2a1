/** Tests the image without a container engine: its files, and that they run without others. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { labelsOf, last } from '../../scripts/image/dockerfile.ts';
import { freePorts } from '../controlplane/process.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { Chroot, chrootSkipReason } from './chroot.ts';
import { assembleImage, finalStage, stages } from './image-files.ts';
import { asPod, assignsAddress, environment } from './image-run.ts';
import { at, fixtures, manifest, objectsIn, only } from './objects.ts';
import { onCluster } from './on-cluster.ts';

const skip = chrootSkipReason();
const deployment = only(objectsIn(readFileSync(manifest, 'utf8')), 'Deployment');
const container = 'spec.template.spec.containers.0';
const program = at(deployment, `${container}.command.0`) as string;
const folder = temporaryFolder('kvcp-image-');
let image = '';
let chroot: Chroot | undefined;

before(() => {
  image = assembleImage(folder.path);
  chroot = new Chroot(image, last(finalStage(), 'USER'));
});
after(() => folder.remove());

function inChroot(title: string, body: (chroot: Chroot) => Promise<void> | void): void {
  test(title, skip === undefined ? {} : { skip }, async () => {
    assert.ok(chroot);
    await body(chroot);
  });
}

test('the last stage has no RUN, the same user as the Pod, and all labels', () => {
  const stage = finalStage();
  assert.deepEqual(
    stage.instructions.filter(({ name }) => name === 'RUN'),
    [],
  );
  const pod = 'spec.template.spec.securityContext';
  const user = `${at(deployment, `${pod}.runAsUser`)}:${at(deployment, `${pod}.runAsGroup`)}`;
  assert.equal(last(stage, 'USER'), user);
  assert.deepEqual(JSON.parse(last(stage, 'ENTRYPOINT')), [program]);
  assert.equal(Number(last(stage, 'EXPOSE')), at(deployment, `${container}.ports.0.containerPort`));
  const labels = labelsOf(stage);
  assert.equal(labels.get('org.opencontainers.image.base.name'), stage.base);
  for (const label of ['title', 'description', 'source', 'licenses', 'version', 'revision']) {
    assert.ok(labels.get(`org.opencontainers.image.${label}`), label);
  }
  for (const { base } of stages) assert.match(base, /:[^:]+$/, 'a tag');
});

test('the image contains the program, the bundle and the licenses', () => {
  assert.deepEqual(readdirSync(join(image, 'app')).sort(), [
    'LICENSE',
    'LICENSES',
    'kube-vip-cloud-provider.js',
    'kubeconfig.js',
    'package.json',
    'site.js',
  ]);
});

inChroot('the image runs as the Pod’s user and cannot write to its file system', (files) => {
  const attempt =
    "try { require('fs').writeFileSync('/x', '') } catch ({ code }) { console.log(process.getuid(), code) }";
  assert.equal(files.run(['/nodejs/bin/node', '-e', attempt]).stdout, '65532 EROFS\n');
});

inChroot('the program prints its version, its help, and which flag is wrong', (files) => {
  const version = files.run([program, '--version']);
  assert.match(version.stdout, /^kube-vip-cloud-provider \d+\.\d+\.\d+.* \(Node v2[4-9]\./, version.stderr);
  assert.match(files.run([program, '--help']).stdout, /--leader-elect-resource-name/);
  const wrong = files.run([program, '--leader-elekt']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--leader-elect\b/);
});

const onServer = onCluster('install-image');

function onClusterInChroot(title: string, body: (cluster: Cluster, files: Chroot) => Promise<void>): void {
  if (skip !== undefined) {
    test(title, { skip });
    return;
  }
  onServer(title, async (cluster) => {
    assert.ok(chroot);
    await cluster.pools({ 'cidr-default': '10.0.0.0/24' });
    try {
      await body(cluster, chroot);
    } finally {
      await cluster.clear();
    }
  });
}

onClusterInChroot('with a kubeconfig, the image assigns an address', async (cluster, files) => {
  files.add('/kubeconfig', readFileSync(cluster.server.kubeconfig(), 'utf8'));
  await assignsAddress(
    cluster,
    files,
    [program, '--kubeconfig=/kubeconfig', '--secure-port=0', '--web-port=0'],
    environment,
  );
});

onClusterInChroot(
  'with the manifest’s command and ServiceAccount, the image assigns an address and answers the probes',
  async (cluster, files) => {
    await cluster.kubectl(['apply', '-f', manifest]);
    const [port] = await freePorts(1);
    const command = at(deployment, `${container}.command`) as string[];
    const args = at(deployment, `${container}.args`) as string[];
    const env = await asPod(cluster, files);
    await assignsAddress(cluster, files, [...command, ...args, `--secure-port=${port}`], env, async () => {
      for (const probe of ['livenessProbe', 'readinessProbe']) {
        const path = at(deployment, `${container}.${probe}.httpGet.path`);
        const answer = await fetch(`http://127.0.0.1:${port}${path}`);
        assert.equal(answer.status, 200, await answer.text());
      }
    });
    await cluster.kubectl(['delete', '-f', manifest]);
  },
);

onClusterInChroot(
  'a Deployment of the Go version with only the image changed assigns an address',
  async (cluster, files) => {
    const goManifest = join(fixtures, 'go-version.yaml');
    await cluster.kubectl(['apply', '-f', goManifest]);
    const theirs = only(objectsIn(readFileSync(goManifest, 'utf8')), 'Deployment');
    const command = at(theirs, `${container}.command`) as string[];
    const env = await asPod(cluster, files);
    // Here, its port would be one of the whole machine.
    await assignsAddress(cluster, files, [...command, '--secure-port=0', '--web-port=0'], env);
    await cluster.kubectl(['delete', '-f', goManifest]);
  },
);
