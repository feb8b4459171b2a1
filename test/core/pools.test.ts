import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, readAddress } from '../../src/core/ip/address.ts';
import { SmallWorld } from './small-world.ts';

/** Pools by name, exclusions, reservations, quotas, and sharing keys (spec sections 12 and 13), as stories. */

const shop = {
  'pool.internal': '10.0.0.0/24',
  'pool.dmz': '203.0.113.16/28, 2001:db8:1::/120',
  'exclude.internal': '10.0.0.1-10.0.0.20',
  'interface.dmz': 'eth1',
  'vlan.dmz': '120',
  'select.dmz': 'tier=edge',
  'pools-global': 'internal',
  'pools-shop': 'internal, dmz',
  'reserve-shop': 'web=203.0.113.20',
  'quota-shop': '5',
};
const edge = { labels: { tier: 'edge' } };
const pool = (name: string) => ({ annotations: { 'kube-vip.io/pool': name } });

function addressOf(text: string): Address {
  return readAddress(text) ?? assert.fail(text);
}

test('the pool of a Service follows from its annotation, its labels, and the order of the list', () => {
  const world = new SmallWorld(shop).create(
    ['shop/a'],
    ['shop/b', edge],
    ['shop/c', pool('dmz')],
    ['shop/d', pool('internal, dmz')],
    ['other/a', edge],
  );
  assert.deepEqual(world.addresses('shop/a', 'shop/b', 'shop/c', 'shop/d', 'other/a'), [
    '10.0.0.21',
    '203.0.113.17',
    '203.0.113.18',
    '10.0.0.22,203.0.113.19',
    '10.0.0.23',
  ]);
  assert.equal(world.annotation('shop/b', 'serviceInterface'), 'eth1');
  assert.equal(world.annotation('shop/b', 'serviceVLAN'), '120');
  assert.equal(world.annotation('shop/a', 'serviceVLAN'), undefined);
});

test('a reserved address waits for its Service, and the sixth address of a quota of five is refused', () => {
  const names = Array.from({ length: 5 }, (_, i) => `shop/${i}`);
  const world = new SmallWorld(shop).create(...names.map((name) => [name, edge] as const));
  assert.deepEqual(world.addresses('shop/3', 'shop/4'), ['203.0.113.21', '203.0.113.22']);
  world.create(['shop/web']);
  assert.deepEqual(world.addresses('shop/web'), ['-']);
  assert.match(world.says('shop/web'), /hold 5 of 5 addresses/);
  world.delete('shop/0');
  assert.deepEqual(world.addresses('shop/web'), ['203.0.113.20']);
});

test('an edit of the annotation moves a Service; edits of labels, lists, and selectors do not', () => {
  const world = new SmallWorld(shop).create(['shop/a']);
  world.edit('shop/a', edge).configure({ ...shop, 'select.internal': 'never=true', 'pools-shop': 'dmz' });
  assert.deepEqual(world.addresses('shop/a'), ['10.0.0.21']);
  world.configure(shop).edit('shop/a', pool('dmz'));
  assert.deepEqual(world.addresses('shop/a'), ['203.0.113.17']);
  world.edit('shop/a', pool('internal'));
  assert.deepEqual(world.addresses('shop/a'), ['10.0.0.21']);
  world.edit('shop/a', pool('nowhere'));
  assert.deepEqual(world.addresses('shop/a'), ['10.0.0.21'], 'it keeps what it has');
  assert.match(world.says('shop/a'), /names nowhere, but Services in namespace shop can use internal, dmz/);
});

