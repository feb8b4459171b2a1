/** Which pools of a list an allocation passed over, and why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceDecision } from '../../src/core/decide/allocator.ts';
import { explainWrite } from '../../src/core/explain/explain-decision.ts';
import { explainTrace } from '../../src/core/explain/explain-trace.ts';
import { SmallWorld, type Wish } from './small-world.ts';
import { options } from './snapshots.ts';

/** The sentences about the pools of a list. */
function pools(decided: ServiceDecision): string[] {
  return explainTrace(decided, options)
    .filter(({ name }) => name === 'pool')
    .map(({ finding }) => finding);
}

const either = 'PreferDualStack IPv4,IPv6';
const order = 'in the order of the list';

const passed: readonly (readonly [
  title: string,
  data: Record<string, string>,
  before: (world: SmallWorld) => unknown,
  wish: Wish,
  expected: readonly string[],
])[] = [
  [
    'a pool without a free address, and one that comes later',
    { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1-10.0.1.9', 'pool.c': '10.0.2.1', 'pools-x': 'a, b, c' },
    (world) => world.create(['x/1']),
    {},
    ['not a: it has no free IPv4 address', `b, ${order}`, 'not c: b, which comes first, provides 10.0.1.1'],
  ],
  [
    'the Service had an address of a later pool',
    { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1-10.0.1.9', 'pools-x': 'a, b', sticky: '1h' },
    (world) => world.create(['x/1'], ['x/new']).delete('x/new').delete('x/1'),
    {},
    ['not a: the Service had 10.0.1.1 before', `b, ${order}`],
  ],
  [
    'the addresses of a pool have not rested',
    { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1-10.0.1.9', 'pools-x': 'a, b', 'cool-down': '1h' },
    (world) => world.create(['x/1']).delete('x/1'),
    {},
    ['not a: its free IPv4 addresses were in use a short time ago (cool-down)', `b, ${order}`],
  ],
  [
    'no address of any pool has rested',
    {
      'pool.a': '10.0.0.1',
      'pool.b': '10.0.1.1',
      'pool.c': '10.0.2.1',
      'pools-x': 'a, b, c',
      'cool-down': '1h',
    },
    (world) => world.create(['x/1'], ['x/2'], ['x/3']).delete('x/2').delete('x/3'),
    {},
    ['not a: it has no free IPv4 address', `b, ${order}`, 'not c: b, which comes first, provides 10.0.1.1'],
  ],
  [
    'a pool of the other family',
    { 'pool.a': '10.0.0.1-10.0.0.9', 'pool.b': 'fd00::1-fd00::9', 'pools-x': 'a, b' },
    () => undefined,
    { families: 'SingleStack IPv6' },
    ['not a: it has no IPv6 addresses', `b, ${order}`],
  ],
  [
    'a pool of which every address is excluded',
    { 'pool.a': '10.0.0.1', 'exclude.a': '10.0.0.1', 'pool.b': '10.0.1.1', 'pools-x': 'a, b' },
    () => undefined,
    {},
    ['not a: every IPv4 address of it is excluded (exclude.a)', `b, ${order}`],
  ],
  [
    'the only address of the first pool is shared',
    { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1', 'pools-x': 'a, b', 'allow-share-x': 'true' },
    (world) => world.create(['x/1', { ports: [81] }]),
    {},
    [`a, ${order}`, 'not b: a, which comes first, provides 10.0.0.1'],
  ],
  [
    'the quota leaves only a shared address of a later pool',
    {
      'pool.a': '10.0.0.1',
      'pool.b': '10.0.1.1',
      'pools-x': 'a, b',
      'pools-y': 'b',
      'allow-share.b': 'true',
      'quota-x': '1',
    },
    (world) => world.create(['x/1', { ports: [81], spec: '10.0.1.1' }]),
    {},
    ['not a: it has no IPv4 address that the quota permits', `b, ${order}`],
  ],
  [
    'a family of each of two pools',
    { 'pool.a': '10.0.0.1', 'pool.b': 'fd00::1', 'pool.c': '10.0.2.1, fd02::1', 'pools-x': 'a, b, c' },
    () => undefined,
    { families: 'RequireDualStack IPv4,IPv6' },
    [
      `a, ${order}`,
      `b, ${order}`,
      'not c: a, which comes first, provides 10.0.0.1; b, which comes first, provides fd00::1',
    ],
  ],
  [
    'the status shows an address of a later pool',
    { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1', 'pools-x': 'a, b' },
    () => undefined,
    { status: '10.0.1.1' },
    ['not a: the Service keeps 10.0.1.1', `b, ${order}`],
  ],
  [
    'an address of a later pool is named',
    { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1', 'pools-x': 'a, b' },
    () => undefined,
    { annotations: { 'kube-vip.io/reallocate': '10.0.1.1' } },
    ['not a: the annotation kube-vip.io/reallocate requests 10.0.1.1', `b, ${order}`],
  ],
  [
    'one family is reserved outside of all pools',
    { 'pool.a': '10.0.0.1', 'pool.b': 'fd00::1', 'pools-x': 'a, b', 'reserve-x': 'new=fd09::1' },
    () => undefined,
    { families: either },
    [`a, ${order}`, 'not b: a, which comes first, provides 10.0.0.1; fd09::1 is reserved for the Service'],
  ],
  [
    'one family, which the second pool has',
    { 'pool.a': 'fd00::1', 'pool.b': '10.0.1.1, fd01::1', 'pools-x': 'a, b' },
    (world) => world.create(['x/1', { spec: 'fd00::1' }], ['x/2', { spec: 'fd01::1' }]),
    { families: either },
    ['not a: it has no IPv4 addresses', `b, ${order}`],
  ],
];

for (const [title, data, before, wish, expected] of passed)
  test(`explain: why a pool was passed over: ${title}`, () => {
    const world = new SmallWorld(data);
    before(world);
    assert.deepEqual(pools(world.pending('x/new', wish)), expected);
  });

test('an event names the pool that provides an address, and not one that excludes it', () => {
  const data = {
    'pool.a': 'fd00::1',
    'exclude.a': 'fd00::1',
    'pool.b': 'fd00::1',
    'pool.c': '10.0.0.1',
    'pools-x': 'a, b, c',
  };
  const { decision, trace } = new SmallWorld(data).pending('x/1', {
    families: 'RequireDualStack IPv4,IPv6',
  });
  assert.ok(decision.kind === 'write');
  assert.equal(explainWrite(decision, trace.policy), 'Assigned 10.0.0.1,fd00::1 (from pool.c and pool.b)');
});

test('explain: a Service that has its address claims nothing about the other pools of its list', () => {
  const data = { 'pool.a': '10.0.0.1-10.0.0.9', 'pool.b': 'fd00::1-fd00::9', 'pools-x': 'a, b' };
  const world = new SmallWorld(data).create(['x/1', { families: 'SingleStack IPv6' }]);
  const held = () => pools(world.allocator.explain('x/1') ?? assert.fail());
  assert.deepEqual(held(), ['not a: the Service keeps its address from b', `b, ${order}`]);
  world.configure({ ...data, 'pools-x': 'a' });
  assert.deepEqual(held(), ['a is the pool for a new address']);
});
