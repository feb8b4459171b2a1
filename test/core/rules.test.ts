import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import type { Decision } from '../../src/core/decide/decision.ts';
import { explainDecision, explainWrite } from '../../src/core/explain/explain-decision.ts';
import { readAddress } from '../../src/core/ip/address.ts';
import { AddressMap } from '../../src/core/ip/address-map.ts';
import { externalIPsOf } from '../../src/core/ledger/external-ips.ts';
import type { Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { applyPatch, isEmptyPatch } from '../../src/core/model/service-patch.ts';
import { type ServiceView, viewOf } from '../../src/core/model/service-view.ts';

const usual: Options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};

/** A Service in short form. Missing fields have the API server's defaults. */
interface Sketch {
  ips?: string;
  spec?: string;
  label?: true;
  /** The allocation record: key and addresses, and other fields that differ from the Service. */
  record?: {
    from: string;
    ips: string;
    ports?: string;
    families?: string;
    uid?: string;
    by?: string;
    interface?: string;
    was?: string;
    pool?: string;
  };
  status?: string;
  external?: string;
  families?: string;
  ports?: string;
  annotations?: Record<string, string>;
  created?: number;
  class?: string;
  local?: true;
  selector?: Record<string, string>;
  deleting?: true;
  finalizers?: string[];
  ipam?: true;
  type?: string;
}

function serviceOf(key: string, sketch: Sketch): Service {
  const [namespace = '', name = ''] = key.split('/');
  const [policy = '', listed = ''] = (sketch.families ?? 'SingleStack IPv4').split(' ');
  const ports = sketch.ports ?? 'TCP/80';
  const annotations: Record<string, string> = { ...sketch.annotations };
  if (sketch.ips !== undefined) annotations['kube-vip.io/loadbalancerIPs'] = sketch.ips;
  if (sketch.record !== undefined) {
    const record = {
      ports,
      families: `${policy} ${listed}`,
      uid: `uid of ${key}`,
      by: 'us',
      ...sketch.record,
    };
    annotations['kube-vip.io/allocation'] = JSON.stringify(record);
  }
  return {
    metadata: {
      namespace,
      name,
      uid: `uid of ${key}`,
      resourceVersion: '1',
      creationTimestamp: `2026-01-01T00:00:0${sketch.created ?? 0}Z`,
      annotations,
      labels: {
        ...(sketch.label ? { implementation: 'kube-vip' } : {}),
        ...(sketch.ipam ? { 'ipam-address': 'x' } : {}),
      },
      ...(sketch.deleting ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}),
      ...(sketch.finalizers ? { finalizers: sketch.finalizers } : {}),
    },
    spec: {
      type: sketch.type ?? 'LoadBalancer',
      ...(sketch.class === undefined ? {} : { loadBalancerClass: sketch.class }),
      ...(sketch.spec === undefined ? {} : { loadBalancerIP: sketch.spec }),
      ...(sketch.external === undefined ? {} : { externalIPs: sketch.external.split(',') }),
      ipFamilyPolicy: policy,
      ...(listed === '' ? {} : { ipFamilies: listed.split(',') }),
      ports: ports.split(',').map((text) => {
        const [protocol = '', port] = text.split('/');
        return { protocol, port: Number(port) };
      }),
      externalTrafficPolicy: sketch.local ? 'Local' : 'Cluster',
      ...(sketch.selector === undefined ? {} : { selector: sketch.selector }),
    },
    status: { loadBalancer: { ingress: (sketch.status?.split(',') ?? []).map((ip) => ({ ip })) } },
  };
}

function nodesOf(names: Record<string, string>): AddressMap<string> {
  const nodes = new AddressMap<string>();
  for (const [text, name] of Object.entries(names)) nodes.set(readAddress(text) ?? assert.fail(text), name);
  return nodes;
}

/** The state of a Service when the controller has nothing left to do. */
interface Outcome {
  ips?: string;
  spec?: string;
  label?: boolean;
  from?: string;
  interface?: string;
  /** Matches the message about it. */
  says?: RegExp;
  /** The message about the last write to it. */
  wrote?: string;
  /** Whether nothing was written to it. */
  untouched?: true;
}

interface Story {
  title: string;
  data?: Record<string, string>;
  options?: Partial<Options>;
  /** The Nodes by address; not known if undefined. */
  nodes?: Record<string, string>;
  services: Record<string, Sketch>;
  leads: Record<string, Outcome>;
}

function play({ data, options, nodes, services, leads }: Story): void {
  const allOptions = { ...usual, ...options };
  const allocator = new Allocator(allOptions, () => 0);
  const views = new Map<string, ServiceView>();
  const written = new Map<string, Decision>();
  for (const [key, sketch] of Object.entries(services)) views.set(key, viewOf(serviceOf(key, sketch)));
  allocator.setConfig(readConfig(data === undefined ? undefined : { metadata: { name: 'kubevip' }, data }));
  if (nodes !== undefined) allocator.setNodes(nodesOf(nodes));
  allocator.replaceServices(
    [...views.values()].filter(({ type }) => type === 'LoadBalancer'),
    '1',
  );
  const others = Object.entries(services).map(([key, sketch]) => serviceOf(key, sketch));
  allocator.externalIPs.replace(
    others.filter(({ spec }) => spec?.type !== 'LoadBalancer').map(externalIPsOf),
    '1',
  );
  let version = 1;
  for (let next = allocator.next(0); next !== undefined; next = allocator.next(0)) {
    const { state, decision, work } = next;
    if (!('patch' in decision) || isEmptyPatch(decision.patch)) {
      work.done();
      continue;
    }
    assert.ok(version < 100, 'the writes do not end');
    version += 1;
    const view = { ...applyPatch(state.view, decision.patch), resourceVersion: String(version) };
    views.set(state.key, view);
    written.set(state.key, decision);
    allocator.assume(next, decision.patch);
    allocator.answered(view);
    work.done();
  }
  for (const [key, expected] of Object.entries(leads)) {
    const view = views.get(key) ?? assert.fail(key);
    const decision = allocator.explain(key)?.decision;
    const { says, wrote, untouched, ...state } = expected;
    const found = {
      ips: view.annotation,
      spec: view.specIP,
      label: view.labeled,
      from: view.record?.source,
      interface: view.interface,
    };
    for (const [field, value] of Object.entries(state)) {
      assert.equal(found[field as keyof typeof found], value, `${key}: ${field}`);
    }
    if (says !== undefined)
      assert.match(
        decision === undefined ? '' : explainDecision(decision, allOptions),
        says,
        `${key}: ${decision === undefined ? '' : explainDecision(decision, allOptions)}`,
      );
    const last = written.get(key);
    if (wrote !== undefined) assert.equal(last?.kind === 'write' ? explainWrite(last) : '', wrote, key);
    if (untouched) assert.ok(!written.has(key), `${key} was written`);
  }
}

const dual = 'PreferDualStack IPv4,IPv6';
const strict = 'RequireDualStack IPv4,IPv6';
const pool = { 'cidr-global': '10.0.0.1-10.0.0.9' };
const both = { 'cidr-global': '10.0.0.1-10.0.0.9,fd00::1-fd00::9' };
const go = (ip: string): Sketch => ({ ips: ip, spec: ip, label: true });
const ours = (ip: string, more: Sketch = {}): Sketch => ({
  ips: ip,
  spec: ip.split(',')[0] ?? '',
  label: true,
  ...more,
  record: { from: 'cidr-global', ips: ip, ...more.record },
});
const to = (target: string): Sketch => ({ annotations: { 'kube-vip.io/reallocate': target } });
const sharing = { ...pool, 'allow-share-global': 'true' };

