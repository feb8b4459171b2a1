import type { BadPool } from './bad-input.ts';

/** Common mistakes in the keys of named pools, lists, exclusions, reservations, quotas, and settings of a pool (spec sections 12 and 13). */
export const badNamedPools: readonly BadPool[] = [
  [
    'pool.',
    '10.0.0.0/24',
    ['Key "pool." names no pool. Write the name of the pool after a dot, as in pool.internal.'],
    'refused',
  ],
  [
    'pool',
    '10.0.0.0/24',
    ['Key "pool" names no pool. Write the name of the pool after a dot, as in pool.internal.'],
    'refused',
  ],
  ['pool.Internal', '10.0.0.0/24', ['Unknown key "pool.Internal". Did you mean "pool.internal"?'], 'refused'],
  ['pool.a.b', '10.0.0.0/24', ['Unknown key "pool.a.b". Did you mean "pool.a-b"?'], 'refused'],
  [
    'pool.in_ternal',
    '10.0.0.0/24',
    ['Unknown key "pool.in_ternal". Did you mean "pool.in-ternal"?'],
    'refused',
  ],
  ['pool-internal', '10.0.0.0/24', ['Unknown key "pool-internal". Did you mean "pool.internal"?'], 'refused'],
  [
    'pools.internal',
    '10.0.0.0/24',
    ['Unknown key "pools.internal". Did you mean "pools-internal"?'],
    'refused',
  ],
  ['Pool.internal', '10.0.0.0/24', ['Unknown key "Pool.internal". Did you mean "pool.internal"?'], 'refused'],
  [
    'pool.internal',
    '10.0.0.0/24',
    [
      'pool.internal serves no Service, because no list names internal. Name it in a list: pools-global for namespaces without their own key, where it takes precedence over cidr-global, or pools-<namespace> for one namespace, which then uses only the pools on that list.',
    ],
    'another key can follow',
  ],
  [
    'pool.internal',
    '10.0.0.300',
    [
      'pool.internal: "10.0.0.300" has a number above 255.',
      'pool.internal serves no Service, because no list names internal. Name it in a list: pools-global for namespaces without their own key, where it takes precedence over cidr-global, or pools-<namespace> for one namespace, which then uses only the pools on that list.',
    ],
    'refused',
  ],
  [
    'pool.internal',
    '10.0.0.5/24',
    [
      'pool.internal: "10.0.0.5/24" has host bits set. It is read as 10.0.0.0/24, which provides 10.0.0.1-10.0.0.254.',
      'pool.internal serves no Service, because no list names internal. Name it in a list: pools-global for namespaces without their own key, where it takes precedence over cidr-global, or pools-<namespace> for one namespace, which then uses only the pools on that list.',
    ],
    'another key can follow',
  ],
  [
    'pool.internal',
    '127.0.0.1/32',
    [
      'pool.internal: "127.0.0.1/32" contains loopback addresses (127.0.0.0/8), which never leave a host. Remove these addresses from the pool.',
      'pool.internal serves no Service, because no list names internal. Name it in a list: pools-global for namespaces without their own key, where it takes precedence over cidr-global, or pools-<namespace> for one namespace, which then uses only the pools on that list.',
    ],
    'another key can follow',
  ],
  [
    'pool.internal',
    ' ,',
    [
      'pool.internal contains no valid address, so it provides none. Add addresses, or delete the key.',
      'pool.internal serves no Service, because no list names internal. Name it in a list: pools-global for namespaces without their own key, where it takes precedence over cidr-global, or pools-<namespace> for one namespace, which then uses only the pools on that list.',
    ],
    'another key can follow',
  ],
  [
    'pool.internal',
    '10.0.0.0,10.0.0.255',
    [
      'pool.internal has no allocatable address: addresses that end in .0 or .255 are never allocated. Make the pool larger.',
      'pool.internal serves no Service, because no list names internal. Name it in a list: pools-global for namespaces without their own key, where it takes precedence over cidr-global, or pools-<namespace> for one namespace, which then uses only the pools on that list.',
    ],
    'another key can follow',
  ],
  [
    'pool.internal',
    '0.0.0.0/32,10.0.0.1',
    [
      'pool.internal requests DHCP (0.0.0.0) and also lists IPv4 addresses, which are never allocated. Remove one of the two.',
      'pool.internal serves no Service, because no list names internal. Name it in a list: pools-global for namespaces without their own key, where it takes precedence over cidr-global, or pools-<namespace> for one namespace, which then uses only the pools on that list.',
    ],
    'another key can follow',
  ],
  [
    'pools-default',
    'internal',
    [
      'pools-default: there is no pool internal. Add the key pool.internal, or remove the name from the list.',
    ],
    'another key can follow',
  ],
  [
    'pools-default',
    'internal, dmz',
    [
      'pools-default: there is no pool internal. Add the key pool.internal, or remove the name from the list.',
      'pools-default: there is no pool dmz. Add the key pool.dmz, or remove the name from the list.',
    ],
    'another key can follow',
  ],
  [
    'pools-default',
    'Internal',
    [
      'pools-default: "Internal" is not the name of a pool. Did you mean "internal"? Names consist of lowercase letters, digits, and hyphens.',
    ],
    'refused',
  ],
  [
    'pools-default',
    'pool.internal',
    [
      'pools-default: "pool.internal" is not the name of a pool. Did you mean "internal"? Names consist of lowercase letters, digits, and hyphens.',
    ],
    'refused',
  ],
  [
    'pools-default',
    'internal dmz',
    [
      'pools-default: "internal dmz" is not the name of a pool. Did you mean "internal, dmz"? Names consist of lowercase letters, digits, and hyphens.',
    ],
    'refused',
  ],
  [
    'pools-default',
    'internal; dmz',
    [
      'pools-default: "internal; dmz" is not the name of a pool. Did you mean "internal, dmz"? Names consist of lowercase letters, digits, and hyphens.',
    ],
    'refused',
  ],
  [
    'pools-default',
    'internal,internal',
    [
      'pools-default lists internal twice. The first place counts: remove the other one.',
      'pools-default: there is no pool internal. Add the key pool.internal, or remove the name from the list.',
    ],
    'another key can follow',
  ],
  [
    'pools-default',
    ' ,',
    [
      'pools-default names no pool, so Services in namespace default cannot get an address. Add the name of a pool, or delete the key to fall back to those after it, such as pools-global.',
    ],
    'may be meant',
  ],
  [
    'pools-default',
    '10.0.0.0/24',
    [
      'pools-default: "10.0.0.0/24" is not the name of a pool. Names consist of lowercase letters, digits, and hyphens.',
    ],
    'refused',
  ],
  [
    'pools-global',
    'cidr-global',
    [
      'pools-global: there is no pool cidr-global. Add the key pool.cidr-global, or remove the name from the list.',
    ],
    'another key can follow',
  ],
  ['pools_default', 'internal', ['Unknown key "pools_default". Did you mean "pools-default"?'], 'refused'],
  ['pols-default', 'internal', ['Unknown key "pols-default". Did you mean "pools-default"?'], 'refused'],
  ['Pools-Default', 'internal', ['Unknown key "Pools-Default". Did you mean "pools-default"?'], 'refused'],
  [
    'select.dmz',
    'tier=edge',
    ['select.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.'],
    'another key can follow',
  ],
  [
    'select.dmz',
    'tier:edge',
    [
      'select.dmz: "tier:edge" is not a label selector, so the pool serves only Services that name it. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
      'select.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'select.dmz',
    'tier in edge',
    [
      'select.dmz: "tier in edge" is not a label selector, so the pool serves only Services that name it. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
      'select.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'select.dmz',
    'tier=edge and app=web',
    [
      'select.dmz: "tier=edge and app=web" is not a label selector, so the pool serves only Services that name it. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
      'select.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'select.dmz',
    '',
    [
      'select.dmz: "" is not a label selector, so the pool serves only Services that name it. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
      'select.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'select.dmz',
    'cpu>5',
    [
      'select.dmz: "cpu>5" is not a label selector, so the pool serves only Services that name it. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
      'select.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'select.dmz',
    'tier=edge,',
    [
      'select.dmz: "tier=edge," is not a label selector, so the pool serves only Services that name it. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
      'select.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'select.dmz',
    '-tier=edge',
    [
      'select.dmz: "-tier=edge" is not a label selector, so the pool serves only Services that name it. Write it as for kubectl get --selector: tier=edge, or tier in (edge, dmz).',
      'select.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  ['select-dmz', 'tier=edge', ['Unknown key "select-dmz". Did you mean "select.dmz"?'], 'refused'],
  ['selector.dmz', 'tier=edge', ['Unknown key "selector.dmz". Did you mean "select.dmz"?'], 'refused'],
  [
    'select',
    'tier=edge',
    ['Key "select" names no pool. Write the name of the pool after a dot, as in select.internal.'],
    'refused',
  ],
  [
    'auto-assign.dmz',
    'false',
    [
      'auto-assign.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'another key can follow',
  ],
  [
    'auto-assign.dmz',
    'no',
    [
      'auto-assign.dmz: "no" is not a boolean and is read as "true". Use "true" or "false".',
      'auto-assign.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'auto-assign.dmz',
    'False',
    [
      'auto-assign.dmz: "False" is not a boolean and is read as "true". Use "true" or "false".',
      'auto-assign.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  ['auto-assign-dmz', 'false', ['Unknown key "auto-assign-dmz". Did you mean "auto-assign.dmz"?'], 'refused'],
  ['autoassign.dmz', 'false', ['Unknown key "autoassign.dmz". Did you mean "auto-assign.dmz"?'], 'refused'],
  ['auto-assing.dmz', 'false', ['Unknown key "auto-assing.dmz". Did you mean "auto-assign.dmz"?'], 'refused'],
  [
    'exclude.internal',
    '10.0.0.1',
    [
      'exclude.internal has no effect, because there is no pool internal. Add the key pool.internal, or delete this one.',
    ],
    'another key can follow',
  ],
  [
    'exclude.internal',
    '10.0.0.300',
    [
      'exclude.internal: "10.0.0.300" has a number above 255.',
      'exclude.internal has no effect, because there is no pool internal. Add the key pool.internal, or delete this one.',
    ],
    'refused',
  ],
  [
    'exclude-default',
    '10.0.0.9-10.0.0.1',
    ['exclude-default: "10.0.0.9-10.0.0.1" ends before it starts. Did you mean "10.0.0.1-10.0.0.9"?'],
    'refused',
  ],
  [
    'exclude-default',
    '10.0.0.5/24',
    [
      'exclude-default: "10.0.0.5/24" has host bits set. It is read as 10.0.0.0/24, which excludes 10.0.0.0-10.0.0.255.',
    ],
    'the pool works',
  ],
  [
    'exclude-default',
    '',
    ['exclude-default has no entry, so it has no effect. Add one, or delete the key.'],
    'may be meant',
  ],
  ['exclude-default', 'router', ['exclude-default: "router" is not an IP address.'], 'refused'],
  [
    'exclude-default',
    '10.0.0.1–10.0.0.5',
    [
      'exclude-default: "10.0.0.1–10.0.0.5" has a typographic dash instead of a hyphen (-). Did you mean "10.0.0.1-10.0.0.5"?',
    ],
    'refused',
  ],
  [
    'exclude.internal',
    '10.0.0.5/24',
    [
      'exclude.internal: "10.0.0.5/24" has host bits set. It is read as 10.0.0.0/24, which excludes 10.0.0.0-10.0.0.255.',
      'exclude.internal has no effect, because there is no pool internal. Add the key pool.internal, or delete this one.',
    ],
    'another key can follow',
  ],
  [
    'exclude.internal',
    ' ,',
    [
      'exclude.internal has no entry, so it has no effect. Add one, or delete the key.',
      'exclude.internal has no effect, because there is no pool internal. Add the key pool.internal, or delete this one.',
    ],
    'another key can follow',
  ],
  [
    'excludes-default',
    '10.0.0.1',
    ['Unknown key "excludes-default". Did you mean "exclude-default"?'],
    'refused',
  ],
  [
    'exclude_default',
    '10.0.0.1',
    ['Unknown key "exclude_default". Did you mean "exclude-default"?'],
    'refused',
  ],
  [
    'exclud.internal',
    '10.0.0.1',
    ['Unknown key "exclud.internal". Did you mean "exclude.internal"?'],
    'refused',
  ],
  ['exclude', '10.0.0.1', ['Unknown key "exclude". Did you mean "exclude-global"?'], 'refused'],
  [
    'reserve-default',
    'web',
    ['reserve-default: "web" is not a reservation. Write it as SERVICE=ADDRESS.'],
    'refused',
  ],
  [
    'reserve-default',
    'web:10.0.0.5',
    [
      'reserve-default: "web:10.0.0.5" is not a reservation. Write it as SERVICE=ADDRESS. Did you mean "web=10.0.0.5"?',
    ],
    'refused',
  ],
  [
    'reserve-default',
    'web=10.0.0.300',
    ['reserve-default: "web=10.0.0.300" has a number above 255 ("10.0.0.300").'],
    'refused',
  ],
  [
    'reserve-default',
    'Web=10.0.0.5',
    [
      'reserve-default: "Web=10.0.0.5" is for "Web", which is not the name of a Service. Write it as SERVICE=ADDRESS, without the namespace.',
    ],
    'refused',
  ],
  [
    'reserve-default',
    'shop/web=10.0.0.5',
    [
      'reserve-default: "shop/web=10.0.0.5" is for "shop/web", which is not the name of a Service. Write it as SERVICE=ADDRESS, without the namespace.',
    ],
    'refused',
  ],
  [
    'reserve-default',
    'web=10.0.0.0/30',
    [
      'reserve-default: "web=10.0.0.0/30" reserves more than one address. Reserve each of them with an entry of its own.',
    ],
    'refused',
  ],
  [
    'reserve-default',
    'web=10.0.0.5-10.0.0.6',
    [
      'reserve-default: "web=10.0.0.5-10.0.0.6" reserves more than one address. Reserve each of them with an entry of its own.',
    ],
    'refused',
  ],
  [
    'reserve-default',
    '=10.0.0.5',
    [
      'reserve-default: "=10.0.0.5" is for "", which is not the name of a Service. Write it as SERVICE=ADDRESS, without the namespace.',
    ],
    'refused',
  ],
  [
    'reserve-default',
    '10.0.0.5=web',
    ['reserve-default: "10.0.0.5=web" cannot be parsed: "web" is not an IP address.'],
    'refused',
  ],
  [
    'reserve-default',
    'web=10.0.0.5 api=10.0.0.6',
    ['reserve-default: "web=10.0.0.5 api=10.0.0.6" is not a reservation. Write it as SERVICE=ADDRESS.'],
    'refused',
  ],
  [
    'reserve-default',
    'web=10.0.0.5, api=10.0.0.5',
    [
      'reserve-default: api=10.0.0.5 has no effect, because the address is already reserved for default/web. Remove one of the two.',
    ],
    'each entry is well formed',
  ],
  [
    'reserve-default',
    'web=10.0.0.5, web=10.0.0.5',
    [
      'reserve-default: web=10.0.0.5 has no effect, because the address is already reserved for default/web. Remove one of the two.',
    ],
    'each entry is well formed',
  ],
  [
    'reserve-default',
    'web=0.0.0.0',
    ['reserve-default: "web=0.0.0.0" reserves 0.0.0.0, which is a request for DHCP and no address.'],
    'refused',
  ],
  [
    'reserve-default',
    '',
    ['reserve-default has no entry, so it has no effect. Add one, or delete the key.'],
    'may be meant',
  ],
  [
    'reserved-default',
    'web=10.0.0.5',
    ['Unknown key "reserved-default". Did you mean "reserve-default"?'],
    'refused',
  ],
  [
    'reserve.default',
    'web=10.0.0.5',
    ['Unknown key "reserve.default". Did you mean "reserve-default"?'],
    'refused',
  ],
  [
    'reserve-global',
    'web=10.0.0.5',
    [
      'reserve-global only concerns Services in the namespace "global". For another namespace, use its name: reserve-default.',
    ],
    'may be meant',
  ],
  [
    'quota-default',
    '-1',
    [
      'quota-default: "-1" is not a number of addresses, so the key has no effect: the number is not limited, unless quota-global applies. Use a whole number that is not negative.',
    ],
    'refused',
  ],
  [
    'quota-default',
    'five',
    [
      'quota-default: "five" is not a number of addresses, so the key has no effect: the number is not limited, unless quota-global applies. Use a whole number that is not negative.',
    ],
    'refused',
  ],
  [
    'quota-default',
    '5.5',
    [
      'quota-default: "5.5" is not a number of addresses, so the key has no effect: the number is not limited, unless quota-global applies. Use a whole number that is not negative.',
    ],
    'refused',
  ],
  [
    'quota-default',
    '05',
    [
      'quota-default: "05" is not a number of addresses, so the key has no effect: the number is not limited, unless quota-global applies. Use a whole number that is not negative.',
    ],
    'refused',
  ],
  [
    'quota-default',
    '',
    [
      'quota-default: "" is not a number of addresses, so the key has no effect: the number is not limited, unless quota-global applies. Use a whole number that is not negative.',
    ],
    'refused',
  ],
  [
    'quota-default',
    '5 addresses',
    [
      'quota-default: "5 addresses" is not a number of addresses, so the key has no effect: the number is not limited, unless quota-global applies. Use a whole number that is not negative.',
    ],
    'refused',
  ],
  [
    'quota-default',
    '10000000000',
    [
      'quota-default: "10000000000" is not a number of addresses, so the key has no effect: the number is not limited, unless quota-global applies. Use a whole number that is not negative.',
    ],
    'refused',
  ],
  ['quotas-default', '5', ['Unknown key "quotas-default". Did you mean "quota-default"?'], 'refused'],
  ['quota.internal', '5', ['Unknown key "quota.internal". Did you mean "quota-internal"?'], 'refused'],
  ['quota', '5', ['Unknown key "quota". Did you mean "quota-global"?'], 'refused'],
  [
    'vlan.dmz',
    '0',
    [
      'vlan.dmz: "0" is not a VLAN ID, so no VLAN is set. Use a number from 1 to 4094.',
      'vlan.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'vlan.dmz',
    'eth0.120',
    [
      'vlan.dmz: "eth0.120" is not a VLAN ID, so no VLAN is set. Use a number from 1 to 4094.',
      'vlan.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'vlan-default',
    '4095',
    ['vlan-default: "4095" is not a VLAN ID, so no VLAN is set. Use a number from 1 to 4094.'],
    'refused',
  ],
  [
    'vlan-default',
    '-1',
    ['vlan-default: "-1" is not a VLAN ID, so no VLAN is set. Use a number from 1 to 4094.'],
    'refused',
  ],
  [
    'vlan-default',
    '',
    ['vlan-default: "" is not a VLAN ID, so no VLAN is set. Use a number from 1 to 4094.'],
    'refused',
  ],
  [
    'vlan.dmz',
    '120',
    ['vlan.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.'],
    'another key can follow',
  ],
  ['vlans-default', '120', ['Unknown key "vlans-default". Did you mean "vlan-default"?'], 'refused'],
  ['vlam.dmz', '120', ['Unknown key "vlam.dmz". Did you mean "vlan.dmz"?'], 'refused'],
  ['vlan_default', '120', ['Unknown key "vlan_default". Did you mean "vlan-default"?'], 'refused'],
  [
    'lease.dmz',
    'Shared',
    [
      'lease.dmz: "Shared" is not the name of a Lease, so none is set. Use NAME or NAMESPACE/NAME.',
      'lease.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'lease-default',
    'a/b/c',
    ['lease-default: "a/b/c" is not the name of a Lease, so none is set. Use NAME or NAMESPACE/NAME.'],
    'refused',
  ],
  [
    'lease-default',
    '',
    ['lease-default: "" is not the name of a Lease, so none is set. Use NAME or NAMESPACE/NAME.'],
    'refused',
  ],
  [
    'lease-default',
    'shared lease',
    ['lease-default: "shared lease" is not the name of a Lease, so none is set. Use NAME or NAMESPACE/NAME.'],
    'refused',
  ],
  ['leases-default', 'x', ['Unknown key "leases-default". Did you mean "lease-default"?'], 'refused'],
  ['leese.dmz', 'x', ['Unknown key "leese.dmz". Did you mean "lease.dmz"?'], 'refused'],
  [
    'interface.dmz',
    'eth 0',
    [
      'interface.dmz: "eth 0" is not a valid interface name, so no interface is set. Use 1 to 15 characters without spaces or slashes.',
      'interface.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'interface.dmz',
    'eth0',
    ['interface.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.'],
    'another key can follow',
  ],
  ['interfaces.dmz', 'eth0', ['Unknown key "interfaces.dmz". Did you mean "interface.dmz"?'], 'refused'],
  [
    'allow-share.dmz',
    'yes',
    [
      'allow-share.dmz: "yes" is not a boolean and is read as "false". Use "true" or "false".',
      'allow-share.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'allow-shared.dmz',
    'on',
    [
      'allow-shared.dmz: "on" is not a boolean and is read as "false". Use "true" or "false".',
      'allow-shared.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  ['alow-share.dmz', 'true', ['Unknown key "alow-share.dmz". Did you mean "allow-share.dmz"?'], 'refused'],
  [
    'allow-sharred.dmz',
    'true',
    ['Unknown key "allow-sharred.dmz". Did you mean "allow-shared.dmz"?'],
    'refused',
  ],
  [
    'search-order.dmz',
    'descending',
    [
      'search-order.dmz: "descending" is not a valid order and is read as "asc", the lowest address first. Use "desc" for the highest address first, "least-recently-used", or "spread".',
      'search-order.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'search-order-default',
    'DESC',
    [
      'search-order-default: "DESC" is not a valid order and is read as "asc", the lowest address first. Use "desc" for the highest address first, "least-recently-used", or "spread".',
    ],
    'refused',
  ],
  [
    'search-orders.dmz',
    'desc',
    ['Unknown key "search-orders.dmz". Did you mean "search-order.dmz"?'],
    'refused',
  ],
  [
    'serach-order-default',
    'desc',
    ['Unknown key "serach-order-default". Did you mean "search-order-default"?'],
    'refused',
  ],
  [
    'skip-end-ips-in-cidr.dmz',
    'yes',
    [
      'skip-end-ips-in-cidr.dmz: "yes" is not a boolean and is read as "true". Use "true" or "false".',
      'skip-end-ips-in-cidr.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'skip-end-ips-in-cidr-default',
    '1',
    ['skip-end-ips-in-cidr-default: "1" is not a boolean and is read as "true". Use "true" or "false".'],
    'refused',
  ],
  [
    'skip-end-ip-in-cidr.dmz',
    'true',
    ['Unknown key "skip-end-ip-in-cidr.dmz". Did you mean "skip-end-ips-in-cidr.dmz"?'],
    'refused',
  ],
  [
    'skip-ends-ips-in-cidr-default',
    'true',
    ['Unknown key "skip-ends-ips-in-cidr-default". Did you mean "skip-end-ips-in-cidr-default"?'],
    'refused',
  ],
  [
    'sticky',
    '5 minutes',
    [
      'sticky: "5 minutes" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
    ],
    'refused',
  ],
  [
    'sticky',
    '1d',
    [
      'sticky: "1d" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
    ],
    'refused',
  ],
  [
    'sticky',
    '3600',
    [
      'sticky: "3600" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
    ],
    'refused',
  ],
  [
    'sticky-default',
    '-5m',
    [
      'sticky-default: "-5m" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
    ],
    'refused',
  ],
  [
    'sticky.dmz',
    '5m1h',
    [
      'sticky.dmz: "5m1h" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
      'sticky.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  ['stickyy', '1h', ['Unknown key "stickyy". Did you mean "sticky"?'], 'refused'],
  ['sticky_default', '1h', ['Unknown key "sticky_default". Did you mean "sticky-default"?'], 'refused'],
  ['stickyness.dmz', '1h', ['Unknown key "stickyness.dmz". Did you mean "sticky-ness-dmz"?'], 'refused'],
  ['stiky.dmz', '1h', ['Unknown key "stiky.dmz". Did you mean "sticky.dmz"?'], 'refused'],
  [
    'cool-down',
    '5',
    [
      'cool-down: "5" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
    ],
    'refused',
  ],
  [
    'cool-down-default',
    'five minutes',
    [
      'cool-down-default: "five minutes" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
    ],
    'refused',
  ],
  [
    'cool-down.dmz',
    '',
    [
      'cool-down.dmz: "" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
      'cool-down.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  ['cooldown', '5m', ['Unknown key "cooldown". Did you mean "cool-down"?'], 'refused'],
  [
    'cool_down_default',
    '5m',
    ['Unknown key "cool_down_default". Did you mean "cool-down-default"?'],
    'refused',
  ],
  ['cooldown.dmz', '5m', ['Unknown key "cooldown.dmz". Did you mean "cool-down.dmz"?'], 'refused'],
  [
    'cool-down-default',
    '99999h',
    [
      'cool-down-default: "99999h" is not a duration, so the key has no effect. Use hours, minutes, and seconds, such as 1h30m.',
    ],
    'refused',
  ],
  [
    'search-order.dmz',
    'lru',
    [
      'search-order.dmz: "lru" is not a valid order and is read as "asc", the lowest address first. Use "desc" for the highest address first, "least-recently-used", or "spread".',
      'search-order.dmz has no effect, because there is no pool dmz. Add the key pool.dmz, or delete this one.',
    ],
    'refused',
  ],
  [
    'search-order-default',
    'random',
    [
      'search-order-default: "random" is not a valid order and is read as "asc", the lowest address first. Use "desc" for the highest address first, "least-recently-used", or "spread".',
    ],
    'refused',
  ],
];
