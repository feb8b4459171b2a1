/** What `plan` says about static addresses, a cluster in which the controller has never run, and applied Services. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../src/core/model/objects.ts';
import type { Plan } from '../../src/core/queries/plan.ts';
import { atRest, changeOf, snapshotOf } from './snapshots.ts';

type Data = Record<string, string>;

function service(key: string, spec: Service['spec'] = {}, annotations = {}): Service {
  const [namespace = '', name = ''] = key.split('/');
  return { metadata: { namespace, name, annotations }, spec: { type: 'LoadBalancer', ...spec } };
}

const requesting = (key: string, list: string): Service =>
  service(key, {}, { 'kube-vip.io/loadbalancerIPs': list });

/** The plan for a cluster in which the controller has nothing left to do. */
function planned(services: readonly Service[], before: Data, after: Data): Plan {
  const { snapshot } = atRest(snapshotOf(services, before));
  return changeOf(snapshot, after);
}

const kinds = ({ services }: Plan): string[] => services.map(({ service, kind }) => `${kind} ${service}`);

test('plan: a static address in a range that goes is stranded', () => {
  const plan = planned(
    [requesting('a/web', '10.0.0.5'), service('a/new')],
    { 'cidr-global': '10.0.0.0/24' },
    { 'cidr-global': '10.9.0.0/24' },
  );
  assert.deepEqual(kinds(plan), ['outside a/new', 'stranded a/web']);
  assert.deepEqual([plan.fallingOutside, plan.stranded], [1, 1]);
});

test('plan: one of two static addresses is enough, and each Service counts once', () => {
  const dual = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
  const both = service('a/web', dual, { 'kube-vip.io/loadbalancerIPs': '10.0.0.5,fd00::5' });
  const plan = planned([both], { 'cidr-global': '10.0.0.0/24,fd00::/120' }, { 'cidr-global': '10.0.0.0/24' });
  assert.deepEqual(kinds(plan), ['stranded a/web']);
  assert.equal(
    plan.services[0]?.explanation,
    'The Service keeps the static address fd00::5, which no pool contains after the change. Request a different address if the network stops routing this one.',
  );
  assert.equal(plan.stranded, 1);
});

test('plan: a static address that another pool still contains, or that was in none, is not stranded', () => {
  const services = [requesting('a/web', '10.0.0.5'), requesting('a/out', '10.7.0.5')];
  const moved = planned(services, { 'cidr-a': '10.0.0.0/24' }, { 'cidr-b': '10.0.0.0/24' });
  assert.deepEqual([kinds(moved), moved.stranded], [[], 0]);
});

test('plan: an allocated address outside its own pool is stranded when the last pool with it goes', () => {
  const label = { implementation: 'kube-vip' };
  const old = requesting('a/old', '10.0.0.5');
  const allocated = {
    ...old,
    metadata: { ...old.metadata, labels: label },
    spec: { ...old.spec, loadBalancerIP: '10.0.0.5' },
  };
  const before = { 'cidr-a': '10.1.0.0/24', 'cidr-global': '10.0.0.0/24' };
  assert.deepEqual(kinds(planned([allocated], before, { 'cidr-a': '10.1.0.0/24' })), ['stranded a/old']);
});

test('plan: an address that no Service has yet is not spoken of as kept', () => {
  const snapshot = snapshotOf([service('a/web'), requesting('a/static', '10.0.0.9')], {
    'cidr-global': '10.0.0.0/28',
  });
  const plan = changeOf(snapshot, { 'cidr-global': '10.9.0.0/28' });
  assert.deepEqual(kinds(plan), ['stranded a/static', 'changed a/web']);
  const web = plan.services.find(({ service }) => service === 'a/web');
  assert.deepEqual([web?.before, web?.after, web?.isHeld], ['10.0.0.1', '10.9.0.1', false]);
  assert.deepEqual([plan.fallingOutside, plan.stranded], [0, 1]);
});

