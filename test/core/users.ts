import fc from 'fast-check';
import type { Service } from '../../src/core/model/objects.ts';
import type { Data } from './naive-pools.ts';

/** Random actions of users, other controllers, and the load balancer in a small, crowded cluster. */

const namespaces = ['a', 'b', 'c'] as const;
const names = ['v', 'w', 'x', 'y', 'z'] as const;

/** Few addresses for many Services, so that conflicts, full pools, and sharing are common. */
export const anyAddress = fc.constantFrom<string>(
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.3',
  '10.0.0.9',
  '10.0.1.1',
  'fd00::',
  'fd00::1',
  'fd00::2',
);
const anyPool = fc.constantFrom(
  '10.0.0.1-10.0.0.3',
  '10.0.0.0/30',
  '10.0.0.2-10.0.0.4,fd00::1-fd00::2',
  '10.0.0.254-10.0.1.1',
  'fd00::/126',
  'fd00::/64',
  'fd00::/126,fd00::/64',
  '10.0.0.2,10.0.0.1,10.0.0.2',
  '10.0.0.2\n10.0.0.8/30\n',
  '10.0.0.0/31',
);
const anyBoolean = fc.constantFrom('true', 'false');
/** Pools of the three names that the tests use, some of which may be missing. */
const anyList = fc.constantFrom('p', 'p,q', 'p,q', 'q, p', 'q, p', 'r\np', 'p,q,r', 'r,missing,q');
const anySelector = fc.constantFrom(
  'tier=edge',
  'tier!=edge',
  '!tier',
  'tier',
  'tier in (edge, inner)',
  'tier notin (edge)',
  'tier,tier!=inner',
);
const anyExclusion = fc.constantFrom(
  '10.0.0.2',
  '10.0.0.1-10.0.0.2, fd00::1',
  '10.0.0.0/30',
  'fd00::/127',
  '10.0.1.1',
);
const anyReservation = fc.constantFrom(
  'x=10.0.0.1',
  'v=10.0.0.2, v=fd00::2',
  'w=10.0.0.3,w=10.0.0.9, x=10.0.0.2',
  'y=10.9.9.9',
  'z=fd00::1\nz=10.0.1.1',
);
const anyQuota = fc.constantFrom('1', '1', '1', '2', '2', '3', '0');

/** All keys of the ConfigMap, and values for each. */
const keyValues: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'cidr-a': anyPool,
  'range-b': anyPool,
  'cidr-global': anyPool,
  'range-global': anyPool,
  'search-order': fc.constantFrom('desc', 'asc'),
  'skip-end-ips-in-cidr': anyBoolean,
  'allow-share-a': anyBoolean,
  'allow-share-global': anyBoolean,
};

const newKeyValues: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'pool.p': anyPool,
  'pool.q': anyPool,
  'pool.r': anyPool,
  'pools-a': anyList,
  'pools-b': anyList,
  'pools-global': anyList,
  'select.p': anySelector,
  'select.q': anySelector,
  'auto-assign.p': anyBoolean,
  'auto-assign.r': anyBoolean,
  'exclude.p': anyExclusion,
  'exclude-a': anyExclusion,
  'exclude-global': anyExclusion,
  'reserve-a': anyReservation,
  'reserve-b': anyReservation,
  'quota-a': anyQuota,
  'quota-b': anyQuota,
  'quota-global': anyQuota,
  'allow-share.p': anyBoolean,
  'allow-share.q': anyBoolean,
  'search-order.q': fc.constantFrom('desc', 'asc'),
  'search-order-a': fc.constantFrom('desc', 'asc'),
  'skip-end-ips-in-cidr.p': anyBoolean,
  'skip-end-ips-in-cidr-b': anyBoolean,
  'interface.p': fc.constantFrom('eth1', 'eth2'),
  'interface-global': fc.constantFrom('eth0'),
  'vlan.q': fc.constantFrom('120', '130'),
  'vlan-a': fc.constantFrom('140'),
  'lease-global': fc.constantFrom('kube-vip/shared'),
  'lease.p': fc.constantFrom('own'),
};

/** Those that decide the most. */
const rules: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'quota-global': anyQuota,
  'quota-a': anyQuota,
  'reserve-a': anyReservation,
  'exclude.p': anyExclusion,
  'select.q': anySelector,
  'allow-share-global': anyBoolean,
};

