import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { isInPool } from '../../src/core/config/policy.ts';
import { explainProblem, formatRange } from '../../src/core/explain/explain-config.ts';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { addressAt, block } from '../../src/core/ip/range.ts';
import { poolFor } from './listed.ts';

function read(data: Record<string, string>) {
  return readConfig({ metadata: { name: 'kubevip' }, data });
}

/** The allocatable addresses, as text. */
function allocatable(value: string, more: Record<string, string> = {}): string {
  const pool = poolFor(read({ 'cidr-global': value, ...more }), 'x');
  return (['IPv4', 'IPv6'] as const)
    .flatMap((family) =>
      (pool?.spans[family] ?? []).map(({ first, last }) => {
        const [from, to] = [first, last].map((ordinal) => formatAddress(addressAt(family, ordinal)));
        return from === to ? from : `${from}-${to}`;
      }),
    )
    .join(' ');
}

const rows: readonly (readonly [value: string, allocatable: string])[] = [
  ['192.168.0.200/29', '192.168.0.201-192.168.0.206'],
  ['192.168.0.200/30,192.168.0.200/29', '192.168.0.201-192.168.0.206'],
  ['2001::12/127,2001::10/127', '2001::10-2001::13'],
  ['192.168.0.10-192.168.0.11,192.168.0.10-192.168.0.13', '192.168.0.10-192.168.0.13'],
  ['2001::10-2001::14,2001::20-2001::24', '2001::10-2001::14 2001::20-2001::24'],
  ['192.168.0.200/30,2001::10/127', '192.168.0.201-192.168.0.202 2001::10-2001::11'],
  ['  192.168.0.1 - 192.168.0.2 ,\n\t192.168.0.7\n,,', '192.168.0.1-192.168.0.2 192.168.0.7'],
  ['192.168.0.1\n192.168.0.2\r\n', '192.168.0.1-192.168.0.2'],
  ['10.0.0.8/30\n10.0.0.1 - 10.0.0.3\n\n2001::10\n', '10.0.0.1-10.0.0.3 10.0.0.9-10.0.0.10 2001::10'],
  ['192.168.8.0 / 29', '192.168.8.1-192.168.8.6'],
  ['2001::10 /127, 2001::20/ 127', '2001::10-2001::11 2001::20-2001::21'],
  // What a comment contains is never allocated, even behind a comma.
  ['10.0.0.1\n# 10.0.0.2, 10.0.0.3\n10.0.0.4 # 10.0.0.5, 10.0.0.6\n10.0.0.7', '10.0.0.1 10.0.0.7'],
  // The ends of each block are trimmed before merging.
  ['10.0.0.0/30,10.0.0.4/30', '10.0.0.1-10.0.0.2 10.0.0.5-10.0.0.6'],
  ['10.0.0.0/29,10.0.0.3-10.0.0.8', '10.0.0.1-10.0.0.8'],
  ['10.0.0.4/31', '10.0.0.4-10.0.0.5'],
  ['10.0.0.4/32', '10.0.0.4'],
  ['10.0.0.0/23', '10.0.0.1-10.0.1.254'],
  ['10.0.0.255-10.0.1.0', ''],
  ['2001:DB8::1', '2001:db8::1'],
];

for (const [value, expected] of rows) {
  test(`${JSON.stringify(value)} provides ${expected || 'nothing'}`, () =>
    assert.equal(allocatable(value), expected));
}

test('both kinds of keys accept ranges and blocks', () => {
  const pool = poolFor(read({ 'range-x': '10.0.0.0/30,10.0.0.9-10.0.0.9' }), 'x');
  assert.equal(pool?.size.IPv4, 3n);
});

test('skip-end-ips-in-cidr: "false" includes the ends, but never .0 and .255', () => {
  assert.equal(
    allocatable('192.168.0.200/29', { 'skip-end-ips-in-cidr': 'false' }),
    '192.168.0.200-192.168.0.207',
  );
  assert.equal(
    allocatable('192.168.0.0/24', { 'skip-end-ips-in-cidr': 'false' }),
    '192.168.0.1-192.168.0.254',
  );
});

test('a /8 and an IPv6 /32 have the right size and need no more memory than a /29', () => {
  const pool = poolFor(read({ 'cidr-global': '10.0.0.0/8,2001:db8::/32' }), 'x');
  assert.deepEqual(pool?.size, { IPv4: 65_536n * 254n, IPv6: 2n ** 96n - 1n });
  assert.deepEqual([pool?.spans.IPv4.length, pool?.spans.IPv6.length], [1, 1]);
});

test('a trimmed end is not allocatable, but is inside the pool', () => {
  const pool = poolFor(read({ 'cidr-global': '10.0.0.8/29' }), 'x') ?? assert.fail();
  const at = (text: string) => readAddress(text) ?? assert.fail(text);
  assert.deepEqual(
    ['10.0.0.8', '10.0.0.9', '10.0.0.14', '10.0.0.15'].map((text) => isInPool(pool, at(text))),
    [false, true, true, false],
  );
  assert.deepEqual(pool.ranges.map(formatRange), ['10.0.0.8-10.0.0.15']);
});

test('a block can be the whole family', () => {
  const { first, last } = block({ family: 'IPv6', value: 5n }, 0);
  assert.deepEqual([first, last], [0n, 2n ** 128n - 1n]);
});

test('an example in the README of the Go version: host bits are masked, with a warning that names the range', () => {
  const { problems } = read({ 'cidr-development': '192.168.0.210/29' });
  assert.deepEqual(problems.map(explainProblem), [
    'cidr-development: "192.168.0.210/29" has host bits set. It is read as 192.168.0.208/29, which provides 192.168.0.209-192.168.0.214.',
  ]);
});

test('a key whose entries cannot be read is reported once, by its entries', () => {
  const codes = (value: string) => read({ 'cidr-global': value }).problems.map(({ code }) => code);
  assert.deepEqual(codes('nonsense'), ['bad-entry']);
  assert.deepEqual(codes('- 10.0.0.1\n# the lab'), ['bad-entry', 'bad-entry']);
  assert.deepEqual(codes(' \n,'), ['empty-pool']);
});

test('a value of a mebibyte is split in linear time, whatever is in it', () => {
  const size = 2 ** 20;
  for (const text of ['\n', ' ', 'start=', '#', 'a', '-', '/', '['].map((part) =>
    part.repeat(size / part.length),
  ))
    assert.ok(read({ 'cidr-global': text }).problems.length <= 1);
});
