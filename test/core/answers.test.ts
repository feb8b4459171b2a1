/** What kubectl vip is answered with: each answer is held against the decisions that it is to explain. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import { type Decision, isConflictCondition } from '../../src/core/decide/decision.ts';
import { type Check, checksOf } from '../../src/core/explain/checks.ts';
import { remediesFor } from '../../src/core/explain/service-remedies.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { isEmptyPatch } from '../../src/core/model/service-patch.ts';
import { audit } from '../../src/core/queries/audit.ts';
import { planOf } from '../../src/core/queries/plan.ts';
import { allocatorOf, simulate } from '../../src/core/queries/simulate.ts';
import { anySnapshot, atRest, configMapOf, options, snapshotOf } from './snapshots.ts';
import { anyData } from './users.ts';

const runs = { numRuns: Number(process.env.RUNS ?? 300) };

test('what is foreseen is at rest, and foreseen again it is the same', () => {
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

/** Whether somebody has to do something about it. */
function isWrong(decision: Decision): boolean {
  if (decision.kind === 'keep' || decision.kind === 'write')
    return decision.conditions.some((note) => isConflictCondition(note) || note.code === 'pending-change');
  return true;
}

test('a check fails exactly where the decision says that something is wrong, and then there is a way out', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const snapshot = snapshotOf(services, data);
      for (const allocator of [allocatorOf(snapshot, options), simulate(snapshot, options).allocator]) {
        for (const { key } of allocator.ledger.all()) {
          const decided = allocator.explain(key);
          assert.ok(decided !== undefined);
          const checks = checksOf(decided, snapshot.config, options);
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
      }
    }),
    runs,
  );
  assert.deepEqual([...seen].sort(), ['conflict', 'ignore', 'pending']);
});

test('whoever is told to ask for a fresh allocation is served by it', () => {
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
          one === view ? { ...one, reallocate: true, resourceVersion } : one,
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

test('whoever is told to do with one family is served by it', () => {
  const families = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
  const eased = 'Let it do with one family';
  const one = requestedIPs('a/x', '10.0.0.1');
  const dual = service('a/y', families);
  const advices = (others: Service[]) => adviceOn(dual, { 'cidr-a': '10.0.0.1' }, others);
  assert.ok(advices([]).some((advice) => advice.startsWith(eased)));
  assert.ok(!advices([one]).some((advice) => advice.startsWith(eased)));
});

test('what is said of a field that is taken off is what then happens', () => {
  const odd = (spec: Service['spec'] = {}) =>
    service('a/y', spec, { 'kube-vip.io/loadbalancerIPs': '1.2.3.4.5' });
  const data = { 'cidr-a': '10.0.0.1' };
  const last = (advices: string[]) => advices.at(-1);
  assert.equal(last(adviceOn(odd(), data)), 'Take it off, and it gets an address of its pool.');
  assert.equal(
    last(adviceOn(odd(), data, [requestedIPs('a/x', '10.0.0.1')])),
    'Take it off, and it waits for an address, as there is none for it now.',
  );
  assert.equal(
    last(adviceOn(odd({ loadBalancerIP: '10.0.0.9' }), data)),
    'Take it off, and it asks for "10.0.0.9" (spec.loadBalancerIP).',
  );
});

test('only those are named whose deletion frees an address', () => {
  const data = { 'range-a': '10.0.0.1-10.0.0.2' };
  const shared = [requestedIPs('a/b', '10.0.0.1', 80), requestedIPs('a/c', '10.0.0.1', 81)];
  const [, named] = adviceOn(service('a/x'), data, [...shared, requestedIPs('a/d', '10.0.0.2')]);
  assert.equal(named, 'Or delete the Service that has it, if it is no longer needed: a/d.');
});

test('an address outside of a full pool, and a duplicate in one, are not to be replaced from it', () => {
  const data = { 'cidr-a': '10.0.0.1' };
  for (const address of ['10.0.0.1', '10.0.0.9']) {
    const given = (key: string, list: string): Service => {
      const one = requestedIPs(key, list);
      return {
        ...one,
        metadata: { ...one.metadata, labels: { implementation: 'kube-vip' } },
        spec: { ...one.spec, loadBalancerIP: list },
      };
    };
    const commands = told(given('a/x', address), data, [given('a/b', '10.0.0.1')]).remedies;
    assert.ok(!commands.some((command) => command.includes('reallocate')), commands.join());
  }
});

test('only what looks for an address to share is said to', () => {
  const findings = (spec: Service['spec'], pool: string): string[] =>
    checksOn(service('a/x', spec), { 'cidr-a': pool, 'allow-share-a': 'true' }).flatMap(
      ({ name, finding }) => (name === 'sharing' || name === 'address' ? finding : []),
    );
  const shares = 'it takes an address that is in use, if all who have it agree';
  assert.ok(findings({}, '10.0.0.1').includes(shares));
  assert.ok(!findings({ ipFamilies: ['IPv6'] }, 'fd00::1').includes(shares));
  assert.deepEqual(findings({}, '0.0.0.0/32, fd00::1'), ['0.0.0.0: DHCP is asked for one']);
});

test('a dual-stack Service of which one address comes back into its pool does not fall outside', () => {
  const both = service(
    'a/x',
    { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack', loadBalancerIP: '10.0.0.1' },
    { 'kube-vip.io/loadbalancerIPs': '10.0.0.1,fd00::1' },
  );
  both.metadata.labels = { implementation: 'kube-vip' };
  const snapshot = snapshotOf([both], { 'cidr-a': '10.9.0.0/29' });
  const fallingOutside = (value: string): number =>
    planOf(snapshot, readConfig(configMapOf({ 'cidr-a': value })), options).fallingOutside;
  assert.equal(fallingOutside('10.0.0.0/29'), 0);
  const inside = snapshotOf([both], { 'cidr-a': '10.0.0.0/29' });
  assert.equal(
    planOf(inside, readConfig(configMapOf({ 'cidr-a': '10.9.0.0/29' })), options).fallingOutside,
    1,
  );
});

test('a ConfigMap that is as it is changes nothing', () => {
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const snapshot = snapshotOf(services, data);
      const plan = planOf(snapshot, readConfig(configMapOf(data)), options);
      const { appear, vanish } = plan.problems;
      assert.deepEqual([plan.pools, plan.services, appear, vanish, plan.fallingOutside], [[], [], [], [], 0]);
    }),
    runs,
  );
});

