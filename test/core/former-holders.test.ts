import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceDecision } from '../../src/core/decide/allocator.ts';
import { formerAddressAt } from '../../src/core/decide/former-address.ts';
import { explainWrite } from '../../src/core/explain/explain-decision.ts';
import { freeFor, lastHeldBy } from '../../src/core/explain/explain-former.ts';
import { explainTrace } from '../../src/core/explain/explain-trace.ts';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { FormerHolders } from '../../src/core/ledger/former-holders.ts';
import { occupancyIn } from '../../src/core/queries/occupancy.ts';
import { durationText } from '../../src/core/text/duration.ts';
import { options, SmallWorld } from './small-world.ts';

/** What an address remembers (spec section 14), as stories. Times are in minutes. */

const minute = 60_000;

function addressFindings(decided: ServiceDecision): string[] {
  return explainTrace(decided, options).flatMap(({ name, finding }) => (name === 'address' ? finding : []));
}

test('a Service that is created again gets the address that it had, for as long as it is sticky', () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.9', sticky: '10m' });
  world.create(['x/1'], ['x/2'], ['x/3']).delete('x/2').delete('x/1').delete('x/3');
  world.now += 9 * minute;
  world.create(['x/2'], ['y/1'], ['x/3']);
  assert.deepEqual(world.addresses('x/2', 'y/1', 'x/3'), ['10.0.0.2', '10.0.0.1', '10.0.0.3']);
  world.delete('x/3');
  world.now += 10 * minute;
  world.delete('y/1').create(['x/3']);
  assert.deepEqual(world.addresses('x/3'), ['10.0.0.1'], 'it is forgotten');
});

test('a Service does not come back to an address that another one has, or that is no longer in its pools', () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.2', sticky: '10m' });
  world.create(['x/1']).delete('x/1').create(['x/other'], ['x/1']);
  assert.deepEqual(world.addresses('x/other', 'x/1'), ['10.0.0.1', '10.0.0.2']);
  world
    .delete('x/1')
    .configure({ 'cidr-global': '10.0.0.1-10.0.0.2', 'exclude-global': '10.0.0.2', sticky: '10m' });
  world.create(['x/1']);
  assert.deepEqual(world.addresses('x/1'), ['-']);
});

test('an address rests, unless there is no other one', () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.3', 'cool-down': '5m' });
  world.create(['x/1'], ['x/2']).delete('x/1');
  world.now += minute;
  world.delete('x/2').create(['x/3'], ['x/4'], ['x/5']);
  assert.deepEqual(world.addresses('x/3', 'x/4', 'x/5'), ['10.0.0.3', '10.0.0.1', '10.0.0.2']);
  world.delete('x/3').delete('x/5');
  world.now += 5 * minute;
  world.create(['x/6']);
  assert.deepEqual(world.addresses('x/6'), ['10.0.0.2'], 'rested addresses in their order');
});

test('an address of a pool rests while a later pool on the list has one that is rested', () => {
  const world = new SmallWorld({
    'pool.a': '10.0.0.1',
    'pool.b': '10.0.1.1',
    'pools-global': 'a, b',
    'cool-down': '5m',
  });
  world.create(['x/1']).delete('x/1').create(['x/2'], ['x/3']);
  assert.deepEqual(world.addresses('x/2', 'x/3'), ['10.0.1.1', '10.0.0.1']);
});

test('the least recently used address comes first, after those that were never used', () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.3', 'search-order': 'least-recently-used' });
  world.create(['x/1'], ['x/2']);
  for (const key of ['x/2', 'x/1']) {
    world.now += minute;
    world.delete(key);
  }
  world.create(['x/3'], ['x/4'], ['x/5'], ['x/6']);
  assert.deepEqual(world.addresses('x/3', 'x/4', 'x/5', 'x/6'), ['10.0.0.3', '10.0.0.2', '10.0.0.1', '-']);
});

test('spread starts at a place that depends on the Service, and finds every free address', () => {
  const data = { 'cidr-global': '10.0.0.1-10.0.0.9,10.0.1.1-10.0.1.9', 'search-order': 'spread' };
  const keys = Array.from({ length: 19 }, (_, i) => `x/${i}`);
  const world = new SmallWorld(data).create(...keys.map((key) => [key] as const));
  const addresses = world.addresses(...keys);
  assert.equal(new Set(addresses.slice(0, 18)).size, 18);
  assert.equal(addresses[18], '-');
  assert.notDeepEqual(addresses.slice(0, 5), ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']);
  const again = new SmallWorld(data).create(...keys.map((key) => [key] as const));
  assert.deepEqual(again.addresses(...keys), addresses, 'the same Services get the same addresses');
});

test('without a key nothing is remembered, and at most a thousand addresses are', () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.9' }).create(['x/1']).delete('x/1');
  assert.equal(world.allocator.ledger.former.size, 0);
  const former = new FormerHolders();
  for (let i = 0; i < 100_000; i += 1) {
    const address = { family: 'IPv4', value: 0x0a00_0000n + BigInt(i % 5_000) } as const;
    former.remember({ address, service: `x/${i % 3_000}`, freedAt: i });
    assert.ok(former.size <= 1_000);
  }
  const [oldest] = former.all();
  assert.equal(oldest?.freedAt, 99_000);
  former.setMemory(1_000);
  assert.equal(former.nextExpiry, 100_000);
  assert.equal(former.expire(100_998).length, 999);
  assert.deepEqual(
    [...former.all()].map(({ address }) => formatAddress(address)),
    ['10.0.19.135'],
  );
  assert.equal(former.of('x/999').length, 1);
  former.forget(readAddress('10.0.19.135') ?? assert.fail());
  assert.equal(former.size, 0);
});

