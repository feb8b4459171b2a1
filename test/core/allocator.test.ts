import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allocator } from '../../src/core/allocator.ts';
import { readPools } from '../../src/core/pools.ts';
import { viewOf } from '../../src/core/service.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
};
const pools = readPools({ metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.1-10.0.0.2' } });

function waiting(name: string, resourceVersion = '1', uid = name) {
  return viewOf({
    metadata: { namespace: 'default', name, uid, resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }], ipFamilies: ['IPv4'] },
  });
}

test('nothing is decided before both first lists are in, in either order', () => {
  const first = new Allocator(options);
  first.replaceServices([waiting('a')], '1');
  assert.equal(first.next(), undefined);
  first.setPools(pools);
  assert.equal(first.next()?.standing.key, 'default/a');

  const second = new Allocator(options);
  second.setPools(pools);
  second.putService(waiting('a'));
  assert.equal(second.next(), undefined);
  second.replaceServices([waiting('a')], '1');
  assert.equal(second.next()?.standing.key, 'default/a');
});

test('a relist replaces the world: who is not in it is gone, and what is older than known changes nothing', () => {
  const allocator = new Allocator(options);
  allocator.setPools(pools);
  allocator.replaceServices([waiting('a', '5'), waiting('b', '5')], '5');
  allocator.replaceServices([waiting('a', '4')], '6');
  assert.equal(allocator.seenVersion('default/a'), '5');
  assert.equal(allocator.seenVersion('default/b'), undefined);
});

test('the answer to a write of a Service that is gone, or was made anew, is not believed', () => {
  const allocator = new Allocator(options);
  allocator.setPools(pools);
  allocator.replaceServices([waiting('a', '5')], '5');
  const verdict = allocator.next() ?? assert.fail();
  assert.ok(verdict.decision.kind === 'write');
  allocator.assume(verdict.standing, verdict.decision.change);
  allocator.deleteService('default/a', '9');
  allocator.answered(waiting('a', '8'));
  allocator.settle('default/a');
  assert.equal(allocator.seenVersion('default/a'), undefined);
  assert.equal(allocator.ledger.size, 0);
  allocator.putService(waiting('a', '11', 'another'));
  allocator.answered(waiting('a', '12', 'a'));
  assert.equal(allocator.seenVersion('default/a'), '11');
});

test('versions are ordered as numbers of any length', () => {
  const allocator = new Allocator(options);
  allocator.putService(waiting('a', '999999999999999999999'));
  allocator.putService(waiting('a', '1000000000000000000000'));
  assert.equal(allocator.seenVersion('default/a'), '1000000000000000000000');
});

test('a Service whose write is under way is not decided on again before that has ended', () => {
  const allocator = new Allocator(options);
  allocator.setPools(pools);
  allocator.replaceServices([waiting('a')], '1');
  const verdict = allocator.next() ?? assert.fail();
  assert.ok(verdict.decision.kind === 'write');
  allocator.assume(verdict.standing, verdict.decision.change);
  allocator.putService(waiting('a', '2'));
  assert.equal(allocator.next(), undefined);
  allocator.settle('default/a');
  assert.equal(allocator.next()?.standing.key, 'default/a');
});

test('of many that wait alike only the first is looked at when an address is freed, and the next when that is served', () => {
  const allocator = new Allocator(options);
  allocator.setPools(pools);
  const holder = viewOf({
    metadata: {
      namespace: 'default',
      name: 'holder',
      uid: 'h',
      resourceVersion: '1',
      creationTimestamp: '2025-01-01T00:00:00Z',
    },
    spec: { type: 'LoadBalancer', loadBalancerClass: 'other', loadBalancerIP: '10.0.0.1' },
  });
  const other = { ...holder, name: 'other', uid: 'o', specIP: '10.0.0.2' };
  const many = Array.from({ length: 500 }, (_, i) => waiting(`w-${String(i).padStart(3, '0')}`));
  allocator.replaceServices([holder, other, ...many], '1');
  while (allocator.next() !== undefined);
  allocator.deleteService('default/holder', '2');
  const looked: string[] = [];
  for (let verdict = allocator.next(); verdict !== undefined; verdict = allocator.next()) {
    looked.push(verdict.standing.key);
    if (verdict.decision.kind !== 'write') continue;
    allocator.assume(verdict.standing, verdict.decision.change);
  }
  assert.deepEqual(looked, ['default/w-000', 'default/w-001']);
});
