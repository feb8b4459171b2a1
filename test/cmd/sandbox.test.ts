import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { feed } from '../controlplane/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'start-'));
after(() => rmSync(folder, { recursive: true }));

interface Result {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `npm start -- ARGUMENT...` from `folder`. */
function start(args: string[], input = '', env: Record<string, string> = {}): Promise<Result> {
  const child = spawn(process.execPath, [join(root, 'src/cmd/sandbox/main.ts'), ...args], {
    env: { ...process.env, INIT_CWD: folder, ...env },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  feed(child, input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

function writeManifest(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const web =
  'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n';
const pools =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubevip, namespace: kube-system}\ndata: {cidr-global: 10.0.0.1}\n';

test('-o json prints one List, and the addresses of the dual-stack example are in order', async () => {
  const { code, out, err } = await start(['-o', 'json', join(root, 'examples/dual-stack.yaml')]);
  const list = JSON.parse(out);
  assert.equal(list.kind, 'List');
  assert.equal(list.items[0].metadata.annotations['kube-vip.io/loadbalancerIPs'], '2001::10,192.168.0.10');
  assert.deepEqual([code, err], [0, '']);
});

test('without a terminal, the table is printed once, with the pools and the reasons of pending Services', async () => {
  const { code, out } = await start([]);
  assert.equal(code, 0);
  assert.match(out, /^default\/blog +192\.168\.0\.201 +cidr-default/m);
  assert.match(out, /^ipv6\/third +Pending +- +Pool cidr-ipv6 is full/m);
  assert.match(out, /^cidr-finance +192\.168\.0\.217-192\.168\.0\.222 +1 +5/m);
  for (const example of ['global-cidr-descending', 'dhcp', 'load-balancer-class'])
    assert.match(out, new RegExp(`${example}\\.yaml`));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain any
  assert.doesNotMatch(out, /\u001b/);
});

test('paths are relative to the working directory, files are combined, and pending Services are not a failure', async () => {
  const second = web.replace('web', 'zwei');
  const { code, out } = await start([
    writeManifest('pools.yaml', pools),
    writeManifest('web.yaml', `${web}---\n${second}`),
  ]);
  assert.equal(code, 0);
  assert.match(out, /^default\/web +10\.0\.0\.1 +cidr-global/m);
  assert.match(out, /^default\/zwei +Pending/m);
});

test('- reads standard input, and assigned addresses are kept', async () => {
  const dump = {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'kubevip', namespace: 'kube-system' },
        data: { 'cidr-global': '10.0.0.1-10.0.0.2' },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'new', namespace: 'a', creationTimestamp: '2020-01-01T00:00:00Z', uid: 'n' },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'held',
          namespace: 'b',
          creationTimestamp: '2025-01-01T00:00:00Z',
          uid: 'h',
          labels: { implementation: 'kube-vip' },
          annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
        },
        spec: { type: 'LoadBalancer', loadBalancerIP: '10.0.0.1', ports: [{ port: 80 }] },
        status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
      },
    ],
  };
  const { code, out, err } = await start(['-o', 'yaml', '-'], JSON.stringify(dump));
  assert.equal(code, 0, err);
  assert.match(
    out,
    /kube-vip\.io\/loadbalancerIPs: 10\.0\.0\.2[\s\S]*name: new[\s\S]*kube-vip\.io\/loadbalancerIPs: 10\.0\.0\.1[\s\S]*name: held/,
  );
  assert.match(out, /creationTimestamp: "?2025-01-01T00:00:00Z/);
});

const k3s = `apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 192.168.4.11}, {type: Hostname, address: n1}]}
---
${web}status: {loadBalancer: {ingress: [{ip: 192.168.4.11}]}}
---
${pools.replace('10.0.0.1', '192.168.4.0/28')}`;

test("a Node in the input: its address in a Service's status is not adopted, and the Node is named", async () => {
  const { code, out, err } = await start([writeManifest('k3s.yaml', k3s)]);
  assert.equal(code, 0);
  assert.match(
    out,
    /^default\/web +192\.168\.4\.1 +cidr-global +The status shows 192\.168\.4\.11, the address of node n1, instead of 192\.168\.4\.1: another load balancer/m,
  );
  assert.doesNotMatch(err, /Skipped/);
  const without = await start([writeManifest('adopted.yaml', k3s.slice(k3s.indexOf('---')))]);
  assert.match(without.out, /^default\/web +192\.168\.4\.11 +cidr-global/m);
});

test('each manifest error is reported on standard error, and the table is still printed', async () => {
  const text = `${pools.replace('{cidr-global: 10.0.0.1}', '\n  cidr-global: 10.0.0.1\n  allow-share-global: true\n  interface-default: eth3\n  interface-default: eth5')}---\n${web}---\n${web.replace('web', 'typeless').replace('type: LoadBalancer, ', '')}`;
  const { code, out, err } = await start([writeManifest('errors.yaml', text)]);
  assert.equal(code, 0, err);
  assert.match(err, /errors\.yaml:\d+.*allow-share-global/);
  assert.match(err, /errors\.yaml:\d+.*interface-default/);
  assert.match(err, /typeless.*type: LoadBalancer/);
  assert.match(out, /^default\/web +10\.0\.0\.1/m);
});

const failures: readonly [title: string, args: string[], code: number, error: RegExp][] = [
  [
    'a missing file',
    ['nowhere.yaml'],
    1,
    /^nowhere\.yaml cannot be read: there is no such file\. Check the path/,
  ],
  ['a folder', ['.'], 1, /^\. cannot be read: it is a directory\. Name the files in it/],
  ['invalid YAML', [writeManifest('broken.yaml', 'a: [1,\nb: }')], 1, /^broken\.yaml:\d+/],
  ['an empty file', [writeManifest('empty.yaml', '')], 1, /^empty\.yaml/],
  [
    'a Service that Kubernetes rejects',
    [writeManifest('ports.yaml', web.replace('ports: [{port: 80}]', 'ports: []'))],
    1,
    /Kubernetes rejects Service default\/web: .*spec\.ports/,
  ],
  ['an unknown format', ['-o', 'jsn'], 2, /--output must be table, json, or yaml.*Did you mean json\?/],
  ['a misspelled flag', ['--onec'], 2, /--once/],
];

for (const [title, args, code, error] of failures) {
  test(`${title}: exit code ${code} and an error message`, async () => {
    const result = await start(args);
    assert.equal(result.code, code, result.err);
    assert.match(result.err, error);
    assert.doesNotMatch(result.err, /\n\s+at /, 'no stack trace');
  });
}

test('an invalid variable is a usage error', async () => {
  const result = await start([], '', { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'yes' });
  assert.equal(result.code, 2);
  assert.match(
    result.err,
    /KUBEVIP_ENABLE_LOADBALANCERCLASS="yes" is not a boolean\. Set it to true or false/,
  );
});
