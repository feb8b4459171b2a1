/** What `plan` says about static addresses, and about a cluster in which the controller has never run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { type Plan, planOf } from '../../src/core/queries/plan.ts';
import { atRest, configMapOf, options, snapshotOf } from './snapshots.ts';

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
  return planOf(snapshot, readConfig(configMapOf(after)), options);
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
  const plan = planOf(snapshot, readConfig(configMapOf({ 'cidr-global': '10.9.0.0/28' })), options);
  assert.deepEqual(kinds(plan), ['stranded a/static', 'changed a/web']);
  const web = plan.services.find(({ service }) => service === 'a/web');
  assert.deepEqual([web?.before, web?.after, web?.isHeld], ['10.0.0.1', '10.9.0.1', false]);
  assert.deepEqual([plan.fallingOutside, plan.stranded], [0, 1]);
});

test('plan: a Service that loses its only chance has no address to lose', () => {
  const snapshot = snapshotOf([service('a/web')], { 'cidr-global': '10.0.0.0/28' });
  const plan = planOf(snapshot, readConfig(configMapOf({ 'cidr-b': '10.9.0.0/28' })), options);
  assert.deepEqual(kinds(plan), ['pending a/web']);
  assert.equal(plan.services[0]?.isHeld, false);
});
