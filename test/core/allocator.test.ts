import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { viewOf } from '../../src/core/model/service-view.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};
const config = readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.1-10.0.0.2' } });

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
  first.setConfig(config);
  assert.equal(first.next()?.state.key, 'default/a');

  const second = new Allocator(options);
  second.setConfig(config);
  second.putService(waiting('a'));
  assert.equal(second.next(), undefined);
  second.replaceServices([waiting('a')], '1');
  assert.equal(second.next()?.state.key, 'default/a');
});

test('a relist replaces the world: who is not in it is gone', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  allocator.replaceServices([waiting('a', '5'), waiting('b', '5')], '5');
  allocator.replaceServices([waiting('a', '5')], '6');
  assert.equal(allocator.seenVersion('default/a'), '5');
  assert.equal(allocator.seenVersion('default/b'), undefined);
});

test('the answer to a write of a Service that is gone, or was made anew, is not believed', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  allocator.replaceServices([waiting('a', '5')], '5');
  const decided = allocator.next() ?? assert.fail();
  assert.ok(decided.decision.kind === 'write');
  allocator.assume(decided.state, decided.decision.patch);
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
  allocator.setConfig(config);
  allocator.replaceServices([waiting('a')], '1');
  const decided = allocator.next() ?? assert.fail();
  assert.ok(decided.decision.kind === 'write');
  allocator.assume(decided.state, decided.decision.patch);
  allocator.putService(waiting('a', '2'));
  assert.equal(allocator.next(), undefined);
  allocator.settle('default/a');
  assert.equal(allocator.next()?.state.key, 'default/a');
});

test('of many that wait alike only the first is looked at when an address is freed, and the next when that is served', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
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
  for (let decided = allocator.next(); decided !== undefined; decided = allocator.next()) {
    looked.push(decided.state.key);
    if (decided.decision.kind !== 'write') continue;
    allocator.assume(decided.state, decided.decision.patch);
  }
  assert.deepEqual(looked, ['default/w-000', 'default/w-001']);
});

function held(name: string, ip: string, created = '2025-01-01T00:00:00Z') {
  return viewOf({
    metadata: { namespace: 'default', name, uid: name, resourceVersion: '1', creationTimestamp: created },
    spec: { type: 'LoadBalancer', loadBalancerClass: 'other', loadBalancerIP: ip },
  });
}

/** Draws all verdicts as if every write succeeded, and names those who were given an address. */
function served(allocator: Allocator): string[] {
  const keys: string[] = [];
  for (let decided = allocator.next(); decided !== undefined; decided = allocator.next()) {
    if (decided.decision.kind !== 'write') continue;
    keys.push(decided.state.key);
    allocator.assume(decided.state, decided.decision.patch);
  }
  return keys;
}

test('the turn of a line is not lost with its head: when that is gone with the holder, the next is served', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  const holders = [held('h', '10.0.0.1'), held('i', '10.0.0.2')];
  allocator.replaceServices([...holders, waiting('a'), waiting('b')], '1');
  assert.deepEqual(served(allocator), []);
  allocator.replaceServices([held('i', '10.0.0.2'), waiting('b')], '2');
  assert.deepEqual(served(allocator), ['default/b']);
});

test('the turn of a line is not lost when its head moves to another line', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  const holders = [held('h', '10.0.0.1'), held('i', '10.0.0.2')];
  allocator.replaceServices([...holders, waiting('a'), waiting('b')], '1');
  assert.deepEqual(served(allocator), []);
  allocator.deleteService('default/h', '2');
  allocator.putService({ ...waiting('a', '3'), policy: 'RequireDualStack', families: ['IPv4', 'IPv6'] });
  assert.deepEqual(served(allocator), ['default/b']);
});

test('a list that is older than what was told before is of a restored etcd, and right about everything', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  allocator.replaceServices([{ ...held('h', '10.0.0.1'), resourceVersion: '500' }], '500');
  allocator.observed('900');
  allocator.replaceServices([{ ...held('h', '10.0.0.2'), resourceVersion: '400' }], '450');
  assert.equal(allocator.seenVersion('default/h'), '400');
  allocator.putService(waiting('a', '451'));
  const decided = allocator.next();
  assert.equal(decided?.decision.kind, 'ignore');
  assert.deepEqual(served(allocator), ['default/a']);
});

test('a restored etcd may have come further than what was told before: what its list shows as older counts', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  allocator.replaceServices([{ ...held('h', '10.0.0.1'), resourceVersion: '500' }], '500');
  allocator.replaceServices([{ ...held('h', '10.0.0.2'), resourceVersion: '400' }], '900');
  assert.equal(allocator.seenVersion('default/h'), '400');
  allocator.putService(waiting('a', '901'));
  assert.deepEqual(served(allocator), ['default/a']);
});

for (const [what, before] of [
  ['is undone', [waiting('a', '850')]],
  [
    'was undone after it was seen to be made',
    [waiting('a', '850'), { ...held('a', '10.0.0.1'), resourceVersion: '990' }],
  ],
] as const) {
  test(`an etcd that was restored takes a write that is repeated: one that ${what} keeps its address reserved`, () => {
    const allocator = new Allocator(options);
    allocator.setConfig(config);
    const [basis, ...made] = before;
    allocator.replaceServices([basis], '1000');
    const decided = allocator.next();
    assert.ok(decided?.decision.kind === 'write');
    assert.equal(decided.decision.addresses, '10.0.0.1');
    allocator.assume(decided.state, decided.decision.patch);
    for (const view of made) allocator.putService(view);
    // The version that the write was decided on is there again: the same PATCH can still be accepted.
    allocator.replaceServices([basis, waiting('b', '900')], '905');
    const next = allocator.next();
    assert.equal(next?.state.key, 'default/b');
    assert.equal(next.decision.kind === 'write' && next.decision.addresses, '10.0.0.2');
  });
}

test('an answer that is newer than the list is not undone by the list', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  allocator.replaceServices([waiting('a', '5')], '5');
  assert.deepEqual(served(allocator), ['default/a']);
  allocator.answered({ ...waiting('a', '9'), annotation: '10.0.0.1', specIP: '10.0.0.1' });
  allocator.replaceServices([waiting('a', '5')], '8');
  assert.equal(allocator.seenVersion('default/a'), '9');
});

test('a Service that is read as another type is gone from here', () => {
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  allocator.replaceServices([waiting('a', '5')], '5');
  allocator.answered({ ...waiting('a', '7'), type: 'ClusterIP' });
  assert.equal(allocator.ledger.size, 0);
});

test('pools of thousands of single addresses, and thousands on one address, are served in bounded work', () => {
  const entries = Array.from({ length: 3_000 }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
  const allocator = new Allocator(options);
  allocator.setConfig(
    readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': entries.join(',') } }),
  );
  allocator.replaceServices(
    entries.map((_, i) => waiting(`w-${i}`)),
    '1',
  );
  assert.equal(new Set(served(allocator)).size, 3_000);
});
