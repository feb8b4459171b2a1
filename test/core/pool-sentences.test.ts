/** The sentences about named pools, exclusions, reservations, and quotas, as users read them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainTrace } from '../../src/core/explain/explain-trace.ts';
import { remediesFor } from '../../src/core/explain/service-remedies.ts';
import { SmallWorld, type Wish } from './small-world.ts';
import { options } from './snapshots.ts';

const shop = {
  'pool.internal': '10.0.0.0/24',
  'pool.dmz': '203.0.113.16/28, 2001:db8:1::/120',
  'exclude.internal': '10.0.0.1-10.0.0.20',
  'select.dmz': 'tier=edge',
  'pools-global': 'internal',
  'pools-shop': 'internal, dmz',
  'reserve-shop': 'web=203.0.113.20',
  'quota-shop': '5',
};
const edge = { labels: { tier: 'edge' } };
const pool = (name: string) => ({ annotations: { 'kube-vip.io/pool': name } });

/** The findings about list, pool, and address: `ok pool internal`. */
function findings(world: SmallWorld, key: string): string[] {
  const decided = world.allocator.explain(key) ?? assert.fail(key);
  const marks = { passed: 'ok', failed: 'fail', noted: '-' };
  const skipped = ['type', 'ignore', 'class', 'request', 'families', 'write', 'sharing'];
  return explainTrace(decided, options)
    .filter(({ name }) => !skipped.includes(name))
    .map(({ name, outcome, finding }) => `${marks[outcome]} ${name}: ${finding}`);
}

const rows: readonly (readonly [
  title: string,
  data: Record<string, string>,
  services: readonly (readonly [key: string, wish?: Wish])[],
  expected: readonly string[],
])[] = [
  [
    'the first pool of a list',
    shop,
    [['shop/a']],
    [
      'ok list: pools-shop has internal, dmz',
      'ok pool: internal',
      '- pool: not dmz: select.dmz needs tier=edge, and the Service has no label tier',
    ],
  ],
  [
    'a pool by label',
    shop,
    [['shop/a', edge]],
    [
      'ok list: pools-shop has internal, dmz',
      '- pool: not internal: the labels match the selector of dmz, which takes precedence',
      'ok pool: dmz: the labels of the Service match select.dmz',
    ],
  ],
  [
    'a pool by name',
    shop,
    [['shop/a', pool('dmz')]],
    [
      'ok list: pools-shop has internal, dmz',
      '- pool: not internal: the annotation kube-vip.io/pool does not name it',
      'ok pool: dmz: the annotation kube-vip.io/pool names it',
    ],
  ],
  [
    'the list of all namespaces',
    shop,
    [['other/a']],
    [
      'ok list: pools-global has internal, because there is no pools-other, cidr-other, or range-other',
      'ok pool: internal',
    ],
  ],
  [
    'a reserved address',
    shop,
    [['shop/web']],
    ['ok reservation: 203.0.113.20, reserved for the Service by reserve-shop'],
  ],
  [
    'a pool that the namespace cannot use',
    shop,
    [['other/a', pool('dmz')]],
    [
      'fail pool: The annotation kube-vip.io/pool names dmz, but Services in namespace other can use internal (pools-global).',
    ],
  ],
  [
    'no pool without a selector',
    {
      'pool.a': '10.0.0.1',
      'pool.b': '10.0.0.2',
      'select.a': 'tier in (edge, core)',
      'auto-assign.b': 'false',
      'pools-x': 'a, b',
    },
    [['x/1', { labels: { tier: 'web' } }]],
    [
      'ok list: pools-x has a, b',
      '- pool: not a: select.a needs tier in (edge, core), and the Service has tier=web',
      '- pool: not b: it is only for Services that name it (auto-assign.b)',
      'fail pool: The pools of namespace x (a, b, listed by pools-x) are for other Services: by their labels, or for those that name the pool.',
    ],
  ],
  [
    'every pool of a list is full',
    {
      'pool.a': '10.0.0.1',
      'pool.b': '10.0.1.1-10.0.1.3',
      'exclude.b': '10.0.1.2-10.0.1.3',
      'pools-x': 'a, b',
    },
    [['x/1'], ['x/2'], ['x/3']],
    [
      'ok list: pools-x has a, b',
      'ok pool: a, in the order of the list',
      'ok pool: b, in the order of the list',
      'fail address: Pool a is full: its only IPv4 address is in use.',
      'fail address: Pool b is full: its only IPv4 address is in use, and 2 more are excluded (exclude.b).',
    ],
  ],
  [
    'every address is excluded',
    { 'pool.a': '10.0.0.1-10.0.0.3', 'exclude-global': '10.0.0.0/24', 'pools-x': 'a' },
    [['x/1']],
    [
      'ok list: pools-x has a',
      'ok pool: a',
      'fail address: Every address of pool a is excluded (exclude-global).',
    ],
  ],
  [
    'a quota that is reached',
    { 'cidr-x': '10.0.0.1-10.0.0.9', 'quota-x': '1' },
    [['x/1'], ['x/2']],
    [
      'ok pool: cidr-x, because there is no pools-x',
      'fail quota: The quota is reached: Services in namespace x hold 1 of 1 addresses (quota-x).',
    ],
  ],
  [
    'a reserved address that is requested by name',
    { 'cidr-x': '10.0.0.1-10.0.0.9', 'reserve-x': 'web=10.0.0.5' },
    [['x/1', { spec: '10.0.0.5' }]],
    [
      'fail address: 10.0.0.5 is reserved for x/web (reserve-x). kube-vip may still announce it for this Service.',
    ],
  ],
];

