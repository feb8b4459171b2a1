import { BlockList, isIP } from 'node:net';
import { canonicalIP, type IPFamilyName } from './ip.ts';

const prefix: Record<IPFamilyName, string> = { IPv4: '10.96.', IPv6: 'fd00:96::' };
const addressCount: Record<IPFamilyName, number> = { IPv4: 2 ** 16, IPv6: 2 ** 20 };

/**
 * Allocates cluster IPs (spec.clusterIPs) from 10.96.0.0/12 and fd00:96::/108, in order; the real allocator picks them
 * at random. The same objects therefore always get the same addresses.
 *
 * Invariant: `#held` contains the names of all stored IPAddresses, and no address in it is allocated. The writer calls
 * hold and release with each write.
 */
export class ClusterIPs {
  readonly #held = new Set<string>();
  /**
   * Where the next search starts. The first 256 addresses come last, which leaves them to Services that request one
   * (KEP-3070). In a real cluster, the Service `kubernetes` has the first one.
   */
  readonly #next: Record<IPFamilyName, number> = { IPv4: 257, IPv6: 257 };
  readonly #range = new BlockList();

  constructor() {
    // Without the network addresses and the broadcast address.
    this.#range.addRange('10.96.0.1', '10.111.255.254', 'ipv4');
    this.#range.addRange('fd00:96::1', 'fd00:96::f:ffff', 'ipv6');
  }

  free(family: IPFamilyName): string | undefined {
    for (let tries = 0; tries < addressCount[family]; tries++) {
      const n = this.#next[family];
      this.#next[family] = n + 1 < addressCount[family] ? n + 1 : 2;
      const low = n % 65536;
      const ip =
        family === 'IPv4'
          ? `${prefix.IPv4}${n >> 8}.${n & 255}`
          : `${prefix.IPv6}${n < 65536 ? '' : `${(n >> 16).toString(16)}:`}${low.toString(16)}`;
      if (!this.#held.has(ip)) return ip;
    }
    return undefined;
  }

  /** The reason why a Service cannot have the address that it requests. */
  rejection(ip: string): string | undefined {
    const inRange = isIP(ip) !== 0 && this.#range.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');
    if (!inRange) return `failed to allocate IP ${ip}: the provided network does not match the current range`;
    const isHeld = this.#held.has(canonicalIP(ip) ?? ip);
    return isHeld ? `failed to allocate IP ${ip}: provided IP is already allocated` : undefined;
  }

  hold(ip: string): void {
    this.#held.add(ip);
  }

  release(ip: string): void {
    this.#held.delete(ip);
  }
}
