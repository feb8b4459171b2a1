import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifests } from '../../src/manifest/manifests.ts';

/** Input that Kubernetes rejects although its meaning is plain: it is read, with a remark. */
interface Row {
  title: string;
  text: string;
  says: string;
  /** A path into the object, and its value. */
  field: string;
  reads: unknown;
}

const P = '  ports:\n    - port: 80\n';

const rows: Row[] = [
  {
    title: 'a misspelled field of the spec',
    text: svc(`${P}  ipFamilypolicy: PreferDualStack\n`),
    says: 'f.yaml:10:3: Service shop/web: spec.ipFamilypolicy: unknown field. Kubernetes rejects the object, and the field has no effect here. Did you mean ipFamilyPolicy?',
    field: 'spec.ipFamilypolicy',
    reads: 'PreferDualStack',
  },
  {
    title: 'an unknown field',
    text: svc(`${P}  weather: fine\n`),
    says: 'f.yaml:10:3: Service shop/web: spec.weather: unknown field. Kubernetes rejects the object, and the field has no effect here. Remove it.',
    field: 'spec.weather',
    reads: 'fine',
  },
  {
    title: 'a misspelled annotation',
    text: svc(P).replace('spec:', '  annotations:\n    kube-vip.io/loadbalancerIP: 10.0.0.1\nspec:'),
    says: 'f.yaml:7:5: Service shop/web: metadata.annotations.kube-vip.io/loadbalancerIP: neither this controller nor kube-vip reads an annotation of this name. Write kube-vip.io/loadbalancerIPs.',
    field: 'spec.type',
    reads: 'LoadBalancer',
  },
  {
    title: 'a Service without a type',
    text: svc(P).replace('  type: LoadBalancer\n', ''),
    says: 'f.yaml:7:3: Service shop/web: spec.type: missing, so Kubernetes sets it to ClusterIP, and the Service gets no address. To get an address, write `type: LoadBalancer` below `spec:`. It is read here as ClusterIP.',
    field: 'spec.type',
    reads: undefined,
  },
  {
    title: 'a Service without a spec',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\n',
    says: 'f.yaml:1:1: Service shop/web: spec.type: missing, so Kubernetes sets it to ClusterIP, and the Service gets no address. To get an address, write `type: LoadBalancer` below `spec:`. It is read here as ClusterIP.',
    field: 'spec',
    reads: undefined,
  },
  {
    title: 'a boolean in a ConfigMap',
    text: cm('data:\n  allow-share-development: true\n'),
    says: 'f.yaml:7:28: ConfigMap kube-system/kubevip: data.allow-share-development: must be a string, but YAML reads true as a boolean, so Kubernetes rejects the object. Put quotes around it (allow-share-development: "true"), as it is read here.',
    field: 'data',
    reads: { 'allow-share-development': 'true' },
  },
  {
    title: 'a YAML 1.1 boolean in a ConfigMap',
    text: cm('data:\n  allow-share-development: on\n'),
    says: 'f.yaml:7:28: ConfigMap kube-system/kubevip: data.allow-share-development: must be a string, but YAML reads on as a boolean, so Kubernetes rejects the object. Put quotes around it (allow-share-development: "on"), as it is read here.',
    field: 'data',
    reads: { 'allow-share-development': 'on' },
  },
  {
    title: 'a number in a ConfigMap',
    text: cm('data:\n  cidr-global: 010\n'),
    says: 'f.yaml:7:16: ConfigMap kube-system/kubevip: data.cidr-global: must be a string, but YAML reads 010 as a number, so Kubernetes rejects the object. Put quotes around it (cidr-global: "010"), as it is read here.',
    field: 'data',
    reads: { 'cidr-global': '010' },
  },
  {
    title: 'a number with a point in a ConfigMap',
    text: cm('data:\n  cidr-global: 10.0\n'),
    says: 'f.yaml:7:16: ConfigMap kube-system/kubevip: data.cidr-global: must be a string, but YAML reads 10.0 as a number, so Kubernetes rejects the object. Put quotes around it (cidr-global: "10.0"), as it is read here.',
    field: 'data',
    reads: { 'cidr-global': '10.0' },
  },
  {
    title: 'a key without a value in a ConfigMap',
    text: cm('data:\n  cidr-global:\n'),
    says: 'f.yaml:7:15: ConfigMap kube-system/kubevip: data.cidr-global: has no value. Kubernetes stores an empty string, as it is read here. Add a value, or remove the key.',
    field: 'data',
    reads: { 'cidr-global': '' },
  },
  {
    title: 'a list in a ConfigMap',
    text: cm('data:\n  cidr-global:\n    - 10.0.0.0/29\n    - 10.1.0.0/29\n'),
    says: 'f.yaml:8:5: ConfigMap kube-system/kubevip: data.cidr-global: must be a string, but is a list, so Kubernetes rejects the object. Write one string with commas between the entries; it is read here as "10.0.0.0/29,10.1.0.0/29".',
    field: 'data',
    reads: { 'cidr-global': '10.0.0.0/29,10.1.0.0/29' },
  },
  {
    title: 'a repeated key in a ConfigMap',
    text: cm('data:\n  interface-default: eth3\n  interface-default: eth5\n'),
    says: 'f.yaml:8:3: ConfigMap kube-system/kubevip: data.interface-default: the key appears twice in one map. Kubernetes rejects the object or silently uses the last one; the last one, "eth5", is used here. Keep one, or rename the other.',
    field: 'data',
    reads: { 'interface-default': 'eth5' },
  },
  {
    title: 'a key that appears three times in a ConfigMap',
    text: cm('data:\n  a: "1"\n  a: "2"\n  a: "3"\n'),
    says: 'f.yaml:9:3: ConfigMap kube-system/kubevip: data.a: the key appears 3 times in one map. Kubernetes rejects the object or silently uses the last one; the last one, "3", is used here. Keep one, or rename the other.',
    field: 'data',
    reads: { a: '3' },
  },
  {
    title: 'a repeated key in JSON',
    text: '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubevip", "namespace": "kube-system"}, "data": {"a": "1", "a": "2"}}',
    says: 'f.yaml:1:123: ConfigMap kube-system/kubevip: data.a: the key appears twice in one map. Kubernetes rejects the object or silently uses the last one; the last one, "2", is used here. Keep one, or rename the other.',
    field: 'data',
    reads: { a: '2' },
  },
  {
    title: 'a ConfigMap without a namespace',
    text: cm('data: {}\n', ''),
    says: 'f.yaml:1:1: ConfigMap kubevip: metadata.namespace: missing, so kubectl creates the ConfigMap in its current namespace. The controller reads namespace kube-system only. Write `namespace: kube-system`, as it is read here.',
    field: 'metadata',
    reads: { name: 'kubevip', namespace: 'kube-system' },
  },
  {
    title: 'a label that is a number',
    text: svc(P, '  labels:\n    tier: 1\n'),
    says: 'f.yaml:7:11: Service shop/web: metadata.labels.tier: must be a string, but YAML reads 1 as a number, so Kubernetes rejects the object. Put quotes around it (tier: "1"), as it is read here.',
    field: 'metadata.labels',
    reads: { tier: '1' },
  },
  {
    title: 'an annotation that is a boolean',
    text: svc(P, '  annotations:\n    kube-vip.io/ignore: true\n'),
    says: 'f.yaml:7:25: Service shop/web: metadata.annotations.kube-vip.io/ignore: must be a string, but YAML reads true as a boolean, so Kubernetes rejects the object. Put quotes around it (kube-vip.io/ignore: "true"), as it is read here.',
    field: 'metadata.annotations',
    reads: { 'kube-vip.io/ignore': 'true' },
  },
  {
    title: 'an annotation without a value',
    text: svc(P, '  annotations:\n    kube-vip.io/loadbalancerIPs:\n'),
    says: 'f.yaml:7:33: Service shop/web: metadata.annotations.kube-vip.io/loadbalancerIPs: has no value. Kubernetes stores an empty string, as it is read here. Add a value, or remove the key.',
    field: 'metadata.annotations',
    reads: { 'kube-vip.io/loadbalancerIPs': '' },
  },
  {
    title: 'addresses as a list in an annotation',
    text: svc(P, '  annotations:\n    kube-vip.io/loadbalancerIPs: [192.168.0.1, 2001::1]\n'),
    says: 'f.yaml:7:34: Service shop/web: metadata.annotations.kube-vip.io/loadbalancerIPs: must be a string, but is a list, so Kubernetes rejects the object. Write one string with commas between the entries; it is read here as "192.168.0.1,2001::1".',
    field: 'metadata.annotations',
    reads: { 'kube-vip.io/loadbalancerIPs': '192.168.0.1,2001::1' },
  },
  {
    title: 'a name that is a number',
    text: svc(P).replace('name: web', 'name: 12'),
    says: 'f.yaml:4:9: Service shop/12: metadata.name: must be a string, but YAML reads 12 as a number, so Kubernetes rejects the object. Put quotes around it (name: "12"), as it is read here.',
    field: 'metadata',
    reads: { name: '12', namespace: 'shop' },
  },
  {
    title: 'a type in another case',
    text: svc(P).replace('LoadBalancer', 'loadbalancer'),
    says: 'f.yaml:7:9: Service shop/web: spec.type: must be LoadBalancer, ClusterIP, NodePort, or ExternalName, but is "loadbalancer", so Kubernetes rejects the object. Write LoadBalancer, as it is read here.',
    field: 'spec.type',
    reads: 'LoadBalancer',
  },
  {
    title: 'a misspelled type',
    text: svc(P).replace('LoadBalancer', 'LoadBalancr'),
    says: 'f.yaml:7:9: Service shop/web: spec.type: must be LoadBalancer, ClusterIP, NodePort, or ExternalName, but is "LoadBalancr", so Kubernetes rejects the object. Write LoadBalancer, as it is read here.',
    field: 'spec.type',
    reads: 'LoadBalancer',
  },
  {
    title: 'a port as text',
    text: svc('  ports:\n    - port: "80"\n'),
    says: 'f.yaml:9:13: Service shop/web: spec.ports[0].port: must be an integer from 1 to 65535, but is "80", so Kubernetes rejects the object. Remove the quotes; it is read here as 80.',
    field: 'spec.ports',
    reads: [{ port: 80 }],
  },
  {
    title: 'a protocol in lowercase',
    text: svc('  ports:\n    - port: 53\n      protocol: udp\n'),
    says: 'f.yaml:10:17: Service shop/web: spec.ports[0].protocol: must be TCP, UDP, or SCTP, but is "udp", so Kubernetes rejects the object. Write UDP, as it is read here.',
    field: 'spec.ports',
    reads: [{ port: 53, protocol: 'UDP' }],
  },
  {
    title: 'one family that is not a list',
    text: svc(`${P}  ipFamilies: IPv6\n`),
    says: 'f.yaml:10:15: Service shop/web: spec.ipFamilies: must be a list, but is "IPv6", so Kubernetes rejects the object. Write [IPv6], as it is read here.',
    field: 'spec.ipFamilies',
    reads: ['IPv6'],
  },
  {
    title: 'a family in lowercase',
    text: svc(`${P}  ipFamilies: [ipv6]\n`),
    says: 'f.yaml:10:16: Service shop/web: spec.ipFamilies[0]: must be IPv4 or IPv6, but is "ipv6", so Kubernetes rejects the object. Write IPv6, as it is read here.',
    field: 'spec.ipFamilies',
    reads: ['IPv6'],
  },
  {
    title: 'a repeated family',
    text: svc(`${P}  ipFamilies: [IPv4, IPv4]\n`),
    says: 'f.yaml:10:22: Service shop/web: spec.ipFamilies[1]: "IPv4" is in the list twice, so Kubernetes rejects the object. Remove one of them; it is read here once.',
    field: 'spec.ipFamilies',
    reads: ['IPv4'],
  },
  {
    title: 'a boolean as text',
    text: svc(`${P}  allocateLoadBalancerNodePorts: "false"\n`),
    says: 'f.yaml:10:34: Service shop/web: spec.allocateLoadBalancerNodePorts: must be true or false, but is "false", so Kubernetes rejects the object. Remove the quotes; it is read here as false.',
    field: 'spec.allocateLoadBalancerNodePorts',
    reads: false,
  },
  {
    title: 'a LoadBalancer without ports',
    text: svc(''),
    says: 'f.yaml:7:3: Service shop/web: spec.ports: a LoadBalancer Service needs at least one port, so Kubernetes rejects the object. Add one (`- port: 80`).',
    field: 'spec.ports',
    reads: undefined,
  },
  {
    title: 'a misspelled field of the status',
    text: `${svc(P)}status:\n  loadBalancer:\n    ingress:\n      - ipp: 192.168.0.1\n`,
    says: 'f.yaml:13:9: Service shop/web: status.loadBalancer.ingress[0].ipp: unknown field. Kubernetes rejects the object, and the field has no effect here. Did you mean ip?',
    field: 'status.loadBalancer.ingress',
    reads: [{ ipp: '192.168.0.1' }],
  },
  {
    title: 'a misspelled field of a ConfigMap',
    text: cm('dta: {}\n'),
    says: 'f.yaml:6:1: ConfigMap kube-system/kubevip: dta: unknown field. Kubernetes rejects the object, and the field has no effect here. Did you mean data?',
    field: 'data',
    reads: undefined,
  },
  {
    title: 'a session affinity in lowercase',
    text: svc(`${P}  sessionAffinity: clientIP\n`),
    says: 'f.yaml:10:20: Service shop/web: spec.sessionAffinity: must be ClientIP or None, but is "clientIP", so Kubernetes rejects the object. Write ClientIP, as it is read here.',
    field: 'spec.sessionAffinity',
    reads: 'ClientIP',
  },
  {
    title: 'a Service without an apiVersion',
    text: svc(P).replace('apiVersion: v1\n', ''),
    says: 'f.yaml:1:1: Service shop/web: apiVersion: missing, so Kubernetes rejects the object. Write `apiVersion: v1`, as it is read here.',
    field: 'apiVersion',
    reads: 'v1',
  },
  {
    title: 'a Service of a version that does not exist',
    text: svc(P).replace('v1', 'v1beta1'),
    says: 'f.yaml:1:13: Service shop/web: apiVersion: must be v1, but is "v1beta1", so Kubernetes rejects the object. Write `apiVersion: v1`, as it is read here.',
    field: 'apiVersion',
    reads: 'v1',
  },
  {
    title: 'a misspelled kind',
    text: svc(P).replace('Service', 'Serivce'),
    says: 'f.yaml:2:7: unknown kind "Serivce". Write Service, as it is read here.',
    field: 'kind',
    reads: 'Service',
  },
  {
    title: 'a number in spec.loadBalancerIP',
    text: svc(`${P}  loadBalancerIP: 10.1\n`),
    says: 'f.yaml:10:19: Service shop/web: spec.loadBalancerIP: must be a string, but YAML reads 10.1 as a number, so Kubernetes rejects the object. Put quotes around it (loadBalancerIP: "10.1"), as it is read here.',
    field: 'spec.loadBalancerIP',
    reads: '10.1',
  },
  {
    title: 'a direction mark in a label',
    text: svc(P, '  labels:\n    "a\\u202eb": 1\n'),
    says: 'f.yaml:7:17: Service shop/web: metadata.labels."a\\u202eb": must be a string, but YAML reads 1 as a number, so Kubernetes rejects the object. Put quotes around it (a\\u202eb: "1"), as it is read here.',
    field: 'metadata.labels',
    reads: { 'a‮b': '1' },
  },
];

for (const { title, text, says, field, reads } of rows) {
  test(`${title} is read with a remark on what Kubernetes does with it`, () => {
    const { objects, remarks, errors } = readManifests([{ name: 'f.yaml', text }], {
      configMap: { namespace: 'kube-system', name: 'kubevip' },
    });
    assert.deepEqual(errors, []);
    // Remarks on missing objects are tested elsewhere.
    assert.deepEqual(
      remarks.filter((remark) => !remark.startsWith('The input contains no')),
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
