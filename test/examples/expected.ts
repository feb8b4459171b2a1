/**
 * What each file of examples/ must lead to, worked out by hand from docs/SPEC.md and not from what the program says.
 * Blocks: a /29 of .208 is .208 to .215, of which .209 to .214 are given; a /30 of .200 gives .201 and .202; IPv6
 * blocks are used from end to end. Services of one file are served by namespace, then name.
 */

export interface Served {
  state: 'Assigned';
  /** The annotation kube-vip.io/loadbalancerIPs. */
  addresses: string;
  /** spec.loadBalancerIP; null where it stays absent. */
  specIP: string | null;
  /** The ConfigMap's key, or static. */
  from: string;
  /** The annotation kube-vip.io/serviceInterface; null where there is none. */
  interface: string | null;
}

export type Expected =
  | Served
  | { state: 'Pending'; reason: RegExp }
  /** Keeps what its user wrote, and is not marked as served. */
  | { state: 'Conflict'; addresses: string; reason: RegExp }
  | { state: 'Ignored' };

export interface ExpectedExample {
  /** What the controller is started with. */
  env: Readonly<Record<string, string>>;
  /** `namespace/name`: every Service of the file. */
  services: Readonly<Record<string, Expected>>;
  /** One for each problem of the ConfigMap that must be reported, in any order. */
  problems: readonly RegExp[];
}