/** Pools with room, so that rules decide, and not what is free. */
export const roomyPools: Data = {
  'pool.p': '10.0.0.1-10.0.0.3',
  'pool.q': '10.0.0.2-10.0.0.9,fd00::/126',
  'pools-global': 'p,q',
  'quota-global': '2',
  'reserve-a': 'x=10.0.0.2, w=10.9.9.9',
};

/** The keys of old, or named pools with some of the keys that go with them. */
export const anyData: fc.Arbitrary<Data | undefined> = fc.option(
  fc
    .oneof(
      { weight: 1, arbitrary: fc.record(keyValues, { requiredKeys: [] }) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            fc.record({ 'pool.p': anyPool, 'pool.q': anyPool, 'pools-global': anyList }),
            fc.array(anySetting({ ...keyValues, ...newKeyValues }), { maxLength: 4 }),
            fc.array(anySetting(rules), { maxLength: 3 }),
          )
          .map(([pools, ...more]) => ({ ...pools, ...Object.fromEntries(more.flat()) })),
      },
    )
    .map((data) => withKeys({}, data)),
  { nil: undefined, freq: 12 },
);

function anySetting(values: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<[string, string]> {
  return fc.oneof(...Object.entries(values).map(([key, value]) => fc.tuple(fc.constant(key), value)));
}

const anyFamilies = fc.constantFrom(
  families('SingleStack', 'IPv4'),
  families('SingleStack', 'IPv4'),
  families('SingleStack', 'IPv6'),
  families('PreferDualStack', 'IPv4', 'IPv6'),
  families('RequireDualStack', 'IPv6', 'IPv4'),
);

function families(ipFamilyPolicy: string, ...ipFamilies: string[]) {
  return { ipFamilyPolicy, ipFamilies };
}

function port(protocol: string, port: number) {
  // Kubernetes requires names if there are several ports.
  return { name: `${protocol.toLowerCase()}-${port}`, protocol, port };
}

const anyPorts = fc.constantFrom<{ protocol: string; port: number }[]>(
  [port('TCP', 80)],
  [port('TCP', 53)],
  [port('UDP', 53)],
  [port('TCP', 80), port('TCP', 443)],
);

/** The annotations by which a user chooses pools, and Services to share with. */
const anyPoolChoice = fc.constantFrom('p', 'q', 'p,q', ' q, p ', 'p,p', 'r', 'cidr-a', 'missing', '');
const anySharingKey = fc.constantFrom('one', 'one', 'one', 'two', '');
const anyChoice: fc.Arbitrary<Record<string, string>> = fc.oneof(
  fc.record({ 'kube-vip.io/pool': anyPoolChoice }),
  fc.record({ 'kube-vip.io/sharing-key': anySharingKey }),
  fc.record({ 'kube-vip.io/sharing-key': anySharingKey }),
  fc.record({ 'kube-vip.io/pool': anyPoolChoice, 'kube-vip.io/sharing-key': anySharingKey }),
);
const anyLabels = fc.constantFrom<Record<string, string>>(
  {},
  { tier: 'edge' },
  { tier: 'inner', app: 'web' },
);

const anyFresh: fc.Arbitrary<Service> = fc
  .record({
    namespace: fc.constantFrom(...namespaces),
    name: fc.constantFrom(...names),
    second: fc.integer({ min: 0, max: 2 }),
    families: anyFamilies,
    ports: anyPorts,
    local: fc.integer({ min: 0, max: 7 }),
    otherClass: fc.integer({ min: 0, max: 9 }),
    chosen: fc.option(anyChoice, { nil: {}, freq: 2 }),
    labels: anyLabels,
  })
  .map(({ namespace, name, second, families, ports, local, otherClass, chosen, labels }) => ({
    metadata: {
      namespace,
      name,
      creationTimestamp: `2026-01-01T00:00:0${second}Z`,
      ...(Object.keys(chosen).length === 0 ? {} : { annotations: { ...chosen } }),
      ...(Object.keys(labels).length === 0 ? {} : { labels: { ...labels } }),
    },
    spec: {
      type: 'LoadBalancer',
      ...families,
      ports,
      ...(local === 0 ? { externalTrafficPolicy: 'Local' } : {}),
      ...(otherClass === 0 ? { loadBalancerClass: 'example.com/other' } : {}),
    },
  }));

/** A Service as users, other controllers, and the Go version leave it. */
export const anyService: fc.Arbitrary<Service> = fc
  .tuple(
    anyFresh,
    fc.constantFrom(
      'fresh',
      'fresh',
      'fresh',
      'static spec',
      'static annotation',
      'by Go',
      'odd',
      'leased',
      'other class',
      'copy',
      'legacy',
    ),
    anyAddress,
  )
  .map(([service, form, address]) => {
    const { metadata, spec = {} } = structuredClone(service);
    const ips = { 'kube-vip.io/loadbalancerIPs': address };
    switch (form) {
      case 'static spec':
        return { metadata, spec: { ...spec, loadBalancerIP: address } };
      case 'legacy':
        return {
          metadata: { ...metadata, labels: { ...metadata.labels, 'ipam-address': address } },
          spec: { ...spec, loadBalancerIP: address },
        };
      case 'static annotation':
        return { metadata: { ...metadata, annotations: { ...metadata.annotations, ...ips } }, spec };
      case 'by Go':
        return {
          metadata: {
            ...metadata,
            annotations: { ...metadata.annotations, ...ips },
            labels: { ...metadata.labels, implementation: 'kube-vip' },
            finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
          },
          spec: { ...spec, loadBalancerIP: address },
        };
      case 'odd':
        return {
          metadata: {
            ...metadata,
            annotations: {
              ...metadata.annotations,
              'kube-vip.io/loadbalancerIPs': ` ${address} , nonsense!`,
            },
          },
          spec,
        };
      case 'leased':
        return {
          metadata: {
            ...metadata,
            annotations: {
              ...metadata.annotations,
              'kube-vip.io/loadbalancerIPs': '0.0.0.0',
              'kube-vip.io/requestedIP': address,
            },
            labels: { ...metadata.labels, implementation: 'kube-vip' },
          },
          spec: { ...spec, loadBalancerIP: '0.0.0.0' },
          status: { loadBalancer: { ingress: [{ ip: address }] } },
        };
      case 'other class':
        return {
          metadata: { ...metadata, annotations: { ...metadata.annotations, ...ips } },
          spec: { ...spec, loadBalancerClass: 'example.com/other' },
        };
      case 'copy': {
        const record = {
          from: 'cidr-a',
          ips: address,
          ports: 'TCP/80',
          families: 'SingleStack IPv4',
          uid: 'another',
          by: 'test',
        };
        return {
          metadata: {
            ...metadata,
            annotations: {
              ...metadata.annotations,
              ...ips,
              'kube-vip.io/allocation': JSON.stringify(record),
            },
            labels: { ...metadata.labels, implementation: 'kube-vip' },
          },
          spec: { ...spec, loadBalancerIP: address },
        };
      }
      default:
        return { metadata, spec };
    }
  });

export type Edit =
  | {
      do:
        | 'blank'
        | 'strip'
        | 'unmark'
        | 'replace'
        | 'announce'
        | 'type'
        | 'reallocate'
        | 'reallocate-allocated';
      at: number;
    }
  | { do: 'annotate' | 'respecify' | 'show' | 'external'; at: number; address: string }
  | { do: 'move'; at: number; target: string }
  | { do: 'families'; at: number; families: { ipFamilies: string[]; ipFamilyPolicy: string } }
  | { do: 'ports'; at: number; ports: { protocol: string; port: number }[] }
  /** Annotations, of which those with an empty text are removed. */
  | { do: 'choose'; at: number; annotations: Record<string, string> }
  | { do: 'label'; at: number; labels: Record<string, string> };

export type UserStep =
  | { do: 'create'; service: Service }
  | { do: 'delete'; at: number }
  | { do: 'terminate'; at: number }
  | { do: 'configure'; data: Data | undefined }
  /** Keys of the ConfigMap; undefined removes one. */
  | { do: 'set'; keys: Readonly<Record<string, string | undefined>> }
  | Edit;

const anyKeys: fc.Arbitrary<Record<string, string | undefined>> = fc
  .array(fc.tuple(anySetting({ ...keyValues, ...newKeyValues }), fc.boolean()), {
    minLength: 1,
    maxLength: 2,
  })
  .map((some) => Object.fromEntries(some.map(([[key, value], stays]) => [key, stays ? value : undefined])));

/** The ConfigMap after an edit of some keys. */
export function withKeys(data: Data | undefined, keys: Readonly<Record<string, string | undefined>>): Data {
  const all = Object.entries({ ...data, ...keys });
  return Object.fromEntries(all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

/** What a person writes into `kube-vip.io/reallocate`: addresses, with mistakes. */
const anyTarget = fc.oneof(
  { weight: 4, arbitrary: anyAddress },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '10.0.0.2,fd00::1',
      'fd00::2, 10.0.0.3',
      '10.0.0.1,10.0.0.2',
      'soon',
      '0.0.0.0',
    ),
  },
);

/** The index of the Service to which a step applies. */
export const at = fc.nat({ max: 9 });

export const anyUserStep: fc.Arbitrary<UserStep> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('create' as const), service: anyService }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'delete',
        'blank',
        'strip',
        'unmark',
        'replace',
        'announce',
        'type',
        'reallocate',
        'reallocate-allocated',
        'terminate',
      ),
      at,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('annotate', 'respecify', 'show', 'external'),
      at,
      address: anyAddress,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), at, target: anyTarget }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('families' as const), at, families: anyFamilies }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ports' as const), at, ports: anyPorts }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('configure' as const), data: anyData }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('set' as const), keys: anyKeys }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('choose' as const), at, annotations: anyChoice }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('label' as const), at, labels: anyLabels }) },
);

