import assert from 'node:assert/strict';
import { eventually } from '../e2e/eventually.ts';
import { loadBalancer, type ServiceOverrides } from '../e2e/objects.ts';
import { onCluster } from './on-cluster.ts';
import {
  allowUser,
  apply,
  asUser,
  fileOf,
  type Policy,
  refusalOf,
  refusalOfPatch,
  sentenceOf,
} from './static-addresses.ts';

/** deploy/admission/marks.yaml and hostnames.yaml on kube-apiserver, with a user who may edit Services. */

const onServer = onCluster('install-marks');
const record = 'kube-vip.io/allocation';
const requested = 'kube-vip.io/requestedIP';
const label = { implementation: 'kube-vip' };

const sentences = {
  record: `the annotation ${record} is written by kube-vip-cloud-provider alone: leave it out.`,
  requested: `the annotation ${requested} is written by kube-vip alone: leave it out.`,
  label: 'the label implementation: kube-vip is written by kube-vip-cloud-provider alone: leave it out.',
  halved: `the annotation ${record} cannot be taken off while the label implementation: kube-vip stays: take off both, or neither.`,
};

let prepared: Promise<void> | undefined;
const judged: typeof onServer = (title, body) =>
  onServer(title, async (cluster) => {
    prepared ??= (async () => {
      await allowUser(cluster);
      await apply(cluster, 'marks');
      await apply(cluster, 'hostnames');
    })();
    await prepared;
    await body(cluster);
  });

judged('nobody creates a Service with marks, of whatever type', async (cluster) => {
  const table: readonly (readonly [ServiceOverrides, string | undefined])[] = [
    [{ annotations: { [record]: '{"from":"cidr-global"}' } }, sentences.record],
    [{ annotations: { [record]: '' } }, sentences.record],
    [{ annotations: { [requested]: '10.0.0.1' } }, sentences.requested],
    [{ labels: label }, sentences.label],
    [{ labels: label, type: 'ClusterIP' }, sentences.label],
    [{ annotations: { [record]: 'x' }, type: 'ClusterIP' }, sentences.record],
    [{ labels: { implementation: 'another' } }, undefined],
    [
      { annotations: { 'kube-vip.io/reallocate': 'true', 'kube-vip.io/serviceInterface': 'eth0' } },
      undefined,
    ],
    [{}, undefined],
  ];
  for (const [overrides, sentence] of table)
    assert.equal(
      await refusalOf(cluster, 'marks', 'default/web', overrides),
      sentence,
      JSON.stringify(overrides),
    );
});

judged('marks that the controller wrote may stay and go, and not be changed', async (cluster) => {
  // By an administrator, who stands in for the controller.
  const annotations = { [record]: '{"from":"cidr-global"}', [requested]: '10.0.0.1' };
  await cluster.create(loadBalancer('default/served', { annotations, labels: label }));
  const change = (metadata: object, spec = {}) =>
    refusalOfPatch(cluster, 'marks', 'default/served', { metadata, spec });
  assert.equal(await change({ labels: { tier: 'web' } }), undefined);
  assert.equal(await change({}, { ports: [{ port: 81 }] }), undefined);
  assert.equal(await change({ annotations: { [record]: '{"from":"static"}' } }), sentences.record);
  assert.equal(await change({ annotations: { [record]: '' } }), sentences.record);
  assert.equal(await change({ annotations: { [requested]: '10.0.0.2' } }), sentences.requested);
  assert.equal(await change({ annotations: { [requested]: null } }), undefined);
  assert.equal(await change({ annotations: { [record]: null } }), sentences.halved);
  assert.equal(
    await change({ annotations: { [record]: null }, labels: { implementation: null } }),
    undefined,
  );
  assert.equal(await change({ annotations: null, labels: null }), undefined);
  assert.equal(await change({ labels: { implementation: null } }), undefined);
  // `kubectl replace` with the user's manifest.
  const path = '/api/v1/namespaces/default/services/served?dryRun=All';
  const replaced = await cluster.client.put(path, loadBalancer('default/served'), asUser);
  assert.equal(sentenceOf('marks', replaced), undefined);
});

judged('what the Go version left has the label alone, and goes on', async (cluster) => {
  const annotations = { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' };
  await cluster.create(
    loadBalancer('default/go', { annotations, labels: label, loadBalancerIP: '10.0.0.1' }),
  );
  const change = (metadata: object) => refusalOfPatch(cluster, 'marks', 'default/go', { metadata });
  assert.equal(await change({ labels: { tier: 'web' } }), undefined);
  assert.equal(await change({ annotations: { [record]: 'x' } }), sentences.record);
});

judged('a copy of a served Service is refused with what to leave out', async (cluster) => {
  const copy = loadBalancer('default/copy', { annotations: { [record]: '{}' }, labels: label });
  await assert.rejects(
    cluster.kubectl(['apply', '--as=alice', '-f', '-'], JSON.stringify(copy)),
    /kube-vip-marks' denied request: the annotation kube-vip\.io\/allocation is written by kube-vip-cloud-provider alone: leave it out\./,
  );
});

judged('hostnames are refused, and addresses are not', async (cluster) => {
  const sentence =
    'an address is asked for by a hostname, or by something else that is no IP address: write the address itself.';
  const name = 'kube-vip.io/loadbalancerIPs';
  const table: readonly (readonly [string, string | undefined])[] = [
    ['10.0.0.1', undefined],
    [' 10.0.0.1 , 2001:DB8::1,', undefined],
    ['', undefined],
    ['web.example.com', sentence],
    ['10.0.0.1,web', sentence],
    ['10.0.0.1.nip.example', sentence],
  ];
  for (const [asked, decided] of table) {
    const annotated = { annotations: { [name]: asked } };
    assert.equal(await refusalOf(cluster, 'hostnames', 'default/web', annotated), decided, asked);
    assert.equal(
      await refusalOf(cluster, 'hostnames', 'default/web', { loadBalancerIP: asked }),
      decided,
      asked,
    );
  }
  await cluster.create(loadBalancer('default/named', { annotations: { [name]: 'web.example.com' } }));
  const change = (metadata: object) => refusalOfPatch(cluster, 'hostnames', 'default/named', { metadata });
  assert.equal(await change({ labels: { tier: 'web' } }), undefined);
  assert.equal(await change({ annotations: { [name]: 'db.example.com' } }), sentence);
});

judged('`kubectl delete` takes them away', async (cluster) => {
  const forbidden: readonly (readonly [Policy, ServiceOverrides])[] = [
    ['marks', { labels: label }],
    ['hostnames', { loadBalancerIP: 'web' }],
  ];
  for (const [policy, overrides] of forbidden) {
    assert.ok(await refusalOf(cluster, policy, 'default/web', overrides));
    await cluster.kubectl(['delete', '-f', fileOf(policy)]);
    await eventually(async () =>
      assert.equal(await refusalOf(cluster, policy, 'default/web', overrides), undefined),
    );
  }
});
