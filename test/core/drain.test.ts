/** Where `kubectl vip drain` moves Services, and that the controller does exactly that. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import { parsePoolEntry } from '../../src/core/config/pool-entry.ts';
import { readAddress } from '../../src/core/ip/address.ts';
import { mergeRanges, type Range } from '../../src/core/ip/range.ts';
import type { Service } from '../../src/core/model/objects.ts';
import {
  exclusionOf,
  type MovePlan,
  type MoveRequest,
  planMoves,
  withHostPart,
} from '../../src/core/queries/drain.ts';
import { type ClusterSnapshot, Simulation } from '../../src/core/queries/simulate.ts';
import { anySnapshot, atRest, configMapOf, options, snapshotOf } from './snapshots.ts';

type Data = Record<string, string>;

function service(key: string, created = 0, spec: Service['spec'] = {}, annotations = {}): Service {
  const [namespace = '', name = ''] = key.split('/');
  const creationTimestamp = `2026-01-01T00:00:0${created}Z`;
  return {
    metadata: { namespace, name, creationTimestamp, annotations },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }], ...spec },
  };
}

function rangeOf(text: string): Range {
  const entry = parsePoolEntry(text);
  return 'range' in entry ? entry.range : assert.fail(text);
}

function requestFor(text: string, more: Partial<MoveRequest> = {}): MoveRequest {
  return {
    ranges: mergeRanges(text.split(',').map(rangeOf)),
    includes: () => true,
    movesStatic: false,
    pool: undefined,
    addresses: [],
    keepsHost: false,
    ...more,
  };
}

/** The Services of a cluster at rest with these pools, moved off `text` after the pools changed to `after`. */
function planned(
  services: readonly Service[],
  before: Data,
  text: string,
  { after = before, ...more }: Partial<MoveRequest> & { after?: Data } = {},
): MovePlan {
  const { snapshot } = atRest(snapshotOf(services, before));
  const config = readConfig(configMapOf(after));
  return planMoves({ ...snapshot, config }, requestFor(text, more), options);
}

const pairs = ({ moves }: MovePlan): string[] =>
  moves.map(({ service, from, to }) => `${service} ${from} ${to}`);

test('drain: the oldest Service is moved first, to the first free addresses outside the drained ones', () => {
  const services = [
    service('a/young', 2),
    service('b/old', 0),
    service('a/middle', 1),
    service('c/other', 3),
  ];
  const plan = planned(
    services,
    { 'cidr-global': '10.0.0.1-10.0.0.3,10.0.0.5-10.0.0.9' },
    '10.0.0.1-10.0.0.4',
  );
  assert.deepEqual(pairs(plan), [
    'b/old 10.0.0.1 10.0.0.6',
    'a/middle 10.0.0.2 10.0.0.7',
    'a/young 10.0.0.3 10.0.0.8',
  ]);
  assert.deepEqual([plan.blocked, plan.left, plan.underWay], [[], [], []]);
});

test('drain: a search order, a pool to move to, and pools that changed since are respected', () => {
  const services = [service('a/x', 0), service('a/y', 1)];
  const desc = { 'cidr-global': '10.0.0.1-10.0.0.9', 'search-order': 'desc' };
  assert.deepEqual(pairs(planned(services, desc, '10.0.0.9')), ['a/x 10.0.0.9 10.0.0.7']);
  const after = { 'cidr-a': '10.9.0.1-10.9.0.9' };
  assert.deepEqual(
    pairs(planned(services, { 'cidr-a': '10.0.0.1-10.0.0.9' }, '10.0.0.0/24', { after, pool: 'cidr-a' })),
    ['a/x 10.0.0.1 10.9.0.1', 'a/y 10.0.0.2 10.9.0.2'],
  );
});

