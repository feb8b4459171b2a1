/** The sentences about named pools, exclusions, reservations, and quotas, as users read them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { explainProblems } from '../../src/core/explain/explain-config.ts';
import { reasonOf } from '../../src/core/explain/explain-decision.ts';
import { explainTrace } from '../../src/core/explain/explain-trace.ts';
import { remediesFor } from '../../src/core/explain/service-remedies.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
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
    'a reserved address beside a quota that is reached',
    { 'cidr-x': '10.0.0.1-10.0.0.9', 'quota-x': '1', 'reserve-x': '2=10.0.0.5' },
    [['x/1'], ['x/2']],
    [
      'ok pool: cidr-x, because there is no pools-x',
      '- reservation: 10.0.0.5 is reserved for the Service (reserve-x), which gets it when the quota has room',
      'fail quota: The quota is reached: Services in namespace x hold 1 of 1 addresses (quota-x).',
    ],
  ],
  [
    'an address of each of two pools',
    shop,
    [['shop/a', pool('internal,dmz')]],
    [
      'ok list: pools-shop has internal, dmz',
      'ok pool: internal provided an address: the annotation kube-vip.io/pool names it',
      'ok pool: dmz provided an address: the annotation kube-vip.io/pool names it',
    ],
  ],
  [
    'a family of each of two pools',
    { 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1, 2001:db8::1-2001:db8::9', 'pools-x': 'a, b' },
    [['x/1', { families: 'RequireDualStack IPv4,IPv6' }]],
    [
      'ok list: pools-x has a, b',
      'ok pool: a provided an address, in the order of the list',
      'ok pool: b provided an address, in the order of the list',
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
    '- pool: dmz is the pool for a new address',
  ]);
});

test('a Service with a reservation waits for the quota, and gets the reserved address when it has room', () => {
  const data = { 'cidr-x': '10.0.0.1-10.0.0.9', 'quota-x': '1', 'reserve-x': '2=10.0.0.5' };
  const world = new SmallWorld(data).create(['x/1'], ['x/2']);
  assert.deepEqual(world.addresses('x/1', 'x/2'), ['10.0.0.1', '-']);
  assert.equal(world.delete('x/1').annotation('x/2'), '10.0.0.5');
});

const announced = {
  'pool.internal': '10.0.0.1-10.0.0.9',
  'pool.dmz': '10.0.1.1-10.0.1.9',
  'interface.dmz': 'eth1',
  'vlan.dmz': '120',
  'pools-shop': 'internal, dmz',
};
const named = { ...announced, 'interface.internal': 'eth2', 'lease.internal': 'here' };
const afterRestart = 'kube-vip notices a change only after a restart';

const moves: readonly (readonly [
  title: string,
  data: Record<string, string>,
  before: string,
  after: string,
  expected: string | undefined,
])[] = [
  [
    'to a pool without any',
    announced,
    'dmz',
    'internal',
    `The Service keeps interface eth1 and VLAN 120, although pool internal sets none: ${afterRestart}`,
  ],
  [
    'to a pool that sets them',
    announced,
    'internal',
    'dmz',
    `The Service keeps no interface and no VLAN, although pool dmz sets interface eth1 and VLAN 120: ${afterRestart}`,
  ],
  [
    'to a pool that sets others',
    named,
    'dmz',
    'internal',
    `The Service keeps interface eth1, VLAN 120, and no Lease, although pool internal sets interface eth2, no VLAN, and Lease here: ${afterRestart}`,
  ],
  ['to two pools, of which the first one decides', announced, 'dmz', 'dmz,internal', undefined],
  [
    'to two pools, of which the first one sets none',
    announced,
    'dmz',
    'internal,dmz',
    `The Service keeps interface eth1 and VLAN 120, although pool internal sets none: ${afterRestart}`,
  ],
  ['nowhere', announced, 'dmz', 'dmz', undefined],
];

for (const [title, data, before, after, expected] of moves)
  test(`explain: the announcement of a Service that moves ${title}`, () => {
    const world = new SmallWorld(data).create(['shop/a', pool(before)]);
    world.edit('shop/a', pool(after));
    const found = findings(world, 'shop/a').filter((one) => one.includes(' interface: '));
    assert.deepEqual(found, expected === undefined ? [] : [`- interface: ${expected}`]);
  });

test('explain: an interface that a user set is not compared, nor that of an address by name or in no pool any more', () => {
  const of = (world: SmallWorld) => findings(world, 'shop/a').filter((one) => one.includes(' interface: '));
  const own = { 'kube-vip.io/pool': 'dmz', 'kube-vip.io/serviceInterface': 'eth7' };
  assert.deepEqual(of(new SmallWorld(announced).create(['shop/a', { annotations: own }])), []);
  const requested = { 'kube-vip.io/loadbalancerIPs': '10.0.1.5' };
  assert.deepEqual(of(new SmallWorld(announced).create(['shop/a', { annotations: requested }])), []);
  const removed = new SmallWorld(announced).create(['shop/a', pool('dmz')]);
  assert.deepEqual(of(removed.configure({ ...announced, 'pool.dmz': '10.0.2.1' })), []);
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

/** Two Services with one sharing key, whose ports do not conflict any more, each with an address of its own. */
function separate(data: Record<string, string> = {}): SmallWorld {
  const world = new SmallWorld({ 'cidr-x': '10.0.0.1-10.0.0.9' }).create(
    ['x/1', key([80])],
    ['x/2', key([80])],
  );
  return world.edit('x/2', key([443])).configure({ 'cidr-x': '10.0.0.1-10.0.0.9', ...data });
}