test('a list is an overflow, and families can come from different pools', () => {
  const world = new SmallWorld({
    'pool.a': '10.0.0.1',
    'pool.b': '10.0.1.1, 2001:db8::1',
    'pool.c': '10.0.2.1-10.0.2.9',
    'auto-assign.c': 'false',
    'pools-global': 'a, b, c',
  }).create(
    ['x/1', { families: 'RequireDualStack IPv4,IPv6' }],
    ['x/2'],
    ['x/3'],
    ['x/4', pool('c')],
    ['x/5', pool('a')],
  );
  assert.deepEqual(world.addresses('x/1', 'x/2', 'x/3', 'x/4', 'x/5'), [
    '10.0.0.1,2001:db8::1',
    '10.0.1.1',
    '-',
    '10.0.2.1',
    '-',
  ]);
  world.delete('x/1');
  assert.deepEqual(world.addresses('x/3', 'x/5'), ['10.0.0.1', '-'], 'the oldest');
});

test("a reserved address is nobody else's, from a pool or by name; who has it before keeps it", () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.3' }).create(['x/1'], ['x/2']);
  const data = {
    'cidr-global': '10.0.0.1-10.0.0.3',
    'reserve-x': 'web=10.0.0.1, api=10.0.0.3, far=192.168.9.9',
  };
  world.configure(data).create(['x/3'], ['x/4', { spec: '10.0.0.3' }], ['x/far'], ['x/web'], ['x/api']);
  assert.deepEqual(world.addresses('x/1', 'x/3', 'x/4', 'x/far', 'x/web', 'x/api'), [
    '10.0.0.1',
    '-',
    '-',
    '192.168.9.9',
    '-',
    '10.0.0.3',
  ]);
  assert.match(world.says('x/1'), /10\.0\.0\.1 is reserved for x\/web \(reserve-x\)/);
  world.delete('x/1');
  assert.deepEqual(world.addresses('x/web', 'x/3'), ['10.0.0.1', '-']);
});

test('Services with one sharing key go on one address, and share with no others', () => {
  const key = (text: string, ports: readonly number[]) => ({
    annotations: { 'kube-vip.io/sharing-key': text },
    ports,
  });
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.9', 'allow-share-y': 'true' }).create(
    ['x/1', key('a', [80])],
    ['x/2', key('a', [81])],
    ['x/3', key('b', [82])],
    ['x/4', { ports: [83] }],
    ['y/1', key('a', [84])],
    ['y/2', { ports: [85] }],
    ['y/3', { ports: [86] }],
    ['x/5', key('a', [80])],
  );
  assert.deepEqual(world.addresses('x/1', 'x/2', 'x/3', 'x/4', 'y/1', 'y/2', 'y/3', 'x/5'), [
    '10.0.0.1',
    '10.0.0.1',
    '10.0.0.2',
    '10.0.0.3',
    '10.0.0.4',
    '10.0.0.5',
    '10.0.0.5',
    '10.0.0.6',
  ]);
});

test('a quota counts shared addresses once, and addresses that are requested by name', () => {
  const data = { 'cidr-x': '10.0.0.1-10.0.0.9', 'allow-share-x': 'true', 'quota-global': '2' };
  const world = new SmallWorld(data).create(
    ['x/1', { ports: [80] }],
    ['x/2', { ports: [81] }],
    ['x/3', { ports: [80] }],
    ['x/4', { spec: '192.168.0.1' }],
    ['x/5', { ports: [80] }],
    ['x/6', { ports: [82] }],
  );
  assert.deepEqual(world.addresses('x/1', 'x/2', 'x/3', 'x/4', 'x/5', 'x/6'), [
    '10.0.0.1',
    '10.0.0.1',
    '10.0.0.2',
    '-',
    '-',
    '10.0.0.1',
  ]);
  assert.equal(world.service('x/4').metadata.labels?.implementation, undefined);
  world.configure({ ...data, 'quota-x': '1' });
  assert.deepEqual(world.addresses('x/3'), ['10.0.0.2'], 'what is held is never taken');
  world.delete('x/3');
  assert.deepEqual(world.addresses('x/5'), ['-']);
  world.configure(data);
  assert.notEqual(world.addresses('x/5')[0] ?? '-', undefined);
});

