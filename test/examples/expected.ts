/**
 * The expected result of each file in examples/, derived by hand from docs/SPEC.md and not from the program's output.
 * A /29 at .208 spans .208 to .215, of which .209 to .214 are allocated; a /30 at .200 provides .201 and .202; IPv6
 * blocks are used completely. Services of a file get addresses in the order of namespace and name.
 */

export interface Assigned {
  state: 'Assigned';
  /** The annotation kube-vip.io/loadbalancerIPs. */
  addresses: string;
  /** spec.loadBalancerIP; null if it stays absent. */
  specIP: string | null;
  /** The ConfigMap's key, or static. */
  from: string;
  /** The annotation kube-vip.io/serviceInterface; null if absent. */
  interface: string | null;
}

export type Expected =
  | Assigned
  | { state: 'Pending'; reason: RegExp }
  /** Keeps the addresses that its user wrote, and gets no label. */
  | { state: 'Conflict'; addresses: string; reason: RegExp }
  | { state: 'Ignored' };

export interface ExpectedExample {
  /** The environment of the controller. */
  env: Readonly<Record<string, string>>;
  /** `namespace/name`: every Service of the file. */
  services: Readonly<Record<string, Expected>>;
  /** The problems of the ConfigMap that must be reported, in any order. */
  problems: readonly RegExp[];
}