const first = { family: 'IPv4', value: 0x0a000001n } as const;

for (const [title, setAside, expected] of [
  [
    'by the configuration',
    () => separate({ 'reserve-x': 'web=10.0.0.1' }),
    'it is reserved for x/web (reserve-x). To share the address, remove the reservation, and then request the address with the annotation kube-vip.io/reallocate.',
  ],
  [
    'as an external IP',
    () => {
      const world = separate();
      world.allocator.externalIPs.put({ key: 'x/web', addresses: [first], resourceVersion: '100' });
      return world.settle();
    },
    'it is used as an external IP of Service x/web. To share the address, remove it from spec.externalIPs of x/web, and then request the address with the annotation kube-vip.io/reallocate.',
  ],
  [
    'by a claim of another owner',
    () => {
      const world = separate();
      const owner = { parent: 'services x/web', managedBy: 'ipam' };
      world.allocator.ledger.reservations.add({ why: 'claimed', address: first, owner });
      return world.settle();
    },
    'it is claimed by the IPAddress object 10.0.0.1 (parent services x/web, managed by ipam). The controller assigns the address to no other Service while that object exists.',
  ],
] as const)
  test(`a Service that cannot join those with its sharing key is told for whom the address is set aside: ${title}`, () => {
    const world = setAside();
    assert.equal(
      world.says('x/2'),
      `The Service shares no address with x/1, which has the same kube-vip.io/sharing-key: "a": 10.0.0.1 is assigned to x/1, and ${expected}`,
    );
    world.edit('x/2', { annotations: { 'kube-vip.io/reallocate': '10.0.0.1' } });
    assert.equal(world.annotation('x/2'), '10.0.0.2');
  });