test('a Service that leaves a shared address for another one needs room in the quota', () => {
  const data = { 'cidr-x': '10.0.0.1-10.0.0.9', 'allow-share-x': 'true', 'quota-x': '1' };
  const world = new SmallWorld(data).create(['x/1', { ports: [80] }], ['x/2', { ports: [81] }]);
  world.edit('x/2', { spec: '10.0.0.7' });
  assert.match(world.says('x/2'), /hold 1 of 1 addresses/);
  assert.deepEqual(world.addresses('x/1', 'x/2'), ['10.0.0.1', '10.0.0.1']);
  assert.equal(world.service('x/2').metadata.labels?.implementation, 'kube-vip', 'it keeps what it has');
  world.delete('x/1');
  assert.deepEqual(world.addresses('x/2'), ['10.0.0.7']);
});

test('a lowered quota does not prevent a move that leaves the namespace with as many addresses', () => {
  const data = { 'pool.a': '10.0.0.1-10.0.0.9', 'pool.b': '10.0.1.1-10.0.1.9', 'pools-x': 'a,b' };
  const world = new SmallWorld(data).create(['x/1'], ['x/2'], ['x/3']).configure({ ...data, 'quota-x': '1' });
  world.edit('x/1', { annotations: { 'kube-vip.io/pool': 'b' } }).edit('x/2', { spec: '10.0.0.8' });
  assert.deepEqual(world.addresses('x/1', 'x/2', 'x/3'), ['10.0.1.1', '10.0.0.8', '10.0.0.3']);
  world.delete('x/1').create(['x/4']);
  assert.deepEqual(world.addresses('x/4'), ['-'], 'still two of one');
});

test('the lease of a Service that is deleted leaves room in the quota', () => {
  const world = new SmallWorld({ 'cidr-x': '0.0.0.0/32', 'quota-x': '1' }).create(['x/1'], ['x/2']);
  assert.deepEqual(world.addresses('x/1', 'x/2'), ['0.0.0.0', '-']);
  world.delete('x/1');
  assert.deepEqual(world.addresses('x/2'), ['0.0.0.0']);
});

test('a reserved address outside of all pools is given as soon as nobody else has it', () => {
  const ignored = { 'kube-vip.io/ignore': 'true' };
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1', 'reserve-x': 'web=10.9.9.9' });
  world.create(['x/1', { spec: '10.9.9.9', annotations: ignored }], ['x/2'], ['x/web']);
  assert.deepEqual(world.addresses('x/web'), ['-']);
  // From now on it only requests the address, which is reserved.
  world.edit('x/1', { annotations: { 'kube-vip.io/ignore': null } });
  assert.deepEqual(world.addresses('x/web'), ['10.9.9.9']);
});

test('an external IP that is reserved goes to its Service when it is external no longer', () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1', 'reserve-x': 'web=10.9.9.9' });
  const other = { key: 'x/node-port', addresses: [addressOf('10.9.9.9')], resourceVersion: '2' };
  world.allocator.externalIPs.replace([other], '2');
  world.create(['x/1'], ['x/web']);
  assert.deepEqual(world.addresses('x/web'), ['-']);
  world.allocator.externalIPs.replace([], '9');
  world.allocator.observed('9');
  assert.deepEqual(world.settle().addresses('x/web'), ['10.9.9.9']);
});

test('what a namespace shares in one pool does not stop the Services of another one', () => {
  const data = {
    'pool.p': '10.0.0.1',
    'pool.q': '10.0.0.2',
    'pools-global': 'p,q',
    'allow-share.q': 'true',
    'allow-share-a': 'true',
  };
  const world = new SmallWorld(data).create(
    ['a/1', { ports: [80, 81] }],
    ['a/2', { ports: [80, 81] }],
    ['b/3', { ports: [80] }],
    ['a/4', { ports: [80] }],
  );
  assert.deepEqual(world.addresses('a/1', 'a/2', 'b/3', 'a/4'), ['10.0.0.1', '10.0.0.2', '-', '-']);
  world.edit('a/1', { ports: [81] });
  assert.deepEqual(world.addresses('a/4'), ['10.0.0.1']);
});

