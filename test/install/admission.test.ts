import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { validKeys } from '../core/bad-input.ts';
import { eventually } from '../e2e/eventually.ts';
import { policyFile, rejectionMessage, rejectionOf, shipped, underPolicy } from './admission-policy.ts';
import type { Data } from './admission-pools.ts';
import { at, objectsIn, only } from './objects.ts';

const page = readFileSync(resolve(import.meta.dirname, '..', '..', 'docs', 'admission.md'), 'utf8');
const policyTest = underPolicy('install-admission');

/** One for each validation of the policy, in order. */
const messages: readonly (readonly [data: Data, message: string])[] = [
  [{}, 'cidr-global: binaryData is not read. Move the value to data, as text.'],
  [{ 'CIDR-global': '10.0.0.1' }, `CIDR-global: unknown key. ${validKeys}`],
  [
    { 'search-order': 'DESC' },
    'search-order: "DESC" is not an order. Use "asc", "desc", "least-recently-used", or "spread".',
  ],
  [{ 'allow-share-global': 'yes' }, 'allow-share-global: "yes" is neither "true" nor "false".'],
  [
    { 'interface-global': 'eth 0' },
    'interface-global: "eth 0" is not a valid network interface name. Use 1 to 15 characters without spaces or slashes.',
  ],
  [
    { 'cidr-global': '10.0.0.1 # router' },
    'cidr-global: "10.0.0.1 # router" contains a comment. Delete the text from # to the end of the line.',
  ],
  [
    { 'cidr-global': '$LAN.0/24' },
    'cidr-global: "$LAN.0/24" contains a placeholder that a template did not replace.',
  ],
  [
    { 'cidr-global': 'None' },
    'cidr-global: "None" is what a template writes for a variable without a value.',
  ],
  [
    { 'cidr-global': 'start=10.0.0.1 end=10.0.0.9' },
    'cidr-global: "start=10.0.0.1 end=10.0.0.9" names the ends of a range. Write both addresses with a hyphen (-) between them.',
  ],
  [
    { 'cidr-global': 'cidr-global: 10.0.0.0/29' },
    'cidr-global: "cidr-global: 10.0.0.0/29" repeats a key inside the value. Remove it.',
  ],
  [
    { 'cidr-global': '- 10.0.0.0/29' },
    'cidr-global: "- 10.0.0.0/29" starts like an item of a YAML list. Separate entries with commas or newlines alone.',
  ],
  [{ 'cidr-global': "'10.0.0.0/29'" }, 'cidr-global: "\'10.0.0.0/29\'" contains quotes. Remove them.'],
  [
    { 'cidr-global': '10.0.0.1:8080' },
    'cidr-global: "10.0.0.1:8080" contains a port, which the address of a Service cannot have.',
  ],
  [{ 'cidr-global': '[fd00::1]' }, 'cidr-global: "[fd00::1]" contains brackets. Remove them.'],
  [
    { 'cidr-global': '10.0.0.1–10.0.0.9' },
    'cidr-global: "10.0.0.1–10.0.0.9" contains a typographic dash. Use a hyphen (-).',
  ],
  [
    { 'cidr-global': '10.0.0.0/29 10.0.0.9; 10.0.0.10' },
    'cidr-global: "10.0.0.0/29 10.0.0.9; 10.0.0.10" contains white space or a semicolon. Separate entries with a comma, and the ends of a range with a hyphen (-).',
  ],
  [
    { 'cidr-global': '\u001b[1m10.0.0.1' },
    'cidr-global: "[1m10.0.0.1" contains an invisible character. Retype the entry.',
  ],
  [
    { 'cidr-global': 'fe80::1%eth0-fe80::2%eth0' },
    'cidr-global: "fe80::1%eth0-fe80::2%eth0" contains a zone ("%"), which the address of a Service cannot have.',
  ],
  [
    { 'cidr-global': '10.0.0.0/29-10.0.0.20' },
    'cidr-global: "10.0.0.0/29-10.0.0.20" is both a block and a range. Use one of them.',
  ],
  [
    { 'cidr-global': '::1 - 0:0:0:0:0:FFFF:10.0.0.1' },
    'cidr-global: "::1 - 0:0:0:0:0:FFFF:10.0.0.1" contains an IPv4 address written as IPv6. Write it as IPv4.',
  ],
  [
    { 'cidr-global': '10.0.0.1-10.0.0.09' },
    'cidr-global: "10.0.0.1-10.0.0.09" contains a number with a leading zero, which some programs read as octal. Remove the zero.',
  ],
  [{ 'cidr-global': '10.0.0.256/29' }, 'cidr-global: "10.0.0.256/29" contains a number above 255.'],
  [
    { 'cidr-global': '10.0.0.0/029' },
    'cidr-global: "10.0.0.0/029" needs a plain number after the slash: 0 to 32 for IPv4, 0 to 128 for IPv6.',
  ],
  [
    { 'cidr-global': '10.0.0.1-9' },
    'cidr-global: "10.0.0.1-9" is not a valid range. Use one hyphen (-) with a complete IP address on each side.',
  ],
  [
    { 'cidr-global': '10.0.0' },
    'cidr-global: "10.0.0" is not an IP address, block or range. Examples: 10.0.0.1, 10.0.0.0/24, 10.0.0.1-10.0.0.9.',
  ],
  [{ 'cidr-global': '10.0.0.1 - ::1' }, 'cidr-global: "10.0.0.1-::1" has ends of different IP families.'],
  [
    { 'cidr-global': '10.0.0.10-10.0.0.9' },
    'cidr-global: "10.0.0.10-10.0.0.9" ends before it starts. Did you mean 10.0.0.9-10.0.0.10?',
  ],
  [
    { 'pools-a': 'internal dmz' },
    'pools-a: "internal dmz" is not a list of pools. Write the names of pools, separated by commas.',
  ],
  [
    { 'select.dmz': 'tier:edge' },
    'select.dmz: "tier:edge" is not a label selector. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
  ],
  [
    { 'reserve-a': 'web' },
    'reserve-a: "web" is not a list of reserved addresses. Write SERVICE=ADDRESS, separated by commas.',
  ],
  [
    { 'quota-a': '-1' },
    'quota-a: "-1" is not a number of addresses. Use a whole number that is not negative.',
  ],
  [
    { 'cool-down': '1d' },
    'cool-down: "1d" is not a duration. Use hours, minutes, and seconds, such as 1h30m.',
  ],
  [{ 'vlan.dmz': '0' }, 'vlan.dmz: "0" is not a VLAN ID. Use a number from 1 to 4094.'],
  [{ 'lease.dmz': 'Shared' }, 'lease.dmz: "Shared" is not the name of a Lease. Use NAME or NAMESPACE/NAME.'],
];

