import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, readConfig } from '../../src/core/config/config.ts';
import { policyFor } from '../../src/core/config/policy.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { subjectOf } from '../../src/core/decide/facts.ts';
import { PendingServices } from '../../src/core/decide/pending-services.ts';
import { waitingFor } from '../../src/core/decide/wake-conditions.ts';
import { readAddress } from '../../src/core/ip/address.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { viewOf } from '../../src/core/model/service-view.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};

/** `namespace/name`. All have the same age, so that the name decides. */
function service(key: string, spec: Service['spec'] = {}) {
  const [namespace, name = ''] = key.split('/');
  return viewOf({
    metadata: { ...(namespace && { namespace }), name, uid: key, resourceVersion: '1' },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }], ...spec },
  });
}

/** Has the address without being this controller's. */
function holder(name: string, address: string) {
  return service(`other/${name}`, { loadBalancerClass: 'other', loadBalancerIP: address });
}

function pools(data: Record<string, string>): Config {
  return readConfig({ metadata: { name: 'kubevip' }, data });
}

/** An allocator in which nothing is left to decide. */
function world(config: Config, ...services: readonly ReturnType<typeof service>[]): Allocator {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  allocator.replaceServices(services, '1');
  decided(allocator);
  return allocator;
}

/** Decides on all that is queued, begins all writes, and lists the Services. */
function decided(allocator: Allocator): string[] {
  const keys: string[] = [];
  for (let next = allocator.next(0); next !== undefined; next = allocator.next(0)) {
    keys.push(next.state.key);
    if (next.decision.kind === 'write') allocator.assume(next, next.decision.patch);
    else next.work.done();
  }
  return keys.sort();
}

const dual = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] };

test('an address that becomes free wakes the oldest Service of each kind that its family in its pool would help', () => {
  const allocator = world(
    pools({ 'cidr-a': '10.0.0.1,fd00::1', 'cidr-b': '10.0.0.1,10.0.1.1', 'cidr-c': '10.0.2.1' }),
    holder('v4', '10.0.0.1'),
    holder('v6', 'fd00::1'),
    holder('b', '10.0.1.1'),
    holder('c', '10.0.2.1'),
    ...['1', '2'].flatMap((name) => ['a', 'b', 'c'].map((namespace) => service(`${namespace}/${name}`))),
    ...['3', '4'].map((name) => service(`a/${name}`, { ipFamilies: ['IPv6'] })),
    ...['5', '6'].map((name) => service(`a/${name}`, dual)),
    service('none/1'),
  );
  allocator.deleteService('other/v6', '2');
  // a/4 is the oldest of its kind now.
  assert.deepEqual(decided(allocator), ['a/3', 'a/4', 'a/5']);
  allocator.deleteService('other/v4', '3');
  assert.deepEqual(decided(allocator), ['a/1', 'a/2', 'a/5', 'b/1']);
});

test('a change of an address in use wakes only Services that would share it', () => {
  const shared = { 'cidr-a': '10.0.0.1', 'allow-share-a': 'true', 'cidr-b': '10.0.0.1' };
  const allocator = world(
    pools(shared),
    holder('v4', '10.0.0.1'),
    service('a/1'),
    service('a/2'),
    service('a/3', { ports: [{ port: 443 }] }),
    service('b/1'),
  );
  allocator.putService({ ...holder('v4', '10.0.0.1'), resourceVersion: '2' });
  assert.deepEqual(decided(allocator), ['a/1', 'a/3', 'other/v4']);
});

test('what would help a Service is derived from the decision on it', () => {
  const config = pools({ 'cidr-a': '10.0.0.1,fd00::1', 'cidr-b': '10.0.0.1' });
  const allocator = world(
    config,
    holder('v4', '10.0.0.1'),
    holder('v6', 'fd00::1'),
    service('a/1', dual),
    service('a/2', { ...dual, ipFamilyPolicy: 'PreferDualStack' }),
    service('b/1', dual),
    service('c/1'),
  );
  const conditions = (key: string): string[] | undefined => {
    const { state, decision } = allocator.explain(key) ?? assert.fail();
    return waitingFor(subjectOf(state, allocator.facts), decision)?.conditions.map((one) =>
      'pool' in one ? `${one.pool.key} ${one.family}` : one.quotaOf,
    );
  };
  assert.deepEqual(conditions('a/1'), ['cidr-a IPv4', 'cidr-a IPv6']);
  assert.deepEqual(conditions('a/2'), ['cidr-a IPv4', 'cidr-a IPv6']);
  assert.deepEqual(conditions('b/1'), ['cidr-b IPv4'], 'the pool has no IPv6');
  assert.deepEqual(conditions('c/1'), [], 'only the ConfigMap helps');
  assert.equal(conditions('other/v4'), undefined);
  allocator.deleteService('other/v4', '2');
  assert.deepEqual(conditions('a/1'), ['cidr-a IPv6']);
  assert.deepEqual(conditions('a/2'), ['cidr-a IPv6'], 'one address is enough, two are better');
});

test('an event does not look at pools that do not contain the address', () => {
  const count = 1_000;
  const data = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`cidr-n${i}`, `10.${i >> 8}.${i & 255}.1`]),
  );
  const config = pools(data);
  let reads = 0;
  const pending = new PendingServices();
  const { ledger } = world(config, ...Array.from({ length: count }, (_, i) => service(`n${i}/1`)));
  for (const state of ledger.all()) {
    const [pool] = policyFor(config, state.view).pools;
    if (pool === undefined) assert.fail();
    const { key, ranges } = pool;
    const family = 'IPv4';
    const full = {
      code: 'pool-full',
      key,
      family,
      size: 1n,
      claimed: 0n,
      reserved: 0n,
      noSharing: undefined,
      excluded: 0n,
      excludedBy: [],
    } as const;
    const facts = { ledger, config, nodes: undefined, now: 0 };
    const { needs } =
      waitingFor(subjectOf(state, facts), { kind: 'pending', failures: [full] }) ?? assert.fail();
    const counted = {
      ...pool,
      get ranges() {
        reads += 1;
        return ranges;
      },
    };
    pending.add(state, { conditions: [{ pool: counted, family, orPartner: false }], needs });
  }
  reads = 0;
  assert.deepEqual([...pending.firstOfEach(readAddress('10.1.3.1') ?? assert.fail(), true)], ['n259/1']);
  assert.equal(reads, 0);
});