test('a reallocation of an address that was only requested needs room in the quota', () => {
  const data = { 'cidr-x': '10.0.0.1-10.0.0.9', 'quota-x': '1' };
  const reallocate = { 'kube-vip.io/reallocate': 'true' };
  const world = new SmallWorld(data).create(['x/1'], ['x/2', { spec: '10.0.0.7', annotations: reallocate }]);
  assert.equal(world.service('x/2').metadata.labels?.implementation, undefined);
  assert.match(world.says('x/2'), /hold 1 of 1 addresses/);
  world.delete('x/1');
  assert.deepEqual(world.addresses('x/2'), ['10.0.0.7']);
});

test('a dual-stack Service keeps what it has, and gets the other family only if the quota has room', () => {
  const data = { 'cidr-x': '10.0.0.1-10.0.0.9, 2001:db8::/120', 'quota-x': '3' };
  const world = new SmallWorld(data).create(['x/1'], ['x/2']);
  world.edit('x/1', { families: 'RequireDualStack IPv4,IPv6' });
  assert.deepEqual(world.addresses('x/1'), ['10.0.0.1,2001:db8::'], 'the third address');
  world.edit('x/2', { families: 'RequireDualStack IPv4,IPv6' });
  assert.deepEqual(world.addresses('x/2'), ['10.0.0.2'], 'the fourth one would be too many');
  assert.match(world.says('x/2'), /hold 3 of 3 addresses/);
});

