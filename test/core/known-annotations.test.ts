import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainAnnotation, remediesForAnnotations } from '../../src/core/explain/explain-annotation.ts';
import {
  annotationFault,
  kubeVipAnnotations,
  unreadAnnotations,
} from '../../src/core/model/known-annotations.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';

const noOne = 'neither this controller nor kube-vip reads an annotation of this name.';
const addresses = 'To request an address, write kube-vip.io/loadbalancerIPs.';
const pool = 'The pool of a Service is that of its namespace.';
const sharing = 'To allow sharing, set allow-share-<namespace> in the ConfigMap with the pools.';

test('annotations that have no effect are named with what to use instead', () => {
  const cases: Readonly<Record<string, string>> = {
    // From the field.
    'kube-vip.io/loadBalancerIPs': 'Write kube-vip.io/loadbalancerIPs.',
    'kube-vip.io/loadbalancerIP': 'Write kube-vip.io/loadbalancerIPs.',
    'kube-vip.io/serviceinterface': 'Write kube-vip.io/serviceInterface.',
    'kube-vip.io/ipam-address-pool': pool,
    'metallb.universe.tf/loadBalancerIPs': `It belongs to MetalLB. ${addresses}`,
    'metallb.io/address-pool': `It belongs to MetalLB. ${pool}`,
    'lbipam.cilium.io/ips': `It belongs to Cilium. ${addresses}`,
    // The rest of their kind.
    'kube-vip.io/load-balancer-ips': 'Write kube-vip.io/loadbalancerIPs.',
    'kubevip.io/loadbalancerIPs': 'Write kube-vip.io/loadbalancerIPs.',
    'kube-vip/loadbalancerIPs': 'Write kube-vip.io/loadbalancerIPs.',
    'kube-vip.io/Ignore': 'Write kube-vip.io/ignore.',
    'kube-vip.io/lease-name': 'Write kube-vip.io/leaseName.',
    'kube-vip.io/weather': '',
    'metallb.io/loadBalancerIPs': `It belongs to MetalLB. ${addresses}`,
    'metallb.universe.tf/allow-shared-ip': `It belongs to MetalLB. ${sharing}`,
    'metallb.io/ip-allocated-from-pool': `It belongs to MetalLB. ${pool}`,
    'io.cilium/lb-ipam-ips': `It belongs to Cilium. ${addresses}`,
    'lbipam.cilium.io/sharing-key': `It belongs to Cilium. ${sharing}`,
    'io.cilium/lb-ipam-sharing-key': `It belongs to Cilium. ${sharing}`,
    'purelb.io/service-group': `It belongs to PureLB. ${pool}`,
    'purelb.io/addresses': `It belongs to PureLB. ${addresses}`,
    'purelb.io/allow-shared-ip': `It belongs to PureLB. ${sharing}`,
    'eip.openelb.kubesphere.io/v1alpha2': `It belongs to OpenELB. ${pool}`,
    'lb.kubesphere.io/v1alpha1': 'It belongs to OpenELB.',
    'protocol.openelb.kubesphere.io/v1alpha1': 'It belongs to OpenELB.',
  };
  for (const [name, advice] of Object.entries(cases)) {
    const sentence = [`Annotation ${name}: ${noOne}`, advice].filter(Boolean).join(' ');
    assert.equal(explainAnnotation({ name }), sentence);
  }
});

test('no annotation that is read, and none of other programs, is reported', () => {
  const others = [
    'kubectl.kubernetes.io/last-applied-configuration',
    'meta.helm.sh/release-name',
    'service.beta.kubernetes.io/aws-load-balancer-type',
    'service.beta.kubernetes.io/azure-load-balancer-ipv4',
    'external-dns.alpha.kubernetes.io/hostname',
    'io.cilium.network/ipv4-pod-cidr',
    'service.cilium.io/global',
    'example.com/vip',
    '',
  ];
  for (const name of [...Object.values(annotations), ...kubeVipAnnotations, ...others])
    assert.equal(annotationFault(name), undefined, name);
});

test('a Service keeps only what has a fault, with an upper bound', () => {
  assert.equal(unreadAnnotations({ [annotations.addresses]: '10.0.0.1', owner: 'shop' }), undefined);
  assert.equal(viewOf({ metadata: { name: 'web' } }).unread, undefined);
  const view = viewOf({
    metadata: { name: 'web', annotations: { owner: 'shop', 'kube-vip.io/loadbalancerIP': '10.0.0.1' } },
  });
  assert.deepEqual(view.unread, [{ name: 'kube-vip.io/loadbalancerIP', value: '10.0.0.1' }]);
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`metallb.io/x${i}`, 'y'.repeat(100_000)]),
  );
  const kept = unreadAnnotations(many) ?? [];
  assert.equal(kept.length, 4);
  assert.ok(JSON.stringify(kept).length < 1_000);
  assert.equal(annotationFault(`kube-vip.io/${'x'.repeat(100_000)}`), undefined);
});

test('the remedy renames a misspelled annotation, and repeats no text that a shell would read', () => {
  const commandFor = (value: string): string | undefined =>
    remediesForAnnotations({ namespace: 'shop', name: 'web' }, [
      { name: 'metallb.io/address-pool', value: 'lan' },
      { name: 'kube-vip.io/loadbalancerIP', value },
    ]).map(({ command }) => command)[0];
  assert.equal(
    commandFor('10.0.0.1,fd00::1'),
    'kubectl annotate service web --namespace shop --overwrite kube-vip.io/loadbalancerIPs=10.0.0.1,fd00::1 kube-vip.io/loadbalancerIP-',
  );
  assert.equal(commandFor('10.0.0.1; rm -rf /'), undefined);
});
