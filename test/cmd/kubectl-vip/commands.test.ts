import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/client/clock.ts';
import { audit, findingsIn } from '../../../src/cmd/kubectl-vip/audit-command.ts';
import { check } from '../../../src/cmd/kubectl-vip/check-command.ts';
import type { ClusterFacts } from '../../../src/cmd/kubectl-vip/cluster-facts.ts';
import {
  type CommandResult,
  type OutputOptions,
  printValue,
} from '../../../src/cmd/kubectl-vip/command-result.ts';
import { explain } from '../../../src/cmd/kubectl-vip/explain-command.ts';
import { footnotes } from '../../../src/cmd/kubectl-vip/footnotes.ts';
import { heldSince } from '../../../src/cmd/kubectl-vip/held-since.ts';
import { leadershipOf } from '../../../src/cmd/kubectl-vip/leadership.ts';
import { plan } from '../../../src/cmd/kubectl-vip/plan-command.ts';
import { pools } from '../../../src/cmd/kubectl-vip/pools-command.ts';
import { readFiles } from '../../../src/cmd/kubectl-vip/read-dump.ts';
import { rangeIn, who } from '../../../src/cmd/kubectl-vip/who-command.ts';
import { readConfig } from '../../../src/core/config/config.ts';
import { parseAddress } from '../../../src/core/ip/address.ts';
import { AddressMap } from '../../../src/core/ip/address-map.ts';
import { claimOf } from '../../../src/core/model/claim.ts';
import type { ConfigMap, Service } from '../../../src/core/model/objects.ts';
import { externalIPsIn } from '../../../src/core/queries/simulate.ts';
import { readManifests } from '../../../src/manifest/manifests.ts';
import { ansiFor } from '../../../src/terminal/ansi.ts';
import { visibleWidth } from '../../../src/terminal/wrap.ts';

const flags = { deployment: undefined, configMap: undefined, class: undefined, controller: undefined };

function factsOf(text: string): ClusterFacts {
  return readFiles({ texts: [{ name: 'dump.yaml', text }], flags, clock: systemClock, random: () => 0.5 });
}

const hostileText = 'a\\x1b[2Jb\\u202ec';
const hostileManifests = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data:
  cidr-default: "10.0.0.0/30, ${hostileText}"
  unknown: "${hostileText}"
  cidr-big: "fd00::/48"
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: default
  annotations: { kube-vip.io/loadbalancerIPs: "${hostileText}" }
spec: { type: LoadBalancer, loadBalancerClass: null, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ok, namespace: default }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
`;

const configMap = { namespace: 'kube-system', name: 'kubevip' };
const scope = { namespace: 'default', isNamed: false, isAll: true };

/** The Services of the hostile manifests under other names. */
function hostileServices(): Service[] {
  const text = hostileManifests.replaceAll(/name: (web|ok)/g, 'name: new-$1');
  const configMap = { namespace: 'kube-system', name: 'kubevip' };
  const { objects } = readManifests([{ name: 'new.yaml', text }], { configMap });
  return objects.filter((object): object is Service => object.kind === 'Service');
}

function resultsOf(facts: ClusterFacts): CommandResult[] {
  const changed = readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-default': hostileText } });
  return [
    explain(facts, scope, []),
    explain(facts, scope, ['web', 'ok']),
    pools(facts, scope),
    who(facts, [rangeIn('10.0.0.0/29'), rangeIn('fd00::/40')]),
    plan(facts, { config: changed, name: hostileText, services: [] }),
    plan(facts, { config: undefined, name: hostileText, services: hostileServices() }),
    check({
      config: facts.snapshot.config,
      positionOf: () => undefined,
      networks: undefined,
      name: hostileText,
      remarks: [],
      rejections: [],
      configMap,
      otherPoolConfigMaps: [],
    }),
    audit(facts, scope, findingsIn(facts)),
  ];
}

test('text from a manifest is escaped in every output format', () => {
  const output = (width: number): OutputOptions => ({ width, ansi: ansiFor(false), isWide: true });
  for (const result of resultsOf(factsOf(hostileManifests))) {
    for (const width of [Infinity, 100, 60, 30])
      for (const line of result.lines(output(width))) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    for (const format of ['json', 'yaml'] as const)
      assert.doesNotMatch(printValue(result.value, format).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  }
});

const plain: OutputOptions = { width: Infinity, ansi: ansiFor(false), isWide: true };

const manifests = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data: { cidr-default: "10.0.0.0/30", cidr-dhcp: "0.0.0.0/32,10.1.0.0/30" }
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: default
  labels: { implementation: kube-vip }
  annotations: { kube-vip.io/loadbalancerIPs: 10.0.0.1 }
spec: { type: LoadBalancer, loadBalancerIP: 10.0.0.1, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop, annotations: { kube-vip.io/loadbalancerIPs: 10.0.0.1 } }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
`;

