import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { explainWrite } from '../../src/core/explain/explain-decision.ts';
import { readAddress } from '../../src/core/ip/address.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { listed } from './listed.ts';

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};
const config = readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.1-10.0.0.2' } });

function pending(name: string, resourceVersion = '1', uid = name) {
  return viewOf({
    metadata: { namespace: 'default', name, uid, resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }], ipFamilies: ['IPv4'] },
  });
}

test('nothing is decided before both initial lists are complete, in either order', () => {
  const first = new Allocator(options, () => 0);
  first.replaceServices([pending('a')], '1');
  assert.equal(first.next(0), undefined);
  first.setConfig(config);
  assert.equal(first.next(0)?.state.key, 'default/a');

  const second = new Allocator(options, () => 0);
  second.setConfig(config);
  second.putService(pending('a'));
  assert.equal(second.next(0), undefined);
  second.replaceServices([pending('a')], '1');
  assert.equal(second.next(0)?.state.key, 'default/a');
});

test('a decision, and what a pending Service then waits for, depend on one time', () => {
  let reads = 0;
  const allocator = new Allocator(options, () => ++reads);
  allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.0/32' } }));
  allocator.replaceServices([pending('a'), pending('b')], '1');
  for (const key of ['default/a', 'default/b']) {
    reads = 0;
    const { state, decision, work } = allocator.next(0) ?? assert.fail();
    assert.deepEqual([state.key, decision.kind, reads], [key, 'pending', 1]);
    work.done();
  }
});

test('a list replaces all Services: those that are not in it are gone', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  allocator.replaceServices([pending('a', '5'), pending('b', '5')], '5');
  allocator.replaceServices([pending('a', '5')], '6');
  assert.equal(allocator.seenVersion('default/a'), '5');
  assert.equal(allocator.seenVersion('default/b'), undefined);
});

test('the response to a write is ignored if the Service is gone or was recreated', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  allocator.replaceServices([pending('a', '5')], '5');
  const decided = allocator.next(0) ?? assert.fail();
  assert.ok(decided.decision.kind === 'write');
  allocator.assume(decided, decided.decision.patch);
  allocator.deleteService('default/a', '9');
  allocator.answered(pending('a', '8'));
  decided.work.done();
  assert.equal(allocator.seenVersion('default/a'), undefined);
  assert.equal(allocator.ledger.size, 0);
  allocator.putService(pending('a', '11', 'another'));
  allocator.answered(pending('a', '12', 'a'));
  assert.equal(allocator.seenVersion('default/a'), '11');
});

test('versions are compared as numbers of any length', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.putService(pending('a', '999999999999999999999'));
  allocator.putService(pending('a', '1000000000000000000000'));
  assert.equal(allocator.seenVersion('default/a'), '1000000000000000000000');
});

test('a Service with a write in flight is not decided again before the write has ended', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  allocator.replaceServices([pending('a')], '1');
  const decided = allocator.next(0) ?? assert.fail();
  assert.ok(decided.decision.kind === 'write');
  allocator.assume(decided, decided.decision.patch);
  allocator.putService(pending('a', '2'));
  assert.equal(allocator.next(0), undefined);
  decided.work.done();
  assert.equal(allocator.next(0)?.state.key, 'default/a');
});

test('of many pending Services with the same needs, only the first is decided when an address is freed, then the next', () => {
  const allocator = new Allocator(options, () => 0);
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
  const many = Array.from({ length: 500 }, (_, i) => pending(`w-${String(i).padStart(3, '0')}`));
  allocator.replaceServices([holder, other, ...many], '1');
  for (let next = allocator.next(0); next !== undefined; next = allocator.next(0)) next.work.done();
  allocator.deleteService('default/holder', '2');
  const decidedKeys: string[] = [];
  for (let decided = allocator.next(0); decided !== undefined; decided = allocator.next(0)) {
    decidedKeys.push(decided.state.key);
    if (decided.decision.kind === 'write') allocator.assume(decided, decided.decision.patch);
    else decided.work.done();
  }
  assert.deepEqual(decidedKeys, ['default/w-000', 'default/w-001']);
});

