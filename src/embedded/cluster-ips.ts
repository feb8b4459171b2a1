import { BlockList, isIP } from 'node:net';

export type Family = 'IPv4' | 'IPv6';

const prefix: Record<Family, string> = { IPv4: '10.96.', IPv6: 'fd00:96::' };
const most: Record<Family, number> = { IPv4: 2 ** 16, IPv6: 2 ** 20 };

export function familyOf(ip: string): Family {
  return isIP(ip) === 6 ? 'IPv6' : 'IPv4';
}

/**
 * The cluster's own addresses (spec.clusterIPs), from 10.96.0.0/12 and fd00:96::/108, IPv4 first. Handed out in
 * order, where the real allocator picks at random, so that the same world always looks the same.
 *
 * Invariant: `#held` is what the stored Services show; the store's writer calls hold and release with each write.
 */
export class ClusterIPs {
  readonly #held = new Set<string>();
  /** Where the next search begins. 10.96.0.1 is the Service `kubernetes` of a real cluster. */
  readonly #next: Record<Family, number> = { IPv4: 2, IPv6: 2 };
  readonly #range = new BlockList();

  constructor() {
    this.#range.addSubnet('10.96.0.0', 12, 'ipv4');
    this.#range.addSubnet('fd00:96::', 108, 'ipv6');
  }

  free(family: Family): string | undefined {
    for (let tries = 0; tries < most[family]; tries++) {
      const n = this.#next[family];
      this.#next[family] = n + 1 < most[family] ? n + 1 : 2;
      const low = n % 65536;
      const ip =
        family === 'IPv4'
          ? `${prefix.IPv4}${n >> 8}.${n & 255}`
          : `${prefix.IPv6}${n < 65536 ? '' : `${(n >> 16).toString(16)}:`}${low.toString(16)}`;
      if (!this.#held.has(ip)) return ip;
    }
    return undefined;
  }

  /** Why a Service may not have the address that it asks for. */
  refusal(ip: string): string | undefined {
    const inRange = isIP(ip) !== 0 && this.#range.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');
    if (!inRange) return `failed to allocate IP ${ip}: the provided network does not match the current range`;
    return this.#held.has(ip) ? `failed to allocate IP ${ip}: provided IP is already allocated` : undefined;
  }

  hold(ips: readonly string[]): void {
    for (const ip of ips) if (ip !== 'None') this.#held.add(ip);
  }

  release(ips: readonly string[]): void {
    for (const ip of ips) this.#held.delete(ip);
  }
}
