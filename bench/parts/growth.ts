import type { Address } from '../../src/core/ip/address.ts';
import { Driver, heapUsed } from '../core/driver.ts';
import { serviceView } from '../core/services.ts';
import { count, median, short, table } from '../figures.ts';
import { definePart } from '../part.ts';

interface GrowthCase {
  readonly services: number;
  readonly namespaces: number;
  /** One global pool, or one for each namespace. */
  readonly pools: number;
}

const cases: readonly GrowthCase[] = [
  ...[1_000, 10_000, 100_000].map((services) => ({ services, namespaces: 100, pools: 1 })),
  ...[1_000, 10_000, 100_000].map((namespaces) => ({ services: 100_000, namespaces, pools: 1 })),
  // A ConfigMap of a megabyte has room for three times as many pools.
  ...[1_000, 10_000].map((pools) => ({ services: 10 * pools, namespaces: pools, pools })),
];

const firstAddress = 10n << 24n;
/** Of the pool of one namespace: a /28. */
const blockSize = 16n;

export const part = definePart({
  about: 'decisions with more Services, namespaces and pools, without a cluster',
  nodeFlags: ['--expose-gc'],
  inputs: (quick) => cases.filter(({ services }) => !quick || services <= 10_000),

  async measure(input) {
    const { services, namespaces } = input;
    const view = (i: number, address?: Address) => serviceView(i, i + 1, 'IPv4', address, namespaces);
    const before = heapUsed();
    const views = Array.from({ length: services }, (_, i) => view(i, addressOf(i, input)));
    const driver = new Driver();
    driver.setPools(poolData(input));
    const adoptNs = driver.adopt(views);
    const bytesEach = (heapUsed() - before) / services;
    const newPoolsNs = driver.setPools({ ...poolData(input), 'search-order': 'asc' });
    const pending = Array.from({ length: 100 }, (_, i) => view(services + i));
    const times = Array.from({ length: 50 }, () => {
      const { arrive, reserve, confirm } = driver.batch(pending).times;
      return arrive + reserve + confirm;
    });
    const milliseconds = (nsEach: number): number => (nsEach * services) / 1e6;
    return {
      ...{ ...input, firstListMs: milliseconds(adoptNs), newPoolsMs: milliseconds(newPoolsNs) },
      ...{ newServiceNs: median(times), bytesEach },
    };
  },

  print: (...rows) => `growth: the core alone; all Services have an address
  first list   all Services are added and decided, without decoding them
  new pools    the ConfigMap changes, and all Services are decided again
  one new      a Service is added, gets an address, and its write is answered

${table(
  ['Services', 'namespaces', 'pools', 'first list ms', 'new pools ms', 'one new µs', 'bytes each'],
  rows.map((row) => [
    ...[row.services, row.namespaces, row.pools].map(count),
    ...[row.firstListMs, row.newPoolsMs, row.newServiceNs / 1_000].map(short),
    count(row.bytesEach),
  ]),
)}`,
});

/** The addresses of one pool in order, without those that are never allocated; or those of the namespace's block. */
function addressOf(i: number, { namespaces, pools }: GrowthCase): Address {
  const [block, host] =
    pools === 1 ? [Math.floor(i / 254), i % 254] : [i % namespaces, Math.floor(i / namespaces)];
  const size = pools === 1 ? 256n : blockSize;
  return { family: 'IPv4', value: firstAddress + BigInt(block) * size + BigInt(host) + 1n };
}

function poolData({ pools }: GrowthCase): Record<string, string> {
  if (pools === 1) return { 'cidr-global': '10.0.0.0/8' };
  const entries = Array.from({ length: pools }, (_, i) => {
    const value = Number(firstAddress) + i * Number(blockSize);
    const octets = [24, 16, 8, 0].map((bits) => (value >>> bits) & 255);
    return [`cidr-namespace-${i}`, `${octets.join('.')}/28`] as const;
  });
  return Object.fromEntries(entries);
}
