import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTypes } from '../../src/controller/signals.ts';
import { Stage } from '../controller/stage.ts';
import { until } from '../kube/fake-clock.ts';
import { tableIn, textOf } from './table.ts';

test('docs/events.md has every reason, with its type', () => {
  const documented = tableIn(textOf('docs/events.md'), '| reason | type | on | when |');
  assert.deepEqual(
    documented.map(([reason, type]) => [reason, type]),
    Object.entries(eventTypes).map(([reason, type]) => [`\`${reason}\``, type]),
  );
});

const blank = {
  metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '' } },
  spec: { loadBalancerIP: '' },
};

/** What happens, and the events that it makes: `reason object`. */
const story: [title: string, act: (stage: Stage) => Promise<void>, events: string[]][] = [
  ['a Service comes', (stage) => stage.create('shop/a'), ['EnsuredLoadBalancer a']],
  [
    'another asks for its address',
    (stage) => stage.create('shop/b', { spec: { loadBalancerIP: '10.0.0.1' } }),
    ['AddressConflict a', 'SyncLoadBalancerFailed b'],
  ],
  ['nothing of interest', (stage) => stage.patch('shop/b', { metadata: { labels: { a: 'b' } } }), []],
  [
    'it asks for another one',
    (stage) => stage.patch('shop/b', { spec: { loadBalancerIP: '192.168.7.7' } }),
    ['AddressConflictResolved a', 'EnsuredLoadBalancer b'],
  ],
  ['the pool fills', (stage) => stage.create('shop/c'), ['EnsuredLoadBalancer c']],
  ['one has to wait', (stage) => stage.create('shop/d'), ['SyncLoadBalancerFailed d']],
  ['it is touched', (stage) => stage.patch('shop/d', { metadata: { labels: { a: 'b' } } }), []],
  [
    'one gives its address back',
    (stage) => stage.patch('shop/c', { spec: { type: 'ClusterIP' } }),
    ['DeletedLoadBalancer c', 'EnsuredLoadBalancer d'],
  ],
  [
    'what was written is taken away',
    (stage) => stage.patch('shop/a', blank, 'gitops'),
    ['EnsuredLoadBalancer a'],
  ],
  [
    'and again',
    async (stage) => {
      await stage.patch('shop/a', blank, 'gitops');
      await until(() => stage.clock.timers().includes(1_000));
    },
    ['LoadBalancerFieldsUndone a'],
  ],
  [
    'its time comes',
    async (stage) => {
      stage.clock.advance(1_000);
      await until(() => stage.address('shop/a') === '10.0.0.1');
    },
    ['EnsuredLoadBalancer a'],
  ],
  [
    'a key is misspelt',
    async (stage) => {
      await stage.request('PATCH', 'kube-system/configmaps/kubevip', { data: { cidr_shop: '10.0.0.3' } });
      await until(() => stage.session.controller.allocator.pools.problems.length === 1);
    },
    ['InvalidPoolConfiguration kubevip'],
  ],
  [
    'another one, too',
    async (stage) => {
      await stage.request('PATCH', 'kube-system/configmaps/kubevip', { data: { cidr_x: '10.0.0.3' } });
      await until(() => stage.session.controller.allocator.pools.problems.length === 2);
    },
    ['InvalidPoolConfiguration kubevip'],
  ],
  [
    'the API server does not accept a change',
    async (stage) => {
      stage.fate = () => ({ status: 422, body: { kind: 'Status', message: 'a webhook says no' } });
      await stage.create('shop/e', { spec: { loadBalancerIP: '192.168.7.8' } });
      await until(() => stage.writes.some((write) => write.endsWith('/e')));
    },
    ['SyncLoadBalancerFailed e'],
  ],
];

test('each change makes its events once, each with its line in the log', async () => {
  const stage = new Stage();
  stage.pools({ 'range-global': '10.0.0.1-10.0.0.2' });
  stage.start();
  await stage.settled();
  for (const [title, act, expected] of story) {
    const [events, lines] = [stage.events().length, stage.log.lines.length];
    await act(stage);
    await stage.settled();
    const told = stage.events().slice(events);
    assert.deepEqual(
      told.map((event) => event.replace(/^\w+ (\w+) [\w-]+\/(\w+): .*/s, '$1 $2')).sort(),
      expected,
      title,
    );
    const said = stage.log.lines.slice(lines).map((line) => line.replace(/^\w+: /, '').toLowerCase());
    for (const event of told) {
      const [, message = ''] = /: (.*)$/s.exec(event) ?? [];
      const fitting = said.filter((line) => message.toLowerCase().startsWith(line));
      assert.equal(fitting.length, 1, `${title}: ${message}\n${said.join('\n')}`);
    }
  }
  const reasons = new Set(story.flatMap(([, , events]) => events.map((event) => event.split(' ')[0])));
  assert.deepEqual([...reasons].sort(), Object.keys(eventTypes).sort());
  await stage.stop();
});
