import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../src/client/transport.ts';
import { type Address, readAddress } from '../../src/core/ip/address.ts';
import { Driver, nanoseconds } from '../core/driver.ts';
import { serviceView } from '../core/services.ts';
import { count, median, short, table } from '../figures.ts';
import { definePart } from '../part.ts';
import { say } from '../progress.ts';

const blocks = { '/8': '10.0.0.0', '/64': '2001:db8::' } as const;
const heapMB = 6_144;
/** New Services in each batch. */
const batch = 1_000;

interface Case {
  readonly pool: keyof typeof blocks;
  readonly inUse: number;
  readonly rounds: number;
  readonly roundMs: number;
}

/** Times in nanoseconds for one Service, and for one key of the Map. */
export interface CoreRow {
  readonly pool: keyof typeof blocks;
  readonly order: 'asc' | 'desc';
  readonly inUse: number;
  readonly reserve: number;
  readonly map: number;
}

export const part = definePart({
  about: 'decisions per second, without a cluster',
  nodeFlags: ['--expose-gc', `--max-old-space-size=${heapMB}`],

  inputs(quick) {
    const isRoomy = process.availableMemory() > heapMB * 2 ** 20;
    if (!quick && !isRoomy) say('core: not enough free memory for 1,000,000 Services; using 50,000');
    const most = quick || !isRoomy ? 50_000 : 1_000_000;
    const rounds = quick ? { rounds: 3, roundMs: 60 } : { rounds: 5, roundMs: 250 };
    return (['/8', '/64'] as const).map((pool) => ({ pool, most, ...rounds }));
  },

  async measure({ pool, most, rounds, roundMs }) {
    say(`core: ${pool}, warming up`);
    await measureCase({ pool, inUse: 1_000, rounds: 2, roundMs: 2 * roundMs });
    const rows: CoreRow[] = [];
    for (const inUse of [1_000, most]) {
      say(`core: ${pool}, ${count(inUse)} in use`);
      rows.push(...(await measureCase({ pool, inUse, rounds, roundMs })));
    }
    return rows;
  },

  print: (...results) => `core: decide and reserve, in batches of ${count(batch)} new Services; medians
  reserve   ns for one Service
  Map       ns to set and delete one of the same addresses in a Map of all addresses in use

${table(
  ['pool', 'in use', 'order', 'per s', 'reserve', 'Map'],
  results
    .flat()
    .map(({ pool, inUse, order, reserve, map }) => [
      ...[pool, count(inUse), order, count(1e9 / reserve), count(reserve), short(map)],
    ]),
)}`,
});

async function measureCase({ pool, inUse, rounds, roundMs }: Case): Promise<CoreRow[]> {
  const family = pool === '/8' ? 'IPv4' : 'IPv6';
  const driver = new Driver();
  const poolData = (order: string) => ({ 'cidr-global': `${blocks[pool]}${pool}`, 'search-order': order });
  driver.setPools(poolData('asc'));
  const views = addressesInUse(pool, inUse).map((address, i) => serviceView(i, i + 1, family, address));
  driver.adopt(views);
  const map = new Map<string, object>(views.map((view) => [view.annotation ?? '', view]));
  // Newer than those in use.
  const pending = Array.from({ length: batch }, (_, i) => serviceView(inUse + i, 1, family));
  const rows: CoreRow[] = [];
  for (const order of ['asc', 'desc'] as const) {
    driver.setPools(poolData(order));
    const means: { reserve: number; map: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      means.push(oneRound(driver, pending, map, roundMs));
      // Lets the process receive a signal.
      await pause(0);
    }
    const of = (name: 'reserve' | 'map'): number => median(means.map((mean) => mean[name]));
    rows.push({ pool, order, inUse, reserve: of('reserve'), map: of('map') });
  }
  return rows;
}

/** The Map comes directly after each batch, so that other work on the machine affects both. */
function oneRound(
  driver: Driver,
  pending: Parameters<Driver['batch']>[0],
  map: Map<string, object>,
  roundMs: number,
): { reserve: number; map: number } {
  const sum = { reserve: 0, map: 0 };
  let batches = 0;
  for (const end = performance.now() + roundMs; batches === 0 || performance.now() < end; batches += 1) {
    const { times, addresses } = driver.batch(pending);
    sum.reserve += times.reserve;
    const begun = performance.now();
    for (const address of addresses) map.set(address, pending);
    for (const address of addresses) map.delete(address);
    sum.map += nanoseconds(begun, addresses.length);
  }
  return { reserve: sum.reserve / batches, map: sum.map / batches };
}

/** Distinct addresses of the pool, at random places. */
function addressesInUse(pool: Case['pool'], inUse: number): Address[] {
  const base = readAddress(blocks[pool]);
  if (base === undefined) throw new Error(`not an address: ${blocks[pool]}`);
  const random = seeded(inUse + 1);
  const upTo = (bits: number): bigint => BigInt(Math.floor(random() * 2 ** bits));
  const hosts = new Set<bigint>();
  while (hosts.size < inUse) {
    const host = pool === '/8' ? upTo(24) : (upTo(32) << 32n) | upTo(32);
    // IPv4 addresses that end in .0 or .255 are never allocated.
    const isAllocated = pool === '/8' ? (host & 255n) % 255n !== 0n : host !== 0n;
    if (isAllocated) hosts.add(host);
  }
  return [...hosts].map((host) => ({ family: base.family, value: base.value + host }));
}

/** The same addresses in every run (mulberry32). */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
