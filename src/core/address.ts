/**
 * IP addresses as values: strict reading, canonical writing, order.
 *
 * Strict (spec section 3): what two programs could read differently is refused, so that an address which we reserve is
 * the address which is announced. `010.0.0.1` is 10.0.0.1 to one library and 8.0.0.1 to another (RFC 6943 section 3.1.1).
 */

export type Family = 'IPv4' | 'IPv6';

export interface Address {
  readonly family: Family;
  /** 0 to 2^32-1 or 2^128-1. */
  readonly value: bigint;
}

/** Why a text is no address. `explain.ts` words them. */
export type AddressFault =
  | 'empty'
  | 'not-an-address'
  | 'leading-zero'
  | 'octet-above-255'
  | 'zone'
  | 'ipv4-mapped';

export const bits: Readonly<Record<Family, number>> = { IPv4: 32, IPv6: 128 };

/** The asking for an address by DHCP, in place of one: never in use, never in conflict (spec section 6). */
export function isUnspecified(address: Address): boolean {
  return address.value === 0n;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.value === b.value && a.family === b.family;
}

/** IPv4 before IPv6, then by value: negative, zero or positive. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family === 'IPv4' ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/**
 * The address that `text` spells, or why it spells none. White space around it is the caller's to remove.
 * Takes dotted quads without leading zeros and every RFC 4291 spelling of IPv6 but zone ids and the IPv4-mapped block.
 */
export function parseAddress(text: string): Address | AddressFault {
  if (text === '') return 'empty';
  if (text.includes('%')) return 'zone';
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

/** `parseAddress` for where the reason does not matter. */
export function readAddress(text: string): Address | undefined {
  const parsed = parseAddress(text);
  return typeof parsed === 'string' ? undefined : parsed;
}

function parseIPv4(text: string): Address | AddressFault {
  const octets = text.split('.');
  if (octets.length !== 4) return 'not-an-address';
  let value = 0;
  let fault: AddressFault | undefined;
  for (const octet of octets) {
    if (!/^[0-9]{1,10}$/.test(octet)) return 'not-an-address';
    if (octet.length > 1 && octet.startsWith('0')) fault = 'leading-zero';
    else if (Number(octet) > 255) fault ??= 'octet-above-255';
    value = value * 256 + Number(octet);
  }
  return fault ?? { family: 'IPv4', value: BigInt(value) };
}

function parseIPv6(text: string): Address | AddressFault {
  const halves = text.split('::');
  if (halves.length > 2) return 'not-an-address';
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail] = groups;
  // RFC 4291 section 2.2 (3): the last 32 bits may be a dotted quad.
  const last = tail === undefined ? head : tail;
  const quad = last.at(-1);
  if (quad?.includes('.')) {
    const embedded = parseIPv4(quad);
    if (typeof embedded === 'string') return embedded;
    last.splice(-1, 1, (embedded.value >> 16n).toString(16), (embedded.value & 0xffffn).toString(16));
  }
  const given = head.length + (tail?.length ?? 0);
  if (tail === undefined ? given !== 8 : given > 7) return 'not-an-address';
  let value = 0n;
  for (const group of [...head, ...new Array<string>(8 - given).fill('0'), ...(tail ?? [])]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return 'not-an-address';
    value = (value << 16n) | BigInt(Number.parseInt(group, 16));
  }
  // ::ffff:0:0/96 is IPv4 in another coat: one address with two names could be given twice.
  if (value >> 32n === 0xffffn) return 'ipv4-mapped';
  return { family: 'IPv6', value };
}

/** The canonical text: dotted quad, or RFC 5952. */
export function formatAddress({ family, value }: Address): string {
  return family === 'IPv4' ? formatIPv4(Number(value)) : formatIPv6(value);
}

/** Of the four words of 32 bits, the highest first: arithmetic on numbers is cheaper than on bigints. */
const wordShifts = [96n, 64n, 32n, 0n] as const;

function formatIPv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatIPv6(value: bigint): string {
  const groups: number[] = [];
  for (const shift of wordShifts) {
    const word = Number((value >> shift) & 0xffff_ffffn);
    groups.push(word >>> 16, word & 0xffff);
  }
  // RFC 5952 section 4.2: the longest run of two or more zero groups becomes "::", the first of equals.
  let start = 0;
  let length = 1;
  for (let i = 0; i < 8; i += 1) {
    let end = i;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - i > length) [start, length] = [i, end - i];
    if (end > i) i = end;
  }
  let text = '';
  for (let i = 0; i < 8; i += 1) {
    if (length >= 2 && i === start) {
      text += '::';
      i += length - 1;
    } else text += (i > 0 && !text.endsWith(':') ? ':' : '') + hexOf(groups, i);
  }
  return text;
}

function hexOf(groups: readonly number[], i: number): string {
  return (groups[i] ?? 0).toString(16);
}
