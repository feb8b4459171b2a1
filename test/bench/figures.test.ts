import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStill } from '../../bench/cluster/memory.ts';
import { compareText } from '../../bench/compare.ts';
import { median, megabytes, middle, short, spread, table } from '../../bench/figures.ts';
import { thisMachine } from '../../bench/machine.ts';
import { thirds } from '../../bench/parts/churn.ts';

test('a median is the middle value, or the mean of the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([1, 3, 100, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('figures have the digits that a busy machine can reproduce', () => {
  assert.deepEqual(
    [1234.5, 12.345, 0.012345, Number.NaN].map((value) => short(value)),
    ['1,235', '12.3', '0.0123', '-'],
  );
  assert.equal(megabytes(59_129_856), '59.1');
  assert.equal(spread([3, 1, 2], String), '1 to 3');
  assert.equal(spread([2, 2], String), '2');
  assert.equal(middle([3, 1, 2]), '2 (1 to 3)');
});

test('columns of figures are aligned right, those of text left', () => {
  assert.equal(
    table(
      ['', 'ms'],
      [
        ['one', '5'],
        ['three', '12'],
      ],
    ),
    '         ms\n  one     5\n  three  12\n',
  );
  assert.equal(
    table(
      ['a', 'b'],
      [
        ['one', 'x'],
        ['three', ''],
      ],
      'left',
    ),
    '  a      b\n  one    x\n  three\n',
  );
});

test('memory is stable if the last sizes differ by at most a megabyte', () => {
  const mb = (...sizes: number[]): number[] => sizes.map((size) => size * 1e6);
  assert.equal(isStill(mb(90, 50, 50.4, 50.9), 3), true);
  assert.equal(isStill(mb(90, 50, 50.4, 51.1), 3), false, 'it grows');
  assert.equal(isStill(mb(50, 50), 3), false, 'too few sizes');
});

test('churn compares the first and the last third, without the rest before the first Service', () => {
  const rests = [10, 50, 52, 54, 60, 58, 62].map((size, i) => ({ deleted: i * 1000, rssBytes: size }));
  assert.deepEqual(thirds(rests), { firstBytes: 51, lastBytes: 60 });
});

test('two results are compared by the aims that are in both', () => {
  const result = { machine: thisMachine(), quick: true };
  const first = {
    ...result,
    aims: [
      { what: 'idle', value: 50 },
      { what: 'only here', value: 1 },
    ],
  };
  const second = { ...result, aims: [{ what: 'idle', value: 75 }] };
  const text = compareText(first, second);
  assert.match(text, /^ {2}idle +50 +75 +× 1\.50$/m);
  assert.doesNotMatch(text, /only here/);
});
