import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createForeignClaim, IPAddresses } from './claims.ts';
import { quietTime } from './eventually.ts';
import { assigned, loadBalancer, unassigned } from './objects.ts';
import {
  isNotAssigned,
  permissionsIn,
  pool,
  type RequiredPermission,
  waitsForLongBackoff,
  web,
} from './required-permissions.ts';
import { claimsRule, grant, permissionsWithClaims, verbsOf, without } from './roles.ts';
import { scenarios } from './scenario.ts';

/** `--claims` needs each verb that docs/install.md adds to the shipped roles. */

const user = 'limited';
const scenario = scenarios('claims-permissions', [{ name: user }]);

const table: readonly RequiredPermission[] = [
  {
    verb: 'list',
    resource: 'ipaddresses',
    fails: 'no address is assigned, and the log says which permissions to add',
    async shows(context, start) {
      const controller = start();
      await isNotAssigned(/"limited" cannot list resource "ipaddresses"/)(context, () => controller);
      const needs = controller.log.filter(({ msg }) =>
        /^--claims needs the verbs .*docs\/claims\.md/.test(msg),
      );
      assert.deepEqual(
        needs.map(({ level, msg }) => [level, /Until then, no address is assigned\.$/.test(msg)]),
        [['error', true]],
      );
      await grant(context.cluster, user, permissionsWithClaims());
      await context.cluster.becomes('default/web', web);
    },
  },
  {
    verb: 'watch',
    resource: 'ipaddresses',
    fails: 'an address that another program releases is not assigned before the next list',
    async shows({ cluster }, start) {
      await cluster.pools({ 'range-default': '10.1.0.1' });
      await createForeignClaim(cluster, '10.1.0.1');
      await cluster.create(loadBalancer('default/web'));
      const controller = start();
      await cluster.warns('default/web', /is full/);
      await waitsForLongBackoff(controller, 'ipaddresses');
      await cluster.kubectl(['delete', 'ipaddress', '10.1.0.1']);
      await quietTime(1_000);
      assert.deepEqual(await cluster.assignment('default/web'), unassigned);
    },
  },
  {
    verb: 'create',
    resource: 'ipaddresses',
    fails: 'no address is assigned',
    async shows(context, start) {
      const controller = start();
      const rejection =
        /The API server rejected the change: .*"limited" cannot create resource "ipaddresses"/;
      await isNotAssigned(rejection)(context, () => controller);
      await controller.logs(/^--claims needs the verbs/);
    },
  },
  {
    verb: 'patch',
    resource: 'ipaddresses',
    fails: 'no address is shared',
    async shows({ cluster }, start) {
      await cluster.pools({ ...pool, 'allow-share-default': 'true' });
      const controller = start();
      await cluster.create(loadBalancer('default/web'));
      await cluster.becomes('default/web', web);
      await cluster.create(loadBalancer('default/joins', { ports: [{ port: 81 }] }));
      await controller.logs(
        /The API server rejected the change: .*"limited" cannot patch resource "ipaddresses"/,
      );
      assert.deepEqual(await cluster.assignment('default/joins'), unassigned);
    },
  },
  {
    verb: 'get',
    resource: 'ipaddresses',
    fails: 'a Service stays pending if another program has just claimed its address',
    async shows({ cluster }, start) {
      // Without the watch, the controller does not see the claim.
      const permissions = without(permissionsWithClaims(), 'get', 'ipaddresses');
      await grant(cluster, user, without(permissions, 'watch', 'ipaddresses'));
      const controller = start();
      // The next list, which would show the claim, is seconds away.
      await waitsForLongBackoff(controller, 'ipaddresses');
      await createForeignClaim(cluster, '10.1.0.1');
      await isNotAssigned(
        /The API server rejected the change: .*"limited" cannot get resource "ipaddresses"/,
      )({ cluster, start }, () => controller);
      await grant(cluster, user, without(permissionsWithClaims(), 'watch', 'ipaddresses'));
      await cluster.becomes('default/web', assigned('10.1.0.2', 'range-default'));
    },
  },
  {
    verb: 'delete',
    resource: 'ipaddresses',
    fails: 'an address of a deleted Service stays claimed',
    async shows({ cluster }, start) {
      const controller = start();
      await cluster.create(loadBalancer('default/web'));
      await cluster.becomes('default/web', web);
      await cluster.remove('default/web');
      await controller.logs(
        /^cannot delete the claim on 10\.1\.0\.1: .*"limited" cannot delete resource "ipaddresses"/,
      );
      assert.deepEqual(await new IPAddresses(cluster).names(), ['10.1.0.1']);
    },
  },
];

for (const { verb, resource, fails, shows } of table) {
  scenario(`without ${verb} on ${resource}, ${fails}`, async (context) => {
    await new IPAddresses(context.cluster).clear();
    await grant(context.cluster, user, without(permissionsWithClaims(), verb, resource));
    await context.cluster.pools(pool);
    await shows(context, () => context.start({ user, flags: ['--claims'] }));
  });
}

test('the table contains each verb that docs/install.md adds, once', () => {
  assert.deepEqual(verbsOf([claimsRule()]), permissionsIn(table));
});
