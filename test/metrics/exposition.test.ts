import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counts } from '../../src/metrics/counts.ts';
import { exposition } from '../../src/metrics/exposition.ts';
import { Histogram } from '../../src/metrics/histogram.ts';

const gauge = (...labels: string[]) => ({ type: 'gauge', help: 'Help.', labels }) as const;

test('each metric follows its help and type, in the order of the definitions', () => {
  const definitions = {
    b_total: { type: 'counter', help: 'Bees.', labels: ['colour', 'size'] },
    a: { type: 'gauge', help: 'Ants.', labels: [] },
  } as const;
  const text = exposition(definitions, {
    a: [[0.5]],
    b_total: [
      ['red', 'small', 1],
      ['black', '', 2],
    ],
  });
  assert.equal(
    text,
    `# HELP b_total Bees.
# TYPE b_total counter
b_total{colour="red",size="small"} 1
b_total{colour="black",size=""} 2
# HELP a Ants.
# TYPE a gauge
a 0.5
`,
  );
});

test('a metric without series or readings is omitted', () => {
  assert.equal(exposition({ a: gauge(), b: gauge() }, { a: [] }), '');
});

test('a label can have any value, escaped to one line', () => {
  const values: [value: string, expected: string][] = [
    ['plain', 'plain'],
    ['say "hi"', 'say \\"hi\\"'],
    ['C:\\new', 'C:\\\\new'],
    ['two\nlines', 'two\\nlines'],
    ['"} 1\nforged 2', '\\"} 1\\nforged 2'],
    ['käse', 'käse'],
    ['\ud800', '\ufffd'],
  ];
  for (const [value, expected] of values) {
    const [, , line, ...more] = exposition({ a: gauge('l') }, { a: [[value, 1]] }).split('\n');
    assert.equal(line, `a{l="${expected}"} 1`);
    assert.deepEqual(more, ['']);
  }
});

test('a help text can contain line breaks and quotes', () => {
  const help = 'C:\\ or "D:"\nor E';
  const [line] = exposition({ a: { ...gauge(), help } }, { a: [[1]] }).split('\n');
  assert.equal(line, '# HELP a C:\\\\ or "D:"\\nor E');
});

test('numbers are in the format of Go', () => {
  const numbers: [value: number, expected: string][] = [
    [0, '0'],
    [-0.001, '-0.001'],
    [2 ** 64, '18446744073709552000'],
    [2 ** 96, '7.922816251426434e+28'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [Number.NaN, 'NaN'],
  ];
  for (const [value, expected] of numbers)
    assert.equal(exposition({ a: gauge() }, { a: [[value]] }).split('\n')[2], `a ${expected}`);
});

test('buckets are cumulative, and the last one counts all values', () => {
  const seconds = new Histogram([0.1, 1, 10]);
  for (const value of [0.05, 0.1, 0.2, 1, 11, 100]) seconds.observe(value);
  const definitions = { t_seconds: { type: 'histogram', help: 'Time.', labels: ['verb'] } } as const;
  assert.equal(
    exposition(definitions, { t_seconds: [['GET', seconds]] }),
    `# HELP t_seconds Time.
# TYPE t_seconds histogram
t_seconds_bucket{verb="GET",le="0.1"} 2
t_seconds_bucket{verb="GET",le="1"} 4
t_seconds_bucket{verb="GET",le="10"} 4
t_seconds_bucket{verb="GET",le="+Inf"} 6
t_seconds_sum{verb="GET"} 112.35
t_seconds_count{verb="GET"} 6
`,
  );
});

test('permanent rows are reported at zero, other rows are removed at zero', () => {
  const counts = new Counts<[pool: string, reason: string]>([['', 'known']]);
  counts.add(['a', 'b'], 2);
  counts.add(['a', 'c']);
  counts.add(['', 'known']);
  counts.add(['', 'known'], -1);
  counts.add(['a', 'c'], -1);
  assert.deepEqual(
    [...counts.rows()],
    [
      ['', 'known', 0],
      ['a', 'b', 2],
    ],
  );
  assert.equal(counts.size, 2);
});