export const examples: Readonly<Record<string, ExpectedExample>> = {
  'world.yaml': example(
    {
      'default/blog': { ...assigned('192.168.0.201', 'cidr-default'), interface: 'eth3' },
      'default/static-web': assigned('192.168.0.204', 'static'),
      'default/wiki': { ...assigned('192.168.0.202', 'cidr-default'), interface: 'eth3' },
      'development/api': { ...assigned('192.168.0.209', 'cidr-development'), interface: 'eth5' },
      'development/api-canary': { ...assigned('192.168.0.210', 'cidr-development'), interface: 'eth5' },
      'development/dns-tcp': { ...assigned('192.168.0.209', 'cidr-development'), interface: 'eth5' },
      'development/dns-udp': { ...assigned('192.168.0.209', 'cidr-development'), interface: 'eth5' },
      'dual-stack/my-service': assigned('2001::20,192.168.0.10', 'range-dual-stack'),
      'dual-stack/other-service': assigned('192.168.0.11,2001::21', 'range-dual-stack'),
      'dual-stack/strict-service': pending(
        /range-dual-stack is full: both of its IPv4 addresses and both of its IPv6 addresses are/,
      ),
      'edge/web': { state: 'Ignored' },
      'finance/ledger': assigned('192.168.0.217', 'cidr-finance'),
      'ipv6/first': assigned('2001::10', 'cidr-ipv6'),
      'ipv6/second': assigned('2001::11', 'cidr-ipv6'),
      'ipv6/third': pending(/cidr-ipv6 is full: both of its IPv6 addresses/),
      'shop/cart': assigned('192.168.0.20', 'range-shop'),
      'staging/web': assigned('192.168.0.241', 'cidr-global'),
      'testing/printer': assigned('192.168.0.228', 'static'),
      'testing/scanner': conflict(
        '192.168.0.228',
        /192\.168\.0\.228 is already assigned to testing\/printer/,
      ),
    },
    [
      /cidr-development.*192\.168\.0\.208\/29/,
      /cidr-finance.*192\.168\.0\.216\/29/,
      /cidr-testing.*192\.168\.0\.224\/29/,
    ],
  ),
  'global-cidr.yaml': example(
    {
      'default/web': assigned('192.168.0.217', 'cidr-global'),
      'shop/web': assigned('192.168.0.218', 'cidr-global'),
    },
    [/cidr-global.*192\.168\.0\.216\/29/],
  ),
  'global-cidr-descending.yaml': example(
    {
      'default/web': assigned('192.168.0.222', 'cidr-global'),
      'shop/web': assigned('192.168.0.221', 'cidr-global'),
    },
    [/cidr-global.*192\.168\.0\.216\/29/],
  ),
  'global-range.yaml': example({
    'default/web': assigned('192.168.0.200', 'range-global'),
    'shop/web': assigned('192.168.0.201', 'range-global'),
    'team/web': assigned('192.168.0.202', 'range-global'),
  }),
  'global-range-descending.yaml': example({
    'default/web': assigned('192.168.0.202', 'range-global'),
    'shop/web': assigned('192.168.0.201', 'range-global'),
    'team/web': assigned('192.168.0.200', 'range-global'),
  }),
  'namespace-pools.yaml': example(
    {
      'default/web': assigned('192.168.0.201', 'cidr-default'),
      'development/web': assigned('192.168.0.209', 'cidr-development'),
      'finance/web': assigned('192.168.0.217', 'cidr-finance'),
      'ipv6/web': assigned('2001::10', 'cidr-ipv6'),
      'testing/web': assigned('192.168.0.225', 'cidr-testing'),
    },
    [
      /cidr-development.*192\.168\.0\.208\/29/,
      /cidr-finance.*192\.168\.0\.216\/29/,
      /cidr-testing.*192\.168\.0\.224\/29/,
    ],
  ),
  'multiple-pools.yaml': example({
    'both-families/web': assigned('192.168.0.201', 'cidr-both-families'),
    'both-families/web-v6': assigned('2001::10', 'cidr-both-families'),
    'ipv6-blocks/web': assigned('2001::11', 'cidr-ipv6-blocks'),
    'ipv6-ranges/web': assigned('2001::12', 'range-ipv6-ranges'),
    'overlapping-blocks/web': assigned('192.168.0.202', 'cidr-overlapping-blocks'),
    'overlapping-blocks/web-2': assigned('192.168.0.203', 'cidr-overlapping-blocks'),
    'overlapping-ranges/web': assigned('192.168.0.10', 'range-overlapping-ranges'),
  }),
  'dual-stack.yaml': example({ 'default/my-service': assigned('2001::10,192.168.0.10', 'range-default') }),
  'dual-stack-ipv4-first.yaml': example({
    'default/my-service': assigned('192.168.0.10,2001::10', 'range-default'),
  }),
  'require-dual-stack.yaml': example({
    'default/first': assigned('192.168.0.10,2001::10', 'range-default'),
    'default/second': pending(/range-default is full: .*its only IPv6 address/),
    'default/third': assigned('192.168.0.11', 'range-default'),
  }),
  'ipv6.yaml': example({
    'big/web': assigned('2001:db8::1', 'cidr-big'),
    'default/web': assigned('2001::10', 'cidr-default'),
    'default/web-2': assigned('2001::11', 'cidr-default'),
  }),
  'dhcp.yaml': example({
    'default/web': assigned('0.0.0.0', 'cidr-global'),
    'lab/web': assigned('::', 'cidr-lab'),
    'shop/dual': assigned('0.0.0.0', 'cidr-global'),
    'shop/web': assigned('0.0.0.0', 'cidr-global'),
  }),
  'load-balancer-class.yaml': {
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' },
    services: {
      'default/classy': assigned('192.168.0.217', 'cidr-global'),
      'default/foreign': { state: 'Ignored' },
      'default/plain': { state: 'Ignored' },
    },
    problems: [/cidr-global.*192\.168\.0\.216\/29/],
  },
  'shared-address.yaml': example(
    {
      'default/web': assigned('192.168.0.201', 'cidr-default'),
      'default/web-tls': assigned('192.168.0.202', 'cidr-default'),
      'development/dns-tcp': assigned('192.168.0.209', 'cidr-development'),
      'development/dns-udp': assigned('192.168.0.209', 'cidr-development'),
      'development/local': assigned('192.168.0.210', 'cidr-development'),
      'development/web': assigned('192.168.0.209', 'cidr-development'),
      'development/web-other': assigned('192.168.0.211', 'cidr-development'),
      'development/web-tls': assigned('192.168.0.209', 'cidr-development'),
    },
    [/cidr-development.*192\.168\.0\.208\/29/],
  ),
  'static.yaml': example({
    'default/by-annotation': assigned('192.168.0.204', 'static'),
    'default/by-hostname': { ...assigned('lb.example.com', 'static'), specIP: null },
    'default/by-spec': assigned('192.168.0.203', 'static'),
    'default/dual': assigned('192.168.10.10,2001:db8::1', 'static'),
    'default/other-port': assigned('192.168.0.204', 'static'),
    'default/pooled': assigned('192.168.0.201', 'cidr-default'),
    'default/taken': conflict(
      '192.168.0.204',
      /192\.168\.0\.204 is already assigned to default\/by-annotation/,
    ),
  }),
  'interface.yaml': example({
    'default/own': { ...assigned('192.168.0.201', 'cidr-default'), interface: 'eth7' },
    'default/static': assigned('192.168.0.205', 'static'),
    'default/web': { ...assigned('192.168.0.202', 'cidr-default'), interface: 'eth3' },
    'development/web': { ...assigned('172.16.0.1', 'cidr-development'), interface: 'eth5' },
    'shop/web': { ...assigned('10.10.0.1', 'cidr-global'), interface: 'eth0' },
  }),
  'named-pools.yaml': example({
    'default/web': assigned('10.0.0.1', 'pool.internal'),
    'shop/both': assigned('10.0.0.2,203.0.113.17', 'pool.internal'),
    'shop/edge': { ...assigned('203.0.113.18', 'pool.dmz'), interface: 'eth1' },
    'shop/named': { ...assigned('203.0.113.19', 'pool.dmz'), interface: 'eth1' },
    'shop/web': assigned('10.0.0.3', 'pool.internal'),
  }),
  'pool-overflow.yaml': example({
    'default/a': assigned('10.0.0.1', 'pool.first'),
    'default/b': assigned('10.0.1.1', 'pool.second'),
    'default/c': assigned('10.0.2.1', 'pool.reserve'),
  }),
  'excluded-addresses.yaml': example({
    'default/gateway': { ...assigned('10.0.0.254', 'static'), specIP: '10.0.0.254' },
    'default/web': assigned('10.0.0.21', 'cidr-global'),
  }),
  'reserved-address.yaml': example({
    'default/mail': assigned('192.168.9.9', 'reserve-default'),
    'default/thief': conflict('10.0.0.1', /10\.0\.0\.1 is reserved for default\/later \(reserve-default\)/),
    'default/web': assigned('10.0.0.2', 'cidr-global'),
  }),
  'quota.yaml': example({
    'default/a': assigned('10.0.0.1', 'cidr-global'),
    'default/b': assigned('10.0.0.2', 'cidr-global'),
    'default/c': pending(/namespace default hold 2 of 2 addresses \(quota-global\)/),
    'shop/a': assigned('10.0.0.3', 'cidr-global'),
    'shop/b': assigned('10.0.0.4', 'cidr-global'),
    'shop/c': assigned('10.0.0.5', 'cidr-global'),
  }),
  'sharing-key.yaml': example({
    'default/alone': assigned('10.0.0.1', 'cidr-global'),
    'default/web': assigned('10.0.0.2', 'cidr-global'),
    'default/web-tls': assigned('10.0.0.2', 'cidr-global'),
  }),
  'waiting.yaml': example(
    {
      'default/first': assigned('192.168.0.10', 'range-default'),
      'default/second': assigned('192.168.0.11', 'range-default'),
      'default/third': pending(/range-default is full: both of its IPv4 addresses/),
      'edge/web': { state: 'Ignored' },
      'lab/web': pending(/No pool serves namespace lab/),
      'shop/web': pending(/cidr-shop contains no valid address/),
      'team/holder': assigned('192.168.0.20', 'static'),
      'team/late': conflict('192.168.0.20', /192\.168\.0\.20 is already assigned to team\/holder/),
      'team/odd': conflict('192.168.0.0.7', /"192\.168\.0\.0\.7"/),
      'team/web': assigned('192.168.0.30', 'range-team'),
    },
    [
      /cidr-shop.*"192\.168\.0\.300\/29"/,
      /range-team.*192\.168\.0\.35-192\.168\.0\.36/,
      /cdir-lab.*cidr-lab/,
    ],
  ),
};

function example(
  services: Readonly<Record<string, Expected>>,
  problems: readonly RegExp[] = [],
): ExpectedExample {
  return { env: {}, services, problems };
}

/** The usual case: spec.loadBalancerIP is the first address, and no interface is written. */
function assigned(addresses: string, from: string): Assigned {
  return { state: 'Assigned', addresses, specIP: addresses.split(',')[0] ?? null, from, interface: null };
}

function pending(reason: RegExp): Expected {
  return { state: 'Pending', reason };
}

function conflict(addresses: string, reason: RegExp): Expected {
  return { state: 'Conflict', addresses, reason };
}