export const examples: Readonly<Record<string, ExpectedExample>> = {
  'world.yaml': example(
    {
      'default/blog': { ...served('192.168.0.201', 'cidr-default'), interface: 'eth3' },
      'default/static-web': served('192.168.0.204', 'static'),
      'default/wiki': { ...served('192.168.0.202', 'cidr-default'), interface: 'eth3' },
      'development/api': { ...served('192.168.0.209', 'cidr-development'), interface: 'eth5' },
      'development/api-canary': { ...served('192.168.0.210', 'cidr-development'), interface: 'eth5' },
      'development/dns-tcp': { ...served('192.168.0.209', 'cidr-development'), interface: 'eth5' },
      'development/dns-udp': { ...served('192.168.0.209', 'cidr-development'), interface: 'eth5' },
      'dual-stack/my-service': served('2001::20,192.168.0.10', 'range-dual-stack'),
      'dual-stack/other-service': served('192.168.0.11,2001::21', 'range-dual-stack'),
      'dual-stack/strict-service': waiting(
        /range-dual-stack is full: all 2 of its IPv4 addresses and all 2 of its IPv6 addresses are/,
      ),
      'edge/web': { state: 'Ignored' },
      'finance/ledger': served('192.168.0.217', 'cidr-finance'),
      'ipv6/first': served('2001::10', 'cidr-ipv6'),
      'ipv6/second': served('2001::11', 'cidr-ipv6'),
      'ipv6/third': waiting(/cidr-ipv6 is full: all 2 of its IPv6 addresses/),
      'shop/cart': served('192.168.0.20', 'range-shop'),
      'staging/web': served('192.168.0.241', 'cidr-global'),
      'testing/printer': served('192.168.0.228', 'static'),
      'testing/scanner': refused('192.168.0.228', /192\.168\.0\.228 is already assigned to testing\/printer/),
    },
    [
      /cidr-development.*192\.168\.0\.208\/29/,
      /cidr-finance.*192\.168\.0\.216\/29/,
      /cidr-testing.*192\.168\.0\.224\/29/,
    ],
  ),
  'global-cidr.yaml': example(
    {
      'default/web': served('192.168.0.217', 'cidr-global'),
      'shop/web': served('192.168.0.218', 'cidr-global'),
    },
    [/cidr-global.*192\.168\.0\.216\/29/],
  ),
  'global-cidr-descending.yaml': example(
    {
      'default/web': served('192.168.0.222', 'cidr-global'),
      'shop/web': served('192.168.0.221', 'cidr-global'),
    },
    [/cidr-global.*192\.168\.0\.216\/29/],
  ),
  'global-range.yaml': example({
    'default/web': served('192.168.0.200', 'range-global'),
    'shop/web': served('192.168.0.201', 'range-global'),
    'team/web': served('192.168.0.202', 'range-global'),
  }),
  'global-range-descending.yaml': example({
    'default/web': served('192.168.0.202', 'range-global'),
    'shop/web': served('192.168.0.201', 'range-global'),
    'team/web': served('192.168.0.200', 'range-global'),
  }),
  'namespace-pools.yaml': example(
    {
      'default/web': served('192.168.0.201', 'cidr-default'),
      'development/web': served('192.168.0.209', 'cidr-development'),
      'finance/web': served('192.168.0.217', 'cidr-finance'),
      'ipv6/web': served('2001::10', 'cidr-ipv6'),
      'testing/web': served('192.168.0.225', 'cidr-testing'),
    },
    [
      /cidr-development.*192\.168\.0\.208\/29/,
      /cidr-finance.*192\.168\.0\.216\/29/,
      /cidr-testing.*192\.168\.0\.224\/29/,
    ],
  ),
  'multiple-pools.yaml': example({
    'both-families/web': served('192.168.0.201', 'cidr-both-families'),
    'both-families/web-v6': served('2001::10', 'cidr-both-families'),
    'ipv6-blocks/web': served('2001::11', 'cidr-ipv6-blocks'),
    'ipv6-ranges/web': served('2001::12', 'range-ipv6-ranges'),
    'overlapping-blocks/web': served('192.168.0.202', 'cidr-overlapping-blocks'),
    'overlapping-blocks/web-2': served('192.168.0.203', 'cidr-overlapping-blocks'),
    'overlapping-ranges/web': served('192.168.0.10', 'range-overlapping-ranges'),
  }),
  'dual-stack.yaml': example({ 'default/my-service': served('2001::10,192.168.0.10', 'range-default') }),
  'dual-stack-ipv4-first.yaml': example({
    'default/my-service': served('192.168.0.10,2001::10', 'range-default'),
  }),
  'require-dual-stack.yaml': example({
    'default/first': served('192.168.0.10,2001::10', 'range-default'),
    'default/second': waiting(/range-default is full: .*its only IPv6 address/),
    'default/third': served('192.168.0.11', 'range-default'),
  }),
  'ipv6.yaml': example({
    'big/web': served('2001:db8::1', 'cidr-big'),
    'default/web': served('2001::10', 'cidr-default'),
    'default/web-2': served('2001::11', 'cidr-default'),
  }),
  'dhcp.yaml': example({
    'default/web': served('0.0.0.0', 'cidr-global'),
    'lab/web': served('::', 'cidr-lab'),
    'shop/dual': served('0.0.0.0', 'cidr-global'),
    'shop/web': served('0.0.0.0', 'cidr-global'),
  }),
  'load-balancer-class.yaml': {
    env: { KUBEVIP_ENABLE_LOADBALANCERCLASS: 'true' },
    services: {
      'default/classy': served('192.168.0.217', 'cidr-global'),
      'default/foreign': { state: 'Ignored' },
      'default/plain': { state: 'Ignored' },
    },
    problems: [/cidr-global.*192\.168\.0\.216\/29/],
  },
  'shared-address.yaml': example(
    {
      'default/web': served('192.168.0.201', 'cidr-default'),
      'default/web-tls': served('192.168.0.202', 'cidr-default'),
      'development/dns-tcp': served('192.168.0.209', 'cidr-development'),
      'development/dns-udp': served('192.168.0.209', 'cidr-development'),
      'development/local': served('192.168.0.210', 'cidr-development'),
      'development/web': served('192.168.0.209', 'cidr-development'),
      'development/web-other': served('192.168.0.211', 'cidr-development'),
      'development/web-tls': served('192.168.0.209', 'cidr-development'),
    },
    [/cidr-development.*192\.168\.0\.208\/29/],
  ),
  'static.yaml': example({
    'default/by-annotation': served('192.168.0.204', 'static'),
    'default/by-hostname': { ...served('lb.example.com', 'static'), specIP: null },
    'default/by-spec': served('192.168.0.203', 'static'),
    'default/dual': served('192.168.10.10,2001:db8::1', 'static'),
    'default/other-port': served('192.168.0.204', 'static'),
    'default/pooled': served('192.168.0.201', 'cidr-default'),
    'default/taken': refused(
      '192.168.0.204',
      /192\.168\.0\.204 is already assigned to default\/by-annotation/,
    ),
  }),
  'interface.yaml': example({
    'default/own': { ...served('192.168.0.201', 'cidr-default'), interface: 'eth7' },
    'default/static': served('192.168.0.205', 'static'),
    'default/web': { ...served('192.168.0.202', 'cidr-default'), interface: 'eth3' },
    'development/web': { ...served('172.16.0.1', 'cidr-development'), interface: 'eth5' },
    'shop/web': { ...served('10.10.0.1', 'cidr-global'), interface: 'eth0' },
  }),
  'waiting.yaml': example(
    {
      'default/first': served('192.168.0.10', 'range-default'),
      'default/second': served('192.168.0.11', 'range-default'),
      'default/third': waiting(/range-default is full: all 2 of its IPv4 addresses/),
      'edge/web': { state: 'Ignored' },
      'lab/web': waiting(/No pool serves namespace lab/),
      'shop/web': waiting(/cidr-shop contains no valid address/),
      'team/holder': served('192.168.0.20', 'static'),
      'team/late': refused('192.168.0.20', /192\.168\.0\.20 is already assigned to team\/holder/),
      'team/odd': refused('192.168.0.0.7', /"192\.168\.0\.0\.7"/),
      'team/web': served('192.168.0.30', 'range-team'),
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
function served(addresses: string, from: string): Served {
  return { state: 'Assigned', addresses, specIP: addresses.split(',')[0] ?? null, from, interface: null };
}

function waiting(reason: RegExp): Expected {
  return { state: 'Pending', reason };
}

function refused(addresses: string, reason: RegExp): Expected {
  return { state: 'Conflict', addresses, reason };
}
