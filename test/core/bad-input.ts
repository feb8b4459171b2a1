import { badNamedPools } from './bad-named-pools.ts';

/**
 * What the admission policy (deploy/admission/pools.yaml) does with a row: it rejects it, or it leaves it to the report of the
 * controller for the given reason.
 */
export type Admission =
  | 'refused'
  /** The report only says how the value is read. */
  | 'the pool works'
  /** An empty pool is a way to give a namespace no addresses. */
  | 'may be meant'
  /** A key can be about a pool that is added later, or by another tool. */
  | 'another key can follow'
  /** The policy checks each entry on its own. Only the controller computes what all of them provide together. */
  | 'each entry is well formed';

/** What the message about an unknown key ends with, if no key is similar. */
export const validKeys =
  'Valid keys start with pool, pools, cidr, range, select, auto-assign, exclude, reserve, quota, interface, vlan, lease, allow-share, search-order, sticky, cool-down, or skip-end-ips-in-cidr.';

/** The key, its value, the messages, and what the admission policy does if it is installed. A row lists all problems of the key. */
export type BadPool = readonly [
  key: string,
  value: string,
  messages: readonly string[],
  admission: Admission,
];

/** Common mistakes in the ConfigMap. */
export const badPools: readonly BadPool[] = [
  ...badNamedPools,
  [
    'cidr-global',
    '192.168.0.200–192.168.0.202',
    [
      'cidr-global: "192.168.0.200–192.168.0.202" has a typographic dash instead of a hyphen (-). Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200 — 192.168.0.202',
    [
      'cidr-global: "192.168.0.200 — 192.168.0.202" has a typographic dash instead of a hyphen (-). Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200−192.168.0.202',
    [
      'cidr-global: "192.168.0.200−192.168.0.202" has a typographic dash instead of a hyphen (-). Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200..192.168.0.202',
    [
      'cidr-global: "192.168.0.200..192.168.0.202" is not an IP address. Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200 to 192.168.0.202',
    [
      'cidr-global: "192.168.0.200 to 192.168.0.202" contains several entries: separate them with commas or newlines. Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200~192.168.0.202',
    [
      'cidr-global: "192.168.0.200~192.168.0.202" is not an IP address. Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-202',
    [
      'cidr-global: "192.168.0.200-202" cannot be parsed: "202" is not an IP address. Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-.202',
    [
      'cidr-global: "192.168.0.200-.202" cannot be parsed: ".202" is not an IP address. Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-',
    [
      'cidr-global: "192.168.0.200-" is not a valid range: it needs one address on each side of a single hyphen.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '-192.168.0.200',
    [
      'cidr-global: "-192.168.0.200" is not a valid range: it needs one address on each side of a single hyphen.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.202-192.168.0.200',
    [
      'cidr-global: "192.168.0.202-192.168.0.200" ends before it starts. Did you mean "192.168.0.200-192.168.0.202"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-192.168.0.202-192.168.0.204',
    [
      'cidr-global: "192.168.0.200-192.168.0.202-192.168.0.204" is not a valid range: it needs one address on each side of a single hyphen.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200-2001::10',
    ['cidr-global: "192.168.0.200-2001::10" starts in one IP family and ends in the other.'],
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
      'cidr-global: "192.168.0.200/33" has a prefix length that exceeds the length of the address (/33). Did you mean "192.168.0.200/32"?',
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
      'cidr-global: "192.168.0.200/029" needs a plain number after the slash, not "029". Did you mean "192.168.0.200/29"?',
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
      'cidr-global: "192.168.0.200/255.255.255.248" needs a plain number after the slash, not "255.255.255.248". Did you mean "192.168.0.200/29"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.200/29-192.168.0.210/29',
    [
      'cidr-global: "192.168.0.200/29-192.168.0.210/29" is both a block and a range. Did you mean "192.168.0.200-192.168.0.210"?',
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
    ['cidr-global: "192.168.0.200\\29" is not an IP address. Did you mean "192.168.0.200/29"?'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0/24',
    [
      'cidr-global: "192.168.0/24" cannot be parsed: "192.168.0" is not an IP address. Did you mean "192.168.0.0/24"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168/16',
    [
      'cidr-global: "192.168/16" cannot be parsed: "192.168" is not an IP address. Did you mean "192.168.0.0/16"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.*',
    ['cidr-global: "192.168.0.*" is not an IP address. Did you mean "192.168.0.0/24"?'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.x',
    ['cidr-global: "192.168.0.x" is not an IP address. Did you mean "192.168.0.0/24"?'],
    'refused',
  ],
  ['cidr-global', '192.168.0', ['cidr-global: "192.168.0" is not an IP address.'], 'refused'],
  ['cidr-global', '192.168.0.', ['cidr-global: "192.168.0." is not an IP address.'], 'refused'],
  [
    'cidr-global',
    '192.168.0.1.',
    ['cidr-global: "192.168.0.1." is not an IP address. Did you mean "192.168.0.1"?'],
    'refused',
  ],
  ['cidr-global', '192.168.0.256', ['cidr-global: "192.168.0.256" has a number above 255.'], 'refused'],
  ['cidr-global', '192.168.0.1.2', ['cidr-global: "192.168.0.1.2" is not an IP address.'], 'refused'],
  [
    'cidr-global',
    '192.168.00.1',
    [
      'cidr-global: "192.168.00.1" has a number with a leading zero, which some programs read as octal. Did you mean "192.168.0.1"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '010.0.0.1',
    [
      'cidr-global: "010.0.0.1" has a number with a leading zero, which some programs read as octal. Did you mean "10.0.0.1"?',
    ],
    'refused',
  ],
  ['cidr-global', '0x0a000001', ['cidr-global: "0x0a000001" is not an IP address.'], 'refused'],
  ['cidr-global', '3232235777', ['cidr-global: "3232235777" is not an IP address.'], 'refused'],
  [
    'cidr-global',
    '192,168,0,1',
    [
      'cidr-global: "192" is not an IP address.',
      'cidr-global: "168" is not an IP address.',
      'cidr-global: "0" is not an IP address.',
      'cidr-global: "1" is not an IP address.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.O.1',
    ['cidr-global: "192.168.O.1" is not an IP address. Did you mean "192.168.0.1"?'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.l',
    ['cidr-global: "192.168.0.l" is not an IP address. Did you mean "192.168.0.1"?'],
    'refused',
  ],
  [
    'cidr-global',
    '"192.168.0.1"',
    ['cidr-global: ""192.168.0.1"" has quotes inside the value. Did you mean "192.168.0.1"?'],
    'refused',
  ],
  [
    'cidr-global',
    "'192.168.0.1/29'",
    ['cidr-global: "\'192.168.0.1/29\'" has quotes inside the value. Did you mean "192.168.0.1/29"?'],
    'refused',
  ],
  [
    'cidr-global',
    '[2001::10]',
    ['cidr-global: "[2001::10]" has brackets around an address. Did you mean "2001::10"?'],
    'refused',
  ],
  [
    'cidr-global',
    '(192.168.0.1)',
    ['cidr-global: "(192.168.0.1)" has brackets around an address. Did you mean "192.168.0.1"?'],
    'refused',
  ],
  [
    'cidr-global',
    '１92.168.0.1',
    ['cidr-global: "１92.168.0.1" is not an IP address. Did you mean "192.168.0.1"?'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1 192.168.0.2',
    [
      'cidr-global: "192.168.0.1 192.168.0.2" contains several entries: separate them with commas or newlines. Did you mean "192.168.0.1,192.168.0.2"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1;192.168.0.2',
    [
      'cidr-global: "192.168.0.1;192.168.0.2" contains several entries: separate them with commas or newlines. Did you mean "192.168.0.1,192.168.0.2"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1|192.168.0.2',
    ['cidr-global: "192.168.0.1|192.168.0.2" is not an IP address. Did you mean "192.168.0.1,192.168.0.2"?'],
    'refused',
  ],
  [
    'cidr-global',
    '- 10.9.2.0/29\n- 10.9.3.0/29',
    [
      'cidr-global: "- 10.9.2.0/29" starts like an item of a YAML list ("- "): separate entries with commas or newlines alone. Did you mean "10.9.2.0/29"?',
      'cidr-global: "- 10.9.3.0/29" starts like an item of a YAML list ("- "): separate entries with commas or newlines alone. Did you mean "10.9.3.0/29"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '- 10.9.2.0/29 - 10.9.3.0/29',
    [
      'cidr-global: "- 10.9.2.0/29 - 10.9.3.0/29" starts like an item of a YAML list ("- "): separate entries with commas or newlines alone. Did you mean "10.9.2.0/29,10.9.3.0/29"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '- 10.9.2.1 - 10.9.2.9',
    [
      'cidr-global: "- 10.9.2.1 - 10.9.2.9" starts like an item of a YAML list ("- "): separate entries with commas or newlines alone. Did you mean "10.9.2.1 - 10.9.2.9"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '10.9.2.0/29 # lab, not 10.9.3.0/29',
    [
      'cidr-global: "10.9.2.0/29 # lab, not 10.9.3.0/29" contains a comment, which a ConfigMap value cannot have: delete the text from "#" to the end of the line. Did you mean "10.9.2.0/29"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '# the lab',
    [
      'cidr-global: "# the lab" contains a comment, which a ConfigMap value cannot have: delete the text from "#" to the end of the line.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '[fd00:10::]/64',
    ['cidr-global: "[fd00:10::]/64" has brackets around an address. Did you mean "fd00:10::/64"?'],
    'refused',
  ],
  [
    'cidr-global',
    '[fd00:10::1]-[fd00:10::9]',
    [
      'cidr-global: "[fd00:10::1]-[fd00:10::9]" has brackets around an address. Did you mean "fd00:10::1-fd00:10::9"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '[fd00:10::1]:443',
    [
      'cidr-global: "[fd00:10::1]:443" has a port, which the address of a Service cannot have. Did you mean "fd00:10::1"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '[10.9.2.1, 10.9.2.2]',
    [
      'cidr-global: "[10.9.2.1" has brackets around an address. Did you mean "10.9.2.1"?',
      'cidr-global: "10.9.2.2]" has brackets around an address. Did you mean "10.9.2.2"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '"10.9.2.1,10.9.2.2"',
    [
      'cidr-global: ""10.9.2.1" has quotes inside the value. Did you mean "10.9.2.1"?',
      'cidr-global: "10.9.2.2"" has quotes inside the value. Did you mean "10.9.2.2"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '["10.9.2.0/29"]',
    ['cidr-global: "["10.9.2.0/29"]" has quotes inside the value. Did you mean "10.9.2.0/29"?'],
    'refused',
  ],
  [
    'cidr-global',
    '`10.9.2.0/29`',
    ['cidr-global: "`10.9.2.0/29`" has quotes inside the value. Did you mean "10.9.2.0/29"?'],
    'refused',
  ],
  [
    'cidr-global',
    'cidr-global: 10.9.2.0/29',
    ['cidr-global: "cidr-global: 10.9.2.0/29" repeats a key inside the value. Did you mean "10.9.2.0/29"?'],
    'refused',
  ],
  [
    'cidr-global',
    'cidr-global=10.9.2.0/29',
    ['cidr-global: "cidr-global=10.9.2.0/29" repeats a key inside the value. Did you mean "10.9.2.0/29"?'],
    'refused',
  ],
  [
    'cidr-global',
    'range_global: 2001::10-2001::20',
    [
      'cidr-global: "range_global: 2001::10-2001::20" repeats a key inside the value. Did you mean "2001::10-2001::20"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    'start=10.9.2.1 end=10.9.2.9',
    [
      'cidr-global: "start=10.9.2.1 end=10.9.2.9" names the ends of a range: write the first and the last address with a hyphen between them. Did you mean "10.9.2.1-10.9.2.9"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    'start: 10.9.2.1, end: 10.9.2.9',
    [
      'cidr-global: "start: 10.9.2.1, end: 10.9.2.9" names the ends of a range: write the first and the last address with a hyphen between them. Did you mean "10.9.2.1-10.9.2.9"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    'start: 10.9.2.1\nend: 10.9.2.9',
    [
      'cidr-global: "start: 10.9.2.1\\nend: 10.9.2.9" names the ends of a range: write the first and the last address with a hyphen between them. Did you mean "10.9.2.1-10.9.2.9"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    'start=10.9.2.1',
    [
      'cidr-global: "start=10.9.2.1" names the ends of a range: write the first and the last address with a hyphen between them.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '10.9.2.0/29 10.9.3.0/29',
    [
      'cidr-global: "10.9.2.0/29 10.9.3.0/29" contains several entries: separate them with commas or newlines. Did you mean "10.9.2.0/29,10.9.3.0/29"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '10.9.2.1-10.9.2.9; 10.9.3.1',
    [
      'cidr-global: "10.9.2.1-10.9.2.9; 10.9.3.1" contains several entries: separate them with commas or newlines. Did you mean "10.9.2.1-10.9.2.9,10.9.3.1"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '<vip_ip_range>',
    [
      'cidr-global: "<vip_ip_range>" is a placeholder that a template did not replace: set the variable, and render the ConfigMap again.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '$KUBE_VIP_CIDR_RANGE',
    [
      'cidr-global: "$KUBE_VIP_CIDR_RANGE" is a placeholder that a template did not replace: set the variable, and render the ConfigMap again.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of another template language
    '${kube_vip_ip_range}',
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of another template language
      'cidr-global: "${kube_vip_ip_range}" is a placeholder that a template did not replace: set the variable, and render the ConfigMap again.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of another template language
    '${LAN_PREFIX}.0/24',
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of another template language
      'cidr-global: "${LAN_PREFIX}.0/24" is a placeholder that a template did not replace: set the variable, and render the ConfigMap again.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '{{ .range_global }}',
    [
      'cidr-global: "{{ .range_global }}" is a placeholder that a template did not replace: set the variable, and render the ConfigMap again.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    'None',
    [
      'cidr-global: "None" is what a template writes for a variable without a value: set the variable, or delete the key.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    'null',
    [
      'cidr-global: "null" is what a template writes for a variable without a value: set the variable, or delete the key.',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1​',
    ['cidr-global: "192.168.0.1\\u200b" is not an IP address. Did you mean "192.168.0.1"?'],
    'refused',
  ],
  [
    'cidr-global',
    'fe80::1%eth0',
    [
      'cidr-global: "fe80::1%eth0" has a zone ID ("%"), which the address of a Service cannot have. Did you mean "fe80::1"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '::ffff:192.168.0.1',
    ['cidr-global: "::ffff:192.168.0.1" is an IPv4-mapped IPv6 address. Did you mean "192.168.0.1"?'],
    'refused',
  ],
  [
    'cidr-global',
    '::ffff:c0a8:1',
    ['cidr-global: "::ffff:c0a8:1" is an IPv4-mapped IPv6 address.'],
    'refused',
  ],
  ['cidr-global', '2001::10::11', ['cidr-global: "2001::10::11" is not an IP address.'], 'refused'],
  [
    'cidr-global',
    '2001:::10',
    ['cidr-global: "2001:::10" is not an IP address. Did you mean "2001::10"?'],
    'refused',
  ],
  [
    'cidr-global',
    '2001::10/129',
    [
      'cidr-global: "2001::10/129" has a prefix length that exceeds the length of the address (/129). Did you mean "2001::10/128"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '2001::10-20',
    [
      'cidr-global: "2001::10-20" cannot be parsed: "20" is not an IP address. Did you mean "2001::10-2001::20"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    '2001::20-2001::10',
    ['cidr-global: "2001::20-2001::10" ends before it starts. Did you mean "2001::10-2001::20"?'],
    'refused',
  ],
  ['cidr-global', '2001::g', ['cidr-global: "2001::g" is not an IP address.'], 'refused'],
  ['cidr-global', '12345::', ['cidr-global: "12345::" is not an IP address.'], 'refused'],
  [
    'cidr-global',
    '2001:db8:0:0:0:0:0:0:1',
    ['cidr-global: "2001:db8:0:0:0:0:0:0:1" is not an IP address.'],
    'refused',
  ],
  [
    'cidr-global',
    '2001::10-192.168.0.1',
    ['cidr-global: "2001::10-192.168.0.1" starts in one IP family and ends in the other.'],
    'refused',
  ],
  [
    'cidr-global',
    'dhcp',
    ['cidr-global: "dhcp" is not an IP address. Did you mean "0.0.0.0/32"?'],
    'refused',
  ],
  ['cidr-global', 'eth0', ['cidr-global: "eth0" is not an IP address.'], 'refused'],
  ['cidr-global', 'localhost', ['cidr-global: "localhost" is not an IP address.'], 'refused'],
  ['cidr-global', 'example.com', ['cidr-global: "example.com" is not an IP address.'], 'refused'],
  ['cidr-global', '*', ['cidr-global: "*" is not an IP address.'], 'refused'],
  ['cidr-global', 'any', ['cidr-global: "any" is not an IP address.'], 'refused'],
  ['cidr-global', 'kubevip', ['cidr-global: "kubevip" is not an IP address.'], 'refused'],
  ['cidr-global', '\u001b[31mred', ['cidr-global: "\\x1b[31mred" is not an IP address.'], 'refused'],
  [
    'cidr-global',
    '192.168.0.1#comment',
    [
      'cidr-global: "192.168.0.1#comment" contains a comment, which a ConfigMap value cannot have: delete the text from "#" to the end of the line. Did you mean "192.168.0.1"?',
    ],
    'refused',
  ],
  [
    'cidr-global',
    'http://192.168.0.1',
    ['cidr-global: "http://192.168.0.1" cannot be parsed: "http:" is not an IP address.'],
    'refused',
  ],
  [
    'cidr-global',
    '192.168.0.1:80',
    [
      'cidr-global: "192.168.0.1:80" has a port, which the address of a Service cannot have. Did you mean "192.168.0.1"?',
    ],
    'refused',
  ],
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
      'cidr-global: "192.168.0.210/29" has host bits set. It is read as 192.168.0.208/29, which provides 192.168.0.209-192.168.0.214.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '2001::15/126',
    [
      'cidr-global: "2001::15/126" has host bits set. It is read as 2001::14/126, which provides 2001::14-2001::17.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '127.0.0.1/32',
    [
      'cidr-global: "127.0.0.1/32" contains loopback addresses (127.0.0.0/8), which never leave a host. Remove these addresses from the pool.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '244.0.0.0/12',
    [
      'cidr-global: "244.0.0.0/12" contains reserved addresses (240.0.0.0/4), which hosts and routers reject. Remove these addresses from the pool.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '224.0.0.0/24,ff02::/16',
    [
      'cidr-global: "224.0.0.0/24" contains multicast addresses (224.0.0.0/4), which cannot belong to a Service. Remove these addresses from the pool.',
      'cidr-global: "ff02::/16" contains multicast addresses (ff00::/8), which cannot belong to a Service. Remove these addresses from the pool.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '::1',
    [
      'cidr-global: "::1" contains loopback addresses (::1/128), which never leave a host. Remove these addresses from the pool.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '120.0.0.0/5',
    [
      'cidr-global: "120.0.0.0/5" contains loopback addresses (127.0.0.0/8), which never leave a host. Remove these addresses from the pool.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '',
    [
      'cidr-global contains no valid address, so Services in namespaces without their own pool cannot get an address. Add addresses, or delete the key.',
    ],
    'may be meant',
  ],
  [
    'cidr-global',
    ' , ,',
    [
      'cidr-global contains no valid address, so Services in namespaces without their own pool cannot get an address. Add addresses, or delete the key.',
    ],
    'may be meant',
  ],
  [
    'cidr-global',
    '192.168.0.0',
    [
      'cidr-global has no allocatable address: addresses that end in .0 or .255 are never allocated. Make the pool larger.',
    ],
    'each entry is well formed',
  ],
  [
    'cidr-global',
    '192.168.0.255/32',
    [
      'cidr-global has no allocatable address: addresses that end in .0 or .255 are never allocated. Make the pool larger.',
    ],
    'each entry is well formed',
  ],
  [
    'cidr-global',
    '0.0.0.0/32,192.168.0.1',
    [
      'cidr-global requests DHCP (0.0.0.0) and also lists IPv4 addresses, which are never allocated. Remove one of the two.',
    ],
    'the pool works',
  ],
  [
    'cidr-global',
    '::/128,2001::1',
    [
      'cidr-global requests DHCP (::) and also lists IPv6 addresses, which are never allocated. Remove one of the two.',
    ],
    'the pool works',
  ],
  [
    'range-default',
    '10.9.2.9-10.9.2.1',
    ['range-default: "10.9.2.9-10.9.2.1" ends before it starts. Did you mean "10.9.2.1-10.9.2.9"?'],
    'refused',
  ],
  [
    'range-default',
    '192.168.0.210/29',
    [
      'range-default: "192.168.0.210/29" has host bits set. It is read as 192.168.0.208/29, which provides 192.168.0.209-192.168.0.214.',
    ],
    'the pool works',
  ],
  [
    'range-default',
    '224.0.0.1-224.0.0.9',
    [
      'range-default: "224.0.0.1-224.0.0.9" contains multicast addresses (224.0.0.0/4), which cannot belong to a Service. Remove these addresses from the pool.',
    ],
    'the pool works',
  ],
  [
    'range-default',
    '',
    [
      'range-default contains no valid address, so Services in namespace default cannot get an address. Add addresses, or delete the key to fall back to the global pool.',
    ],
    'may be meant',
  ],
  [
    'range-default',
    '10.9.2.255-10.9.3.0',
    [
      'range-default has no allocatable address: addresses that end in .0 or .255 are never allocated. Make the pool larger.',
    ],
    'each entry is well formed',
  ],
  [
    'range-default',
    '0.0.0.0,10.9.2.1-10.9.2.9',
    [
      'range-default requests DHCP (0.0.0.0) and also lists IPv4 addresses, which are never allocated. Remove one of the two.',
    ],
    'the pool works',
  ],
  ['CIDR-global', '192.168.0.1', ['Unknown key "CIDR-global". Did you mean "cidr-global"?'], 'refused'],
  ['Cidr-Default', '192.168.0.1', ['Unknown key "Cidr-Default". Did you mean "cidr-default"?'], 'refused'],
  ['cidr_global', '192.168.0.1', ['Unknown key "cidr_global". Did you mean "cidr-global"?'], 'refused'],
  ['cidr.global', '192.168.0.1', ['Unknown key "cidr.global". Did you mean "cidr-global"?'], 'refused'],
  ['cird-global', '192.168.0.1', ['Unknown key "cird-global". Did you mean "cidr-global"?'], 'refused'],
  ['cidrs-default', '192.168.0.1', ['Unknown key "cidrs-default". Did you mean "cidr-default"?'], 'refused'],
  ['cidrglobal', '192.168.0.1', ['Unknown key "cidrglobal". Did you mean "cidr-global"?'], 'refused'],
  ['cidr', '192.168.0.1', ['Unknown key "cidr". Did you mean "cidr-global"?'], 'refused'],
  ['range', '192.168.0.1', ['Unknown key "range". Did you mean "range-global"?'], 'refused'],
  ['cidr-', '192.168.0.1', ['Unknown key "cidr-". Did you mean "cidr-global"?'], 'refused'],
  [
    'ranges-default',
    '192.168.0.1',
    ['Unknown key "ranges-default". Did you mean "range-default"?'],
    'refused',
  ],
  ['rang-default', '192.168.0.1', ['Unknown key "rang-default". Did you mean "range-default"?'], 'refused'],
  [
    'cidr-my_namespace',
    '192.168.0.1',
    ['Unknown key "cidr-my_namespace". Did you mean "cidr-my-namespace"?'],
    'refused',
  ],
  ['pool-default', '192.168.0.1', ['Unknown key "pool-default". Did you mean "pool.default"?'], 'refused'],
  ['global', '192.168.0.1', [`Unknown key "global". ${validKeys}`], 'refused'],
  ['search_order', 'desc', ['Unknown key "search_order". Did you mean "search-order"?'], 'refused'],
  ['searchorder', 'desc', ['Unknown key "searchorder". Did you mean "search-order"?'], 'refused'],
  [
    'search-order',
    'DESC',
    [
      'search-order: "DESC" is not a valid order and is read as "asc", the lowest address first. Use "desc" for the highest address first, "least-recently-used", or "spread".',
    ],
    'refused',
  ],
  [
    'search-order',
    'descending',
    [
      'search-order: "descending" is not a valid order and is read as "asc", the lowest address first. Use "desc" for the highest address first, "least-recently-used", or "spread".',
    ],
    'refused',
  ],
  [
    'search-order',
    '',
    [
      'search-order: "" is not a valid order and is read as "asc", the lowest address first. Use "desc" for the highest address first, "least-recently-used", or "spread".',
    ],
    'refused',
  ],
  [
    'skip-end-ips-in-cidr',
    'yes',
    ['skip-end-ips-in-cidr: "yes" is not a boolean and is read as "true". Use "true" or "false".'],
    'refused',
  ],
  [
    'skip-end-ips-in-cidr',
    'True',
    ['skip-end-ips-in-cidr: "True" is not a boolean and is read as "true". Use "true" or "false".'],
    'refused',
  ],
  [
    'skip-end-ips-in-cidrs',
    'true',
    ['Unknown key "skip-end-ips-in-cidrs". Did you mean "skip-end-ips-in-cidr"?'],
    'refused',
  ],
  [
    'allow-share-default',
    'yes',
    ['allow-share-default: "yes" is not a boolean and is read as "false". Use "true" or "false".'],
    'refused',
  ],
  [
    'allow-share-default',
    ' true',
    ['allow-share-default: " true" is not a boolean and is read as "false". Use "true" or "false".'],
    'refused',
  ],
  [
    'allow-shared-default',
    'on',
    ['allow-shared-default: "on" is not a boolean and is read as "false". Use "true" or "false".'],
    'refused',
  ],
  [
    'allowshare-default',
    'true',
    ['Unknown key "allowshare-default". Did you mean "allow-share-default"?'],
    'refused',
  ],
  [
    'allow_share_default',
    'true',
    ['Unknown key "allow_share_default". Did you mean "allow-share-default"?'],
    'refused',
  ],
  [
    'allow_shared_default',
    'true',
    ['Unknown key "allow_shared_default". Did you mean "allow-shared-default"?'],
    'refused',
  ],
  ['allow-sharing-default', 'true', [`Unknown key "allow-sharing-default". ${validKeys}`], 'refused'],
  [
    'interface-default',
    '',
    [
      'interface-default: "" is not a valid interface name, so no interface is set. Use 1 to 15 characters without spaces or slashes.',
    ],
    'refused',
  ],
  [
    'interface-default',
    'a-very-long-interface-name',
    [
      'interface-default: "a-very-long-interface-name" is not a valid interface name, so no interface is set. Use 1 to 15 characters without spaces or slashes.',
    ],
    'refused',
  ],
  [
    'interface-default',
    'eth 0',
    [
      'interface-default: "eth 0" is not a valid interface name, so no interface is set. Use 1 to 15 characters without spaces or slashes.',
    ],
    'refused',
  ],
  [
    'interface-default',
    'eth/0',
    [
      'interface-default: "eth/0" is not a valid interface name, so no interface is set. Use 1 to 15 characters without spaces or slashes.',
    ],
    'refused',
  ],
  [
    'interface.default',
    'eth0',
    [
      'interface.default has no effect, because there is no pool default. Add the key pool.default, or delete this one.',
    ],
    'may be meant',
  ],
  [
    'interfaces-default',
    'eth0',
    ['Unknown key "interfaces-default". Did you mean "interface-default"?'],
    'refused',
  ],
  ['__proto__', 'x', [`Unknown key "__proto__". ${validKeys}`], 'refused'],
  ['constructor', 'x', [`Unknown key "constructor". ${validKeys}`], 'refused'],
];

/** Common mistakes on a Service: in the annotation `kube-vip.io/loadbalancerIPs` or in the spec. */
export const badAddresses: readonly (readonly [
  field: 'annotation' | 'spec',
  value: string,
  message: string,
])[] = [
  [
    'annotation',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of another template language
    '${LAN_PREFIX}.3',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of another template language
    'Annotation kube-vip.io/loadbalancerIPs: "${LAN_PREFIX}.3" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '$VIP_ADDRESS',
    'Annotation kube-vip.io/loadbalancerIPs: "$VIP_ADDRESS" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '{{ lb_ip }}',
    'Annotation kube-vip.io/loadbalancerIPs: "{{ lb_ip }}" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.05',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.05" has a number with a leading zero, which some programs read as octal. Did you mean "10.0.0.5"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.300',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.300" has a number above 255. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.1/24',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.1/24" is neither an IP address nor a hostname. Did you mean "10.0.0.1"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.1-10.0.0.3',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.1-10.0.0.3" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.1,',
    'Annotation kube-vip.io/loadbalancerIPs has an empty entry, which kube-vip reads as a hostname. Remove the extra comma.',
  ],
  [
    'annotation',
    '10.0.0.1,,10.0.0.2',
    'Annotation kube-vip.io/loadbalancerIPs has an empty entry, which kube-vip reads as a hostname. Remove the extra comma.',
  ],
  [
    'annotation',
    '10.0.0.1;10.0.0.2',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.1;10.0.0.2" is neither an IP address nor a hostname. Did you mean "10.0.0.1,10.0.0.2"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.1 10.0.0.2',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.1 10.0.0.2" is neither an IP address nor a hostname. Did you mean "10.0.0.1,10.0.0.2"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    'fe80::1%eth0',
    'Annotation kube-vip.io/loadbalancerIPs: "fe80::1%eth0" has a zone ID ("%"), which the address of a Service cannot have. Did you mean "fe80::1"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '::ffff:10.0.0.1',
    'Annotation kube-vip.io/loadbalancerIPs: "::ffff:10.0.0.1" is an IPv4-mapped IPv6 address. Did you mean "10.0.0.1"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '2001::1::2',
    'Annotation kube-vip.io/loadbalancerIPs: "2001::1::2" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '[2001::1]',
    'Annotation kube-vip.io/loadbalancerIPs: "[2001::1]" is neither an IP address nor a hostname. Did you mean "2001::1"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '"10.0.0.1"',
    'Annotation kube-vip.io/loadbalancerIPs: ""10.0.0.1"" is neither an IP address nor a hostname. Did you mean "10.0.0.1"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    'lb_1.example.com',
    'Annotation kube-vip.io/loadbalancerIPs: "lb_1.example.com" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '-lb.example.com',
    'Annotation kube-vip.io/loadbalancerIPs: "-lb.example.com" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.1.',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.1." is neither an IP address nor a hostname. Did you mean "10.0.0.1"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '1.2.3',
    'Annotation kube-vip.io/loadbalancerIPs: "1.2.3" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    'http://10.0.0.1',
    'Annotation kube-vip.io/loadbalancerIPs: "http://10.0.0.1" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.1:80',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.1:80" is neither an IP address nor a hostname. Did you mean "10.0.0.1"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '\u001b[2J',
    'Annotation kube-vip.io/loadbalancerIPs: "\\x1b[2J" is neither an IP address nor a hostname. The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '１0.0.0.1',
    'Annotation kube-vip.io/loadbalancerIPs: "１0.0.0.1" is neither an IP address nor a hostname. Did you mean "10.0.0.1"? The controller leaves the field unchanged.',
  ],
  [
    'annotation',
    '10.0.0.1​',
    'Annotation kube-vip.io/loadbalancerIPs: "10.0.0.1\\u200b" is neither an IP address nor a hostname. Did you mean "10.0.0.1"? The controller leaves the field unchanged.',
  ],
  [
    'spec',
    '10.0.0.05',
    'Field spec.loadBalancerIP: "10.0.0.05" has a number with a leading zero, which some programs read as octal. Did you mean "10.0.0.5"? The controller leaves the field unchanged.',
  ],
  [
    'spec',
    'lb.example.com',
    'Field spec.loadBalancerIP: "lb.example.com" is not an IP address, and this field takes exactly one. The controller leaves the field unchanged.',
  ],
  [
    'spec',
    '10.0.0.1,10.0.0.2',
    'Field spec.loadBalancerIP: "10.0.0.1,10.0.0.2" is not an IP address, and this field takes exactly one. The controller leaves the field unchanged.',
  ],
  [
    'spec',
    '10.0.0.1/32',
    'Field spec.loadBalancerIP: "10.0.0.1/32" is not an IP address, and this field takes exactly one. Did you mean "10.0.0.1"? The controller leaves the field unchanged.',
  ],
  [
    'spec',
    'fe80::1%eth0',
    'Field spec.loadBalancerIP: "fe80::1%eth0" has a zone ID ("%"), which the address of a Service cannot have. Did you mean "fe80::1"? The controller leaves the field unchanged.',
  ],
  [
    'spec',
    'auto',
    'Field spec.loadBalancerIP: "auto" is not an IP address, and this field takes exactly one. The controller leaves the field unchanged.',
  ],
];
