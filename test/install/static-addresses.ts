import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Answer } from '../contract/http.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import { loadBalancer, type ServiceOverrides } from '../e2e/objects.ts';

const folder = resolve(import.meta.dirname, '..', '..', 'deploy', 'admission');
export const policies = ['addresses', 'marks', 'hostnames', 'pool-choice'] as const;
export type Policy = (typeof policies)[number];

export function fileOf(policy: Policy): string {
  return resolve(folder, `${policy}.yaml`);
}

/** A user with the permissions of Kubernetes' roles view, edit and admin in every namespace. */
export const user = 'alice';
export const asUser = { 'impersonate-user': user };

export async function allowUser(cluster: Cluster): Promise<void> {
  for (const role of ['view', 'edit', 'admin']) {
    const binding = ['create', 'clusterrolebinding', `${user}-${role}`, '--user', user];
    await cluster.kubectl([...binding, '--clusterrole', `system:aggregate-to-${role}`]);
  }
}

/** Applies a policy and waits until it is in force. */
export async function apply(cluster: Cluster, policy: Policy): Promise<void> {
  await cluster.kubectl(['apply', '--validate=strict', '-f', fileOf(policy)]);
  const forbidden: Readonly<Record<Policy, ServiceOverrides>> = {
    addresses: { annotations: { 'kube-vip.io/loadbalancerIPs': 'no address' } },
    marks: { labels: { implementation: 'kube-vip' } },
    hostnames: { loadBalancerIP: 'web.example.com' },
    'pool-choice': { annotations: { 'kube-vip.io/pool': 'no-pool' } },
  };
  await eventually(async () => {
    assert.ok(
      await rejectionOf(cluster, policy, 'default/probe', forbidden[policy]),
      `${policy} is in force`,
    );
  });
}

/** Returns the policy's message when a user creates this Service, or undefined if it is accepted. */
export async function rejectionOf(
  cluster: Cluster,
  policy: Policy,
  key: string,
  overrides: ServiceOverrides,
  headers: Record<string, string> = asUser,
): Promise<string | undefined> {
  const [namespace] = key.split('/');
  const path = `/api/v1/namespaces/${namespace}/services?dryRun=All`;
  return rejectionMessage(policy, await cluster.client.post(path, loadBalancer(key, overrides), headers));
}

/** Returns the policy's message when a user applies this patch, or undefined if it is accepted. */
export async function rejectionOfPatch(
  cluster: Cluster,
  policy: Policy,
  key: string,
  patch: object,
  headers: Record<string, string> = asUser,
): Promise<string | undefined> {
  const [namespace, name] = key.split('/');
  const path = `/api/v1/namespaces/${namespace}/services/${name}?dryRun=All`;
  return rejectionMessage(policy, await cluster.client.patch(path, patch, headers));
}

/** Returns the policy's message, or undefined if the request was accepted. Fails if it was rejected for another reason. */
export function rejectionMessage(policy: Policy, { status, body }: Answer): string | undefined {
  if (status === 200 || status === 201) return undefined;
  const message = body.message ?? '';
  assert.equal(status, 422, message);
  const name = `kube-vip-${policy}`;
  const [, rejection] = message.split(
    `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: `,
  );
  return rejection ?? assert.fail(message);
}

let version = 0;

/** Writes the ConfigMap and waits until the policy uses it. */
export async function pools(cluster: Cluster, data: Record<string, string>): Promise<void> {
  version += 1;
  const probe = `203.0.113.${version}`;
  await cluster.namespace('pool-probe');
  const path = '/api/v1/namespaces/kube-system/configmaps';
  const configMap = { metadata: { name: 'kubevip' }, data: { ...data, 'cidr-pool-probe': probe } };
  const { status } = await cluster.client.put(`${path}/kubevip`, configMap);
  if (status === 404) await cluster.client.post(path, configMap);
  await eventually(async () => {
    const key = 'pool-probe/probe';
    assert.equal(await rejectionOf(cluster, 'addresses', key, { loadBalancerIP: probe }), undefined);
    assert.ok(await rejectionOf(cluster, 'addresses', key, { loadBalancerIP: '203.0.113.250' }));
  });
}

/** Runs the command that the pattern finds in docs/admission.md, on a Service `web`, and compares the rejection with the answer there. */
export async function showsRejection(cluster: Cluster, commandAndAnswer: RegExp): Promise<void> {
  const page = readFileSync(resolve(import.meta.dirname, '..', '..', 'docs', 'admission.md'), 'utf8');
  const [, args = '', answer = ''] = commandAndAnswer.exec(page) ?? [];
  await cluster.create(loadBalancer('shop/web'));
  const command = ['--as', user, '--namespace', 'shop', ...args.split(' ')];
  const output = await cluster.kubectl(command).then(
    () => assert.fail('the request is rejected'),
    (error: Error) => error.message,
  );
  await cluster.remove('shop/web');
  const inOneLine = (text: string) => text.trim().replace(/\s+/g, ' ');
  assert.equal(inOneLine(output), inOneLine(`kubectl ${command.join(' ')}: ${answer}`));
}
