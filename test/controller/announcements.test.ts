import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { Harness } from './harness.ts';

function announce(harness: Harness, key: string, manager: string, ...ips: string[]): Promise<unknown> {
  const [namespace, name] = key.split('/');
  const status = { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } };
  return harness.request('PATCH', `${namespace}/services/${name}/status`, { status }, manager);
}

function metric(harness: Harness, name: string, reason: string): number {
  const line = new RegExp(`^kube_vip_cloud_provider_${name}\\{reason="${reason}"\\} (.*)$`, 'm');
  return Number(line.exec(harness.replica.metrics())?.[1]);
}

const foreignEvents = (harness: Harness): string[] =>
  harness.events().filter((event) => event.includes('ForeignLoadBalancerStatus'));

async function start(): Promise<Harness> {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1-10.0.0.9' });
  harness.start();
  await harness.create('default/web');
  await harness.settled();
  return harness;
}

test('a Service that is not announced is counted with its age, and has no event', async () => {
  const harness = await start();
  assert.equal(metric(harness, 'services_unannounced', 'not-announced'), 1);
  harness.clock.advance(60_000);
  await harness.create('default/late');
  await harness.settled();
  harness.clock.advance(30_000);
  assert.equal(metric(harness, 'services_unannounced', 'not-announced'), 2);
  assert.equal(metric(harness, 'longest_unannounced_seconds', 'not-announced'), 90);
  await announce(harness, 'default/web', 'kube-vip', '10.0.0.1');
  await harness.settled();
  assert.equal(metric(harness, 'services_unannounced', 'not-announced'), 1);
  assert.equal(metric(harness, 'longest_unannounced_seconds', 'not-announced'), 30);
  await harness.delete('default/late');
  await until(() => metric(harness, 'services_unannounced', 'not-announced') === 0);
  assert.equal(metric(harness, 'longest_unannounced_seconds', 'not-announced'), 0);
  assert.equal(metric(harness, 'services_unannounced', 'foreign-status'), 0);
  assert.equal(harness.events().length, 2);
  await harness.stop();
});

test('a status of another load balancer is reported once, with the field manager and the node', async () => {
  const harness = await start();
  await announce(harness, 'default/web', 'k3s', '192.168.1.11');
  await harness.settled();
  assert.equal(metric(harness, 'services_unannounced', 'foreign-status'), 1);
  assert.deepEqual(foreignEvents(harness), []);
  harness.clock.advance(30_000);
  await until(() => foreignEvents(harness).length === 1);
  assert.deepEqual(foreignEvents(harness), [
    'Warning ForeignLoadBalancerStatus default/web: The status shows 192.168.1.11 instead of 10.0.0.1: another load balancer (k3s ServiceLB?) is writing it, with the field manager "k3s". Disable the other load balancer, for ServiceLB with the k3s option --disable=servicelb. To see which program writes the status, run: kubectl get service web --namespace default --output yaml --show-managed-fields',
  ]);
  await harness.patch('default/web', { metadata: { labels: { touched: 'true' } } });
  await harness.settled();
  harness.clock.advance(120_000);
  await harness.settled();
  assert.equal(foreignEvents(harness).length, 1);
  assert.equal(metric(harness, 'longest_unannounced_seconds', 'foreign-status'), 150);
  await announce(harness, 'default/web', 'kube-vip', '10.0.0.1');
  await harness.settled();
  assert.equal(metric(harness, 'services_unannounced', 'foreign-status'), 0);
  await harness.stop();
});

test('an earlier address that kube-vip has not replaced yet is not reported as that of another load balancer', async () => {
  const harness = await start();
  await announce(harness, 'default/web', 'kube-vip', '10.0.0.1');
  await harness.patch('default/web', {
    metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '10.0.0.7' } },
  });
  await until(() => harness.service('default/web').spec?.loadBalancerIP === '10.0.0.7');
  await harness.settled();
  harness.clock.advance(30_000);
  await until(() => metric(harness, 'services_unannounced', 'not-announced') === 1);
  assert.equal(metric(harness, 'services_unannounced', 'foreign-status'), 0);
  assert.deepEqual(foreignEvents(harness), []);
  await harness.stop();
});

test('a short moment with another address is not reported', async () => {
  const harness = await start();
  await announce(harness, 'default/web', 'k3s', '192.168.1.11');
  await harness.settled();
  harness.clock.advance(20_000);
  await announce(harness, 'default/web', 'kube-vip', '10.0.0.1');
  await harness.settled();
  harness.clock.advance(60_000);
  await harness.settled();
  assert.deepEqual(foreignEvents(harness), []);
  await harness.stop();
});

test('a read that fails is repeated', async () => {
  const harness = await start();
  await announce(harness, 'default/web', 'k3s', '192.168.1.11');
  await harness.settled();
  let failed = 0;
  harness.onRead = () => {
    failed += 1;
    return { status: 500 };
  };
  harness.clock.advance(30_000);
  await until(() => failed > 0);
  harness.onRead = () => 'pass';
  await until(() => harness.clock.timers().some((ms) => ms === 30_000));
  harness.clock.advance(30_000);
  await until(() => foreignEvents(harness).length === 1);
  await harness.stop();
});