/** Applies a step to a Service. */
export function edit(service: Service, step: Edit): void {
  const { metadata } = service;
  service.spec ??= {};
  const { spec } = service;
  const annotations = (): Record<string, string> => (metadata.annotations ??= {});
  switch (step.do) {
    case 'blank':
      annotations()['kube-vip.io/loadbalancerIPs'] = '';
      spec.loadBalancerIP = '';
      break;
    case 'strip':
      delete annotations()['kube-vip.io/loadbalancerIPs'];
      break;
    case 'unmark':
      metadata.annotations = {};
      metadata.labels = {};
      break;
    case 'replace':
      metadata.annotations = {};
      metadata.labels = {};
      delete spec.loadBalancerIP;
      break;
    case 'announce': {
      const ips = (metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '')
        .split(',')
        .filter((ip) => ip !== '');
      service.status = { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } };
      break;
    }
    case 'type':
      spec.type = spec.type === 'LoadBalancer' ? 'ClusterIP' : 'LoadBalancer';
      break;
    case 'reallocate':
      annotations()['kube-vip.io/reallocate'] = 'true';
      break;
    case 'reallocate-allocated':
      annotations()['kube-vip.io/reallocate'] = 'allocated';
      break;
    case 'move':
      annotations()['kube-vip.io/reallocate'] = step.target;
      break;
    case 'annotate':
      annotations()['kube-vip.io/loadbalancerIPs'] = step.address;
      break;
    case 'respecify':
      spec.loadBalancerIP = step.address;
      break;
    case 'show': {
      // Another load balancer writes the status, or adds to it.
      const ingress = service.status?.loadBalancer?.ingress ?? [];
      const more = ingress.length === 1 && step.at % 2 === 0 ? ingress : [];
      service.status = { loadBalancer: { ingress: [...more, { ip: step.address }] } };
      break;
    }
    case 'external':
      if (spec.externalIPs?.includes(step.address)) delete spec.externalIPs;
      else spec.externalIPs = [step.address];
      break;
    case 'families':
      Object.assign(spec, step.families);
      break;
    case 'ports':
      spec.ports = step.ports;
      break;
    case 'choose':
      for (const [name, text] of Object.entries(step.annotations)) {
        if (text === '') delete metadata.annotations?.[name];
        else annotations()[name] = text;
      }
      break;
    case 'label': {
      const { implementation, 'ipam-address': ipam } = metadata.labels ?? {};
      metadata.labels = {
        ...step.labels,
        ...(implementation === undefined ? {} : { implementation }),
        ...(ipam === undefined ? {} : { 'ipam-address': ipam }),
      };
      break;
    }
  }
}
