/** Follows docs/upgrade.md, with every command, in a cluster where the Go version has assigned addresses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { locateBinaries } from '../controlplane/binaries.ts';
import { helm } from '../install/helm.ts';
import { fixtures, manifest } from '../install/objects.ts';
import { onCluster } from '../install/on-cluster.ts';
import { type Bundle, sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { DeployedProcesses } from './deployment.ts';
import { eventually } from './eventually.ts';
import { Guide, GuideShell, ourImage } from './guide.ts';
import { assigned, loadBalancer, names } from './objects.ts';

const goManifest = join(fixtures, 'go-version.yaml');
const guide = new Guide('upgrade.md');
const onServer = onCluster('upgrade-doc', ['helm', 'peers']);

/** A walkthrough in a cluster that runs the Deployment `kube-vip-cloud-provider` in kube-system. */
function walkthrough(
  title: string,
  body: (context: { cluster: Cluster; shell: GuideShell; pods: DeployedProcesses }) => Promise<void>,
): void {
  onServer(title, async (cluster) => {
    const bundle: Bundle = await sharedBundle();
    const shell = new GuideShell(cluster, guide, { 'go-version.yaml': goManifest });
    const images = (image: string): string[] => {
      if (image.endsWith(':v0.0.12'))
        return [join(locateBinaries(process.env, 'peers').folder, 'go-version')];
      assert.equal(image, ourImage, 'the image exists');
      return [process.execPath, bundle.entry];
    };
    const pods = new DeployedProcesses(cluster, 'kube-system/kube-vip-cloud-provider', images);
    try {
      await body({ cluster, shell, pods });
    } catch (error) {
      const logs = pods.all.map(({ image, output }) => `--- output of ${image}\n${output}`);
      throw new Error([String(error), ...logs].join('\n'), { cause: error });
    } finally {
      await pods.stop();
      await cluster.kubectl(['delete', '--ignore-not-found', '-f', manifest]);
      await cluster.clear();
      shell.close();
      bundle.remove();
    }
  });
}

/** Creates Services and waits until the Go version has assigned their addresses. */
async function createServices(cluster: Cluster): Promise<void> {
  await cluster.create(loadBalancer('default/one'));
  await cluster.create(loadBalancer('default/static', { loadBalancerIP: '10.1.0.99' }));
  await eventually(async () => {
    assert.equal((await cluster.assignment('default/one')).addresses, '10.1.0.8');
    assert.equal((await cluster.assignment('default/static')).addresses, '10.1.0.99');
  });
}

/** Checks that this controller has taken over and allocates. */
async function isUpgraded(cluster: Cluster): Promise<void> {
  await cluster.create(loadBalancer('default/two'));
  await eventually(async () => {
    assert.deepEqual(await cluster.assignment('default/one'), assigned('10.1.0.8', 'cidr-global'));
    assert.deepEqual(await cluster.assignment('default/static'), assigned('10.1.0.99', 'static'));
    assert.deepEqual(await cluster.assignment('default/two'), assigned('10.1.0.9', 'cidr-global'));
  });
}

/** Checks that the Go version allocates again and that no address has changed. */
async function isRolledBack(cluster: Cluster): Promise<void> {
  await cluster.create(loadBalancer('default/three'));
  await eventually(async () => {
    assert.deepEqual(await cluster.addresses(), {
      'default/one': '10.1.0.8',
      'default/static': '10.1.0.99',
      'default/three': '10.1.0.10',
      'default/two': '10.1.0.9',
    });
    for (const [key, { metadata }] of await cluster.services())
      assert.deepEqual(metadata.finalizers, [names.goFinalizer], key);
  });
  await cluster.remove('default/two');
  await eventually(async () => assert.ok(!(await cluster.services()).has('default/two')));
}

walkthrough('preparation, upgrade of only the image, and rollback', async ({ cluster, shell, pods }) => {
  await cluster.pools({ 'cidr-global': '10.1.0.8/29' });
  await cluster.kubectl(['apply', '-f', goManifest]);
  await createServices(cluster);
  assert.match(await shell.run('Before you begin', 0), /default\/static +10\.1\.0\.99 +static/);
  assert.match(
    await shell.run('Before you begin', 1),
    /--leader-elect-resource-name=kube-vip-cloud-controller/,
  );
  await shell.run('Replace only the image', 0);
  await isUpgraded(cluster);
  assert.deepEqual(pods.images, [ourImage]);
  const output = pods.all.at(-1)?.output ?? '';
  assert.equal(output.match(/add the verb \\"patch\\" on services/g)?.length, 1, output);
  await shell.run('Replace only the image', 1);
  await isRolledBack(cluster);
});

walkthrough(
  'a Go version with another Lease is stopped first; upgrade with the manifest, and rollback',
  async (context) => {
    const { cluster, shell, pods } = context;
    await cluster.pools({ 'cidr-global': '10.1.0.8/29' });
    const flag = ', --leader-elect-resource-name=kube-vip-cloud-controller';
    const old = readFileSync(goManifest, 'utf8');
    assert.ok(old.includes(flag));
    await cluster.kubectl(['apply', '-f', '-'], old.replace(flag, ''));
    await createServices(cluster);
    assert.doesNotMatch(await shell.run('Before you begin', 1), /leader-elect-resource-name/);
    await shell.run('Before you begin', 2);
    assert.deepEqual(pods.images, []);
    await shell.run('Apply the manifest', 0);
    await isUpgraded(cluster);
    assert.deepEqual(pods.images, [ourImage, ourImage]);
    await shell.run('Apply the manifest', 1);
    await isRolledBack(cluster);
  },
);

walkthrough('upgrade with Helm, and rollback', async ({ cluster, shell, pods }) => {
  const kubeconfig = cluster.server.kubeconfig();
  const release = ['kube-vip-cloud-provider', '--namespace', 'kube-system'];
  const pools = ['--set', 'cm.data.cidr-global=10.1.0.8/29'];
  await helm(['install', ...release, join(fixtures, 'chart-0.2.9'), ...pools], '', kubeconfig);
  try {
    await createServices(cluster);
    assert.match(
      await shell.run('Before you begin', 1),
      /--leader-elect-resource-name=kube-vip-cloud-controller/,
    );
    await shell.run('Upgrade with Helm', 0);
    await isUpgraded(cluster);
    assert.deepEqual(pods.images, [ourImage, ourImage]);
    await shell.run('Upgrade with Helm', 1);
    await isRolledBack(cluster);
  } finally {
    await helm(['uninstall', ...release], '', kubeconfig);
  }
});

onServer('every block of docs/upgrade.md was followed', async () => {
  assert.deepEqual(guide.left, []);
});
