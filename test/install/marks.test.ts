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
  rejectionMessage,
  rejectionOf,
  rejectionOfPatch,
} from './static-addresses.ts';

/** Tests deploy/admission/marks.yaml and hostnames.yaml on kube-apiserver, as a user who can edit Services. */

const onServer = onCluster('install-marks');
const record = 'kube-vip.io/allocation';
const requested = 'kube-vip.io/requestedIP';
const label = { implementation: 'kube-vip' };

const messages = {
  record: `Only kube-vip-cloud-provider may set the annotation ${record}. Remove it from the request.`,
  requested: `Only kube-vip may set the annotation ${requested}. Remove it from the request.`,
  label:
    'Only kube-vip-cloud-provider may set the label implementation: kube-vip. Remove it from the request.',
  labelOnly: `The annotation ${record} cannot be removed while the label implementation: kube-vip remains. Remove both or neither.`,
};

let prepared: Promise<void> | undefined;
const policyTest: typeof onServer = (title, body) =>
  onServer(title, async (cluster) => {
    prepared ??= (async () => {
      await allowUser(cluster);
      await apply(cluster, 'marks');
      await apply(cluster, 'hostnames');
    })();
    await prepared;
    await body(cluster);
  });

policyTest('users cannot create a Service of any type with the protected fields', async (cluster) => {
  const table: readonly (readonly [ServiceOverrides, string | undefined])[] = [
    [{ annotations: { [record]: '{"from":"cidr-global"}' } }, messages.record],
    [{ annotations: { [record]: '' } }, messages.record],
    [{ annotations: { [requested]: '10.0.0.1' } }, messages.requested],
    [{ labels: label }, messages.label],
    [{ labels: label, type: 'ClusterIP' }, messages.label],
    [{ annotations: { [record]: 'x' }, type: 'ClusterIP' }, messages.record],
    [{ labels: { implementation: 'another' } }, undefined],
    [
      { annotations: { 'kube-vip.io/reallocate': 'true', 'kube-vip.io/serviceInterface': 'eth0' } },
      undefined,
    ],
    [{}, undefined],
  ];
  for (const [overrides, message] of table)
    assert.equal(
      await rejectionOf(cluster, 'marks', 'default/web', overrides),
      message,
      JSON.stringify(overrides),
    );
});

policyTest('existing protected fields can be kept or removed, but not changed', async (cluster) => {
  // An administrator acts as the controller.
  const annotations = { [record]: '{"from":"cidr-global"}', [requested]: '10.0.0.1' };
  await cluster.create(loadBalancer('default/served', { annotations, labels: label }));
  const change = (metadata: object, spec = {}) =>
    rejectionOfPatch(cluster, 'marks', 'default/served', { metadata, spec });
  assert.equal(await change({ labels: { tier: 'web' } }), undefined);
  assert.equal(await change({}, { ports: [{ port: 81 }] }), undefined);
  assert.equal(await change({ annotations: { [record]: '{"from":"static"}' } }), messages.record);
  assert.equal(await change({ annotations: { [record]: '' } }), messages.record);
  assert.equal(await change({ annotations: { [requested]: '10.0.0.2' } }), messages.requested);
  assert.equal(await change({ annotations: { [requested]: null } }), undefined);
  assert.equal(await change({ annotations: { [record]: null } }), messages.labelOnly);
  assert.equal(
    await change({ annotations: { [record]: null }, labels: { implementation: null } }),
    undefined,
  );
  assert.equal(await change({ annotations: null, labels: null }), undefined);
  assert.equal(await change({ labels: { implementation: null } }), undefined);
  // `kubectl replace` with the user's manifest.
  const path = '/api/v1/namespaces/default/services/served?dryRun=All';
  const replaced = await cluster.client.put(path, loadBalancer('default/served'), asUser);
  assert.equal(rejectionMessage('marks', replaced), undefined);
});

policyTest('a Service of the Go version, which has only the label, can still be edited', async (cluster) => {
  const annotations = { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' };
  await cluster.create(
    loadBalancer('default/go', { annotations, labels: label, loadBalancerIP: '10.0.0.1' }),
  );
  const change = (metadata: object) => rejectionOfPatch(cluster, 'marks', 'default/go', { metadata });
  assert.equal(await change({ labels: { tier: 'web' } }), undefined);
  assert.equal(await change({ annotations: { [record]: 'x' } }), messages.record);
});

policyTest(
  'a copy of a Service with an address is rejected, and the message says what to remove',
  async (cluster) => {
    const copy = loadBalancer('default/copy', { annotations: { [record]: '{}' }, labels: label });
    await assert.rejects(
      cluster.kubectl(['apply', '--as=alice', '-f', '-'], JSON.stringify(copy)),
      /kube-vip-marks' denied request: Only kube-vip-cloud-provider may set the annotation kube-vip\.io\/allocation\. Remove it from the request\./,
    );
  },
);

policyTest('hostnames are rejected, and addresses are not', async (cluster) => {
  const message =
    'The requested address is a hostname or another value that is not an IP address. Use an IP address.';
  const name = 'kube-vip.io/loadbalancerIPs';
  const table: readonly (readonly [string, string | undefined])[] = [
    ['10.0.0.1', undefined],
    [' 10.0.0.1 , 2001:DB8::1,', undefined],
    ['', undefined],
    ['web.example.com', message],
    ['10.0.0.1,web', message],
    ['10.0.0.1.nip.example', message],
  ];
  for (const [value, expected] of table) {
    const annotated = { annotations: { [name]: value } };
    assert.equal(await rejectionOf(cluster, 'hostnames', 'default/web', annotated), expected, value);
    assert.equal(
      await rejectionOf(cluster, 'hostnames', 'default/web', { loadBalancerIP: value }),
      expected,
      value,
    );
  }
  await cluster.create(loadBalancer('default/named', { annotations: { [name]: 'web.example.com' } }));
  const change = (metadata: object) => rejectionOfPatch(cluster, 'hostnames', 'default/named', { metadata });
  assert.equal(await change({ labels: { tier: 'web' } }), undefined);
  assert.equal(await change({ annotations: { [name]: 'db.example.com' } }), message);
});

policyTest('`kubectl delete` removes the policies', async (cluster) => {
  const forbidden: readonly (readonly [Policy, ServiceOverrides])[] = [
    ['marks', { labels: label }],
    ['hostnames', { loadBalancerIP: 'web' }],
  ];
  for (const [policy, overrides] of forbidden) {
    assert.ok(await rejectionOf(cluster, policy, 'default/web', overrides));
    await cluster.kubectl(['delete', '-f', fileOf(policy)]);
    await eventually(async () =>
      assert.equal(await rejectionOf(cluster, policy, 'default/web', overrides), undefined),
    );
  }
});