test('text from a claim is escaped', () => {
  const facts = factsOf(manifests);
  const address = rangeIn('10.0.0.1');
  const owner = { parent: 'services a/\x1b[2J', managedBy: '\u202e' };
  const claims = [
    {
      address: { ...address, value: address.first },
      uid: 'u',
      resourceVersion: '1',
      owner,
      reservations: [],
    },
  ];
  const claimed: ClusterFacts = {
    ...facts,
    options: { ...facts.options, claims: true },
    snapshot: { ...facts.snapshot, claims },
  };
  const lines = pools(claimed, scope).lines(plain);
  assert.ok(lines.some((line) => line.includes('parent services a/\\x1b[2J')));
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
});

test('audit -n counts only the Services of the namespace', () => {
  const facts = factsOf(manifests);
  const countIn = (namespace: string) =>
    (
      audit(facts, { namespace, isNamed: true, isAll: false }, findingsIn(facts)).value as {
        services: number;
      }
    ).services;
  assert.deepEqual(['default', 'edge'].map(countIn), [1, 0]);
  assert.equal((audit(facts, scope, findingsIn(facts)).value as { services: number }).services, 2);
});

test('audit lists what pools lists as assigned outside every pool, and allocated addresses outside their own', () => {
  const held = (key: string, address: string, from: string): string => {
    const [namespace, name] = key.split('/');
    const record = `{"from":"${from}","ips":"${address}","ports":"TCP/80","families":"SingleStack IPv4","uid":"u-${name}","by":"kube-vip-cloud-controller"}`;
    return `---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: ${namespace}
  uid: u-${name}
  labels: { implementation: kube-vip }
  annotations: { kube-vip.io/loadbalancerIPs: ${address}, kube-vip.io/allocation: '${record}' }
spec: { type: LoadBalancer, loadBalancerIP: ${address}, ports: [{ port: 80 }], ipFamilies: [IPv4], ipFamilyPolicy: SingleStack }
`;
  };
  const pool = manifests.slice(0, manifests.indexOf('---'));
  const facts = factsOf(
    [
      pool,
      held('default/gone', '10.8.0.1', 'cidr-default'),
      held('default/other', '10.1.0.1', 'cidr-default'),
      held('default/static', '10.8.0.2', 'static'),
      held('default/inside', '10.0.0.1', 'cidr-default'),
      held('edge/fixed', '10.8.0.3', 'static'),
    ].join(''),
  );
  const result = audit(facts, scope, findingsIn(facts));
  const { findings, outside } = result.value as { findings: []; outside: { service: string }[] };
  assert.deepEqual([findings, result.exitCode], [[], 0]);
  assert.deepEqual(
    outside.map(({ service }) => service),
    ['default/gone', 'default/other', 'default/static', 'edge/fixed'],
  );
  const listed = (pools(facts, scope).value as { outside: { service: string }[] }).outside;
  for (const { service } of listed)
    assert.ok(
      outside.some((one) => one.service === service),
      service,
    );
  const lines = result.lines(plain);
  for (const sentence of [
    /^Checked 5 Services of type LoadBalancer: no findings\.$/,
    /^Assigned outside the pools$/,
    /default\/gone: The Service keeps 10\.8\.0\.1, which is outside pool cidr-default\./,
    /default\/static: The Service has the static address 10\.8\.0\.2, which no pool contains\.$/,
  ])
    assert.ok(
      lines.some((line) => sentence.test(line)),
      `${sentence}: ${lines.join('\n')}`,
    );
  const edge = audit(facts, { namespace: 'edge', isNamed: true, isAll: false }, findingsIn(facts));
  assert.deepEqual(
    (edge.value as { outside: { address: string }[] }).outside.map(({ address }) => address),
    ['10.8.0.3'],
  );
});

test('who gives DHCP as the reason for an excluded address, not the end of a block', () => {
  const { value } = who(factsOf(manifests), [rangeIn('10.0.0.3'), rangeIn('10.1.0.1')]);
  const { items } = value as { items: { rule: string }[] };
  assert.deepEqual(
    items.map(({ rule }) => rule),
    ['end of a block', 'DHCP is used instead'],
  );
});

