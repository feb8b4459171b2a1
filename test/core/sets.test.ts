import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePoolEntry } from '../../src/core/config/pool-entry.ts';
import { formatRange } from '../../src/core/explain/explain-config.ts';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { AddressMap } from '../../src/core/ip/address-map.ts';
import { IntervalSet } from '../../src/core/ip/interval-set.ts';
import {
  addressAt,
  mergeRanges,
  ordinalOf,
  ordinalsOf,
  type Range,
  rangesContain,
  trimEnds,
} from '../../src/core/ip/range.ts';
import { RangeIndex } from '../../src/core/ip/range-index.ts';
import { SortedSet } from '../../src/core/ip/sorted-set.ts';

test('a sorted set behaves like a sorted array', () => {
  const operation = fc.record({ add: fc.boolean(), element: fc.integer({ min: 0, max: 3_000 }) });
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 2_000, size: 'max' }),
      fc.integer({ min: 0, max: 3_000 }),
      (operations, probe) => {
        const set = new SortedSet<number>((a, b) => a - b);
        const model = new Set<number>();
        for (const { add, element } of operations) {
          assert.equal(
            add ? set.add(element) : set.delete(element),
            add ? !model.has(element) : model.has(element),
          );
          if (add) model.add(element);
          else model.delete(element);
        }
        const sorted = [...model].sort((a, b) => a - b);
        assert.deepEqual([...set], sorted);
        assert.equal(set.size, sorted.length);
        assert.equal(set.first(), sorted[0]);
        assert.equal(set.has(probe), model.has(probe));
        assert.equal(
          set.atOrBelow(probe),
          sorted.findLast((element) => element <= probe),
        );
        assert.equal(
          set.above(probe),
          sorted.find((element) => element > probe),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('an index of ranges finds exactly the ranges that contain an address', () => {
  const range = (family: 'IPv4' | 'IPv6', width: bigint) =>
    fc
      .tuple(fc.bigInt({ min: 0n, max: 40n }), fc.bigInt({ min: 0n, max: 300n }), fc.boolean())
      .map(([first, length, isHigh]): Range => {
        const low = isHigh ? 2n ** width - 400n + first : first;
        return { family, first: low, last: low + length };
      });
  const all = (family: 'IPv4' | 'IPv6', last: bigint) => fc.constant({ family, first: 0n, last } as const);
  const anyRange = fc.oneof(
    range('IPv4', 32n),
    range('IPv6', 128n),
    all('IPv4', 2n ** 32n - 1n),
    all('IPv6', 2n ** 128n - 1n),
  );
  fc.assert(
    fc.property(
      fc.array(anyRange, { maxLength: 30 }),
      fc.array(fc.nat(29)),
      fc.array(fc.bigInt({ min: 0n, max: 350n })),
      (ranges, deleted, probes) => {
        const index = new RangeIndex<number>();
        for (const [i, one] of ranges.entries()) index.add(one, i);
        for (const i of new Set(deleted)) if (ranges[i]) index.delete(ranges[i], i);
        for (const family of ['IPv4', 'IPv6'] as const)
          for (const value of probes.flatMap((one) => [
            one,
            2n ** (family === 'IPv4' ? 32n : 128n) - 1n - one,
          ])) {
            const expected = ranges.flatMap((one, i) => {
              const isIn = one.family === family && one.first <= value && value <= one.last;
              return isIn && !deleted.includes(i) ? [i] : [];
            });
            assert.deepEqual(
              [...index.at({ family, value })].sort((a, b) => a - b),
              expected,
            );
          }
      },
    ),
    { numRuns: 200 },
  );
});

test('a map of addresses behaves like a plain map', () => {
  // Many of the IPv6 addresses have the same lowest bits or the same folded number.
  const address = fc.oneof(
    fc.bigInt({ min: 0n, max: 40n }).map((value) => ({ family: 'IPv4' as const, value })),
    fc
      .tuple(
        fc.bigInt({ min: 0n, max: 3n }),
        fc.bigInt({ min: 0n, max: 3n }),
        fc.bigInt({ min: 0n, max: 3n }),
      )
      .map(([high, middle, low]) => ({
        family: 'IPv6' as const,
        value: (high << 64n) | (middle << 32n) | low,
      })),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 9 }), address), { maxLength: 300 }), (operations) => {
      const map = new AddressMap<number>();
      const model = new Map<string, number>();
      operations.forEach(([kind, one], i) => {
        const text = formatAddress(one);
        if (kind < 5) map.set(one, i);
        else map.delete(one);
        if (kind < 5) model.set(text, i);
        else model.delete(text);
        assert.equal(map.get(one), model.get(text));
        assert.equal(map.has(one), model.has(text));
        assert.equal(map.size, model.size);
      });
      for (const [, one] of operations) assert.equal(map.get(one), model.get(formatAddress(one)));
      assert.deepEqual([...map.values()].sort(), [...model.values()].sort());
      map.clear();
      assert.deepEqual([map.size, [...map.values()]], [0, []]);
    }),
  );
});

test('a map of addresses that are added and deleted again does not grow', () => {
  const map = new AddressMap<number>();
  for (let value = 0n; value < 10_000n; value += 1n) {
    map.set({ family: 'IPv4', value }, 1);
    if (value >= 100n) map.delete({ family: 'IPv4', value: value - 100n });
    assert.equal(map.size, Number(value < 100n ? value + 1n : 100n));
  }
  assert.equal(map.get({ family: 'IPv4', value: 9_899n }), undefined);
  assert.equal(map.get({ family: 'IPv4', value: 9_900n }), 1);
});

