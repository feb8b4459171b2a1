/** Follows docs/install.md: every installation method, its output, and that addresses stay after the uninstall. */
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { helm } from '../install/helm.ts';
import { manifest } from '../install/objects.ts';
import { onCluster } from '../install/on-cluster.ts';
import { sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { DeployedProcesses } from './deployment.ts';
import { eventually, quietTime } from './eventually.ts';
import { Guide, GuideShell, ourImage } from './guide.ts';
import { assigned, loadBalancer, names, unassigned } from './objects.ts';
import { PodNetwork } from './pod-network.ts';

const guide = new Guide('install.md');

/** Blocks that cannot be followed here, and why. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  [
    'Publish the state of the pools 0',
    'test/install/overlays.test.ts builds it, and publish-status.test.ts runs with its permissions',
  ],
  ['Build the image 0', 'test/install/oci-image.test.ts builds it into another folder'],
  [
    'Build the image 1',
    'requires k3s, containerd, docker, and podman; crane reads the file in oci-image.test.ts',
  ],
  ['Build the image 2', 'changes the lock file'],
  ['Build the image 3', 'requires docker; test/install/image.test.ts runs the contents of the image'],
]);

interface WalkthroughContext {
  cluster: Cluster;
  shell: GuideShell;
  /** Runs the Pods of a Deployment, by default `kube-vip-cloud-provider` in kube-system. */
  run(key?: string): DeployedProcesses;
  /** Ends all Pods. */
  end(): Promise<void>;
}

const network = new PodNetwork();
after(() => network.close());
const onServer = onCluster('install-doc', ['helm'], network.flags);

function walkthrough(title: string, body: (context: WalkthroughContext) => Promise<void>): void {
  onServer(title, async (cluster) => {
    const bundle = await sharedBundle();
    const shell = new GuideShell(cluster, guide);
    const all: DeployedProcesses[] = [];
    const running = new Set<DeployedProcesses>();
    const context: WalkthroughContext = {
      cluster,
      shell,
      run(key = 'kube-system/kube-vip-cloud-provider') {
        const pods = new DeployedProcesses(
          cluster,
          key,
          (image) => {
            assert.equal(image, ourImage, 'the image exists');
            return [process.execPath, bundle.entry];
          },
          network,
        );
        all.push(pods);
        running.add(pods);
        return pods;
      },
      async end() {
        await Promise.all([...running].map((pods) => pods.stop()));
        running.clear();
      },
    };
    try {
      await body(context);
    } catch (error) {
      // Nothing may be left for the next walkthrough.
      await cluster.kubectl(['delete', '--ignore-not-found', '-f', manifest]);
      const release = ['kube-vip-cloud-provider', '--namespace', 'kube-system', '--ignore-not-found'];
      await helm(['uninstall', ...release], '', cluster.server.kubeconfig());
      const logs = all.flatMap((pods) => pods.all.map(({ output }) => `--- output of a Pod\n${output}`));
      throw new Error([String(error), ...logs].join('\n'), { cause: error });
    } finally {
      await context.end();
      await cluster.clear();
      shell.close();
      bundle.remove();
    }
  });
}

/** The first two addresses of the pool in every block that has one. */
const first = assigned('192.168.0.201', 'cidr-global');
const second = assigned('192.168.0.202', 'cidr-global');

/** Checks that two Pods are ready, one of them holds the Lease, and a Service gets an address. */
async function works({ cluster, shell }: WalkthroughContext): Promise<void> {
  await eventually(async () => {
    const shown = await shell.run('See it work', 0);
    assert.match(shown, /^kube-vip-cloud-provider +2\/2 /m);
    assert.match(shown, /^kube-vip-cloud-controller +\S+_[-0-9a-f]{36} /m);
  });
  await shell.run('See it work', 1);
  await cluster.becomes('default/web', first);
  assert.equal(await shell.run('What is installed', 0), '[+]lists ok\n[+]lists ok\n');
  await eventually(async () => {
    assert.match(await shell.run('See it work', 2), / Assigned 192\.168\.0\.201 \(from cidr-global\)$/m);
  });
  assert.match(await cluster.kubectl(['get', 'service', 'web']), / LoadBalancer +\S+ +<pending> /);
}

/** Checks that nothing allocates, and that the Service `web` is unchanged and has no finalizer. */
async function isUninstalled({ cluster, end }: WalkthroughContext): Promise<void> {
  assert.equal(await cluster.kubectl(['get', 'deployment', '-A', '-o', 'name']), '');
  const before = await cluster.version('default/web');
  await end();
  await cluster.create(loadBalancer('default/late'));
  await quietTime(500);
  assert.deepEqual(await cluster.assignment('default/late'), unassigned);
  assert.deepEqual(await cluster.assignment('default/web'), first);
  assert.equal(await cluster.version('default/web'), before);
  assert.equal((await cluster.service('default/web')).metadata.finalizers, undefined);
  await cluster.remove('default/late');
}

walkthrough('with kubectl, up to removing everything', async (context) => {
  const { cluster, shell, run } = context;
  await shell.run('With kubectl', 0);
  run();
  await shell.run('With kubectl', 1);
  await works(context);
  await shell.run('Uninstall', 0);
  await isUninstalled(context);
  await shell.run('Uninstall', 3);
  assert.equal(await cluster.hasPools(), false);
  assert.equal(await cluster.holder(), '');
  assert.equal(await cluster.kubectl(['get', '-f', manifest, '--ignore-not-found']), '');
});