function held(name: string, ip: string, created = '2025-01-01T00:00:00Z') {
  return viewOf({
    metadata: { namespace: 'default', name, uid: name, resourceVersion: '1', creationTimestamp: created },
    spec: { type: 'LoadBalancer', loadBalancerClass: 'other', loadBalancerIP: ip },
  });
}

/** Starts the writes of all decisions as if they succeeded, and lists the Services that were written. */
function written(allocator: Allocator): string[] {
  const keys: string[] = [];
  for (let decided = allocator.next(0); decided !== undefined; decided = allocator.next(0)) {
    if (decided.decision.kind !== 'write') {
      decided.work.done();
      continue;
    }
    keys.push(decided.state.key);
    allocator.assume(decided, decided.decision.patch);
  }
  return keys;
}

test('when the first pending Service of a group is gone together with a holder, the next one gets the address', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  const holders = [held('h', '10.0.0.1'), held('i', '10.0.0.2')];
  allocator.replaceServices([...holders, pending('a'), pending('b')], '1');
  assert.deepEqual(written(allocator), []);
  allocator.replaceServices([held('i', '10.0.0.2'), pending('b')], '2');
  assert.deepEqual(written(allocator), ['default/b']);
});

test('when the first pending Service of a group moves to another group, the next one gets the address', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  const holders = [held('h', '10.0.0.1'), held('i', '10.0.0.2')];
  allocator.replaceServices([...holders, pending('a'), pending('b')], '1');
  assert.deepEqual(written(allocator), []);
  allocator.deleteService('default/h', '2');
  allocator.putService({ ...pending('a', '3'), policy: 'RequireDualStack', families: ['IPv4', 'IPv6'] });
  assert.deepEqual(written(allocator), ['default/b']);
});

test('a list that is older than previous reports comes from a restored etcd and takes precedence', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  allocator.replaceServices([{ ...held('h', '10.0.0.1'), resourceVersion: '500' }], '500');
  allocator.observed('900');
  allocator.replaceServices([{ ...held('h', '10.0.0.2'), resourceVersion: '400' }], '450');
  assert.equal(allocator.seenVersion('default/h'), '400');
  allocator.putService(pending('a', '451'));
  const decided = allocator.next(0);
  assert.equal(decided?.decision.kind, 'ignore');
  assert.deepEqual(written(allocator), ['default/a']);
});

test('a restored etcd may have newer versions already: older states in its list apply', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  allocator.replaceServices([{ ...held('h', '10.0.0.1'), resourceVersion: '500' }], '500');
  allocator.replaceServices([{ ...held('h', '10.0.0.2'), resourceVersion: '400' }], '900');
  assert.equal(allocator.seenVersion('default/h'), '400');
  allocator.putService(pending('a', '901'));
  assert.deepEqual(written(allocator), ['default/a']);
});

for (const [what, before] of [
  ['was reverted', [pending('a', '850')]],
  [
    'was reverted after it was seen to succeed',
    [pending('a', '850'), { ...held('a', '10.0.0.1'), resourceVersion: '990' }],
  ],
] as const) {
  test(`a restored etcd accepts a repeated write: a write that ${what} keeps its address reserved`, () => {
    const allocator = new Allocator(options, () => 0);
    allocator.setConfig(config);
    const [basis, ...succeeded] = before;
    allocator.replaceServices([basis], '1000');
    const decided = allocator.next(0);
    assert.ok(decided?.decision.kind === 'write');
    assert.equal(decided.decision.addresses.text, '10.0.0.1');
    allocator.assume(decided, decided.decision.patch);
    for (const view of succeeded) allocator.putService(view);
    // The Service has the version on which the write was decided again: the same PATCH can be accepted.
    allocator.replaceServices([basis, pending('b', '900')], '905');
    const next = allocator.next(0);
    assert.equal(next?.state.key, 'default/b');
    assert.equal(next.decision.kind === 'write' && next.decision.addresses.text, '10.0.0.2');
  });
}

