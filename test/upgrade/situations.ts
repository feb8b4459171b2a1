import { names } from '../e2e/objects.ts';

const go = { [names.implementation]: 'kube-vip' };
const finalizers = [names.goFinalizer];
const dual = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] };

function annotated(addresses: string, more: object = {}): object {
  return { metadata: { annotations: { [names.addresses]: addresses }, ...more } };
}

/** A Service to which the Go version allocated addresses. */
function byGo(addresses: string, spec: object = {}): object {
  const metadata = { annotations: { [names.addresses]: addresses }, labels: go, finalizers };
  return { metadata, spec: { loadBalancerIP: addresses.split(',')[0], ...spec } };
}

/** The state of a cluster before the controller starts, and the edits that follow. */
export interface Situation {
  title: string;
  pools: Record<string, string>;
  /** In the order of their creation. */
  services: Record<string, object>;
  /** Edits by a user, one after another, after all addresses are assigned. */
  edits?: readonly (readonly [key: string, patch: object])[];
  class?: string;
  /** The expected number of Services with an allocation record at the end. */
  assigned: number;
}

export const situations: readonly Situation[] = [
  {
    title: 'Services of the Go version',
    pools: { 'cidr-default': '10.1.0.0/24,2001:db8::/64', 'cidr-shop': '10.1.0.0/28' },
    services: {
      'default/allocated': byGo('10.1.0.0'),
      'default/dual': byGo('10.1.0.2,2001:db8::2', dual),
      'default/by-spec': { metadata: { finalizers }, spec: { loadBalancerIP: '10.1.0.3' } },
      'default/by-annotation': annotated('10.1.0.5', { labels: go, finalizers }),
      'default/legacy': {
        metadata: { labels: { ...go, [names.ipamAddress]: '10.1.0.4' } },
        spec: { loadBalancerIP: '10.1.0.4' },
      },
      'default/outside': byGo('172.16.0.9'),
      'default/duplicate': byGo('10.1.0.7'),
      'shop/duplicate': byGo('10.1.0.7'),
      'shop/others-finalizer': annotated('10.1.0.8', { finalizers: ['example.com/own', names.goFinalizer] }),
      'shop/foreign': byGo('10.1.0.9', { loadBalancerClass: 'example.com/other' }),
      'shop/fresh': { metadata: { finalizers: ['example.com/own'] } },
    },
    assigned: 10,
  },
  {
    title: 'Services that are pending, in conflict, unreadable or ignored',
    pools: { 'range-default': '10.1.0.1' },
    services: {
      'default/first': {},
      'default/waiting': { metadata: { finalizers } },
      'default/poolless': { metadata: { namespace: 'shop' } },
      'default/refused': annotated('10.1.0.1'),
      'default/refused-by-spec': { spec: { loadBalancerIP: '10.1.0.1' } },
      'default/unreadable': annotated('10.1.0.0.1'),
      'default/hostname': annotated('lb.example.com'),
      'default/ignored': { metadata: { annotations: { 'kube-vip.io/ignore': 'true' } } },
    },
    assigned: 2,
  },
  {
    title: 'class mode',
    pools: { 'cidr-global': '10.1.0.0/24' },
    class: 'kube-vip.io/kube-vip-class',
    services: {
      'default/classy': { spec: { loadBalancerClass: 'kube-vip.io/kube-vip-class' } },
      'default/classless': {},
      'default/turned': byGo('10.1.0.9', { loadBalancerClass: 'kube-vip.io/kube-vip-class' }),
    },
    edits: [['default/turned', { spec: { type: 'ClusterIP', loadBalancerClass: null } }]],
    assigned: 1,
  },
  {
    title: 'edits of live Services',
    pools: { 'cidr-default': '10.1.0.0/24,2001:db8::/64', 'allow-share-default': 'true' },
    services: {
      'default/blanked': {},
      'default/stripped': { spec: { ...dual, ports: [{ port: 81 }] } },
      'default/by-annotation': { spec: { ports: [{ port: 82 }] } },
      'default/by-spec': { spec: { ports: [{ port: 83 }] } },
      'default/to-taken': { spec: { ports: [{ port: 82 }] } },
      'default/to-dual': { spec: { ports: [{ port: 80 }] } },
      'default/to-single': { spec: { ...dual, ports: [{ port: 80 }] } },
      'default/sharer': { spec: { ports: [{ port: 8080 }] } },
      'default/moved': { spec: { ports: [{ port: 9090 }] } },
      'default/turned': {},
      'default/static-turned': annotated('10.1.0.99'),
    },
    edits: [
      [
        'default/blanked',
        { metadata: { annotations: { [names.addresses]: '' } }, spec: { loadBalancerIP: '' } },
      ],
      ['default/stripped', { metadata: { annotations: { [names.addresses]: null } } }],
      ['default/by-annotation', { metadata: { annotations: { [names.addresses]: '10.1.0.50' } } }],
      ['default/by-spec', { spec: { loadBalancerIP: '10.1.0.51' } }],
      ['default/to-taken', { metadata: { annotations: { [names.addresses]: '10.1.0.50' } } }],
      ['default/to-dual', { spec: dual }],
      ['default/to-single', { spec: { ipFamilyPolicy: 'SingleStack' } }],
      ['default/sharer', { spec: { ports: [{ port: 80 }] } }],
      ['default/moved', { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } }],
      ['default/turned', { spec: { type: 'ClusterIP' } }],
      ['default/static-turned', { spec: { type: 'ClusterIP' } }],
    ],
    assigned: 8,
  },
  {
    title: 'leases and interfaces',
    pools: { 'cidr-default': '0.0.0.0/32', 'cidr-lab': '::/128', 'interface-global': 'eth1' },
    services: {
      'default/one': {},
      'default/two': { spec: dual },
      'lab/one': { spec: { ipFamilies: ['IPv6'] } },
    },
    edits: [['default/one', { metadata: { annotations: { 'kube-vip.io/requestedIP': '10.1.0.77' } } }]],
    assigned: 3,
  },
  {
    title: 'a copy next to its original',
    pools: { 'cidr-default': '10.1.0.0/24' },
    services: {
      'default/original': byGo('10.1.0.1'),
      'default/copy': {
        metadata: {
          labels: go,
          annotations: {
            [names.addresses]: '10.1.0.1',
            [names.record]: JSON.stringify({
              ...{ from: 'cidr-default', ips: '10.1.0.1', ports: 'TCP/80', families: 'SingleStack IPv4' },
              ...{ uid: 'another', by: 'kube-vip-cloud-controller' },
            }),
          },
        },
        spec: { loadBalancerIP: '10.1.0.1' },
      },
    },
    assigned: 2,
  },
];