test('who names what makes a Service unmanaged, and a claim without a parent by its own name', () => {
  const holder = (name: string, annotation: string, spec: string): string => `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default, annotations: { ${annotation} } }
spec: { type: LoadBalancer, ${spec}, ports: [{ port: 80 }] }
`;
  const dump = factsOf(
    holder('ignored', 'kube-vip.io/ignore: "true"', 'loadBalancerIP: 10.7.0.1') +
      holder('other', '', 'loadBalancerIP: 10.7.0.2, loadBalancerClass: example.com/x'),
  );
  const claims = [claimOf({ metadata: { name: '10.7.0.3' } }, 'us')];
  const facts = {
    ...dump,
    options: { ...dump.options, claims: true },
    snapshot: { ...dump.snapshot, claims },
  };
  const rows = who(facts, ['10.7.0.1', '10.7.0.2', '10.7.0.3'].map(rangeIn)).lines(plain);
  assert.match(
    rows[1] ?? '',
    /^10\.7\.0\.1 +unmanaged \(annotation kube-vip\.io\/ignore\) +default\/ignored/,
  );
  assert.match(rows[2] ?? '', /^10\.7\.0\.2 +unmanaged \(class example\.com\/x\) +default\/other/);
  assert.match(rows[3] ?? '', /^10\.7\.0\.3 +unmanaged +used by ipaddresses 10\.7\.0\.3 \(IPAddress claim\)/);
});

test('check names only what it could compare with', () => {
  const { snapshot } = factsOf(manifests);
  const none = { nodes: undefined, clusterIPs: undefined, apiServers: undefined, namespaces: undefined };
  const summaryFor = (networks: ClusterFacts['networks']) =>
    check({
      config: snapshot.config,
      positionOf: () => undefined,
      networks,
      name: 'c',
      remarks: [],
      rejections: [],
      configMap,
      otherPoolConfigMaps: [],
    })
      .lines(plain)
      .at(-1);
  assert.match(
    summaryFor({ ...none, nodes: [], clusterIPs: [] }) ?? '',
    /, compared with nodes and cluster IP ranges:/,
  );
  assert.match(summaryFor({ ...none, clusterIPs: [] }) ?? '', /, compared with cluster IP ranges:/);
  assert.match(
    summaryFor({ ...none, nodes: [], clusterIPs: [], apiServers: [] }) ?? '',
    /, compared with nodes, cluster IP ranges, and the API server:/,
  );
  assert.doesNotMatch(summaryFor(none) ?? '', /compared/);
});

test('explain: a Service that is being deleted keeps its address', () => {
  const deleting = 'name: web, deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [a.example/b]';
  const facts = factsOf(
    manifests.replace('metadata:\n  name: web\n', `metadata:\n  ${deleting.replaceAll(', ', '\n  ')}\n`),
  );
  const { summary } = explain(facts, scope, ['web']).value as { summary: string };
  assert.equal(summary, 'default/web is being deleted and keeps 10.0.0.1 until it is gone.');
});

test('explain accepts a Service in every form that kubectl accepts', () => {
  const facts = factsOf(manifests);
  for (const words of [['web'], ['svc/web'], ['service', 'web'], ['default/web'], ['service/default/web']])
    assert.equal((explain(facts, scope, words).value as { service: string }).service, 'default/web');
  assert.throws(() => explain(facts, scope, ['service']), /Service "service" not found/);
});

test('no line is wider than the terminal, except commands, which are never wrapped', () => {
  for (const result of resultsOf(factsOf(hostileManifests)))
    for (const line of result.lines({ width: 70, ansi: ansiFor(true), isWide: false }))
      if (!line.includes('kubectl ')) assert.ok(visibleWidth(line) <= 70, line);
});

test('JSON contains exact numbers of any size', () => {
  const facts = factsOf(hostileManifests);
  const json = printValue(pools(facts, scope).value, 'json');
  assert.ok(json.includes(`"size": ${2n ** 80n - 1n},`));
  assert.equal((JSON.parse(json) as { kind: string }).kind, 'PoolList');
});