test('the table contains one message for each validation', () => {
  const validations = at(only(objectsIn(shipped), 'ValidatingAdmissionPolicy'), 'spec.validations');
  assert.ok(Array.isArray(validations));
  assert.equal(
    new Set(messages.map(([, message]) => message.replace(/"[^"]*"/, ''))).size,
    validations.length,
  );
});

policyTest('the message names the key, the entry and the fix', async (cluster) => {
  for (const [data, message] of messages) {
    const binaryData = Object.keys(data).length === 0 ? { 'cidr-global': 'AA==' } : {};
    assert.equal(await rejectionOf(cluster, data, { binaryData }), message);
  }
});

policyTest(
  'the message is about the first invalid entry of the first key, and is one short line',
  async (cluster) => {
    const y = 'y'.repeat(70);
    const data = {
      'range-a': 'x',
      'cidr-b': `10.0.0.1,${y} ${y},10.0.0,z`,
      'cidr-c': 'z',
      'search-order': 'x',
    };
    // CEL iterates over maps in random order.
    for (let time = 0; time < 10; time += 1)
      assert.equal(
        await rejectionOf(cluster, data),
        `cidr-b: "${y} ${y.slice(0, 9)}…" contains white space or a semicolon. Separate entries with a comma, and the ends of a range with a hyphen (-).`,
      );
  },
);

policyTest('other ConfigMaps are not checked', async (cluster) => {
  const data = { 'cidr-global': 'no address', 'a-file.txt': '' };
  assert.equal(await rejectionOf(cluster, data, { name: 'kubevip-2' }), undefined);
  assert.equal(await rejectionOf(cluster, data, { namespace: 'default' }), undefined);
});

policyTest('server-side apply that creates the ConfigMap is checked', async (cluster) => {
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
    return rejectionMessage(status, body.message);
  };
  assert.match((await apply('10.0.0')) ?? '', /^cidr-global: "10\.0\.0" is not an IP address/);
  assert.equal(await apply('10.0.0.1'), undefined);
});

policyTest('in an existing malformed ConfigMap, only the changed keys are checked', async (cluster) => {
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
  await eventually(async () => assert.ok(await rejectionOf(cluster, { x: '' }, { namespace, name })));

  const change = async (patch: object) => {
    const { status, body } = await cluster.client.patch(`${path}/${name}`, patch);
    return rejectionMessage(status, body.message);
  };
  assert.equal(await change({ metadata: { annotations: { note: 'x' } } }), undefined);
  assert.equal(
    await change({ data: { 'cidr-b': '10.0.0.0/25', 'cidr-c': '10.1.0.0/24', mine: null } }),
    undefined,
  );
  assert.match(
    (await change({ data: { 'cidr-a': '10.0.0.' } })) ?? '',
    /^cidr-a: "10\.0\.0\." is not an IP address/,
  );
  assert.match(
    (await change({ data: { 'cidr-c': '10.1.0.0/33' } })) ?? '',
    /^cidr-c: "10\.1\.0\.0\/33" needs/,
  );
  assert.match((await change({ binaryData: { 'cidr-d': 'AA==' } })) ?? '', /^cidr-d: binaryData is not read/);
  assert.equal(await change({ data: { 'cidr-a': '10.0.0.0/30' } }), undefined);
  assert.equal(await change({ data: null }), undefined);
  assert.equal((await cluster.client.delete(`${path}/${name}`)).status, 200);
});

policyTest('docs/admission.md shows the output of kubectl', async (cluster) => {
  const [, args = '', answer = ''] = /\$ kubectl (create configmap .*?)\n(error: .*?)\n```/s.exec(page) ?? [];
  const output = await cluster.kubectl(args.split(' ')).then(
    () => assert.fail('the request is rejected'),
    (error: Error) => error.message,
  );
  const inOneLine = (text: string) => text.trim().replace(/\s+/g, ' ');
  assert.equal(inOneLine(output), inOneLine(`kubectl ${args}: ${answer}`));
});

policyTest('a binding with Warn accepts the request with the message as a warning', async (cluster) => {
  const setAction = (action: string) => {
    const patch = JSON.stringify({ spec: { validationActions: [action] } });
    const binding = 'validatingadmissionpolicybinding/kube-vip-pools';
    return cluster.kubectl(['patch', binding, '--type=merge', '--patch', patch]);
  };
  const path = '/api/v1/namespaces/kube-system/configmaps?dryRun=All';
  await setAction('Warn');
  await eventually(async () => {
    const data = { 'cidr-global': '10.0.0' };
    const { status, headers } = await cluster.client.post(path, { metadata: { name: 'kubevip' }, data });
    assert.equal(status, 201);
    assert.match(String(headers.warning), /cidr-global: \\"10\.0\.0\\" is not an IP address/);
  });
  await setAction('Deny');
  await eventually(async () => assert.ok(await rejectionOf(cluster, { 'cidr-global': '10.0.0' })));
});

policyTest(
  'the shipped policy accepts what cannot be evaluated, and kubectl delete removes it',
  async (cluster) => {
    const keys = Array.from({ length: 1900 }, (_, i) => [`${'k'.repeat(240)}${i}`, '']);
    const exhausting: Data = Object.fromEntries(keys);
    assert.match((await rejectionOf(cluster, exhausting)) ?? '', /cost limit exceeded/);
    await cluster.kubectl(['apply', '-f', policyFile]);
    await eventually(async () => assert.equal(await rejectionOf(cluster, exhausting), undefined));
    assert.ok(await rejectionOf(cluster, { 'cidr-global': 'no address' }));
    await cluster.kubectl(['delete', '-f', policyFile]);
    await eventually(async () =>
      assert.equal(await rejectionOf(cluster, { 'cidr-global': 'no address' }), undefined),
    );
  },
);