const stories: Record<string, readonly Story[]> = {
  'Which pool (section 3)': [
    {
      title: 'cidr-<namespace>, then range-<namespace>, then cidr-global, then range-global',
      data: {
        'cidr-a': '10.1.0.1',
        'range-a': '10.2.0.1',
        'range-b': '10.3.0.1',
        'cidr-global': '10.4.0.1',
        'range-global': '10.5.0.1',
      },
      services: { 'a/x': {}, 'b/x': {}, 'c/x': {} },
      leads: {
        'a/x': { ips: '10.1.0.1', from: 'cidr-a' },
        'b/x': { ips: '10.3.0.1', from: 'range-b' },
        'c/x': { ips: '10.4.0.1', from: 'cidr-global' },
      },
    },
    {
      title: 'range-global where there is no other',
      data: { 'range-global': '10.5.0.1' },
      services: { 'a/x': {} },
      leads: { 'a/x': { ips: '10.5.0.1', from: 'range-global' } },
    },
    {
      title: 'a full pool has no overflow: a namespace is a boundary',
      data: { 'cidr-a': '10.1.0.1', 'cidr-global': '10.4.0.1' },
      services: { 'a/x': {}, 'a/y': {} },
      leads: {
        'a/x': { ips: '10.1.0.1' },
        'a/y': { untouched: true, says: /^Pool cidr-a is full: its only IPv4 address is in use\./ },
      },
    },
    {
      title: 'a key without a valid entry is still the pool',
      data: { 'cidr-a': 'nonsense', 'cidr-global': '10.4.0.1' },
      services: { 'a/x': {} },
      leads: { 'a/x': { untouched: true, says: /Pool cidr-a contains no valid address/ } },
    },
    {
      title: 'no pool and no ConfigMap are different reasons',
      data: { 'cidr-b': '10.0.0.1' },
      services: { 'a/x': {} },
      leads: {
        'a/x': { untouched: true, says: /No pool serves namespace a. Add cidr-a or cidr-global/ },
      },
    },
    {
      title: 'without the ConfigMap all Services are pending',
      services: { 'a/x': {} },
      leads: { 'a/x': { untouched: true, says: /does not exist/ } },
    },
    {
      title: 'cidr-global also serves a namespace called global, which is reported',
      data: pool,
      services: { 'global/x': {}, 'a/x': {} },
      leads: { 'global/x': { ips: '10.0.0.2', says: /serves every namespace/ }, 'a/x': { ips: '10.0.0.1' } },
    },
    {
      title: 'descending order allocates the highest address first',
      data: { ...pool, 'search-order': 'desc' },
      services: { 'a/x': {}, 'a/y': {} },
      leads: { 'a/x': { ips: '10.0.0.9' }, 'a/y': { ips: '10.0.0.8' } },
    },
    {
      title: 'the oldest Service is first; within one second by namespace, then name',
      data: { 'cidr-global': '10.0.0.1-10.0.0.4' },
      services: { 'a-b/x': {}, 'a/z': {}, 'a/y': {}, 'a/old': { created: 0 }, 'a/new': { created: 1 } },
      leads: {
        'a/old': { ips: '10.0.0.1' },
        'a/y': { ips: '10.0.0.2' },
        'a/z': { ips: '10.0.0.3' },
        'a-b/x': { ips: '10.0.0.4' },
        'a/new': { untouched: true },
      },
    },
    {
      title: 'addresses that end in .0 or .255 are never allocated, also in ranges',
      data: { 'range-global': '10.0.0.254-10.0.1.1' },
      services: { 'a/x': {}, 'a/y': {}, 'a/z': {} },
      leads: { 'a/x': { ips: '10.0.0.254' }, 'a/y': { ips: '10.0.1.1' }, 'a/z': { untouched: true } },
    },
  ],
  'Families (section 4)': [
    {
      title: 'the addresses are in the order of ipFamilies',
      data: both,
      services: { 'a/x': { families: 'PreferDualStack IPv6,IPv4' }, 'a/y': { families: dual } },
      leads: {
        'a/x': { ips: 'fd00::1,10.0.0.1', spec: 'fd00::1' },
        'a/y': { ips: '10.0.0.2,fd00::2', spec: '10.0.0.2' },
      },
    },
    {
      title: 'PreferDualStack gets one address if the other family is not available',
      data: pool,
      services: { 'a/x': { families: 'PreferDualStack IPv6,IPv4' } },
      leads: { 'a/x': { ips: '10.0.0.1' } },
    },
    {
      title: 'RequireDualStack gets one address of each family or none',
      data: { 'cidr-global': '10.0.0.1,fd00::1' },
      services: { 'a/x': { families: strict }, 'a/y': { families: strict }, 'a/z': {} },
      leads: {
        'a/x': { ips: '10.0.0.1,fd00::1' },
        'a/y': { untouched: true, says: /is full/ },
        'a/z': { untouched: true },
      },
    },
    {
      title: 'a pending RequireDualStack Service reserves no IPv4 address',
      data: pool,
      services: { 'a/x': { families: strict }, 'a/y': { created: 1 } },
      leads: {
        'a/x': { untouched: true, says: /cidr-global has no IPv6 addresses/ },
        'a/y': { ips: '10.0.0.1' },
      },
    },
    {
      title: 'without ipFamilies (in a file) IPv4 if the pool has any, otherwise IPv6',
      data: { 'cidr-a': 'fd00::1-fd00::9', 'cidr-global': '10.0.0.1,fd00::20' },
      services: { 'a/x': { families: 'SingleStack ' }, 'b/x': { families: 'SingleStack ' } },
      leads: { 'a/x': { ips: 'fd00::1' }, 'b/x': { ips: '10.0.0.1' } },
    },
    {
      title: 'single to dual stack keeps the address and adds the other family',
      data: both,
      services: {
        'a/x': ours('10.0.0.5', {
          families: dual,
          record: { from: 'cidr-global', ips: '10.0.0.5', families: 'SingleStack IPv4' },
        }),
      },
      leads: { 'a/x': { ips: '10.0.0.5,fd00::1', spec: '10.0.0.5' } },
    },
    {
      title: 'dual to single stack releases the removed address',
      data: both,
      services: {
        'a/x': ours('10.0.0.5,fd00::1', {
          record: { from: 'cidr-global', ips: '10.0.0.5,fd00::1', families: dual },
        }),
        'a/y': { families: 'SingleStack IPv6' },
      },
      leads: { 'a/x': { ips: '10.0.0.5' }, 'a/y': { ips: 'fd00::1' } },
    },
    {
      title:
        'a Service that becomes RequireDualStack keeps its address while the other family is not available',
      data: pool,
      services: {
        'a/x': ours('10.0.0.5', {
          families: strict,
          record: { from: 'cidr-global', ips: '10.0.0.5', families: 'SingleStack IPv4' },
        }),
      },
      leads: {
        'a/x': {
          ips: '10.0.0.5',
          untouched: true,
          says: /keeps its current addresses\..* has no IPv6 addresses/,
        },
      },
    },
    {
      title: 'a PreferDualStack Service with one address does not get a second one automatically',
      data: both,
      services: { 'a/x': ours('10.0.0.5', { families: dual }) },
      leads: { 'a/x': { ips: '10.0.0.5', untouched: true } },
    },
  ],
  'In use (section 5)': [
    {
      title: 'addresses in annotation, spec, status, and work are in use, for every class and namespace',
      data: { 'cidr-global': '10.0.0.1-10.0.0.7' },
      services: {
        'a/by-annotation': { ips: '10.0.0.1', class: 'other' },
        'b/by-spec': { spec: '10.0.0.2', class: 'other' },
        'c/by-status': { status: '10.0.0.3', class: 'other' },
        'd/leased': {
          ips: '0.0.0.0',
          class: 'other',
          annotations: { 'kube-vip.io/requestedIP': '10.0.0.4' },
        },
        'e/going': { ...go('10.0.0.5'), deleting: true },
        'f/odd': { ips: ' 10.0.0.6 , what!', class: 'other' },
        'z/x': { created: 1 },
      },
      leads: { 'z/x': { ips: '10.0.0.7' } },
    },
    {
      title: 'requestedIP is only in use while the Service requests a work, and 0.0.0.0 is never in use',
      data: { 'cidr-global': '10.0.0.1' },
      services: {
        'a/x': { ips: '10.9.0.1', class: 'other', annotations: { 'kube-vip.io/requestedIP': '10.0.0.1' } },
        'b/x': {},
      },
      leads: { 'b/x': { ips: '10.0.0.1' } },
    },
    {
      title: 'an invalid entry affects only its own Service',
      data: pool,
      services: { 'a/odd': { ips: '10.0.0.1, ,garbage!' }, 'b/x': {} },
      leads: {
        'a/odd': { untouched: true, says: /"garbage!" is not an IP address|empty entry/ },
        'b/x': { ips: '10.0.0.2' },
      },
    },
    {
      title:
        'Services with the label are holders, also of a duplicate: it is reported on both, and none is moved',
      data: pool,
      services: { 'a/x': go('10.0.0.1'), 'a/y': go('10.0.0.1') },
      leads: {
        'a/x': {
          ips: '10.0.0.1',
          says: /also assigned to a\/y \(both use TCP port 80\), and cannot be shared/,
        },
        'a/y': { ips: '10.0.0.1', says: /also assigned to a\/x/ },
      },
    },
    {
      title: 'a Service of another load balancer has precedence over an older one that is not assigned yet',
      data: pool,
      services: {
        'a/old': { spec: '10.0.0.1' },
        'b/theirs': { ips: '10.0.0.1', class: 'other', created: 5 },
      },
      leads: {
        'a/old': {
          untouched: true,
          says: /is already assigned to b\/theirs, which belongs to another load balancer\./,
        },
      },
    },
    {
      title: 'otherwise the oldest Service is the holder, and the others are contenders without an address',
      data: pool,
      services: { 'a/young': { spec: '10.0.0.1', created: 2 }, 'b/old': { spec: '10.0.0.1', created: 1 } },
      leads: {
        'b/old': { label: true, from: 'static' },
        'a/young': {
          label: false,
          untouched: true,
          says: /is already assigned to b\/old, and both use TCP port 80\./,
        },
      },
    },
    {
      title: 'an address that is only in a status is not allocated, but can be requested',
      data: { 'cidr-global': '10.0.0.1' },
      services: {
        'a/shows': { status: '10.0.0.1', class: 'other' },
        'b/asks': { spec: '10.0.0.1', created: 1 },
        'c/waits': { created: 2 },
      },
      leads: { 'b/asks': { label: true }, 'c/waits': { untouched: true } },
    },
    {
      title: 'an address outside the pool is kept and reported; the ends of a block are inside',
      data: { 'cidr-global': '10.0.0.8/29' },
      services: { 'a/out': go('192.168.1.1'), 'a/end': go('10.0.0.8') },
      leads: {
        'a/out': {
          ips: '192.168.1.1',
          from: 'unknown',
          says: /^The Service keeps 192\.168\.1\.1, which is outside pool cidr-global\. No action is needed\. To assign an address from the pool instead, run: kubectl annotate service out --namespace a --overwrite kube-vip\.io\/reallocate=true$/,
        },
        'a/end': { ips: '10.0.0.8', from: 'cidr-global', says: /^$/ },
      },
    },
    {
      title:
        'the first address of an IPv6 /64 is not allocated; the Service that holds it keeps it, inside the pool',
      data: { 'cidr-global': 'fd00::/64', 'cidr-b': 'fd01::/65', 'cidr-c': 'fd02::/48,fd02:0:0:1::/64' },
      services: {
        'a/end': { ...go('fd00::'), families: 'SingleStack IPv6' },
        'a/next': { families: 'SingleStack IPv6' },
        'b/longer': { families: 'SingleStack IPv6' },
        'c/shorter': { families: 'SingleStack IPv6' },
      },
      leads: {
        'a/end': { ips: 'fd00::', from: 'cidr-global', says: /^$/ },
        'a/next': { ips: 'fd00::1' },
        'b/longer': { ips: 'fd01::' },
        'c/shorter': { ips: 'fd02::1' },
      },
    },
    {
      title: 'with skip-end-ips-in-cidr: "false" the first address of an IPv6 /64 is allocated',
      data: { 'cidr-global': 'fd00::/64', 'skip-end-ips-in-cidr': 'false' },
      services: { 'a/x': { families: 'SingleStack IPv6' } },
      leads: { 'a/x': { ips: 'fd00::' } },
    },
    {
      title: 'a Service with a deletionTimestamp keeps its address and gets no new one',
      data: pool,
      services: { 'a/going': { deleting: true }, 'a/held': ours('10.0.0.1', { deleting: true }), 'a/x': {} },
      leads: {
        'a/going': { untouched: true },
        'a/held': { ips: '10.0.0.1', untouched: true },
        'a/x': { ips: '10.0.0.2' },
      },
    },
  ],
  'Static addresses and adoption (section 6)': [
    {
      title: 'only spec.loadBalancerIP: the annotation is added, inside and outside of a pool',
      data: pool,
      services: { 'a/in': { spec: '10.0.0.5', ipam: true }, 'a/out': { spec: '172.16.0.1' } },
      leads: {
        'a/in': { ips: '10.0.0.5', label: true, from: 'static' },
        'a/out': { ips: '172.16.0.1', label: true, from: 'static', says: /^$/ },
      },
    },
    {
      title: 'only the annotation: the spec is added, and the annotation is not rewritten',
      data: pool,
      services: { 'a/x': { ips: ' 10.0.0.5 , FD00::5', families: dual } },
      leads: { 'a/x': { ips: ' 10.0.0.5 , FD00::5', spec: '10.0.0.5', label: true, from: 'static' } },
    },
    {
      title: 'without an allocation record the annotation takes precedence over the spec',
      data: pool,
      services: { 'a/x': { ips: '10.0.0.5', spec: '10.0.0.6' } },
      leads: { 'a/x': { ips: '10.0.0.5', spec: '10.0.0.5' } },
    },
    {
      title: 'two Services without a common port can request the same address',
      data: pool,
      services: {
        'a/x': { spec: '10.0.0.5', ports: 'TCP/53' },
        'b/y': { spec: '10.0.0.5', ports: 'UDP/53' },
      },
      leads: { 'a/x': { label: true }, 'b/y': { label: true, says: /^Shared with a\/x\.$/ } },
    },
    {
      title: 'a request for an allocated address is rejected unless sharing is allowed',
      data: pool,
      services: { 'a/x': ours('10.0.0.5'), 'b/y': { spec: '10.0.0.5', ports: 'UDP/53' } },
      leads: {
        'b/y': {
          label: false,
          untouched: true,
          says: /to a\/x, and namespace a does not allow sharing \(allow-share-a\)\./,
        },
      },
    },
    {
      title: 'a request for an allocated address is accepted if sharing is allowed',
      data: sharing,
      services: { 'a/x': ours('10.0.0.5'), 'b/y': { spec: '10.0.0.5', ports: 'UDP/53' } },
      leads: { 'b/y': { label: true, ips: '10.0.0.5', from: 'static' } },
    },
    {
      title: 'a Service with a hostname is marked as assigned, and the spec is not changed',
      data: pool,
      services: { 'a/x': { ips: 'lb.example.com' } },
      leads: {
        'a/x': { ips: 'lb.example.com', spec: undefined as unknown as string, label: true, from: 'static' },
      },
    },
    {
      title: 'any other text is rejected with a suggestion, and nothing is written',
      data: pool,
      services: { 'a/x': { ips: '10.0.0.05' }, 'a/y': { spec: '10.0.0.300' }, 'a/z': { ips: '10.0.0.1,' } },
      leads: {
        'a/x': {
          untouched: true,
          says: /leading zero.*Did you mean "10\.0\.0\.5"\? The controller leaves the field unchanged/,
        },
        'a/y': { untouched: true, says: /spec\.loadBalancerIP: "10\.0\.0\.300" has a number above 255/ },
        'a/z': { untouched: true, says: /Remove the extra comma/ },
      },
    },
    {
      title:
        'without an allocation record an address is allocated exactly if the Service has the label and spec and annotation are equal',
      data: pool,
      services: {
        'a/allocated': go('10.0.0.1'),
        'a/static': { ips: '10.0.0.2', label: true },
        'a/edited': { ips: '10.0.0.3', spec: '10.0.0.4', label: true },
      },
      leads: {
        'a/allocated': { from: 'cidr-global' },
        'a/static': { from: 'static', spec: '10.0.0.2' },
        'a/edited': { from: 'static', spec: '10.0.0.3' },
      },
    },
    {
      title: 'a copy keeps its address if it is free, and otherwise gets another one',
      data: pool,
      services: {
        'a/original': ours('10.0.0.1'),
        'b/copy': ours('10.0.0.1', {
          record: { from: 'cidr-global', ips: '10.0.0.1', uid: 'uid of a/original' },
        }),
        'c/restored': ours('10.0.0.3', {
          record: { from: 'cidr-global', ips: '10.0.0.3', uid: 'from another life' },
        }),
      },
      leads: {
        'a/original': { ips: '10.0.0.1', untouched: true },
        'b/copy': { ips: '10.0.0.2', spec: '10.0.0.2' },
        'c/restored': { ips: '10.0.0.3', from: 'cidr-global' },
      },
    },
  ],
  'Adoption from the status (section 6)': [
    {
      title: 'exactly one address for each wanted family, in the pool',
      data: both,
      services: {
        'a/one': { status: '10.0.0.5' },
        'a/both': { status: 'fd00::6,10.0.0.6', families: dual },
        'a/more': { status: '10.0.0.7,fd00::7' },
        'b/outside': { status: '172.16.0.1', created: 1 },
        'b/two': { status: '10.0.0.8,10.0.0.9', created: 2 },
        'b/half': { status: 'fd00::9', families: dual, created: 3 },
      },
      leads: {
        'a/one': {
          ips: '10.0.0.5',
          spec: '10.0.0.5',
          from: 'cidr-global',
          wrote: "Adopted 10.0.0.5 from the Service's status",
        },
        'a/both': { ips: '10.0.0.6,fd00::6', wrote: "Adopted 10.0.0.6,fd00::6 from the Service's status" },
        'a/more': { ips: '10.0.0.7' },
        'b/outside': { ips: '10.0.0.1', wrote: 'Assigned 10.0.0.1 (from cidr-global)' },
        'b/two': { ips: '10.0.0.2', wrote: 'Assigned 10.0.0.2 (from cidr-global)' },
        'b/half': { ips: '10.0.0.3,fd00::1' },
      },
    },
    {
      title:
        'a family that the pool does not have is not expected in the status of a PreferDualStack Service',
      data: pool,
      services: { 'a/x': { status: '10.0.0.5', families: dual } },
      leads: { 'a/x': { ips: '10.0.0.5' } },
    },
    {
      title: 'an address that another Service uses, or also shows, is not adopted',
      data: pool,
      services: {
        'a/holder': ours('10.0.0.5'),
        'a/x': { status: '10.0.0.5', created: 1 },
        'b/x': { status: '10.0.0.6', created: 2 },
        'b/y': { status: '10.0.0.6', created: 3 },
      },
      leads: {
        'a/holder': { ips: '10.0.0.5', untouched: true },
        'a/x': { ips: '10.0.0.1' },
        'b/x': { ips: '10.0.0.2' },
        'b/y': { ips: '10.0.0.3' },
      },
    },
    {
      title: 'a shared address that the status shows is adopted before another shared address',
      data: sharing,
      services: {
        'a/first': ours('10.0.0.1', { ports: 'TCP/1' }),
        'a/partner': ours('10.0.0.3', { ports: 'TCP/2' }),
        'a/replaced': { status: '10.0.0.3', ports: 'TCP/3', created: 1 },
      },
      leads: { 'a/replaced': { ips: '10.0.0.3', wrote: "Adopted 10.0.0.3 from the Service's status" } },
    },
    {
      title: 'the address of a Node is not adopted (k3s ServiceLB writes it)',
      data: { 'cidr-global': '192.168.4.0/28' },
      nodes: { '192.168.4.11': 'n1' },
      services: { 'a/x': { status: '192.168.4.11' }, 'a/y': { status: '192.168.4.12' } },
      leads: {
        'a/x': { ips: '192.168.4.1', wrote: 'Assigned 192.168.4.1 (from cidr-global)' },
        'a/y': { ips: '192.168.4.12' },
      },
    },
    {
      title: 'several addresses of Nodes are not adopted where the Nodes are not known',
      data: { 'cidr-global': '192.168.4.0/28' },
      services: { 'a/x': { status: '192.168.4.11,192.168.4.12' } },
      leads: { 'a/x': { ips: '192.168.4.1', wrote: 'Assigned 192.168.4.1 (from cidr-global)' } },
    },
    {
      title: 'what was assigned before is restored, whatever Nodes have',
      data: pool,
      nodes: { '10.0.0.5': 'n1', '10.0.0.6': 'n2' },
      services: { 'a/go': { status: '10.0.0.5', label: true }, 'a/ours': ours('10.0.0.6', { ips: '' }) },
      leads: { 'a/go': { ips: '10.0.0.5' }, 'a/ours': { ips: '10.0.0.6' } },
    },
  ],
  'External IPs (section 13)': [
    {
      title: 'external IPs of Services of any type are in use (metallb/metallb#924)',
      data: { 'range-global': '192.168.50.20-192.168.50.23' },
      services: {
        'default/legacy': { type: 'ClusterIP', external: '192.168.50.20' },
        'default/mail': { external: '192.168.50.21', ports: 'TCP/25' },
        'default/web': {},
      },
      leads: { 'default/mail': { ips: '192.168.50.22' }, 'default/web': { ips: '192.168.50.23' } },
    },
    {
      title: 'they are no claim and no conflict: a holder keeps the address, a static request gets it',
      data: pool,
      services: {
        'a/legacy': { type: 'NodePort', external: '10.0.0.1,10.0.0.2' },
        'a/holder': ours('10.0.0.1'),
        'a/static': { ips: '10.0.0.2' },
      },
      leads: {
        'a/holder': { ips: '10.0.0.1', untouched: true, says: /^$/ },
        'a/static': { ips: '10.0.0.2', from: 'static', says: /^$/ },
      },
    },
    {
      title: 'they are neither adopted, nor shared, nor kept by a reallocation',
      data: sharing,
      services: {
        'a/legacy': { type: 'ClusterIP', external: '10.0.0.1,10.0.0.2,10.0.0.3' },
        'a/partner': ours('10.0.0.1', { ports: 'TCP/1' }),
        'a/adopts': { status: '10.0.0.2', ports: 'TCP/1', created: 1 },
        'a/moves': ours('10.0.0.3', { ports: 'TCP/1', annotations: { 'kube-vip.io/reallocate': 'true' } }),
        'b/shares': { ports: 'TCP/2', created: 2 },
      },
      leads: {
        'a/adopts': { ips: '10.0.0.5' },
        'a/moves': { ips: '10.0.0.4' },
        'b/shares': { ips: '10.0.0.4' },
      },
    },
    {
      title: 'a pool of which all addresses are external IPs is full',
      data: { 'cidr-global': '10.0.0.1' },
      services: { 'a/legacy': { type: 'ClusterIP', external: '10.0.0.1' }, 'a/x': {} },
      leads: { 'a/x': { untouched: true, says: /^Pool cidr-global is full/ } },
    },
  ],
  'Edits of a live Service (section 6)': [
    {
      title: 'a changed spec replaces the entry of its family',
      data: both,
      services: {
        'a/x': ours('fd00::1,10.0.0.1', { spec: '10.0.0.7', families: 'PreferDualStack IPv6,IPv4' }),
      },
      leads: { 'a/x': { ips: 'fd00::1,10.0.0.7', from: 'static' } },
    },
    {
      title: 'the spec follows a changed annotation',
      data: pool,
      services: { 'a/x': ours('10.0.0.1', { ips: '10.0.0.7' }) },
      leads: { 'a/x': { ips: '10.0.0.7', spec: '10.0.0.7', from: 'static' } },
    },
    {
      title: 'if both were changed, the annotation takes precedence',
      data: pool,
      services: { 'a/x': ours('10.0.0.1', { ips: '10.0.0.7', spec: '10.0.0.8' }) },
      leads: { 'a/x': { ips: '10.0.0.7', spec: '10.0.0.7' } },
    },
    {
      title: 'a blank or missing annotation is restored from the allocation record',
      data: both,
      services: {
        'a/blank': ours('10.0.0.5,fd00::5', { ips: '', spec: '', families: dual }),
        'a/gone': { ...ours('10.0.0.6'), ips: undefined as unknown as string },
        'a/comma': ours('10.0.0.7', { ips: ' , ' }),
      },
      leads: {
        'a/blank': { ips: '10.0.0.5,fd00::5', spec: '10.0.0.5' },
        'a/gone': { ips: '10.0.0.6', spec: '10.0.0.6' },
        'a/comma': { ips: '10.0.0.7' },
      },
    },
    {
      title:
        'with the label alone, the addresses in the Service’s own status are restored if they are in the pool and no other Service uses them',
      data: both,
      services: {
        'a/stripped': { status: '10.0.0.5', label: true },
        'b/outside': { status: '172.16.0.1', label: true },
        'c/shown': { status: '10.0.0.7', label: true },
        'd/has-it': go('10.0.0.7'),
        'e/dual': { status: 'fd00::7', families: dual, label: true },
      },
      leads: {
        'a/stripped': { ips: '10.0.0.5', from: 'cidr-global', wrote: 'Restored 10.0.0.5 (from cidr-global)' },
        'b/outside': { ips: '10.0.0.1' },
        'c/shown': { ips: '10.0.0.2' },
        'e/dual': { ips: '10.0.0.3,fd00::7' },
      },
    },
    {
      title: 'a Service that shares and was blanked comes back to the address of its partner',
      data: sharing,
      services: {
        'a/first': ours('10.0.0.1', { ports: 'TCP/1' }),
        'a/partner': ours('10.0.0.3', { ports: 'TCP/2' }),
        'a/blank': { label: true, status: '10.0.0.3', ports: 'TCP/3' },
        'a/clash': { label: true, status: '10.0.0.3', ports: 'TCP/2', created: 1 },
      },
      leads: {
        'a/blank': { ips: '10.0.0.3', wrote: 'Restored 10.0.0.3 (from cidr-global)', says: /a\/partner/ },
        'a/clash': { ips: '10.0.0.1' },
      },
    },
    {
      title: 'two Services that share and were both blanked come back together',
      data: sharing,
      services: {
        'a/first': ours('10.0.0.1', { ports: 'TCP/1' }),
        'a/one': { label: true, status: '10.0.0.3', ports: 'TCP/1' },
        'a/two': { label: true, status: '10.0.0.3', ports: 'TCP/2' },
      },
      leads: { 'a/one': { ips: '10.0.0.3' }, 'a/two': { ips: '10.0.0.3' } },
    },
    {
      title: 'a blanked spec beside an annotation is not changed',
      data: pool,
      services: { 'a/x': ours('10.0.0.1', { spec: '' }) },
      leads: { 'a/x': { ips: '10.0.0.1', untouched: true } },
    },
    {
      title: 'a request for an address in use removes the fields of the previous one and releases it',
      data: { 'cidr-global': '10.0.0.1-10.0.0.2' },
      services: {
        'a/x': ours('10.0.0.1', { ips: '10.0.0.2' }),
        'b/holder': ours('10.0.0.2'),
        'c/waits': { created: 5 },
      },
      leads: {
        'a/x': {
          ips: '10.0.0.2',
          spec: undefined as unknown as string,
          label: false,
          says: /is already assigned to b\/holder/,
        },
        'c/waits': { ips: '10.0.0.1' },
      },
    },
    {
      title: 'a reallocation moves a Service into its pool, or adds the second family',
      data: both,
      services: {
        'a/out': ours('172.16.0.1', { annotations: { 'kube-vip.io/reallocate': 'true' } }),
        'a/second': ours('10.0.0.5', { families: dual, annotations: { 'kube-vip.io/reallocate': 'true' } }),
        'a/static': { spec: '172.16.0.2', annotations: { 'kube-vip.io/reallocate': 'true' } },
        'a/right': ours('10.0.0.6', { annotations: { 'kube-vip.io/reallocate': 'true' } }),
      },
      leads: {
        'a/out': { ips: '10.0.0.1', from: 'cidr-global' },
        'a/second': { ips: '10.0.0.5,fd00::1' },
        'a/static': { ips: '10.0.0.2', from: 'cidr-global' },
        'a/right': { ips: '10.0.0.6' },
      },
    },
    {
      title: 'a reallocation to addresses by name gives exactly these, as an allocation',
      data: both,
      services: {
        'a/moves': ours('10.0.0.1', to('10.0.0.7')),
        'a/outside': ours('172.16.0.1', to('10.0.0.8')),
        'a/dual': ours('10.0.0.2,fd00::2', { families: dual, ...to('fd00::9, 10.0.0.2') }),
        // What it has may stay outside the pool.
        'a/half': ours('172.16.0.2,fd00::3', { families: dual, ...to('172.16.0.2,fd00::8') }),
        'a/same': ours('10.0.0.3', to('10.0.0.3')),
        'a/static': { spec: '172.16.0.3', ...to('10.0.0.4') },
        'a/named': { spec: '10.0.0.5', ...to('10.0.0.5') },
        'a/new': { families: dual, ...to('10.0.0.6') },
        'b/go': { ...go('10.0.0.9'), ...to('10.0.0.9') },
      },
      leads: {
        'a/moves': {
          ips: '10.0.0.7',
          spec: '10.0.0.7',
          from: 'cidr-global',
          wrote:
            'Assigned 10.0.0.7 (from cidr-global), as requested by the annotation kube-vip.io/reallocate',
        },
        'a/outside': { ips: '10.0.0.8', from: 'cidr-global' },
        'a/dual': { ips: '10.0.0.2,fd00::9', spec: '10.0.0.2', from: 'cidr-global' },
        'a/half': { ips: '172.16.0.2,fd00::8', spec: '172.16.0.2', from: 'cidr-global' },
        'a/same': { ips: '10.0.0.3', wrote: 'Kept 10.0.0.3: it is already in its pool' },
        'a/static': { ips: '10.0.0.4', from: 'cidr-global' },
        'a/named': { ips: '10.0.0.5', from: 'cidr-global' },
        'a/new': { ips: '10.0.0.6', from: 'cidr-global', says: /has no IPv6 address/ },
        'b/go': { ips: '10.0.0.9', from: 'cidr-global' },
      },
    },
    {
      title:
        'a Service that leaves one of two addresses without any pool still records where the other came from',
      services: {
        'a/old': ours('fd00::1', { families: 'SingleStack IPv6' }),
        'b/x': ours('10.0.0.1,fd00::1', {
          families: dual,
          record: { from: 'cidr-global', ips: '10.0.0.1,fd00::1', ports: 'TCP/81' },
        }),
      },
      leads: { 'b/x': { ips: '10.0.0.1', from: 'unknown' } },
    },
    {
      title: 'what prevents a reallocation by name is said, and the Service keeps what it has',
      data: { ...both, 'cidr-d': '10.0.0.0/24' },
      services: {
        'a/elsewhere': ours('10.0.0.1', to('10.9.9.9')),
        'a/used': ours('10.0.0.2', to('10.0.0.1')),
        'a/word': ours('10.0.0.3', to('soon')),
        'a/slip': ours('10.0.0.4', to('10.0.0.300')),
        'a/family': ours('10.0.0.5', to('fd00::5')),
        'a/two': ours('10.0.0.6', to('10.0.0.7,10.0.0.8')),
        'a/strict': ours('10.0.0.7,fd00::7', { families: strict, ...to('10.0.0.9') }),
        'a/no-request': ours('10.0.0.8', { annotations: { 'kube-vip.io/reallocate': 'false' } }),
        'b/static': { spec: '172.16.0.9', ...to('10.0.0.1') },
        'c/new': to('10.0.0.1'),
        'd/end': ours('10.0.0.20', to('10.0.0.255')),
        'd/external': ours('10.0.0.21', to('10.0.0.30')),
        'e/web': { type: 'ClusterIP', external: '10.0.0.30' },
      },
      leads: {
        'a/elsewhere': {
          untouched: true,
          says: /^Waiting for the requested reallocation\. Until then, the Service keeps its current addresses\. The annotation kube-vip\.io\/reallocate requests 10\.9\.9\.9, which is not in the pool of the Service, cidr-global\. Add the address to the pool, or change the annotation kube-vip\.io\/reallocate\.$/,
        },
        'a/used': {
          untouched: true,
          says: /requests 10\.0\.0\.1, which a\/elsewhere uses\. Change the annotation /,
        },
        'a/word': {
          untouched: true,
          says: /has "soon", which is neither an address for each IP family, nor /,
        },
        'a/slip': { untouched: true, says: /has "10\.0\.0\.300", which is neither / },
        'a/family': { untouched: true, says: /requests fd00::5, but the Service is IPv4\./ },
        'a/two': { untouched: true, says: /requests more than one IPv4 address\./ },
        'a/strict': {
          untouched: true,
          says: /requests no IPv6 address, which the Service needs as well\./,
        },
        'a/no-request': { untouched: true, says: /^$/ },
        'b/static': {
          ips: '172.16.0.9',
          from: 'static',
          says: /requests 10\.0\.0\.1, which a\/elsewhere uses/,
        },
        'c/new': {
          ips: '10.0.0.9',
          from: 'cidr-global',
          says: /requests 10\.0\.0\.1, which a\/elsewhere uses/,
        },
        'd/end': { untouched: true, says: /requests 10\.0\.0\.255, which is excluded from allocation\./ },
        'd/external': {
          untouched: true,
          says: /requests 10\.0\.0\.30, which is used as an external IP of Service e\/web\./,
        },
      },
    },
    {
      title: 'a reallocation to what the Service has changes nothing without a pool',
      services: { 'a/x': ours('10.0.0.1', to('10.0.0.1')) },
      leads: { 'a/x': { ips: '10.0.0.1', from: 'cidr-global', label: true } },
    },
    {
      title:
        'a reallocation by name takes addresses of all pools of the Service, reserved ones, and no others',
      data: {
        'pool.one': '10.0.1.1-10.0.1.9',
        'pool.two': '10.0.2.1-10.0.2.9',
        'pool.other': '10.0.3.1-10.0.3.9',
        'pools-global': 'one,two',
        'pools-b': 'one,two,other',
        'exclude.two': '10.0.2.7',
        'reserve-c': 'mine=10.9.0.1, theirs=10.0.1.8',
      },
      services: {
        'a/moves': ours('10.0.1.1', { record: { from: 'pool.one', ips: '10.0.1.1' }, ...to('10.0.2.9') }),
        'a/excluded': ours('10.0.1.2', { record: { from: 'pool.one', ips: '10.0.1.2' }, ...to('10.0.2.7') }),
        'a/unlisted': ours('10.0.1.3', { record: { from: 'pool.one', ips: '10.0.1.3' }, ...to('10.0.3.1') }),
        'a/reserved': ours('10.0.1.4', { record: { from: 'pool.one', ips: '10.0.1.4' }, ...to('10.0.1.8') }),
        'b/both': ours('10.0.1.5,10.0.3.5', {
          record: { from: 'pool.one', ips: '10.0.1.5,10.0.3.5', pool: 'one,other' },
          annotations: { 'kube-vip.io/pool': 'one,other', 'kube-vip.io/reallocate': '10.0.3.6,10.0.1.6' },
        }),
        'b/lacks': ours('10.0.1.7,10.0.3.7', {
          record: { from: 'pool.one', ips: '10.0.1.7,10.0.3.7', pool: 'one,other' },
          annotations: { 'kube-vip.io/pool': 'one,other', 'kube-vip.io/reallocate': '10.0.3.8' },
        }),
        'c/mine': ours('10.0.1.9', { record: { from: 'pool.one', ips: '10.0.1.9' }, ...to('10.9.0.1') }),
      },
      leads: {
        'a/moves': { ips: '10.0.2.9', from: 'pool.two' },
        'a/excluded': { untouched: true, says: /requests 10\.0\.2\.7, which is excluded from allocation\./ },
        'a/unlisted': {
          untouched: true,
          says: /requests 10\.0\.3\.1, which is not in the pools of the Service, pool\.one, pool\.two\./,
        },
        'a/reserved': {
          untouched: true,
          says: /requests 10\.0\.1\.8, which is reserved for c\/theirs \(reserve-c\)\./,
        },
        'b/both': { ips: '10.0.1.6,10.0.3.6', spec: '10.0.1.6' },
        'b/lacks': {
          untouched: true,
          says: /requests no IPv4 address of pool one, which the Service needs as well\./,
        },
        'c/mine': { ips: '10.9.0.1', from: 'reserve-c' },
      },
    },
    {
      title: 'a reallocation by name adds no address beyond the quota',
      data: { ...both, 'quota-a': '1' },
      services: {
        'a/x': ours('10.0.0.1', to('10.0.0.5')),
        'a/y': ours('10.0.0.2', { families: dual, ...to('10.0.0.6,fd00::6') }),
        'b/z': ours('10.0.0.3', { families: dual, ...to('10.0.0.7,fd00::7') }),
      },
      leads: {
        'a/x': { ips: '10.0.0.5' },
        'a/y': { untouched: true, says: /^Waiting for .* The quota is reached/ },
        'b/z': { ips: '10.0.0.7,fd00::7' },
      },
    },
    {
      title: 'a reallocation by name happens when the address becomes free',
      data: pool,
      services: {
        'a/first': ours('10.0.0.1', { created: 1, ...to('10.0.0.2') }),
        'a/second': ours('10.0.0.2', { created: 2, ...to('10.0.0.3') }),
        'a/third': ours('10.0.0.3', { created: 3, ...to('10.0.0.4') }),
      },
      leads: {
        'a/first': { ips: '10.0.0.2' },
        'a/second': { ips: '10.0.0.3' },
        'a/third': { ips: '10.0.0.4' },
      },
    },
    {
      title: 'a reallocation by name joins Services that share the address',
      data: { ...sharing, 'allow-share-b': 'false' },
      services: {
        'a/http': ours('10.0.0.1', { ports: 'TCP/80', ...to('10.0.0.5') }),
        'a/https': ours('10.0.0.1', { ports: 'TCP/443', ...to('10.0.0.5') }),
        'a/clash': ours('10.0.0.3', { created: 5, ports: 'TCP/443', ...to('10.0.0.5') }),
        'b/alone': ours('10.0.0.4', { ports: 'TCP/25', ...to('10.0.0.5') }),
      },
      leads: {
        'a/http': { ips: '10.0.0.5', says: /^Shared with a\/https\.$/ },
        'a/https': { ips: '10.0.0.5' },
        'a/clash': { untouched: true, says: /requests 10\.0\.0\.5, which a\/http, a\/https use\./ },
        'b/alone': { untouched: true, says: /requests 10\.0\.0\.5, which a\/http, a\/https use\./ },
      },
    },
    {
      title: 'a Service of the Go version gets its allocation record while its reallocation is pending',
      services: {
        'a/all': { ...go('10.0.0.5'), annotations: { 'kube-vip.io/reallocate': 'true' } },
        'a/allocated': { ...go('10.0.0.6'), annotations: { 'kube-vip.io/reallocate': 'allocated' } },
      },
      leads: {
        'a/all': { ips: '10.0.0.5', from: 'unknown', says: /^Waiting for the requested reallocation/ },
        'a/allocated': { ips: '10.0.0.6', from: 'unknown', says: /^Waiting for the requested reallocation/ },
      },
    },
    {
      title: 'a reallocation of what is allocated leaves static addresses alone, and says so',
      data: both,
      services: {
        'a/out': ours('172.16.0.1', { annotations: { 'kube-vip.io/reallocate': 'allocated' } }),
        'a/right': ours('10.0.0.6', { annotations: { 'kube-vip.io/reallocate': 'allocated-only' } }),
        'a/static': ours('172.16.0.2', {
          record: { from: 'static', ips: '172.16.0.2' },
          annotations: { 'kube-vip.io/reallocate': 'allocated' },
        }),
        'a/inside': ours('10.0.0.7', {
          record: { from: 'static', ips: '10.0.0.7' },
          annotations: { 'kube-vip.io/reallocate': 'allocated-only' },
        }),
        'a/unmarked': { spec: '172.16.0.3', annotations: { 'kube-vip.io/reallocate': 'allocated' } },
        'a/contender': {
          spec: '172.16.0.3',
          created: 3,
          annotations: { 'kube-vip.io/reallocate': 'allocated' },
        },
      },
      leads: {
        'a/out': { ips: '10.0.0.1', from: 'cidr-global' },
        'a/right': { ips: '10.0.0.6', from: 'cidr-global' },
        'a/static': { ips: '172.16.0.2', from: 'static' },
        'a/inside': { ips: '10.0.0.7', from: 'static' },
        'a/unmarked': { ips: '172.16.0.3', from: 'static' },
        'a/contender': { says: /172\.16\.0\.3 is already assigned to a\/unmarked/ },
      },
    },
    {
      title: 'a reallocation of one of two Services that requested the same address moves it',
      data: { 'cidr-global': '10.0.0.1-10.0.0.3' },
      services: {
        'a/stays': { spec: '10.0.0.1', ports: 'TCP/80' },
        'b/fresh': { spec: '10.0.0.1', ports: 'TCP/443', annotations: { 'kube-vip.io/reallocate': 'true' } },
      },
      leads: {
        'a/stays': { ips: '10.0.0.1', from: 'static' },
        'b/fresh': { ips: '10.0.0.2', from: 'cidr-global' },
      },
    },
    {
      title: 'the address in the allocation record stays in use while the annotation is invalid',
      data: { 'cidr-global': '10.0.0.1' },
      services: {
        'a/x': { ...ours('10.0.0.1', { ips: '10.0.0.1;' }), spec: undefined as unknown as string },
        'b/y': { created: 1 },
      },
      leads: { 'a/x': { untouched: true }, 'b/y': { untouched: true, says: /is full/ } },
    },
    {
      title:
        'a missing annotation and a spec with an address in use: the fields are removed, and the previous address is released',
      data: { 'cidr-global': '10.0.0.1-10.0.0.2' },
      services: {
        'a/x': { ...ours('10.0.0.1', { spec: '10.0.0.2' }), ips: undefined as unknown as string },
        'b/holder': ours('10.0.0.2'),
        'c/waits': { created: 1 },
      },
      leads: {
        'a/x': { label: false, says: /10\.0\.0\.2 is already assigned to b\/holder/ },
        'c/waits': { ips: '10.0.0.1' },
      },
    },
    {
      title: 'a missing annotation and a changed spec: the other family in the allocation record stays',
      data: both,
      services: {
        'a/x': {
          ...ours('10.0.0.1,fd00::1', { spec: '10.0.0.7', families: dual }),
          ips: undefined as unknown as string,
        },
        'b/y': { families: 'SingleStack IPv6' },
      },
      leads: { 'a/x': { ips: '10.0.0.7,fd00::1' }, 'b/y': { ips: 'fd00::2' } },
    },
    {
      title: 'the edited spec of a copy is a request',
      data: pool,
      services: {
        'a/original': ours('10.0.0.1'),
        'b/copy': ours('10.0.0.1', {
          spec: '10.0.0.9',
          record: { from: 'cidr-global', ips: '10.0.0.1', uid: 'x' },
        }),
      },
      leads: { 'b/copy': { ips: '10.0.0.9', from: 'static' } },
    },
    {
      title: 'more addresses than a Service can have are rejected',
      data: pool,
      services: { 'a/x': { ips: Array.from({ length: 17 }, (_, i) => `10.0.1.${i + 1}`).join() } },
      leads: { 'a/x': { untouched: true, says: /lists more than 16 addresses/ } },
    },
    {
      title: 'a hostname that replaces an allocated address releases it',
      data: { 'cidr-global': '10.0.0.1' },
      services: { 'a/x': ours('10.0.0.1', { ips: 'lb.example.com' }), 'b/y': {} },
      leads: { 'a/x': { ips: 'lb.example.com', label: true }, 'b/y': { ips: '10.0.0.1' } },
    },
  ],
  'DHCP (section 6)': [
    {
      title: 'a pool of exactly 0.0.0.0/32 is assigned to every Service, for all families',
      data: { 'cidr-global': '0.0.0.0/32' },
      services: { 'a/x': {}, 'a/y': { families: 'SingleStack IPv6' }, 'a/z': { families: strict } },
      leads: {
        'a/x': { ips: '0.0.0.0', spec: '0.0.0.0' },
        'a/y': { ips: '0.0.0.0' },
        'a/z': { ips: '0.0.0.0' },
      },
    },
    {
      title: '::/128 too, and as part of a mixed pool it is assigned for its family',
      data: { 'cidr-a': '::/128', 'cidr-b': '0.0.0.0/32,fd00::1' },
      services: { 'a/x': {}, 'b/x': {}, 'b/y': { families: strict } },
      leads: { 'a/x': { ips: '::' }, 'b/x': { ips: '0.0.0.0' }, 'b/y': { ips: '0.0.0.0,fd00::1' } },
    },
    {
      title: 'a block that contains :: never provides it',
      data: { 'cidr-global': '::/127' },
      services: { 'a/x': { families: 'SingleStack IPv6' }, 'a/y': { families: 'SingleStack IPv6' } },
      leads: { 'a/x': { ips: '::1' }, 'a/y': { untouched: true } },
    },
    {
      title: 'a work that kube-vip writes back is in use',
      data: { 'cidr-a': '0.0.0.0/32', 'cidr-global': '10.0.0.1-10.0.0.2' },
      services: {
        'a/x': { ...go('0.0.0.0'), annotations: { 'kube-vip.io/requestedIP': '10.0.0.1' } },
        'b/x': {},
      },
      leads: { 'b/x': { ips: '10.0.0.2' } },
    },
  ],
  'Sharing (section 6)': [
    {
      title: 'TCP 53 and UDP 53 share an address, Services with the same port do not',
      data: sharing,
      services: {
        'a/tcp': { ports: 'TCP/53' },
        'a/udp': { ports: 'UDP/53' },
        'b/tcp': { ports: 'TCP/53', created: 1 },
      },
      leads: { 'a/tcp': { ips: '10.0.0.1' }, 'a/udp': { ips: '10.0.0.1' }, 'b/tcp': { ips: '10.0.0.2' } },
    },
    {
      title: 'allow-shared-<namespace> is the second spelling; both sides must allow it',
      data: { ...pool, 'allow-shared-a': 'true' },
      services: {
        'a/x': { ports: 'TCP/1' },
        'a/y': { ports: 'TCP/2' },
        'b/x': { ports: 'TCP/3', created: 1 },
      },
      leads: { 'a/x': { ips: '10.0.0.1' }, 'a/y': { ips: '10.0.0.1' }, 'b/x': { ips: '10.0.0.2' } },
    },
    {
      title: 'externalTrafficPolicy: Local, dual-stack, and deletion prevent sharing, on either side',
      data: { 'cidr-global': '10.0.0.1-10.0.0.20,fd00::1-fd00::9', 'allow-share-global': 'true' },
      services: {
        'a/local': ours('10.0.0.1', { local: true, ports: 'TCP/1' }),
        'a/dual': ours('10.0.0.2,fd00::1', { families: dual, ports: 'TCP/2' }),
        'a/going': ours('10.0.0.3', { deleting: true, ports: 'TCP/3' }),
        'b/x': { ports: 'TCP/4', created: 1 },
        'b/y': { ports: 'TCP/5', created: 2, local: true },
        'b/z': { ports: 'TCP/6', created: 3, families: dual },
      },
      leads: { 'b/x': { ips: '10.0.0.4' }, 'b/y': { ips: '10.0.0.5' }, 'b/z': { ips: '10.0.0.6,fd00::2' } },
    },
    {
      title:
        'Services that share an address and are reallocated move together, past an address that only one of them can share',
      data: sharing,
      services: {
        'a/holder': ours('10.0.0.1', { ports: 'UDP/53' }),
        'a/tcp': ours('172.16.0.1', { ports: 'TCP/53', annotations: { 'kube-vip.io/reallocate': 'true' } }),
        'a/udp': ours('172.16.0.1', { ports: 'UDP/53', annotations: { 'kube-vip.io/reallocate': 'true' } }),
      },
      leads: {
        'a/holder': { ips: '10.0.0.1' },
        'a/tcp': { ips: '10.0.0.2' },
        'a/udp': { ips: '10.0.0.2' },
      },
    },
    {
      title: 'a Service that requested the address of others, and never had it, takes none of them along',
      data: sharing,
      services: {
        'a/other': ours('10.0.0.1', { ports: 'TCP/443' }),
        'a/contender': {
          spec: '172.16.0.1',
          ports: 'TCP/53',
          annotations: { 'kube-vip.io/reallocate': 'true' },
        },
        'a/tcp': ours('172.16.0.1', {
          ports: 'TCP/53',
          annotations: { 'kube-vip.io/reallocate': 'true' },
          created: 1,
        }),
        'a/udp': ours('172.16.0.1', {
          ports: 'UDP/53',
          annotations: { 'kube-vip.io/reallocate': 'true' },
          created: 2,
        }),
      },
      leads: {
        'a/contender': { ips: '10.0.0.1' },
        'a/tcp': { ips: '10.0.0.2' },
        'a/udp': { ips: '10.0.0.2' },
      },
    },
    {
      title: 'a Service that cannot share, and had the address of others as well, takes none of them along',
      data: sharing,
      services: {
        'a/dual': ours('172.16.0.1', {
          families: dual,
          ports: 'UDP/53',
          annotations: { 'kube-vip.io/reallocate': 'true' },
        }),
        'a/udp': ours('172.16.0.1', {
          ports: 'UDP/53',
          annotations: { 'kube-vip.io/reallocate': 'true' },
          created: 1,
        }),
        'b/tcp': ours('172.16.0.1', {
          ports: 'TCP/53',
          annotations: { 'kube-vip.io/reallocate': 'true' },
          created: 2,
        }),
      },
      leads: {
        'a/dual': { ips: '10.0.0.1' },
        'a/udp': { ips: '10.0.0.2' },
        'b/tcp': { ips: '10.0.0.2' },
      },
    },
    {
      title: 'a Service that is reallocated follows the one with which it shared an address',
      data: sharing,
      services: {
        'a/other': ours('10.0.0.1', { ports: 'TCP/80' }),
        'a/went': ours('10.0.0.5', {
          ports: 'TCP/53',
          record: { from: 'cidr-global', ips: '10.0.0.5', was: '172.16.0.1' },
        }),
        'a/udp': ours('172.16.0.1', { ports: 'UDP/53', annotations: { 'kube-vip.io/reallocate': 'true' } }),
      },
      leads: { 'a/udp': { ips: '10.0.0.5' } },
    },
    {
      title:
        'a Service leaves its ports to one that follows another to the address, unless there is no other',
      data: { 'cidr-global': '10.0.0.5-10.0.0.6', 'allow-share-global': 'true' },
      services: {
        'a/went': ours('10.0.0.5', {
          ports: 'TCP/53',
          record: { from: 'cidr-global', ips: '10.0.0.5', was: '172.16.0.1' },
        }),
        'a/udp': ours('172.16.0.1', { ports: 'UDP/53' }),
        'b/first': { ports: 'UDP/53', created: 1 },
        'b/second': { ports: 'UDP/53', created: 2 },
      },
      leads: { 'b/first': { ips: '10.0.0.6' }, 'b/second': { ips: '10.0.0.5' } },
    },
    {
      title: 'a Service only shares an address of its own pool',
      data: { 'cidr-a': '10.1.0.1-10.1.0.2', 'cidr-b': '10.2.0.1-10.2.0.2', 'allow-share-global': 'true' },
      services: { 'a/x': { ports: 'TCP/1' }, 'b/x': { ports: 'TCP/2' } },
      leads: { 'a/x': { ips: '10.1.0.1' }, 'b/x': { ips: '10.2.0.1' } },
    },
    {
      title: 'a Service whose own ports change into a conflict moves; the other one stays',
      data: sharing,
      services: {
        'a/stays': ours('10.0.0.1', { ports: 'TCP/1' }),
        'a/goes': ours('10.0.0.1', {
          ports: 'TCP/1',
          record: { from: 'cidr-global', ips: '10.0.0.1', ports: 'TCP/2' },
        }),
      },
      leads: { 'a/stays': { ips: '10.0.0.1', untouched: true }, 'a/goes': { ips: '10.0.0.2' } },
    },
    {
      title: 'ports that change into a conflict together with the families',
      data: { ...both, 'allow-share-global': 'true' },
      services: {
        'a/stays': ours('10.0.0.1', { ports: 'TCP/1' }),
        'a/goes': ours('10.0.0.1', {
          ports: 'TCP/1',
          families: dual,
          record: { from: 'cidr-global', ips: '10.0.0.1', ports: 'TCP/2', families: 'SingleStack IPv4' },
        }),
      },
      leads: { 'a/goes': { ips: '10.0.0.2,fd00::1' } },
    },
    {
      title: 'an address that DHCP leased is not shared',
      data: sharing,
      services: {
        'a/leased': {
          ...go('0.0.0.0'),
          annotations: { 'kube-vip.io/requestedIP': '10.0.0.1' },
          ports: 'TCP/1',
        },
        'b/x': { ports: 'TCP/2', created: 1 },
      },
      leads: { 'b/x': { ips: '10.0.0.2' } },
    },
    {
      title: 'a later port conflict of a static Service is reported on both, and none is moved',
      data: sharing,
      services: {
        'a/x': ours('10.0.0.1', { ports: 'TCP/1' }),
        'a/static': ours('10.0.0.1', {
          ports: 'TCP/1',
          record: { from: 'static', ips: '10.0.0.1', ports: 'TCP/2' },
        }),
      },
      leads: {
        'a/x': { ips: '10.0.0.1', says: /also assigned to a\/static/ },
        'a/static': { ips: '10.0.0.1', says: /also assigned to a\/x/ },
      },
    },
  ],
  'Why a Service cannot share (section 6)': [
    {
      title: 'a full pool: first the partner and the port, then that the pool is full',
      data: { 'cidr-global': '192.168.1.100/32', 'allow-share-global': 'true' },
      services: {
        'traefik/traefik': { ports: 'TCP/80,TCP/443', created: 1 },
        'gitea/ssh': { ports: 'TCP/22', created: 2 },
        'argocd/server': { ports: 'TCP/80,TCP/443', created: 3 },
        'argocd/metrics': { ports: 'TCP/80,TCP/9090', created: 4 },
        'voip/turn': { ports: 'UDP/3478', local: true, created: 5 },
        'v6/web': { families: 'PreferDualStack IPv6,IPv4', ports: 'TCP/8080', created: 6 },
      },
      leads: {
        'traefik/traefik': { ips: '192.168.1.100' },
        'gitea/ssh': { ips: '192.168.1.100' },
        'argocd/server': {
          says: /^Sharing is not possible: 192\.168\.1\.100 is assigned to traefik\/traefik, and both use TCP port 80 and TCP port 443\. Pool cidr-global is full: its only IPv4 address is in use\./,
        },
        'argocd/metrics': {
          says: /^Sharing .* traefik\/traefik, and both use TCP port 80\. Pool .* is full/,
        },
        'voip/turn': { says: /^Sharing .* the Service has externalTrafficPolicy: Local\. Pool .* is full/ },
        'v6/web': { says: /^(?=.*Sharing is not possible: only Services with ipFamilyPolicy SingleStack)/ },
      },
    },
    {
      title: 'the nearest miss is named: the address with the fewest conflicts, and there the first holder',
      data: { 'cidr-global': '10.0.0.1-10.0.0.2', 'allow-share-global': 'true' },
      services: {
        'a/one': { ports: 'TCP/80,TCP/443', created: 1 },
        'a/two': { ports: 'TCP/443,TCP/81', created: 2 },
        'a/x': { ports: 'TCP/80,TCP/443', created: 3 },
      },
      leads: {
        'a/x': {
          says: /^Sharing is not possible: 10\.0\.0\.2 is assigned to a\/two, and both use TCP port 443\. Pool/,
        },
      },
    },
    {
      title: 'a partner with another policy, or in a namespace that does not share, is named with it',
      data: {
        'cidr-global': '10.0.0.1',
        'allow-share-a': 'true',
        'cidr-c': '10.0.0.2',
        'allow-share-c': 'true',
      },
      services: {
        'b/held': { created: 1 },
        'a/x': { ports: 'TCP/81', created: 3 },
        'c/local': { local: true, created: 1 },
        'c/x': { ports: 'TCP/81', created: 3 },
      },
      leads: {
        'a/x': {
          says: /^Sharing .* assigned to b\/held, and namespace b does not allow sharing \(allow-share-b\)\. Pool/,
        },
        'c/x': {
          says: /^Sharing .* c\/local, which cannot share because of externalTrafficPolicy: Local\. Pool/,
        },
      },
    },
    {
      title: 'a dual-stack Service that shares since the Go version keeps its addresses, and both are told',
      data: { 'cidr-global': '10.0.0.1-10.0.0.9,fd00::1-fd00::9', 'allow-share-global': 'true' },
      services: {
        'a/x': go('10.0.0.1'),
        'a/dual': { ...go('10.0.0.1,fd00::1'), families: dual, ports: 'TCP/81' },
      },
      leads: {
        'a/x': {
          ips: '10.0.0.1',
          says: /^10\.0\.0\.1 is also assigned to a\/dual \(cannot share because it does not have exactly one IPv4 address\)/,
        },
        'a/dual': { ips: '10.0.0.1,fd00::1', says: /^10\.0\.0\.1 is also assigned to a\/x / },
      },
    },
    {
      title: 'with sharing off, only the full pool is named',
      data: { 'cidr-global': '10.0.0.1' },
      services: { 'a/held': { created: 1 }, 'a/x': { ports: 'TCP/81', created: 2 } },
      leads: { 'a/x': { says: /^Pool cidr-global is full/ } },
    },
  ],
  'A dual-stack Service with one family (section 4)': [
    {
      title: 'what is missing and why: the pool has no such family, or none that is free',
      data: { 'cidr-a': '10.0.0.1-10.0.0.3', 'cidr-b': '10.0.1.1,fd00::1-fd00::9', 'cidr-c': '10.0.2.1' },
      services: {
        'a/x': { families: dual },
        'b/held': { created: 1 },
        'b/x': { families: dual, created: 2 },
        'b/y': { families: 'PreferDualStack IPv6,IPv4', created: 3 },
        'c/x': { families: dual, record: { from: 'cidr-c', ips: '10.0.2.1' }, ips: '10.0.2.1', label: true },
      },
      leads: {
        'a/x': {
          ips: '10.0.0.1',
          says: /^The Service has no IPv6 address, although its ipFamilyPolicy is PreferDualStack\. Pool cidr-a has no IPv6 addresses\. Add IPv6 addresses to it\.$/,
        },
        'b/x': {
          ips: 'fd00::1',
          says: /^The Service has no IPv4 address, .* Pool cidr-b is full: its only IPv4 address is in use\./,
        },
        'b/y': { ips: 'fd00::2', says: /^The Service has no IPv4 address, / },
        'c/x': { says: /^The Service has no IPv6 address, / },
      },
    },
    {
      title: 'once the other family can be had, the command that brings it',
      data: both,
      services: {
        'a/x': ours('10.0.0.1', { families: dual }),
        'a/strict': { ips: '10.0.0.2', spec: '10.0.0.2', label: true, families: strict },
      },
      leads: {
        'a/x': {
          ips: '10.0.0.1',
          says: /^The Service has no IPv6 address, although its ipFamilyPolicy is PreferDualStack\. Pool cidr-global can provide one now\. To assign an address from the pool instead, run: kubectl annotate service x --namespace a --overwrite kube-vip\.io\/reallocate=true$/,
        },
        'a/strict': {
          ips: '10.0.0.2',
          says: /no IPv6 address, although its ipFamilyPolicy is RequireDualStack.*run: kubectl/,
        },
      },
    },
    {
      title: 'static addresses of one family',
      data: both,
      services: { 'a/x': { spec: '10.0.0.5', families: strict } },
      leads: {
        'a/x': {
          ips: '10.0.0.5',
          says: /^The Service has no IPv6 address, .* Its static addresses include none\. Add one to the annotation kube-vip\.io\/loadbalancerIPs\.$/,
        },
      },
    },
    {
      title: 'nothing is missing with both families, a hostname, DHCP for both, or SingleStack',
      data: { 'cidr-a': '0.0.0.0/32', 'cidr-global': '10.0.0.1-10.0.0.9,fd00::1-fd00::9' },
      services: {
        'a/dhcp': { families: dual },
        'b/both': { families: dual },
        'b/single': {},
        'b/host': { ips: 'web.example.com', families: dual },
      },
      leads: {
        'a/dhcp': { says: /^$/ },
        'b/both': { says: /^$/ },
        'b/single': { says: /^$/ },
        'b/host': { says: /^$/ },
      },
    },
  ],
  'Addresses that do not work (section 6)': [
    {
      title: 'an address of a family that the Service does not have: honored, with a warning',
      data: pool,
      services: {
        'default/both': { ips: '10.0.20.200,fd80::200' },
        'default/only-v6': { ips: 'fd80::201' },
        'default/single-stack-cluster': { ips: '10.0.20.202,fd80::202', families: 'PreferDualStack IPv4' },
        'default/adopted': go('10.0.20.203,fd80::203'),
        'default/right': { ips: '10.0.20.204,fd80::204', families: dual },
      },
      leads: {
        'default/both': {
          ips: '10.0.20.200,fd80::200',
          label: true,
          says: /^fd80::200 is an IPv6 address, but the Service is SingleStack IPv4: the cluster does not forward traffic for it\. Request an IPv4 address instead, or change ipFamilyPolicy if the cluster is dual-stack\.$/,
        },
        'default/only-v6': { ips: 'fd80::201', label: true, says: /^fd80::201 is an IPv6 address, but / },
        'default/single-stack-cluster': {
          label: true,
          says: /^fd80::202 is an IPv6 address, but the cluster gave the Service only IPv4: the cluster does not forward traffic for it\. Request an IPv4 address instead\.$/,
        },
        'default/adopted': { ips: '10.0.20.203,fd80::203', says: /fd80::203 is an IPv6 address, but / },
        'default/right': { says: /^$/ },
      },
    },
    {
      title:
        'static Services on one address, with externalTrafficPolicy: Local and different Pods: a warning on both',
      data: pool,
      services: {
        'a/x': { ips: '10.9.9.1', local: true, selector: { app: 'x' } },
        'a/y': { ips: '10.9.9.1', local: true, selector: { app: 'y' }, ports: 'TCP/81' },
        'b/x': { ips: '10.9.9.2', local: true, selector: { app: 'x', tier: 'z' } },
        'b/y': { ips: '10.9.9.2', local: true, selector: { tier: 'z', app: 'x' }, ports: 'TCP/81' },
        'c/x': { ips: '10.9.9.3', local: true, selector: { app: 'x' } },
        'c/y': { ips: '10.9.9.3', selector: { app: 'x' }, ports: 'TCP/81' },
        'd/x': { ips: '10.9.9.4', selector: { app: 'x' } },
        'd/y': { ips: '10.9.9.4', selector: { app: 'y' }, ports: 'TCP/81' },
      },
      leads: {
        'a/x': {
          label: true,
          says: /^10\.9\.9\.1 is shared with a\/y, but they have externalTrafficPolicy: Local and select different Pods\. The node that announces the address only reaches its own Pods, so one of the Services may get no traffic\. Use externalTrafficPolicy: Cluster on all of them, or request a different address\.$/,
        },
        'a/y': { label: true, says: /^10\.9\.9\.1 is shared with a\/x, but they have / },
        'b/x': { says: /^Shared with b\/y\.$/ },
        'b/y': { says: /^Shared with b\/x\.$/ },
        'c/x': { says: /shared with c\/y, but not all of them have externalTrafficPolicy: Local\./ },
        'c/y': { says: /shared with c\/x, but not all of them have externalTrafficPolicy: Local\./ },
        'd/x': { says: /^Shared with d\/y\.$/ },
      },
    },
    {
      title: 'a word in the place of an address is read as a hostname, with a warning',
      data: pool,
      services: {
        'monitoring/none': { ips: 'None' },
        'ingress/auto': { ips: 'auto' },
        'ingress/mixed': { ips: '10.0.0.7, null' },
        'ingress/name': { ips: 'web.example.com' },
      },
      leads: {
        'monitoring/none': {
          ips: 'None',
          label: true,
          says: /^"None" is not an address\. kube-vip reads it as a hostname, and resolves it with DNS\. If no hostname is meant, correct the annotation kube-vip\.io\/loadbalancerIPs\. To assign an address from the pool instead, run: kubectl annotate service none /,
        },
        'ingress/auto': { ips: 'auto', says: /^"auto" is not an address\./ },
        'ingress/mixed': { ips: '10.0.0.7, null', says: /^"null" is not an address\./ },
        'ingress/name': { ips: 'web.example.com', says: /^$/ },
      },
    },
  ],
  'Interface (section 7)': [
    {
      title: 'the interface is written with an allocated address; a value from the user stays',
      data: { ...pool, 'interface-a': 'eth1', 'interface-global': 'eth0' },
      services: { 'a/x': {}, 'b/x': {}, 'b/y': { annotations: { 'kube-vip.io/serviceInterface': 'mine' } } },
      leads: { 'a/x': { interface: 'eth1' }, 'b/x': { interface: 'eth0' }, 'b/y': { interface: 'mine' } },
    },
    {
      title: 'the interface is not written to a Service that is static or has an address already',
      data: { ...pool, 'interface-global': 'eth0' },
      services: { 'a/static': { spec: '10.0.0.5' }, 'a/held': go('10.0.0.6') },
      leads: {
        'a/static': { label: true, interface: undefined as unknown as string },
        'a/held': { from: 'cidr-global', interface: undefined as unknown as string },
      },
    },
  ],
  'Which Services are handled (section 8)': [
    {
      title: 'in default mode those without a class',
      data: pool,
      services: {
        'a/x': {},
        'a/classy': { class: 'kube-vip.io/kube-vip-class' },
        'a/ignored': { annotations: { 'kube-vip.io/ignore': 'true' } },
      },
      leads: {
        'a/x': { ips: '10.0.0.1' },
        'a/classy': { untouched: true },
        'a/ignored': { untouched: true, says: /kube-vip\.io\/ignore/ },
      },
    },
    {
      title: 'in class mode those of the class',
      data: pool,
      options: { class: 'example.com/mine' },
      services: {
        'a/x': {},
        'a/mine': { class: 'example.com/mine' },
        'a/other': { class: 'example.com/other' },
      },
      leads: { 'a/mine': { ips: '10.0.0.1' }, 'a/x': { untouched: true }, 'a/other': { untouched: true } },
    },
    {
      title: 'a Service recorded by another controller is not changed, and its address is in use',
      data: { 'cidr-global': '10.0.0.1-10.0.0.2' },
      services: {
        'a/theirs': ours('10.0.0.1', { ips: '', record: { from: 'cidr-x', ips: '10.0.0.1', by: 'them' } }),
        'b/x': {},
      },
      leads: { 'a/theirs': { untouched: true, says: /another controller/ }, 'b/x': { ips: '10.0.0.2' } },
    },
  ],
};

for (const [section, some] of Object.entries(stories)) {
  for (const story of some) test(`${section}: ${story.title}`, () => play(story));
}
