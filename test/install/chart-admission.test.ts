/** The chart's admission policies are those of deploy/admission, with the names of the release. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../e2e/eventually.ts';
import { render } from './helm.ts';
import { at, base, type KubernetesObject, objectsIn } from './objects.ts';
import { onCluster } from './on-cluster.ts';
import { allowUser, rejectionOf } from './static-addresses.ts';

const onServer = onCluster('install-chart-admission', ['helm']);
const shipped = join(base, '..', 'deploy', 'admission');
const names = ['addresses', 'hostnames', 'marks', 'pool-choice', 'pools'];
const installed = { admissionPolicies: { install: names } };

function policiesIn(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects.filter(({ apiVersion }) => apiVersion === 'admissionregistration.k8s.io/v1');
}

onServer('by default, the chart renders the policies unchanged', async () => {
  const byChart = policiesIn(await render(installed));
  const files = names.map((name) => readFileSync(join(shipped, `${name}.yaml`), 'utf8'));
  const expected = files.flatMap((text) => objectsIn(text));
  const bare = (objects: readonly KubernetesObject[]) =>
    objects
      .map(({ metadata: { labels: _, ...metadata }, ...object }) => ({ ...object, metadata }))
      .toSorted((a, b) => (`${a.kind} ${a.metadata.name}` < `${b.kind} ${b.metadata.name}` ? -1 : 1));
  assert.deepEqual(bare(byChart), bare(expected));
  assert.deepEqual(policiesIn(await render({})), []);
});

onServer('in another namespace, the policies exempt its account and read its ConfigMap', async () => {
  const objects = policiesIn(await render({ ...installed, nameOverride: 'second' }, 'network'));
  const find = (kind: string, name: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name === name);
  for (const name of ['kube-vip-addresses', 'kube-vip-marks', 'kube-vip-hostnames', 'kube-vip-pool-choice']) {
    const condition = at(find('ValidatingAdmissionPolicy', name), 'spec.matchConditions.0.expression');
    assert.match(String(condition), /'system:serviceaccount:network:second'/, name);
    assert.doesNotMatch(String(condition), /kube-system:kube-vip-cloud-provider/, name);
  }
  const addresses = find('ValidatingAdmissionPolicyBinding', 'kube-vip-addresses');
  assert.deepEqual(
    [at(addresses, 'spec.paramRef.namespace'), at(addresses, 'spec.paramRef.name')],
    ['network', 'second'],
  );
  const pools = at(find('ValidatingAdmissionPolicyBinding', 'kube-vip-pools'), 'spec.matchResources');
  assert.deepEqual(
    [at(pools, 'namespaceSelector.matchLabels'), at(pools, 'resourceRules.0.resourceNames')],
    [{ 'kubernetes.io/metadata.name': 'network' }, ['second']],
  );
});

onServer(
  'the policies of the chart reject what a user may not do, and nothing of the controller',
  async (cluster) => {
    await allowUser(cluster);
    await cluster.namespace('shop');
    const objects = await render({ ...installed, cm: { data: { 'cidr-shop': '10.0.0.0/28' } } });
    const applied = objects.filter(
      ({ kind }) => kind === 'ConfigMap' || kind.startsWith('ValidatingAdmission'),
    );
    await cluster.kubectl(
      ['apply', '-f', '-'],
      applied.map((object) => JSON.stringify(object)).join('\n---\n'),
    );
    const outside = { loadBalancerIP: '10.0.1.1' };
    await eventually(async () => {
      const rejection = await rejectionOf(cluster, 'addresses', 'shop/web', outside);
      assert.match(rejection ?? '', /^10\.0\.1\.1 is not in cidr-shop/);
    });
    assert.equal(
      await rejectionOf(cluster, 'addresses', 'shop/web', { loadBalancerIP: '10.0.0.3' }),
      undefined,
    );
    const account = 'kube-system:kube-vip-cloud-provider';
    const binding = ['create', 'clusterrolebinding', 'chart', '--serviceaccount', account];
    await cluster.kubectl([...binding, '--clusterrole', 'system:aggregate-to-edit']);
    const asController = { 'impersonate-user': `system:serviceaccount:${account}` };
    const written = { ...outside, labels: { implementation: 'kube-vip' } };
    await eventually(async () =>
      assert.equal(await rejectionOf(cluster, 'marks', 'shop/web', written, asController), undefined),
    );
    const path = '/api/v1/namespaces/kube-system/configmaps/kubevip?dryRun=All';
    // Each policy comes into force on its own.
    await eventually(async () => {
      const { status, body } = await cluster.client.patch(path, { data: { 'cidr-shop': 'nonsense' } });
      assert.match(`${status} ${body.message}`, /^422 .*kube-vip-pools.*cidr-shop/);
    });
  },
);
