import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { type Event, Harness } from './harness.ts';

const minutes = 60_000;

test('whoever still waits is told once more before the API server forgets the event, and nobody else', async () => {
  const stage = new Harness();
  stage.api.load({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'kubevip' },
    data: { 'range-default': '10.0.0.1-10.0.0.2' },
  });
  const service = (name: string, second: number, annotations: Record<string, string> = {}): void => {
    stage.api.load({
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
  const named = { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' };
  service('holder', 1, named);
  service('claimant', 2, named);
  service('served', 3);
  service('waits', 4);
  const told = (name: string): string[] =>
    (stage.api.objects('events') as readonly Event[])
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ message }) => message);
  stage.start();
  await stage.settled();
  const all = ['holder', 'claimant', 'served', 'waits'];
  const before = all.map(told);
  assert.deepEqual(
    before.map(({ length }) => length),
    [2, 1, 1, 1],
  );
  stage.clock.advance(49 * minutes);
  await stage.settled();
  assert.deepEqual(all.map(told), before);
  stage.clock.advance(2 * minutes);
  const counts = (): number[] => all.map((name) => told(name).length);
  await until(() => counts().join() === '3,2,1,2', 'the quarrel and who waits are told of once more');
  for (const name of ['holder', 'claimant', 'waits']) assert.equal(told(name).at(-1), told(name).at(-2));
  const lines = stage.log.fields.filter(({ decision }) => decision === 'pending');
  assert.equal(lines.length, 1, 'the log has one line for each decision');
  await stage.request('DELETE', 'default/services/served');
  await until(() => stage.address('default/waits') === '10.0.0.2', 'who waited is served');
  await stage.settled();
  const after = told('waits');
  stage.clock.advance(60 * minutes);
  await stage.settled();
  assert.deepEqual(told('waits'), after);
  await stage.stop();
});
