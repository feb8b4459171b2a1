import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePoolEntry } from '../../src/core/config/pool-entry.ts';
import type { Allocator } from '../../src/core/decide/allocator.ts';
import { formatRange } from '../../src/core/explain/explain-config.ts';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import type { Range } from '../../src/core/ip/range.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { occupancyIn, occupancyOf } from '../../src/core/queries/occupancy.ts';
import { served, world } from './assigned-services.ts';

function rangeOf(text: string): Range {
  const entry = parsePoolEntry(text);
  if ('fault' in entry) throw new Error(text);
  return entry.range;
}

function describe(range: string, allocator: Allocator): string[] {
  return occupancyIn(rangeOf(range), allocator).map((part) =>
    'range' in part
      ? `${formatRange(part.range)} ${part.state} ${part.free} ${part.keys.join()}`
      : `${formatAddress(part.address)} ${part.state} ${part.holders.map(({ key }) => key).join()} ${part.keys.join()}`,
  );
}

test('each address of a block has its state', () => {
  const allocator = world(
    { 'cidr-default': '10.0.0.8/29', 'allow-share-default': 'true', 'cidr-other': '10.0.1.0/30' },
    [
      served('default/a', '10.0.0.9', { from: 'cidr-default' }),
      served('default/b', '10.0.0.9', { from: 'cidr-default', port: 81 }),
      served('default/named', '10.0.0.10', { from: 'static' }),
      served('default/alone', '10.0.0.12', { from: 'cidr-default' }),
      served('default/out', '10.0.0.20', { from: 'cidr-default' }),
      served('x/one', '10.0.0.21', { from: 'static' }),
      served('x/two', '10.0.0.21', { from: 'static' }),
    ],
  );
  assert.deepEqual(describe('10.0.0.6-10.0.0.22', allocator), [
    '10.0.0.6-10.0.0.7 no-pool 0 ',
    '10.0.0.8 excluded 0 cidr-default',
    '10.0.0.9 shared default/a,default/b cidr-default',
    '10.0.0.10 static default/named cidr-default',
    '10.0.0.11 free 1 cidr-default',
    '10.0.0.12 assigned default/alone cidr-default',
    '10.0.0.13-10.0.0.14 free 2 cidr-default',
    '10.0.0.15 excluded 0 cidr-default',
    '10.0.0.16-10.0.0.19 no-pool 0 ',
    '10.0.0.20 outside default/out ',
    '10.0.0.21 conflict x/one,x/two ',
    '10.0.0.22 no-pool 0 ',
  ]);
});

test('a Service of another load balancer, an address only in a status, a lease, and a shadowed pool', () => {
  const foreign = served('default/foreign', '10.0.0.9', { from: 'static' });
  foreign.spec = { ...foreign.spec, loadBalancerClass: 'example.com/other' };
  const leased = served('default/leased', '0.0.0.0', { from: 'cidr-dhcp' });
  Object.assign(leased.metadata.annotations ?? {}, { 'kube-vip.io/requestedIP': '10.0.0.10' });
  const status: Service = {
    metadata: { namespace: 'default', name: 'status', uid: 's', resourceVersion: '5' },
    spec: { type: 'LoadBalancer', ports: [{ port: 1 }] },
    status: { loadBalancer: { ingress: [{ ip: '10.0.0.11' }] } },
  };
  const allocator = world({ 'cidr-default': '10.0.0.12/31', 'range-default': '10.0.0.14-10.0.0.15' }, [
    foreign,
    leased,
    status,
  ]);
  assert.deepEqual(describe('10.0.0.9-10.0.0.15', allocator), [
    '10.0.0.9 unmanaged default/foreign ',
    '10.0.0.10 lease default/leased ',
    '10.0.0.11 unmanaged  ',
    '10.0.0.12-10.0.0.13 free 2 cidr-default',
    '10.0.0.14-10.0.0.15 no-pool 0 ',
  ]);
});

test('addresses that end in .0 or .255 inside a larger block are not counted', () => {
  assert.deepEqual(describe('10.0.0.0/22', world({ 'cidr-global': '10.0.0.0/22' })), [
    '10.0.0.0 excluded 0 cidr-global',
    `10.0.0.1-10.0.3.254 free ${4 * 254} cidr-global`,
    '10.0.3.255 excluded 0 cidr-global',
  ]);
});

test('each gap has the state of all its addresses, and the parts cover the whole range', () => {
  const octet = fc.integer({ min: 0, max: 40 });
  const pair = fc.tuple(octet, octet).map(([a, b]) => `10.0.0.${Math.min(a, b)}-10.0.0.${Math.max(a, b)}`);
  const block = fc.tuple(octet, fc.integer({ min: 27, max: 32 })).map(([a, n]) => `10.0.0.${a}/${n}`);
  const pool = fc.array(fc.oneof(pair, block), { maxLength: 3 }).map((entries) => entries.join());
  const services = fc.uniqueArray(octet, { maxLength: 6 });
  fc.assert(
    fc.property(pool, pool, pool, services, (a, b, c, held) => {
      const allocator = world(
        { 'cidr-a': a, 'range-a': b, 'cidr-global': c },
        held.map((last, i) => served(`a/s${i}`, `10.0.0.${last}`, { from: 'cidr-a' })),
      );
      let next = 0n;
      for (const part of occupancyIn(rangeOf('10.0.0.0-10.0.0.63'), allocator)) {
        const { first, last } =
          'range' in part ? part.range : { first: part.address.value, last: part.address.value };
        assert.equal(first, next + (next === 0n ? (readAddress('10.0.0.0')?.value ?? 0n) : 0n));
        next = last + 1n;
        let free = 0n;
        for (let value = first; value <= last; value += 1n) {
          const single = occupancyOf({ family: 'IPv4', value }, allocator);
          const isExcluded = value % 256n === 0n;
          if (single.state === 'free') free += 1n;
          if (!isExcluded || first === last) assert.equal(single.state, part.state);
          assert.deepEqual(single.keys, part.keys);
        }
        if ('range' in part) assert.equal(part.free, free);
      }
      assert.equal(next, (readAddress('10.0.0.63')?.value ?? 0n) + 1n);
    }),
  );
});