test('drain: static addresses are left, and what cannot be moved says why', () => {
  const services = [
    service('a/static', 0, { loadBalancerIP: '10.0.0.1' }),
    service('a/x', 1),
    service('a/y', 2),
    service('b/z', 3),
  ];
  const plan = planned(
    services,
    { 'cidr-a': '10.0.0.1-10.0.0.4', 'cidr-global': '10.0.0.5-10.0.0.6' },
    '10.0.0.0/29',
    {
      after: { 'cidr-a': '10.0.0.1-10.0.0.8' },
    },
  );
  assert.deepEqual(pairs(plan), ['a/x 10.0.0.2 10.0.0.8']);
  assert.deepEqual(plan.blocked, [
    {
      service: 'a/y',
      addresses: '10.0.0.3',
      why: 'Pool cidr-a has no other free IPv4 address. Add addresses to it.',
    },
    { service: 'b/z', addresses: '10.0.0.5', why: 'No pool serves its namespace.' },
  ]);
  assert.deepEqual(plan.left, [
    {
      service: 'a/static',
      addresses: '10.0.0.1',
      why: 'requested by name: change the address where the Service is defined',
    },
  ]);
});

test('drain: a pool that is not one of the Service cannot be moved to', () => {
  const data = { 'cidr-a': '10.0.0.1-10.0.0.4', 'cidr-b': '10.1.0.1-10.1.0.4' };
  const { blocked } = planned([service('a/x')], data, '10.0.0.0/24', { pool: 'cidr-b' });
  assert.deepEqual(
    blocked.map(({ why }) => why),
    ['cidr-b is not among the pools of its namespace (cidr-a).'],
  );
});

test('drain: one family of a dual-stack Service is moved, and the other stays', () => {
  const dual = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] };
  const data = { 'cidr-global': '10.0.0.1-10.0.0.9,fd00::1-fd00::9' };
  assert.deepEqual(pairs(planned([service('a/x', 0, dual)], data, '10.0.0.0/30')), [
    'a/x 10.0.0.1,fd00::1 10.0.0.4,fd00::1',
  ]);
  assert.deepEqual(pairs(planned([service('a/x', 0, dual)], data, '10.0.0.0/30,fd00::1')), [
    'a/x 10.0.0.1,fd00::1 10.0.0.4,fd00::2',
  ]);
});

test('drain: Services that share an address move together', () => {
  const port = (number: number): Service['spec'] => ({ ports: [{ protocol: 'TCP', port: number }] });
  const services = [service('a/x', 0, port(80)), service('a/y', 1, port(443)), service('a/z', 2, port(80))];
  const data = { 'cidr-global': '10.0.0.1-10.0.0.9', 'allow-share-global': 'true' };
  assert.deepEqual(pairs(planned(services, data, '10.0.0.1-10.0.0.2')), [
    'a/x 10.0.0.1 10.0.0.3',
    'a/y 10.0.0.1 10.0.0.3',
    'a/z 10.0.0.2 10.0.0.4',
  ]);
});

test('drain: the host part stays in another block, and two addresses never become one', () => {
  const keepsHost = { keepsHost: true, after: { 'cidr-global': '10.0.0.0/24, 10.9.1.0/24' } };
  const services = [service('a/x', 0), service('a/y', 1)];
  assert.deepEqual(
    pairs(planned(services, { 'cidr-global': '10.0.0.36-10.0.0.40' }, '10.0.0.0/24', keepsHost)),
    ['a/x 10.0.0.36 10.9.1.36', 'a/y 10.0.0.37 10.9.1.37'],
  );
  const short = { keepsHost: true, after: { 'cidr-global': '10.9.1.0/28' } };
  assert.deepEqual(
    planned(services, { 'cidr-global': '10.0.0.36-10.0.0.40' }, '10.0.0.0/24', short).blocked.map(
      ({ why }) => why,
    ),
    [
      'Pool cidr-global has no other block with the host part of 10.0.0.36.',
      'Pool cidr-global has no other block with the host part of 10.0.0.37.',
    ],
  );
  const host = (address: string, from: string, to: string): unknown =>
    withHostPart(readAddress(address) ?? assert.fail(), rangeOf(from), rangeOf(to));
  assert.deepEqual(host('10.0.0.18', '10.0.0.16/28', '10.9.0.32/28'), readAddress('10.9.0.34'));
  assert.deepEqual(host('10.0.0.200', '10.0.0.0/24', '10.9.0.10-10.9.0.99'), readAddress('10.9.0.200'));
  assert.deepEqual(host('fd00::1:5', 'fd00::/64', 'fd01::/64'), readAddress('fd01::1:5'));
});

