import { isIP } from 'node:net';

export type IPFamilyName = 'IPv4' | 'IPv6';

export function familyOf(ip: string): IPFamilyName {
  return isIP(ip) === 6 ? 'IPv6' : 'IPv4';
}

/** The one spelling of an address that Go prints (RFC 5952), or nothing if it is none. */
export function canonicalIP(text: string): string | undefined {
  if (isIP(text) === 4) return text;
  // A zone belongs to a machine; Kubernetes' addresses have none.
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  // A URL's host is written by the same rules (URL Standard, "IPv6 serializer").
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}
