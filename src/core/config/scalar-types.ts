import { parseBool } from '../text/suggestions.ts';
import { dnsLabel, isDnsLabel } from './dns-label.ts';
import { scalar } from './value-type.ts';

const notBoolean = 'is neither "true" nor "false".';

/** The spellings of Go's strconv.ParseBool, which the Go version uses for some keys. */
export const goBoolean = scalar({
  description: '`"true"` or `"false"`, or as in Go',
  parse: parseBool,
  code: 'bad-boolean',
  valid: ['true', 'True', 'TRUE', 't', 'T', '1', 'false', 'False', 'FALSE', 'f', 'F', '0'],
  invalid: ['', ' true', 'true\n', 'yes', 'on', 'tRUE', '01'],
  admission: {
    isInvalid: "!value.matches('^([tTfF01]|true|True|TRUE|false|False|FALSE)$')",
    message: notBoolean,
  },
});

export const boolean = scalar({
  description: '`"true"` or `"false"`',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  code: 'bad-boolean',
  valid: ['true', 'false'],
  invalid: ['', 'true ', 'True', '1', 'no'],
  admission: { isInvalid: "!(value in ['true', 'false'])", message: notBoolean },
});

export const searchOrders = ['asc', 'desc', 'least-recently-used', 'spread'] as const;

/** In which order the addresses of a pool are allocated. */
export type SearchOrder = (typeof searchOrders)[number];

export const order = scalar<SearchOrder>({
  description: '`asc`, `desc`, `least-recently-used`, or `spread`',
  parse: (text) => searchOrders.find((order) => order === text),
  code: 'bad-order',
  valid: [...searchOrders],
  invalid: ['', 'DESC', ' desc', 'descending', 'lru', 'random'],
  admission: {
    isInvalid: "!(value in ['asc', 'desc', 'least-recently-used', 'spread'])",
    message: 'is not an order. Use "asc", "desc", "least-recently-used", or "spread".',
  },
});

/** More than a year is not worth remembering. */
const maxDurationHours = 9_000;

/** In milliseconds. */
export const duration = scalar({
  description: 'a duration, such as `90s`, `5m`, or `1h30m`',
  parse: (text) => {
    const parts = /^(?=[0-9])(?:([0-9]{1,4})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?$/.exec(text.trim());
    if (parts === null) return undefined;
    const [, hours = '0', minutes = '0', seconds = '0'] = parts;
    const total = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
    return total <= maxDurationHours * 3_600 ? total * 1_000 : undefined;
  },
  code: 'bad-duration',
  valid: ['5m', '1h', '1h30m', ' 90s\n', '24h', '0s'],
  invalid: ['', '5', '5 minutes', '1d', '-5m', '5m1h', 'm', '1.5h', '9999h'],
  admission: {
    isInvalid:
      "!value.trim().matches('^([0-9]{1,4}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?$') || value.trim() == '' || duration(value.trim()) > duration('9000h')",
    message: 'is not a duration. Use hours, minutes, and seconds, such as 1h30m.',
  },
});

/** Linux: at most 15 bytes, no white space, no slash (dev_valid_name in net/core/dev.c). White space around it does not count. */
export const interfaceName = scalar({
  description: 'a network interface',
  parse: (text) => {
    const name = text.trim();
    return /^[\x21-\x2e\x30-\x7e]{1,15}$/.test(name) && name !== '.' && name !== '..' ? name : undefined;
  },
  code: 'bad-interface',
  valid: ['eth0', ' bond0.100\n', '\ufeffbr-lan', 'enp0s31f6@12345', '...', "~!'"],
  invalid: ['', ' ', '.', '..', 'eth 0', 'eth/0', 'enp0s31f6@123456', 'eth\u00e9'],
  admission: {
    isInvalid: "!value.trim().matches('^[!-.0-~]{1,15}$') || value.trim() in ['.', '..']",
    message: 'is not a valid network interface name. Use 1 to 15 characters without spaces or slashes.',
  },
});

/** IEEE 802.1Q: 0 and 4095 are reserved. */
const maxVlan = 4094;

export const vlan = scalar({
  description: 'a VLAN ID, 1 to 4094',
  parse: (text) => {
    const id = text.trim();
    return /^[1-9][0-9]{0,3}$/.test(id) && Number(id) <= maxVlan ? id : undefined;
  },
  code: 'bad-vlan',
  valid: ['1', '120', ' 4094\n'],
  invalid: ['', '0', '4095', '-1', '012', '1.5', 'eth0.120', '99999'],
  admission: {
    isInvalid: "!value.trim().matches('^[1-9][0-9]{0,3}$') || int(value.trim()) > 4094",
    message: 'is not a VLAN ID. Use a number from 1 to 4094.',
  },
});

const subdomain = '[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const onlySubdomain = new RegExp(`^${subdomain}$`);

/** The name of a Lease, a DNS subdomain (RFC 1123), in the namespace of the Service or in the one before the slash. */
export const leaseName = scalar({
  description: 'the name of a Lease, or `namespace/name`',
  parse: (text) => {
    const name = text.trim();
    const [namespace, lease, more] = name.includes('/') ? name.split('/') : ['default', name];
    const isValid =
      isDnsLabel(namespace ?? '') &&
      onlySubdomain.test(lease ?? '') &&
      more === undefined &&
      (lease ?? '').length <= 253;
    return isValid ? name : undefined;
  },
  code: 'bad-lease',
  valid: ['shared', 'kube-vip/edge.lease', ' a\n'],
  invalid: ['', 'Shared', 'a/b/c', '/a', 'a/', 'a b', '-a', `${'a'.repeat(64)}/b`],
  admission: {
    isInvalid: `!value.trim().matches('^(${dnsLabel}/)?${subdomain}$') || value.size() > 330`,
    message: 'is not the name of a Lease. Use NAME or NAMESPACE/NAME.',
  },
});

/** More addresses than any namespace holds. */
const maxQuotaDigits = 9;

export const quota = scalar({
  description: 'a number of addresses',
  parse: (text) => {
    const number = text.trim();
    return /^(?:0|[1-9][0-9]*)$/.test(number) && number.length <= maxQuotaDigits ? Number(number) : undefined;
  },
  code: 'bad-quota',
  valid: ['0', '5', ' 100\n'],
  invalid: ['', '-1', '5.5', '05', 'five', '10 addresses', '1e3', '9999999999'],
  admission: {
    isInvalid: "!value.trim().matches('^(0|[1-9][0-9]{0,8})$')",
    message: 'is not a number of addresses. Use a whole number that is not negative.',
  },
});
