import type { ServiceSpec } from '../../src/core/model/objects.ts';
import type { Edit } from '../core/users.ts';
import type { FaultKind, Scope } from './scope.ts';

const network: readonly FaultKind[] = ['lost', 'answer lost', 'late', 'denied', 'expired'];
const all: readonly FaultKind[] = [...network, 'crash', 'lose'];

function service(port: { protocol: string; port: number }, ...families: string[]): ServiceSpec {
  const [first = 'IPv4', ...more] = families;
  return {
    type: 'LoadBalancer',
    ipFamilyPolicy: more.length > 0 ? 'RequireDualStack' : 'SingleStack',
    ipFamilies: [first, ...more],
    ports: [{ name: 'port', ...port }],
  };
}

const web = service({ protocol: 'TCP', port: 80 });
const requestsFirst = { ...web, loadBalancerIP: '10.0.0.1' };
const ipv6 = service({ protocol: 'TCP', port: 80 }, 'IPv6');
const requiresBoth = service({ protocol: 'TCP', port: 80 }, 'IPv4', 'IPv6');
const dnsTCP = service({ protocol: 'TCP', port: 53 });
const dnsUDP = service({ protocol: 'UDP', port: 53 });

type Text = { readonly edit: Edit; readonly text: string };
const annotate = (address: string): Text => ({
  edit: { do: 'annotate', at: 0, address },
  text: `kube-vip.io/loadbalancerIPs: ${address}`,
});
const show = (address: string): Text => ({
  edit: { do: 'show', at: 1, address },
  text: `another load balancer writes ${address} into its status`,
});
const respecify = (address: string): Text => ({
  edit: { do: 'respecify', at: 0, address },
  text: `spec.loadBalancerIP: ${address}`,
});
const edits = {
  strip: { edit: { do: 'strip', at: 0 }, text: 'removes the annotation with its address' },
  blank: { edit: { do: 'blank', at: 0 }, text: 'empties the annotation and spec.loadBalancerIP' },
  unmark: { edit: { do: 'unmark', at: 0 }, text: 'removes all annotations and labels' },
  replace: {
    edit: { do: 'replace', at: 0 },
    text: 'applies its manifest again, without address, annotations and labels',
  },
  reallocate: { edit: { do: 'reallocate', at: 0 }, text: 'kube-vip.io/reallocate: true' },
  type: { edit: { do: 'type', at: 0 }, text: 'changes its type' },
  external: {
    edit: { do: 'external', at: 0, address: '10.0.0.1' },
    text: 'spec.externalIPs: 10.0.0.1, or removes it',
  },
  edge: { edit: { do: 'label', at: 0, labels: { tier: 'edge' } }, text: 'takes the label tier=edge' },
  keyOne: {
    edit: { do: 'choose', at: 0, annotations: { 'kube-vip.io/sharing-key': 'one' } },
    text: 'kube-vip.io/sharing-key: one',
  },
  keyTwo: {
    edit: { do: 'choose', at: 0, annotations: { 'kube-vip.io/sharing-key': 'two' } },
    text: 'kube-vip.io/sharing-key: two',
  },
  udp: { edit: { do: 'ports', at: 0, ports: [{ protocol: 'UDP', port: 53 }] }, text: 'takes port UDP/53' },
  v4: {
    edit: { do: 'families', at: 0, families: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] } },
    text: 'becomes single-stack',
  },
  dual: {
    edit: {
      do: 'families',
      at: 0,
      families: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] },
    },
    text: 'becomes dual-stack',
  },
} as const satisfies Record<string, Text>;

const two = { 'range-global': '10.0.0.1-10.0.0.2' };
const second = { 'range-global': '10.0.0.2-10.0.0.3' };
const only = { 'range-global': '10.0.0.1' };
const one = ['default/svc-a'];
const pair = [...one, 'default/svc-b'];

const base = {
  replicas: 1,
  services: pair,
  data: two,
  configs: [],
  specs: [web],
  edits: [],
  faultKinds: all,
};
const none: readonly FaultKind[] = [];

/** A list of two pools, one address excluded, one reserved for svc-c, and a quota. */
const named = {
  'pool.first': '10.0.0.1',
  'pool.more': '10.0.0.2-10.0.0.4',
  'pools-a': 'first, more',
  'exclude-a': '10.0.0.2',
  'reserve-a': 'svc-c=10.0.0.3',
  'quota-a': '1',
};
const { 'quota-a': _, ...unlimited } = named;

