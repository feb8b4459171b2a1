/** The answers of kubectl vip, compared with the decisions that they explain. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import type { Allocator, ServiceDecision } from '../../src/core/decide/allocator.ts';
import { stepsOf } from '../../src/core/decide/decide.ts';
import { type Decision, isConflictCondition } from '../../src/core/decide/decision.ts';
import { explainTrace, type Finding } from '../../src/core/explain/explain-trace.ts';
import { remediesFor } from '../../src/core/explain/service-remedies.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { isEmptyPatch } from '../../src/core/model/service-patch.ts';
import { keyOf } from '../../src/core/model/service-view.ts';
import { audit } from '../../src/core/queries/audit.ts';
import { reportOf } from '../../src/core/queries/report.ts';
import { allocatorOf, type ClusterSnapshot, simulate } from '../../src/core/queries/simulate.ts';
import { SmallWorld } from './small-world.ts';
import { anySnapshot, atRest, changeOf, configMapOf, options, snapshotOf } from './snapshots.ts';
import { anyData } from './users.ts';

const runs = { numRuns: Number(process.env.RUNS ?? 300) };

test('a simulated outcome has nothing left to write, and simulating it again changes nothing', () => {
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const { snapshot, outcome } = atRest(snapshotOf(services, data));
      for (const { key } of outcome.allocator.ledger.all()) {
        const decision = outcome.allocator.explain(key)?.decision;
        assert.ok(decision !== undefined && (!('patch' in decision) || isEmptyPatch(decision.patch)), key);
      }
      assert.equal(simulate(snapshot, options).written.size, 0);
    }),
    runs,
  );
});

/** Whether a person has to act. */
function isWrong(decision: Decision): boolean {
  const misconfigured = ['pending-change', 'wrong-family', 'read-as-hostname', 'local-traffic'];
  if (decision.kind === 'keep' || decision.kind === 'write')
    return decision.conditions.some(
      (condition) => isConflictCondition(condition) || misconfigured.includes(condition.code),
    );
  return true;
}

/** The decisions on all Services of a snapshot, before the controller has done anything and when nothing is left to do. */
function* decisionsOn(
  snapshot: ClusterSnapshot,
): Generator<{ allocator: Allocator; decided: ServiceDecision }> {
  for (const allocator of [allocatorOf(snapshot, options), simulate(snapshot, options).allocator])
    for (const { key } of allocator.ledger.all())
      yield { allocator, decided: allocator.explain(key) ?? assert.fail() };
}

test('a check fails exactly if the decision has a problem, and then there is a remedy', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      for (const { allocator, decided } of decisionsOn(snapshotOf(services, data))) {
        const checks = explainTrace(decided, options);
        const failed = checks.filter(({ outcome }) => outcome === 'failed');
        assert.equal(failed.length > 0, isWrong(decided.decision), JSON.stringify(checks));
        for (const { finding } of checks)
          assert.ok(finding !== '' && !finding.includes('undefined'), finding);
        const { decision } = decided;
        const remedies = remediesFor(decided, { allocator, options, configMap: configMapOf(data) });
        if (decision.kind === 'pending' || decision.kind === 'conflict' || decision.kind === 'ignore') {
          assert.ok(remedies.length > 0, JSON.stringify(decision.kind));
          seen.add(decision.kind);
        }
        if (decision.kind === 'keep' && decision.conditions.length === 0) assert.deepEqual(remedies, []);
      }
    }),
    runs,
  );
  assert.deepEqual([...seen].sort(), ['conflict', 'ignore', 'pending']);
});

test('the last check of a trace is the one that decided, in the trace and in words', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      for (const { decided } of decisionsOn(snapshotOf(services, data))) {
        const { decision, trace, state } = decided;
        const [last, line] = [stepsOf(trace).at(-1), explainTrace(decided, options).at(-1)];
        assert.ok(last !== undefined && line !== undefined);
        const isAssigned = decision.kind === 'keep' || decision.kind === 'write';
        assert.equal(last.check === 'write', isAssigned, state.key);
        assert.equal(line.name === 'write', isAssigned, state.key);
        assert.equal(line.outcome === 'failed', !isAssigned, `${state.key}: ${line.finding}`);
        if (decision.kind === 'conflict') assert.equal(last.conflict, decision.conflict);
        if (decision.kind === 'pending')
          assert.ok(last.allocation !== undefined && 'failures' in last.allocation);
        seen.add(last.check);
      }
    }),
    runs,
  );
  assert.deepEqual([...seen].sort(), ['allocation', 'class', 'conflict', 'quota', 'request', 'write']);
});