test('check finds the position of an entry in every YAML notation', () => {
  const text = `apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data:
  cidr-a: 10.0.0.1, 10.0.0.10, 10.0.0.100/33
  cidr-b: "10.1.0.1,10.1.0.999"
  cidr-c: |
    10.2.0.1-10.2.0.9,
    10.2.0.9-10.2.0.1
  cidr-d: >-
    10.3.0.0/24,
    10.3.1.5/24
  "cidr_e": 10.4.0.1
binaryData:
  cidr-f: AAAA
`;
  const { objects, placeOf: positionOf } = readManifests([{ name: 'c.yaml', text }], {
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    isPoolsAlone: true,
  });
  const { value, exitCode } = check({
    config: readConfig(objects[0] as ConfigMap),
    positionOf,
    networks: undefined,
    name: 'c.yaml',
    remarks: [],
    rejections: [],
    configMap,
    otherPoolConfigMaps: [],
  });
  const { findings } = value as { findings: { severity: string; code: string; where: string }[] };
  assert.deepEqual(
    findings.map(({ severity, code, where }) => `${where} ${severity} ${code}`),
    [
      'c.yaml:5:32 error bad-entry',
      'c.yaml:6:21 error bad-entry',
      'c.yaml:9:5 error bad-entry',
      'c.yaml:12:5 warning host-bits',
      'c.yaml:13:3 error unknown-key',
      'c.yaml:15:3 error binary-data',
    ],
  );
  assert.equal(exitCode, 1);
});

test('the time and manager of an address come from the field that holds it', () => {
  const annotation = { 'f:metadata': { 'f:annotations': { 'f:kube-vip.io/loadbalancerIPs': {} } } };
  const status = { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } };
  const entry = (manager: string, time: string, fieldsV1: Record<string, unknown>) => ({
    manager,
    time,
    fieldsV1,
  });
  assert.deepEqual(
    heldSince([
      entry('kube-vip', '2026-01-02T00:00:00Z', status),
      entry('ours', '2026-01-01T00:00:00Z', annotation),
    ]),
    { manager: 'ours', time: '2026-01-01T00:00:00Z' },
  );
  assert.equal(heldSince([entry('kube-vip', '2026-01-02T00:00:00Z', status)])?.manager, 'kube-vip');
  assert.equal(heldSince([entry('x', '2026-01-02T00:00:00Z', { 'f:spec': { 'f:ports': {} } })]), undefined);
  assert.equal(heldSince([]), undefined);
});

test('the last footnote is about the leader', () => {
  const facts = factsOf(manifests);
  const last = (leadership: ClusterFacts['leadership']) => footnotes({ ...facts, leadership }, plain).at(-1);
  assert.equal(last({ isLed: true, sentence: 'Leader: a_1.' }), 'Leader: a_1.');
  assert.equal(last({ isLed: false, sentence: 'No leader: x.' }), 'No leader: x.');
  assert.equal(last(undefined), facts.origin);
});

test('explain of all Services says first that there is no leader, and says it once', () => {
  const facts = factsOf(manifests);
  const lines = (leadership: ClusterFacts['leadership']) =>
    explain({ ...facts, leadership }, scope, []).lines(plain);
  const sentence = 'No leader: x.';
  const found = lines({ isLed: false, sentence });
  assert.deepEqual([found[0], found[1], found.filter((line) => line === sentence).length], [sentence, '', 1]);
  assert.match(lines({ isLed: true, sentence: 'Leader: a_1.' })[0] ?? '', /^SERVICE/);
  assert.match(lines(undefined)[0] ?? '', /^SERVICE/);
});

test('the leader is read from the Lease', () => {
  const wall = Date.parse('2026-01-01T00:01:00Z');
  const lease = (spec: object) =>
    leadershipOf({ metadata: { name: 'l', namespace: 'kube-system' }, spec }, wall);
  const held = { holderIdentity: 'a_1', renewTime: '2026-01-01T00:00:58.000000Z', leaseDurationSeconds: 15 };
  assert.deepEqual(lease(held), { isLed: true, sentence: 'Leader: a_1 (Lease renewed 2 s ago).' });
  assert.equal(lease({ ...held, renewTime: '2026-01-01T00:00:00.000000Z' }).isLed, false);
  assert.equal(lease({ ...held, holderIdentity: '' }).isLed, false);
  assert.equal(lease({}).isLed, false);
});

