import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { type Event, Harness } from './harness.ts';

const minutes = 60_000;

test('warnings that still apply are repeated before the API server deletes their events, and no other events are', async () => {
  const harness = new Harness();
  harness.api.load({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'kubevip' },
    data: { 'range-default': '10.0.0.1-10.0.0.2' },
  });
  const service = (name: string, second: number, annotations: Record<string, string> = {}): void => {
    harness.api.load({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: 'default',
        name,
        annotations,
        creationTimestamp: `2026-01-01T00:00:0${second}Z`,
      },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    });
  };
  const requested = { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' };
  service('holder', 1, requested);
  service('contender', 2, requested);
  service('assigned', 3);
  service('pending', 4);
  const messagesOf = (name: string): string[] =>
    (harness.api.objects('events') as readonly Event[])
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ message }) => message);
  harness.start();
  await harness.settled();
  const all = ['holder', 'contender', 'assigned', 'pending'];
  const before = all.map(messagesOf);
  assert.deepEqual(
    before.map(({ length }) => length),
    [2, 1, 1, 1],
  );
  harness.clock.advance(49 * minutes);
  await harness.settled();
  assert.deepEqual(all.map(messagesOf), before);
  harness.clock.advance(2 * minutes);
  const counts = (): number[] => all.map((name) => messagesOf(name).length);
  await until(() => counts().join() === '3,2,1,2', 'the conflict and the pending Service are reported again');
  for (const name of ['holder', 'contender', 'pending'])
    assert.equal(messagesOf(name).at(-1), messagesOf(name).at(-2));
  const lines = harness.log.fields.filter(({ decision }) => decision === 'pending');
  assert.equal(lines.length, 1, 'the log has one line per decision');
  await harness.request('DELETE', 'default/services/assigned');
  await until(
    () => harness.address('default/pending') === '10.0.0.2',
    'the pending Service gets the address',
  );
  await harness.settled();
  const after = messagesOf('pending');
  harness.clock.advance(60 * minutes);
  await harness.settled();
  assert.deepEqual(messagesOf('pending'), after);
  await harness.stop();
});
