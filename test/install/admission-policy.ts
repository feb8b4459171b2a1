import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import type { Data } from './admission-pools.ts';
import { type OnCluster, onCluster } from './on-cluster.ts';

export const policyFile = resolve(import.meta.dirname, '..', '..', 'deploy', 'admission', 'pools.yaml');
export const shipped = readFileSync(policyFile, 'utf8');

/** Registers tests with the policy in force, but with failurePolicy Fail, so that failed evaluations are visible. */
export function underPolicy(prefix: string): OnCluster {
  const onServer = onCluster(prefix);
  let installed: Promise<void> | undefined;
  return (title, body) =>
    onServer(title, async (cluster) => {
      installed ??= install(cluster);
      await installed;
      await body(cluster);
    });
}

async function install(cluster: Cluster): Promise<void> {
  const strict = shipped.replace('failurePolicy: Ignore', 'failurePolicy: Fail');
  assert.notEqual(strict, shipped);
  await cluster.kubectl(['apply', '--validate=strict', '-f', '-'], strict);
  await eventually(async () => assert.ok(await rejectionOf(cluster, { 'cidr-global': 'no address' })));
}

/** Returns the policy's message when this ConfigMap is created, or undefined if it is accepted. */
export async function rejectionOf(
  cluster: Cluster,
  data: Data,
  { namespace = 'kube-system', name = 'kubevip', binaryData = {} } = {},
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`;
  const { status, body } = await cluster.client.post(path, { metadata: { name }, data, binaryData });
  return rejectionMessage(status, body.message);
}

/** Returns the policy's message, or undefined if the request was accepted. Fails if it was rejected for another reason. */
export function rejectionMessage(status: number, message = ''): string | undefined {
  if (status === 200 || status === 201) return undefined;
  assert.equal(status, 422, message);
  const [, rejection] =
    message
      .split("ValidatingAdmissionPolicy 'kube-vip-pools' with binding '")[1]
      ?.split("' denied request: ") ?? [];
  return rejection ?? assert.fail(message);
}