const foreignStatus = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data: { range-global: 192.168.4.110-192.168.4.119 }
---
apiVersion: v1
kind: Service
metadata: { name: hello, namespace: default, labels: { implementation: kube-vip }, annotations: { kube-vip.io/loadbalancerIPs: 192.168.4.110 } }
spec: { type: LoadBalancer, loadBalancerIP: 192.168.4.110, ports: [{ port: 8080 }] }
status: { loadBalancer: { ingress: [{ ip: 192.168.4.11 }, { ip: 192.168.4.12 }] } }
---
apiVersion: v1
kind: Service
metadata: { name: mute, namespace: default, labels: { implementation: kube-vip }, annotations: { kube-vip.io/loadbalancerIPs: 192.168.4.111 } }
spec: { type: LoadBalancer, loadBalancerIP: 192.168.4.111, ports: [{ port: 8080 }] }
`;

/** The findings about statuses. */
function announcementFindings(facts: ClusterFacts): string[] {
  return findingsIn(facts)
    .filter(({ code }) => code === 'not-announced' || code === 'foreign-status')
    .map(({ code, subject, sentence }) => `${code} ${subject}: ${sentence}`);
}

test('explain and audit compare the status in a dump with what was assigned', () => {
  const facts = factsOf(foreignStatus);
  assert.deepEqual(announcementFindings(facts), [
    'foreign-status default/hello: The status shows 192.168.4.11 and 192.168.4.12 instead of 192.168.4.110: kube-vip has not updated it yet, or another load balancer is writing it.',
    'not-announced default/mute: 192.168.4.111 is not announced yet.',
  ]);
  const text = explain(facts, scope, ['hello']).lines(plain).join('\n');
  assert.match(text, /^fail +announcement +The status shows 192\.168\.4\.11 and/m);
  assert.match(text, /--disable=servicelb/);
  assert.match(
    explain(facts, scope, []).lines(plain).join('\n'),
    /hello .* The status shows 192\.168\.4\.11/,
  );
});

const k3s = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data: { cidr-global: 192.168.4.0/28 }
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Node
    metadata: { name: n1 }
    status: { addresses: [{ type: InternalIP, address: 192.168.4.11 }] }
  - { apiVersion: longhorn.io/v1beta2, kind: Node, metadata: { name: n1, namespace: longhorn } }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
status: { loadBalancer: { ingress: [{ ip: 192.168.4.11 }] } }
`;

test("a Node in a file: its address in a Service's status is not adopted, and explain and audit name it", () => {
  const facts = factsOf(k3s);
  const sentence =
    'The status shows 192.168.4.11, the address of node n1: another load balancer (k3s ServiceLB?) is writing it.';
  const text = explain(facts, scope, ['web']).lines(plain).join('\n');
  assert.match(text, /^ok +address +192\.168\.4\.1 is free$/m);
  assert.ok(text.includes(sentence), text);
  assert.deepEqual(announcementFindings(facts), [`foreign-status default/web: ${sentence}`]);
  const { services } = plan(facts, { config: facts.snapshot.config, name: 'f', services: [] })
    .value as unknown as { services: unknown[] };
  assert.deepEqual(services, [], 'it gets the same with the change and without it');
  const full = factsOf(k3s.replace('192.168.4.0/28', '192.168.4.11'));
  const pending = explain(full, scope, ['web']).lines(plain).join('\n');
  assert.match(pending, /^fail +announcement +The status shows 192\.168\.4\.11, the address of node n1:/m);
  assert.doesNotMatch(pending, /delete a Service that uses one of its addresses and is no longer needed/);
  const adopted = factsOf(k3s.replace('kind: Node\n', 'kind: Other\n'));
  assert.deepEqual(announcementFindings(adopted), []);
  assert.match(
    explain(adopted, scope, ['web']).lines(plain).join('\n'),
    /^ok +address +192\.168\.4\.11 is in the status of the Service$/m,
  );
});

test('manifests without any status are not reported as not announced', () => {
  const facts = factsOf(manifests);
  assert.deepEqual(announcementFindings(facts), []);
  assert.doesNotMatch(explain(facts, scope, ['web']).lines(plain).join('\n'), /announcement/);
});

test('in a cluster, the age comes from managedFields, and nodes are named', () => {
  const facts = factsOf(foreignStatus);
  const written = Date.UTC(2026, 0, 1);
  const at = (ms: number): string => new Date(ms).toISOString();
  const ours = {
    manager: 'kube-vip-cloud-provider',
    time: at(written),
    fieldsV1: { 'f:metadata': { 'f:annotations': { 'f:kube-vip.io/loadbalancerIPs': {} } } },
  };
  const statusOf = (manager: string, time: number) => ({
    manager,
    time: at(time),
    subresource: 'status',
    fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
  });
  const nodes = new AddressMap<string>();
  for (const [address, name] of [
    ['192.168.4.11', 'n1'],
    ['192.168.4.12', 'n2'],
  ] as const) {
    const parsed = parseAddress(address);
    assert.ok(typeof parsed === 'object');
    nodes.set(parsed, name);
  }
  const cluster = (readAt: number, manager: string): ClusterFacts => ({
    ...facts,
    readAt,
    snapshot: { ...facts.snapshot, nodes },
    managedFields: new Map([
      ['default/hello', [ours, statusOf(manager, written + 60_000)]],
      ['default/mute', [ours]],
    ]),
  });
  assert.deepEqual(announcementFindings(cluster(written + 240_000, 'k3s')), [
    'foreign-status default/hello: The status shows 192.168.4.11 and 192.168.4.12, the addresses of nodes n1 and n2, instead of 192.168.4.110: another load balancer (k3s ServiceLB?) is writing it, with the field manager "k3s" (for 3 minutes).',
    'not-announced default/mute: 192.168.4.111 is not announced yet (for 4 minutes).',
  ]);
  // kube-vip has not replaced an earlier address.
  assert.deepEqual(announcementFindings(cluster(written + 119_000, 'kube-vip')), []);
  assert.deepEqual(
    announcementFindings(cluster(written + 240_000, 'kube-vip')).at(0),
    'not-announced default/hello: 192.168.4.110 is not announced yet (for 3 minutes). The status still shows 192.168.4.11, 192.168.4.12, written by kube-vip.',
  );
});

