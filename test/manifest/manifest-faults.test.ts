import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifests } from '../../src/manifest/manifests.ts';

/** Input that cannot be read, with the message without the excerpt of the file that follows it. */
interface Row {
  title: string;
  text: string;
  says: string[];
}

const P = '  ports:\n    - port: 80\n';

const rows: Row[] = [
  {
    title: 'a tab for indentation',
    text: 'kind: Service\nmetadata:\n\tname: web\n',
    says: ['f.yaml:3:1: the line is indented with a tab. Use spaces, as YAML requires.'],
  },
  {
    title: 'a line with the wrong indentation',
    text: 'kind: Service\nmetadata:\n  name: web\n namespace: shop\n',
    says: [
      'f.yaml:4:1: the indentation differs from that of the lines around it. Align the line with the keys it belongs to.',
    ],
  },
  {
    title: 'two keys on one line',
    text: 'kind: Service\nmetadata: name: web\n',
    says: [
      'f.yaml:2:11: the value contains ": ", which starts a second key on the same line. Put quotes around the value, or the key on its own line.',
    ],
  },
  {
    title: 'a double quote that is never closed',
    text: 'kind: Service\nmetadata:\n  name: "web\nspec: {}\n',
    says: ['f.yaml:3:9: this quote is never closed. Close it.'],
  },
  {
    title: 'a single quote that is never closed',
    text: "kind: Service\nmetadata:\n  name: 'web\n",
    says: ['f.yaml:3:9: this quote is never closed. Close it.'],
  },
  {
    title: 'a bracket that is never closed',
    text: 'kind: Service\nmetadata:\n  finalizers: [a, b\nspec: {}\n',
    says: ['f.yaml:4:1: a bracket or brace before this is never closed. Close it.'],
  },
  {
    title: 'a text that starts with @',
    text: 'kind: Service\nmetadata:\n  name: @web\n',
    says: ['f.yaml:3:9: a string cannot start with "@" here. Put quotes around it.'],
  },
  {
    title: 'a text that starts with a backtick',
    text: 'kind: Service\nmetadata:\n  name: `web`\n',
    says: ['f.yaml:3:9: a string cannot start with "`" here. Put quotes around it.'],
  },
  {
    title: 'an unknown escape',
    text: 'kind: Service\nmetadata:\n  name: "we\\b\\w"\n',
    says: [
      'f.yaml:3:14: a backslash in double quotes starts an escape, and this one is unknown. Write \\\\ for a backslash, or use single quotes.',
    ],
  },
  {
    title: 'a key without a colon',
    text: 'kind: Service\nmetadata\nspec: {}\n',
    says: [
      'f.yaml:2:1: this line must start with a key, but has no ":". Write `key: value`, or put quotes around a string of several lines.',
    ],
  },
  {
    title: 'a last key without a colon',
    text: 'kind: Service\nmetadata\n',
    says: ['f.yaml:2:1: the key has no ":" after it. Add it, and a value.'],
  },
  {
    title: 'plain text',
    text: 'hello\n',
    says: [
      'f.yaml:1:1: a Kubernetes object must be a map, but this is "hello". Start it with `apiVersion: v1` and `kind: Service` or `kind: ConfigMap`.',
    ],
  },
  {
    title: 'a web page',
    text: '<html><body>\n<p>Status: 404</p></html>\n',
    says: ['f.yaml:1:1: this is a web page or XML, not YAML or JSON. Download the raw file.'],
  },
  {
    title: 'an error message of kubectl',
    text: 'Error from server (Forbidden): services is forbidden: User "me" cannot list\n',
    says: [
      'f.yaml:1:32: this is an error message of kubectl, not a manifest: "Error from server (Forbidden): services is forbidden: User "me" cannot list". Fix that error first.',
    ],
  },
  {
    title: 'a template instead of a value',
    text: 'kind: Service\nmetadata:\n  name: {{ .Values.name }}\n',
    says: [
      'f.yaml:3:10: a key must be a string, but is a map, a list or empty. If this is a template ({{ ... }}), render it first (`helm template`).',
    ],
  },
  {
    title: 'a template around lines',
    text: '{{- if .Values.web }}\nkind: Service\n{{- end }}\n',
    says: [
      'f.yaml:1:3: this is a template ({{ ... }}), not YAML. Render it first (`helm template`), then read the result.',
    ],
  },
  {
    title: 'an alias without an anchor',
    text: 'kind: Service\nmetadata: *common\n',
    says: [
      'f.yaml:2:11: *common refers to &common, which is not defined before it. Write the value itself, or quote a string that starts with *.',
    ],
  },
  {
    title: 'an alias that refers to itself',
    text: 'kind: Service\nmetadata: &m\n  labels: *m\n',
    says: [
      'f.yaml:3:11: *m refers to &m, which is not defined before it. Write the value itself, or quote a string that starts with *.',
    ],
  },
  {
    title: 'a merge of a value that is not a map',
    text: 'x: &x [1]\nkind: Service\nmetadata:\n  <<: [*x, text]\n',
    says: [
      'f.yaml:1:8: << merges the keys of a map, but this is the number 1. Use an alias of a map.',
      'f.yaml:4:12: << merges the keys of a map, but this is "text". Use an alias of a map.',
    ],
  },
  {
    title: 'aliases that multiply',
    text: aliasBomb(),
    says: ['f.yaml:1:1: the aliases (*name) stand for more than 100000 values. Write the values themselves.'],
  },
  {
    title: 'ten thousand brackets',
    text: `kind: ${'['.repeat(10000)}${']'.repeat(10000)}`,
    says: [
      'f.yaml:1:1: maps and lists are nested more than 100 levels deep, which no Kubernetes object needs. Remove the nesting.',
    ],
  },
  {
    title: 'a hundred and fifty brackets',
    text: `kind: ${'['.repeat(150)}${']'.repeat(150)}`,
    says: [
      'f.yaml:1:106: maps and lists are nested more than 100 levels deep, which no Kubernetes object needs. Remove the nesting.',
    ],
  },
  {
    title: 'JSON without a comma',
    text: '{"kind": "Service" "metadata": {}}\n',
    says: [
      'f.yaml:1:20: unexpected here: a comma, colon, quote or bracket before it is missing, or there is one too many. Correct it.',
    ],
  },
  {
    title: 'JSON with an extra comma',
    text: '{"kind": "Service",, "metadata": {}}\n',
    says: [
      'f.yaml:1:20: unexpected here: a comma, colon, quote or bracket before it is missing, or there is one too many. Correct it.',
    ],
  },
  {
    title: 'truncated JSON',
    text: '{"kind": "Service", "metadata": {"name": "web"\n',
    says: ['f.yaml:1:47: a bracket or brace before this is never closed. Close it.'],
  },
  {
    title: 'JSON with more text after it',
    text: '{"kind": "Service"} true\n',
    says: [
      'f.yaml:1:21: unexpected here: a comma, colon, quote or bracket before it is missing, or there is one too many. Correct it.',
    ],
  },
  {
    title: 'a list instead of an object',
    text: '- kind: Service\n- kind: ConfigMap\n',
    says: [
      'f.yaml:1:1: a Kubernetes object must be a map, but this is a list. Start it with `apiVersion: v1` and `kind: Service` or `kind: ConfigMap`.',
    ],
  },
  {
    title: 'a number instead of an object',
    text: '42\n',
    says: [
      'f.yaml:1:1: a Kubernetes object must be a map, but this is the number 42. Start it with `apiVersion: v1` and `kind: Service` or `kind: ConfigMap`.',
    ],
  },
  {
    title: 'a binary file',
    text: 'PK\u0003\u0004\u0000\u0000',
    says: ['f.yaml: this is not UTF-8 text. It looks like a binary file or UTF-16. Save it as UTF-8.'],
  },
  {
    title: 'UTF-16',
    text: '\ufffd\ufffdk\u0000i\u0000n\u0000d\u0000',
    says: ['f.yaml: this is not UTF-8 text. It looks like a binary file or UTF-16. Save it as UTF-8.'],
  },
  {
    title: 'an empty file',
    text: '',
    says: ['f.yaml: contains no objects. Give a file with Services and the ConfigMap.'],
  },
  {
    title: 'only comments',
    text: '# nothing\n---\n# here\n---\n',
    says: ['f.yaml: contains no objects. Give a file with Services and the ConfigMap.'],
  },
  {
    title: 'an object without a kind',
    text: 'apiVersion: v1\nmetadata:\n  name: web\n',
    says: ['f.yaml:1:1: object "web" has no kind. Write `kind: Service` or `kind: ConfigMap`.'],
  },
  {
    title: 'an object without any known field',
    text: 'a: 1\n',
    says: ['f.yaml:1:1: this object has no kind. Write `kind: Service` or `kind: ConfigMap`.'],
  },
  {
    title: 'a kind that is a list',
    text: 'kind: [Service]\n',
    says: ['f.yaml:1:1: this object has no kind. Write `kind: Service` or `kind: ConfigMap`.'],
  },
  {
    title: 'a Service without metadata',
    text: `apiVersion: v1\nkind: Service\nspec:\n  type: LoadBalancer\n${P}`,
    says: ['f.yaml:1:1: a Service: metadata.name: missing. Add a name, for example `name: my-service`.'],
  },
  {
    title: 'a Service without a name',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\nspec:\n  type: LoadBalancer\n${P}`,
    says: ['f.yaml:4:3: a Service: metadata.name: missing. Add a name, for example `name: my-service`.'],
  },
  {
    title: 'a generateName',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  generateName: web-\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:3: a Service: metadata.name: missing (generateName works only in a cluster). Add a name, for example `name: my-service`.',
    ],
  },
  {
    title: 'metadata as a list',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  - name: web\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:3: a Service: metadata: must be a map, but is a list. Write `key: value` lines without "- ".',
    ],
  },
  {
    title: 'metadata as text',
    text: `apiVersion: v1\nkind: Service\nmetadata: web\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:3:11: a Service: metadata: must be a map, but is "web". Write `key: value` lines below it, indented.',
    ],
  },
  {
    title: 'a name with an underscore and capitals',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: My_Service\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:9: Service My_Service: metadata.name: must be a name of at most 63 lowercase letters, digits, and "-" that starts and ends with a letter or digit, but is "My_Service". Use my-service, for example.',
    ],
  },
  {
    title: 'a name with a slash',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: ../../secrets\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:9: Service ../../secrets: metadata.name: must be a name of at most 63 lowercase letters, digits, and "-" that starts and ends with a letter or digit, but is "../../secrets". Use secrets, for example.',
    ],
  },
  {
    title: 'a name with a terminal escape',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: "web\\e[31m"\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:9: Service web\\x1b[31m: metadata.name: must be a name of at most 63 lowercase letters, digits, and "-" that starts and ends with a letter or digit, but is "web\\x1b[31m". Use web-31m, for example.',
    ],
  },
  {
    title: 'a name without a letter',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: "---"\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:9: Service ---: metadata.name: must be a name of at most 63 lowercase letters, digits, and "-" that starts and ends with a letter or digit, but is "---". Use my-service, for example.',
    ],
  },
  {
    title: 'a namespace with a dot',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop.example\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:5:14: Service shop.example/web: metadata.namespace: must be a name of at most 63 lowercase letters, digits, and "-" that starts and ends with a letter or digit, but is "shop.example". Use shop-example, for example.',
    ],
  },
  {
    title: 'spec as a list',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  - type: LoadBalancer\n',
    says: [
      'f.yaml:7:3: Service shop/web: spec: must be a map, but is a list. Write `key: value` lines without "- ".',
    ],
  },
  {
    title: 'spec as text',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec: LoadBalancer\n',
    says: [
      'f.yaml:6:7: Service shop/web: spec: must be a map, but is "LoadBalancer". Write `key: value` lines below it, indented.',
    ],
  },
  {
    title: 'an unknown type',
    text: svc(P).replace('LoadBalancer', 'Ingress'),
    says: [
      'f.yaml:7:9: Service shop/web: spec.type: must be LoadBalancer, ClusterIP, NodePort, or ExternalName, but is "Ingress".',
    ],
  },
  {
    title: 'ports as a map',
    text: svc('  ports:\n    port: 80\n'),
    says: [
      'f.yaml:9:5: Service shop/web: spec.ports: must be a list, but is a map. Start each entry with "- " on its own line.',
    ],
  },
  {
    title: 'ports as a number',
    text: svc('  ports: 80\n'),
    says: [
      'f.yaml:8:10: Service shop/web: spec.ports: must be a list, but is the number 80. Start each entry with "- " on its own line.',
    ],
  },
  {
    title: 'a port as a bare number',
    text: svc('  ports:\n    - 80\n'),
    says: [
      'f.yaml:9:7: Service shop/web: spec.ports[0]: must be a map, but is the number 80. Write `- key: value`.',
    ],
  },
  {
    title: 'a port without a number',
    text: svc('  ports:\n    - name: http\n'),
    says: [
      'f.yaml:9:7: Service shop/web: spec.ports[0].port: missing. Add the port that clients connect to, for example `port: 80`.',
    ],
  },
  {
    title: 'port 0',
    text: svc('  ports:\n    - port: 0\n'),
    says: [
      'f.yaml:9:13: Service shop/web: spec.ports[0].port: must be an integer from 1 to 65535, but is the number 0.',
    ],
  },
  {
    title: 'port 70000',
    text: svc('  ports:\n    - port: 70000\n'),
    says: [
      'f.yaml:9:13: Service shop/web: spec.ports[0].port: must be an integer from 1 to 65535, but is the number 70000.',
    ],
  },
  {
    title: 'a port by name',
    text: svc('  ports:\n    - port: http\n'),
    says: [
      'f.yaml:9:13: Service shop/web: spec.ports[0].port: must be an integer from 1 to 65535, but is "http".',
    ],
  },
  {
    title: 'a port with a fraction',
    text: svc('  ports:\n    - port: 80.5\n'),
    says: [
      'f.yaml:9:13: Service shop/web: spec.ports[0].port: must be an integer from 1 to 65535, but is the number 80.5.',
    ],
  },
  {
    title: 'an unknown protocol',
    text: svc('  ports:\n    - port: 80\n      protocol: HTTP3\n'),
    says: [
      'f.yaml:10:17: Service shop/web: spec.ports[0].protocol: must be TCP, UDP, or SCTP, but is "HTTP3".',
    ],
  },
  {
    title: 'an unknown family',
    text: svc(`${P}  ipFamilies: [inet]\n`),
    says: ['f.yaml:10:16: Service shop/web: spec.ipFamilies[0]: must be IPv4 or IPv6, but is "inet".'],
  },
  {
    title: 'a family that is a map',
    text: svc(`${P}  ipFamilies: [{v: 4}]\n`),
    says: ['f.yaml:10:16: Service shop/web: spec.ipFamilies[0]: must be a string, but is a map.'],
  },
  {
    title: 'an unknown family policy',
    text: svc(`${P}  ipFamilyPolicy: Both\n`),
    says: [
      'f.yaml:10:19: Service shop/web: spec.ipFamilyPolicy: must be SingleStack, PreferDualStack, or RequireDualStack, but is "Both".',
    ],
  },
  {
    title: 'an unknown traffic policy',
    text: svc(`${P}  externalTrafficPolicy: Nearby\n`),
    says: [
      'f.yaml:10:26: Service shop/web: spec.externalTrafficPolicy: must be Cluster or Local, but is "Nearby".',
    ],
  },
  {
    title: 'a list of addresses in spec.loadBalancerIP',
    text: svc(`${P}  loadBalancerIP: [192.168.0.1]\n`),
    says: ['f.yaml:10:19: Service shop/web: spec.loadBalancerIP: must be a string, but is a list.'],
  },
  {
    title: 'a word instead of a boolean',
    text: svc(`${P}  allocateLoadBalancerNodePorts: never\n`),
    says: [
      'f.yaml:10:34: Service shop/web: spec.allocateLoadBalancerNodePorts: must be true or false, but is "never".',
    ],
  },
  {
    title: 'labels as a list',
    text: svc(P, '  labels:\n    - a=b\n'),
    says: [
      'f.yaml:7:5: Service shop/web: metadata.labels: must be a map, but is a list. Write `key: value` lines without "- ".',
    ],
  },
  {
    title: 'a map as an annotation',
    text: svc(P, '  annotations:\n    kube-vip.io/loadbalancerIPs:\n      ip: 192.168.0.1\n'),
    says: [
      'f.yaml:8:7: Service shop/web: metadata.annotations.kube-vip.io/loadbalancerIPs: must be a string, but is a map.',
    ],
  },
  {
    title: 'a finalizer that is a map',
    text: svc(P, '  finalizers:\n    - name: x\n'),
    says: ['f.yaml:7:7: Service shop/web: metadata.finalizers[0]: must be a string, but is a map.'],
  },
  {
    title: 'a string that is not a time',
    text: svc(P, '  creationTimestamp: yesterday\n'),
    says: [
      'f.yaml:6:22: Service shop/web: metadata.creationTimestamp: must be a time like 2026-01-31T08:00:00Z, but is "yesterday". Correct it, or remove the field.',
    ],
  },
  {
    title: 'a day that does not exist',
    text: svc(P, '  creationTimestamp: 2026-13-41T08:00:00Z\n'),
    says: [
      'f.yaml:6:22: Service shop/web: metadata.creationTimestamp: must be a time like 2026-01-31T08:00:00Z, but is "2026-13-41T08:00:00Z". Correct it, or remove the field.',
    ],
  },
  {
    title: 'status as a list',
    text: `${svc(P)}status: []\n`,
    says: [
      'f.yaml:10:9: Service shop/web: status: must be a map, but is a list. Write `key: value` lines without "- ".',
    ],
  },
  {
    title: 'an ingress as text',
    text: `${svc(P)}status:\n  loadBalancer:\n    ingress:\n      - 192.168.0.1\n`,
    says: [
      'f.yaml:13:9: Service shop/web: status.loadBalancer.ingress[0]: must be a map, but is "192.168.0.1". Write `- key: value`.',
    ],
  },
  {
    title: 'a map instead of a list of addresses',
    text: svc(`${P}  externalIPs: {a: 192.168.0.1}\n`),
    says: [
      'f.yaml:10:16: Service shop/web: spec.externalIPs: must be a list, but is a map. Start each entry with "- " on its own line.',
    ],
  },
  {
    title: 'a port name with an underscore',
    text: svc('  ports:\n    - port: 80\n      name: web_1\n'),
    says: [
      'f.yaml:10:13: Service shop/web: spec.ports[0].name: must be a name of at most 63 lowercase letters, digits, and "-" that starts and ends with a letter or digit, but is "web_1". Use web-1, for example.',
    ],
  },
  {
    title: 'an integer that does not fit',
    text: svc(`${P}  healthCheckNodePort: 3000000000\n`),
    says: [
      'f.yaml:10:24: Service shop/web: spec.healthCheckNodePort: must be an integer from 0 to 2147483647, but is the number 3000000000.',
    ],
  },
  {
    title: 'two families that are maps',
    text: svc(`${P}  ipFamilies: [{v: 4}, {v: 6}]\n`),
    says: [
      'f.yaml:10:16: Service shop/web: spec.ipFamilies[0]: must be a string, but is a map.',
      'f.yaml:10:24: Service shop/web: spec.ipFamilies[1]: must be a string, but is a map.',
    ],
  },
  {
    title: 'items as a map',
    text: 'apiVersion: v1\nkind: List\nitems:\n  kind: Service\n',
    says: ['f.yaml:4:3: items: must be a list, but is a map. Start each object with "- ".'],
  },
  {
    title: 'an item that is text',
    text: 'apiVersion: v1\nkind: List\nitems:\n  - Service\n',
    says: [
      'f.yaml:4:5: items[0]: a Kubernetes object must be a map, but this is "Service". Start it with `apiVersion: v1` and `kind: Service` or `kind: ConfigMap`.',
    ],
  },
  {
    title: 'an item without a kind',
    text: 'apiVersion: v1\nkind: List\nitems:\n  - metadata:\n      name: web\n',
    says: ['f.yaml:4:5: items[0]: object "web" has no kind. Write `kind: Service` or `kind: ConfigMap`.'],
  },
  {
    title: 'data as text',
    text: cm('data: cidr-global=192.168.0.0/24\n'),
    says: [
      'f.yaml:6:7: ConfigMap kube-system/kubevip: data: must be a map, but is "cidr-global=192.168.0.0/24". Write `key: value` lines below it, indented.',
    ],
  },
  {
    title: 'a map in data',
    text: cm('data:\n  cidr-global:\n    first: 192.168.0.1\n'),
    says: ['f.yaml:8:5: ConfigMap kube-system/kubevip: data.cidr-global: must be a string, but is a map.'],
  },
  {
    title: 'the second of two documents',
    text: `${svc(P)}---\nkind: Service\nmetadata: [\n`,
    says: ['f.yaml:12:12, document 2: a bracket or brace before this is never closed. Close it.'],
  },
];

for (const { title, text, says } of rows) {
  test(`${title} is rejected with a message that gives the position and a fix`, () => {
    const { errors } = readManifests([{ name: 'f.yaml', text }], {
      configMap: { namespace: 'kube-system', name: 'kubevip' },
    });
    assert.deepEqual(
      errors.map((error) => error.split('\n')[0]),
      says,
    );
  });
}

test('the table has at least 60 rows, all different', () => {
  assert.ok(rows.length >= 60);
  assert.equal(new Set(rows.map(({ text }) => text)).size, rows.length);
});

/** A Service with `meta` at the end of its metadata and `spec` at the end of its spec. */
function svc(spec: string, meta = ''): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\n${meta}spec:\n  type: LoadBalancer\n${spec}`;
}

function cm(data: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kubevip\n  namespace: kube-system\n${data}`;
}

/** Eight lines that expand to 10^8 values. */
function aliasBomb(): string {
  const names = 'abcdefgh';
  const lines = [...names]
    .slice(1)
    .map((name, at) => `${name}: &${name} [${Array(10).fill(`*${names[at]}`).join(',')}]`);
  return `x: &a [1,1,1,1,1,1,1,1,1,1]\n${lines.join('\n')}\n`;
}