test('a response that is newer than the list is not overwritten by the list', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  allocator.replaceServices([pending('a', '5')], '5');
  assert.deepEqual(written(allocator), ['default/a']);
  allocator.answered({ ...pending('a', '9'), annotation: '10.0.0.1', specIP: '10.0.0.1' });
  allocator.replaceServices([pending('a', '5')], '8');
  assert.equal(allocator.seenVersion('default/a'), '9');
});

test('a Service that is read with another type is removed', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  allocator.replaceServices([pending('a', '5')], '5');
  allocator.answered({ ...pending('a', '7'), type: 'ClusterIP' });
  assert.equal(allocator.ledger.size, 0);
});

test('a pool of thousands of single addresses is allocated in bounded time', () => {
  const entries = Array.from({ length: 3_000 }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(
    readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': entries.join(',') } }),
  );
  allocator.replaceServices(
    entries.map((_, i) => pending(`w-${i}`)),
    '1',
  );
  assert.equal(new Set(written(allocator)).size, 3_000);
});

test('annotation, record, and label removed together: what the spec still has is no request, unless nothing is remembered', () => {
  const all = pending('a', '5');
  const record = {
    ports: 'TCP/80',
    families: 'SingleStack IPv4',
    uid: 'a',
    controller: 'us',
    interface: undefined,
  };
  const assigned = {
    ...all,
    annotation: '10.0.0.2',
    specIP: '10.0.0.2',
    labeled: true,
    record: { ...record, source: 'cidr-global', addresses: listed('10.0.0.2') },
  };
  const bare = { ...all, specIP: '10.0.0.2', statusIPs: ['10.0.0.2'], resourceVersion: '6' };
  const written = (allocator: Allocator): string => {
    const { decision, work } = allocator.next(0) ?? assert.fail();
    work.done();
    assert.ok(decision.kind === 'write');
    return explainWrite(decision);
  };
  const first = new Allocator(options, () => 0);
  first.setConfig(config);
  first.replaceServices([assigned], '5');
  first.putService(bare);
  assert.equal(written(first), 'Restored 10.0.0.2 (from cidr-global)');
  // An edit ends what is remembered, and so does a restart.
  first.putService({ ...bare, specIP: '10.0.0.1', resourceVersion: '7' });
  first.putService({ ...bare, resourceVersion: '8' });
  const restarted = new Allocator(options, () => 0);
  restarted.setConfig(config);
  restarted.replaceServices([bare], '6');
  for (const allocator of [first, restarted]) {
    assert.equal(
      written(allocator),
      'Assigned 10.0.0.2 (static address). Only spec.loadBalancerIP has the address, so the controller assumes that it was requested by name',
    );
  }
});

test('a remembered record gives no address that another Service holds by now', () => {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(config);
  const record = {
    source: 'cidr-global',
    addresses: listed('10.0.0.2'),
    ports: 'TCP/80',
    families: 'SingleStack IPv4',
    controller: 'us',
    interface: undefined,
  };
  const holder = (name: string) => ({
    ...pending(name, '5'),
    annotation: '10.0.0.2',
    specIP: '10.0.0.2',
    labeled: true,
    record: { ...record, uid: name },
  });
  allocator.replaceServices([holder('a'), holder('b')], '5');
  allocator.putService({ ...pending('a', '6'), specIP: '10.0.0.2' });
  const decision = allocator.explain('default/a')?.decision;
  assert.equal(decision?.kind === 'write' && decision.addresses.text, '10.0.0.1');
});

test('a remembered record gives a second address only while the Service shows it and no other one has it', () => {
  const dual = readConfig({
    metadata: { name: 'kubevip' },
    data: { 'cidr-global': '10.0.0.1-10.0.0.3,fd00::1-fd00::3' },
  });
  const service = {
    ...pending('a', '5'),
    policy: 'PreferDualStack' as const,
    families: ['IPv4', 'IPv6'] as const,
  };
  const addresses = '10.0.0.2,fd00::2';
  const assigned = {
    ...service,
    annotation: addresses,
    specIP: '10.0.0.2',
    labeled: true,
    record: {
      source: 'cidr-global',
      addresses: listed(addresses),
      ports: 'TCP/80',
      families: 'PreferDualStack IPv4,IPv6',
      uid: 'a',
      controller: 'us',
      interface: undefined,
    },
  };
  const given = (statusIPs: string[], others: string[]): string | undefined => {
    const allocator = new Allocator(options, () => 0);
    allocator.setConfig(dual);
    allocator.replaceServices([assigned], '5');
    allocator.putService({ ...service, specIP: '10.0.0.2', statusIPs, resourceVersion: '6' });
    const external = others.map((text) => readAddress(text) ?? assert.fail(text));
    allocator.externalIPs.replace([{ key: 'default/web', addresses: external, resourceVersion: '6' }], '7');
    const decision = allocator.next(0)?.decision;
    return decision?.kind === 'write' ? `${decision.cause} ${decision.addresses.text}` : decision?.kind;
  };
  assert.equal(given(['10.0.0.2', 'fd00::2'], []), 'restore 10.0.0.2,fd00::2');
  assert.equal(given(['10.0.0.2', 'fd00::2'], ['fd00::2']), 'allocate 10.0.0.2,fd00::1');
  assert.equal(given(['10.0.0.2'], []), 'allocate 10.0.0.2,fd00::1');
  assert.equal(given([], ['fd00::2', 'fd00::1']), 'allocate 10.0.0.2,fd00::3');
});

test('what cannot be restored from a remembered record is forgotten: a new controller decides the same', () => {
  const full = readConfig({ metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.2' } });
  const record = {
    source: 'cidr-global',
    addresses: listed('10.0.0.2'),
    ports: 'TCP/80',
    families: 'SingleStack IPv4',
    controller: 'us',
    interface: undefined,
  };
  const holder = (name: string) => ({
    ...pending(name, '5'),
    annotation: '10.0.0.2',
    specIP: '10.0.0.2',
    labeled: true,
    record: { ...record, uid: name },
  });
  const bare = { ...pending('a', '6'), specIP: '10.0.0.2' };
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(full);
  allocator.replaceServices([holder('a'), holder('b')], '5');
  allocator.putService(bare);
  assert.deepEqual(written(allocator), []);
  const restarted = new Allocator(options, () => 0);
  restarted.setConfig(full);
  restarted.replaceServices([bare, holder('b')], '6');
  const { decision } = allocator.explain('default/a') ?? assert.fail();
  assert.equal(decision.kind, 'conflict');
  assert.deepEqual(decision, restarted.explain('default/a')?.decision);
});

test('an address is not shared while a write takes a second one from its Service, because the write can fail', () => {
  const data = { 'cidr-global': '10.0.0.1', 'allow-share-global': 'true' };
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data }));
  const { metadata, spec } = {
    metadata: {
      namespace: 'default',
      name: 'a',
      uid: 'a',
      resourceVersion: '1',
      annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' },
      labels: { implementation: 'kube-vip' },
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerIP: '10.0.0.9',
      ports: [{ port: 53, protocol: 'UDP' }],
      ipFamilies: ['IPv4'],
    },
  };
  allocator.replaceServices([viewOf({ metadata, spec })], '1');
  const first = allocator.next(0) ?? assert.fail();
  assert.ok(first.decision.kind === 'write');
  assert.equal(first.decision.patch.specIP, '10.0.0.1');
  allocator.assume(first, first.decision.patch);
  allocator.putService(pending('b', '2'));
  const second = allocator.next(0) ?? assert.fail();
  assert.deepEqual([second.state.key, second.decision.kind], ['default/b', 'pending']);
  second.work.done();
  // The write succeeds.
  allocator.answered(
    viewOf({
      metadata: { ...metadata, resourceVersion: '3' },
      spec: { ...spec, loadBalancerIP: '10.0.0.1' },
    }),
  );
  first.work.done();
  const kinds = new Map<string, string>();
  for (let next = allocator.next(0); next !== undefined; next = allocator.next(0)) {
    kinds.set(next.state.key, next.decision.kind === 'write' ? next.decision.cause : next.decision.kind);
    next.work.done();
  }
  assert.equal(kinds.get('default/b'), 'share');
});