test('drain: what was requested before is under way, and what no longer works is planned again', () => {
  const { snapshot } = atRest(
    snapshotOf([service('a/x', 0), service('a/y', 1)], { 'cidr-global': '10.0.0.1-10.0.0.9' }),
  );
  const requested: ClusterSnapshot = {
    ...snapshot,
    services: snapshot.services.map((view) => ({ ...view, reallocate: { target: '10.0.0.8' } })),
  };
  const plan = planMoves(requested, requestFor('10.0.0.1-10.0.0.2'), options);
  assert.deepEqual(
    plan.underWay.map(({ service, from, to }) => `${service} ${from} ${to}`),
    ['a/x 10.0.0.1 10.0.0.8'],
  );
  assert.deepEqual(pairs(plan), ['a/y 10.0.0.2 10.0.0.3']);
});

test('drain: the key that excludes the addresses applies to all pools, and keeps what it has', () => {
  const ranges = [rangeOf('10.0.0.0/28')];
  const exclusion = (data: Data) => exclusionOf(readConfig(configMapOf(data)), ranges, data);
  assert.deepEqual(exclusion({ 'cidr-shop': '10.0.0.0/24' }), {
    key: 'exclude-global',
    value: '10.0.0.0-10.0.0.15',
  });
  assert.deepEqual(exclusion({ 'range-global': '10.0.0.0/24', 'exclude-global': '10.0.0.99' }), {
    key: 'exclude-global',
    value: '10.0.0.99, 10.0.0.0-10.0.0.15',
  });
  assert.equal(exclusion({ 'cidr-a': '10.0.0.0/24', 'exclude-a': '10.0.0.0/27' }), undefined);
  assert.equal(exclusion({ 'cidr-a': '10.0.1.0/24' }), undefined);
});

const anyRange = fc.constantFrom(
  '10.0.0.0/30',
  '10.0.0.1-10.0.0.9',
  '10.0.0.2',
  'fd00::/127',
  '10.0.0.3,fd00::1',
);

test('drain: a plan is what then happens, in batches of any size and any order', () => {
  fc.assert(
    fc.property(
      anySnapshot,
      anyRange,
      fc.array(fc.nat({ max: 99 }), { minLength: 10, maxLength: 10 }),
      ({ services, data }, text, choices) => {
        const { snapshot } = atRest(snapshotOf(services, data));
        const plan = planMoves(snapshot, requestFor(text), options);
        const world = new Simulation(snapshot, options);
        world.settle();
        const viewOf = (key: string) => world.allocator.ledger.get(key)?.view ?? assert.fail(key);
        const before = new Map(
          snapshot.services.map((view) => [`${view.namespace}/${view.name}`, view.annotation]),
        );
        const rest = [...plan.moves];
        const random = (): number => choices[(rest.length * 7) % choices.length] ?? 0;
        while (rest.length > 0) {
          const batch = rest.splice(0, 1 + (random() % 3));
          for (const { service, to } of random() % 2 === 0 ? batch : batch.toReversed())
            world.write({ ...viewOf(service), reallocate: { target: to } });
          world.settle();
        }
        for (const { service, to } of plan.moves) {
          assert.equal(viewOf(service).annotation, to, service);
          assert.equal(viewOf(service).reallocate, false, service);
        }
        const moved = new Set(plan.moves.map(({ service }) => service));
        for (const [key, annotation] of before)
          if (!moved.has(key) && annotation !== undefined)
            assert.equal(viewOf(key).annotation, annotation, key);
        const again = planMoves(
          { ...snapshot, services: [...world.allocator.ledger.all()].map(({ view }) => view) },
          requestFor(text),
          options,
        );
        assert.deepEqual(
          again.moves.filter(({ service }) => moved.has(service)),
          [],
          'none is moved twice',
        );
      },
    ),
    { numRuns: Number(process.env.RUNS ?? 400) },
  );
});