test('a Service can request by name what is reserved for it, whoever requested that before in vain', () => {
  const data = { 'cidr-global': '10.0.0.1-10.0.0.9', 'reserve-x': 'web=10.0.0.5' };
  const world = new SmallWorld(data).create(['x/1', { spec: '10.0.0.5' }], ['x/web', { spec: '10.0.0.5' }]);
  assert.deepEqual(world.addresses('x/1', 'x/web'), ['-', '10.0.0.5']);
  assert.match(world.says('x/1'), /10\.0\.0\.5 is already assigned to x\/web/);
  world.edit('x/web', { annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.6' } });
  assert.match(world.says('x/web'), /which has another address\. Reallocate the Service/);
  world.edit('x/web', { annotations: { 'kube-vip.io/reallocate': '10.0.0.5' } });
  assert.deepEqual(world.addresses('x/1', 'x/web'), ['-', '10.0.0.5']);
});

test('a Service whose fields a tool removed keeps an address that is reserved for another one', () => {
  const lost = ['loadbalancerIPs', 'allocation'].map((name) => [`kube-vip.io/${name}`, null]);
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1' }).create(['x/1']);
  world.configure({ 'cidr-global': '10.0.0.1', 'reserve-x': 'web=10.0.0.1' }).create(['x/web']);
  world.edit('x/1', { annotations: Object.fromEntries(lost), labels: { implementation: null } });
  assert.deepEqual(world.addresses('x/1', 'x/web'), ['10.0.0.1', '-']);
  world.delete('x/1');
  assert.deepEqual(world.addresses('x/web'), ['10.0.0.1']);
});

test('keys for a pool with a name do not apply to a pool whose key is that name', () => {
  const world = new SmallWorld({
    'cidr-lab': '10.0.0.1-10.0.0.9',
    'pool.cidr-lab': '10.0.1.1',
    'auto-assign.cidr-lab': 'false',
    'select.cidr-lab': 'tier=edge',
  }).create(['lab/1']);
  assert.deepEqual(world.addresses('lab/1'), ['10.0.0.1']);
});

test('no sharing key reaches into a namespace that does not share', () => {
  const key = (text: string) => ({ 'kube-vip.io/sharing-key': text });
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1-10.0.0.9', 'allow-share-b': 'true' }).create(
    ['a/1', { annotations: key('k') }],
    ['b/1', { annotations: key('a\nk'), ports: [81] }],
  );
  assert.deepEqual(world.addresses('a/1', 'b/1'), ['10.0.0.1', '10.0.0.2']);
});

test('the source of the addresses follows an edit of pool and families at the same time', () => {
  const world = new SmallWorld({
    'pool.a': '10.0.0.1',
    'pool.b': '10.0.1.1, 2001:db8::1',
    'pools-global': 'a, b',
  }).create(['x/1', pool('a')]);
  world.edit('x/1', { ...pool('b'), families: 'PreferDualStack IPv4,IPv6' });
  assert.deepEqual(world.addresses('x/1'), ['10.0.1.1,2001:db8::1']);
  assert.match(world.annotation('x/1', 'allocation') ?? '', /"from":"pool\.b"/);
});

test('a pool of a DHCP entry on a list answers alone, for those that the pools before it cannot serve', () => {
  const world = new SmallWorld({
    'pool.a': '10.0.0.1-10.0.0.9',
    'pool.dhcp': '0.0.0.0/32',
    'pools-x': 'a, dhcp',
    'pools-y': 'dhcp, a',
  }).create(
    ['x/1', { families: 'PreferDualStack IPv4,IPv6' }],
    ['x/2', { families: 'PreferDualStack IPv6,IPv4' }],
    ['x/3', { families: 'RequireDualStack IPv4,IPv6' }],
    ['x/4', { families: 'SingleStack IPv6' }],
    ['y/1', { families: 'PreferDualStack IPv6,IPv4' }],
  );
  const assigned = ['10.0.0.1', '10.0.0.2', '0.0.0.0', '0.0.0.0', '0.0.0.0'];
  const all = ['x/1', 'x/2', 'x/3', 'x/4', 'y/1'];
  assert.deepEqual(world.addresses(...all), assigned);
  for (const key of all) world.edit(key, { annotations: { 'kube-vip.io/reallocate': 'true' } });
  assert.deepEqual(world.addresses(...all), assigned);
  world.edit('x/3', { families: 'RequireDualStack IPv6,IPv4' }).edit('x/1', { families: 'SingleStack IPv4' });
  assert.deepEqual(world.addresses('x/1', 'x/3'), ['10.0.0.1', '0.0.0.0']);
});

test('a Service that is to have an address of each of several pools does not adopt a single one', () => {
  const data = { 'pool.a': '10.0.0.1-10.0.0.9', 'pool.b': '10.0.1.1-10.0.1.9', 'pools-global': 'a, b' };
  const world = new SmallWorld(data).create(['x/1', { ...pool('a, b'), status: '10.0.1.7' }]);
  assert.deepEqual(world.addresses('x/1'), ['10.0.0.1,10.0.1.1']);
});

test('an annotation without a name leaves the choice to the list', () => {
  const world = new SmallWorld({ 'cidr-global': '10.0.0.1' }).create(['x/1', pool(' , ')]);
  assert.deepEqual(world.addresses('x/1'), ['10.0.0.1']);
});

test('a Service that is moved by name away from an address it shares needs room in the quota', () => {
  const data = { 'cidr-x': '10.0.0.1-10.0.0.3', 'allow-share-x': 'true', 'quota-x': '1' };
  const world = new SmallWorld(data).create(['x/1', { ports: [80] }], ['x/2', { ports: [81] }]);
  const target = { annotations: { 'kube-vip.io/reallocate': '10.0.0.2' } };
  world.edit('x/2', target);
  assert.deepEqual(world.addresses('x/1', 'x/2'), ['10.0.0.1', '10.0.0.1']);
  world.delete('x/1');
  assert.deepEqual(world.addresses('x/2'), ['10.0.0.2'], 'one for another');
});
