import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import type { Data } from './admission-pools.ts';
import { type OnCluster, onCluster } from './on-cluster.ts';

export const policyFile = resolve(import.meta.dirname, '..', '..', 'deploy', 'admission', 'pools.yaml');
export const shipped = readFileSync(policyFile, 'utf8');

/** Tests with the policy in force, but for one word: what it cannot judge it refuses, so that a test sees it. */
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
  await eventually(async () => assert.ok(await conflict(cluster, { 'cidr-global': 'no address' })));
}

/** What the API server says to a ConfigMap, without the words that the policy is not the author of. */
export async function conflict(
  cluster: Cluster,
  data: Data,
  { namespace = 'kube-system', name = 'kubevip', binaryData = {} } = {},
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`;
  const { status, body } = await cluster.client.post(path, { metadata: { name }, data, binaryData });
  return sentenceOf(status, body.message);
}

/** Why the policy refused; undefined if nobody did. Another refusal is a failure. */
export function sentenceOf(status: number, message = ''): string | undefined {
  if (status === 200 || status === 201) return undefined;
  assert.equal(status, 422, message);
  const [, sentence] =
    message
      .split("ValidatingAdmissionPolicy 'kube-vip-pools' with binding '")[1]
      ?.split("' denied request: ") ?? [];
  return sentence ?? assert.fail(message);
}