/** Small enough to explore in a test, and each has what the others lack. */
export const quickScopes: readonly Scope[] = [
  {
    ...base,
    name: 'quick: two ports, sharing keys',
    data: only,
    configs: [{ ...only, 'allow-share-global': 'true' }],
    existing: [dnsTCP],
    specs: [dnsUDP],
    edits: [edits.keyOne, edits.keyTwo],
    ...{ acts: 3, faults: 0 },
  },
  {
    ...base,
    name: 'quick: a Service that cannot share',
    data: { ...only, 'allow-share-global': 'true' },
    existing: [{ ...dnsTCP, externalTrafficPolicy: 'Local' }],
    specs: [dnsUDP],
    ...{ acts: 1, faults: 0 },
  },
  {
    ...base,
    name: 'quick: two that share move to another pool',
    services: [...pair, 'default/svc-c'],
    formerData: { ...two, 'allow-share-global': 'true' },
    data: { ...second, 'allow-share-global': 'true' },
    existing: [dnsTCP, dnsUDP, dnsUDP],
    specs: [],
    edits: [edits.reallocate],
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: pools for labels',
    data: {
      'pool.edge': '10.0.0.1',
      'pool.rest': '10.0.0.2-10.0.0.3',
      'select.edge': 'tier=edge',
      'pools-global': 'edge, rest',
    },
    existing: [web],
    edits: [edits.edge, edits.reallocate],
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: a pool of one family',
    services: one,
    configs: [{ 'range-global': '10.0.0.1,fd00::1' }],
    specs: [ipv6, requiresBoth],
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: a status of another load balancer',
    services: one,
    edits: [show('10.0.0.2'), show('10.9.9.9')],
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: an address that rests',
    data: { ...only, sticky: '9000h', 'cool-down': '9000h' },
    existing: [web],
    ...{ acts: 3, faults: 0 },
  },
  {
    ...base,
    name: 'quick: more freed addresses than are remembered',
    data: { 'range-global': '10.0.0.1-10.0.0.2,fd00::1-fd00::2', sticky: '9000h' },
    existing: [requiresBoth, requiresBoth],
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: a standby that watches',
    ...{ replicas: 2, followers: true },
    services: one,
    faultKinds: ['lose'],
    ...{ acts: 1, faults: 1 },
  },
  {
    ...base,
    name: 'quick: a deletion, with claims',
    claims: true,
    services: one,
    existing: [web],
    specs: [],
    ...{ acts: 1, faults: 0 },
  },
  {
    ...base,
    name: 'quick: a full pool',
    data: { 'range-global': '10.0.0.1-10.0.0.1' },
    existing: [web, web],
    ...{ acts: 1, faults: 0 },
  },
  {
    ...base,
    name: 'quick: three that request one address',
    services: [...pair, 'default/svc-c'],
    existing: [requestsFirst, requestsFirst, requestsFirst],
    ...{ acts: 1, faults: 0 },
  },
  {
    ...base,
    name: 'quick: contenders, other classes, unreadable addresses',
    existing: [
      { ...web, loadBalancerIP: '10.0.0.1' },
      { ...web, loadBalancerIP: '10.0.0.1' },
    ],
    specs: [{ ...web, loadBalancerClass: 'example.com/other' }],
    edits: [annotate('nonsense!'), annotate('10.0.0.2')],
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: other pools, for one namespace each',
    services: ['a/svc-a', 'c/svc-b'],
    data: { 'range-a': '10.0.0.1-10.0.0.2', 'range-c': '10.0.0.3-10.0.0.3' },
    configs: [{ 'cidr-global': '10.0.0.4/31' }, undefined],
    existing: [web],
    edits: [edits.reallocate],
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: faults of the network, and crashes',
    services: pair,
    configs: [second],
    edits: [annotate('10.0.0.1')],
    ...{ acts: 2, faults: 1 },
  },
  {
    ...base,
    name: 'quick: two controllers',
    replicas: 2,
    existing: [web],
    edits: [edits.replace],
    faultKinds: ['lose', 'late'],
    ...{ acts: 1, faults: 1 },
  },
  {
    ...base,
    name: 'quick: types, external IPs, manifests',
    services: one,
    existing: [web],
    edits: [edits.type, edits.external],
    faultKinds: none,
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: sharing and families',
    data: { 'range-global': '10.0.0.1-10.0.0.2,fd00::1-fd00::2', 'allow-share-global': 'true' },
    existing: [dnsTCP],
    specs: [dnsUDP],
    edits: [edits.udp, edits.dual, edits.reallocate],
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: named pools, a quota, a reservation',
    services: ['a/svc-a', 'a/svc-b', 'a/svc-c'],
    data: named,
    configs: [unlimited],
    ...{ acts: 3, faults: 0 },
  },
  {
    ...base,
    name: 'quick: claims, and the pool of another namespace',
    services: ['a/svc-a'],
    data: { 'range-a': '10.0.0.1' },
    configs: [{ 'range-c': '10.0.0.1' }],
    claims: true,
    ...{ acts: 2, faults: 0 },
  },
  {
    ...base,
    name: 'quick: claims',
    services: one,
    claims: true,
    lateWrites: true,
    faultKinds: ['denied', 'late', 'answer lost', 'crash'],
    ...{ acts: 1, faults: 1 },
  },
];

