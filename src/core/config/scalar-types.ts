import { parseBool } from '../text/suggestions.ts';
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

export const order = scalar({
  description: '`asc` or `desc`',
  parse: (text) => (text === 'asc' || text === 'desc' ? text : undefined),
  code: 'bad-order',
  valid: ['asc', 'desc'],
  invalid: ['', 'DESC', ' desc', 'descending'],
  admission: { isInvalid: "!(value in ['asc', 'desc'])", message: 'is neither "asc" nor "desc".' },
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
