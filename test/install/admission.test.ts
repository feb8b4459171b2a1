import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { eventually } from '../e2e/eventually.ts';
import { conflict, policyFile, sentenceOf, shipped, underPolicy } from './admission-policy.ts';
import type { Data } from './admission-pools.ts';
import { at, objectsIn, only } from './objects.ts';

const page = readFileSync(resolve(import.meta.dirname, '..', '..', 'docs', 'admission.md'), 'utf8');
const judged = underPolicy('install-admission');

/** One for each validation of the policy, in its order. */
const sentences: readonly (readonly [data: Data, sentence: string])[] = [
  [{}, 'cidr-global: what stands under binaryData is not read; write it under data, as text.'],
  [
    { 'CIDR-global': '10.0.0.1' },
    'CIDR-global: no such key is known; keys are cidr-, range-, interface- and allow-share- with the name of a namespace or global, search-order, and skip-end-ips-in-cidr.',
  ],
  [{ 'search-order': 'DESC' }, 'search-order: "DESC" is neither "asc" nor "desc".'],
  [{ 'allow-share-global': 'yes' }, 'allow-share-global: "yes" is neither "true" nor "false".'],
  [
    { 'interface-global': 'eth 0' },
    'interface-global: "eth 0" is no name of a network interface: 1 to 15 characters, no space, no slash.',
  ],
  [
    { 'cidr-global': '10.0.0.1–10.0.0.9' },
    'cidr-global: "10.0.0.1–10.0.0.9" has a typographic dash where a hyphen (-) belongs.',
  ],
  [
    { 'cidr-global': '10.0.0.0/29 10.0.0.9;\n10.0.0.10' },
    'cidr-global: "10.0.0.0/29 10.0.0.9; 10.0.0.10" has white space or a semicolon inside: a comma separates entries, a hyphen (-) the ends of a range.',
  ],
  [
    { 'cidr-global': '\u001b[1m10.0.0.1' },
    'cidr-global: "[1m10.0.0.1" has a character that does not show: type the entry anew.',
  ],
  [
    { 'cidr-global': 'fe80::1%eth0-fe80::2%eth0' },
    'cidr-global: "fe80::1%eth0-fe80::2%eth0" has a zone ("%"), which an address of a Service cannot have.',
  ],
  [
    { 'cidr-global': '10.0.0.0/29-10.0.0.20' },
    'cidr-global: "10.0.0.0/29-10.0.0.20" is a block and a range at once.',
  ],
  [
    { 'cidr-global': '::1 - 0:0:0:0:0:FFFF:10.0.0.1' },
    'cidr-global: "::1 - 0:0:0:0:0:FFFF:10.0.0.1" has an IPv4 address written as IPv6: write it as IPv4.',
  ],
  [
    { 'cidr-global': '10.0.0.1-10.0.0.09' },
    'cidr-global: "10.0.0.1-10.0.0.09" has a number with a leading zero, which some programs read as octal: write it without.',
  ],
  [{ 'cidr-global': '10.0.0.256/29' }, 'cidr-global: "10.0.0.256/29" has a number above 255.'],
  [
    { 'cidr-global': '10.0.0.0/029' },
    'cidr-global: "10.0.0.0/029" needs a plain number after the slash: 0 to 32 for IPv4, 0 to 128 for IPv6.',
  ],
  [
    { 'cidr-global': '10.0.0.1-9' },
    'cidr-global: "10.0.0.1-9" is no range: one hyphen (-), and a whole IP address on each side of it.',
  ],
  [
    { 'cidr-global': '10.0.0' },
    'cidr-global: "10.0.0" is no IP address, block or range: those look like 10.0.0.1, 10.0.0.0/24 and 10.0.0.1-10.0.0.9.',
  ],
  [{ 'cidr-global': '10.0.0.1 - ::1' }, 'cidr-global: "10.0.0.1-::1" goes from one IP family to the other.'],
  [
    { 'cidr-global': '10.0.0.10-10.0.0.9' },
    'cidr-global: "10.0.0.10-10.0.0.9" ends before it starts: write 10.0.0.9-10.0.0.10.',
  ],
];

test('each validation has its sentence below', () => {
  const validations = at(only(objectsIn(shipped), 'ValidatingAdmissionPolicy'), 'spec.validations');
  assert.ok(Array.isArray(validations));
  assert.equal(
    new Set(sentences.map(([, sentence]) => sentence.replace(/"[^"]*"/, ''))).size,
    validations.length,
  );
});

judged('the sentence names key, entry and what is right', async (cluster) => {
  for (const [data, sentence] of sentences) {
    const binaryData = Object.keys(data).length === 0 ? { 'cidr-global': 'AA==' } : {};
    assert.equal(await conflict(cluster, data, { binaryData }), sentence);
  }
});

judged('it speaks of the first entry of the first key, on one line and not at length', async (cluster) => {
  const y = 'y'.repeat(70);
  const data = {
    'range-a': 'x',
    'cidr-b': `10.0.0.1,${y}\n${y},10.0.0,z`,
    'cidr-c': 'z',
    'search-order': 'x',
  };
  // CEL goes through a map in another order each time.
  for (let time = 0; time < 10; time += 1)
    assert.equal(
      await conflict(cluster, data),
      `cidr-b: "${y} ${y.slice(0, 9)}…" has white space or a semicolon inside: a comma separates entries, a hyphen (-) the ends of a range.`,
    );
});

judged('other ConfigMaps are none of its business', async (cluster) => {
  const data = { 'cidr-global': 'no address', 'a-file.txt': '' };
  assert.equal(await conflict(cluster, data, { name: 'kubevip-2' }), undefined);
  assert.equal(await conflict(cluster, data, { namespace: 'default' }), undefined);
});

judged('server-side apply, which creates what is not there, is judged too', async (cluster) => {
  const path = '/api/v1/namespaces/kube-system/configmaps/kubevip?fieldManager=test&dryRun=All';
  const apply = async (pool: string) => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kubevip' },
      data: { 'cidr-global': pool },
    };
    const type = { 'content-type': 'application/apply-patch+yaml' };
    const { status, body } = await cluster.client.patch(path, object, type);
    return sentenceOf(status, body.message);
  };
  assert.match((await apply('10.0.0')) ?? '', /^cidr-global: "10\.0\.0" is no IP address/);
  assert.equal(await apply('10.0.0.1'), undefined);
});