test('plan: a Service that loses its only chance has no address to lose', () => {
  const snapshot = snapshotOf([service('a/web')], { 'cidr-global': '10.0.0.0/28' });
  const plan = changeOf(snapshot, { 'cidr-b': '10.9.0.0/28' });
  assert.deepEqual(kinds(plan), ['pending a/web']);
  assert.equal(plan.services[0]?.isHeld, false);
});

const data: Data = { 'range-a': '10.0.0.1-10.0.0.2' };

/** The plan for Services that are applied to a cluster in which the controller has nothing left to do. */
function applied(services: readonly Service[], manifests: Service[], after: Data = data): Plan {
  return changeOf(atRest(snapshotOf(services, data)).snapshot, after, manifests);
}

const lines = ({ services }: Plan): string[] =>
  services.map(({ service, kind, before, after }) => `${kind} ${service} ${before} ${after}`);

test('plan: a new Service gets what is left, after those that wait', () => {
  const plan = applied([service('a/one')], [service('a/new'), service('a/next'), service('b/none')]);
  assert.deepEqual(lines(plan), ['created a/new  10.0.0.2', 'created a/next  ', 'created b/none  ']);
  assert.match(plan.services[1]?.explanation ?? '', /^Pool range-a is full/);
});

test('plan: a manifest of a Service that exists changes only what it sets', () => {
  const one = service('a/one', { ports: [{ port: 80 }] });
  assert.deepEqual(lines(applied([one], [one])), ['unchanged a/one 10.0.0.1 10.0.0.1']);
  assert.deepEqual(lines(applied([one], [service('a/one', { ports: [{ port: 81 }] })])), [
    'unchanged a/one 10.0.0.1 10.0.0.1',
  ]);
  assert.deepEqual(lines(applied([one], [requesting('a/one', '10.7.0.7')])), [
    'changed a/one 10.0.0.1 10.7.0.7',
  ]);
  assert.deepEqual(lines(applied([one], [{ ...one, spec: { type: 'ClusterIP' } }])), [
    'released a/one 10.0.0.1 ',
  ]);
});

test('plan: a Service that is released helps the one that waits', () => {
  const three = ['a/one', 'a/two', 'a/wait'].map((key) => service(key));
  const plan = applied(three, [service('a/one', { type: 'ClusterIP' })]);
  assert.deepEqual(lines(plan), ['released a/one 10.0.0.1 ', 'assigned a/wait  10.0.0.1']);
});

test('plan: a dump of a Service of another cluster is a copy, and its status and uid do not count', () => {
  const taken = service('a/one');
  const { snapshot } = atRest(snapshotOf([taken], data));
  const [view] = snapshot.services;
  const dump = {
    ...requesting('a/copy', '10.0.0.1'),
    status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
  };
  dump.metadata = { ...dump.metadata, uid: view?.uid ?? '', creationTimestamp: '2000-01-01T00:00:00Z' };
  const plan = changeOf(snapshot, data, [dump]);
  assert.deepEqual(lines(plan), ['created a/copy  ']);
  assert.match(plan.services[0]?.explanation ?? '', /^10\.0\.0\.1 is already assigned to a\/one/);
});

test('plan: a new Service gets the families of the cluster', () => {
  const both = { 'range-a': '10.0.0.1-10.0.0.9,fd00::1-fd00::9' };
  const after = (live: string[], spec: Service['spec']): string | undefined => {
    const { snapshot } = atRest(
      snapshotOf(
        [
          service('a/live', {
            ipFamilies: live,
            ipFamilyPolicy: live[1] ? 'RequireDualStack' : 'SingleStack',
          }),
        ],
        both,
      ),
    );
    return changeOf(snapshot, both, [service('a/new', spec)]).services.at(-1)?.after;
  };
  assert.equal(after(['IPv6'], {}), 'fd00::2');
  assert.equal(after(['IPv4'], { ipFamilyPolicy: 'PreferDualStack' }), '10.0.0.2');
  assert.equal(after(['IPv4', 'IPv6'], { ipFamilyPolicy: 'PreferDualStack' }), '10.0.0.2,fd00::2');
});

test('plan: Services and pools of one file count together', () => {
  const plan = applied([], [service('b/new')], { ...data, 'range-b': '10.1.0.1' });
  assert.deepEqual(lines(plan), ['created b/new  10.1.0.1']);
});

