/**
 * IP addresses as values: strict parsing, canonical formatting, and order.
 *
 * Parsing is strict (spec section 3): a text that two programs could read differently is rejected, because kube-vip must
 * announce the address that this controller reserved. `010.0.0.1` is 10.0.0.1 to one library and 8.0.0.1 to another (RFC 6943
 * section 3.1.1).
 */

export type Family = 'IPv4' | 'IPv6';

export interface Address {
  readonly family: Family;
  /** 0 to 2^32-1 or 2^128-1. */
  readonly value: bigint;
}

/** Why a text is not an address. explain-config.ts has the sentences. */
export type AddressFault =
  | 'empty'
  | 'not-an-address'
  | 'leading-zero'
  | 'octet-above-255'
  | 'zone'
  | 'ipv4-mapped';

export const bits: Readonly<Record<Family, number>> = { IPv4: 32, IPv6: 128 };

/** Whether the address is 0.0.0.0 or ::, which requests DHCP: never in use, never in conflict (spec section 6). */
export function isUnspecified(address: Address): boolean {
  return address.value === 0n;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.value === b.value && a.family === b.family;
}

export function includesAddress(addresses: readonly Address[], address: Address): boolean {
  for (const one of addresses) if (sameAddress(one, address)) return true;
  return false;
}

/** IPv4 before IPv6, then by value: negative, zero or positive. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family === 'IPv4' ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/**
 * Parses an address, or returns why it is not one. The caller removes white space around it. Accepts dotted decimal notation
 * without leading zeros, and every notation of RFC 4291 except zone IDs and IPv4-mapped addresses.
 */
export function parseAddress(text: string): Address | AddressFault {
  if (text === '') return 'empty';
  if (text.includes('%')) return 'zone';
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

/** `parseAddress`, if the reason does not matter. */
export function readAddress(text: string): Address | undefined {
  const parsed = parseAddress(text);
  return typeof parsed === 'string' ? undefined : parsed;
}

// Parsing works on character codes because a controller parses every address in the cluster at startup.
const dot = 0x2e;
const zero = 0x30;
const colon = 0x3a;

function parseIPv4(text: string): Address | AddressFault {
  let value = 0;
  let octets = 0;
  let octet = 0;
  let digits = 0;
  let fault: AddressFault | undefined;
  for (let i = 0; i <= text.length; i += 1) {
    const code = i < text.length ? text.charCodeAt(i) : dot;
    if (code === dot) {
      if (digits === 0 || digits > 10) return 'not-an-address';
      if (octet > 255) fault ??= 'octet-above-255';
      value = value * 256 + octet;
      octets += 1;
      octet = 0;
      digits = 0;
    } else {
      if (code < zero || code > zero + 9) return 'not-an-address';
      if (digits > 0 && octet === 0) fault = 'leading-zero';
      octet = octet * 10 + code - zero;
      digits += 1;
    }
  }
  if (octets !== 4) return 'not-an-address';
  return fault ?? { family: 'IPv4', value: BigInt(value) };
}

function parseIPv6(text: string): Address | AddressFault {
  const gap = text.indexOf('::');
  if (gap !== text.lastIndexOf('::')) return 'not-an-address';
  // RFC 4291 section 2.2 (3): the last 32 bits may be in dotted decimal notation.
  const quad = text.includes('.') ? parseIPv4(text.slice(text.lastIndexOf(':') + 1)) : undefined;
  if (typeof quad === 'string') return quad;
  const end = quad === undefined ? text.length : text.lastIndexOf(':') + 1;
  const groups: number[] = [];
  let before = 0;
  for (let at = gap === 0 ? 2 : 0; at < end; at += 1) {
    let group = 0;
    const start = at;
    for (let digit = hexDigit(text, at); digit !== undefined; digit = hexDigit(text, at)) {
      group = group * 16 + digit;
      at += 1;
    }
    if (at === start || at > start + 4) return 'not-an-address';
    groups.push(group);
    if (at === gap) {
      before = groups.length;
      at += 1;
    } else if (at < end && (text.charCodeAt(at) !== colon || at + 1 === text.length)) return 'not-an-address';
  }
  if (quad !== undefined) groups.push(Number(quad.value >> 16n), Number(quad.value & 0xffffn));
  const zeros = 8 - groups.length;
  if (gap < 0 ? zeros !== 0 : zeros < 1) return 'not-an-address';
  for (let i = 0; i < zeros; i += 1) groups.splice(before, 0, 0);
  // ::ffff:0:0/96 is another notation of IPv4: an address with two names could be assigned twice.
  if (groups.findIndex((group) => group !== 0) === 5 && groups[5] === 0xffff) return 'ipv4-mapped';
  const word = (i: number): bigint => BigInt((groups[i] ?? 0) * 0x1_0000 + (groups[i + 1] ?? 0));
  return { family: 'IPv6', value: (((word(0) << 32n) | word(2)) << 64n) | (word(4) << 32n) | word(6) };
}

function hexDigit(text: string, at: number): number | undefined {
  const code = text.charCodeAt(at);
  if (code >= zero && code <= zero + 9) return code - zero;
  // 0x20 converts to lower case.
  const letter = (code | 0x20) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : undefined;
}

/** The canonical text: dotted decimal, or RFC 5952. */
export function formatAddress({ family, value }: Address): string {
  return family === 'IPv4' ? formatIPv4(Number(value)) : formatIPv6(value);
}

function formatIPv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatIPv6(value: bigint): string {
  const groups = groupsOf(value);
  // RFC 5952 section 4.2: the longest run of two or more zero groups becomes "::", the first one if several are equally long.
  // 8: there is none.
  let start = 8;
  let length = 1;
  for (let i = 0; i < 8; i += 1) {
    let end = i;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  const end = start + length;
  return start === 8 ? hexOf(groups, 0, 8) : `${hexOf(groups, 0, start)}::${hexOf(groups, end, 8)}`;
}

/** Eight groups of 16 bits, the highest first. */
function groupsOf(value: bigint): readonly number[] {
  // Arithmetic is cheaper on 64 bits than on 128, and on numbers than on bigints.
  const high = BigInt.asUintN(64, value >> 64n);
  const low = BigInt.asUintN(64, value);
  const [a, b] = [Number(high >> 32n), Number(high & 0xffff_ffffn)];
  const [c, d] = [Number(low >> 32n), Number(low & 0xffff_ffffn)];
  return [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, c >>> 16, c & 0xffff, d >>> 16, d & 0xffff];
}

/** The groups from `start` up to `end`, with colons between them. */
function hexOf(groups: readonly number[], start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i += 1) text += (i > start ? ':' : '') + (groups[i] ?? 0).toString(16);
  return text;
}
