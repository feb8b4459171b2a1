import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printList } from '../../src/cmd/sandbox/print-list.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { readManifests } from '../../src/manifest/manifests.ts';

const web: Service = {
  status: { loadBalancer: {} },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: 'web' } },
  metadata: {
    name: 'web',
    namespace: 'shop',
    creationTimestamp: '2026-01-31T08:00:00Z',
    annotations: { 'kube-vip.io/loadbalancerIPs': '2001::10,192.168.0.10' },
    managedFields: [{ manager: 'kubectl' }],
  },
};

function named(namespace: string, name: string): Service {
  return { ...web, metadata: { name, namespace } };
}

test('the List is sorted by namespace and name, regardless of the order of the Services', () => {
  const services = [named('shop', 'b'), named('shop', 'a'), named('Z', 'a'), named('base', 'z')];
  const list: unknown = JSON.parse(printList(services, 'json'));
  assert.deepEqual(list, JSON.parse(printList([...services].reverse(), 'json')));
  assert.ok(typeof list === 'object' && list !== null && 'items' in list && Array.isArray(list.items));
  const order = list.items.map(({ metadata }: Service) => `${metadata.namespace}/${metadata.name}`);
  assert.deepEqual(order, ['Z/a', 'base/z', 'shop/a', 'shop/b']);
});

test('JSON and YAML show apiVersion and kind first, sorted keys, and no managedFields', () => {
  assert.equal(
    printList([web], 'yaml'),
    `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Service
    metadata:
      annotations:
        kube-vip.io/loadbalancerIPs: 2001::10,192.168.0.10
      creationTimestamp: "2026-01-31T08:00:00Z"
      name: web
      namespace: shop
    spec:
      ports:
        - port: 80
      selector:
        app: web
      type: LoadBalancer
    status:
      loadBalancer: {}
`,
  );
  const json = printList([web], 'json');
  assert.match(
    json,
    /^\{\n {4}"apiVersion": "v1",\n {4}"kind": "List",\n {4}"items": \[\n {8}\{\n {12}"apiVersion": "v1",\n {12}"kind": "Service",\n {12}"metadata": /,
  );
  assert.doesNotMatch(json, /managedFields/);
  assert.ok(json.endsWith('}\n'));
});

test('without Services, the List is empty', () => {
  assert.deepEqual(JSON.parse(printList([], 'json')), { apiVersion: 'v1', kind: 'List', items: [] });
  assert.equal(printList([], 'yaml'), 'apiVersion: v1\nkind: List\nitems: []\n');
});

test('the output parses to the same text, even if YAML is ambiguous, and contains no control characters', () => {
  const texts = [
    'on',
    'yes',
    'n',
    '012',
    '1e3',
    '1:30',
    '1.10',
    '~',
    'null',
    '',
    ' ',
    '- a',
    'a: b',
    '#',
    '2026-01-31',
    '<<',
    '=',
    '*a',
    '&a',
    '!a',
    '%',
    '@',
    'line\nline\n',
    '\tx',
    'a\r\nb',
    'x\x1b[2J',
    'x\u009b2J',
    'x\u202ey',
    '\u2028',
    '\ufeff',
    'x'.repeat(300),
    '"',
    "'",
    '\\',
    '日本',
  ];
  const labels = Object.fromEntries(texts.map((text, index) => [`k${index}`, text]));
  for (const format of ['json', 'yaml'] as const) {
    const text = printList([{ ...web, metadata: { ...web.metadata, labels } }], format);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const { objects, errors } = readManifests([{ name: 'f', text }], {
      configMap: { namespace: 'a', name: 'b' },
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(objects[0]?.metadata.labels, labels);
  }
});
