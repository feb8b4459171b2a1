import assert from 'node:assert/strict';
import { test } from 'node:test';
import { externalIPsOf } from '../../src/core/ledger/external-ips.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { annotations } from '../../src/core/model/well-known-names.ts';
import type { ServiceItem } from '../../src/web/page-data.ts';
import {
  findAddress,
  findPool,
  findService,
  overviewOf,
  QueryError,
  search,
} from '../../src/web/page-queries.ts';
import { takeSnapshot } from '../../src/web/page-snapshot.ts';
import { options, served, world } from '../core/assigned-services.ts';

const unassigned = (namespace: string, name: string): Service => ({
  metadata: { namespace, name, uid: name, resourceVersion: '9' },
  spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }] },
});

const leased = served('lease/assigned', '0.0.0.0', { from: 'cidr-lease' });
Object.assign(leased.metadata.annotations ?? {}, { [annotations.requestedIP]: '10.3.0.7' });

const snapshot = takeSnapshot(
  world({ 'cidr-full': '10.0.0.1', 'cidr-shop': '10.0.1.0/29', 'cidr-lease': '0.0.0.0/32' }, [
    served('full/assigned', '10.0.0.1', { from: 'cidr-full' }),
    unassigned('full', 'pending'),
    served('shop/cart', '10.0.1.1', { from: 'cidr-shop' }),
    served('shop/outside', '10.9.9.9', { from: 'cidr-shop' }),
    leased,
    unassigned('shop', 'assigning'),
  ]),
  options,
  0,
);
const names = (items: readonly ServiceItem[]): string[] =>
  items.map(({ namespace, name }) => `${namespace}/${name}`);

test('the overview has counts, pending Services with the reason, Services with conditions, and pool maps', () => {
  const { counts, pending, withConditions, pools } = overviewOf(snapshot);
  assert.deepEqual(counts, { Assigned: 4, Assigning: 1, Pending: 1, Conflict: 0, Ignored: 0 });
  assert.deepEqual(names(pending), ['full/pending']);
  assert.match(pending[0]?.condition ?? '', /^Pool cidr-full is full/);
  assert.deepEqual(names(withConditions), ['shop/outside']);
  const shop = pools.find(({ key }) => key === 'cidr-shop');
  assert.deepEqual([shop?.used, shop?.free, shop?.next], ['1', '5', ['10.0.1.2']]);
  const [segment] = shop?.map.segments ?? [];
  assert.equal(segment !== undefined && 'cells' in segment && segment.cells.length, 8);
  assert.deepEqual(shop?.map.outside, [
    { address: '10.9.9.9', state: 'outside', services: ['shop/outside'], more: 0 },
  ]);
});

test('a DHCP pool has no addresses of its own and shows its leases', () => {
  const { map, pool } = findPool(snapshot, 'cidr-lease', undefined);
  assert.equal(pool.ranges, 'DHCP (0.0.0.0)');
  assert.deepEqual(map.segments, []);
  assert.deepEqual(map.outside, [
    { address: '10.3.0.7', state: 'lease', services: ['lease/assigned'], more: 0 },
  ]);
});

test('a Service whose write is due is Assigning and has no address yet', () => {
  const { service, pools } = findService(snapshot, 'shop/assigning', 0);
  // Another Service might get the address first.
  assert.deepEqual([service.state, service.addresses, service.from], ['Assigning', [], 'cidr-shop']);
  assert.deepEqual(pools, ['cidr-shop']);
});

test('a Service has the checks of its decision, and remedies if it is pending', () => {
  const { checks, remedies } = findService(snapshot, 'full/pending', 0);
  assert.deepEqual(
    checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name),
    ['address'],
  );
  assert.match(remedies[0] ?? '', /^Add addresses to cidr-full/);
  assert.match(remedies[1] ?? '', /full\/assigned/);
  assert.deepEqual(findService(snapshot, 'shop/cart', 0).remedies, []);
});

