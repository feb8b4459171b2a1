/** What one case costs the core, in a process of its own. */

import type { Address } from '../../src/core/ip/address.ts';
import { heapUsed } from '../core/heap.ts';
import { serviceView } from '../core/services.ts';
import { World } from '../core/world.ts';
import { median } from '../figures.ts';
import { serve } from '../part.ts';

export interface GrowthCase {
  readonly services: number;
  readonly namespaces: number;
  /** One for all, or one for each of so many namespaces. */
  readonly pools: number;
}

export interface GrowthRow extends GrowthCase {
  /** All Services are listed and looked at once. */
  readonly firstListMs: number;
  /** The ConfigMap changes: it is read, and all Services are looked at again. */
  readonly newPoolsMs: number;
  /** A new Service comes, is given an address, and its write is answered. */
  readonly newServiceNs: number;
  readonly bytesEach: number;
}

const firstOfPools = 10n << 24n;
/** Of a pool of one namespace: a /28. */
const blockSize = 16n;
const batch = 100;
const rounds = 50;

async function growth(one: GrowthCase): Promise<GrowthRow> {
  const { services, namespaces } = one;
  const before = heapUsed();
  const views = Array.from({ length: services }, (_, i) => view(i, one, addressOf(i, one)));
  const world = new World();
  world.setPools(poolData(one));
  const adoptNs = world.adopt(views);
  const bytesEach = (heapUsed() - before) / services;
  const newPoolsNs = world.setPools({ ...poolData(one), 'search-order': 'asc' });
  const news = Array.from({ length: Math.min(batch, namespaces) }, (_, i) => view(services + i, one));
  const times = Array.from({ length: rounds }, () => {
    const { arrive, reserve, confirm } = world.batch(news, []);
    return arrive + reserve + confirm;
  });
  const milliseconds = (nsEach: number): number => (nsEach * services) / 1e6;
  return {
    ...one,
    firstListMs: milliseconds(adoptNs),
    newPoolsMs: milliseconds(newPoolsNs),
    newServiceNs: median(times),
    bytesEach,
  };
}

function view(i: number, { namespaces }: GrowthCase, address?: Address) {
  return serviceView(i, i + 1, 'IPv4', address, namespaces);
}

function addressOf(i: number, { namespaces, pools }: GrowthCase): Address {
  // Of one pool the addresses in their order, without those that are never given; else those of the namespace's block.
  const [block, place] =
    pools === 1 ? [Math.floor(i / 254), i % 254] : [i % namespaces, Math.floor(i / namespaces)];
  const size = pools === 1 ? 256n : blockSize;
  return { family: 'IPv4', value: firstOfPools + BigInt(block) * size + BigInt(place) + 1n };
}

function poolData({ pools }: GrowthCase): Record<string, string> {
  if (pools === 1) return { 'cidr-global': '10.0.0.0/8' };
  return Object.fromEntries(
    Array.from({ length: pools }, (_, i) => {
      const value = Number(firstOfPools) + i * Number(blockSize);
      const octets = [24, 16, 8, 0].map((bits) => (value >>> bits) & 255);
      return [`cidr-namespace-${i}`, `${octets.join('.')}/28`];
    }),
  );
}

await serve(growth);
