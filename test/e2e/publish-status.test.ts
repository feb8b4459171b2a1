import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { ConfigMap } from '../../src/core/model/objects.ts';
import type { Cluster } from './cluster.ts';
import type { ControllerProcess } from './controller.ts';
import { eventually } from './eventually.ts';
import { loadBalancer } from './objects.ts';
import { permissionsIn, pool, type RequiredPermission, web } from './required-permissions.ts';
import { grant, permissionsWithStatus, statusRules, verbsOf, without } from './roles.ts';
import { scenarios } from './scenario.ts';

/** `--publish-status` on a real API server, with the permissions that docs/install.md adds to the shipped roles. */

const user = 'limited';
const scenario = scenarios('publish-status', [{ name: user }]);
const configMap = ['configmap', 'kubevip-status', '--namespace', 'kube-system'];
const flags = ['--publish-status'];

async function publishedIn(cluster: Cluster): Promise<ConfigMap> {
  return JSON.parse(await cluster.kubectl(['get', ...configMap, '-o', 'json'])) as ConfigMap;
}

async function becomes(cluster: Cluster, key: string, expected: object): Promise<void> {
  await eventually(async () => {
    const { data = {} } = await publishedIn(cluster);
    assert.deepEqual(parse(data[`status.${key}`] ?? ''), expected);
  });
}

async function remove(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['delete', ...configMap, '--ignore-not-found']);
}

scenario(
  'the state of the pools follows Services, and survives a change of the leader',
  async ({ cluster, start }) => {
    await grant(cluster, user, permissionsWithStatus());
    await cluster.pools({
      'pool.internal': '10.1.0.1-10.1.0.9',
      'exclude.internal': '10.1.0.1-10.1.0.3',
      'pools-default': 'internal',
      'reserve-default': 'db=10.1.0.9',
      'range-full': '10.2.0.1',
    });
    const usual = { size: 6, used: 0, free: 5, excluded: 3, reserved: 1, pending: 0 };
    try {
      const first = start({ user, flags });
      await becomes(cluster, 'pool.internal', usual);
      await cluster.create(loadBalancer('default/web'));
      await becomes(cluster, 'pool.internal', { ...usual, used: 1, free: 4 });
      const second = start({ user, flags });
      await second.logs(/Running as standby/);
      const before = await publishedIn(cluster);
      assert.equal(await first.terminate(), 0);
      await second.logs(/^Became leader$/);
      await cluster.create(loadBalancer('default/db'));
      await becomes(cluster, 'pool.internal', { ...usual, used: 2, free: 4, reserved: 0 });
      const after = await publishedIn(cluster);
      assert.equal(after.metadata.uid, before.metadata.uid);
      await remove(cluster);
      await cluster.create(loadBalancer('default/next'));
      await becomes(cluster, 'pool.internal', { ...usual, used: 3, free: 3, reserved: 0 });
    } finally {
      await remove(cluster);
    }
  },
);

/** Without the permission, the log says so once, and Services get addresses. */
function isReported(verb: string): RequiredPermission['shows'] {
  return async ({ cluster }, start) => {
    const controller: ControllerProcess = start();
    await controller.logs(
      new RegExp(
        `Grant the verb "${verb}" on configmaps in the Role of the controller: .*cannot ${verb} resource`,
      ),
    );
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', web);
  };
}

const table: readonly RequiredPermission[] = [
  {
    verb: 'create',
    resource: 'configmaps',
    fails: 'the state of the pools is not published',
    shows: isReported('create'),
  },
  {
    verb: 'get',
    resource: 'configmaps',
    fails: 'the state of the pools is not published',
    shows: isReported('get'),
  },
  {
    verb: 'update',
    resource: 'configmaps',
    fails: 'the state of the pools stays as it was at first',
    async shows({ cluster }, start) {
      const controller = start();
      const usual = { size: 3, used: 0, free: 3, excluded: 0, reserved: 0, pending: 0 };
      await becomes(cluster, 'range-default', usual);
      await cluster.create(loadBalancer('default/web'));
      await cluster.becomes('default/web', web);
      await controller.logs(/Grant the verb "update" on configmaps in the Role of the controller: /);
      await becomes(cluster, 'range-default', usual);
    },
  },
];

for (const { verb, resource, fails, shows } of table) {
  scenario(`without ${verb} on ${resource}, ${fails}`, async (context) => {
    const { cluster } = context;
    await grant(cluster, user, without(permissionsWithStatus(), verb, resource));
    await cluster.pools(pool);
    try {
      await shows(context, () => context.start({ user, flags }));
    } finally {
      await remove(cluster);
    }
  });
}

test('the table contains each verb that docs/install.md adds, once', () => {
  assert.deepEqual(verbsOf(statusRules()), permissionsIn(table));
});
