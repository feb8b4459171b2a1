import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTypes } from '../../src/controller/reporter.ts';
import { until } from '../client/fake-clock.ts';
import { Harness } from '../controller/harness.ts';
import { tableIn, textOf } from './table.ts';

test('docs/events.md lists every reason, with its type', () => {
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
  /** `reason object` of each expected event. */
  readonly events: readonly string[];
  /** `decision object` of each expected log line with a decision. */
  readonly decisions: readonly string[];
}

const touch = { metadata: { labels: { touched: 'true' } } };

const steps: readonly Step[] = [
  {
    title: 'a Service is created',
    act: (harness) => harness.create('shop/a'),
    events: ['EnsuredLoadBalancer a'],
    decisions: ['write a'],
  },
  {
    title: 'another Service requests its address',
    act: (harness) => harness.create('shop/b', { spec: { loadBalancerIP: '10.0.0.1' } }),
    events: ['AddressConflict a', 'SyncLoadBalancerFailed b'],
    decisions: ['conflict b', 'keep a'],
  },
  {
    title: 'it is changed without effect',
    act: (harness) => harness.patch('shop/b', touch),
    events: [],
    decisions: [],
  },
  {
    title: 'it requests a different one',
    act: (harness) => harness.patch('shop/b', { spec: { loadBalancerIP: '192.168.7.7' } }),
    events: ['AddressConflictResolved a', 'EnsuredLoadBalancer b'],
    decisions: ['write b'],
  },
  {
    title: 'the pool becomes full',
    act: (harness) => harness.create('shop/c'),
    events: ['EnsuredLoadBalancer c'],
    decisions: ['write c'],
  },
  {
    title: 'a Service is pending',
    act: (harness) => harness.create('shop/d'),
    events: ['SyncLoadBalancerFailed d'],
    decisions: ['pending d'],
  },
  {
    title: 'it is changed without effect',
    act: (harness) => harness.patch('shop/d', touch),
    events: [],
    decisions: [],
  },
  {
    title: 'a Service releases its address',
    act: (harness) => harness.patch('shop/c', { spec: { type: 'ClusterIP' } }),
    events: ['DeletedLoadBalancer c', 'EnsuredLoadBalancer d'],
    decisions: ['release c', 'write d'],
  },
  {
    title: 'another writer reverts the fields',
    act: (harness) => harness.patch('shop/a', blank, 'gitops'),
    events: ['EnsuredLoadBalancer a'],
    decisions: ['write a'],
  },
  {
    title: 'it reverts them again',
    act: async (harness) => {
      await harness.patch('shop/a', blank, 'gitops');
      await until(() => harness.clock.timers().includes(1_000));
    },
    events: ['LoadBalancerFieldsUndone a'],
    decisions: [],
  },
  {
    title: 'the back-off ends',
    act: async (harness) => {
      harness.clock.advance(1_000);
      await until(() => harness.address('shop/a') === '10.0.0.1');
    },
    events: ['EnsuredLoadBalancer a'],
    decisions: ['write a'],
  },
  {
    title: 'a key is misspelled',
    act: async (harness) => {
      await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data: { cidr_shop: '10.0.0.3' } });
      await until(() => harness.replica.controller.allocator.config.problems.length === 1);
    },
    events: ['InvalidPoolConfiguration kubevip'],
    decisions: [],
  },
  {
    title: 'a block is written from its middle',
    act: async (harness) => {
      await harness.request('PATCH', 'kube-system/configmaps/kubevip', {
        data: { 'cidr-middle': '10.7.0.10/29' },
      });
      await until(() => harness.replica.controller.allocator.config.problems.length === 2);
    },
    events: ['PoolEntryNormalized kubevip'],
    decisions: [],
  },
  {
    title: 'another key is misspelled',
    act: async (harness) => {
      await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data: { cidr_x: '10.0.0.3' } });
      await until(() => harness.replica.controller.allocator.config.problems.length === 3);
    },
    events: ['InvalidPoolConfiguration kubevip'],
    decisions: [],
  },
  {
    title: 'a pool changes: Services that keep their address are logged, without an event',
    act: async (harness) => {
      await harness.request('PATCH', 'kube-system/configmaps/kubevip', {
        data: { 'range-global': '10.0.9.1', cidr_x: null, cidr_shop: null, 'cidr-middle': null },
      });
      await until(() => harness.replica.controller.allocator.config.problems.length === 0);
    },
    events: [],
    decisions: ['keep a', 'keep d'],
  },
  {
    title: 'a Service prefers two families, and its pool has one',
    act: (harness) =>
      harness.create('two/f', { spec: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] } }),
    events: ['EnsuredLoadBalancer f'],
    decisions: ['write two/f'],
  },
  {
    title: 'the pool gets the other family',
    act: async (harness) => {
      await harness.request('PATCH', 'kube-system/configmaps/kubevip', {
        data: { 'cidr-two': '10.0.8.0/29,fd00::/126' },
      });
      await until(() => harness.replica.controller.allocator.config.pools.get('cidr-two')?.size.IPv6 === 4n);
    },
    events: ['LoadBalancerIncomplete f'],
    decisions: ['keep two/f'],
  },
  {
    title: 'a Service requests an address of a family that it does not have',
    act: (harness) => harness.create('two/g', { spec: { loadBalancerIP: 'fd80::1', ipFamilies: ['IPv4'] } }),
    events: ['EnsuredLoadBalancer g', 'LoadBalancerMisconfigured g'],
    decisions: ['keep two/g', 'write two/g'],
  },
  {
    title: 'it is changed without effect',
    act: (harness) => harness.patch('two/g', touch),
    events: [],
    decisions: [],
  },
  {
    title: 'annotations are added that have no effect',
    act: (harness) =>
      harness.patch('shop/a', {
        metadata: {
          annotations: { 'kube-vip.io/loadbalancerIP': '10.0.0.9', 'metallb.io/address-pool': 'x' },
        },
      }),
    events: ['MisspelledAnnotation a', 'UnreadAnnotation a'],
    decisions: [],
  },
  {
    title: 'another load balancer writes the status',
    act: async (harness) => {
      const status = { loadBalancer: { ingress: [{ ip: '192.168.1.11' }] } };
      await harness.request('PATCH', 'shop/services/a/status', { status }, 'k3s');
      await harness.settled();
      harness.clock.advance(30_000);
      await until(() => harness.events().some((event) => event.includes('ForeignLoadBalancerStatus')));
    },
    events: ['ForeignLoadBalancerStatus a'],
    decisions: [],
  },
  {
    title: 'the Go version runs beside it',
    act: async (harness) => {
      const finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
      await harness.patch('shop/a', { metadata: { finalizers } });
      await until(() => harness.events().some((event) => event.includes('AnotherAllocator')));
    },
    events: ['AnotherAllocator a'],
    decisions: ['write a'],
  },
  {
    title: 'the API server rejects a change',
    act: async (harness) => {
      harness.onWrite = () => ({ status: 422, body: { kind: 'Status', message: 'a webhook says no' } });
      await harness.create('shop/e');
      await until(() => harness.writes.some((write) => write.endsWith('/e')));
    },
    events: ['SyncLoadBalancerFailed e'],
    decisions: [],
  },
];