const shop: Data = { 'pool.a': '10.0.0.1-10.0.0.3', 'pool.b': '10.0.1.1-10.0.1.9', 'pools-x': 'a, b' };

test('plan: changes of lists, selectors, and exclusions move no Service', () => {
  const services = ['x/1', 'x/2', 'x/3', 'x/4'].map((key) => service(key));
  const after = {
    ...shop,
    'pools-x': 'b, a',
    'select.a': 'tier=edge',
    'exclude.a': '10.0.0.2',
    'auto-assign.b': 'false',
  };
  const plan = planned(services, shop, after);
  assert.deepEqual(kinds(plan), ['excluded x/2']);
  assert.equal(
    plan.services[0]?.explanation,
    'The Service keeps 10.0.0.2, which exclude.a excludes after the change. No other Service gets it when this one is gone.',
  );
  assert.deepEqual([plan.fallingOutside, plan.stranded], [0, 0]);
  const [a] = plan.pools;
  assert.deepEqual([a?.before?.size, a?.after?.size, a?.after?.excluded, a?.after?.used], [3n, 2n, 1n, 2n]);
});

test('plan: a pool that no list names any more', () => {
  const plan = planned([service('x/1')], shop, { ...shop, 'pools-x': 'b' });
  assert.deepEqual(kinds(plan), ['outside x/1']);
  assert.equal(plan.pools[0]?.after?.remark, 'not used: no list names it');
  assert.match(plan.problems.appear.join(), /pool[.]a serves no Service/);
});

test('plan: a reservation whose address another Service has, and a Service that gets the one reserved for it', () => {
  const services = [service('x/1'), service('x/2'), service('y/web')];
  const plan = planned(services, shop, {
    ...shop,
    'reserve-x': '2=10.0.0.1',
    'reserve-y': 'web=192.168.9.9',
  });
  assert.deepEqual(kinds(plan), ['reserved x/1', 'reserved x/2', 'assigned y/web']);
  assert.match(plan.services[0]?.explanation ?? '', /^10[.]0[.]0[.]1 is reserved for x\/2 [(]reserve-x[)]/);
  assert.match(
    plan.services[1]?.explanation ?? '',
    /reserved for this Service [(]reserve-x[)], but x\/1 already had it/,
  );
  assert.equal(plan.services[2]?.after, '192.168.9.9');
});

test('plan: a quota that is lowered takes nothing, and one that is raised serves those that wait', () => {
  const services = ['x/1', 'x/2', 'x/3'].map((key) => service(key));
  const lowered = planned(services, { ...shop, 'quota-x': '3' }, { ...shop, 'quota-x': '1' });
  assert.deepEqual(kinds(lowered), []);
  const quotas = lowered.quotas.map(({ namespace, before, after }) => [namespace, before?.left, after?.left]);
  assert.deepEqual(quotas, [['x', 0, -2]]);
  const raised = planned(services, { ...shop, 'quota-x': '1' }, { ...shop, 'quota-x': '2' });
  assert.deepEqual(kinds(raised), ['assigned x/2']);
  const removed = planned(services, { ...shop, 'quota-global': '1' }, shop);
  assert.deepEqual(kinds(removed), ['assigned x/2', 'assigned x/3']);
  assert.deepEqual(
    removed.quotas.map(({ before, after }) => [before?.pending, after]),
    [[2, undefined]],
  );
});

test('plan: a Service that is applied with another pool moves, and one with another label does not', () => {
  const data = { ...shop, 'select.b': 'tier=edge' };
  const { snapshot } = atRest(snapshotOf([service('x/1'), service('x/2')], data));
  const labeled = service('x/1');
  labeled.metadata.labels = { tier: 'edge' };
  const plan = changeOf(snapshot, data, [labeled, service('x/2', {}, { 'kube-vip.io/pool': 'b' })]);
  assert.deepEqual(lines(plan), ['unchanged x/1 10.0.0.1 10.0.0.1', 'changed x/2 10.0.0.2 10.0.1.1']);
});
