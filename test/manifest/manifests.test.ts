import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Manifests, readManifests } from '../../src/manifest/manifests.ts';

function read(...texts: string[]): Manifests {
  const named = texts.map((text, index) => ({
    name: texts.length === 1 ? 'f.yaml' : `f${index + 1}.yaml`,
    text,
  }));
  return readManifests(named, { configMap: { namespace: 'kube-system', name: 'kubevip' } });
}

function names({ objects }: Manifests): string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
}

const pools = `apiVersion: v1
kind: ConfigMap
metadata:
  name: kubevip
  namespace: kube-system
data:
  cidr-global: 192.168.0.220/29
`;

function service(name: string, more = ''): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: shop
${more}spec:
  type: LoadBalancer
  ports:
    - port: 80
`;
}

test('several documents in several texts are read in their order', () => {
  const result = read(`${pools}---\n${service('b')}`, `# a comment\n---\n${service('a')}---\n`);
  assert.deepEqual(names(result), ['ConfigMap kube-system/kubevip', 'Service shop/b', 'Service shop/a']);
  assert.deepEqual([result.remarks, result.errors], [[], []]);
});

test('output of kubectl is read with its times, status, and other fields unchanged', () => {
  const dump = `apiVersion: v1
items:
- apiVersion: v1
  kind: Service
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {"apiVersion":"v1","kind":"Service"}
    creationTimestamp: 2026-01-31T08:00:00Z
    name: web
    namespace: shop
    resourceVersion: "1234"
    uid: 6f1c5c4e-0000-4000-8000-000000000001
  spec:
    clusterIP: 10.96.0.10
    clusterIPs:
    - 10.96.0.10
    healthCheckNodePort: 31000
    ports:
    - name: http
      nodePort: 30080
      port: 80
      protocol: TCP
      targetPort: http
    sessionAffinityConfig: null
    type: LoadBalancer
  status:
    loadBalancer:
      ingress:
      - ip: 192.168.0.5
        ipMode: VIP
- apiVersion: v1
  data:
    cidr-global: 192.168.0.0/29
  kind: ConfigMap
  metadata:
    creationTimestamp: "2026-01-31T08:00:00Z"
    name: kubevip
    namespace: kube-system
kind: List
metadata:
  resourceVersion: ""
`;
  const { objects, remarks, errors } = read(dump);
  assert.deepEqual([remarks, errors], [[], []]);
  assert.deepEqual(objects[0], {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': '{"apiVersion":"v1","kind":"Service"}\n',
      },
      creationTimestamp: '2026-01-31T08:00:00Z',
      name: 'web',
      namespace: 'shop',
      resourceVersion: '1234',
      uid: '6f1c5c4e-0000-4000-8000-000000000001',
    },
    spec: {
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      healthCheckNodePort: 31000,
      ports: [{ name: 'http', nodePort: 30080, port: 80, protocol: 'TCP', targetPort: 'http' }],
      type: 'LoadBalancer',
    },
    status: { loadBalancer: { ingress: [{ ip: '192.168.0.5', ipMode: 'VIP' }] } },
  });
  assert.equal(objects[1]?.metadata.creationTimestamp, '2026-01-31T08:00:00Z');
});

test('JSON values in a row, as jq prints them, are read like documents', () => {
  const one = (name: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'shop', annotations: { text: 'a } and a \\" {' } },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    });
  for (const between of ['', '\n', '\n---\n', '\r\n\t']) {
    const result = read(pools, one('a') + between + one('b'));
    assert.deepEqual(names(result).slice(1), ['Service shop/a', 'Service shop/b']);
    assert.deepEqual([result.remarks, result.errors], [[], []]);
  }
});

test('the items of a ServiceList and a ConfigMapList need no kind of their own', () => {
  const list = {
    apiVersion: 'v1',
    kind: 'ServiceList',
    items: [
      { metadata: { name: 'a', namespace: 'shop' }, spec: { type: 'LoadBalancer', ports: [{ port: 1 }] } },
    ],
  };
  const maps = {
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    items: [{ metadata: { name: 'kubevip', namespace: 'kube-system' } }],
  };
  const result = read(JSON.stringify(list), JSON.stringify(maps));
  assert.deepEqual(names(result), ['Service shop/a', 'ConfigMap kube-system/kubevip']);
  assert.deepEqual([result.remarks, result.errors], [[], []]);
});

