import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import { policyFor } from '../../src/core/config/policy.ts';
import { loadBalancer, type ServiceOverrides } from '../e2e/objects.ts';
import { onCluster } from './on-cluster.ts';
import {
  allowUser,
  apply,
  asUser,
  pools,
  rejectionOf,
  rejectionOfPatch,
  showsRejection,
} from './static-addresses.ts';

/** Tests deploy/admission/pool-choice.yaml on kube-apiserver, as a user who can edit Services in every namespace. */

const onServer = onCluster('install-pool-choice');
const annotation = 'kube-vip.io/pool';
const choosing = (value: string): ServiceOverrides => ({ annotations: { [annotation]: value } });

const data = {
  'pool.internal': '10.1.0.0/24',
  'pool.dmz': '10.2.0.0/24',
  'pool.other': '10.3.0.0/24',
  'pools-shop': 'internal, dmz, missing, Other',
  'select.dmz': 'tier=edge',
  'auto-assign.dmz': 'false',
  'range-office': '10.4.0.1-10.4.0.9',
};

let prepared: Promise<void> | undefined;

const policyTest: typeof onServer = (title, body) =>
  onServer(title, async (cluster) => {
    prepared ??= (async () => {
      await allowUser(cluster);
      for (const namespace of ['shop', 'office', 'empty']) await cluster.namespace(namespace);
      await cluster.pools({ 'cidr-global': '192.0.2.1' });
      // `pools` sees by it when a ConfigMap is in force.
      await apply(cluster, 'addresses');
      await apply(cluster, 'pool-choice');
      await pools(cluster, data);
    })();
    await prepared;
    await body(cluster);
  });

function refused(namespace: string, name: string, names: string): string {
  const pools = names === '' ? 'It has no pool.' : `Its pools: ${names}.`;
  return `Namespace ${namespace} cannot use pool "${name}". ${pools}`;
}

const table: readonly (readonly [namespace: string, chosen: string, message: string | undefined])[] = [
  ['shop', 'internal', undefined],
  ['shop', ' dmz , internal,', undefined],
  ['shop', '', undefined],
  ['shop', 'other', refused('shop', 'other', 'internal, dmz')],
  ['shop', 'internal,other', refused('shop', 'other', 'internal, dmz')],
  ['shop', 'missing', refused('shop', 'missing', 'internal, dmz')],
  ['shop', 'Internal', refused('shop', 'Internal', 'internal, dmz')],
  ['shop', 'pool.internal', refused('shop', 'pool.internal', 'internal, dmz')],
  ['shop', '\u001b[2J', refused('shop', '[2J', 'internal, dmz')],
  ['shop', 'x'.repeat(200), refused('shop', `${'x'.repeat(80)}…`, 'internal, dmz')],
  ['shop', 'x,'.repeat(2_000), 'The annotation kube-vip.io/pool is too long. Name at most 8 pools.'],
  ['office', 'range-office', undefined],
  ['office', 'internal', refused('office', 'internal', 'range-office')],
  ['empty', 'internal', refused('empty', 'internal', '')],
];

policyTest('a user can choose only pools that the namespace can use', async (cluster) => {
  for (const [namespace, chosen, message] of table) {
    const title = `${namespace} chooses ${JSON.stringify(chosen.slice(0, 80))}`;
    assert.equal(
      await rejectionOf(cluster, 'pool-choice', `${namespace}/web`, choosing(chosen)),
      message,
      title,
    );
  }
});

policyTest('docs/admission.md shows the output of kubectl', (cluster) =>
  showsRejection(cluster, /\$ kubectl (annotate service web kube-vip\.io\/pool=.*?)\n(.*?)\n```/s),
);

policyTest('a new choice is checked, and an old one is not', async (cluster) => {
  // Administrators are exempt.
  await cluster.create(loadBalancer('shop/old', choosing('other')));
  const change = (patch: object) => rejectionOfPatch(cluster, 'pool-choice', 'shop/old', patch);
  const choose = (value: string | null) => change({ metadata: { annotations: { [annotation]: value } } });
  assert.equal(await change({ metadata: { labels: { tier: 'web' } } }), undefined);
  assert.equal(await choose('dmz'), undefined);
  assert.equal(await choose(null), undefined);
  assert.equal(await choose('other,dmz'), refused('shop', 'other', 'internal, dmz'));
  const { spec, metadata } = loadBalancer('shop/inner', choosing('other'));
  const path = '/api/v1/namespaces/shop/services';
  const made = await cluster.client.post(path, { metadata, spec: { ...spec, type: 'ClusterIP' } }, asUser);
  assert.equal(made.status, 201);
  assert.equal(
    await rejectionOfPatch(cluster, 'pool-choice', 'shop/inner', { spec: { type: 'LoadBalancer' } }),
    refused('shop', 'other', 'internal, dmz'),
  );
});

policyTest('the policy and the controller agree on which pools a namespace can use', async (cluster) => {
  const list = fc
    .array(fc.constantFrom('a', 'b', 'a, b', 'b\na', 'b, a', 'c', 'X', '# a'), { minLength: 1, maxLength: 3 })
    .map((all) => all.join(', '));
  const keys = ['pools-shop', 'cidr-shop', 'range-shop', 'pools-global', 'cidr-global', 'range-global'];
  const world = fc.record(Object.fromEntries(keys.map((key) => [key, list])), { requiredKeys: [] });
  const seen = { accepted: 0, refused: 0 };
  const chosen = fc
    .array(fc.constantFrom('a', 'b', 'a', 'b', 'c', 'X', 'cidr-shop', 'range-global'), {
      minLength: 1,
      maxLength: 2,
    })
    .map((all) => all.join(','));
  for (const [lists, text] of fc.sample(fc.tuple(world, chosen), { numRuns: 60, seed: 4 })) {
    const own = Object.entries(lists).map(([key, value]) => [
      key,
      key.startsWith('pools-') ? value : '10.9.0.1',
    ]);
    const all = {
      'pool.a': '10.1.0.1',
      'pool.b': '10.1.0.2',
      'pool.X': '10.1.0.3',
      ...Object.fromEntries(own),
    };
    await pools(cluster, all);
    const config = readConfig({ metadata: { name: 'kubevip' }, data: all });
    const { choice } = policyFor(config, { namespace: 'shop', pool: text });
    const rejection = await rejectionOf(cluster, 'pool-choice', 'shop/web', choosing(text));
    assert.equal(
      rejection === undefined,
      choice.by === 'annotation',
      `${text} of ${JSON.stringify(all)}: ${rejection}`,
    );
    seen[rejection === undefined ? 'accepted' : 'refused'] += 1;
  }
  assert.ok(seen.accepted > 10 && seen.refused > 10, JSON.stringify(seen));
  await pools(cluster, data);
});
