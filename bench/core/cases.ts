import type { Random } from '../../src/client/transport.ts';
import { type Address, type Family, parseAddress } from '../../src/core/ip/address.ts';

export const poolNames = ['/24', '/8', '/64'] as const;
export type PoolName = (typeof poolNames)[number];

export interface Case {
  readonly pool: PoolName;
  readonly inUse: number;
  /** New Services that come at once. */
  readonly batch: number;
}

const blocks: Readonly<Record<PoolName, string>> = {
  '/24': '10.0.0.0/24',
  '/8': '10.0.0.0/8',
  '/64': '2001:db8::/64',
};

/** What the /24 gives: all but its first and last address. */
const sizeOf24 = 254;

export function casesOf(pool: PoolName, most: number): Case[] {
  if (pool !== '/24') return [0, 1_000, most].map((inUse) => ({ pool, inUse, batch: 1_000 }));
  // No more than fit beside 99 %, and as many for all three, so that only the addresses in use differ.
  return [0, 0.5, 0.99].map((part) => ({ pool, inUse: Math.round(sizeOf24 * part), batch: 2 }));
}

export function familyOf(pool: PoolName): Family {
  return pool === '/64' ? 'IPv6' : 'IPv4';
}

/** The ConfigMap's data. */
export function poolData(pool: PoolName, descending: boolean): Record<string, string> {
  return { 'cidr-global': blocks[pool], 'search-order': descending ? 'desc' : 'asc' };
}

/** So many different addresses of the pool, at random places. */
export function randomAddresses({ pool, inUse }: Case, random: Random): Address[] {
  const base = parseAddress(blocks[pool].split('/')[0] ?? '');
  if (typeof base === 'string') throw new Error(`${blocks[pool]} is not a block`);
  const seen = new Set<bigint>();
  const addresses: Address[] = [];
  while (addresses.length < inUse) {
    const host = randomHost(pool, random);
    const last = host & 255n;
    // These are never given in IPv4, and the others of the pool are all there are to choose from.
    if (base.family === 'IPv4' && (last === 0n || last === 255n)) continue;
    if (host === 0n || seen.has(host)) continue;
    seen.add(host);
    addresses.push({ family: base.family, value: base.value + host });
  }
  return addresses;
}

function randomHost(pool: PoolName, random: Random): bigint {
  const upTo = (bits: number): bigint => BigInt(Math.floor(random() * 2 ** bits));
  if (pool === '/24') return upTo(8);
  if (pool === '/8') return upTo(24);
  return (upTo(32) << 32n) | upTo(32);
}

/** The same in every run: figures of two runs differ by the machine alone (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
