import assert from 'node:assert/strict';
import { manifest } from '../install/objects.ts';
import { sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { DeployedProcesses } from './deployment.ts';
import { ourImage, Shell } from './guide.ts';

/**
 * Calls `body` with a shell for a cluster in which the Deployment of the manifest runs as soon as it is applied, and
 * cleans up afterwards. A failure includes the output of the Pods.
 */
export async function withRunningDeployment(
  cluster: Cluster,
  body: (shell: Shell) => Promise<void>,
): Promise<void> {
  const bundle = await sharedBundle();
  const shell = new Shell(cluster);
  const pods = new DeployedProcesses(cluster, 'kube-system/kube-vip-cloud-provider', (image) => {
    assert.equal(image, ourImage, 'the image exists');
    return [process.execPath, bundle.entry];
  });
  try {
    await body(shell);
  } catch (error) {
    const logs = pods.all.map(({ output }) => `--- output of a Pod\n${output}`);
    throw new Error([String(error), ...logs].join('\n'), { cause: error });
  } finally {
    await cluster.kubectl(['delete', '--ignore-not-found', '-f', manifest]);
    await pods.stop();
    await cluster.clear();
    shell.close();
    bundle.remove();
  }
}