test('a pool, a part of a pool, and an unknown pool', () => {
  assert.deepEqual(
    findPool(snapshot, 'cidr-shop', undefined).inUse.map(({ address }) => address),
    ['10.0.1.1'],
  );
  assert.deepEqual(findPool(snapshot, 'cidr-shop', '10.0.1.4/30').parents, ['10.0.1.0/29', '10.0.1.4/30']);
  assert.throws(() => findPool(snapshot, 'cidr-none', undefined), {
    status: 404,
    message: /^The ConfigMap has no pool "cidr-none"/,
  });
  assert.throws(() => findPool(snapshot, 'cidr-shop', '10.0.1.300'), {
    status: 400,
    message: /number above 255/,
  });
  assert.ok(new QueryError(404, '') instanceof Error);
});

test('an assigned address, a free one, one outside all pools, and an invalid one', () => {
  const assigned = findAddress(snapshot, '10.0.1.1');
  assert.deepEqual([assigned.state, names(assigned.holders)], ['assigned', ['shop/cart']]);
  assert.deepEqual(assigned.pools, [{ key: 'cidr-shop', around: '10.0.1.0/29' }]);
  assert.equal(findAddress(snapshot, '10.0.1.6').state, 'free');
  assert.equal(findAddress(snapshot, '2001:DB8:0::1').address, '2001:db8::1');
  assert.equal(findAddress(snapshot, '2001:db8::1').state, 'no-pool');
  assert.throws(() => findAddress(snapshot, 'x'), { status: 400, message: /^"x" is not an IP address/ });
});

test('the search finds Services by words of name and namespace, by state, and by address in any notation', () => {
  assert.deepEqual(names(search(snapshot, 'SHOP car').services), ['shop/cart']);
  assert.deepEqual(names(search(snapshot, 'Pending').services), ['full/pending']);
  assert.deepEqual(names(search(snapshot, '10.0.1.1').services), ['shop/cart']);
  assert.deepEqual(search(snapshot, 'shop').pools, ['cidr-shop']);
  assert.equal(search(snapshot, '').services.length, 6);
});

test('a Service whose status does not show its address has a check with its age, and a remedy after two minutes', () => {
  const [key, other] = ['shop/cart', 'shop/foreign'];
  const foreign = served(other, '10.0.1.2', { from: 'cidr-shop' });
  foreign.status = { loadBalancer: { ingress: [{ ip: '192.168.4.11' }] } };
  const allocator = world({ 'cidr-shop': '10.0.1.0/29' }, [
    served(key, '10.0.1.1', { from: 'cidr-shop' }),
    foreign,
  ]);
  const first = takeSnapshot(allocator, options, 1_000);
  const second = takeSnapshot(allocator, options, 61_000, first);
  const at = (ms: number, service: string) => {
    const { checks, remedies } = findService(second, service, ms);
    return [checks.at(-1)?.outcome, checks.at(-1)?.finding, remedies.length];
  };
  assert.deepEqual(at(61_000, key), ['noted', '10.0.1.1 is not announced yet.', 0]);
  assert.deepEqual(at(241_000, key), ['failed', '10.0.1.1 is not announced yet (for 4 minutes).', 1]);
  const sentence =
    'The status shows 192.168.4.11 instead of 10.0.1.2: kube-vip has not updated it yet, or another load balancer is writing it';
  assert.deepEqual(at(241_000, other), ['failed', `${sentence} (for 4 minutes).`, 2]);
  const { withConditions } = overviewOf(second);
  assert.deepEqual(
    withConditions.map(({ name, condition }) => [name, condition]),
    [['foreign', `${sentence}.`]],
  );
});

test('an address that a Service of another type has as an external IP names that Service', () => {
  const allocator = world({ 'cidr-shop': '10.0.1.0/29' }, [
    served('shop/cart', '10.0.1.1', { from: 'cidr-shop' }),
  ]);
  const legacy: Service = {
    metadata: { namespace: 'default', name: 'legacy' },
    spec: { type: 'ClusterIP', externalIPs: ['10.0.1.1', '10.0.1.2'] },
  };
  allocator.externalIPs.replace([externalIPsOf(legacy)], '99');
  const withExternal = takeSnapshot(allocator, options, 0);
  const used = findAddress(withExternal, '10.0.1.2');
  assert.equal(used.state, 'unmanaged');
  assert.equal(used.externalIP, 'used as an external IP of Service default/legacy');
  assert.equal(findAddress(withExternal, '10.0.1.1').externalIP, used.externalIP);
  assert.equal(findAddress(withExternal, '10.0.1.3').externalIP, '');
});