walkthrough('with Helm, and again with the objects that the first release left', async (context) => {
  const { cluster, shell, run } = context;
  run();
  await shell.run('With Helm', 0);
  await works(context);
  await shell.run('Uninstall', 1);
  await isUninstalled(context);
  run();
  await shell.run('With Helm', 0);
  await cluster.create(loadBalancer('default/two'));
  await cluster.becomes('default/two', second);
  assert.deepEqual(await cluster.assignment('default/web'), first);
  await shell.run('Uninstall', 1);
  await shell.run('Uninstall', 3);
  const pools = ['get', 'configmap', '-n', 'kube-system', 'kubevip', '--ignore-not-found'];
  assert.equal(await cluster.kubectl(pools), '');
});

walkthrough(
  'with Kustomize, before pools exist; the chart cannot be installed next to it',
  async (context) => {
    const { cluster, shell, run } = context;
    run();
    await shell.run('With Kustomize', 0);
    await cluster.create(loadBalancer('default/web'));
    await cluster.warns('default/web', /no pool/i);
    await shell.run('With kubectl', 0);
    await cluster.becomes('default/web', first);
    await assert.rejects(shell.run('With Helm', 0), /cannot be imported into the current release/);
    await shell.run('Uninstall', 0);
    await isUninstalled(context);
  },
);

walkthrough('one class only', async (context) => {
  const { cluster, shell, run } = context;
  await shell.run('With kubectl', 0);
  shell.save('Serve one class only', 0, 'overlay/kustomization.yaml');
  run();
  await shell.run('With Kustomize', 1);
  await cluster.create(loadBalancer('default/plain'));
  await cluster.create(loadBalancer('default/web', { loadBalancerClass: 'kube-vip.io/kube-vip-class' }));
  await cluster.becomes('default/web', first);
  assert.deepEqual(await cluster.assignment('default/plain'), unassigned);
  await shell.run('Uninstall', 2);
  await isUninstalled(context);
});

walkthrough(
  'several in one cluster, each with its class, pools and permissions',
  async ({ cluster, shell, run }) => {
    await shell.run('With kubectl', 0);
    await shell.run('Several in one cluster', 1);
    shell.save('Several in one cluster', 0, 'overlay/kustomization.yaml');
    const both = [run(), run('kube-system/kube-vip-cloud-provider-inside')];
    await shell.run('With Kustomize', 0);
    await shell.run('With Kustomize', 1);
    await cluster.create(loadBalancer('default/other-class', { loadBalancerClass: 'example.com/other' }));
    await cluster.create(loadBalancer('default/inside', { loadBalancerClass: 'example.com/inside' }));
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', first);
    await cluster.becomes('default/inside', assigned('10.0.0.1', 'cidr-global'));
    assert.deepEqual(await cluster.assignment('default/other-class'), unassigned);
    const writers = ['web', 'inside'].map(async (name) => {
      const { metadata } = await cluster.service(`default/${name}`);
      return (JSON.parse(metadata.annotations?.[names.record] ?? '{}') as { by?: string }).by;
    });
    assert.deepEqual(await Promise.all(writers), ['kube-vip-cloud-controller', 'kube-vip-inside']);
    for (const { output } of both.flatMap(({ all }) => all)) assert.doesNotMatch(output, /forbidden/);
    await shell.run('Uninstall', 2);
    await cluster.create(loadBalancer('default/two'));
    await cluster.becomes('default/two', second);
    await shell.run('Uninstall', 0);
  },
);

walkthrough('in another namespace', async ({ cluster, shell, run }) => {
  await shell.run('In another namespace', 1);
  shell.save('In another namespace', 0, 'overlay/kustomization.yaml');
  const { all } = run('network/kube-vip-cloud-provider');
  await shell.run('With Kustomize', 1);
  await cluster.create(loadBalancer('default/web'));
  await cluster.becomes('default/web', first);
  for (const { output } of all) assert.doesNotMatch(output, /forbidden/);
  assert.equal(await cluster.holder(), '');
  await cluster.kubectl(['get', 'lease', '-n', 'network', 'kube-vip-cloud-controller']);
  await shell.run('Uninstall', 2);
});

walkthrough('with claims', async (context) => {
  const { cluster, shell, run } = context;
  await shell.run('With kubectl', 0);
  shell.save('Claim each address', 0, 'overlay/kustomization.yaml');
  const { all } = run();
  await shell.run('With Kustomize', 1);
  await works(context);
  assert.match(
    await cluster.kubectl(['get', 'ipaddresses']),
    /^192\.168\.0\.201 +configmaps\/kube-system\/kubevip$/m,
  );
  for (const { output } of all) assert.doesNotMatch(output, /forbidden/);
  await shell.run('Uninstall', 2);
  await isUninstalled(context);
  await cluster.kubectl(['delete', 'ipaddress', '192.168.0.201']);
});

onServer('every block of docs/install.md was followed, except those that cannot be', async () => {
  assert.deepEqual(guide.left, [...elsewhere.keys()]);
});
