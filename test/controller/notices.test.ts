import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

const dual = { spec: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] } };

test('of the Services without a second family, only the oldest is told that an address was freed, once', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-shop': '10.0.0.1,fd00::1-fd00::9' });
  harness.start();
  await harness.create('shop/holder');
  await harness.settled();
  for (const name of ['a', 'b', 'c']) {
    await harness.create(`shop/${name}`, dual);
    await harness.settled();
  }
  const notices = (): string[] =>
    harness.events().filter((event) => event.includes('LoadBalancerIncomplete'));
  const assigned = harness.events().filter((event) => event.includes('although its ipFamilyPolicy'));
  assert.equal(assigned.length, 3, 'the event of the assignment says what is missing');
  assert.match(assigned[0] ?? '', /^Normal EnsuredLoadBalancer shop\/a: .*Pool cidr-shop is full/);
  assert.deepEqual(notices(), []);
  await harness.delete('shop/holder');
  await until(() => notices().length > 0);
  await harness.settled();
  assert.equal(notices().length, 1);
  assert.match(notices()[0] ?? '', /shop\/a: .* can provide one now\. .*run: kubectl annotate service a /);
  // It does not take the address by itself, and is not told again.
  await harness.create('shop/next');
  await harness.settled();
  await harness.delete('shop/next');
  await harness.settled();
  assert.equal(harness.address('shop/a'), 'fd00::1');
  assert.equal(notices().length, 1);
  // When it has taken the address, the next one is the oldest.
  await harness.patch('shop/a', { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } });
  await harness.settled();
  assert.equal(harness.address('shop/a'), '10.0.0.1,fd00::1');
  assert.equal(notices().length, 1);
  await harness.delete('shop/a');
  await until(() => notices().length > 1);
  assert.match(notices()[1] ?? '', /shop\/b: /);
  await harness.stop();
});

test('two static Services that split their traffic are both told, whichever comes first, and once', async () => {
  const harness = new Harness();
  harness.start();
  const local = (app: string, port: number) => ({
    spec: {
      loadBalancerIP: '10.9.9.1',
      externalTrafficPolicy: 'Local',
      selector: { app },
      ports: [{ port }],
    },
  });
  const warnings = (): string[] =>
    harness.events().flatMap((event) => /LoadBalancerMisconfigured shop\/(\w): /.exec(event)?.[1] ?? []);
  await harness.create('shop/a', local('a', 80));
  await harness.settled();
  assert.deepEqual(warnings(), []);
  await harness.create('shop/b', local('b', 81));
  await harness.settled();
  assert.deepEqual(warnings().sort(), ['a', 'b']);
  await harness.patch('shop/a', { metadata: { labels: { touched: 'true' } } });
  await harness.settled();
  assert.equal(warnings().length, 2);
  // The same Pods: nothing is wrong any more.
  await harness.patch('shop/b', { spec: { selector: { app: 'a' } } });
  await harness.settled();
  const { allocator } = harness.replica.controller;
  for (const key of ['shop/a', 'shop/b']) {
    const decision = allocator.explain(key)?.decision;
    assert.ok(decision !== undefined && 'conditions' in decision);
    assert.deepEqual(
      decision.conditions.map(({ code }) => code),
      ['shared'],
    );
  }
  await harness.stop();
});

test('of many Services that request one address, only those that come next are told each new holder', async () => {
  const count = 200;
  const harness = new Harness();
  harness.pools({ 'cidr-global': '10.0.0.1' });
  harness.start();
  await harness.settled();
  for (let i = 0; i < count; i += 1)
    harness.load(`shop/s-${String(i).padStart(3, '0')}`, { spec: { loadBalancerIP: '10.9.9.9' } });
  const told = (): number => harness.events().length;
  await until(() => told() >= count);
  await harness.settled();
  const about = (name: string): string =>
    harness.events().findLast((event) => event.includes(`shop/${name}: `)) ?? '';
  const holder = 'shop/s-000';
  assert.match(about('s-001'), /shop\/s-001: 10\.9\.9\.9 is already assigned to shop\/s-000, and both use/);
  assert.doesNotMatch(about('s-001'), /More than/);
  assert.match(about('s-199'), /More than 3 other Services requested it earlier\. kube-vip may still/);
  const [events, lines] = [told(), harness.log.lines.length];
  await harness.delete(holder);
  await until(() => harness.service('shop/s-001').metadata.labels?.implementation === 'kube-vip');
  await harness.settled();
  const news = harness.events().slice(events);
  // The new holder: assigned, and contested. The three that come next; one of them is named for the first time.
  assert.equal(news.length, 5, news.join('\n'));
  for (const name of ['s-002', 's-003', 's-004'])
    assert.ok(
      news.some((event) => event.includes(`shop/${name}: 10.9.9.9 is already assigned to shop/s-001`)),
    );
  // The log also says that the former holder has released it.
  assert.ok(harness.log.lines.length - lines <= 6);
  await harness.stop();
});

test('an event that starts with an address leaves its letters as they are', async () => {
  const harness = new Harness();
  harness.start();
  await harness.create('shop/a', { spec: { loadBalancerIP: 'fd00::99', ipFamilies: ['IPv4'] } });
  await harness.settled();
  assert.ok(
    harness
      .events()
      .some((event) => event.includes('LoadBalancerMisconfigured shop/a: fd00::99 is an IPv6 address')),
    harness.events().join('\n'),
  );
  await harness.stop();
});
