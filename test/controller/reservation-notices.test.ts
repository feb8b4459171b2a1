import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

test('when an address is reserved that another Service has, both are told, once', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-shop': '10.0.0.1-10.0.0.9' });
  harness.start();
  for (const name of ['a', 'b']) {
    await harness.create(`shop/${name}`);
    await harness.settled();
  }
  const notices = (): string[] =>
    harness.events().filter((event) => event.includes('LoadBalancerIncomplete'));
  assert.deepEqual(notices(), []);
  const reservation = { data: { 'reserve-shop': 'b=10.0.0.1' } };
  await harness.request('PATCH', 'kube-system/configmaps/kubevip', reservation);
  await until(() => notices().length > 1);
  await harness.settled();
  const told = notices().sort();
  assert.match(told[0] ?? '', /shop\/a: 10[.]0[.]0[.]1 is reserved for shop\/b [(]reserve-shop[)]/);
  assert.match(
    told[1] ?? '',
    /shop\/b: 10[.]0[.]0[.]1 is reserved for this Service .* shop\/a already had it/,
  );
  await harness.patch('shop/a', { metadata: { labels: { touched: 'true' } } });
  await harness.settled();
  assert.equal(notices().length, 2);
  assert.deepEqual([harness.address('shop/a'), harness.address('shop/b')], ['10.0.0.1', '10.0.0.2']);
  // Each of the two is reallocated, as the messages say.
  for (const [name, address] of [
    ['a', '10.0.0.3'],
    ['b', '10.0.0.1'],
  ]) {
    await harness.patch(`shop/${name}`, { metadata: { annotations: { 'kube-vip.io/reallocate': 'true' } } });
    await harness.settled();
    assert.equal(harness.address(`shop/${name}`), address);
  }
  await harness.stop();
});

test('a Service that cannot join those with its sharing key is told with its assignment', async () => {
  const harness = new Harness();
  harness.pools({ 'cidr-shop': '10.0.0.1-10.0.0.9' });
  harness.start();
  const key = { metadata: { annotations: { 'kube-vip.io/sharing-key': 'site' } } };
  for (const name of ['a', 'b']) {
    await harness.create(`shop/${name}`, key);
    await harness.settled();
  }
  const events = harness.events().filter((event) => event.includes('sharing-key'));
  assert.equal(events.length, 1);
  assert.match(
    events[0] ?? '',
    /^Normal EnsuredLoadBalancer shop\/b: Assigned 10[.]0[.]0[.]2 [(]from cidr-shop[)][.] The Service shares no address with shop\/a.*TCP port 80/,
  );
  await harness.stop();
});