for (const [title, data, services, expected] of rows)
  test(`explain: ${title}`, () => {
    const world = new SmallWorld(data).create(...services);
    assert.deepEqual(findings(world, services.at(-1)?.[0] ?? ''), expected);
  });

test('explain: a Service that keeps its address when another pool takes precedence', () => {
  const world = new SmallWorld(shop).create(['shop/a']);
  world.edit('shop/a', edge);
  assert.deepEqual(findings(world, 'shop/a'), [
    'ok list: pools-shop has internal, dmz',
    'ok pool: internal provided the address, which stays. Now the labels match the selector of dmz, which takes precedence',
    '- pool: dmz would provide a new address',
  ]);
});

/** Services with one sharing key. */
const key = (ports: readonly number[], more: Wish = {}): Wish => ({
  annotations: { 'kube-vip.io/sharing-key': 'a' },
  ports,
  ...more,
});

const apart: readonly (readonly [
  title: string,
  data: Record<string, string>,
  second: Wish,
  expected: string,
])[] = [
  [
    'a common port',
    {},
    key([80, 443]),
    'The Service shares no address with x/1, which has the same kube-vip.io/sharing-key: "a": 10.0.0.1 is assigned to x/1, and both use TCP port 80. To share the address, change one of the two Services, and then request the address with the annotation kube-vip.io/reallocate.',
  ],
  [
    'externalTrafficPolicy',
    {},
    key([443], { local: true }),
    'The Service shares no address with x/1, which has the same kube-vip.io/sharing-key: "a": the Service has externalTrafficPolicy: Local. To share the address, change one of the two Services, and then request the address with the annotation kube-vip.io/reallocate.',
  ],
  [
    'another pool',
    { 'pool.a': '10.0.0.1-10.0.0.9', 'pool.b': '10.0.1.1', 'pools-x': 'a, b' },
    key([443], { annotations: { 'kube-vip.io/sharing-key': 'a', 'kube-vip.io/pool': 'b' } }),
    'The Service shares no address with x/1, which has the same kube-vip.io/sharing-key: "a": the pools of the Service do not have its address 10.0.0.1. To share the address, change one of the two Services, and then request the address with the annotation kube-vip.io/reallocate.',
  ],
];

for (const [title, data, second, expected] of apart)
  test(`a Service that cannot join those with its sharing key is told why: ${title}`, () => {
    const pools = Object.keys(data).length > 0 ? data : { 'cidr-x': '10.0.0.1-10.0.0.9' };
    const world = new SmallWorld(pools).create(['x/1', key([80])], ['x/2', second]);
    assert.notEqual(world.annotation('x/2'), '10.0.0.1');
    assert.equal(world.says('x/2'), expected);
  });

test('a Service with a sharing key says nothing if it shares, if no other has its key, and when the other one is gone', () => {
  const world = new SmallWorld({ 'cidr-x': '10.0.0.1-10.0.0.9', 'cidr-y': '10.0.1.1-10.0.1.9' }).create(
    ['x/1', key([80])],
    ['y/1', key([80])],
  );
  assert.deepEqual([world.says('x/1'), world.says('y/1')], ['', '']);
  world.create(['x/2', key([81])]);
  assert.equal(world.says('x/2'), 'Shared with x/1.');
  world.create(['x/3', key([80])]);
  assert.match(world.says('x/3'), /both use TCP port 80/);
  world.edit('x/3', { ports: [82] });
  assert.match(world.says('x/3'), /It could share 10\.0\.0\.1 now\./);
  assert.deepEqual([world.says('x/1'), world.annotation('x/3')], ['Shared with x/2.', '10.0.0.2']);
  const decided = world.allocator.explain('x/3') ?? assert.fail();
  const context = { allocator: world.allocator, options, configMap: undefined };
  assert.deepEqual(
    remediesFor(decided, context).map(({ command }) => command),
    ['kubectl annotate service 3 --namespace x --overwrite kube-vip.io/reallocate=10.0.0.1'],
  );
  world.edit('x/3', { annotations: { 'kube-vip.io/reallocate': '10.0.0.1' } });
  assert.equal(world.says('x/3'), 'Shared with x/1, x/2.');
  world.delete('x/1').delete('x/2');
  assert.equal(world.says('x/3'), '');
});
