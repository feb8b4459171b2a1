import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { explainDecision } from '../../src/core/explain/explain-decision.ts';
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

/** A Service in few words; what is left out is as an API server makes it. */
interface Sketch {
  ips?: string;
  spec?: string;
  label?: true;
  /** The record: the key and the addresses, and what else differs from how the Service stands. */
  record?: {
    from: string;
    ips: string;
    ports?: string;
    families?: string;
    uid?: string;
    by?: string;
    interface?: string;
  };
  status?: string;
  families?: string;
  ports?: string;
  annotations?: Record<string, string>;
  created?: number;
  class?: string;
  local?: true;
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
      ipFamilyPolicy: policy,
      ...(listed === '' ? {} : { ipFamilies: listed.split(',') }),
      ports: ports.split(',').map((text) => {
        const [protocol = '', port] = text.split('/');
        return { protocol, port: Number(port) };
      }),
      externalTrafficPolicy: sketch.local ? 'Local' : 'Cluster',
    },
    status: { loadBalancer: { ingress: (sketch.status?.split(',') ?? []).map((ip) => ({ ip })) } },
  };
}

/** How a Service stands when nothing moves any more. */
interface Outcome {
  ips?: string;
  spec?: string;
  label?: boolean;
  from?: string;
  interface?: string;
  /** In what is said of it. */
  says?: RegExp;
  /** Nothing was written to it. */
  untouched?: true;
}

interface Story {
  title: string;
  data?: Record<string, string>;
  options?: Partial<Options>;
  services: Record<string, Sketch>;
  leads: Record<string, Outcome>;
}

