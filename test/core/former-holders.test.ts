import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { FormerHolders } from '../../src/core/ledger/former-holders.ts';
import { SmallWorld } from './small-world.ts';

/** What an address remembers (spec section 14), as stories. Times are in minutes. */

const minute = 60_000;

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
  former.forgetBefore(99_999);
  assert.deepEqual(
    [...former.all()].map(({ address }) => formatAddress(address)),
    ['10.0.19.135'],
  );
  assert.equal(former.of('x/999').length, 1);
  former.forget(readAddress('10.0.19.135') ?? assert.fail());
  assert.equal(former.size, 0);
});