test('a reallocation that is suggested succeeds', () => {
  const helped: Record<string, number> = {};
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const { snapshot, outcome } = atRest(snapshotOf(services, data));
      const { allocator } = outcome;
      for (const { key, view } of allocator.ledger.all()) {
        const decided = allocator.explain(key);
        assert.ok(decided !== undefined);
        const remedies = remediesFor(decided, { allocator, options, configMap: configMapOf(data) });
        if (!remedies.some(({ command }) => command?.includes('kube-vip.io/reallocate=true') === true))
          continue;
        const resourceVersion = `${view.resourceVersion}0`;
        const asked = snapshot.services.map((one) =>
          one === view ? { ...one, reallocate: 'all' as const, resourceVersion } : one,
        );
        const after = simulate({ ...snapshot, services: asked }, options).allocator.explain(key);
        assert.ok(after?.decision.kind === 'keep', key);
        assert.ok(!after.decision.conditions.some(({ code }) => code === 'pending-change'), key);
        helped[decided.decision.kind] = (helped[decided.decision.kind] ?? 0) + 1;
      }
    }),
    runs,
  );
  for (const kind of ['conflict', 'keep']) assert.ok((helped[kind] ?? 0) > 5, JSON.stringify(helped));
});

test('sharing that is suggested gives the Service its address', () => {
  let helped = 0;
  const services = [service('a/v'), service('a/w', { ports: [{ port: 443 }] })];
  // Random Services are seldom like that.
  const examples: [{ services: Service[]; data: Record<string, string> }][] = [
    [{ services, data: { 'cidr-a': '10.0.0.1/32' } }],
    // The address could only be shared if its pool allowed it.
    [{ services, data: { 'pool.p': '10.0.0.1', 'pools-a': 'p', 'allow-share.p': 'false' } }],
  ];
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const { snapshot, outcome } = atRest(snapshotOf(services, data));
      const { allocator } = outcome;
      for (const { key } of allocator.ledger.all()) {
        const decided = allocator.explain(key);
        if (decided?.decision.kind !== 'pending') continue;
        const remedies = remediesFor(decided, { allocator, options, configMap: configMapOf(data) });
        const command = remedies.find(({ command }) => command?.includes('"allow-share-'))?.command;
        if (command === undefined) continue;
        const { data: keys } = JSON.parse(command.split("'")[1] ?? '');
        const config = readConfig(configMapOf({ ...data, ...keys }));
        // Services that wait as well may be faster.
        const others = snapshot.services.filter((view) => {
          const other = allocator.explain(keyOf(view))?.decision;
          return view === decided.state.view || (other?.kind === 'keep' && !isWrong(other));
        });
        const after = simulate({ ...snapshot, services: others, config }, options).allocator.explain(key);
        assert.equal(after?.decision.kind, 'keep', key);
        helped += 1;
      }
    }),
    { ...runs, examples },
  );
  assert.ok(helped > 0);
});

test('PreferDualStack is only suggested if it helps', () => {
  const families = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
  const relaxed = 'Accept one IP family';
  const one = withRequest('a/x', '10.0.0.1');
  const dual = service('a/y', families);
  const advices = (others: Service[]) => adviceOn(dual, { 'cidr-a': '10.0.0.1' }, others);
  assert.ok(advices([]).some((advice) => advice.startsWith(relaxed)));
  assert.ok(!advices([one]).some((advice) => advice.startsWith(relaxed)));
});

test('the advice to remove a field predicts what happens then', () => {
  const odd = (spec: Service['spec'] = {}) =>
    service('a/y', spec, { 'kube-vip.io/loadbalancerIPs': '1.2.3.4.5' });
  const data = { 'cidr-a': '10.0.0.1' };
  const last = (advices: string[]) => advices.at(-1);
  assert.equal(
    last(adviceOn(odd(), data)),
    'Remove the value. The Service then gets an address from its pool.',
  );
  assert.equal(
    last(adviceOn(odd(), data, [withRequest('a/x', '10.0.0.1')])),
    'Remove the value. The Service then is pending, because no address is available.',
  );
  assert.equal(
    last(adviceOn(odd({ loadBalancerIP: '10.0.0.9' }), data)),
    'Remove the value. The Service then requests "10.0.0.9" (spec.loadBalancerIP).',
  );
});