test('a Service can join another one on the address that is reserved for itself, whatever it was before', () => {
  const world = separate({ 'reserve-x': '2=10.0.0.1' });
  world.allocator.externalIPs.put({ key: 'x/2', addresses: [first], resourceVersion: '100' });
  assert.match(world.settle().says('x/2'), /It could share 10\.0\.0\.1 now\./);
  world.edit('x/2', { annotations: { 'kube-vip.io/reallocate': '10.0.0.1' } });
  assert.deepEqual([world.annotation('x/2'), world.says('x/2')], ['10.0.0.1', 'Shared with x/1.']);
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

/** The remedies for a Service: each advice with the command that follows it. */
function remedies(world: SmallWorld, key: string, data: Record<string, string>): [string, string][] {
  const decided = world.allocator.explain(key) ?? assert.fail(key);
  const configMap = { metadata: { name: 'kubevip', namespace: 'kube-system' }, data };
  return remediesFor(decided, { allocator: world.allocator, options, configMap }).map(
    ({ advice, command = '' }) => [advice, command],
  );
}

test('only the keys that exclude addresses of the pool are named, and changed', () => {
  const data = { 'cidr-x': '10.0.0.1-10.0.0.2', 'exclude-x': '10.9.9.9', 'exclude-global': '10.0.0.0/24' };
  const world = new SmallWorld(data).create(['x/1']);
  assert.match(world.says('x/1'), /^Every address of pool cidr-x is excluded \(exclude-global\)\./);
  const [[advice] = []] = remedies(world, 'x/1', data);
  assert.equal(advice, 'Exclude fewer addresses with exclude-global: replace ADDRESSES.');
  world.configure({ ...data, 'exclude-x': '10.0.0.1' });
  assert.match(
    world.says('x/1'),
    /^Every address of pool cidr-x is excluded \(exclude-x, exclude-global\)\./,
  );
});

test('a Service whose deletion frees no address is not named: it is an external IP as well', () => {
  const data = { 'cidr-x': '10.0.0.1-10.0.0.2' };
  const world = new SmallWorld(data).create(['x/1'], ['x/2'], ['x/3']);
  const named = (): string[] =>
    remedies(world, 'x/3', data).flatMap(([advice]) => /no longer needed: (.*)\.$/.exec(advice)?.[1] ?? []);
  assert.deepEqual(named(), ['x/1, x/2']);
  world.allocator.externalIPs.put({ key: 'x/web', addresses: [first], resourceVersion: '100' });
  world.settle();
  assert.deepEqual(named(), ['x/2']);
});

const two = { 'pool.internal': '10.0.0.0/24', 'pool.dmz': '203.0.113.16/28', 'select.dmz': 'tier=edge' };

for (const [list, expected, advice, command] of [
  [
    'internl, dmz',
    'The list pools-shop names internl, which does not exist. Did you mean "internal"? The other pools of namespace shop (dmz, listed by pools-shop) are for other Services: by their labels, or for those that name the pool. Correct the list.',
    'Correct pools-shop, if internal is meant.',
    '"pools-shop":"internal,dmz"',
  ],
  [
    'foo, dmz',
    'The list pools-shop names foo, which does not exist. The other pools of namespace shop (dmz, listed by pools-shop) are for other Services: by their labels, or for those that name the pool. Correct the list.',
    'Add pool foo: replace ADDRESSES with an unused block or range of your network.',
    '"pool.foo":"ADDRESSES"',
  ],
  [
    'foo',
    'The list pools-shop names foo, which does not exist. Namespace shop therefore has no pool. Correct the list, or add its pools to ConfigMap kube-system/kubevip as keys such as pool.internal.',
    'Add pool foo: replace ADDRESSES with an unused block or range of your network.',
    '"pool.foo":"ADDRESSES"',
  ],
  [
    'internal; dmz',
    'The list pools-shop has "internal; dmz", which is not the name of a pool. Did you mean "internal, dmz"? Namespace shop therefore has no pool. Correct the list, or add its pools to ConfigMap kube-system/kubevip as keys such as pool.internal.',
    'Correct pools-shop, if internal, dmz is meant.',
    '"pools-shop":"internal,dmz"',
  ],
  [
    '',
    'The list pools-shop names no pool, so namespace shop has none: an empty list does not fall back to another key. Add the name of a pool to the list, or delete the key from ConfigMap kube-system/kubevip.',
    'Add the name of a pool to pools-shop: replace POOL.',
    '"pools-shop":"POOL"',
  ],
] as const)
  test(`a list without a pool for the Service says why, and is corrected first: "${list}"`, () => {
    const data = { ...two, 'pools-global': 'internal', 'pools-shop': list };
    const world = new SmallWorld(data).create(['shop/a']);
    assert.equal(world.says('shop/a'), expected);
    const [[said, run] = ['', '']] = remedies(world, 'shop/a', data);
    assert.equal(said, advice);
    assert.ok(run.includes(command), run);
  });

test('the problems of a list name the nearest pool, and a list that could have an unlisted one', () => {
  const explained = (data: Record<string, string>): string[] =>
    explainProblems(readConfig({ metadata: { name: 'kubevip' }, data }).problems);
  const unlisted = (list: string): string =>
    `pool.dmz serves no Service, because no list names dmz. Add it to a list, such as ${list}.`;
  assert.deepEqual(explained({ ...two, 'pools-shop': 'internl' }), [
    'pools-shop: there is no pool internl. Did you mean "internal"? Add the key pool.internl, or remove the name from the list.',
    unlisted('pools-shop'),
    'pool.internal serves no Service, because no list names internal. Add it to a list, such as pools-shop.',
  ]);
  const both = { ...two, 'pools-a': 'internal', 'pools-global': 'internal' };
  assert.deepEqual(explained(both), [unlisted('pools-global')]);
  assert.deepEqual(explained({ 'pools-global': '', 'quota-global': '-1' }), [
    'pools-global names no pool, so Services in namespaces without their own key cannot get an address. Add the name of a pool, or delete the key.',
    'quota-global: "-1" is not a number of addresses, so the key has no effect: the number is not limited. Use a whole number that is not negative.',
  ]);
});

const single = { 'cidr-x': '10.0.0.0/24, fd00::/120' };

for (const [title, quota, wish, expected] of [
  ['one address', '2', {}, '3'],
  ['a second family that it can do without', '2', { families: 'PreferDualStack IPv4,IPv6' }, '3'],
  ['two families', '2', { families: 'RequireDualStack IPv4,IPv6' }, '4'],
  ['two families, one of which has room', '3', { families: 'RequireDualStack IPv4,IPv6' }, '4'],
  [
    'two addresses by name, one of which has room',
    '3',
    { annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.9,10.0.0.8' } },
    '4',
  ],
] as const)
  test(`a quota is increased by what the Service lacks: ${title}`, () => {
    const data = { ...single, 'quota-x': quota };
    const world = new SmallWorld(data).create(['x/1'], ['x/2'], ['x/new', wish]);
    const [[, increase] = ['', ''], [remove] = ['', '']] = remedies(world, 'x/new', data);
    assert.ok(increase.includes(`"quota-x":"${expected}"`), increase);
    assert.equal(remove, 'Or delete a Service of the namespace that is no longer needed: x/1, x/2.');
  });

test('a Service that waits for the quota to change is not the one to delete', () => {
  const data = { ...single, 'quota-x': '1' };
  const world = new SmallWorld(data).create(['x/1']);
  world.edit('x/1', { families: 'RequireDualStack IPv4,IPv6' });
  const waiting = remedies(world, 'x/1', data);
  assert.deepEqual(
    waiting.map(([advice]) => advice),
    ['Increase quota-x, if the namespace may have more addresses.'],
  );
  const [[, command] = ['', '']] = waiting;
  assert.ok(command.includes('"quota-x":"2"'), command);
});

test('a reallocation is not suggested where the pool of the annotation is not listed any more', () => {
  const data = { ...two, 'pools-shop': 'internal, dmz' };
  const world = new SmallWorld(data).create(['shop/a', pool('dmz')]);
  world.configure({ ...data, 'pools-shop': 'internal' });
  assert.equal(
    world.says('shop/a'),
    'The Service keeps 203.0.113.17, which is outside pool internal. No action is needed. A new address from the pool is not possible: The annotation kube-vip.io/pool names dmz, but Services in namespace shop can use internal (pools-shop).',
  );
  assert.deepEqual(remedies(world, 'shop/a', data), []);
});

test('a wrong name of a pool is corrected even while the quota is reached', () => {
  const data = { ...two, 'pools-shop': 'internal, dmz', 'quota-shop': '1' };
  const world = new SmallWorld(data).create(['shop/a'], ['shop/b', pool('dnz')]);
  assert.deepEqual(
    remedies(world, 'shop/b', data).map(([advice]) => advice),
    [
      'Use pool dmz.',
      'Use pool internal.',
      'Remove the annotation kube-vip.io/pool. The Service then gets an address as others in namespace shop do.',
    ],
  );
});

test('the key of a pool without a name is said once', () => {
  const world = new SmallWorld({ 'cidr-legacy': '10.0.0.1' }).create(['legacy/a', pool('dmz')]);
  assert.match(world.says('legacy/a'), /can use cidr-legacy[.] /);
});

test('two addresses are free', () => {
  const world = new SmallWorld({ 'pool.a': '10.0.0.1', 'pool.b': '10.0.1.1', 'pools-x': 'a, b' });
  world.allocator.putService(
    viewOf({
      metadata: { namespace: 'x', name: 'new', uid: 'new', ...pool('a,b') },
      spec: { type: 'LoadBalancer', ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] },
    }),
  );
  assert.deepEqual(findings(world, 'x/new').at(-1), 'ok address: 10.0.0.1,10.0.1.1 are free');
});

test('an event says that another name on a list is wrong', () => {
  const world = new SmallWorld({ ...two, 'pools-shop': 'internl' }).create(['shop/a']);
  const before = reasonOf(world.decision('shop/a'));
  world.configure({ ...two, 'pools-shop': 'dnz' });
  assert.notEqual(reasonOf(world.decision('shop/a')), before);
});
