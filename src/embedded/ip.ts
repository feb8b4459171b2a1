import { isIP } from 'node:net';

export type IPFamilyName = 'IPv4' | 'IPv6';

export function familyOf(ip: string): IPFamilyName {
  return isIP(ip) === 6 ? 'IPv6' : 'IPv4';
}

/** The spelling of an address that Go prints (RFC 5952); undefined if `text` is not an address. */
export function canonicalIP(text: string): string | undefined {
  if (isIP(text) === 4) return text;
  // Addresses in Kubernetes have no zone.
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  // A URL's host is written by the same rules (URL Standard, "IPv6 serializer").
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

export function ipAddress(text: string): string[] {
  return isIP(text) === 0 ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : [];
}

/** apimachinery's pkg/util/validation/ip.go, IsValidIP. */
export function canonicalAddress(text: string): string[] {
  const canonical = canonicalIP(text);
  if (canonical === undefined) {
    const isPadded = isIP(text.replace(/(?<![^.])0+(?=\d)/g, '')) === 4;
    return isPadded ? ['must not have leading 0s'] : ipAddress('');
  }
  if (/^::ffff:[0-9a-f]+:[0-9a-f]+$/.test(canonical)) return ['must not be an IPv4-mapped IPv6 address'];
  return canonical === text ? [] : [`must be in canonical form ("${canonical}")`];
}