test('Windows line ends and a byte order mark change nothing', () => {
  const result = read(`\ufeff${pools}---\n${service('web')}`.replaceAll('\n', '\r\n'));
  assert.deepEqual(names(result), ['ConfigMap kube-system/kubevip', 'Service shop/web']);
  assert.deepEqual([result.remarks, result.errors], [[], []]);
});

test('anchors, aliases, and merges are expanded', () => {
  const text = `${pools}---\n${service('web', '  labels: &l {a: b, c: d}\n  annotations:\n    <<: *l\n    c: e\n')}`;
  const { objects, remarks, errors } = read(text);
  assert.deepEqual(objects[1]?.metadata.annotations, { a: 'b', c: 'e' });
  assert.deepEqual([remarks, errors], [[], []]);
});

test('keys that are special in JavaScript are ordinary keys', () => {
  const text = `${pools}  __proto__: x\n  constructor: "y"\n  toString: z\n---\n${service('web', '  labels:\n    __proto__: p\n')}`;
  const { objects, remarks, errors } = read(text);
  const [map, web] = objects;
  assert.ok(map !== undefined && 'data' in map && map.data !== undefined);
  assert.deepEqual(Object.entries(map.data), [
    ['cidr-global', '192.168.0.220/29'],
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['toString', 'z'],
  ]);
  assert.equal(Object.getPrototypeOf(map.data), Object.prototype);
  assert.deepEqual(Object.keys(web?.metadata.labels ?? {}), ['__proto__']);
  assert.equal(Object.hasOwn(Object.prototype, 'p'), false);
  assert.deepEqual([remarks, errors], [[], []]);
});

test('an address that looks like a base-60 number or a date stays text', () => {
  const { objects, remarks } = read(`${pools}  a: 1:30\n  b: 2026-01-31\n  c: 2001::10\n`, service('web'));
  const [map] = objects;
  assert.ok(map !== undefined && 'data' in map);
  assert.deepEqual(map.data, {
    'cidr-global': '192.168.0.220/29',
    a: '1:30',
    b: '2026-01-31',
    c: '2001::10',
  });
  assert.deepEqual(remarks, []);
});

test('a Service without a namespace is in default, and all of them share one remark', () => {
  const homeless = (name: string): string => service(name).replace('  namespace: shop\n', '');
  const one = read(`${pools}---\n${homeless('a')}`);
  assert.deepEqual(one.remarks, [
    'f.yaml:9:1: Service a has no namespace, so it is read in namespace default. To choose another, set metadata.namespace.',
  ]);
  const seven = read(`${pools}---\n${['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(homeless).join('---\n')}`);
  assert.deepEqual(seven.remarks, [
    'f.yaml:9:1: 7 Services (a, b, c, d, e and 2 more) have no namespace, so they are read in namespace default. To choose another, set metadata.namespace.',
  ]);
  assert.deepEqual(names(seven)[7], 'Service default/g');
});

test('the later of two definitions of an object applies, in the position of the first', () => {
  const again = service('web').replace('port: 80', 'port: 443');
  const result = read(`${pools}---\n${service('web')}`, again);
  assert.deepEqual(names(result), ['ConfigMap kube-system/kubevip', 'Service shop/web']);
  const [, web] = result.objects;
  assert.ok(web !== undefined && 'spec' in web);
  assert.deepEqual(web.spec?.ports, [{ port: 443 }]);
  assert.deepEqual(result.remarks, [
    'f2.yaml:1:1: Service shop/web: also defined in f1.yaml:9:1, document 2. The later one applies, as with kubectl apply. Remove one, or rename it.',
  ]);
});

test('other kinds are skipped and counted, and so are Services of another API group', () => {
  const others =
    'kind: Deployment\napiVersion: apps/v1\n---\nkind: Pod\napiVersion: v1\n---\nkind: Pod\napiVersion: v1\n---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: fn}\n';
  const result = read(`${pools}---\n${service('web')}---\n${others}`);
  assert.equal(result.objects.length, 2);
  assert.deepEqual(result.remarks, [
    'Skipped everything but Services, Nodes, and the ConfigMap with the pools: Deployment.apps (1), Pod (2), Service.serving.knative.dev (1).',
  ]);
});

