import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service, ServiceSpec } from '../../src/core/model/objects.ts';
import { growth, type Sample } from './memory.ts';
import { names } from './names.ts';
import { Observer } from './observer.ts';
import { checkAtRest } from './rest-checks.ts';
import { Timeline } from './timeline.ts';

/** Tests of the checks: sequences of stored states, each with the promises that it breaks. */

interface Sketch {
  spec?: ServiceSpec;
  /** The annotation and, by default, the addresses in the allocation record and the spec. */
  ips?: string;
  record?: string | null;
  from?: string;
  ports?: number[];
  labelled?: boolean;
  reallocate?: boolean;
  /** The number of the user's act. A write without a new number is one of a controller. */
  act?: number;
}

function service(key: string, sketch: Sketch): Service {
  const [namespace = '', name = ''] = key.split('/');
  const { spec = {}, ips, from = 'cidr-a', ports = [80], act = 1 } = sketch;
  const list = ports.map((port) => ({ protocol: 'TCP', port }));
  const record = sketch.record === undefined ? (ips ?? null) : sketch.record;
  const noted = {
    ...{ from, ips: record, ports: ports.map((port) => `TCP/${port}`).join() },
    ...{ families: 'SingleStack IPv4', uid: key, by: 'test' },
  };
  return {
    metadata: {
      ...{ namespace, name, uid: key, creationTimestamp: '2026-01-01T00:00:00Z' },
      annotations: {
        [names.act]: String(act),
        ...(ips === undefined ? {} : { [names.addresses]: ips }),
        ...(record === null ? {} : { [names.record]: JSON.stringify(noted) }),
        ...(sketch.reallocate === true ? { [names.reallocate]: 'true' } : {}),
      },
      labels: (sketch.labelled ?? record !== null) ? { [names.label]: names.labelled } : {},
    },
    spec: {
      ...{ type: 'LoadBalancer', ports: list, ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
      ...(ips === undefined ? {} : { loadBalancerIP: ips.split(',')[0] ?? '' }),
      ...spec,
    },
  };
}

type Step = readonly [key: string, sketch: Sketch | undefined];

/** An observer that has received these states, in a cluster with one pool. */
function observerOf(
  steps: readonly Step[],
  data: Record<string, string> = { 'cidr-a': '10.0.0.1-10.0.0.3' },
): Observer {
  const observer = new Observer(new Timeline());
  let revision = 1;
  const take = (key: string, object: unknown): void => observer.take({ revision: revision++, key, object });
  take('configmaps/kube-system/kubevip', { data });
  for (const [key, sketch] of steps)
    take(`services/specs/${key}`, sketch === undefined ? undefined : service(key, sketch));
  return observer;
}

function atRest(observer: Observer, claims?: ReadonlySet<string>): string[] {
  const findings = checkAtRest({
    ...{ services: observer.services, pools: observer.pools, claims },
    showing: (address) => observer.showing(address),
    recording: (address) => observer.recording(address),
    recorded: () => observer.recorded(),
    isWarned: (observed, word) => observer.isWarned(observed, word),
  });
  return findings.map(({ promise }) => promise);
}

const withoutAddress: Sketch = {};
const has = (ips: string, more: Sketch = {}): Sketch => ({ ips, ...more });

const writes: { title: string; steps: Step[]; finds: string[] }[] = [
  {
    title: 'an address of another Service',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/y', withoutAddress],
      ['a/y', has('10.0.0.1')],
    ],
    finds: ['Once'],
  },
  {
    title: 'an address of a deleted Service',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/y', withoutAddress],
      ['a/x', undefined],
      ['a/y', has('10.0.0.1')],
    ],
    finds: [],
  },
  {
    title: 'an address that two users requested, without a common port',
    steps: [
      ['a/x', has('10.9.9.9', { from: 'static' })],
      ['a/y', has('10.9.9.9', { record: null, ports: [443] })],
      ['a/y', has('10.9.9.9', { from: 'static', ports: [443] })],
    ],
    finds: [],
  },
  {
    title: 'an address that two users requested, with a common port',
    steps: [
      ['a/x', has('10.9.9.9', { from: 'static' })],
      ['a/y', has('10.9.9.9', { record: null })],
      ['a/y', has('10.9.9.9', { from: 'static' })],
    ],
    finds: ['Once'],
  },
  {
    title: 'an address that is in no pool',
    steps: [
      ['a/x', withoutAddress],
      ['a/x', has('10.0.0.4')],
    ],
    finds: ['Inside'],
  },
  {
    title: 'another address without a reason',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/x', has('10.0.0.2')],
    ],
    finds: ['Still'],
  },
  {
    title: 'another address after a reallocation request',
    steps: [
      ['a/x', has('10.0.0.1', { reallocate: true })],
      ['a/x', has('10.0.0.2')],
    ],
    finds: [],
  },
  {
    title: 'an address removed without a reason',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/x', withoutAddress],
    ],
    finds: ['Still'],
  },
  {
    title: 'an edit by a user',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/x', has('10.0.0.2', { act: 2 })],
    ],
    finds: [],
  },
  {
    title: 'a change to ports',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/x', has('10.0.0.1', { ports: [81] })],
    ],
    finds: ['Hands off'],
  },
  {
    title: 'a Service of another class',
    steps: [
      ['a/x', { spec: { loadBalancerClass: 'other' } }],
      ['a/x', has('10.0.0.1', { spec: { loadBalancerClass: 'other' } })],
    ],
    finds: ['Hands off'],
  },
  {
    title: 'a Service that is no longer a LoadBalancer and keeps its address',
    steps: [
      ['a/x', has('10.0.0.1', { spec: { type: 'ClusterIP' } })],
      ['a/x', has('10.0.0.1', { record: null, spec: { type: 'ClusterIP' } })],
    ],
    finds: ['Free again'],
  },
];

