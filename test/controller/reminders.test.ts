import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { pass, until } from '../client/fake-clock.ts';
import { type Event, Harness } from './harness.ts';
import { createCluster, TestReplica } from './replica.ts';

const minutes = 60_000;

test('after a restore of etcd, warnings that still apply are written again, because their events are lost', async () => {
  const { clock, api, load } = createCluster('10.0.0.1-10.0.0.1');
  const servers = { api };
  const replica = new TestReplica(
    { ...api, transport: (...args) => servers.api.transport(...args) },
    clock,
    'one',
  );
  load('default/a');
  load('default/b');
  const backup = api.backup();
  // The list after the restore is older than what is known by then.
  for (let i = 0; i < 60; i += 1) load(`since/${i}`);
  replica.start();
  const warnings = (): string[] =>
    (servers.api.objects('events') as readonly Event[]).flatMap(({ type, involvedObject }) =>
      type === 'Warning' ? [involvedObject.name] : [],
    );
  await until(() => warnings().includes('b'), 'the warning is written');
  servers.api = createEmbeddedApi({ clock, random: () => 0.25, from: backup });
  assert.deepEqual(warnings(), []);
  replica.onRequest = ({ path }) => (path.includes('watch=true') ? 'cut' : 'pass');
  await pass(clock, 60_000);
  replica.onRequest = () => 'pass';
  await pass(clock, 60_000);
  await until(() => warnings().includes('b'), 'the warning is written again');
  await replica.stop();
});

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