test('other ConfigMaps are skipped without a remark, even if they are invalid', () => {
  const other =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt, namespace: shop}\ndata: {a: 1, b: [c, {d: e}]}\n';
  const result = read(`${pools}---\n${service('web')}---\n${other}`);
  assert.equal(result.objects.length, 2);
  assert.deepEqual([result.remarks, result.errors], [[], []]);
});

test('a ConfigMap of the right name in another namespace is skipped, with a remark on how to fix that', () => {
  const elsewhere = pools.replace('namespace: kube-system', 'namespace: default');
  const result = read(`${elsewhere}---\n${service('web')}`);
  assert.deepEqual(names(result), ['Service shop/web']);
  assert.deepEqual(result.remarks, [
    'f.yaml:1:1, document 1: ConfigMap default/kubevip is skipped: the pools are in kube-system/kubevip. Move it to namespace kube-system, or set KUBEVIP_NAMESPACE=default for the controller.',
    'The input contains no ConfigMap kube-system/kubevip, so there are no pools, and Services can only get static addresses. Add it.',
  ]);
});

test('without the ConfigMap, the remark names one that looks like pools', () => {
  const result = read(`${pools.replace('name: kubevip', 'name: kube-vip')}---\n${service('web')}`);
  assert.deepEqual(result.remarks, [
    'The input contains no ConfigMap kube-system/kubevip, so there are no pools, and Services can only get static addresses. Did you mean kube-system/kube-vip? Give it that namespace and name, or set KUBEVIP_NAMESPACE and KUBEVIP_CONFIG_MAP.',
  ]);
});

test('the options select the ConfigMap', () => {
  const text = `${pools.replace('kube-system', 'net').replace('name: kubevip', 'name: pools')}---\n${service('web')}`;
  const result = readManifests([{ name: 'f.yaml', text }], {
    configMap: { namespace: 'net', name: 'pools' },
  });
  assert.deepEqual(names(result), ['ConfigMap net/pools', 'Service shop/web']);
  assert.deepEqual(result.remarks, []);
});

test('pools without a Service cause a remark', () => {
  assert.deepEqual(read(pools).remarks, [
    'The input contains no Service, so there is nothing to assign an address to. Add one.',
  ]);
});

test('an invalid object or document affects no other, and the message shows its line', () => {
  const result = read(
    `${service('a').replace('port: 80', 'port: x')}---\nkind: [\n---\n${service('b')}---\n${pools}`,
  );
  assert.deepEqual(names(result), ['Service shop/b', 'ConfigMap kube-system/kubevip']);
  assert.deepEqual(result.errors, [
    'f.yaml:9:13, document 1: Service shop/a: spec.ports[0].port: must be an integer from 1 to 65535, but is "x".\n' +
      '  9 |     - port: x\n' +
      '    |             ^',
    'f.yaml:12:1, document 2: a bracket or brace before this is never closed. Close it.\n' +
      '  12 | ---\n' +
      '     | ^',
  ]);
});

test('a text that is too long is rejected before it is parsed', () => {
  const { errors } = readManifests([{ name: 'big.yaml', text: 'x'.repeat(3 * 1024 * 1024) }], {
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    longest: 1024 * 1024,
  });
  assert.deepEqual(errors, [
    'big.yaml: the text has 3.0 MiB, and the limit is 1.0 MiB. Include only Services and ConfigMaps (`kubectl get svc,cm -A -o yaml`), or fewer namespaces.',
  ]);
});

test('no control character of the input reaches a message', () => {
  const nasty = '\\e[2J\\e[31m\\u202e\\a\\x9b';
  const text = `kind: "Svc${nasty}"\n---\nkind: Service\nmetadata:\n  name: "a${nasty}"\n  labels: {"k${nasty}": 1}\nspec:\n  type: "${nasty}"\n---\n@\x1b[2J\n`;
  const { errors, remarks } = readManifests([{ name: 'evil\x1b[2J.yaml', text }], {
    configMap: { namespace: 'kube-system', name: 'kubevip' },
  });
  assert.ok(errors.length >= 3 && remarks.length >= 2);
  for (const message of [...errors, ...remarks]) {
    assert.doesNotMatch(message.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  }
});