test('an interval set behaves like a plain set', () => {
  const ordinal = fc.bigInt({ min: 0n, max: 60n });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), ordinal), { maxLength: 150 }),
      ordinal,
      ordinal,
      (operations, a, b) => {
        const intervals = new IntervalSet();
        const model = new Set<bigint>();
        for (const [add, element] of operations) {
          if (add) intervals.add(element);
          else intervals.delete(element);
          if (add) model.add(element);
          else model.delete(element);
          // The set remembers where the last search ended.
          let above = element;
          while (model.has(above)) above += 1n;
          assert.equal(intervals.lowestFree(element, 200n), above);
          let below = element;
          while (model.has(below)) below -= 1n;
          assert.equal(intervals.highestFree(-1n, element), below);
        }
        const [first, last] = a < b ? [a, b] : [b, a];
        const span = Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i));
        const used = span.filter((element) => model.has(element));
        assert.equal(
          intervals.lowestFree(first, last),
          span.find((element) => !model.has(element)),
        );
        assert.equal(
          intervals.highestFree(first, last),
          span.findLast((element) => !model.has(element)),
        );
        assert.equal(intervals.lowestIn(first, last), used[0]);
        assert.equal(intervals.highestIn(first, last), used.at(-1));
        assert.equal(intervals.count(first, last), BigInt(used.length));
        const counter = intervals.counter();
        intervals.add(first);
        intervals.delete(last);
        assert.equal(counter(first, last), BigInt(used.length));
        if (!model.has(first)) intervals.delete(first);
        if (model.has(last)) intervals.add(last);
        assert.deepEqual([...intervals.within(first, last, false)], used);
        assert.deepEqual([...intervals.within(first, last, true)], used.toReversed());
        assert.equal(intervals.has(first), model.has(first));
      },
    ),
  );
});

test('ordinals number exactly the allocatable IPv4 addresses, without gaps', () => {
  const from = fc.bigInt({ min: 0n, max: 2n ** 32n - 1_000n });
  fc.assert(
    fc.property(from, fc.bigInt({ min: 0n, max: 999n }), (first, length) => {
      const range: Range = { family: 'IPv4', first, last: first + length };
      const expected: string[] = [];
      for (let value = first; value <= range.last; value += 1n) {
        const text = formatAddress({ family: 'IPv4', value });
        if (!/\.(?:0|255)$/.test(text)) expected.push(text);
      }
      const span = ordinalsOf(range);
      const found: string[] = [];
      if (span !== undefined) {
        for (let ordinal = span.first; ordinal <= span.last; ordinal += 1n) {
          const address = addressAt('IPv4', ordinal);
          assert.equal(ordinalOf(address), ordinal);
          found.push(formatAddress(address));
        }
      }
      assert.deepEqual(found, expected);
    }),
  );
});

const trimmed: readonly [entry: string, range: string][] = [
  ['192.168.0.200/29', '192.168.0.201-192.168.0.206'],
  ['192.168.0.210/29', '192.168.0.209-192.168.0.214'],
  ['192.168.0.200/30', '192.168.0.201-192.168.0.202'],
  ['192.168.0.200/31', '192.168.0.200-192.168.0.201'],
  ['192.168.0.200/32', '192.168.0.200'],
  ['10.0.0.0/8', '10.0.0.1-10.255.255.254'],
  ['0.0.0.0/0', '0.0.0.1-255.255.255.254'],
  ['2001::10/127', '2001::10-2001::11'],
  ['2001:db8::/32', '2001:db8::1-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8::/64', '2001:db8::1-2001:db8::ffff:ffff:ffff:ffff'],
  ['2001:db8::/65', '2001:db8::-2001:db8::7fff:ffff:ffff:ffff'],
  ['2001:db8::5/128', '2001:db8::5'],
];

for (const [text, expected] of trimmed) {
  test(`${text} without its ends is ${expected}`, () => {
    const entry = parsePoolEntry(text);
    assert.ok('range' in entry);
    assert.equal(formatRange(trimEnds(entry.range)), expected);
  });
}

test('merged ranges contain the same addresses, ascending and not adjacent', () => {
  const range = fc
    .tuple(
      fc.constantFrom('IPv4' as const, 'IPv6' as const),
      fc.bigInt({ min: 0n, max: 80n }),
      fc.bigInt({ min: 0n, max: 12n }),
    )
    .map(([family, first, length]): Range => ({ family, first, last: first + length }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
      const merged = mergeRanges(ranges);
      for (const family of ['IPv4', 'IPv6'] as const) {
        for (let value = 0n; value < 100n; value += 1n) {
          const within = (some: readonly Range[]) =>
            some.some((r) => r.family === family && r.first <= value && value <= r.last);
          assert.equal(within(merged), within(ranges));
          assert.equal(rangesContain(merged, { family, value }), within(ranges));
        }
      }
      merged.forEach((current, i) => {
        const previous = merged[i - 1];
        if (previous?.family === current.family) assert.ok(previous.last + 1n < current.first);
      });
    }),
  );
});

test('no range contains an address if there are none', () => {
  const address = readAddress('10.0.0.5');
  assert.ok(address !== undefined);
  assert.ok(!rangesContain([], address));
});
