import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AddressFault,
  compareAddresses,
  formatAddress,
  parseAddress,
  readAddress,
} from '../../src/core/ip/address.ts';

const canonical: readonly [written: string, text: string][] = [
  ['0.0.0.0', '0.0.0.0'],
  ['192.168.0.1', '192.168.0.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8::A', '2001:db8::a'],
  ['2001:0db8:0000:0000:0000:0000:0000:0010', '2001:db8::10'],
  // RFC 5952 section 4.2.2: one zero group is not shortened.
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  // Section 4.2.3: the longest run, and the first one if several are equally long.
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['1:0:0:0:0:0:0:0', '1::'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
];

for (const [written, text] of canonical) {
  test(`${written} is ${text}`, () => {
    const address = parseAddress(written);
    assert.ok(typeof address !== 'string', `rejected: ${String(address)}`);
    assert.equal(formatAddress(address), text);
  });
}

const rejected: readonly [written: string, fault: AddressFault][] = [
  ['', 'empty'],
  [' 10.0.0.1', 'not-an-address'],
  ['10.0.0', 'not-an-address'],
  ['10.0.0.1.2', 'not-an-address'],
  ['10.0.0.1/32', 'not-an-address'],
  ['10.0.0.', 'not-an-address'],
  ['10.0.0.-1', 'not-an-address'],
  ['10.0.0.1e1', 'not-an-address'],
  ['0x0a.0.0.1', 'not-an-address'],
  ['167772161', 'not-an-address'],
  ['١0.0.0.1', 'not-an-address'],
  ['010.0.0.1', 'leading-zero'],
  ['10.0.0.00', 'leading-zero'],
  ['10.0.0.256', 'octet-above-255'],
  ['10.0.0.99999999999', 'not-an-address'],
  [':', 'not-an-address'],
  [':::', 'not-an-address'],
  ['1::2::3', 'not-an-address'],
  ['1:2:3:4:5:6:7', 'not-an-address'],
  ['1:2:3:4:5:6:7:8:9', 'not-an-address'],
  ['1:2:3:4:5:6:7:8::', 'not-an-address'],
  ['::1:2:3:4:5:6:7:8', 'not-an-address'],
  ['12345::', 'not-an-address'],
  ['g::', 'not-an-address'],
  [':1::', 'not-an-address'],
  ['1::2:', 'not-an-address'],
  ['::10.0.0.01', 'leading-zero'],
  ['fe80::1%eth0', 'zone'],
  ['10.0.0.1%1', 'zone'],
  ['::ffff:10.0.0.1', 'ipv4-mapped'],
  ['::FFFF:a00:1', 'ipv4-mapped'],
];

for (const [written, fault] of rejected) {
  test(`"${written}" is rejected: ${fault}`, () => assert.equal(parseAddress(written), fault));
}

const anyIPv4 = fc
  .bigInt({ min: 0n, max: 2n ** 32n - 1n })
  .map((value) => ({ family: 'IPv4' as const, value }));
const anyIPv6 = fc
  .bigInt({ min: 0n, max: 2n ** 128n - 1n })
  .filter((value) => value >> 32n !== 0xffffn)
  .map((value) => ({ family: 'IPv6' as const, value }));

test('every formatted address is parsed back, and Node agrees on its family', () => {
  fc.assert(
    fc.property(fc.oneof(anyIPv4, anyIPv6), (address) => {
      const text = formatAddress(address);
      assert.deepEqual(parseAddress(text), address);
      assert.equal(isIPv4(text), address.family === 'IPv4');
      assert.equal(isIPv6(text), address.family === 'IPv6');
    }),
  );
});

test('every notation of IPv6 that fast-check generates is parsed as the URL standard parses it', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const address = readAddress(text);
      const parsed = new URL(`http://[${text}]/`).hostname.slice(1, -1);
      const mapped = parsed.startsWith('::ffff:');
      assert.equal(address === undefined, mapped, text);
      // Like RFC 5952, except for its own exceptions, the URL standard formats embedded IPv4 addresses as groups.
      if (address !== undefined) assert.equal(formatAddress(address), parsed);
    }),
  );
});

test('every text that is parsed is an address to Node too', () => {
  const near = fc.stringMatching(/^[0-9a-fA-F:.]{0,20}$/);
  fc.assert(
    fc.property(fc.oneof(near, fc.string(), fc.ipV4Extended()), (text) => {
      if (readAddress(text) !== undefined) assert.ok(isIPv4(text) || isIPv6(text), text);
    }),
    { numRuns: 2_000 },
  );
});

test('addresses are sorted by family, then by value', () => {
  const sorted = ['10.0.0.2', '10.0.0.10', '192.168.0.1', '::1', '2001::'];
  const shuffled = sorted.toReversed().flatMap((text) => readAddress(text) ?? []);
  assert.deepEqual(shuffled.sort(compareAddresses).map(formatAddress), sorted);
});
