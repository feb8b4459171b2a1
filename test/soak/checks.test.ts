import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service, ServiceSpec } from '../../src/core/model/objects.ts';
import { growth, type Sample } from './memory.ts';
import { names } from './names.ts';
import { Observer } from './observer.ts';
import { checkAtRest } from './rest-checks.ts';
import { Timeline } from './timeline.ts';

/** The judge itself is judged: histories as etcd could have stored them, each with what is wrong with it. */

interface Sketch {
  spec?: ServiceSpec;
  /** The annotation; unless said otherwise also the record's addresses, and the spec. */
  ips?: string;
  record?: string | null;
  from?: string;
  ports?: number[];
  labelled?: boolean;
  reallocate?: boolean;
  /** By a user, with this number; else by whoever is not a user. */
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

/** An observer that has seen these states, in a world with one pool. */
function seen(
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

const fresh: Sketch = {};
const has = (ips: string, more: Sketch = {}): Sketch => ({ ips, ...more });

const writes: { title: string; steps: Step[]; finds: string[] }[] = [
  {
    title: 'an address of another Service',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/y', fresh],
      ['a/y', has('10.0.0.1')],
    ],
    finds: ['Once'],
  },
  {
    title: 'an address of a Service that is gone',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/y', fresh],
      ['a/x', undefined],
      ['a/y', has('10.0.0.1')],
    ],
    finds: [],
  },
  {
    title: 'an address that two users named, without a common port',
    steps: [
      ['a/x', has('10.9.9.9', { from: 'static' })],
      ['a/y', has('10.9.9.9', { record: null, ports: [443] })],
      ['a/y', has('10.9.9.9', { from: 'static', ports: [443] })],
    ],
    finds: [],
  },
  {
    title: 'an address that two users named, with a common port',
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
      ['a/x', fresh],
      ['a/x', has('10.0.0.4')],
    ],
    finds: ['Inside'],
  },
  {
    title: 'another address, for no reason',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/x', has('10.0.0.2')],
    ],
    finds: ['Still'],
  },
  {
    title: 'another address, as a person asked',
    steps: [
      ['a/x', has('10.0.0.1', { reallocate: true })],
      ['a/x', has('10.0.0.2')],
    ],
    finds: [],
  },
  {
    title: 'an address that is taken away, for no reason',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/x', fresh],
    ],
    finds: ['Still'],
  },
  {
    title: 'what a user does',
    steps: [
      ['a/x', has('10.0.0.1')],
      ['a/x', has('10.0.0.2', { act: 2 })],
    ],
    finds: [],
  },
  {
    title: 'other ports',
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
    title: 'a Service that is no LoadBalancer any more and keeps its address',
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
      seen(steps).findings.map(({ promise }) => promise),
      finds,
    );
  });
}

test('a duplicate is excused only where another leads by now and a fault held writes back', () => {
  const double = (before: (observer: Observer) => void): Observer => {
    const observer = seen([
      ['a/x', has('10.0.0.1')],
      ['a/y', fresh],
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
  assert.deepEqual(atRest(frozen), ['Said why'], 'it must be said all the same');
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
  { title: 'everybody has an address', steps: full, finds: [] },
  {
    title: 'one waits, and an address is free',
    steps: [['a/x', fresh]],
    warned: 'cidr-a',
    finds: ['Served'],
  },
  { title: 'one waits, and the pool is full', steps: [...full, ['a/x', fresh]], warned: 'cidr-a', finds: [] },
  { title: 'one waits in silence', steps: [...full, ['a/x', fresh]], finds: ['Said why'] },
  {
    title: 'one waits, and could share',
    pools: { 'cidr-a': '10.0.0.1-10.0.0.3', 'allow-share-a': 'true' },
    steps: [...full, ['a/x', { ports: [443] }]],
    warned: 'cidr-a',
    finds: ['Served'],
  },
  {
    title: 'one asks for what another has',
    steps: [...full, ['a/x', has('10.0.0.1', { record: null })]],
    warned: '10.0.0.1',
    finds: [],
  },
  {
    title: 'one asks for what nobody has',
    steps: [['a/x', has('10.9.9.9', { record: null })]],
    warned: '10.9.9.9',
    finds: ['Served'],
  },
  {
    title: 'two have one address in silence',
    steps: [
      ['a/y', has('10.0.0.1')],
      ['a/x', has('10.0.0.1')],
    ],
    finds: ['Said why'],
  },
  {
    title: 'a record, and no label',
    steps: [['a/x', has('10.0.0.1', { labelled: false })]],
    finds: ['Served'],
  },
  {
    title: 'a record, and nothing is shown',
    steps: [['a/x', { ips: '', record: '10.0.0.1', spec: { loadBalancerIP: '' } }]],
    finds: ['Served'],
  },
  {
    title: 'no LoadBalancer, and still a record',
    steps: [['a/x', has('10.0.0.1', { spec: { type: 'ClusterIP' } })]],
    finds: ['Free again'],
  },
];

for (const { title, steps, warned, pools, finds } of rests) {
  test(`at rest: ${title}`, () => {
    const observer = seen(steps, pools);
    if (warned !== undefined)
      observer.addLogEntry({ time: '', level: 'warn', service: 'a/x', msg: `no address of ${warned}` });
    assert.deepEqual(atRest(observer), finds);
  });
}

test('at rest: each recorded address is claimed, and nothing else is', () => {
  const observer = seen([['a/x', has('10.0.0.1')]]);
  assert.deepEqual(atRest(observer, new Set(['10.0.0.1'])), []);
  assert.deepEqual(atRest(observer, new Set()), ['Claimed']);
  assert.deepEqual(atRest(observer, new Set(['10.0.0.1', '10.0.0.2'])), ['Claimed']);
});

test('memory that grows, and sockets that stay open', () => {
  const sample = (megabytes: number, pid = 1, sockets = 20): Sample => ({
    ...{ seconds: 1, services: 1 },
    uses: [{ pid, ageSeconds: 1, rssBytes: megabytes * 1e6, peakBytes: megabytes * 1e6, sockets }],
  });
  const flat = [100, 120, 104, 118, 99, 121, 110].map((megabytes) => sample(megabytes));
  const grown = [100, 110, 120, 130, 140, 150, 160].map((megabytes) => sample(megabytes));
  assert.deepEqual(growth(flat), []);
  assert.equal(growth(grown).length, 1);
  const lives = grown.map((sample, i) => ({
    ...sample,
    uses: sample.uses.map((use) => ({ ...use, pid: i })),
  }));
  assert.deepEqual(growth(lives), [], 'other processes are not compared');
  assert.equal(growth([sample(500)]).length, 1);
  assert.equal(growth([sample(100, 1, 50)]).length, 1);
});