judged('of a ConfigMap that was malformed before, only what a request changes is judged', async (cluster) => {
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const binding: unknown = parse(text);
  const [namespace, name] = ['load-balancers', 'pools'];
  assert.equal(at(binding, 'spec.matchResources.resourceRules.0.resourceNames.0'), name);
  await cluster.namespace(namespace);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const before = { 'cidr-a': '10.0.0', 'cidr-b': '10.0.0.0/24', mine: 'x' };
  const made = await cluster.client.post(path, {
    metadata: { name },
    data: before,
    binaryData: { icon: 'AA==' },
  });
  assert.equal(made.status, 201);
  await cluster.kubectl(['apply', '--validate=strict', '-f', '-'], text);
  await eventually(async () => assert.ok(await conflict(cluster, { x: '' }, { namespace, name })));

  const change = async (patch: object) => {
    const { status, body } = await cluster.client.patch(`${path}/${name}`, patch);
    return sentenceOf(status, body.message);
  };
  assert.equal(await change({ metadata: { annotations: { note: 'x' } } }), undefined);
  assert.equal(
    await change({ data: { 'cidr-b': '10.0.0.0/25', 'cidr-c': '10.1.0.0/24', mine: null } }),
    undefined,
  );
  assert.match(
    (await change({ data: { 'cidr-a': '10.0.0.' } })) ?? '',
    /^cidr-a: "10\.0\.0\." is no IP address/,
  );
  assert.match(
    (await change({ data: { 'cidr-c': '10.1.0.0/33' } })) ?? '',
    /^cidr-c: "10\.1\.0\.0\/33" needs/,
  );
  assert.match(
    (await change({ binaryData: { 'cidr-d': 'AA==' } })) ?? '',
    /^cidr-d: what stands under binaryData/,
  );
  assert.equal(await change({ data: { 'cidr-a': '10.0.0.0/30' } }), undefined);
  assert.equal(await change({ data: null }), undefined);
  assert.equal((await cluster.client.delete(`${path}/${name}`)).status, 200);
});

judged('docs/admission.md shows what kubectl says', async (cluster) => {
  const [, args = '', answer = ''] = /\$ kubectl (create configmap .*?)\n(error: .*?)\n```/s.exec(page) ?? [];
  const said = await cluster.kubectl(args.split(' ')).then(
    () => assert.fail('it is refused'),
    (error: Error) => error.message,
  );
  const inOneLine = (text: string) => text.trim().replace(/\s+/g, ' ');
  assert.equal(inOneLine(said), inOneLine(`kubectl ${args}: ${answer}`));
});

judged('a binding that warns lets it in with the sentence', async (cluster) => {
  const act = (action: string) => {
    const patch = JSON.stringify({ spec: { validationActions: [action] } });
    const binding = 'validatingadmissionpolicybinding/kube-vip-pools';
    return cluster.kubectl(['patch', binding, '--type=merge', '--patch', patch]);
  };
  const path = '/api/v1/namespaces/kube-system/configmaps?dryRun=All';
  await act('Warn');
  await eventually(async () => {
    const data = { 'cidr-global': '10.0.0' };
    const { status, headers } = await cluster.client.post(path, { metadata: { name: 'kubevip' }, data });
    assert.equal(status, 201);
    assert.match(String(headers.warning), /cidr-global: \\"10\.0\.0\\" is no IP address/);
  });
  await act('Deny');
  await eventually(async () => assert.ok(await conflict(cluster, { 'cidr-global': '10.0.0' })));
});

judged(
  'as it is shipped, what it cannot judge is let in; and kubectl delete takes it away',
  async (cluster) => {
    const keys = Array.from({ length: 1900 }, (_, i) => [`${'k'.repeat(240)}${i}`, '']);
    const exhausting: Data = Object.fromEntries(keys);
    assert.match((await conflict(cluster, exhausting)) ?? '', /cost limit exceeded/);
    await cluster.kubectl(['apply', '-f', policyFile]);
    await eventually(async () => assert.equal(await conflict(cluster, exhausting), undefined));
    assert.ok(await conflict(cluster, { 'cidr-global': 'no address' }));
    await cluster.kubectl(['delete', '-f', policyFile]);
    await eventually(async () =>
      assert.equal(await conflict(cluster, { 'cidr-global': 'no address' }), undefined),
    );
  },
);
