import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/client/clock.ts';
import type { IOStreams } from '../../../src/cmd/kubectl-vip/io-streams.ts';
import { pluginRequest } from '../../../src/cmd/kubectl-vip/plugin-arguments.ts';
import { runCommand } from '../../../src/cmd/kubectl-vip/run-command.ts';
import { keyForms, startOf } from '../../../src/core/config/keys.ts';
import { ansiFor } from '../../../src/terminal/ansi.ts';

/** `kubectl vip check -f FILE`, run on texts. */

interface Checked {
  readonly exitCode: number;
  /** `severity code: message` */
  readonly findings: readonly string[];
  readonly summary: string;
  readonly lines: readonly string[];
  readonly stderr: readonly string[];
}

async function checkFile(text: string): Promise<Checked> {
  const stderr: string[] = [];
  const streams: IOStreams = {
    env: {},
    home: () => '/nowhere',
    clock: systemClock,
    random: () => 0.5,
    version: 'test',
    signal: new AbortController().signal,
    writeStderr: (lines) => {
      stderr.push(lines);
    },
    lookup: async () => [],
    openFile: () => Promise.reject(new Error('not used')),
    readText: async (path) => ({ name: path, text }),
  };
  const request = pluginRequest(['check', '-f', 'c.yaml'], {});
  assert.ok(request.kind === 'run');
  const { invocation } = request;
  assert.ok(invocation.command === 'check');
  const result = await runCommand({ ...invocation, command: 'check' }, streams);
  const { findings, isValid } = result.value as {
    findings: { severity: string; code: string; message: string }[];
    isValid: boolean;
  };
  assert.equal(isValid, result.exitCode === 0);
  const lines = result.lines({ width: Number.POSITIVE_INFINITY, ansi: ansiFor(false), isWide: false });
  return {
    exitCode: result.exitCode,
    findings: findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`),
    summary: lines.at(-1) ?? '',
    lines,
    stderr,
  };
}

const configMap = (data: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kubevip, namespace: kube-system }\ndata:${data}\n${more}`;

test('an unquoted boolean is an error, because Kubernetes rejects the object', async () => {
  const { exitCode, findings, summary, stderr } = await checkFile(
    configMap(' { cidr-global: 192.168.0.240/29, allow-share-global: true }'),
  );
  assert.deepEqual(findings, [
    'error rejected: c.yaml:4:60: ConfigMap kube-system/kubevip: data.allow-share-global: must be a string, but YAML reads true as a boolean, so Kubernetes rejects the object. Put quotes around it (allow-share-global: "true"), as it is read here.',
  ]);
  assert.equal(summary, 'c.yaml: 1 pool: 1 error, 0 warnings.');
  assert.equal(exitCode, 1);
  assert.deepEqual(stderr, [], 'reported once');
});

for (const [what, text] of [
  ['a YAML list', configMap('\n  cidr-global: [10.0.0.1, 10.0.0.2]')],
  ['a number', configMap('\n  allow-share-global: 1\n  cidr-global: 10.0.0.1')],
  ['a repeated key', configMap('\n  cidr-global: 10.0.0.1\n  cidr-global: 10.0.0.2')],
  ['a missing apiVersion', configMap('\n  cidr-global: 10.0.0.1').replace('apiVersion: v1\n', '')],
  ['an unknown field', configMap('\n  cidr-global: 10.0.0.1', 'dta: {}')],
] as const) {
  test(`${what} is an error: what the reader of the file finds counts`, async () => {
    const { exitCode, findings, summary } = await checkFile(text);
    assert.match(findings.join('\n'), /^error rejected: c\.yaml:[^\n]*Kubernetes rejects[^\n]*$/);
    assert.match(summary, /1 error, 0 warnings\.$/);
    assert.equal(exitCode, 1);
  });
}

test('a key without a value, and a missing namespace, are warnings', async () => {
  const text = configMap('\n  cidr-global: 10.0.0.1\n  cidr-shop:').replace(', namespace: kube-system', '');
  const { exitCode, findings } = await checkFile(text);
  assert.deepEqual(
    findings.map((finding) => finding.replace(/: .*/, '')),
    ['warning remark', 'warning remark', 'error empty-pool'],
  );
  assert.equal(exitCode, 1);
});

test('a file without findings is valid', async () => {
  const { exitCode, summary } = await checkFile(configMap('\n  cidr-global: 10.0.0.0/24'));
  assert.equal(summary, 'c.yaml: 1 pool: no problems found.');
  assert.equal(exitCode, 0);
});

const others = `---
apiVersion: v1
kind: Node
metadata: { name: node-1 }
status: { addresses: [{ type: InternalIP, address: 10.0.0.7 }, { type: Hostname, address: 10.0.0.8 }] }
---
apiVersion: v1
kind: List
items:
  - apiVersion: networking.k8s.io/v1
    kind: ServiceCIDR
    metadata: { name: kubernetes }
    spec: { cidrs: [10.96.0.0/12] }
  - apiVersion: discovery.k8s.io/v1
    kind: EndpointSlice
    metadata: { name: kubernetes, namespace: default, labels: { kubernetes.io/service-name: kubernetes } }
    endpoints: [{ addresses: [10.0.0.9] }]
  - apiVersion: apps/v1
    kind: DaemonSet
    metadata: { name: kube-vip-ds, namespace: kube-system }
    spec:
      template:
        spec:
          containers:
            - { image: 'ghcr.io/kube-vip/kube-vip:v1.0.0', env: [{ name: address, value: 10.0.0.10 }] }
            - { image: 'ghcr.io/kube-vip/kube-vip-cloud-provider:v0.0.12', env: [{ name: address, value: 10.0.0.11 }] }
  - { kind: Node, metadata: [], status: no }
`;

test('Nodes, cluster IP ranges, and the control plane in the same file are compared with the pools', async () => {
  const { exitCode, findings, summary } = await checkFile(
    configMap('\n  cidr-global: 10.0.0.0/24\n  cidr-shop: 10.96.1.0/24', others),
  );
  assert.deepEqual(
    findings.map((finding) => finding.replace(/\. .*/, '.')),
    [
      'warning node-address: cidr-global contains 10.0.0.7, the address of node node-1.',
      'warning api-server: cidr-global contains 10.0.0.9, the address of the API server (EndpointSlice default/kubernetes).',
      'warning api-server: cidr-global contains 10.0.0.10, the address of the API server (DaemonSet kube-system/kube-vip-ds).',
      'warning cluster-ips: cidr-shop overlaps 10.96.0.0-10.111.255.255, the cluster IP range of ServiceCIDR kubernetes.',
    ],
  );
  assert.match(
    summary,
    /compared with nodes, cluster IP ranges, and the API server: 0 errors, 4 warnings\.$/,
  );
  assert.equal(exitCode, 0);
});

test('external IPs of Services in the same file are compared with the pools', async () => {
  const service = (name: string, spec: string): string =>
    `---\napiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: default }\nspec: { ${spec}, ports: [{ port: 80 }] }\n`;
  const { exitCode, findings } = await checkFile(
    configMap(
      '\n  range-global: 10.0.0.20-10.0.0.23',
      service('legacy', 'type: ClusterIP, externalIPs: [10.0.0.20, 10.0.0.99]') +
        service('mail', 'type: LoadBalancer, externalIPs: [10.0.0.21]') +
        service('web', 'type: LoadBalancer'),
    ),
  );
  assert.deepEqual(
    findings.map((finding) => finding.replace(/\. .*/, '.')),
    [
      'warning external-ip: range-global contains 10.0.0.20, used as an external IP of Service default/legacy.',
      'warning external-ip: range-global contains 10.0.0.21, used as an external IP of Service default/mail.',
    ],
  );
  assert.equal(exitCode, 0);
});

test('a ConfigMap without pools is remarked on; if another one has them, that is an error', async () => {
  const empty = configMap(' {}');
  const alone = await checkFile(empty);
  assert.deepEqual(alone.findings, [
    'warning no-pools: ConfigMap kube-system/kubevip contains no pools, so Services can only get static addresses. Add a key such as cidr-global.',
  ]);
  assert.equal(alone.exitCode, 0);
  const elsewhere = await checkFile(
    `${empty}---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: pools, namespace: team }\ndata: { cidr-global: 10.0.0.0/24 }\n`,
  );
  assert.match(
    elsewhere.findings.join('\n'),
    /^error other-pools: ConfigMap team\/pools contains pools, but the controller reads only kube-system\/kubevip\. Move the pools there, or set KUBEVIP_NAMESPACE=team and KUBEVIP_CONFIG_MAP=pools for the controller\.$/m,
  );
  assert.equal(elsewhere.exitCode, 1);
});

test('addresses that no client can reach are errors, and suspicious ones are warnings', async () => {
  const { exitCode, findings } = await checkFile(
    configMap(
      '\n  cidr-class-e: 244.0.0.0/12\n  cidr-loop: 127.0.0.1/32\n  cidr-multi: 224.0.0.0/24,ff02::/16\n  cidr-link: 169.254.0.0/16,fe80::/10\n  cidr-docs: 192.0.2.0/24,2001:db8:7::/64',
    ),
  );
  assert.deepEqual(
    findings.map((finding) => finding.replace(/, which.*/, '')),
    [
      'error special-purpose: cidr-class-e: "244.0.0.0/12" contains reserved addresses (240.0.0.0/4)',
      'error special-purpose: cidr-loop: "127.0.0.1/32" contains loopback addresses (127.0.0.0/8)',
      'error special-purpose: cidr-multi: "224.0.0.0/24" contains multicast addresses (224.0.0.0/4)',
      'error special-purpose: cidr-multi: "ff02::/16" contains multicast addresses (ff00::/8)',
      'warning special-address: cidr-docs contains addresses for documentation (192.0.2.0/24)',
      'warning special-address: cidr-docs contains addresses for documentation (2001:db8::/32)',
      'warning special-address: cidr-link contains link-local addresses (169.254.0.0/16)',
      'warning special-address: cidr-link contains link-local addresses (fe80::/10)',
    ],
  );
  assert.equal(exitCode, 1);
});

test('a key that looks global but names a namespace is remarked on', async () => {
  const { findings } = await checkFile(
    configMap('\n  cidr-global-v6: 2001:470::/64\n  cidr-shop: 10.0.0.0/24'),
  );
  assert.deepEqual(findings, [
    'warning unknown-namespace: cidr-global-v6 applies to a namespace called global-v6, not to all namespaces. Only a key that ends in -global does.',
  ]);
});

test('every key for a namespace is compared with the namespaces', async () => {
  const forms = keyForms.filter(({ name, spelling, scope }) => name === spelling && scope === 'namespace');
  const keys = forms.map((form) => `${startOf(form)}global-lab`);
  const data = forms.map(({ row }, i) => `\n  ${keys[i]}: ${JSON.stringify(row.type.valid[0])}`);
  const { findings } = await checkFile(configMap(data.join('')));
  const unknown = findings.filter((finding) => finding.startsWith('warning unknown-namespace: '));
  assert.deepEqual(
    unknown.map((finding) => finding.replace(/^[^:]*: | applies.*$/g, '')).sort(),
    keys.sort(),
  );
});

test('the ConfigMap in another namespace is remarked on', async () => {
  const elsewhere = configMap('\n  cidr-global: 10.1.0.0/24').replace('kube-system', 'team');
  const { findings } = await checkFile(`${configMap('\n  cidr-global: 10.0.0.0/24')}---\n${elsewhere}`);
  assert.match(findings.join('\n'), /^warning remark: [^\n]*team\/kubevip[^\n]*$/);
});

test('a file with thousands of problems is answered in a few lines, which count all of them', async () => {
  const keys = Array.from(
    { length: 3_000 },
    (_, i) => `\n  cidr-ns-${i}: 10.0.0.x-y\n  range-lab-${i}: 10.0.0.0/24`,
  );
  const { exitCode, findings, summary, lines } = await checkFile(configMap(keys.join('')));
  assert.equal(exitCode, 1);
  assert.deepEqual(Object.keys(Object.groupBy(findings, (one) => one.split(':')[0] ?? '')), [
    'error bad-entry',
    'warning overlap',
  ]);
  assert.equal(findings.length, 40);
  assert.match(summary, /^c\.yaml: 6000 pools: 3000 errors, [0-9]+ warnings\.$/);
  assert.match(
    lines.at(-3) ?? '',
    /^Not listed: bad-entry \(2980\), overlap \([0-9]+\)\. Fix the findings above/,
  );
  assert.ok(lines.length < 200);
});

const named = `
  pool.internal: 10.0.0.0/24
  pool.dmz: 10.0.1.0/24
  pools-shop: internal, dmz
  pools-global: internal
`;

test('a Service in the file that names a pool its namespace cannot use is an error at its annotation', async () => {
  const service = (namespace: string, pool: string): string =>
    [
      '---',
      'apiVersion: v1',
      'kind: Service',
      'metadata:',
      `  { name: web, namespace: ${namespace},`,
      `    annotations: { kube-vip.io/pool: ${pool} } }`,
      'spec: { type: LoadBalancer, ports: [{ port: 80 }] }\n',
    ].join('\n');
  const { exitCode, findings, lines } = await checkFile(
    configMap(named, service('shop', '"internal,dmz"') + service('blog', 'dmz') + service('edge', 'internl')),
  );
  assert.deepEqual(findings, [
    'error pool-not-listed: Service blog/web: the annotation kube-vip.io/pool names dmz, but namespace blog can use internal (pools-global).',
    'error pool-not-listed: Service edge/web: the annotation kube-vip.io/pool names internl, but namespace edge can use internal (pools-global). Did you mean "internal"?',
  ]);
  assert.match(lines[0] ?? '', /^c[.]yaml:22:20, document 3: error: /);
  assert.equal(exitCode, 1);
});

const severities: readonly (readonly [data: string, expected: string])[] = [
  [`${named}  exclude.dmz: 10.0.1.9\n  reserve-shop: web=10.0.1.9`, 'warning reserved-and-excluded 10:17'],
  [`${named}  pool.spare: 10.0.2.0/24`, 'warning unlisted-pool 9:3'],
  [`${named}  pools-blog: internal, dmz, internal`, 'warning listed-twice 9:15'],
  [`${named}  pools-blog: internal, dmy`, 'error missing-pool 9:25'],
  [`${named}  reserve-shop: web=10.0.1.9, api=10.0.1.9`, 'error reserved-twice 9:31'],
  [`${named}  reserve-shop: web=10.0.1.300`, 'error bad-reservation 9:17'],
  [`${named}  quota-shop: "-1"`, 'error bad-quota 9:3'],
  [`${named}  select.dmz: "tier:edge"`, 'error bad-selector 9:3'],
  [`${named}  exclude.dmy: 10.0.1.9`, 'error pool-of-key-missing 9:3'],
];

for (const [data, expected] of severities)
  test(`check: ${expected}`, async () => {
    const { findings, lines } = await checkFile(configMap(data));
    assert.equal(findings.length, 1, findings.join('\n'));
    if (expected.includes('missing')) assert.match(findings[0] ?? '', /Did you mean "dmz"[?]/);
    const [severity, code] = findings[0]?.split(/[ :]/) ?? [];
    assert.equal(`${severity} ${code} ${/^c[.]yaml:(\d+:\d+)/.exec(lines[0] ?? '')?.[1]}`, expected);
  });