/** The full set. */
export const fullScopes: readonly Scope[] = [
  {
    ...base,
    name: '1 controller, 2 Services, 2 addresses: addresses by hand',
    configs: [second],
    edits: [annotate('10.0.0.1'), respecify('10.0.0.2'), edits.strip],
    ...{ acts: 3, faults: 1 },
  },
  {
    ...base,
    name: '1 controller, 2 Services, 2 addresses: types, manifests, reallocation',
    configs: [second, undefined],
    edits: [edits.unmark, edits.replace, edits.reallocate, edits.type, edits.external],
    ...{ acts: 2, faults: 1 },
  },
  {
    ...base,
    name: '2 controllers, 2 Services, 2 addresses',
    ...{ replicas: 2, followers: true },
    configs: [second],
    edits: [annotate('10.0.0.1')],
    ...{ acts: 2, faults: 1 },
  },
  {
    ...base,
    name: '1 controller, 3 Services, 2 addresses',
    services: [...pair, 'default/svc-c'],
    configs: [second],
    existing: [web, web],
    edits: [edits.strip],
    ...{ acts: 3, faults: 1 },
  },
  {
    ...base,
    name: '2 controllers, 2 Services, 2 addresses, with claims',
    ...{ replicas: 2, claims: true, lateWrites: true },
    configs: [second],
    edits: [annotate('10.0.0.1')],
    ...{ acts: 1, faults: 1 },
  },
  {
    ...base,
    name: 'two that lead at the same time, with claims',
    ...{ replicas: 2, claims: true, lateWrites: true, twoLeaders: true },
    data: { 'range-global': '10.0.0.1-10.0.0.1' },
    faultKinds: ['lose'],
    ...{ acts: 1, faults: 1 },
  },
  {
    ...base,
    name: 'sharing: 2 Services, 2 addresses',
    data: { ...two, 'allow-share-global': 'true' },
    configs: [two],
    specs: [dnsTCP, dnsUDP],
    edits: [edits.udp, edits.reallocate],
    ...{ acts: 3, faults: 1 },
  },
  {
    ...base,
    name: 'dual-stack: 2 Services, 2 addresses of each family',
    data: { 'range-global': '10.0.0.1-10.0.0.2,fd00::1-fd00::2' },
    configs: [two],
    specs: [service({ protocol: 'TCP', port: 80 }, 'IPv4', 'IPv6'), web],
    edits: [edits.v4, edits.dual, edits.reallocate],
    ...{ acts: 3, faults: 1 },
  },
  {
    ...base,
    name: 'named pools, a quota, a reservation: 3 Services, 3 addresses',
    services: ['a/svc-a', 'a/svc-b', 'a/svc-c'],
    data: named,
    configs: [unlimited, { ...named, 'pools-a': 'more' }],
    existing: [web],
    edits: [annotate('10.0.0.3'), edits.reallocate],
    ...{ acts: 3, faults: 0 },
  },
];

/**
 * The scopes in which mutants are looked for. What is remembered survives a restart only with claims: without them, Crash-proof is broken
 * first.
 */
export const mutantScopes: readonly Scope[] = [
  ...quickScopes,
  {
    ...base,
    name: 'a claim for a write that is late',
    ...{ claims: true, lateWrites: true },
    services: one,
    configs: [{ ...two, 'search-order': 'desc' }],
    faultKinds: ['crash'],
    ...{ acts: 2, faults: 1 },
  },
  {
    ...base,
    name: 'a claimed address that rests',
    claims: true,
    data: { ...only, 'cool-down': '9000h' },
    existing: [web],
    ...{ acts: 2, faults: 0 },
  },
];
