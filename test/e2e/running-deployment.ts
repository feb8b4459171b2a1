import assert from 'node:assert/strict';
import { manifest } from '../install/objects.ts';
import { sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { DeployedProcesses } from './deployment.ts';
import { ourImage, Shell } from './guide.ts';

/**
 * A reader's shell in a cluster where the Deployment of the manifest runs once it is applied; all of it is gone at the end. What
 * fails shows what the Pods said.
 */
export async function withRunningDeployment(
  cluster: Cluster,
  body: (shell: Shell) => Promise<void>,
): Promise<void> {
  const bundle = await sharedBundle();
  const shell = new Shell(cluster);
  const pods = new DeployedProcesses(cluster, 'kube-system/kube-vip-cloud-provider', (image) => {
    assert.equal(image, ourImage, 'there is no such image');
    return [process.execPath, bundle.entry];
  });
  try {
    await body(shell);
  } catch (error) {
    const logs = pods.all.map(({ output }) => `--- a Pod said\n${output}`);
    throw new Error([String(error), ...logs].join('\n'), { cause: error });
  } finally {
    await cluster.kubectl(['delete', '--ignore-not-found', '-f', manifest]);
    await pods.stop();
    await cluster.clear();
    shell.close();
    bundle.remove();
  }
}