test('only Services whose deletion frees an address are named', () => {
  const data = { 'range-a': '10.0.0.1-10.0.0.2' };
  const shared = [withRequest('a/b', '10.0.0.1', 80), withRequest('a/c', '10.0.0.1', 81)];
  const [, named] = adviceOn(service('a/x'), data, [...shared, withRequest('a/d', '10.0.0.2')]);
  assert.equal(named, 'Or delete a Service that uses one of its addresses and is no longer needed: a/d.');
});

test('a reallocation is not suggested if the pool is full', () => {
  const data = { 'cidr-a': '10.0.0.1' };
  for (const address of ['10.0.0.1', '10.0.0.9']) {
    const assigned = (key: string, list: string): Service => {
      const one = withRequest(key, list);
      return {
        ...one,
        metadata: { ...one.metadata, labels: { implementation: 'kube-vip' } },
        spec: { ...one.spec, loadBalancerIP: list },
      };
    };
    const commands = explained(assigned('a/x', address), data, [assigned('a/b', '10.0.0.1')]).remedies;
    assert.ok(!commands.some((command) => command.includes('reallocate')), commands.join());
  }
});

test('the missing family is not suggested if the other address would have to go, and its pool is full', () => {
  const dual = { ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'RequireDualStack' };
  const first = assigned(service('a/x', { ...dual, loadBalancerIP: '10.0.0.1' }));
  const data = { 'cidr-a': '10.0.0.1,fd00::/126' };
  const reallocate = 'kubectl annotate service x --namespace a --overwrite kube-vip.io/reallocate=true';
  assert.deepEqual(explained(first, data).remedies, [reallocate]);
  // Another controller's Service has the address as well, so a new allocation can't keep it.
  const foreign = assigned(
    service('b/y', { loadBalancerClass: 'example.com/other', loadBalancerIP: '10.0.0.1' }),
  );
  assert.ok(!explained(first, data, [foreign]).remedies.includes(reallocate));
});

test('sharing is only mentioned for a Service that prefers a shared address', () => {
  const findings = (spec: Service['spec'], pool: string): string[] =>
    checksOn(service('a/x', spec), { 'cidr-a': pool, 'allow-share-a': 'true' }).flatMap(
      ({ name, finding }) => (name === 'sharing' || name === 'address' ? finding : []),
    );
  const shares = 'preferred: an address that is in use, if every holder allows sharing';
  assert.ok(findings({}, '10.0.0.1').includes(shares));
  assert.ok(!findings({ ipFamilies: ['IPv6'] }, 'fd00::1').includes(shares));
  assert.deepEqual(findings({}, '0.0.0.0/32, fd00::1'), ['0.0.0.0: requested from DHCP']);
});

test('a dual-stack Service of which one address is in its pool again does not fall outside', () => {
  const both = service(
    'a/x',
    { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack', loadBalancerIP: '10.0.0.1' },
    { 'kube-vip.io/loadbalancerIPs': '10.0.0.1,fd00::1' },
  );
  both.metadata.labels = { implementation: 'kube-vip' };
  const snapshot = snapshotOf([both], { 'cidr-a': '10.9.0.0/29' });
  const fallingOutside = (value: string): number => changeOf(snapshot, { 'cidr-a': value }).fallingOutside;
  assert.equal(fallingOutside('10.0.0.0/29'), 0);
  const inside = snapshotOf([both], { 'cidr-a': '10.0.0.0/29' });
  assert.equal(changeOf(inside, { 'cidr-a': '10.9.0.0/29' }).fallingOutside, 1);
});

test('a plan with an unchanged ConfigMap is empty', () => {
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const snapshot = snapshotOf(services, data);
      const plan = changeOf(snapshot, data);
      const { appear, vanish } = plan.problems;
      assert.deepEqual([plan.pools, plan.quotas, plan.services, appear, vanish], [[], [], [], [], []]);
      assert.equal(plan.fallingOutside, 0);
    }),
    runs,
  );
});

