/** What a dual-stack Service is told about a family that it lacks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainDecision } from '../../src/core/explain/explain-decision.ts';
import { SmallWorld, type Wish } from './small-world.ts';
import { options } from './snapshots.ts';

const either = 'PreferDualStack IPv4,IPv6';
const both = '10.0.0.1-10.0.0.9, fd00::1-fd00::9';

const missing: readonly (readonly [
  title: string,
  data: Record<string, string>,
  wish: Wish,
  address: string,
  expected: string,
])[] = [
  [
    'the quota has room for one address only',
    { 'cidr-x': both, 'quota-x': '1' },
    { families: either },
    '10.0.0.1',
    'The Service has no IPv6 address, although its ipFamilyPolicy is PreferDualStack. The quota is reached: Services in namespace x hold 1 of 1 addresses (quota-x). Increase the quota, or delete a Service of the namespace that has an address.',
  ],
  [
    'the quota has room for three of four addresses',
    {
      'pool.a': both,
      'pool.b': '10.0.1.1-10.0.1.9, fd01::1',
      'pools-x': 'a, b',
      'quota-x': '3',
    },
    { families: either, annotations: { 'kube-vip.io/pool': 'a,b' } },
    '10.0.0.1,fd00::1,10.0.1.1',
    'The Service has no IPv6 address from pool b, although its ipFamilyPolicy is PreferDualStack. The quota is reached: Services in namespace x hold 3 of 3 addresses (quota-x). Increase the quota, or delete a Service of the namespace that has an address.',
  ],
  [
    'no pool has the family that comes first, and the quota has room for one address only',
    { 'cidr-x': 'fd00::1-fd00::9', 'quota-x': '1' },
    { families: either },
    'fd00::1',
    'The Service has no IPv4 address, although its ipFamilyPolicy is PreferDualStack. Pool cidr-x has no IPv4 addresses. Add IPv4 addresses to it.',
  ],
  [
    'the pool has no more of the family that comes first, and the quota has room for one address only',
    { 'cidr-x': '10.0.0.1, fd00::1', 'quota-x': '1', 'exclude-x': '10.0.0.1' },
    { families: either },
    'fd00::1',
    'The Service has no IPv4 address, although its ipFamilyPolicy is PreferDualStack. Every IPv4 address of pool cidr-x is excluded (exclude-x). Exclude fewer addresses, or add others to the pool.',
  ],
  [
    'each of two pools has one family',
    { 'pool.a': '10.0.0.1', 'pool.b': 'fd01::1', 'pools-x': 'a, b' },
    { families: either, annotations: { 'kube-vip.io/pool': 'a,b' } },
    '10.0.0.1,fd01::1',
    'The Service has no IPv6 address from pool a, although its ipFamilyPolicy is PreferDualStack. Pool a has no IPv6 addresses. Add IPv6 addresses to it. The Service has no IPv4 address from pool b, although its ipFamilyPolicy is PreferDualStack. Pool b has no IPv4 addresses. Add IPv4 addresses to it.',
  ],
  [
    'no pool of a list has the family',
    { 'pool.a': '10.0.0.1-10.0.0.9', 'pool.b': '10.0.1.1', 'pools-x': 'a, b' },
    { families: either },
    '10.0.0.1',
    'The Service has no IPv6 address, although its ipFamilyPolicy is PreferDualStack. Pool a has no IPv6 addresses. Add IPv6 addresses to it. Pool b has no IPv6 addresses. Add IPv6 addresses to it.',
  ],
];

for (const [title, data, wish, address, expected] of missing)
  test(`a missing family is explained as soon as the Service is assigned, and after that: ${title}`, () => {
    const world = new SmallWorld(data);
    assert.equal(explainDecision(world.pending('x/1', wish).decision, options), expected);
    world.create(['x/1', wish]);
    assert.equal(world.annotation('x/1'), address);
    assert.equal(world.says('x/1'), expected);
  });

test('a Service that lacks a family of one of its pools is decided again when the quota has room', () => {
  const data = { 'pool.a': both, 'pool.b': '10.0.1.1, fd01::1', 'pools-x': 'a, b', 'quota-x': '4' };
  const wish = { families: either, annotations: { 'kube-vip.io/pool': 'a,b' } };
  const world = new SmallWorld(data).create(['x/0'], ['x/1', wish]);
  assert.equal(world.annotation('x/1'), '10.0.0.2,fd00::1,10.0.1.1');
  world.allocator.deleteService('x/0', '999');
  const next = world.allocator.next(0) ?? assert.fail('nothing was decided');
  assert.equal(next.state.key, 'x/1');
  assert.match(
    explainDecision(next.decision, options),
    /^The Service has no IPv6 address from pool b, .* Pool b can provide one now\. /,
  );
  next.work.done();
  world.edit('x/1', { annotations: { 'kube-vip.io/reallocate': 'true' } });
  assert.equal(world.annotation('x/1'), '10.0.0.2,fd00::1,10.0.1.1,fd01::1');
  assert.equal(world.says('x/1'), '');
});

test('a Service that lacks a family of one of its pools is decided again when that pool has an address', () => {
  const data = { 'pool.a': both, 'pool.b': '10.0.1.1, fd01::1', 'pools-x': 'a, b' };
  const wish = { families: either, annotations: { 'kube-vip.io/pool': 'a,b' } };
  const world = new SmallWorld(data).create(['y/0', { spec: 'fd01::1' }], ['x/1', wish]);
  assert.match(world.says('x/1'), /^The Service has no IPv6 address from pool b, .* Pool b is full: /);
  world.allocator.deleteService('y/0', '999');
  assert.equal(world.allocator.next(0)?.state.key, 'x/1');
});

test('of two pools that lack a family, the one that has it now is said to provide it', () => {
  const data = { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1', 'pools-x': 'a, b' };
  const wish = { families: either, annotations: { 'kube-vip.io/pool': 'a,b' } };
  const world = new SmallWorld(data).create(['x/1', wish]);
  world.configure({ ...data, 'pool.a': '10.0.0.1, fd00::1' });
  assert.match(
    world.says('x/1'),
    /no IPv6 address from pool a, .* Pool a can provide one now\. .*no IPv6 address from pool b, .* Pool b has no IPv6 addresses\./,
  );
});

test('the quota counts all addresses of the Service, whatever the order of its families', () => {
  const data = { 'cidr-x': '10.0.0.1, fd00::1', 'quota-x': '1' };
  const wish = { families: either };
  const world = new SmallWorld(data).create(['y/1', { spec: '10.0.0.1' }]);
  const first = explainDecision(world.pending('x/1', wish).decision, options);
  assert.match(first, /^The Service has no IPv4 address, .* The quota is reached: .* hold 1 of 1 addresses/);
  assert.equal(world.create(['x/1', wish]).says('x/1'), first);
});

test('the pool that can provide the missing family is named, and not the first one of the list', () => {
  const data = { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1', 'pools-x': 'a, b' };
  const world = new SmallWorld(data).create(['x/1', { families: either }]);
  world.configure({ ...data, 'pool.b': '10.0.1.1, fd01::1' });
  assert.match(world.says('x/1'), / Pool b can provide one now\. /);
  world.configure({ ...data, 'reserve-x': '1=fd02::1' });
  assert.match(world.says('x/1'), / An address is reserved for it\. /);
});
