/**
 * What the admission policy (deploy/admission/pools.yaml) does with a row: it refuses it, or leaves it to the controller's
 * report, and then why.
 */
export type Admission =
  | 'refused'
  /** The report says no more than how it is read. */
  | 'the pool works'
  /** A pool without an address keeps a namespace from having one. */
  | 'may be meant'
  /** The policy judges entry by entry; what is left of all of them together takes the controller's arithmetic. */
  | 'each entry is well formed';

/**
 * What people write into the ConfigMap by mistake, one row each: the key, its value, what they are told, and whether the
 * admission policy, where it is installed, lets it come so far. A row says all problems of the key but the last of a pool
 * that is left without an entry, which is the same everywhere.
 */
export const badPools: readonly (readonly [
  key: string,
  value: string,
  messages: readonly string[],
  admission: Admission,
])[] = [
  [
    'cidr-global',
    '192.168.0.200–192.168.0.202',
    [
      'cidr-global: "192.168.0.200–192.168.0.202" has a typographic dash where a hyphen (-) belongs; write 192.168.0.200-192.168.0.202.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200 — 192.168.0.202',
    [
      'cidr-global: "192.168.0.200 — 192.168.0.202" has a typographic dash where a hyphen (-) belongs; write 192.168.0.200-192.168.0.202.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200−192.168.0.202',
    [
      'cidr-global: "192.168.0.200−192.168.0.202" has a typographic dash where a hyphen (-) belongs; write 192.168.0.200-192.168.0.202.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200..192.168.0.202',
    ['cidr-global: "192.168.0.200..192.168.0.202" is no IP address; write 192.168.0.200-192.168.0.202.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200 to 192.168.0.202',
    [
      'cidr-global: "192.168.0.200 to 192.168.0.202" is several entries in one: separate them with commas; write 192.168.0.200-192.168.0.202.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200~192.168.0.202',
    ['cidr-global: "192.168.0.200~192.168.0.202" is no IP address; write 192.168.0.200-192.168.0.202.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-202',
    [
      'cidr-global: "192.168.0.200-202" cannot be read: "202" is no IP address; write 192.168.0.200-192.168.0.202.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-.202',
    [
      'cidr-global: "192.168.0.200-.202" cannot be read: ".202" is no IP address; write 192.168.0.200-192.168.0.202.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-',
    ['cidr-global: "192.168.0.200-" is no range: it needs one address on each side of one hyphen.'],
    'refused',
  ],
  [
    'cidr-global',
    '-192.168.0.200',
    ['cidr-global: "-192.168.0.200" is no range: it needs one address on each side of one hyphen.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.202-192.168.0.200',
    ['cidr-global: "192.168.0.202-192.168.0.200" ends before it starts; write 192.168.0.200-192.168.0.202.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-192.168.0.202-192.168.0.204',
    [
      'cidr-global: "192.168.0.200-192.168.0.202-192.168.0.204" is no range: it needs one address on each side of one hyphen.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-2001::10',
    ['cidr-global: "192.168.0.200-2001::10" goes from one IP family to the other.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-192.168.0.300',
    ['cidr-global: "192.168.0.200-192.168.0.300" has a number above 255 ("192.168.0.300").'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/33',
    [
      'cidr-global: "192.168.0.200/33" has a prefix that is longer than the address (/33); write 192.168.0.200/32.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/-1',
    ['cidr-global: "192.168.0.200/-1" needs a plain number after the slash, not "-1".'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/',
    ['cidr-global: "192.168.0.200/" needs a plain number after the slash, not "".'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/029',
    [
      'cidr-global: "192.168.0.200/029" needs a plain number after the slash, not "029"; write 192.168.0.200/29.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/abc',
    ['cidr-global: "192.168.0.200/abc" needs a plain number after the slash, not "abc".'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/255.255.255.248',
    [
      'cidr-global: "192.168.0.200/255.255.255.248" needs a plain number after the slash, not "255.255.255.248"; write 192.168.0.200/29.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/29-192.168.0.210/29',
    [
      'cidr-global: "192.168.0.200/29-192.168.0.210/29" is a block and a range at once; write 192.168.0.200-192.168.0.210.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/29/30',
    ['cidr-global: "192.168.0.200/29/30" needs a plain number after the slash, not "29/30".'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200\\29',
    ['cidr-global: "192.168.0.200\\29" is no IP address; write 192.168.0.200/29.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0/24',
    ['cidr-global: "192.168.0/24" cannot be read: "192.168.0" is no IP address; write 192.168.0.0/24.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168/16',
    ['cidr-global: "192.168/16" cannot be read: "192.168" is no IP address; write 192.168.0.0/16.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.*',
    ['cidr-global: "192.168.0.*" is no IP address; write 192.168.0.0/24.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.x',
    ['cidr-global: "192.168.0.x" is no IP address; write 192.168.0.0/24.'],
    'refused',
  ],
  ['cidr-global', '192.168.0', ['cidr-global: "192.168.0" is no IP address.'], 'refused'],
  ['cidr-global', '192.168.0.', ['cidr-global: "192.168.0." is no IP address.'], 'refused'],
  [
    'cidr-global',
    '192.168.0.1.',
    ['cidr-global: "192.168.0.1." is no IP address; write 192.168.0.1.'],
    'refused',
  ],
  ['cidr-global', '192.168.0.256', ['cidr-global: "192.168.0.256" has a number above 255.'], 'refused'],
  ['cidr-global', '192.168.0.1.2', ['cidr-global: "192.168.0.1.2" is no IP address.'], 'refused'],
  [
    'cidr-global',
    '192.168.00.1',
    [
      'cidr-global: "192.168.00.1" has a number with a leading zero, which some programs read as octal; write 192.168.0.1.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '010.0.0.1',
    [
      'cidr-global: "010.0.0.1" has a number with a leading zero, which some programs read as octal; write 10.0.0.1.',
    ],
    'refused',
  ],
  ['cidr-global', '0x0a000001', ['cidr-global: "0x0a000001" is no IP address.'], 'refused'],
  ['cidr-global', '3232235777', ['cidr-global: "3232235777" is no IP address.'], 'refused'],
  [
    'cidr-global',
    '192,168,0,1',
    [
      'cidr-global: "192" is no IP address.',
      'cidr-global: "168" is no IP address.',
      'cidr-global: "0" is no IP address.',
      'cidr-global: "1" is no IP address.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.O.1',
    ['cidr-global: "192.168.O.1" is no IP address; write 192.168.0.1.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.l',
    ['cidr-global: "192.168.0.l" is no IP address; write 192.168.0.1.'],
    'refused',
  ],
  [
    'cidr-global',
    '"192.168.0.1"',
    ['cidr-global: ""192.168.0.1"" is no IP address; write 192.168.0.1.'],
    'refused',
  ],
  [
    'cidr-global',
    "'192.168.0.1/29'",
    [
      'cidr-global: "\'192.168.0.1/29\'" cannot be read: "\'192.168.0.1" is no IP address; write 192.168.0.1/29.',
    ],
    'refused',
  ],
  ['cidr-global', '[2001::10]', ['cidr-global: "[2001::10]" is no IP address; write 2001::10.'], 'refused'],
  [
    'cidr-global',
    '(192.168.0.1)',
    ['cidr-global: "(192.168.0.1)" is no IP address; write 192.168.0.1.'],
    'refused',
  ],
  [
    'cidr-global',
    '１92.168.0.1',
    ['cidr-global: "１92.168.0.1" is no IP address; write 192.168.0.1.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1 192.168.0.2',
    [
      'cidr-global: "192.168.0.1 192.168.0.2" is several entries in one: separate them with commas; write 192.168.0.1,192.168.0.2.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1;192.168.0.2',
    [
      'cidr-global: "192.168.0.1;192.168.0.2" is several entries in one: separate them with commas; write 192.168.0.1,192.168.0.2.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1|192.168.0.2',
    ['cidr-global: "192.168.0.1|192.168.0.2" is no IP address; write 192.168.0.1,192.168.0.2.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1\n192.168.0.2',
    [
      'cidr-global: "192.168.0.1\\n192.168.0.2" is several entries in one: separate them with commas; write 192.168.0.1,192.168.0.2.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1​',
    ['cidr-global: "192.168.0.1\\u200b" is no IP address; write 192.168.0.1.'],
    'refused',
  ],
  [
    'cidr-global',
    'fe80::1%eth0',
    [
      'cidr-global: "fe80::1%eth0" has a zone ("%"), which an address of a Service cannot have; write fe80::1.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '::ffff:192.168.0.1',
    ['cidr-global: "::ffff:192.168.0.1" is an IPv4 address written as IPv6; write 192.168.0.1.'],
    'refused',
  ],
  [
    'cidr-global',
    '::ffff:c0a8:1',
    ['cidr-global: "::ffff:c0a8:1" is an IPv4 address written as IPv6.'],
    'refused',
  ],
  ['cidr-global', '2001::10::11', ['cidr-global: "2001::10::11" is no IP address.'], 'refused'],
  ['cidr-global', '2001:::10', ['cidr-global: "2001:::10" is no IP address; write 2001::10.'], 'refused'],
  [
    'cidr-global',
    '2001::10/129',
    ['cidr-global: "2001::10/129" has a prefix that is longer than the address (/129); write 2001::10/128.'],
    'refused',
  ],
  [
    'cidr-global',
    '2001::10-20',
    ['cidr-global: "2001::10-20" cannot be read: "20" is no IP address; write 2001::10-2001::20.'],
    'refused',
  ],
  [
    'cidr-global',
    '2001::20-2001::10',
    ['cidr-global: "2001::20-2001::10" ends before it starts; write 2001::10-2001::20.'],
    'refused',
  ],
  ['cidr-global', '2001::g', ['cidr-global: "2001::g" is no IP address.'], 'refused'],
  ['cidr-global', '12345::', ['cidr-global: "12345::" is no IP address.'], 'refused'],
  [
    'cidr-global',
    '2001:db8:0:0:0:0:0:0:1',
    ['cidr-global: "2001:db8:0:0:0:0:0:0:1" is no IP address.'],
    'refused',
  ],
  [
    'cidr-global',
    '2001::10-192.168.0.1',
    ['cidr-global: "2001::10-192.168.0.1" goes from one IP family to the other.'],
    'refused',
  ],
  ['cidr-global', 'dhcp', ['cidr-global: "dhcp" is no IP address; write 0.0.0.0/32.'], 'refused'],
  ['cidr-global', 'eth0', ['cidr-global: "eth0" is no IP address.'], 'refused'],
  ['cidr-global', 'localhost', ['cidr-global: "localhost" is no IP address.'], 'refused'],
  ['cidr-global', 'example.com', ['cidr-global: "example.com" is no IP address.'], 'refused'],
  ['cidr-global', '*', ['cidr-global: "*" is no IP address.'], 'refused'],
  ['cidr-global', 'any', ['cidr-global: "any" is no IP address.'], 'refused'],
  ['cidr-global', 'kubevip', ['cidr-global: "kubevip" is no IP address.'], 'refused'],
  ['cidr-global', '\u001b[31mred', ['cidr-global: "\\x1b[31mred" is no IP address.'], 'refused'],
  ['cidr-global', '192.168.0.1#comment', ['cidr-global: "192.168.0.1#comment" is no IP address.'], 'refused'],
  [
    'cidr-global',
    'http://192.168.0.1',
    ['cidr-global: "http://192.168.0.1" cannot be read: "http:" is no IP address.'],
    'refused',
  ],
  ['cidr-global', '192.168.0.1:80', ['cidr-global: "192.168.0.1:80" is no IP address.'], 'refused'],
  [
    'cidr-global',
    '2001::10/-1',
    ['cidr-global: "2001::10/-1" needs a plain number after the slash, not "-1".'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.210/29',
    [
      'cidr-global: "192.168.0.210/29" is not the start of its block: it means 192.168.0.208/29, that is 192.168.0.209-192.168.0.214.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '2001::15/126',
    [
      'cidr-global: "2001::15/126" is not the start of its block: it means 2001::14/126, that is 2001::14-2001::17.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '',
    [
      'cidr-global has no address in it, and it is the pool of its Services all the same: add a block or a range, or remove the key.',
    ],
    'may be meant',
  ],
  [
    'cidr-global',
    ' , ,',
    [
      'cidr-global has no address in it, and it is the pool of its Services all the same: add a block or a range, or remove the key.',
    ],
    'may be meant',
  ],
  [
    'cidr-global',
    '192.168.0.0',
    [
      'cidr-global has no address that can be given: addresses that end in .0 or .255 are left out. Make the pool larger.',
    ],
    'each entry is well formed',
  ],
  [
    'cidr-global',
    '192.168.0.255/32',
    [
      'cidr-global has no address that can be given: addresses that end in .0 or .255 are left out. Make the pool larger.',
    ],
    'each entry is well formed',
  ],
  [
    'cidr-global',
    '0.0.0.0/32,192.168.0.1',
    [
      'cidr-global asks for DHCP (0.0.0.0) and lists other IPv4 addresses: DHCP answers, those are not used. Remove one of the two.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '::/128,2001::1',
    [
      'cidr-global asks for DHCP (::) and lists other IPv6 addresses: DHCP answers, those are not used. Remove one of the two.',
    ],
    'the pool works',
  ],
  ['CIDR-global', '192.168.0.1', ['"CIDR-global" is no key that is known; write cidr-global.'], 'refused'],
  ['Cidr-Default', '192.168.0.1', ['"Cidr-Default" is no key that is known; write cidr-default.'], 'refused'],
  ['cidr_global', '192.168.0.1', ['"cidr_global" is no key that is known; write cidr-global.'], 'refused'],
  ['cidr.global', '192.168.0.1', ['"cidr.global" is no key that is known; write cidr-global.'], 'refused'],
  ['cird-global', '192.168.0.1', ['"cird-global" is no key that is known; write cidr-global.'], 'refused'],
  [
    'cidrs-default',
    '192.168.0.1',
    ['"cidrs-default" is no key that is known; write cidr-default.'],
    'refused',
  ],
  ['cidrglobal', '192.168.0.1', ['"cidrglobal" is no key that is known; write cidr-global.'], 'refused'],
  ['cidr', '192.168.0.1', ['"cidr" is no key that is known; write cidr-global.'], 'refused'],
  ['range', '192.168.0.1', ['"range" is no key that is known; write range-global.'], 'refused'],
  ['cidr-', '192.168.0.1', ['"cidr-" is no key that is known; write cidr-global.'], 'refused'],
  [
    'ranges-default',
    '192.168.0.1',
    ['"ranges-default" is no key that is known; write range-default.'],
    'refused',
  ],
  [
    'rang-default',
    '192.168.0.1',
    ['"rang-default" is no key that is known; write range-default.'],
    'refused',
  ],
  [
    'cidr-my_namespace',
    '192.168.0.1',
    ['"cidr-my_namespace" is no key that is known; write cidr-my-namespace.'],
    'refused',
  ],
  [
    'pool-default',
    '192.168.0.1',
    [
      '"pool-default" is no key that is known: keys are cidr-, range-, interface- and allow-share- with a namespace or global, search-order, and skip-end-ips-in-cidr.',
    ],
    'refused',
  ],
  [
    'global',
    '192.168.0.1',
    [
      '"global" is no key that is known: keys are cidr-, range-, interface- and allow-share- with a namespace or global, search-order, and skip-end-ips-in-cidr.',
    ],
    'refused',
  ],
  ['search_order', 'desc', ['"search_order" is no key that is known; write search-order.'], 'refused'],
  ['searchorder', 'desc', ['"searchorder" is no key that is known; write search-order.'], 'refused'],
  [
    'search-order',
    'DESC',
    [
      'search-order: "DESC" is read as "asc", from the lowest address up; for the other direction write "desc".',
    ],
    'refused',
  ],
  [
    'search-order',
    'descending',
    [
      'search-order: "descending" is read as "asc", from the lowest address up; for the other direction write "desc".',
    ],
    'refused',
  ],
  [
    'search-order',
    '',
    ['search-order: "" is read as "asc", from the lowest address up; for the other direction write "desc".'],
    'refused',
  ],
  [
    'skip-end-ips-in-cidr',
    'yes',
    ['skip-end-ips-in-cidr: "yes" is neither "true" nor "false"; it is read as "true".'],
    'refused',
  ],
  [
    'skip-end-ips-in-cidr',
    'True',
    ['skip-end-ips-in-cidr: "True" is neither "true" nor "false"; it is read as "true".'],
    'refused',
  ],
  [
    'skip-end-ips-in-cidrs',
    'true',
    ['"skip-end-ips-in-cidrs" is no key that is known; write skip-end-ips-in-cidr.'],
    'refused',
  ],
  [
    'allow-share-default',
    'yes',
    ['allow-share-default: "yes" is neither "true" nor "false"; it is read as "false".'],
    'refused',
  ],
  [
    'allow-share-default',
    ' true',
    ['allow-share-default: " true" is neither "true" nor "false"; it is read as "false".'],
    'refused',
  ],
  [
    'allow-shared-default',
    'on',
    ['allow-shared-default: "on" is neither "true" nor "false"; it is read as "false".'],
    'refused',
  ],
  [
    'allowshare-default',
    'true',
    ['"allowshare-default" is no key that is known; write allow-share-default.'],
    'refused',
  ],
  [
    'allow_share_default',
    'true',
    ['"allow_share_default" is no key that is known; write allow-share-default.'],
    'refused',
  ],
  [
    'allow-sharing-default',
    'true',
    [
      '"allow-sharing-default" is no key that is known: keys are cidr-, range-, interface- and allow-share- with a namespace or global, search-order, and skip-end-ips-in-cidr.',
    ],
    'refused',
  ],
  [
    'interface-default',
    '',
    [
      'interface-default: "" is no name of a network interface (1 to 15 characters, no space, no slash); none is written.',
    ],
    'refused',
  ],
  [
    'interface-default',
    'a-very-long-interface-name',
    [
      'interface-default: "a-very-long-interface-name" is no name of a network interface (1 to 15 characters, no space, no slash); none is written.',
    ],
    'refused',
  ],
  [
    'interface-default',
    'eth 0',
    [
      'interface-default: "eth 0" is no name of a network interface (1 to 15 characters, no space, no slash); none is written.',
    ],
    'refused',
  ],
  [
    'interface-default',
    'eth/0',
    [
      'interface-default: "eth/0" is no name of a network interface (1 to 15 characters, no space, no slash); none is written.',
    ],
    'refused',
  ],
  [
    'interface.default',
    'eth0',
    ['"interface.default" is no key that is known; write interface-default.'],
    'refused',
  ],
  [
    'interfaces-default',
    'eth0',
    ['"interfaces-default" is no key that is known; write interface-default.'],
    'refused',
  ],
  [
    '__proto__',
    'x',
    [
      '"__proto__" is no key that is known: keys are cidr-, range-, interface- and allow-share- with a namespace or global, search-order, and skip-end-ips-in-cidr.',
    ],
    'refused',
  ],
  [
    'constructor',
    'x',
    [
      '"constructor" is no key that is known: keys are cidr-, range-, interface- and allow-share- with a namespace or global, search-order, and skip-end-ips-in-cidr.',
    ],
    'refused',
  ],
];

/** The same for what people write on a Service: in the annotation `kube-vip.io/loadbalancerIPs` or in the spec. */
export const badAddresses: readonly (readonly [
  field: 'annotation' | 'spec',
  value: string,
  message: string,
])[] = [
  [
    'annotation',
    '10.0.0.05',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.05" has a number with a leading zero, which some programs read as octal; write 10.0.0.5. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0.300',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.300" has a number above 255. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0.1/24',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.1/24" is neither an IP address nor a hostname; write 10.0.0.1. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0.1-10.0.0.3',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.1-10.0.0.3" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0.1,',
    'the annotation kube-vip.io/loadbalancerIPs has an empty entry, which kube-vip reads as a hostname: remove the comma too many.',
  ],
  [
    'annotation',
    '10.0.0.1,,10.0.0.2',
    'the annotation kube-vip.io/loadbalancerIPs has an empty entry, which kube-vip reads as a hostname: remove the comma too many.',
  ],
  [
    'annotation',
    '10.0.0.1;10.0.0.2',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.1;10.0.0.2" is neither an IP address nor a hostname; write 10.0.0.1,10.0.0.2. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0.1 10.0.0.2',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.1 10.0.0.2" is neither an IP address nor a hostname; write 10.0.0.1,10.0.0.2. It is left as it is.',
  ],
  [
    'annotation',
    'fe80::1%eth0',
    'the annotation kube-vip.io/loadbalancerIPs: "fe80::1%eth0" has a zone ("%"), which an address of a Service cannot have; write fe80::1. It is left as it is.',
  ],
  [
    'annotation',
    '::ffff:10.0.0.1',
    'the annotation kube-vip.io/loadbalancerIPs: "::ffff:10.0.0.1" is an IPv4 address written as IPv6; write 10.0.0.1. It is left as it is.',
  ],
  [
    'annotation',
    '2001::1::2',
    'the annotation kube-vip.io/loadbalancerIPs: "2001::1::2" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    '[2001::1]',
    'the annotation kube-vip.io/loadbalancerIPs: "[2001::1]" is neither an IP address nor a hostname; write 2001::1. It is left as it is.',
  ],
  [
    'annotation',
    '"10.0.0.1"',
    'the annotation kube-vip.io/loadbalancerIPs: ""10.0.0.1"" is neither an IP address nor a hostname; write 10.0.0.1. It is left as it is.',
  ],
  [
    'annotation',
    'lb_1.example.com',
    'the annotation kube-vip.io/loadbalancerIPs: "lb_1.example.com" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    '-lb.example.com',
    'the annotation kube-vip.io/loadbalancerIPs: "-lb.example.com" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0.1.',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.1." is neither an IP address nor a hostname; write 10.0.0.1. It is left as it is.',
  ],
  [
    'annotation',
    '1.2.3',
    'the annotation kube-vip.io/loadbalancerIPs: "1.2.3" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    'http://10.0.0.1',
    'the annotation kube-vip.io/loadbalancerIPs: "http://10.0.0.1" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0.1:80',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.1:80" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    '\u001b[2J',
    'the annotation kube-vip.io/loadbalancerIPs: "\\x1b[2J" is neither an IP address nor a hostname. It is left as it is.',
  ],
  [
    'annotation',
    '１0.0.0.1',
    'the annotation kube-vip.io/loadbalancerIPs: "１0.0.0.1" is neither an IP address nor a hostname; write 10.0.0.1. It is left as it is.',
  ],
  [
    'annotation',
    '10.0.0.1​',
    'the annotation kube-vip.io/loadbalancerIPs: "10.0.0.1\\u200b" is neither an IP address nor a hostname; write 10.0.0.1. It is left as it is.',
  ],
  [
    'spec',
    '10.0.0.05',
    'spec.loadBalancerIP: "10.0.0.05" has a number with a leading zero, which some programs read as octal; write 10.0.0.5. It is left as it is.',
  ],
  [
    'spec',
    'lb.example.com',
    'spec.loadBalancerIP: "lb.example.com" is no IP address, and this field takes one address and nothing else. It is left as it is.',
  ],
  [
    'spec',
    '10.0.0.1,10.0.0.2',
    'spec.loadBalancerIP: "10.0.0.1,10.0.0.2" is no IP address, and this field takes one address and nothing else. It is left as it is.',
  ],
  [
    'spec',
    '10.0.0.1/32',
    'spec.loadBalancerIP: "10.0.0.1/32" is no IP address, and this field takes one address and nothing else; write 10.0.0.1. It is left as it is.',
  ],
  [
    'spec',
    'fe80::1%eth0',
    'spec.loadBalancerIP: "fe80::1%eth0" has a zone ("%"), which an address of a Service cannot have; write fe80::1. It is left as it is.',
  ],
  [
    'spec',
    'auto',
    'spec.loadBalancerIP: "auto" is no IP address, and this field takes one address and nothing else. It is left as it is.',
  ],
];