test('a plan moves no Service without a problem, and counts those that fall outside', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anySnapshot, anyData, ({ services, data }, next) => {
      const snapshot = snapshotOf(services, data);
      const { allocator: before, written } = simulate(snapshot, options);
      const plan = changeOf(snapshot, next);
      const { services: changes, fallingOutside, stranded } = plan;
      for (const { service, kind, after, isHeld } of changes) {
        seen.add(kind);
        const decision = before.explain(service)?.decision;
        // A Service that the controller has not adopted or restored yet may lose what it shows.
        if (kind === 'changed' && isHeld && !written.has(service))
          assert.ok(decision !== undefined && 'conditions' in decision && isWrong(decision), service);
        if (kind === 'assigned') assert.ok(after !== '' && decision?.kind !== 'keep', service);
      }
      assert.equal(fallingOutside, changes.filter(({ kind }) => kind === 'outside').length);
      assert.equal(stranded, changes.filter(({ kind }) => kind === 'stranded').length);
    }),
    runs,
  );
  for (const kind of ['assigned', 'outside', 'stranded', 'inside', 'reason']) assert.ok(seen.has(kind), kind);
});

test('an audit finds no missing writes when nothing is left to do', () => {
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const { snapshot, outcome } = atRest(snapshotOf(services, data));
      const allocator = allocatorOf(snapshot, options);
      const found = audit({
        allocator,
        outcome: simulate(snapshot, options),
        formerLoadBalancers: [],
        options,
      });
      assert.deepEqual(
        found.filter(({ code }) => code === 'not-written'),
        [],
      );
      for (const { code, subject } of found) {
        if (code !== 'contender' && code !== 'duplicate') continue;
        const decision = outcome.allocator.explain(subject)?.decision;
        assert.ok(decision !== undefined && isWrong(decision), `${code} ${subject}`);
      }
    }),
    runs,
  );
});

test('an audit finds Services with an address that does not work as intended', () => {
  const named = (list: string) => ({ 'kube-vip.io/loadbalancerIPs': list });
  const services = [
    service('a/x', preferred),
    service('a/y', {}, named('10.0.20.200,fd80::200')),
    service('a/z', {}, named('None')),
    service('b/x', { externalTrafficPolicy: 'Local', selector: { app: 'x' } }, named('10.0.0.9')),
    service('b/y', { externalTrafficPolicy: 'Local', ports: [{ port: 81 }] }, named('10.0.0.9')),
  ];
  const { snapshot } = atRest(snapshotOf(services, { 'cidr-a': '10.0.0.0/29' }));
  const allocator = allocatorOf(snapshot, options);
  const found = audit({ allocator, outcome: simulate(snapshot, options), formerLoadBalancers: [], options });
  assert.deepEqual(
    found.map(({ code, subject }) => [code, subject]),
    [
      ['one-family', 'a/x'],
      ['wrong-family', 'a/y'],
      ['read-as-hostname', 'a/z'],
      ['local-traffic', 'b/x'],
      ['local-traffic', 'b/y'],
    ],
  );
});

/** A Service that requests an address. */
function withRequest(key: string, address: string, port = 80): Service {
  return service(key, { ports: [{ port }] }, { 'kube-vip.io/loadbalancerIPs': address });
}

function adviceOn(one: Service, data: Record<string, string>, others: Service[] = []): string[] {
  const { allocator } = simulate(snapshotOf([one, ...others], data), options);
  const decided = allocator.explain(`${one.metadata.namespace}/${one.metadata.name}`) ?? assert.fail();
  return remediesFor(decided, { allocator, options, configMap: configMapOf(data) }).map(
    ({ advice }) => advice,
  );
}

/** The checks of a Service before it is written. */
function checksOn(one: Service, data: Record<string, string>): Finding[] {
  const snapshot = snapshotOf([one], data);
  const decided = allocatorOf(snapshot, options).explain(`${one.metadata.namespace}/${one.metadata.name}`);
  return explainTrace(decided ?? assert.fail(), options);
}

/** The failed checks and the remedies of one Service. */
function explained(
  service: Service,
  data: Record<string, string> | undefined,
  others: Service[] = [],
  binaryData: Record<string, string> = {},
) {
  const snapshot = snapshotOf([service, ...others], data);
  const { allocator } = simulate(snapshot, options);
  const { namespace, name } = service.metadata;
  const decided = allocator.explain(`${namespace}/${name}`) ?? assert.fail();
  const failed = explainTrace(decided, options).filter(({ outcome }) => outcome === 'failed');
  const configMap = data && { metadata: { name: 'kubevip' }, data, binaryData };
  const remedies = remediesFor(decided, { allocator, options, configMap });
  return {
    failed: failed.map(({ name: check }) => check),
    remedies: remedies.map(({ command, advice }) => command ?? advice),
  };
}

