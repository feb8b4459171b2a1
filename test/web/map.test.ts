import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePoolEntry } from '../../src/core/config/pool-entry.ts';
import type { Allocator } from '../../src/core/decide/allocator.ts';
import type { Range } from '../../src/core/ip/range.ts';
import { occupancyOf } from '../../src/core/queries/occupancy.ts';
import type { Segment } from '../../src/web/page-data.ts';
import { takeSnapshot } from '../../src/web/page-snapshot.ts';
import { large, mapOf, pathTo, rangeText, type Scale, sizeOf, small } from '../../src/web/pool-map.ts';
import { options, served, world } from '../core/assigned-services.ts';

function rangeOf(text: string): Range {
  const entry = parsePoolEntry(text);
  if ('fault' in entry) throw new Error(text);
  return entry.range;
}

function drawn(ranges: readonly string[], allocator: Allocator, scale: Scale): string[] {
  const map = mapOf(ranges.map(rangeOf), [], takeSnapshot(allocator, options, 0), scale);
  return map.segments.flatMap((segment) =>
    'cells' in segment
      ? segment.cells.map(({ address, state, services }) => `${address} ${state} ${services.join()}`.trim())
      : segment.blocks.map(({ range, used, free }) => `${range}: ${used} in use, ${free} free`),
  );
}

test('a small range is drawn as one cell per address, with holders', () => {
  const allocator = world({ 'cidr-a': '10.0.0.8/30,2001:db8::/127' }, [
    served('a/one', '10.0.0.9', { from: 'cidr-a' }),
  ]);
  assert.deepEqual(drawn(['10.0.0.8/30', '2001:db8::/127'], allocator, large), [
    '10.0.0.8 excluded',
    '10.0.0.9 assigned a/one',
    '10.0.0.10 free',
    '10.0.0.11 excluded',
    '2001:db8:: free',
    '2001:db8::1 free',
  ]);
});

test('a /16 is drawn as 256 blocks, and the path down ends at addresses', () => {
  const allocator = world({ 'cidr-a': '10.0.0.0/16' }, [
    served('a/one', '10.0.4.9', { from: 'cidr-a' }),
    served('a/two', '10.0.4.10', { from: 'cidr-a' }),
  ]);
  const lines = drawn(['10.0.0.0/16'], allocator, large);
  assert.equal(lines.length, 256);
  assert.equal(lines[0], '10.0.0.0/24: 0 in use, 254 free');
  assert.equal(lines[4], '10.0.4.0/24: 2 in use, 252 free');
  const path = pathTo(rangeOf('10.0.4.0/24'), [rangeOf('10.0.0.0/16')], large);
  assert.deepEqual(path.map(rangeText), ['10.0.0.0/16', '10.0.4.0/24']);
});

test('a /64 is drawn as 256 blocks, and names the block that is in use', () => {
  const allocator = world({ 'cidr-a': '2001:db8::/64' }, [
    served('a/one', '2001:db8::1:5', { from: 'cidr-a' }),
    served('a/two', '2001:db8::1:9', { from: 'cidr-a' }),
  ]);
  const [segment] = mapOf(
    [rangeOf('2001:db8::/64')],
    [],
    takeSnapshot(allocator, options, 0),
    large,
  ).segments;
  assert.ok(segment !== undefined && 'blocks' in segment);
  assert.equal(segment.blocks.length, 256);
  assert.equal(segment.blocks[0]?.range, '2001:db8::/72');
  assert.equal(segment.blocks[0]?.free, String(2n ** 56n - 3n));
  assert.equal(segment.inUseRange, '2001:db8::1:0/120');
  const path = pathTo(rangeOf('2001:db8::1:0/120'), [rangeOf('2001:db8::/64')], large);
  assert.equal(path[0] && rangeText(path[0]), '2001:db8::/64');
  assert.equal(path.at(-1) && rangeText(path.at(-1) as Range), '2001:db8::1:0/120');
});

test('a map of many ranges is bounded, and counts the ranges that are not drawn', () => {
  const ranges = Array.from({ length: 2000 }, (_, i) => rangeOf(`10.${i >> 8}.${i & 255}.0/28`));
  const map = mapOf(ranges, [], takeSnapshot(world({}), options, 0), small);
  assert.equal(map.segments.length, small.maxTotal / 16);
  assert.equal(map.more, 2000 - small.maxTotal / 16);
});

test('blocks are the range from end to end, as few as allowed, and count what its addresses are', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const scale: Scale = { maxCells: 4, maxBlocks: 8, minBits: 2, maxTotal: 1000 };
  fc.assert(
    fc.property(octet, octet, fc.uniqueArray(octet, { maxLength: 12 }), (a, b, held) => {
      const range = rangeOf(`10.0.0.${Math.min(a, b)}-10.0.0.${Math.max(a, b)}`);
      const allocator = world(
        { 'cidr-a': '10.0.0.0/25,10.0.0.140-10.0.0.200' },
        held.map((last, i) => served(`a/s${i}`, `10.0.0.${last}`, { from: 'cidr-a' })),
      );
      const [segment] = mapOf([range], [], takeSnapshot(allocator, options, 0), scale).segments as [Segment];
      const parts =
        'cells' in segment
          ? segment.cells.map(({ address }) => rangeOf(address))
          : segment.blocks.map((one) => rangeOf(one.range));
      let next = range.first;
      for (const [i, part] of parts.entries()) {
        assert.equal(part.first, next);
        next = part.last + 1n;
        let [used, free] = [0, 0];
        for (let value = part.first; value <= part.last; value += 1n) {
          const { state, holders } = occupancyOf({ family: 'IPv4', value }, allocator);
          if (holders.length > 0) used += 1;
          if (state === 'free') free += 1;
        }
        if ('blocks' in segment) {
          assert.deepEqual([segment.blocks[i]?.used, segment.blocks[i]?.free], [used, String(free)]);
          assert.equal(
            Object.values(segment.blocks[i]?.states ?? {}).reduce((sum, n) => sum + n, 0),
            used,
          );
        }
      }
      assert.equal(next, range.last + 1n);
      if ('blocks' in segment) assert.ok(parts.length <= scale.maxBlocks + 2, `${parts.length} blocks`);
      else assert.ok(sizeOf(range) <= 4n);
    }),
  );
});
