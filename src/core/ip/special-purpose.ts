import { type Family, readAddress } from './address.ts';
import { block, type Range, rangesMeet } from './range.ts';

/** A block that the IANA special-purpose registries (RFC 6890) keep from being the address of a Service on a network. */
export interface SpecialPurpose {
  readonly name: 'this-network' | 'loopback' | 'multicast' | 'reserved' | 'link-local' | 'documentation';
  readonly range: Range;
  /** Whether no host on a network can reach such an address. Otherwise it is merely suspicious in a pool. */
  readonly isUnusable: boolean;
}

/** The unspecified addresses are missing: they request DHCP. */
const registry: readonly SpecialPurpose[] = [
  special('this-network', '0.0.0.0', 8, true),
  special('loopback', '127.0.0.0', 8, true),
  special('multicast', '224.0.0.0', 4, true),
  special('reserved', '240.0.0.0', 4, true),
  special('link-local', '169.254.0.0', 16, false),
  special('documentation', '192.0.2.0', 24, false),
  special('documentation', '198.51.100.0', 24, false),
  special('documentation', '203.0.113.0', 24, false),
  special('loopback', '::1', 128, true),
  special('multicast', 'ff00::', 8, true),
  special('link-local', 'fe80::', 10, false),
  special('documentation', '2001:db8::', 32, false),
  special('documentation', '3fff::', 20, false),
];

function special(
  name: SpecialPurpose['name'],
  text: string,
  length: number,
  isUnusable: boolean,
): SpecialPurpose {
  const address = readAddress(text);
  if (address === undefined) throw new Error(`${text} is not an address`);
  return { name, range: block(address, length), isUnusable };
}

/** The special-purpose blocks that contain an address of the range. */
export function specialPurposesIn(range: Range): SpecialPurpose[] {
  const possible = byFamily[range.family];
  return possible.filter((special) => rangesMeet(special.range, range));
}

const byFamily: Readonly<Record<Family, readonly SpecialPurpose[]>> = {
  IPv4: registry.filter(({ range }) => range.family === 'IPv4'),
  IPv6: registry.filter(({ range }) => range.family === 'IPv6'),
};
