import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifests } from '../../src/manifest/manifests.ts';

/** What cannot be read, each with the whole message it gets (the line of the file that follows it is left out). */
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
    says: ['f.yaml:3:1: the line is indented with a tab. YAML takes only spaces there.'],
  },
  {
    title: 'a line that is indented unlike its neighbours',
    text: 'kind: Service\nmetadata:\n  name: web\n namespace: shop\n',
    says: ['f.yaml:4:1: the line is indented unlike its neighbours. Line it up with the keys it belongs to.'],
  },
  {
    title: 'two keys on one line',
    text: 'kind: Service\nmetadata: name: web\n',
    says: [
      'f.yaml:2:11: the value holds ": ", which begins a second key on the same line. Put quotes around the value, or the key on a line of its own.',
    ],
  },
  {
    title: 'a double quote that is never closed',
    text: 'kind: Service\nmetadata:\n  name: "web\nspec: {}\n',
    says: ['f.yaml:3:9: a quote is opened here and not closed. Close it.'],
  },
  {
    title: 'a single quote that is never closed',
    text: "kind: Service\nmetadata:\n  name: 'web\n",
    says: ['f.yaml:3:9: a quote is opened here and not closed. Close it.'],
  },
  {
    title: 'a bracket that is never closed',
    text: 'kind: Service\nmetadata:\n  finalizers: [a, b\nspec: {}\n',
    says: ['f.yaml:4:1: a bracket or brace is opened before this and not closed. Close it.'],
  },
  {
    title: 'a text that begins with @',
    text: 'kind: Service\nmetadata:\n  name: @web\n',
    says: ['f.yaml:3:9: a text cannot begin with "@" here. Put quotes around it.'],
  },
  {
    title: 'a text that begins with a backtick',
    text: 'kind: Service\nmetadata:\n  name: `web`\n',
    says: ['f.yaml:3:9: a text cannot begin with "`" here. Put quotes around it.'],
  },
  {
    title: 'an unknown escape',
    text: 'kind: Service\nmetadata:\n  name: "we\\b\\w"\n',
    says: [
      'f.yaml:3:14: a backslash in double quotes begins an escape, and this one is unknown. Write \\\\ for a backslash, or use single quotes.',
    ],
  },
  {
    title: 'a key without a colon',
    text: 'kind: Service\nmetadata\nspec: {}\n',
    says: [
      'f.yaml:2:1: a key is expected here, and its line has no ":". Write `key: value`, or put quotes around a text of several lines.',
    ],
  },
  {
    title: 'a last key without a colon',
    text: 'kind: Service\nmetadata\n',
    says: ['f.yaml:2:1: the key has no value: ":" is missing behind it. Add it.'],
  },
  {
    title: 'plain text',
    text: 'hello\n',
    says: [
      'f.yaml:1:1: this is text, and a Kubernetes object is a map. Begin it with `apiVersion: v1` and `kind: Service`.',
    ],
  },
  {
    title: 'a web page',
    text: '<html><body>\n<p>Status: 404</p></html>\n',
    says: ['f.yaml:1:1: this is a web page or XML, not YAML or JSON. Fetch the raw file.'],
  },
  {
    title: 'an error message of kubectl',
    text: 'Error from server (Forbidden): services is forbidden: User "me" cannot list\n',
    says: [
      'f.yaml:1:32: this is an error message of kubectl, not a manifest: "Error from server (Forbidden): services is forbidden: User "me" cannot list". Mend that first.',
    ],
  },
  {
    title: 'a template in place of a value',
    text: 'kind: Service\nmetadata:\n  name: {{ .Values.name }}\n',
    says: [
      'f.yaml:3:10: a key here is a map, a list or empty, where Kubernetes takes only text. If this is a template ({{ ... }}), render it first (`helm template`).',
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
      'f.yaml:2:11: *common refers to &common, which is not defined before it. Write the value out, or put quotes around a text that begins with *.',
    ],
  },
  {
    title: 'an alias that means itself',
    text: 'kind: Service\nmetadata: &m\n  labels: *m\n',
    says: [
      'f.yaml:3:11: *m refers to &m, which is not defined before it. Write the value out, or put quotes around a text that begins with *.',
    ],
  },
  {
    title: 'a merge of what is no map',
    text: 'x: &x [1]\nkind: Service\nmetadata:\n  <<: [*x, text]\n',
    says: [
      'f.yaml:1:8: << takes over the keys of a map, and this is none. Name the anchor of a map.',
      'f.yaml:4:12: << takes over the keys of a map, and this is none. Name the anchor of a map.',
    ],
  },
  {
    title: 'aliases that multiply',
    text: aliasBomb(),
    says: [
      'f.yaml:1:1: its aliases (*name) stand for more than 100000 values. Write the values out instead.',
    ],
  },
  {
    title: 'ten thousand brackets',
    text: `kind: ${'['.repeat(10000)}${']'.repeat(10000)}`,
    says: [
      'f.yaml:1:1: maps and lists are nested more than 100 levels deep, which no Kubernetes object is. Remove the nesting.',
    ],
  },
  {
    title: 'a hundred and fifty brackets',
    text: `kind: ${'['.repeat(150)}${']'.repeat(150)}`,
    says: [
      'f.yaml:1:106: maps and lists are nested more than 100 levels deep, which no Kubernetes object is. Remove the nesting.',
    ],
  },
  {
    title: 'JSON with a comma missing',
    text: '{"kind": "Service" "metadata": {}}\n',
    says: [
      'f.yaml:1:20: this does not belong here: a comma, colon, quote or bracket is missing before it, or is too many. Mend that.',
    ],
  },
  {
    title: 'JSON with a comma too many',
    text: '{"kind": "Service",, "metadata": {}}\n',
    says: [
      'f.yaml:1:20: this does not belong here: a comma, colon, quote or bracket is missing before it, or is too many. Mend that.',
    ],
  },
  {
    title: 'JSON that was cut off',
    text: '{"kind": "Service", "metadata": {"name": "web"\n',
    says: ['f.yaml:1:47: a bracket or brace is opened before this and not closed. Close it.'],
  },
  {
    title: 'JSON with something behind it',
    text: '{"kind": "Service"} true\n',
    says: [
      'f.yaml:1:21: this does not belong here: a comma, colon, quote or bracket is missing before it, or is too many. Mend that.',
    ],
  },
  {
    title: 'a list in place of an object',
    text: '- kind: Service\n- kind: ConfigMap\n',
    says: [
      'f.yaml:1:1: this is a list, and a Kubernetes object is a map. Begin it with `apiVersion: v1` and `kind: Service`.',
    ],
  },
  {
    title: 'a number in place of an object',
    text: '42\n',
    says: [
      'f.yaml:1:1: this is a number, and a Kubernetes object is a map. Begin it with `apiVersion: v1` and `kind: Service`.',
    ],
  },
  {
    title: 'a binary file',
    text: 'PK\u0003\u0004\u0000\u0000',
    says: ['f.yaml: this is no text in UTF-8 (a binary file, or UTF-16?). Save it as UTF-8.'],
  },
  {
    title: 'UTF-16',
    text: '\ufffd\ufffdk\u0000i\u0000n\u0000d\u0000',
    says: ['f.yaml: this is no text in UTF-8 (a binary file, or UTF-16?). Save it as UTF-8.'],
  },
  {
    title: 'an empty file',
    text: '',
    says: ['f.yaml: there is nothing in it. Give a file with Services and the ConfigMap.'],
  },
  {
    title: 'only comments',
    text: '# nothing\n---\n# here\n---\n',
    says: ['f.yaml: there is nothing in it. Give a file with Services and the ConfigMap.'],
  },
  {
    title: 'an object without a kind',
    text: 'apiVersion: v1\nmetadata:\n  name: web\n',
    says: ['f.yaml:1:1: the object "web" has no kind. Write `kind: Service` or `kind: ConfigMap`.'],
  },
  {
    title: 'an object with nothing that is known',
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
    says: [
      'f.yaml:1:1: a Service: metadata.name: this is missing. Write `name: my-service` below `metadata:`.',
    ],
  },
  {
    title: 'a Service without a name',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:3: a Service: metadata.name: this is missing. Write `name: my-service` below `metadata:`.',
    ],
  },
  {
    title: 'a generateName',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  generateName: web-\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:3: a Service: metadata.name: this is missing (generateName makes one only in a cluster). Write `name: my-service` below `metadata:`.',
    ],
  },
  {
    title: 'metadata as a list',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  - name: web\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:3: a Service: metadata: this is a list, where Kubernetes takes a map. Write `key: value` lines without "- ".',
    ],
  },
  {
    title: 'metadata as text',
    text: `apiVersion: v1\nkind: Service\nmetadata: web\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:3:11: a Service: metadata: this is text, where Kubernetes takes a map. Write `key: value` lines below it, indented.',
    ],
  },
  {
    title: 'a name with an underscore and capitals',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: My_Service\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:9: Service My_Service: metadata.name: Kubernetes refuses the name "My_Service": a name has at most 63 small letters, digits and "-", and begins and ends with a letter or digit. Write my-service, for example.',
    ],
  },
  {
    title: 'a name with a slash',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: ../../secrets\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:9: Service ../../secrets: metadata.name: Kubernetes refuses the name "../../secrets": a name has at most 63 small letters, digits and "-", and begins and ends with a letter or digit. Write secrets, for example.',
    ],
  },
  {
    title: 'a name with a terminal escape',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: "web\\e[31m"\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:9: Service web\\x1b[31m: metadata.name: Kubernetes refuses the name "web\\x1b[31m": a name has at most 63 small letters, digits and "-", and begins and ends with a letter or digit. Write web-31m, for example.',
    ],
  },
  {
    title: 'a name without a letter',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: "---"\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:4:9: Service ---: metadata.name: Kubernetes refuses the name "---": a name has at most 63 small letters, digits and "-", and begins and ends with a letter or digit. Write one like my-service.',
    ],
  },
  {
    title: 'a namespace with a dot',
    text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop.example\nspec:\n  type: LoadBalancer\n${P}`,
    says: [
      'f.yaml:5:14: Service shop.example/web: metadata.namespace: Kubernetes refuses the name "shop.example": a name has at most 63 small letters, digits and "-", and begins and ends with a letter or digit. Write shop-example, for example.',
    ],
  },
  {
    title: 'spec as a list',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  - type: LoadBalancer\n',
    says: [
      'f.yaml:7:3: Service shop/web: spec: this is a list, where Kubernetes takes a map. Write `key: value` lines without "- ".',
    ],
  },
  {
    title: 'spec as text',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec: LoadBalancer\n',
    says: [
      'f.yaml:6:7: Service shop/web: spec: this is text, where Kubernetes takes a map. Write `key: value` lines below it, indented.',
    ],
  },
  {
    title: 'an unknown type',
    text: svc(P).replace('LoadBalancer', 'Ingress'),
    says: [
      'f.yaml:7:9: Service shop/web: spec.type: Kubernetes does not know "Ingress". Write LoadBalancer, ClusterIP, NodePort or ExternalName.',
    ],
  },
  {
    title: 'ports as a map',
    text: svc('  ports:\n    port: 80\n'),
    says: [
      'f.yaml:9:5: Service shop/web: spec.ports: this is a map, where Kubernetes takes a list. Begin each entry with "- " on a line of its own.',
    ],
  },
  {
    title: 'ports as a number',
    text: svc('  ports: 80\n'),
    says: [
      'f.yaml:8:10: Service shop/web: spec.ports: this is a number, where Kubernetes takes a list. Begin each entry with "- " on a line of its own.',
    ],
  },
  {
    title: 'a port as a bare number',
    text: svc('  ports:\n    - 80\n'),
    says: [
      'f.yaml:9:7: Service shop/web: spec.ports[0]: this is a number, where Kubernetes takes a map. Write `- key: value`.',
    ],
  },
  {
    title: 'a port without a number',
    text: svc('  ports:\n    - name: http\n'),
    says: [
      'f.yaml:9:7: Service shop/web: spec.ports[0].port: this is missing. Add the number that clients connect to (`port: 80`).',
    ],
  },
  {
    title: 'port 0',
    text: svc('  ports:\n    - port: 0\n'),
    says: [
      'f.yaml:9:13: Service shop/web: spec.ports[0].port: Kubernetes takes a whole number from 1 to 65535 here, not "0". Write one.',
    ],
  },
  {
    title: 'port 70000',
    text: svc('  ports:\n    - port: 70000\n'),
    says: [
      'f.yaml:9:13: Service shop/web: spec.ports[0].port: Kubernetes takes a whole number from 1 to 65535 here, not "70000". Write one.',
    ],
  },
  {
    title: 'a port by name',
    text: svc('  ports:\n    - port: http\n'),
    says: [
      'f.yaml:9:13: Service shop/web: spec.ports[0].port: Kubernetes takes a whole number from 1 to 65535 here, not "http". Write one.',
    ],
  },
  {
    title: 'a port with a fraction',
    text: svc('  ports:\n    - port: 80.5\n'),
    says: [
      'f.yaml:9:13: Service shop/web: spec.ports[0].port: Kubernetes takes a whole number from 1 to 65535 here, not "80.5". Write one.',
    ],
  },
  {
    title: 'an unknown protocol',
    text: svc('  ports:\n    - port: 80\n      protocol: HTTP3\n'),
    says: [
      'f.yaml:10:17: Service shop/web: spec.ports[0].protocol: Kubernetes does not know "HTTP3". Write TCP, UDP or SCTP.',
    ],
  },
  {
    title: 'an unknown family',
    text: svc(`${P}  ipFamilies: [inet]\n`),
    says: [
      'f.yaml:10:16: Service shop/web: spec.ipFamilies: Kubernetes does not know "inet". Write IPv4 or IPv6.',
    ],
  },
  {
    title: 'a family that is a map',
    text: svc(`${P}  ipFamilies: [{v: 4}]\n`),
    says: [
      'f.yaml:10:16: Service shop/web: spec.ipFamilies[0]: this is a map, where Kubernetes takes only text. Write one text.',
    ],
  },
  {
    title: 'an unknown family policy',
    text: svc(`${P}  ipFamilyPolicy: Both\n`),
    says: [
      'f.yaml:10:19: Service shop/web: spec.ipFamilyPolicy: Kubernetes does not know "Both". Write SingleStack, PreferDualStack or RequireDualStack.',
    ],
  },
  {
    title: 'an unknown traffic policy',
    text: svc(`${P}  externalTrafficPolicy: Nearby\n`),
    says: [
      'f.yaml:10:26: Service shop/web: spec.externalTrafficPolicy: Kubernetes does not know "Nearby". Write Cluster or Local.',
    ],
  },
  {
    title: 'a list of addresses in spec.loadBalancerIP',
    text: svc(`${P}  loadBalancerIP: [192.168.0.1]\n`),
    says: [
      'f.yaml:10:19: Service shop/web: spec.loadBalancerIP: this is a list, where Kubernetes takes only text. Write one text.',
    ],
  },
  {
    title: 'a word in place of a boolean',
    text: svc(`${P}  allocateLoadBalancerNodePorts: never\n`),
    says: [
      'f.yaml:10:34: Service shop/web: spec.allocateLoadBalancerNodePorts: Kubernetes takes true or false here, not "never". Write one of the two.',
    ],
  },
  {
    title: 'labels as a list',
    text: svc(P, '  labels:\n    - a=b\n'),
    says: [
      'f.yaml:7:5: Service shop/web: metadata.labels: this is a list, where Kubernetes takes a map. Write `key: value` lines without "- ".',
    ],
  },
  {
    title: 'a map as an annotation',
    text: svc(P, '  annotations:\n    kube-vip.io/loadbalancerIPs:\n      ip: 192.168.0.1\n'),
    says: [
      'f.yaml:8:7: Service shop/web: metadata.annotations.kube-vip.io/loadbalancerIPs: this is a map, where Kubernetes takes only text. Write one text.',
    ],
  },
  {
    title: 'a finalizer that is a map',
    text: svc(P, '  finalizers:\n    - name: x\n'),
    says: [
      'f.yaml:7:7: Service shop/web: metadata.finalizers[0]: this is a map, where Kubernetes takes only text. Write one text.',
    ],
  },
  {
    title: 'a time that is none',
    text: svc(P, '  creationTimestamp: yesterday\n'),
    says: [
      'f.yaml:6:22: Service shop/web: metadata.creationTimestamp: "yesterday" is no time. Write it like 2026-01-31T08:00:00Z, or leave the field out.',
    ],
  },
  {
    title: 'a day that does not exist',
    text: svc(P, '  creationTimestamp: 2026-13-41T08:00:00Z\n'),
    says: [
      'f.yaml:6:22: Service shop/web: metadata.creationTimestamp: "2026-13-41T08:00:00Z" is no time. Write it like 2026-01-31T08:00:00Z, or leave the field out.',
    ],
  },
  {
    title: 'status as a list',
    text: `${svc(P)}status: []\n`,
    says: [
      'f.yaml:10:9: Service shop/web: status: this is a list, where Kubernetes takes a map. Write `key: value` lines without "- ".',
    ],
  },
  {
    title: 'an ingress as text',
    text: `${svc(P)}status:\n  loadBalancer:\n    ingress:\n      - 192.168.0.1\n`,
    says: [
      'f.yaml:13:9: Service shop/web: status.loadBalancer.ingress[0]: this is text, where Kubernetes takes a map. Write `- key: value`.',
    ],
  },
  {
    title: 'items as a map',
    text: 'apiVersion: v1\nkind: List\nitems:\n  kind: Service\n',
    says: ['f.yaml:4:3: items: this is a map, where a List has a list. Begin each object with "- ".'],
  },
  {
    title: 'an item that is text',
    text: 'apiVersion: v1\nkind: List\nitems:\n  - Service\n',
    says: [
      'f.yaml:4:5: items[0]: this is text, and a Kubernetes object is a map. Begin it with `apiVersion: v1` and `kind: Service`.',
    ],
  },
  {
    title: 'an item without a kind',
    text: 'apiVersion: v1\nkind: List\nitems:\n  - metadata:\n      name: web\n',
    says: ['f.yaml:4:5: items[0]: the object "web" has no kind. Write `kind: Service` or `kind: ConfigMap`.'],
  },
  {
    title: 'data as text',
    text: cm('data: cidr-global=192.168.0.0/24\n'),
    says: [
      'f.yaml:6:7: ConfigMap kube-system/kubevip: data: this is text, where Kubernetes takes a map. Write `key: value` lines below it, indented.',
    ],
  },
  {
    title: 'a map in data',
    text: cm('data:\n  cidr-global:\n    first: 192.168.0.1\n'),
    says: [
      'f.yaml:8:5: ConfigMap kube-system/kubevip: data.cidr-global: this is a map, where Kubernetes takes only text. Write one text.',
    ],
  },
  {
    title: 'the second of two documents',
    text: `${svc(P)}---\nkind: Service\nmetadata: [\n`,
    says: ['f.yaml:12:12, document 2: a bracket or brace is opened before this and not closed. Close it.'],
  },
];

for (const { title, text, says } of rows) {
  test(`${title} is refused with a message that says where and what to do`, () => {
    const { errors } = readManifests([{ name: 'f.yaml', text }], {
      configMap: { namespace: 'kube-system', name: 'kubevip' },
    });
    assert.deepEqual(
      errors.map((error) => error.split('\n')[0]),
      says,
    );
  });
}

test('the table of what cannot be read has at least 60 rows, all different', () => {
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

/** Eight lines that stand for 10^8 values. */
function aliasBomb(): string {
  const names = 'abcdefgh';
  const lines = [...names]
    .slice(1)
    .map((name, at) => `${name}: &${name} [${Array(10).fill(`*${names[at]}`).join(',')}]`);
  return `x: &a [1,1,1,1,1,1,1,1,1,1]\n${lines.join('\n')}\n`;
}