test('events and explain say that a Service had the address before, and why a resting one was not given', () => {
  const data = { 'cidr-global': '10.0.0.1-10.0.0.3', sticky: '10m', 'cool-down': '5m' };
  const world = new SmallWorld(data).create(['x/1'], ['x/2']).delete('x/1').delete('x/2');
  world.now += 2 * minute;
  const same = world.pending('x/2');
  assert.ok(same.decision.kind === 'write');
  assert.equal(
    explainWrite(same.decision),
    'Assigned 10.0.0.2 (from cidr-global), which the Service had before',
  );
  assert.deepEqual(addressFindings(same), ['10.0.0.2 is free, and the Service had it before']);
  const other = world.pending('y/1');
  assert.deepEqual(addressFindings(other), [
    '10.0.0.3 is free',
    '10.0.0.1 is free for 2 minutes, last held by x/1; rests for 3 minutes more, so other addresses come first',
  ]);
  world.create(['y/1']);
  assert.deepEqual(addressFindings(world.pending('y/2')), [
    '10.0.0.1 is free',
    '10.0.0.1 is free for 2 minutes, last held by x/1; rests for 3 minutes more. No other address has rested',
  ]);
  world.now += 200_000;
  assert.deepEqual(addressFindings(world.pending('y/2')), ['10.0.0.1 is free']);
});

test('an address of the range has its last holder, for who and the page', () => {
  const data = { 'pool.a': '10.0.0.1-10.0.0.3', 'pools-global': 'a', sticky: '1h', 'cool-down.a': '5m' };
  const world = new SmallWorld(data).create(['x/1'], ['x/2'], ['x/3']).delete('x/1').delete('x/3');
  world.now += 130_000;
  const range = { family: 'IPv4', first: 0x0a00_0000n, last: 0x0a00_0004n } as const;
  assert.deepEqual(
    occupancyIn(range, world.allocator).map((part) =>
      'range' in part ? part.state : part.former && `${freeFor(part.former)}, ${lastHeldBy(part.former)}`,
    ),
    [
      'no-pool',
      'free for 2 minutes, last held by x/1; rests for 3 minutes more',
      undefined,
      'free for 2 minutes, last held by x/3; rests for 3 minutes more',
      'no-pool',
    ],
  );
  world.now += 4 * minute;
  const former = formerAddressAt(readAddress('10.0.0.1') ?? assert.fail(), world.allocator);
  assert.equal(former && lastHeldBy(former), 'last held by x/1');
});

test('durations are whole numbers of the largest unit of which there are two', () => {
  const rows = [
    [0, '0 seconds'],
    [1_000, '1 second'],
    [119_000, '119 seconds'],
    [120_000, '2 minutes'],
    [2 * 3_600_000, '2 hours'],
    [47 * 3_600_000, '47 hours'],
    [49 * 3_600_000, '2 days'],
  ] as const;
  for (const [ms, text] of rows) assert.equal(durationText(ms, Math.floor), text);
  assert.equal(durationText(121_500, Math.ceil), '3 minutes');
});

test('Services that share an address stay together, whoever had it last', () => {
  const data = {
    'cidr-global': '10.0.0.1-10.0.0.5',
    sticky: '1h',
    'cool-down': '1h',
    'allow-share-global': 'true',
  };
  const world = new SmallWorld(data);
  world.create(['x/web', { ports: [80] }], ['x/dns', { ports: [53] }]);
  assert.deepEqual(world.addresses('x/web', 'x/dns'), ['10.0.0.1', '10.0.0.1']);
  world
    .delete('x/web')
    .delete('x/dns')
    .create(['x/web', { ports: [80] }], ['x/dns', { ports: [53] }]);
  const [web, dns] = world.addresses('x/web', 'x/dns');
  assert.equal(web, dns);
});

test('a lease, and an address by name outside of all pools, are not remembered', () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.5', 'cidr-d': '0.0.0.0/32', sticky: '1h' });
  world.create(['x/1', { spec: '10.9.9.9' }], ['x/2', { spec: '10.0.0.4' }], ['d/1']);
  world.edit('d/1', { annotations: { 'kube-vip.io/requestedIP': '10.0.0.5' } });
  world.delete('x/1').delete('x/2').delete('d/1');
  assert.deepEqual(
    [...world.allocator.ledger.former.all()].map(({ address }) => formatAddress(address)),
    ['10.0.0.4'],
  );
});