for (const { title, steps, finds } of writes) {
  test(`a write: ${title}`, () => {
    assert.deepEqual(
      observerOf(steps).findings.map(({ promise }) => promise),
      finds,
    );
  });
}

test('a duplicate is excused only if another replica leads and a fault delayed writes', () => {
  const double = (before: (observer: Observer) => void): Observer => {
    const observer = observerOf([
      ['a/x', has('10.0.0.1')],
      ['a/y', withoutAddress],
    ]);
    const lead = (holderIdentity: string): void =>
      observer.take({
        ...{ revision: 9, key: 'leases/kube-system/kube-vip-cloud-controller' },
        object: { spec: { holderIdentity } },
      });
    lead('one');
    before(observer);
    lead('two');
    observer.take({ revision: 10, key: 'services/specs/a/y', object: service('a/y', has('10.0.0.1')) });
    return observer;
  };
  const frozen = double((observer) => observer.delayWrites(true));
  assert.deepEqual([frozen.findings.length, frozen.excused.size], [0, 1]);
  assert.deepEqual(atRest(frozen), ['Said why'], 'it must still be reported');
  const killed = double(() => {});
  assert.deepEqual([killed.findings.length, killed.excused.size], [1, 0]);
});

const full: Step[] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((ips, i) => [`a/full-${i}`, has(ips)]);

const rests: {
  title: string;
  steps: Step[];
  warned?: string;
  pools?: Record<string, string>;
  finds: string[];
}[] = [
  { title: 'all Services have an address', steps: full, finds: [] },
  {
    title: 'a Service is pending, and an address is free',
    steps: [['a/x', withoutAddress]],
    warned: 'cidr-a',
    finds: ['Served'],
  },
  {
    title: 'a Service is pending, and the pool is full',
    steps: [...full, ['a/x', withoutAddress]],
    warned: 'cidr-a',
    finds: [],
  },
  {
    title: 'a Service is pending without a warning',
    steps: [...full, ['a/x', withoutAddress]],
    finds: ['Said why'],
  },
  {
    title: 'a Service is pending, and could share an address',
    pools: { 'cidr-a': '10.0.0.1-10.0.0.3', 'allow-share-a': 'true' },
    steps: [...full, ['a/x', { ports: [443] }]],
    warned: 'cidr-a',
    finds: ['Served'],
  },
  {
    title: 'a Service requests an address of another one',
    steps: [...full, ['a/x', has('10.0.0.1', { record: null })]],
    warned: '10.0.0.1',
    finds: [],
  },
  {
    title: 'a Service requests a free address',
    steps: [['a/x', has('10.9.9.9', { record: null })]],
    warned: '10.9.9.9',
    finds: ['Served'],
  },
  {
    title: 'two Services have the same address without a warning',
    steps: [
      ['a/y', has('10.0.0.1')],
      ['a/x', has('10.0.0.1')],
    ],
    finds: ['Said why'],
  },
  {
    title: 'an allocation record without the label',
    steps: [['a/x', has('10.0.0.1', { labelled: false })]],
    finds: ['Served'],
  },
  {
    title: 'an allocation record without an address',
    steps: [['a/x', { ips: '', record: '10.0.0.1', spec: { loadBalancerIP: '' } }]],
    finds: ['Served'],
  },
  {
    title: 'an allocation record on a Service of another type',
    steps: [['a/x', has('10.0.0.1', { spec: { type: 'ClusterIP' } })]],
    finds: ['Free again'],
  },
];

for (const { title, steps, warned, pools, finds } of rests) {
  test(`at rest: ${title}`, () => {
    const observer = observerOf(steps, pools);
    if (warned !== undefined)
      observer.addLogEntry({ time: '', level: 'warn', service: 'a/x', msg: `no address of ${warned}` });
    assert.deepEqual(atRest(observer), finds);
  });
}

test('at rest: exactly the recorded addresses are claimed', () => {
  const observer = observerOf([['a/x', has('10.0.0.1')]]);
  assert.deepEqual(atRest(observer, new Set(['10.0.0.1'])), []);
  assert.deepEqual(atRest(observer, new Set()), ['Claimed']);
  assert.deepEqual(atRest(observer, new Set(['10.0.0.1', '10.0.0.2'])), ['Claimed']);
});

test('growing memory and open sockets', () => {
  const sample = (megabytes: number, pid = 1, sockets = 20): Sample => ({
    ...{ seconds: 1, services: 1 },
    uses: [{ pid, ageSeconds: 1, rssBytes: megabytes * 1e6, peakBytes: megabytes * 1e6, sockets }],
  });
  const flat = [100, 120, 104, 118, 99, 121, 110].map((megabytes) => sample(megabytes));
  const grown = [100, 110, 120, 130, 140, 150, 160].map((megabytes) => sample(megabytes));
  assert.deepEqual(growth(flat), []);
  assert.equal(growth(grown).length, 1);
  const restarted = grown.map((sample, i) => ({
    ...sample,
    uses: sample.uses.map((use) => ({ ...use, pid: i })),
  }));
  assert.deepEqual(growth(restarted), [], 'different processes are not compared');
  assert.equal(growth([sample(500)]).length, 1);
  assert.equal(growth([sample(100, 1, 50)]).length, 1);
});