function service(key: string, spec: Service['spec'] = {}, annotations: Record<string, string> = {}): Service {
  const [namespace = '', name = ''] = key.split('/');
  return {
    metadata: { namespace, name, annotations },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ports: [{ port: 80 }], ...spec },
  };
}

const preferred = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack' };

/** As the Go version leaves a Service with `spec.loadBalancerIP`. */
function assigned(one: Service): Service {
  const annotations = { 'kube-vip.io/loadbalancerIPs': one.spec?.loadBalancerIP ?? '' };
  return { ...one, metadata: { ...one.metadata, annotations, labels: { implementation: 'kube-vip' } } };
}

const patchPools = (data: Record<string, string>): string =>
  `kubectl patch configmap kubevip --namespace kube-system --type merge --patch '${JSON.stringify({ data })}'`;

const rows: readonly [title: string, ReturnType<typeof explained>, expected: ReturnType<typeof explained>][] =
  [
    [
      'no ConfigMap',
      explained(service('a/x'), undefined),
      {
        failed: ['pool'],
        remedies: [
          'kubectl create configmap kubevip --namespace kube-system --from-literal cidr-global=ADDRESSES',
        ],
      },
    ],
    [
      'no pool for the namespace',
      explained(service('a/x'), { 'cidr-b': '10.0.0.0/29' }),
      { failed: ['pool'], remedies: [patchPools({ 'cidr-a': 'ADDRESSES' })] },
    ],
    [
      'a key in binaryData, which the API server rejects in data as well',
      explained(service('a/x'), {}, [], { 'cidr-a': 'MTAuMC4wLjAvMjQ=' }),
      {
        failed: ['pool'],
        remedies: [
          `kubectl patch configmap kubevip --namespace kube-system --type merge --patch '{"binaryData":{"cidr-a":null},"data":{"cidr-a":"ADDRESSES"}}'`,
        ],
      },
    ],
    [
      'an invalid entry in a full pool',
      explained(service('a/x'), { 'range-a': '10.0.0.1, 10.0.0.5–10.0.0.6' }, [
        service('a/b', {}, { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' }),
      ]),
      {
        failed: ['address'],
        remedies: [
          patchPools({ 'range-a': '10.0.0.1,10.0.0.5-10.0.0.6' }),
          patchPools({ 'range-a': '10.0.0.1, 10.0.0.5–10.0.0.6,ADDRESSES' }),
          'kubectl delete service NAME --namespace NAMESPACE',
        ],
      },
    ],
    [
      'a full pool, with ports that allow sharing',
      explained(
        service('a/x'),
        { 'cidr-global': '10.0.0.1', 'allow-share-b': 'false' },
        [service('b/y', { ports: [{ port: 81 }], loadBalancerIP: '10.0.0.1' })].map(assigned),
      ),
      {
        failed: ['address'],
        remedies: [
          patchPools({ 'allow-share-a': 'true', 'allow-share-b': 'true' }),
          patchPools({ 'cidr-global': '10.0.0.1,ADDRESSES' }),
          'kubectl delete service NAME --namespace NAMESPACE',
        ],
      },
    ],
    [
      'a full pool, with sharing and a common port',
      explained(
        service('a/x'),
        { 'cidr-global': '10.0.0.1', 'allow-share-global': 'true' },
        [service('b/y', { loadBalancerIP: '10.0.0.1' })].map(assigned),
      ),
      {
        failed: ['sharing', 'address'],
        remedies: [
          patchPools({ 'cidr-global': '10.0.0.1,ADDRESSES' }),
          'kubectl delete service NAME --namespace NAMESPACE',
        ],
      },
    ],
    [
      'a family that the pool does not have',
      explained(service('a/x', { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' }), {
        'cidr-a': '10.0.0.0/29',
      }),
      {
        failed: ['families'],
        remedies: [
          `kubectl patch service x --namespace a --type merge --patch '{"spec":{"ipFamilyPolicy":"PreferDualStack"}}'`,
          patchPools({ 'cidr-a': '10.0.0.0/29,ADDRESSES' }),
        ],
      },
    ],
    [
      'a dual-stack Service with one family, and the other is available',
      explained(assigned(service('a/x', { ...preferred, loadBalancerIP: '10.0.0.1' })), {
        'cidr-a': '10.0.0.0/29,fd00::/126',
      }),
      {
        failed: [],
        remedies: ['kubectl annotate service x --namespace a --overwrite kube-vip.io/reallocate=true'],
      },
    ],
    [
      'a dual-stack Service with one family, and the pool lacks the other',
      explained(service('a/x', preferred), { 'cidr-a': '10.0.0.0/29' }),
      { failed: [], remedies: [patchPools({ 'cidr-a': '10.0.0.0/29,ADDRESSES' })] },
    ],
    [
      'a dual-stack Service with a static address of the second family',
      explained(service('a/x', { ...preferred, loadBalancerIP: 'fd00::1' }), {}),
      {
        failed: [],
        remedies: [
          'kubectl annotate service x --namespace a --overwrite kube-vip.io/loadbalancerIPs=ADDRESS,fd00::1',
        ],
      },
    ],
    [
      'two families on a SingleStack Service',
      explained(service('a/x', {}, { 'kube-vip.io/loadbalancerIPs': '10.0.20.200,fd80::200' }), {}),
      {
        failed: ['address'],
        remedies: [
          'kubectl annotate service x --namespace a --overwrite kube-vip.io/loadbalancerIPs=10.0.20.200',
          `kubectl patch service x --namespace a --type merge --patch '{"spec":{"ipFamilyPolicy":"PreferDualStack"}}'`,
        ],
      },
    ],
    [
      'a word in the place of an address',
      explained(service('a/x', {}, { 'kube-vip.io/loadbalancerIPs': 'None' }), { 'cidr-a': '10.0.0.0/29' }),
      {
        failed: ['address'],
        remedies: [
          'kubectl annotate service x --namespace a --overwrite kube-vip.io/reallocate=true',
          'kubectl annotate service x --namespace a --overwrite kube-vip.io/loadbalancerIPs=ADDRESS',
        ],
      },
    ],
    [
      'an invalid spec.loadBalancerIP',
      explained(service('a/x', { loadBalancerIP: '10.0.0.1/32' }), { 'cidr-a': '10.0.0.0/29' }),
      {
        failed: ['request'],
        remedies: [
          `kubectl patch service x --namespace a --type merge --patch '{"spec":{"loadBalancerIP":"10.0.0.1"}}'`,
          `kubectl patch service x --namespace a --type merge --patch '{"spec":{"loadBalancerIP":null}}'`,
        ],
      },
    ],
    [
      'the annotation kube-vip.io/ignore',
      explained(service('a/x', {}, { 'kube-vip.io/ignore': 'true' }), { 'cidr-a': '10.0.0.0/29' }),
      {
        failed: ['ignore'],
        remedies: ['kubectl annotate service x --namespace a --overwrite kube-vip.io/ignore-'],
      },
    ],
    [
      'nothing is wrong',
      explained(service('a/x'), { 'cidr-a': '10.0.0.0/29' }),
      { failed: [], remedies: [] },
    ],
  ];

for (const [title, found, expected] of rows)
  test(`the failed check and its remedies: ${title}`, () => assert.deepEqual(found, expected));

test('text from a user cannot end the quotes of a command', () => {
  const value = `10.0.0.1,10.0.0.2'$(id)'`;
  const { remedies } = explained(service('a/x'), { 'range-a': value }, [
    service('a/b', {}, { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' }),
  ]);
  // A fake kubectl that prints its last argument.
  const script = `kubectl() { for last; do :; done; printf '%s' "$last"; }\n${remedies[1]}`;
  const { stdout } = spawnSync('/bin/sh', ['-euc', script], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(stdout), { data: { 'range-a': `${value},ADDRESSES` } });
});

test('a report lists the addresses of a Service one by one, however a user wrote them', () => {
  const dual = { families: 'RequireDualStack IPv4,IPv6' };
  const written = { annotations: { 'kube-vip.io/loadbalancerIPs': ' 10.0.0.1 , fd00::1,' } };
  const world = new SmallWorld({ 'cidr-x': '10.0.0.1, fd00::1' })
    .create(['x/a', dual])
    .create(['x/b', written], ['x/c']);
  const { services } = reportOf(world.allocator, options);
  assert.deepEqual(
    services.map(({ name, state, addresses }) => [name, state, addresses]),
    [
      ['a', 'Assigned', ['10.0.0.1', 'fd00::1']],
      ['b', 'Conflict', ['10.0.0.1', 'fd00::1']],
      ['c', 'Pending', []],
    ],
  );
});