function play({ data, options, services, leads }: Story): void {
  const allOptions = { ...usual, ...options };
  const allocator = new Allocator(allOptions);
  const views = new Map<string, ServiceView>();
  const written = new Set<string>();
  for (const [key, sketch] of Object.entries(services)) views.set(key, viewOf(serviceOf(key, sketch)));
  allocator.setConfig(readConfig(data === undefined ? undefined : { metadata: { name: 'kubevip' }, data }));
  allocator.replaceServices(
    [...views.values()].filter(({ type }) => type === 'LoadBalancer'),
    '1',
  );
  let version = 1;
  for (let decided = allocator.next(); decided !== undefined; decided = allocator.next()) {
    const { state, decision } = decided;
    if (!('patch' in decision) || isEmptyPatch(decision.patch)) continue;
    assert.ok(version < 100, 'it comes to rest');
    version += 1;
    const view = { ...applyPatch(state.view, decision.patch), resourceVersion: String(version) };
    views.set(state.key, view);
    written.add(state.key);
    allocator.assume(state, decision.patch);
    allocator.answered(view);
    allocator.settle(state.key);
  }
  for (const [key, expected] of Object.entries(leads)) {
    const view = views.get(key) ?? assert.fail(key);
    const decision = allocator.explain(key)?.decision;
    const { says, untouched, ...state } = expected;
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
      assert.match(decision === undefined ? '' : explainDecision(decision, allOptions), says, key);
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
        'a/y': { untouched: true, says: /^the pool cidr-a is full: all 1 of its IPv4 addresses/ },
      },
    },
    {
      title: 'a key without a good entry is the pool all the same',
      data: { 'cidr-a': 'nonsense', 'cidr-global': '10.4.0.1' },
      services: { 'a/x': {} },
      leads: { 'a/x': { untouched: true, says: /cidr-a has no address in it/ } },
    },
    {
      title: 'no pool and no ConfigMap are different reasons',
      data: { 'cidr-b': '10.0.0.1' },
      services: { 'a/x': {} },
      leads: {
        'a/x': { untouched: true, says: /no pool serves the namespace a: add cidr-a or cidr-global/ },
      },
    },
    {
      title: 'without the ConfigMap everybody waits',
      services: { 'a/x': {} },
      leads: { 'a/x': { untouched: true, says: /does not exist/ } },
    },
    {
      title: 'cidr-global serves a namespace called global too, and says so',
      data: pool,
      services: { 'global/x': {}, 'a/x': {} },
      leads: { 'global/x': { ips: '10.0.0.2', says: /serves every namespace/ }, 'a/x': { ips: '10.0.0.1' } },
    },
    {
      title: 'descending order takes the highest address first',
      data: { ...pool, 'search-order': 'desc' },
      services: { 'a/x': {}, 'a/y': {} },
      leads: { 'a/x': { ips: '10.0.0.9' }, 'a/y': { ips: '10.0.0.8' } },
    },
    {
      title: 'the oldest is served first; within a second by namespace, then name',
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
      title: 'addresses that end in .0 and .255 are never given, in ranges too',
      data: { 'range-global': '10.0.0.254-10.0.1.1' },
      services: { 'a/x': {}, 'a/y': {}, 'a/z': {} },
      leads: { 'a/x': { ips: '10.0.0.254' }, 'a/y': { ips: '10.0.1.1' }, 'a/z': { untouched: true } },
    },
  ],
  'Families (section 4)': [
    {
      title: 'ipFamilies decides the order',
      data: both,
      services: { 'a/x': { families: 'PreferDualStack IPv6,IPv4' }, 'a/y': { families: dual } },
      leads: {
        'a/x': { ips: 'fd00::1,10.0.0.1', spec: 'fd00::1' },
        'a/y': { ips: '10.0.0.2,fd00::2', spec: '10.0.0.2' },
      },
    },
    {
      title: 'PreferDualStack takes one of either where both cannot be had',
      data: pool,
      services: { 'a/x': { families: 'PreferDualStack IPv6,IPv4' } },
      leads: { 'a/x': { ips: '10.0.0.1' } },
    },
    {
      title: 'RequireDualStack takes one of each or holds nothing',
      data: { 'cidr-global': '10.0.0.1,fd00::1' },
      services: { 'a/x': { families: strict }, 'a/y': { families: strict }, 'a/z': {} },
      leads: {
        'a/x': { ips: '10.0.0.1,fd00::1' },
        'a/y': { untouched: true, says: /is full/ },
        'a/z': { untouched: true },
      },
    },
    {
      title: 'RequireDualStack that waits leaves its IPv4 address to others',
      data: pool,
      services: { 'a/x': { families: strict }, 'a/y': { created: 1 } },
      leads: {
        'a/x': { untouched: true, says: /cidr-global has no IPv6 addresses/ },
        'a/y': { ips: '10.0.0.1' },
      },
    },
    {
      title: 'without ipFamilies (a file) IPv4 if the pool has any, else IPv6',
      data: { 'cidr-a': 'fd00::1-fd00::9', 'cidr-global': '10.0.0.1,fd00::20' },
      services: { 'a/x': { families: 'SingleStack ' }, 'b/x': { families: 'SingleStack ' } },
      leads: { 'a/x': { ips: 'fd00::1' }, 'b/x': { ips: '10.0.0.1' } },
    },
    {
      title: 'single to dual keeps the held address and adds the other',
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
      title: 'dual to single gives the dropped one back',
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
      title: 'a Service that becomes RequireDualStack keeps what it has while the other family is missing',
      data: pool,
      services: {
        'a/x': ours('10.0.0.5', {
          families: strict,
          record: { from: 'cidr-global', ips: '10.0.0.5', families: 'SingleStack IPv4' },
        }),
      },
      leads: {
        'a/x': { ips: '10.0.0.5', untouched: true, says: /has no IPv6 addresses.* It keeps what it has/ },
      },
    },
    {
      title: 'a PreferDualStack Service with one address does not get its second by itself',
      data: both,
      services: { 'a/x': ours('10.0.0.5', { families: dual }) },
      leads: { 'a/x': { ips: '10.0.0.5', untouched: true } },
    },
  ],
  'In use (section 5)': [
    {
      title: 'annotation, spec, status and lease count, of every class, namespace, label and deletion state',
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
      title: 'requestedIP counts only while the Service asks for a lease, and 0.0.0.0 is never in use',
      data: { 'cidr-global': '10.0.0.1' },
      services: {
        'a/x': { ips: '10.9.0.1', class: 'other', annotations: { 'kube-vip.io/requestedIP': '10.0.0.1' } },
        'b/x': {},
      },
      leads: { 'b/x': { ips: '10.0.0.1' } },
    },
    {
      title: 'one unreadable entry concerns its own Service alone',
      data: pool,
      services: { 'a/odd': { ips: '10.0.0.1, ,garbage!' }, 'b/x': {} },
      leads: {
        'a/odd': { untouched: true, says: /"garbage!" is no IP address|empty entry/ },
        'b/x': { ips: '10.0.0.2' },
      },
    },
    {
      title:
        'those with the label are the holders, also of a duplicate, which is reported on both and moves nobody',
      data: pool,
      services: { 'a/x': go('10.0.0.1'), 'a/y': go('10.0.0.1') },
      leads: {
        'a/x': { ips: '10.0.0.1', says: /also held by a\/y/ },
        'a/y': { ips: '10.0.0.1', says: /also held by a\/x/ },
      },
    },
    {
      title: 'a Service that is not ours comes before one of ours that is not served yet, however old',
      data: pool,
      services: {
        'a/old': { spec: '10.0.0.1' },
        'b/theirs': { ips: '10.0.0.1', class: 'other', created: 5 },
      },
      leads: {
        'a/old': {
          untouched: true,
          says: /belongs to b\/theirs: b\/theirs belongs to another load balancer/,
        },
      },
    },
    {
      title: 'else the oldest, and the others are claimants that hold nothing',
      data: pool,
      services: { 'a/young': { spec: '10.0.0.1', created: 2 }, 'b/old': { spec: '10.0.0.1', created: 1 } },
      leads: {
        'b/old': { label: true, from: 'static' },
        'a/young': { label: false, untouched: true, says: /belongs to b\/old: both use port TCP\/80/ },
      },
    },
    {
      title:
        'an address in a status alone blocks allocation, but is no conflict with who asks for it by name',
      data: { 'cidr-global': '10.0.0.1' },
      services: {
        'a/shows': { status: '10.0.0.1', class: 'other' },
        'b/asks': { spec: '10.0.0.1', created: 1 },
        'c/waits': { created: 2 },
      },
      leads: { 'b/asks': { label: true }, 'c/waits': { untouched: true } },
    },
    {
      title: 'an address outside its pool is kept and reported; the ends of a block are not outside',
      data: { 'cidr-global': '10.0.0.8/29' },
      services: { 'a/out': go('192.168.1.1'), 'a/end': go('10.0.0.8') },
      leads: {
        'a/out': { ips: '192.168.1.1', from: 'unknown', says: /outside the pool cidr-global/ },
        'a/end': { ips: '10.0.0.8', from: 'cidr-global', says: /^$/ },
      },
    },
    {
      title: 'with a deletionTimestamp a Service keeps its address and gets none',
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
      title: 'spec.loadBalancerIP alone: the annotation is completed, inside a pool or outside',
      data: pool,
      services: { 'a/in': { spec: '10.0.0.5', ipam: true }, 'a/out': { spec: '172.16.0.1' } },
      leads: {
        'a/in': { ips: '10.0.0.5', label: true, from: 'static' },
        'a/out': { ips: '172.16.0.1', label: true, from: 'static', says: /^$/ },
      },
    },
    {
      title: 'the annotation alone: the spec is completed, and the annotation stays as it was written',
      data: pool,
      services: { 'a/x': { ips: ' 10.0.0.5 , FD00::5', families: dual } },
      leads: { 'a/x': { ips: ' 10.0.0.5 , FD00::5', spec: '10.0.0.5', label: true, from: 'static' } },
    },
    {
      title: 'where both differ and there is no record, the annotation wins',
      data: pool,
      services: { 'a/x': { ips: '10.0.0.5', spec: '10.0.0.6' } },
      leads: { 'a/x': { ips: '10.0.0.5', spec: '10.0.0.5' } },
    },
    {
      title: 'static and static without a common port may have one address',
      data: pool,
      services: {
        'a/x': { spec: '10.0.0.5', ports: 'TCP/53' },
        'b/y': { spec: '10.0.0.5', ports: 'UDP/53' },
      },
      leads: { 'a/x': { label: true }, 'b/y': { label: true, says: /^shared with a\/x\.$/ } },
    },
    {
      title: 'static onto an allocated address needs the sharing rule',
      data: pool,
      services: { 'a/x': ours('10.0.0.5'), 'b/y': { spec: '10.0.0.5', ports: 'UDP/53' } },
      leads: { 'b/y': { label: false, untouched: true, says: /sharing is not allowed in the namespace a/ } },
    },
    {
      title: 'static onto an allocated address under the sharing rule',
      data: sharing,
      services: { 'a/x': ours('10.0.0.5'), 'b/y': { spec: '10.0.0.5', ports: 'UDP/53' } },
      leads: { 'b/y': { label: true, ips: '10.0.0.5', from: 'static' } },
    },
    {
      title: 'a hostname is marked as served, and the spec is untouched',
      data: pool,
      services: { 'a/x': { ips: 'lb.example.com' } },
      leads: {
        'a/x': { ips: 'lb.example.com', spec: undefined as unknown as string, label: true, from: 'static' },
      },
    },
    {
      title: 'any other text is refused with the nearest spelling, and nothing is touched',
      data: pool,
      services: { 'a/x': { ips: '10.0.0.05' }, 'a/y': { spec: '10.0.0.300' }, 'a/z': { ips: '10.0.0.1,' } },
      leads: {
        'a/x': { untouched: true, says: /leading zero.*write 10\.0\.0\.5\. It is left as it is/ },
        'a/y': { untouched: true, says: /spec\.loadBalancerIP: "10\.0\.0\.300" has a number above 255/ },
        'a/z': { untouched: true, says: /remove the comma too many/ },
      },
    },
    {
      title:
        'without a record a Service is allocated exactly if it has the label and spec and annotation agree',
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
      title: 'a copy keeps its address if nobody has it, and is given another one if somebody does',
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
  'Edits of a live Service (section 6)': [
    {
      title: 'a changed spec replaces the entry of its family, in place',
      data: both,
      services: {
        'a/x': ours('fd00::1,10.0.0.1', { spec: '10.0.0.7', families: 'PreferDualStack IPv6,IPv4' }),
      },
      leads: { 'a/x': { ips: 'fd00::1,10.0.0.7', from: 'static' } },
    },
    {
      title: 'a changed annotation is followed by the spec',
      data: pool,
      services: { 'a/x': ours('10.0.0.1', { ips: '10.0.0.7' }) },
      leads: { 'a/x': { ips: '10.0.0.7', spec: '10.0.0.7', from: 'static' } },
    },
    {
      title: 'if both were changed, the annotation wins',
      data: pool,
      services: { 'a/x': ours('10.0.0.1', { ips: '10.0.0.7', spec: '10.0.0.8' }) },
      leads: { 'a/x': { ips: '10.0.0.7', spec: '10.0.0.7' } },
    },
    {
      title: 'a blank or missing annotation is restored from the record',
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
        'with everything stripped, the own status addresses of the pool are taken up that nobody else shows',
      data: both,
      services: {
        'a/stripped': { status: '10.0.0.5' },
        'b/outside': { status: '172.16.0.1' },
        'c/shown': { status: '10.0.0.7' },
        'd/has-it': go('10.0.0.7'),
        'e/dual': { status: 'fd00::7', families: dual },
      },
      leads: {
        'a/stripped': { ips: '10.0.0.5', from: 'cidr-global' },
        'b/outside': { ips: '10.0.0.1' },
        'c/shown': { ips: '10.0.0.2' },
        'e/dual': { ips: '10.0.0.3,fd00::7' },
      },
    },
    {
      title: 'if the annotation stands, a blanked spec is left alone',
      data: pool,
      services: { 'a/x': ours('10.0.0.1', { spec: '' }) },
      leads: { 'a/x': { ips: '10.0.0.1', untouched: true } },
    },
    {
      title: 'an edit onto a taken address takes the marks of the old one off, and gives the old one back',
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
          says: /belongs to b\/holder/,
        },
        'c/waits': { ips: '10.0.0.1' },
      },
    },
    {
      title: 'a person asks for a fresh allocation: back into the pool, or the second family',
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
      title:
        'a fresh allocation for one of two that named the same address: from then on it would not be theirs to share',
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
      title: 'what the record says stays claimed while the annotation cannot be read',
      data: { 'cidr-global': '10.0.0.1' },
      services: {
        'a/x': { ...ours('10.0.0.1', { ips: '10.0.0.1;' }), spec: undefined as unknown as string },
        'b/y': { created: 1 },
      },
      leads: { 'a/x': { untouched: true }, 'b/y': { untouched: true, says: /is full/ } },
    },
    {
      title:
        'a missing annotation and a spec that somebody has: the marks come off, and the old address is free',
      data: { 'cidr-global': '10.0.0.1-10.0.0.2' },
      services: {
        'a/x': { ...ours('10.0.0.1', { spec: '10.0.0.2' }), ips: undefined as unknown as string },
        'b/holder': ours('10.0.0.2'),
        'c/waits': { created: 1 },
      },
      leads: {
        'a/x': { label: false, says: /10\.0\.0\.2 belongs to b\/holder/ },
        'c/waits': { ips: '10.0.0.1' },
      },
    },
    {
      title: 'a missing annotation and a changed spec: the other family of the record stays',
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
      title: 'the edited spec of a copy is what its user asks for',
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
      title: 'more addresses than a Service can have are refused',
      data: pool,
      services: { 'a/x': { ips: Array.from({ length: 17 }, (_, i) => `10.0.1.${i + 1}`).join() } },
      leads: { 'a/x': { untouched: true, says: /lists more than 16 addresses/ } },
    },
    {
      title: 'a hostname in place of an allocated address gives that address back',
      data: { 'cidr-global': '10.0.0.1' },
      services: { 'a/x': ours('10.0.0.1', { ips: 'lb.example.com' }), 'b/y': {} },
      leads: { 'a/x': { ips: 'lb.example.com', label: true }, 'b/y': { ips: '10.0.0.1' } },
    },
  ],
  'DHCP (section 6)': [
    {
      title: 'a pool of exactly 0.0.0.0/32 answers every Service, whatever its families',
      data: { 'cidr-global': '0.0.0.0/32' },
      services: { 'a/x': {}, 'a/y': { families: 'SingleStack IPv6' }, 'a/z': { families: strict } },
      leads: {
        'a/x': { ips: '0.0.0.0', spec: '0.0.0.0' },
        'a/y': { ips: '0.0.0.0' },
        'a/z': { ips: '0.0.0.0' },
      },
    },
    {
      title: '::/128 likewise, and as a part of a mixed pool it answers for its family',
      data: { 'cidr-a': '::/128', 'cidr-b': '0.0.0.0/32,fd00::1' },
      services: { 'a/x': {}, 'b/x': {}, 'b/y': { families: strict } },
      leads: { 'a/x': { ips: '::' }, 'b/x': { ips: '0.0.0.0' }, 'b/y': { ips: '0.0.0.0,fd00::1' } },
    },
    {
      title: 'a block that spans :: does not give it',
      data: { 'cidr-global': '::/127' },
      services: { 'a/x': { families: 'SingleStack IPv6' }, 'a/y': { families: 'SingleStack IPv6' } },
      leads: { 'a/x': { ips: '::1' }, 'a/y': { untouched: true } },
    },
    {
      title: 'the lease that the consumer writes back is in use',
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
      title: 'TCP 53 and UDP 53 live together, the same port does not',
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
      title: 'externalTrafficPolicy: Local, dual-stack and deletion rule sharing out, on either side',
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
      title: 'only an address of its own pool is joined',
      data: { 'cidr-a': '10.1.0.1-10.1.0.2', 'cidr-b': '10.2.0.1-10.2.0.2', 'allow-share-global': 'true' },
      services: { 'a/x': { ports: 'TCP/1' }, 'b/x': { ports: 'TCP/2' } },
      leads: { 'a/x': { ips: '10.1.0.1' }, 'b/x': { ips: '10.2.0.1' } },
    },
    {
      title: 'own ports edited into a clash move the one that edited; the other stays',
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
      title: 'ports edited into a clash together with the families',
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
      title: 'what DHCP leased to somebody is joined by nobody',
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
      title: 'a static one whose ports clash later is reported on both and moves nobody',
      data: sharing,
      services: {
        'a/x': ours('10.0.0.1', { ports: 'TCP/1' }),
        'a/static': ours('10.0.0.1', {
          ports: 'TCP/1',
          record: { from: 'static', ips: '10.0.0.1', ports: 'TCP/2' },
        }),
      },
      leads: {
        'a/x': { ips: '10.0.0.1', says: /also held by a\/static/ },
        'a/static': { ips: '10.0.0.1', says: /also held by a\/x/ },
      },
    },
  ],
  'Interface (section 7)': [
    {
      title: 'written with the address that is allocated; a value that the user set stays',
      data: { ...pool, 'interface-a': 'eth1', 'interface-global': 'eth0' },
      services: { 'a/x': {}, 'b/x': {}, 'b/y': { annotations: { 'kube-vip.io/serviceInterface': 'mine' } } },
      leads: { 'a/x': { interface: 'eth1' }, 'b/x': { interface: 'eth0' }, 'b/y': { interface: 'mine' } },
    },
    {
      title: 'never to a static or an already addressed Service',
      data: { ...pool, 'interface-global': 'eth0' },
      services: { 'a/static': { spec: '10.0.0.5' }, 'a/held': go('10.0.0.6') },
      leads: {
        'a/static': { label: true, interface: undefined as unknown as string },
        'a/held': { from: 'cidr-global', interface: undefined as unknown as string },
      },
    },
  ],
  'Which Services are ours (section 8)': [
    {
      title: 'in the default mode those without a class',
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
      title: 'in the class mode those of the class',
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
      title: 'what another controller recorded is left alone, and its address is in use',
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