test('each change has its events and log lines once, with the same text', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.0.0.1-10.0.0.2', 'cidr-two': '10.0.8.0/29' });
  harness.start();
  await harness.settled();
  for (const { title, act, events, decisions } of steps) {
    const [before, linesBefore] = [harness.events().length, harness.log.lines.length];
    await act(harness);
    await harness.settled();
    const newEvents = harness.events().slice(before);
    const named = newEvents.map((event) => event.replace(/^\w+ (\w+) [\w-]+\/(\w+): .*/s, '$1 $2'));
    assert.deepEqual(named.sort(), events, title);
    const decided = harness.log.fields.slice(linesBefore).filter(({ decision }) => decision !== undefined);
    const lines = decided.map(
      ({ decision, service }) => `${decision} ${String(service).replace('shop/', '')}`,
    );
    assert.deepEqual(lines.sort(), decisions, title);
    const newLines = harness.log.lines
      .slice(linesBefore)
      .map((line) => line.replace(/^\w+: /, '').toLowerCase());
    for (const event of newEvents) {
      const [, message = ''] = /: (.*)$/s.exec(event) ?? [];
      const fitting = newLines.filter((line) => message.toLowerCase().startsWith(line));
      assert.equal(fitting.length, 1, `${title}: ${message}\n${newLines.join('\n')}`);
    }
  }
  const reasons = new Set(steps.flatMap(({ events }) => events.map((event) => event.split(' ')[0])));
  assert.deepEqual([...reasons].sort(), Object.keys(eventTypes).sort());
  await harness.stop();
});
