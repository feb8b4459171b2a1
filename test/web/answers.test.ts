import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../src/core/model/objects.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import { addressIn, foundIn, NoAnswer, overviewIn, poolIn, serviceIn } from '../../src/web/answers.ts';
import type { ServiceItem } from '../../src/web/page-data.ts';
import { takeSnapshot } from '../../src/web/page-snapshot.ts';
import { options, served, world } from '../core/assigned-services.ts';

const fresh = (name: string): Service => ({
  metadata: { namespace: 'full', name, uid: name, resourceVersion: '9' },
  spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }] },
});

const leased = served('lease/has', '0.0.0.0', { from: 'cidr-lease' });
Object.assign(leased.metadata.annotations ?? {}, { [annotations.requestedIP]: '10.3.0.7' });

const snapshot = takeSnapshot(
  world({ 'cidr-full': '10.0.0.1', 'cidr-shop': '10.0.1.0/29', 'cidr-lease': '0.0.0.0/32' }, [
    served('full/has', '10.0.0.1', { from: 'cidr-full' }),
    fresh('waits'),
    served('shop/cart', '10.0.1.1', { from: 'cidr-shop' }),
    served('shop/out', '10.9.9.9', { from: 'cidr-shop' }),
    leased,
    {
      ...fresh('due'),
      metadata: { namespace: 'shop', name: 'due', uid: 'due', resourceVersion: '9' },
    },
  ]),
  options,
);
const names = (items: readonly ServiceItem[]): string[] =>
  items.map(({ namespace, name }) => `${namespace}/${name}`);

test('the first page: counts, who waits and why, what is odd, each pool with its map', () => {
  const { counts, waiting, odd, pools } = overviewIn(snapshot);
  assert.deepEqual(counts, { Assigned: 4, Assigning: 1, Pending: 1, Conflict: 0, Ignored: 0 });
  assert.deepEqual(names(waiting), ['full/waits']);
  assert.match(waiting[0]?.note ?? '', /^Pool cidr-full is full/);
  assert.deepEqual(names(odd), ['shop/out']);
  const shop = pools.find(({ key }) => key === 'cidr-shop');
  assert.deepEqual([shop?.used, shop?.free, shop?.next], ['1', '5', ['10.0.1.2']]);
  const [segment] = shop?.map.segments ?? [];
  assert.equal(segment !== undefined && 'cells' in segment && segment.cells.length, 8);
  assert.deepEqual(shop?.map.beside, [
    { address: '10.9.9.9', state: 'outside', services: ['shop/out'], more: 0 },
  ]);
});

test('a pool of DHCP has no addresses of its own, and shows what was leased', () => {
  const { map, pool } = poolIn(snapshot, 'cidr-lease', undefined);
  assert.equal(pool.ranges, 'DHCP (0.0.0.0)');
  assert.deepEqual(map.segments, []);
  assert.deepEqual(map.beside, [{ address: '10.3.0.7', state: 'lease', services: ['lease/has'], more: 0 }]);
});

test('what a Service is about to get is told as that, not as given', () => {
  const { service, pool } = serviceIn(snapshot, 'shop/due');
  // Another one might come before it.
  assert.deepEqual([service.state, service.addresses, service.from], ['Assigning', [], 'cidr-shop']);
  assert.equal(pool, 'cidr-shop');
});

test('a Service is told of with the checks of its decision and with what helps', () => {
  const { checks, remedies } = serviceIn(snapshot, 'full/waits');
  assert.deepEqual(
    checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name),
    ['address'],
  );
  assert.match(remedies[0] ?? '', /^Add addresses to cidr-full/);
  assert.match(remedies[1] ?? '', /full\/has/);
  assert.deepEqual(serviceIn(snapshot, 'shop/cart').remedies, []);
});

test('a pool, a part of it, and one that is not there', () => {
  assert.deepEqual(
    poolIn(snapshot, 'cidr-shop', undefined).inUse.map(({ address }) => address),
    ['10.0.1.1'],
  );
  assert.deepEqual(poolIn(snapshot, 'cidr-shop', '10.0.1.4/30').parents, ['10.0.1.0/29', '10.0.1.4/30']);
  assert.throws(() => poolIn(snapshot, 'cidr-none', undefined), {
    status: 404,
    message: /^there is no pool "cidr-none"/,
  });
  assert.throws(() => poolIn(snapshot, 'cidr-shop', '10.0.1.300'), {
    status: 400,
    message: /number above 255/,
  });
  assert.ok(new NoAnswer(404, '') instanceof Error);
});

test('an address that somebody has, one that is free, one of nobody, and what is none', () => {
  const held = addressIn(snapshot, '10.0.1.1');
  assert.deepEqual([held.state, names(held.holders)], ['assigned', ['shop/cart']]);
  assert.deepEqual(held.pools, [{ key: 'cidr-shop', around: '10.0.1.0/29' }]);
  assert.equal(addressIn(snapshot, '10.0.1.6').state, 'free');
  assert.equal(addressIn(snapshot, '2001:DB8:0::1').address, '2001:db8::1');
  assert.equal(addressIn(snapshot, '2001:db8::1').state, 'no-pool');
  assert.throws(() => addressIn(snapshot, 'x'), { status: 400, message: /^"x" is not an IP address/ });
});

test('the search finds by words of name and namespace, by state, and by an address in any spelling', () => {
  assert.deepEqual(names(foundIn(snapshot, 'SHOP car').services), ['shop/cart']);
  assert.deepEqual(names(foundIn(snapshot, 'Pending').services), ['full/waits']);
  assert.deepEqual(names(foundIn(snapshot, '10.0.1.1').services), ['shop/cart']);
  assert.deepEqual(foundIn(snapshot, 'shop').pools, ['cidr-shop']);
  assert.equal(foundIn(snapshot, '').services.length, 6);
});