/** metallb/metallb#924. */
const externalIPs = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data: { range-global: 192.168.50.20-192.168.50.23 }
---
apiVersion: v1
kind: Service
metadata: { name: legacy, namespace: default }
spec: { externalIPs: [192.168.50.20], selector: { app: legacy }, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: mail, namespace: default }
spec: { type: LoadBalancer, externalIPs: [192.168.50.21], ports: [{ name: smtp, port: 25 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { type: LoadBalancer, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: static, namespace: default, annotations: { kube-vip.io/loadbalancerIPs: 192.168.50.20 } }
spec: { type: LoadBalancer, ports: [{ name: http, port: 80 }] }
`;

test('explain: a Service that gets its second family keeps the address that it has', () => {
  const record = {
    from: 'cidr-default',
    ips: '10.0.0.1',
    ports: 'TCP/80',
    families: 'PreferDualStack IPv4,IPv6',
    uid: 'web',
    by: 'kube-vip-cloud-controller',
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'web',
      labels: { implementation: 'kube-vip' },
      annotations: {
        'kube-vip.io/loadbalancerIPs': '10.0.0.1',
        'kube-vip.io/allocation': JSON.stringify(record),
      },
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerIP: '10.0.0.1',
      ipFamilyPolicy: 'PreferDualStack',
      ipFamilies: ['IPv4', 'IPv6'],
      ports: [{ port: 80 }],
    },
  };
  const pool =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kubevip, namespace: kube-system }\ndata: { cidr-default: "10.0.0.0/30,fd00::1" }\n';
  const text = explain(factsOf(`${pool}---\n${JSON.stringify(service)}\n`), scope, ['web']).lines(plain);
  assert.ok(
    text.includes('1. Add an IPv6 address from cidr-default, which interrupts the Service briefly:'),
    text.join('\n'),
  );
});

test('external IPs are in use, and each answer says whose they are', () => {
  const facts = factsOf(externalIPs);
  const text = (result: CommandResult): string => result.lines(plain).join('\n');
  assert.match(text(explain(facts, scope, [])), /web +.*192\.168\.50\.23/);
  const answer = text(who(facts, [rangeIn('192.168.50.20-192.168.50.23')]));
  assert.match(
    answer,
    /^192\.168\.50\.20 .*default\/static; used as an external IP of Service default\/legacy/m,
  );
  assert.match(answer, /^192\.168\.50\.21 +unmanaged +used as an external IP of Service default\/mail/m);
  const { config } = facts.snapshot;
  const checked = check({
    config,
    positionOf: () => undefined,
    networks: undefined,
    externalIPs: externalIPsIn(facts.snapshot),
    name: 'kube-system/kubevip',
    configMap: facts.options.configMap,
    otherPoolConfigMaps: [],
    remarks: [],
    rejections: [],
  });
  assert.match(
    text(checked),
    /^warning: range-global contains 192\.168\.50\.20, used as an external IP of Service default\/legacy\. /m,
  );
  assert.match(text(checked), /192\.168\.50\.21, used as an external IP of Service default\/mail\. /);
  const audited = text(audit(facts, scope, findingsIn(facts)));
  assert.match(audited, /external-ip +default\/static/);
  assert.match(audited, /192\.168\.50\.20 is also used as an external IP of Service default\/legacy\. /);
});

test('a stored PreferDualStack Service of a single-stack cluster keeps its one family', () => {
  const dump = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data: { cidr-default: "10.0.0.0/29,fd00::/125" }
---
apiVersion: v1
kind: Service
metadata: { name: stored, namespace: default }
spec:
  type: LoadBalancer
  ipFamilyPolicy: PreferDualStack
  ipFamilies: [IPv4]
  clusterIP: 10.96.0.7
  clusterIPs: [10.96.0.7]
  ports: [{ port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: manifest, namespace: default }
spec: { type: LoadBalancer, ipFamilyPolicy: PreferDualStack, ports: [{ port: 80 }] }
`;
  const facts = factsOf(dump);
  const { services } = facts.snapshot;
  assert.deepEqual(
    services.map(({ name, families }) => [name, families]),
    [
      ['manifest', ['IPv4', 'IPv6']],
      ['stored', ['IPv4']],
    ],
  );
  const lines = explain(facts, scope, []).lines(plain).join('\n');
  assert.match(lines, /manifest +.*10\.0\.0\.1,fd00::/);
  assert.match(lines, /stored +.*10\.0\.0\.2(?!,)/);
});

test('audit shows what the controller reports about another one, whatever the namespace', () => {
  const message = 'Another controller assigned 192.168.4.110 to this Service.';
  const facts = {
    ...factsOf(foreignStatus),
    otherAllocator: { service: 'default/hello', message, time: '2026-01-01T00:00:00Z' },
  };
  const findings = findingsIn(facts);
  const inShop = { namespace: 'shop', isNamed: true, isAll: false };
  const { findings: shown } = audit(facts, inShop, findings).value as { findings?: unknown };
  assert.deepEqual(shown, [
    { code: 'another-allocator', subject: 'default/hello', message: `At 2026-01-01T00:00:00Z: ${message}` },
  ]);
});

const unused = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data:
  pool.internal: 10.0.0.1-10.0.0.2
  pool.dmz: 10.0.0.4-10.0.0.5
  pools-global: internal
  cidr-shop: 10.0.0.7
  pools-shop: internal
`;

test('who names the pools that contain an address and serve no Service', () => {
  const result = who(factsOf(unused), [rangeIn('10.0.0.1-10.0.0.8')]);
  const states = result
    .lines(plain)
    .flatMap((line) => /^(10[^ ]*) {3,}(.*?) {3}/.exec(line)?.slice(1).join(' ') ?? []);
  assert.deepEqual(states, [
    '10.0.0.1-10.0.0.2 2 free',
    '10.0.0.3 in no pool',
    '10.0.0.4-10.0.0.5 in pool.dmz, which no list names',
    '10.0.0.6 in no pool',
    '10.0.0.7 in cidr-shop, which is not used',
    '10.0.0.8 in no pool',
  ]);
  const { items } = result.value as { items: { unusedPools?: readonly string[] }[] };
  assert.deepEqual(
    items.map(({ unusedPools }) => unusedPools),
    [undefined, undefined, ['pool.dmz'], undefined, ['cidr-shop'], undefined],
  );
});

const named = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data:
  pool.internal: 10.0.0.0/29
  pool.dmz: 10.0.1.1-10.0.1.4
  exclude.internal: 10.0.0.1
  exclude-shop: 10.0.1.4
  pools-global: internal
  pools-shop: internal, dmz
  pools-blog: dmz
  cidr-lab: 10.0.2.1
  reserve-shop: web=10.0.1.2, api=10.0.1.3
  quota-shop: "1"
---
apiVersion: v1
kind: Service
metadata:
  name: api
  namespace: shop
  labels: { implementation: kube-vip }
  annotations: { kube-vip.io/loadbalancerIPs: 10.0.0.1 }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata:
  name: other
  namespace: blog
  labels: { implementation: kube-vip }
  annotations: { kube-vip.io/loadbalancerIPs: 10.0.1.3 }
spec: { type: LoadBalancer, ports: [{ port: 80 }], loadBalancerIP: 10.0.1.3 }
---
apiVersion: v1
kind: Service
metadata: { name: late, namespace: shop }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: byname, namespace: shop, annotations: { kube-vip.io/loadbalancerIPs: 10.9.9.9 } }
spec: { type: LoadBalancer, ports: [{ port: 80 }] }
`;

test('who says which key excludes an address, and for which Service it is reserved', () => {
  const states = who(factsOf(named), [rangeIn('10.0.0.0/29'), rangeIn('10.0.1.0/29')])
    .lines(plain)
    .flatMap((line) => /^(10[^ ]*) {3,}(.*?) {3}/.exec(line)?.slice(1).join(' ') ?? []);
  assert.deepEqual(states, [
    '10.0.0.0 excluded (.0 and .255)',
    '10.0.0.1 static, excluded by exclude.internal',
    '10.0.0.2-10.0.0.6 5 free',
    '10.0.0.7 excluded (end of a block)',
    '10.0.1.0 in no pool',
    '10.0.1.1 free',
    '10.0.1.2 reserved for shop/web (reserve-shop)',
    '10.0.1.3 assigned, reserved for shop/api (reserve-shop)',
    '10.0.1.4 free, excluded by exclude-shop',
    '10.0.1.5-10.0.1.7 in no pool',
  ]);
  const { items } = who(factsOf(named), [rangeIn('10.0.1.2')]).value as { items: object[] };
  assert.deepEqual(items, [
    {
      addresses: '10.0.1.2',
      state: 'reserved',
      holders: [],
      others: [],
      from: '',
      since: '',
      pools: ['pool.dmz'],
      free: 0n,
      reservedFor: 'shop/web',
      reservedBy: 'reserve-shop',
    },
  ]);
});

test('pools names who can use each pool, what is excluded and reserved, and what is left of a quota', () => {
  const lines = pools(factsOf(named), scope).lines(plain);
  const text = lines.map((line) => line.replaceAll(/ {2,}/g, '  ')).join('\n');
  assert.match(text, /^cidr-lab .* 10[.]0[.]2[.]1$/m);
  assert.match(
    text,
    /^pool[.]dmz {2}IPv4 {2}10[.]0[.]1[.]1-10[.]0[.]1[.]4 {2}4 {2}1 {2}2 .* {2}for blog, shop; 1 reserved$/m,
  );
  assert.match(text, /^pool[.]internal .* for shop, all others without a list of their own; 1 excluded$/m);
  assert.match(text, /^shop {2}quota-shop {2}1 {2}1 {2}0 {2}█+ {2}2$/m);
  const { items, quotas } = pools(factsOf(named), { namespace: 'shop', isNamed: true, isAll: false })
    .value as { items: Record<string, unknown>[]; quotas: object[] };
  assert.deepEqual(
    items.map(({ key, size, used, reserved, free, excluded, namespaces, servesOthers }) => [
      ...[key, size, used, reserved, free, excluded, namespaces, servesOthers],
    ]),
    [
      ['pool.internal', 5n, 0n, 0n, 5n, 1n, ['shop'], true],
      ['pool.dmz', 3n, 1n, 1n, 1n, 1n, ['blog', 'shop'], false],
    ],
  );
  assert.deepEqual(quotas, [
    { namespace: 'shop', key: 'quota-shop', limit: 1, used: 1, left: 0, pending: 2 },
  ]);
});

test('audit reports reservations that another Service is in the way of, and addresses beyond a quota', () => {
  const found = findingsIn(factsOf(named)).map(({ code, subject }) => `${code} ${subject}`);
  assert.deepEqual(
    found.filter((finding) => !finding.startsWith('not-')),
    ['reserved-for-other blog/other', 'reservation-unused shop/api', 'over-quota shop/byname'],
  );
  const [summary = ''] = explain(factsOf(named), scope, ['shop/byname']).lines(plain);
  assert.equal(summary, 'shop/byname requests an address that quota-shop does not allow: 1 of 1 are held.');
});

test('plan names the changes of pools, quotas, and reservations', () => {
  const data = {
    'pool.internal': '10.0.0.0/29',
    'pool.dmz': '10.0.1.1-10.0.1.4',
    'pools-global': 'internal',
    'pools-shop': 'internal',
    'pools-blog': 'internal, dmz',
    'cidr-lab': '10.0.2.1',
    'quota-shop': '0',
  };
  const config = readConfig({ metadata: { name: 'kubevip' }, data });
  const lines = plan(factsOf(named), { config, name: 'new.yaml', services: [] }).lines(plain);
  const from = lines.findIndex((line) => line.includes('@@ pools'));
  assert.deepEqual(lines.slice(from, lines.indexOf('')), [
    '@@ pools @@',
    '- pool.dmz  10.0.1.1-10.0.1.4: 1 of 4 used (for blog, shop; 1 reserved)',
    '+ pool.dmz  10.0.1.1-10.0.1.4: 1 of 4 used (for blog)',
    '- pool.internal  10.0.0.2-10.0.0.6: 0 of 5 used (for shop, all others without a list of their own; 1 excluded)',
    '+ pool.internal  10.0.0.1-10.0.0.6: 1 of 6 used (for blog, shop, all others without a list of their own)',
    '@@ quotas @@',
    '- shop  1 of 1 addresses (quota-shop)',
    '+ shop  1 of 0 addresses (quota-shop), 1 over: its Services keep them, and others wait',
    '@@ Services @@',
    '  shop/byname  still pending: The quota is reached: Services in namespace shop hold 1 of 0 addresses (quota-shop). kube-vip may still announce the address that this Service requests. Increase the quota, or delete a Service of the namespace that has an address.',
  ]);
});