test('a plan moves nobody who has what it asked for, and counts whoever falls outside', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anySnapshot, anyData, ({ services, data }, next) => {
      const snapshot = snapshotOf(services, data);
      const before = simulate(snapshot, options).allocator;
      const { services: changes, fallingOutside } = planOf(snapshot, readConfig(configMapOf(next)), options);
      for (const { service, kind, after } of changes) {
        seen.add(kind);
        const decision = before.explain(service)?.decision;
        if (kind === 'changed')
          assert.ok(decision !== undefined && 'conditions' in decision && isWrong(decision), service);
        if (kind === 'assigned') assert.ok(after !== '' && decision?.kind !== 'keep', service);
      }
      assert.equal(fallingOutside, changes.filter(({ kind }) => kind === 'outside').length);
    }),
    runs,
  );
  for (const kind of ['assigned', 'outside', 'inside', 'reason']) assert.ok(seen.has(kind), kind);
});

test('an audit of a world at rest finds nothing that is due', () => {
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const { snapshot, outcome } = atRest(snapshotOf(services, data));
      const allocator = allocatorOf(snapshot, options);
      const found = audit({ allocator, outcome: simulate(snapshot, options), leftovers: [], options });
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

/** It asks for an address by name. */
function requestedIPs(key: string, address: string, port = 80): Service {
  return service(key, { ports: [{ port }] }, { 'kube-vip.io/loadbalancerIPs': address });
}

function adviceOn(one: Service, data: Record<string, string>, others: Service[] = []): string[] {
  const { allocator } = simulate(snapshotOf([one, ...others], data), options);
  const decided = allocator.explain(`${one.metadata.namespace}/${one.metadata.name}`) ?? assert.fail();
  return remediesFor(decided, { allocator, options, configMap: configMapOf(data) }).map(
    ({ advice }) => advice,
  );
}

/** The checks of a Service that is due to be written. */
function checksOn(one: Service, data: Record<string, string>): Check[] {
  const snapshot = snapshotOf([one], data);
  const decided = allocatorOf(snapshot, options).explain(`${one.metadata.namespace}/${one.metadata.name}`);
  return checksOf(decided ?? assert.fail(), snapshot.config, options);
}

/** One Service, and what is told of it. */
function told(
  service: Service,
  data: Record<string, string> | undefined,
  others: Service[] = [],
  binaryData: Record<string, string> = {},
) {
  const snapshot = snapshotOf([service, ...others], data);
  const { allocator } = simulate(snapshot, options);
  const { namespace, name } = service.metadata;
  const decided = allocator.explain(`${namespace}/${name}`) ?? assert.fail();
  const failed = checksOf(decided, snapshot.config, options).filter(({ outcome }) => outcome === 'failed');
  const configMap = data && { metadata: { name: 'kubevip' }, data, binaryData };
  const remedies = remediesFor(decided, { allocator, options, configMap });
  return {
    failed: failed.map(({ name: rung }) => rung),
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

const patchPools = (data: Record<string, string>): string =>
  `kubectl patch configmap kubevip --namespace kube-system --type merge --patch '${JSON.stringify({ data })}'`;

const rows: readonly [title: string, ReturnType<typeof told>, expected: ReturnType<typeof told>][] = [
  [
    'no ConfigMap',
    told(service('a/x'), undefined),
    {
      failed: ['pool'],
      remedies: [
        'kubectl create configmap kubevip --namespace kube-system --from-literal cidr-global=ADDRESSES',
      ],
    },
  ],
  [
    'no pool for the namespace',
    told(service('a/x'), { 'cidr-b': '10.0.0.0/29' }),
    { failed: ['pool'], remedies: [patchPools({ 'cidr-a': 'ADDRESSES' })] },
  ],
  [
    'a key under binaryData, beside which the API server takes none under data',
    told(service('a/x'), {}, [], { 'cidr-a': 'MTAuMC4wLjAvMjQ=' }),
    {
      failed: ['pool'],
      remedies: [
        `kubectl patch configmap kubevip --namespace kube-system --type merge --patch '{"binaryData":{"cidr-a":null},"data":{"cidr-a":"ADDRESSES"}}'`,
      ],
    },
  ],
  [
    'an entry with a slip in an otherwise full pool',
    told(service('a/x'), { 'range-a': '10.0.0.1, 10.0.0.5–10.0.0.6' }, [
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
    'a family that the pool does not have',
    told(service('a/x', { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' }), {
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
    'a slip in spec.loadBalancerIP',
    told(service('a/x', { loadBalancerIP: '10.0.0.1/32' }), { 'cidr-a': '10.0.0.0/29' }),
    {
      failed: ['request'],
      remedies: [
        `kubectl patch service x --namespace a --type merge --patch '{"spec":{"loadBalancerIP":"10.0.0.1"}}'`,
        `kubectl patch service x --namespace a --type merge --patch '{"spec":{"loadBalancerIP":null}}'`,
      ],
    },
  ],
  [
    'an annotation that keeps everybody off',
    told(service('a/x', {}, { 'kube-vip.io/ignore': 'true' }), { 'cidr-a': '10.0.0.0/29' }),
    {
      failed: ['ignore'],
      remedies: ['kubectl annotate service x --namespace a --overwrite kube-vip.io/ignore-'],
    },
  ],
  ['all is well', told(service('a/x'), { 'cidr-a': '10.0.0.0/29' }), { failed: [], remedies: [] }],
];

for (const [title, found, expected] of rows)
  test(`the check that fails and what helps: ${title}`, () => assert.deepEqual(found, expected));

test('no text of a user ends the quotes of a command', () => {
  const value = `10.0.0.1,10.0.0.2'$(id)'`;
  const { remedies } = told(service('a/x'), { 'range-a': value }, [
    service('a/b', {}, { 'kube-vip.io/loadbalancerIPs': '10.0.0.1' }),
  ]);
  // A shell with a kubectl that shows the last word that it is given.
  const script = `kubectl() { for last; do :; done; printf '%s' "$last"; }\n${remedies[1]}`;
  const { stdout } = spawnSync('/bin/sh', ['-euc', script], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(stdout), { data: { 'range-a': `${value},ADDRESSES` } });
});