test('named pools, exclusions, reservations, and quotas', () => {
  const asking: Service = unassigned('shop', 'late');
  const allocator = world(
    {
      'pool.internal': '10.0.0.0/28',
      'pool.dmz': '10.0.1.0/29',
      'exclude.internal': '10.0.0.1-10.0.0.3',
      'exclude-global': '10.0.0.4',
      'pools-global': 'internal',
      'pools-shop': 'internal, dmz',
      'reserve-shop': 'db=10.0.0.9, cart=10.0.0.5, web=10.0.1.3',
      'quota-shop': '2',
      'quota-global': '3',
    },
    [
      served('shop/cart', '10.0.0.5', { from: 'pool.internal' }),
      served('shop/web', '10.0.0.6', { from: 'pool.internal' }),
      served('team/taker', '10.0.1.3', { from: 'pool.dmz' }),
      asking,
    ],
  );
  const named = takeSnapshot(allocator, options, 0);
  const { pools, quotas, moreQuotas } = overviewOf(named);
  assert.deepEqual(
    pools.map(({ key, size, used, free, notes }) => [key, size, used, free, notes]),
    [
      ['pool.dmz', '6', '1', '5', ['for shop']],
      [
        'pool.internal',
        '10',
        '2',
        '7',
        ['for shop, all others without a list of their own', '4 excluded', '1 reserved'],
      ],
    ],
  );
  const [, internal] = pools;
  const [segment] = internal?.map.segments ?? [];
  assert.ok(segment !== undefined && 'cells' in segment);
  assert.deepEqual(
    segment.cells
      .map(({ address, state, note }) => [address.replace('10.0.0', ''), state, note])
      .slice(0, 11),
    [
      ['.0', 'excluded', undefined],
      ['.1', 'excluded', 'excluded by exclude.internal'],
      ['.2', 'excluded', 'excluded by exclude.internal'],
      ['.3', 'excluded', 'excluded by exclude.internal'],
      ['.4', 'excluded', 'excluded by exclude-global'],
      ['.5', 'assigned', undefined],
      ['.6', 'assigned', undefined],
      ['.7', 'free', undefined],
      ['.8', 'free', undefined],
      ['.9', 'reserved', 'reserved for shop/db (reserve-shop)'],
      ['.10', 'free', undefined],
    ],
  );
  const used = { percent: 100, pending: 1 };
  assert.deepEqual(quotas, [
    { namespace: 'shop', key: 'quota-shop', limit: 2, used: 2, ...used },
    { namespace: 'team', key: 'quota-global', limit: 3, used: 1, percent: 100 / 3, pending: 0 },
  ]);
  assert.equal(moreQuotas, 0);
  assert.equal(findAddress(named, '10.0.0.2').note, 'excluded by exclude.internal');
  assert.equal(findAddress(named, '10.0.0.9').note, 'reserved for shop/db (reserve-shop)');
  assert.equal(findAddress(named, '10.0.0.5').note, '');
  assert.equal(findAddress(named, '10.0.1.3').note, 'reserved for shop/web (reserve-shop)');
  const { pools: own, checks } = findService(named, 'shop/late', 0);
  assert.deepEqual(own, ['pool.internal', 'pool.dmz']);
  assert.match(JSON.stringify(checks), /pools-shop has internal, dmz/);
});

test('a part of a pool that several keys exclude says which key excludes which address', () => {
  const allocator = world({
    'cidr-shop': '10.0.0.0/24',
    'exclude-shop': '10.0.0.1-10.0.0.9',
    'exclude-global': '10.0.0.8-10.0.0.12',
  });
  const taken = takeSnapshot(allocator, options, 0);
  const noteOf = (text: string): string => findAddress(taken, text).note;
  assert.deepEqual(['10.0.0.7', '10.0.0.8', '10.0.0.12', '10.0.0.13'].map(noteOf), [
    'excluded by exclude-shop',
    'excluded by exclude-global, exclude-shop',
    'excluded by exclude-global',
    '',
  ]);
});
