import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig, readConfigInSteps } from '../../src/core/config/config.ts';
import { countOf } from '../../src/core/config/config-problem.ts';
import type { Pool } from '../../src/core/config/pool.ts';
import { isWithin } from '../../src/core/config/spans.ts';
import { explainProblems, maxExplained } from '../../src/core/explain/explain-config.ts';
import { addressAt, type Range, rangesMeet } from '../../src/core/ip/range.ts';
import { maxOverlaps, overlapsIn } from '../../src/core/queries/report.ts';

/** ConfigMaps about as large as etcd accepts. */

function many(count: number, entry: (i: number) => [key: string, value: string]): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => entry(i)));
}

function configMap(data: Record<string, string>) {
  return { metadata: { name: 'kubevip' }, data };
}

test('30,000 malformed pools are counted, and some are explained', () => {
  const { problems, pools } = readConfig(configMap(many(30_000, (i) => [`cidr-ns-${i}`, `10.0.${i}.x-y`])));
  assert.equal(pools.size, 30_000);
  // The reason and the correction take most of the time: reading does not look for them.
  assert.deepEqual(problems[0], { code: 'bad-entry', key: 'cidr-ns-0', entry: '10.0.0.x-y' });
  const sentences = explainProblems(problems);
  assert.equal(sentences.length, maxExplained + 1);
  assert.equal(
    sentences.at(-1),
    `The ConfigMap has more problems: entries that cannot be read (${30_000 - maxExplained}).`,
  );
});

test('60,000 malformed entries of one pool are counted, and problems of other pools are still explained', () => {
  const bad = Array.from({ length: 60_000 }, (_, i) => `x${i}`).join(',');
  const { problems } = readConfig(configMap({ 'cidr-a': bad, 'cidr-b': '10.0.0.300', 'cdir-c': '10.0.0.1' }));
  assert.ok(problems.length < 100, 'a pool does not keep a problem for each entry');
  const counted = problems.map(countOf).filter(({ code }) => code === 'bad-entry');
  assert.equal(
    counted.reduce((sum, { count }) => sum + count, 0),
    60_001,
  );
  const sentences = explainProblems(problems);
  assert.ok(
    sentences.includes('cidr-a has more problems: entries that cannot be read (59980).'),
    sentences.join('\n'),
  );
  assert.ok(sentences.includes('Unknown key "cdir-c". Did you mean "cidr-c"?'));
  assert.equal(sentences.at(-1), 'The ConfigMap has more problems: entries that cannot be read (1).');
});

test('the steps of reading grow with the entries, and each does a part of the work', () => {
  const steps = (data: Record<string, string>): number => [...readConfigInSteps(configMap(data))].length;
  const one = (entry: (i: number) => string) => (count: number) =>
    steps({ 'cidr-global': Array.from({ length: count }, (_, i) => entry(i)).join(',') });
  const kinds = [
    one((i) => `10.0.${i >> 7}.${(i & 127) * 2 + 1}`),
    one((i) => `x${i}`),
    (count: number) => steps(many(count, (i) => [`cidr-ns-${i}`, '10.0.0.0/24'])),
    (count: number) => steps(many(count, (i) => [`cdir-ns-${i}`, '10.0.0.0/24'])),
  ];
  for (const kind of kinds) {
    assert.ok(kind(1_000) >= 1_000);
    assert.ok(kind(4_000) <= 4.1 * kind(1_000));
  }
});

const rangeOf = (first: number, last: number, family: Range['family'] = 'IPv4'): Range => ({
  ...{ family, first: BigInt(first), last: BigInt(last) },
});

/** Only the key and the ranges matter here. */
function poolOf(key: string, ranges: readonly Range[]): Pool {
  const none = { IPv4: false, IPv6: false };
  const size = { IPv4: 0n, IPv6: 0n };
  return { key, trimmed: true, ranges, size, spans: { IPv4: [], IPv6: [] }, dhcp: none, dhcpOnly: undefined };
}

test('each pool is found with its overlaps, up to a number', () => {
  const range = fc
    .tuple(fc.constantFrom('IPv4' as const, 'IPv6' as const), fc.nat(60), fc.nat(15))
    .map(([family, first, length]) => rangeOf(first, first + length, family));
  const disjoint = fc
    .array(range, { minLength: 1, maxLength: 4 })
    .map((ranges) => ranges.filter((one, i) => !ranges.slice(0, i).some((other) => rangesMeet(one, other))));
  fc.assert(
    fc.property(fc.array(disjoint, { maxLength: 40 }), (all) => {
      const pools = all.map((ranges, i) => poolOf(`cidr-${i}`, ranges));
      const found = overlapsIn(pools);
      for (const { key, ranges } of pools) {
        const others = pools.filter(
          (other) => other.key !== key && other.ranges.some((a) => ranges.some((b) => rangesMeet(a, b))),
        );
        const { keys, hasMore } = found.get(key) ?? { keys: [], hasMore: false };
        assert.equal(keys.length, Math.min(others.length, maxOverlaps));
        assert.equal(hasMore, others.length > maxOverlaps);
        for (const one of keys) assert.ok(others.some((other) => other.key === one));
      }
    }),
  );
});

test('finding overlaps grows like sorting, also where every pool overlaps every other', () => {
  const reads = (count: number): number => {
    let read = 0;
    const counting = (first: number): Range => ({
      ...rangeOf(first, 1_000_000),
      get last() {
        read += 1;
        return 1_000_000n;
      },
    });
    overlapsIn(Array.from({ length: count }, (_, i) => poolOf(`cidr-${i}`, [counting(i)])));
    return read;
  };
  assert.ok(reads(4_000) < 5 * reads(1_000));
});

test('an address is found among thousands of spans in few steps', () => {
  let reads = 0;
  const all = Array.from({ length: 10_000 }, (_, i) => ({ first: BigInt(4 * i), last: BigInt(4 * i + 1) }));
  const spans = new Proxy(all, {
    get(target, key, receiver) {
      reads += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  for (const ordinal of [0n, 1n, 2n, 19_996n, 19_997n, 19_999n, 39_996n, 39_997n, 39_998n, 50_000n]) {
    const isInSpan = ordinal % 4n < 2n && ordinal < 40_000n;
    assert.equal(isWithin(spans, addressAt('IPv4', ordinal)), isInSpan, String(ordinal));
  }
  assert.ok(reads < 10 * 20, `${reads} reads`);
});
