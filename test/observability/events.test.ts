import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTypes } from '../../src/controller/reporter.ts';
import { until } from '../client/fake-clock.ts';
import { Harness } from '../controller/harness.ts';
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

interface Step {
  readonly title: string;
  readonly act: (harness: Harness) => Promise<void>;
  /** `reason object` of each event that it makes. */
  readonly events: readonly string[];
  /** `decision object` of each line of the log about a decision. */
  readonly decisions: readonly string[];
}

const touch = { metadata: { labels: { touched: 'true' } } };

const story: readonly Step[] = [
  {
    title: 'a Service comes',
    act: (harness) => harness.create('shop/a'),
    events: ['EnsuredLoadBalancer a'],
    decisions: ['write a'],
  },
  {
    title: 'another asks for its address',
    act: (harness) => harness.create('shop/b', { spec: { loadBalancerIP: '10.0.0.1' } }),
    events: ['AddressConflict a', 'SyncLoadBalancerFailed b'],
    decisions: ['conflict b', 'keep a'],
  },
  { title: 'it is touched', act: (harness) => harness.patch('shop/b', touch), events: [], decisions: [] },
  {
    title: 'it asks for another one',
    act: (harness) => harness.patch('shop/b', { spec: { loadBalancerIP: '192.168.7.7' } }),
    events: ['AddressConflictResolved a', 'EnsuredLoadBalancer b'],
    decisions: ['write b'],
  },
  {
    title: 'the pool fills',
    act: (harness) => harness.create('shop/c'),
    events: ['EnsuredLoadBalancer c'],
    decisions: ['write c'],
  },
  {
    title: 'one has to wait',
    act: (harness) => harness.create('shop/d'),
    events: ['SyncLoadBalancerFailed d'],
    decisions: ['pending d'],
  },
  { title: 'it is touched', act: (harness) => harness.patch('shop/d', touch), events: [], decisions: [] },
  {
    title: 'one gives its address back',
    act: (harness) => harness.patch('shop/c', { spec: { type: 'ClusterIP' } }),
    events: ['DeletedLoadBalancer c', 'EnsuredLoadBalancer d'],
    decisions: ['release c', 'write d'],
  },
  {
    title: 'what was written is taken away',
    act: (harness) => harness.patch('shop/a', blank, 'gitops'),
    events: ['EnsuredLoadBalancer a'],
    decisions: ['write a'],
  },
  {
    title: 'and again',
    act: async (harness) => {
      await harness.patch('shop/a', blank, 'gitops');
      await until(() => harness.clock.timers().includes(1_000));
    },
    events: ['LoadBalancerFieldsUndone a'],
    decisions: [],
  },
  {
    title: 'its time comes',
    act: async (harness) => {
      harness.clock.advance(1_000);
      await until(() => harness.address('shop/a') === '10.0.0.1');
    },
    events: ['EnsuredLoadBalancer a'],
    decisions: ['write a'],
  },
  {
    title: 'a key is misspelt',
    act: async (harness) => {
      await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data: { cidr_shop: '10.0.0.3' } });
      await until(() => harness.replica.controller.allocator.config.problems.length === 1);
    },
    events: ['InvalidPoolConfiguration kubevip'],
    decisions: [],
  },
  {
    title: 'another one, too',
    act: async (harness) => {
      await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data: { cidr_x: '10.0.0.3' } });
      await until(() => harness.replica.controller.allocator.config.problems.length === 2);
    },
    events: ['InvalidPoolConfiguration kubevip'],
    decisions: [],
  },
  {
    title: 'a pool moves away: those who keep their address are worth a line, not an event',
    act: async (harness) => {
      await harness.request('PATCH', 'kube-system/configmaps/kubevip', {
        data: { 'range-global': '10.0.9.1', cidr_x: null, cidr_shop: null },
      });
      await until(() => harness.replica.controller.allocator.config.problems.length === 0);
    },
    events: [],
    decisions: ['keep a', 'keep d'],
  },
  {
    title: 'the API server does not accept a change',
    act: async (harness) => {
      harness.onWrite = () => ({ status: 422, body: { kind: 'Status', message: 'a webhook says no' } });
      await harness.create('shop/e');
      await until(() => harness.writes.some((write) => write.endsWith('/e')));
    },
    events: ['SyncLoadBalancerFailed e'],
    decisions: [],
  },
];

test('each change makes its events once and its lines once, and the two say the same', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1-10.0.0.2' });
  harness.start();
  await harness.settled();
  for (const { title, act, events, decisions } of story) {
    const [before, linesBefore] = [harness.events().length, harness.log.lines.length];
    await act(harness);
    await harness.settled();
    const told = harness.events().slice(before);
    const named = told.map((event) => event.replace(/^\w+ (\w+) [\w-]+\/(\w+): .*/s, '$1 $2'));
    assert.deepEqual(named.sort(), events, title);
    const decided = harness.log.fields.slice(linesBefore).filter(({ decision }) => decision !== undefined);
    const lines = decided.map(
      ({ decision, service }) => `${decision} ${String(service).replace('shop/', '')}`,
    );
    assert.deepEqual(lines.sort(), decisions, title);
    const said = harness.log.lines.slice(linesBefore).map((line) => line.replace(/^\w+: /, '').toLowerCase());
    for (const event of told) {
      const [, message = ''] = /: (.*)$/s.exec(event) ?? [];
      const fitting = said.filter((line) => message.toLowerCase().startsWith(line));
      assert.equal(fitting.length, 1, `${title}: ${message}\n${said.join('\n')}`);
    }
  }
  const reasons = new Set(story.flatMap(({ events }) => events.map((event) => event.split(' ')[0])));
  assert.deepEqual([...reasons].sort(), Object.keys(eventTypes).sort());
  await harness.stop();
});
