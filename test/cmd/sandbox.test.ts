import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'start-'));
after(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** `npm start -- ARGUMENT...` as a process, from `folder`. */
function start(args: string[], input = '', env: Record<string, string> = {}): Promise<Ended> {
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
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

function put(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const web =
  'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n';
const pools =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubevip, namespace: kube-system}\ndata: {cidr-global: 10.0.0.1}\n';

test('with -o json standard output is one List, and the dual-stack example has its addresses in order', async () => {
  const { code, out, err } = await start(['-o', 'json', join(root, 'examples/dual-stack.yaml')]);
  const list = JSON.parse(out);
  assert.equal(list.kind, 'List');
  assert.equal(list.items[0].metadata.annotations['kube-vip.io/loadbalancerIPs'], '2001::10,192.168.0.10');
  assert.deepEqual([code, err], [0, '']);
});

test('without a terminal the table is printed once, and names each key and each reason for waiting', async () => {
  const { code, out } = await start([]);
  assert.equal(code, 0);
  assert.match(out, /^default\/blog +192\.168\.0\.201 +cidr-default/m);
  assert.match(out, /^ipv6\/third +Pending +- +the pool cidr-ipv6 is full/m);
  assert.match(out, /^cidr-finance +192\.168\.0\.217-192\.168\.0\.222 +1 +5/m);
  for (const example of ['global-cidr-descending', 'dhcp', 'load-balancer-class'])
    assert.match(out, new RegExp(`${example}\\.yaml`));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
  assert.doesNotMatch(out, /\u001b/);
});

test('paths count from where the user stands, several files are one world, and those that wait are no failure', async () => {
  const second = web.replace('web', 'zwei');
  const { code, out } = await start([put('pools.yaml', pools), put('web.yaml', `${web}---\n${second}`)]);
  assert.equal(code, 0);
  assert.match(out, /^default\/web +10\.0\.0\.1 +cidr-global/m);
  assert.match(out, /^default\/zwei +Pending/m);
});

test('standard input is read for -, and what was held before is kept', async () => {
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

test('what Kubernetes would refuse gets a sentence each on standard error, and the table all the same', async () => {
  const text = `${pools.replace('{cidr-global: 10.0.0.1}', '\n  cidr-global: 10.0.0.1\n  allow-share-global: true\n  interface-default: eth3\n  interface-default: eth5')}---\n${web}---\n${web.replace('web', 'typeless').replace('type: LoadBalancer, ', '')}`;
  const { code, out, err } = await start([put('slips.yaml', text)]);
  assert.equal(code, 0, err);
  assert.match(err, /slips\.yaml:\d+.*allow-share-global/);
  assert.match(err, /slips\.yaml:\d+.*interface-default/);
  assert.match(err, /typeless.*type: LoadBalancer/);
  assert.match(out, /^default\/web +10\.0\.0\.1/m);
});

const failures: readonly [title: string, args: string[], code: number, says: RegExp][] = [
  [
    'a file that is not there',
    ['nowhere.yaml'],
    1,
    /^nowhere\.yaml cannot be read: there is no such file\. Check the path/,
  ],
  ['a folder', ['.'], 1, /^\. cannot be read: it is a directory\. Name the files in it/],
  ['a text that is no YAML', [put('broken.yaml', 'a: [1,\nb: }')], 1, /^broken\.yaml:\d+/],
  ['an empty file', [put('empty.yaml', '')], 1, /^empty\.yaml/],
  [
    'a Service that Kubernetes refuses',
    [put('ports.yaml', web.replace('ports: [{port: 80}]', 'ports: []'))],
    1,
    /Service default\/web: Kubernetes refuses it: .*spec\.ports/,
  ],
  ['a wrong format', ['-o', 'jsn'], 2, /--output is table, json or yaml.*Do you mean json\?/],
  ['a misspelt flag', ['--onec'], 2, /--once/],
];

for (const [title, args, code, says] of failures) {
  test(`${title}: exit code ${code} and a sentence, nothing on standard output but what could be done`, async () => {
    const ended = await start(args);
    assert.equal(ended.code, code, ended.err);
    assert.match(ended.err, says);
    assert.doesNotMatch(ended.err, /\n\s+at /, 'no stack trace');
  });
}

test('a variable that cannot be read is wrong usage', async () => {
  const ended = await start([], '', { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'yes' });
  assert.equal(ended.code, 2);
  assert.match(ended.err, /KUBEVIP_ENABLE_LOADBALANCERCLASS is "yes"\. Set it to true or false/);
});
