import assert from 'node:assert/strict';
import type { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import { loadBalancer } from '../e2e/objects.ts';
import type { Chroot } from './chroot.ts';

/** The environment of every container. The runtime sets HOME if the user is not in /etc/passwd. */
export const environment = { PATH: process.env.PATH ?? '', HOME: '/' };

/** Adds the ServiceAccount files that the kubelet mounts, and returns the environment of a Pod. */
export async function asPod(cluster: Cluster, files: Chroot): Promise<Record<string, string>> {
  const where = '/var/run/secrets/kubernetes.io/serviceaccount';
  const create = ['create', 'token', '--namespace', 'kube-system', 'kube-vip-cloud-controller'];
  files.add(`${where}/token`, await cluster.kubectl(create));
  files.add(`${where}/ca.crt`, cluster.server.ca);
  files.add(`${where}/namespace`, 'kube-system');
  const { hostname, port } = new URL(cluster.server.url);
  return { ...environment, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
}

/** Starts a command, waits until it assigns an address, and terminates it as a kubelet does. */
export async function assignsAddress(
  cluster: Cluster,
  files: Chroot,
  command: string[],
  env: Record<string, string>,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const child = files.start(command, { env });
  try {
    await cluster.create(loadBalancer('default/web'));
    await eventually(async () =>
      assert.equal((await cluster.assignment('default/web')).addresses, '10.0.0.1'),
    );
    await meanwhile();
  } catch (error) {
    throw new Error(child.output(), { cause: error });
  } finally {
    await child.stop('TERM');
  }
  assert.equal(child.exitCode(), 0, child.output());
}
