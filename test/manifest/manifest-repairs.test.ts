import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifests } from '../../src/manifest/manifests.ts';

/** What Kubernetes refuses although its meaning is plain: it is read, with a remark. */
interface Row {
  title: string;
  text: string;
  says: string;
  /** A path into the object and what stands there. */
  field: string;
  reads: unknown;
}

const P = '  ports:\n    - port: 80\n';

const rows: Row[] = [
  {
    title: 'a misspelt field of the spec',
    text: svc(`${P}  ipFamilypolicy: PreferDualStack\n`),
    says: 'f.yaml:10:3: Service shop/web: spec.ipFamilypolicy: Kubernetes does not know this field and refuses the object with it. Write ipFamilyPolicy. It means nothing here either.',
    field: 'spec.ipFamilypolicy',
    reads: 'PreferDualStack',
  },
  {
    title: "a field that is nobody's",
    text: svc(`${P}  weather: fine\n`),
    says: 'f.yaml:10:3: Service shop/web: spec.weather: Kubernetes does not know this field and refuses the object with it. Remove it. It means nothing here either.',
    field: 'spec.weather',
    reads: 'fine',
  },
  {
    title: 'a misspelt annotation',
    text: svc(P).replace('spec:', '  annotations:\n    kube-vip.io/loadbalancerIP: 10.0.0.1\nspec:'),
    says: 'f.yaml:7:5: Service shop/web: metadata.annotations.kube-vip.io/loadbalancerIP: neither this controller nor kube-vip reads an annotation of this name. Write kube-vip.io/loadbalancerIPs.',
    field: 'spec.type',
    reads: 'LoadBalancer',
  },
  {
    title: 'a Service without a type',
    text: svc(P).replace('  type: LoadBalancer\n', ''),
    says: 'f.yaml:7:3: Service shop/web: spec.type: this is missing, so Kubernetes makes it ClusterIP, which gets no address. For an address write `type: LoadBalancer` below `spec:`; it stays ClusterIP here.',
    field: 'spec.type',
    reads: undefined,
  },
  {
    title: 'a Service without a spec',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\n',
    says: 'f.yaml:1:1: Service shop/web: spec.type: this is missing, so Kubernetes makes it ClusterIP, which gets no address. For an address write `type: LoadBalancer` below `spec:`; it stays ClusterIP here.',
    field: 'spec',
    reads: undefined,
  },
  {
    title: 'a boolean in a ConfigMap',
    text: cm('data:\n  allow-share-development: true\n'),
    says: 'f.yaml:7:28: ConfigMap kube-system/kubevip: data.allow-share-development: true is a boolean to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (allow-share-development: "true"); it is read here as that text.',
    field: 'data',
    reads: { 'allow-share-development': 'true' },
  },
  {
    title: 'a YAML 1.1 boolean in a ConfigMap',
    text: cm('data:\n  allow-share-development: on\n'),
    says: 'f.yaml:7:28: ConfigMap kube-system/kubevip: data.allow-share-development: on is a boolean to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (allow-share-development: "on"); it is read here as that text.',
    field: 'data',
    reads: { 'allow-share-development': 'on' },
  },
  {
    title: 'a number in a ConfigMap',
    text: cm('data:\n  cidr-global: 010\n'),
    says: 'f.yaml:7:16: ConfigMap kube-system/kubevip: data.cidr-global: 010 is a number to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (cidr-global: "010"); it is read here as that text.',
    field: 'data',
    reads: { 'cidr-global': '010' },
  },
  {
    title: 'a number with a point in a ConfigMap',
    text: cm('data:\n  cidr-global: 10.0\n'),
    says: 'f.yaml:7:16: ConfigMap kube-system/kubevip: data.cidr-global: 10.0 is a number to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (cidr-global: "10.0"); it is read here as that text.',
    field: 'data',
    reads: { 'cidr-global': '10.0' },
  },
  {
    title: 'a key without a value in a ConfigMap',
    text: cm('data:\n  cidr-global:\n'),
    says: 'f.yaml:7:15: ConfigMap kube-system/kubevip: data.cidr-global: there is no value. Kubernetes stores it as an empty text, and so it is read here. Write a value, or leave the key out.',
    field: 'data',
    reads: { 'cidr-global': '' },
  },
  {
    title: 'a list in a ConfigMap',
    text: cm('data:\n  cidr-global:\n    - 10.0.0.0/29\n    - 10.1.0.0/29\n'),
    says: 'f.yaml:8:5: ConfigMap kube-system/kubevip: data.cidr-global: this is a list, and Kubernetes takes only text there: it refuses the object. Write the entries in one text with commas between them; it is read here as "10.0.0.0/29,10.1.0.0/29".',
    field: 'data',
    reads: { 'cidr-global': '10.0.0.0/29,10.1.0.0/29' },
  },
  {
    title: 'a key twice in a ConfigMap',
    text: cm('data:\n  interface-default: eth3\n  interface-default: eth5\n'),
    says: 'f.yaml:8:3: ConfigMap kube-system/kubevip: data.interface-default: the key stands twice in one map. Kubernetes refuses that or silently takes the last; the last one, "eth5", is used here. Keep one, under the name that was meant.',
    field: 'data',
    reads: { 'interface-default': 'eth5' },
  },
  {
    title: 'a key three times in a ConfigMap',
    text: cm('data:\n  a: "1"\n  a: "2"\n  a: "3"\n'),
    says: 'f.yaml:9:3: ConfigMap kube-system/kubevip: data.a: the key stands 3 times in one map. Kubernetes refuses that or silently takes the last; the last one, "3", is used here. Keep one, under the name that was meant.',
    field: 'data',
    reads: { a: '3' },
  },
  {
    title: 'a key twice in JSON',
    text: '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubevip", "namespace": "kube-system"}, "data": {"a": "1", "a": "2"}}',
    says: 'f.yaml:1:123: ConfigMap kube-system/kubevip: data.a: the key stands twice in one map. Kubernetes refuses that or silently takes the last; the last one, "2", is used here. Keep one, under the name that was meant.',
    field: 'data',
    reads: { a: '2' },
  },
  {
    title: 'a ConfigMap without a namespace',
    text: cm('data: {}\n', ''),
    says: 'f.yaml:1:1: ConfigMap kubevip: metadata.namespace: this is missing, so kubectl would create it in its current namespace, where the controller does not look. Write `namespace: kube-system`, as it is read here.',
    field: 'metadata',
    reads: { name: 'kubevip', namespace: 'kube-system' },
  },
  {
    title: 'a label that is a number',
    text: svc(P, '  labels:\n    tier: 1\n'),
    says: 'f.yaml:7:11: Service shop/web: metadata.labels.tier: 1 is a number to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (tier: "1"); it is read here as that text.',
    field: 'metadata.labels',
    reads: { tier: '1' },
  },
  {
    title: 'an annotation that is a boolean',
    text: svc(P, '  annotations:\n    kube-vip.io/ignore: true\n'),
    says: 'f.yaml:7:25: Service shop/web: metadata.annotations.kube-vip.io/ignore: true is a boolean to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (kube-vip.io/ignore: "true"); it is read here as that text.',
    field: 'metadata.annotations',
    reads: { 'kube-vip.io/ignore': 'true' },
  },
  {
    title: 'an annotation without a value',
    text: svc(P, '  annotations:\n    kube-vip.io/loadbalancerIPs:\n'),
    says: 'f.yaml:7:33: Service shop/web: metadata.annotations.kube-vip.io/loadbalancerIPs: there is no value. Kubernetes stores it as an empty text, and so it is read here. Write a value, or leave the key out.',
    field: 'metadata.annotations',
    reads: { 'kube-vip.io/loadbalancerIPs': '' },
  },
  {
    title: 'addresses as a list in an annotation',
    text: svc(P, '  annotations:\n    kube-vip.io/loadbalancerIPs: [192.168.0.1, 2001::1]\n'),
    says: 'f.yaml:7:34: Service shop/web: metadata.annotations.kube-vip.io/loadbalancerIPs: this is a list, and Kubernetes takes only text there: it refuses the object. Write the entries in one text with commas between them; it is read here as "192.168.0.1,2001::1".',
    field: 'metadata.annotations',
    reads: { 'kube-vip.io/loadbalancerIPs': '192.168.0.1,2001::1' },
  },
  {
    title: 'a name that is a number',
    text: svc(P).replace('name: web', 'name: 12'),
    says: 'f.yaml:4:9: Service shop/12: metadata.name: 12 is a number to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (name: "12"); it is read here as that text.',
    field: 'metadata',
    reads: { name: '12', namespace: 'shop' },
  },
  {
    title: 'a type in another case',
    text: svc(P).replace('LoadBalancer', 'loadbalancer'),
    says: 'f.yaml:7:9: Service shop/web: spec.type: Kubernetes refuses "loadbalancer". Write LoadBalancer, as it is read here.',
    field: 'spec.type',
    reads: 'LoadBalancer',
  },
  {
    title: 'a misspelt type',
    text: svc(P).replace('LoadBalancer', 'LoadBalancr'),
    says: 'f.yaml:7:9: Service shop/web: spec.type: Kubernetes refuses "LoadBalancr". Write LoadBalancer, as it is read here.',
    field: 'spec.type',
    reads: 'LoadBalancer',
  },
  {
    title: 'a port as text',
    text: svc('  ports:\n    - port: "80"\n'),
    says: 'f.yaml:9:13: Service shop/web: spec.ports[0].port: "80" is text, and Kubernetes takes only a number there: it refuses the object. Leave the quotes out; it is read here as 80.',
    field: 'spec.ports',
    reads: [{ port: 80 }],
  },
  {
    title: 'a protocol in small letters',
    text: svc('  ports:\n    - port: 53\n      protocol: udp\n'),
    says: 'f.yaml:10:17: Service shop/web: spec.ports[0].protocol: Kubernetes refuses "udp". Write UDP, as it is read here.',
    field: 'spec.ports',
    reads: [{ port: 53, protocol: 'UDP' }],
  },
  {
    title: 'one family that is no list',
    text: svc(`${P}  ipFamilies: IPv6\n`),
    says: 'f.yaml:10:15: Service shop/web: spec.ipFamilies: this is one value, and Kubernetes takes only a list there: it refuses the object. Write [IPv6], as it is read here.',
    field: 'spec.ipFamilies',
    reads: ['IPv6'],
  },
  {
    title: 'a family in small letters',
    text: svc(`${P}  ipFamilies: [ipv6]\n`),
    says: 'f.yaml:10:16: Service shop/web: spec.ipFamilies: Kubernetes refuses "ipv6". Write IPv6, as it is read here.',
    field: 'spec.ipFamilies',
    reads: ['IPv6'],
  },
  {
    title: 'a family twice',
    text: svc(`${P}  ipFamilies: [IPv4, IPv4]\n`),
    says: 'f.yaml:10:22: Service shop/web: spec.ipFamilies: IPv4 stands twice, and Kubernetes refuses that. Leave one out; it is read here once.',
    field: 'spec.ipFamilies',
    reads: ['IPv4'],
  },
  {
    title: 'a boolean as text',
    text: svc(`${P}  allocateLoadBalancerNodePorts: "false"\n`),
    says: 'f.yaml:10:34: Service shop/web: spec.allocateLoadBalancerNodePorts: "false" is text, and Kubernetes takes only a boolean there: it refuses the object. Leave the quotes out; it is read here as false.',
    field: 'spec.allocateLoadBalancerNodePorts',
    reads: false,
  },
  {
    title: 'a LoadBalancer without ports',
    text: svc(''),
    says: 'f.yaml:7:3: Service shop/web: spec.ports: a LoadBalancer Service needs at least one port, and Kubernetes refuses it without. Add one (`- port: 80`).',
    field: 'spec.ports',
    reads: undefined,
  },
  {
    title: 'a Service without an apiVersion',
    text: svc(P).replace('apiVersion: v1\n', ''),
    says: 'f.yaml:1:1: Service shop/web: apiVersion: this is missing, and Kubernetes refuses the object. Write `apiVersion: v1`, as it is read here.',
    field: 'apiVersion',
    reads: 'v1',
  },
  {
    title: 'a Service of a version that does not exist',
    text: svc(P).replace('v1', 'v1beta1'),
    says: 'f.yaml:1:13: Service shop/web: apiVersion: "v1beta1" has no Service, and Kubernetes refuses the object. Write `apiVersion: v1`, as it is read here.',
    field: 'apiVersion',
    reads: 'v1',
  },
  {
    title: 'a misspelt kind',
    text: svc(P).replace('Service', 'Serivce'),
    says: 'f.yaml:2:7: kind "Serivce" is unknown to Kubernetes. Write Service, as it is read here.',
    field: 'kind',
    reads: 'Service',
  },
  {
    title: 'a number in spec.loadBalancerIP',
    text: svc(`${P}  loadBalancerIP: 10.1\n`),
    says: 'f.yaml:10:19: Service shop/web: spec.loadBalancerIP: 10.1 is a number to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (loadBalancerIP: "10.1"); it is read here as that text.',
    field: 'spec.loadBalancerIP',
    reads: '10.1',
  },
  {
    title: 'a direction mark in a label',
    text: svc(P, '  labels:\n    "a\\u202eb": 1\n'),
    says: 'f.yaml:7:17: Service shop/web: metadata.labels."a\\u202eb": 1 is a number to YAML, and Kubernetes takes only text there: it refuses the object. Put quotes around it (a\\u202eb: "1"); it is read here as that text.',
    field: 'metadata.labels',
    reads: { 'a‮b': '1' },
  },
];

for (const { title, text, says, field, reads } of rows) {
  test(`${title} is read with a remark that says what Kubernetes would make of it`, () => {
    const { objects, remarks, errors } = readManifests([{ name: 'f.yaml', text }], {
      configMap: { namespace: 'kube-system', name: 'kubevip' },
    });
    assert.deepEqual(errors, []);
    // What a single object lacks beside it is for another test.
    assert.deepEqual(
      remarks.filter((remark) => !remark.startsWith('There is no')),
      [says],
    );
    assert.deepEqual(at(objects[0], field), reads);
  });
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((inner, key) => {
    return typeof inner === 'object' && inner !== null ? new Map(Object.entries(inner)).get(key) : undefined;
  }, value);
}

/** A Service with `meta` at the end of its metadata and `spec` at the end of its spec. */
function svc(spec: string, meta = ''): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\n${meta}spec:\n  type: LoadBalancer\n${spec}`;
}

function cm(data: string, meta = '  namespace: kube-system\n'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kubevip\n${meta}${data}`;
}
