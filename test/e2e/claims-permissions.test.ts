import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IPAddresses, kubectlClaim } from './claims.ts';
import { quietTime } from './eventually.ts';
import { loadBalancer, served, unmarked } from './objects.ts';
import { isNotServed, type Needed, pauses, pool, verbsIn, web } from './required-permissions.ts';
import { claimsRule, grant, rightsWithClaims, verbsOf, without } from './roles.ts';
import { scenarios } from './scenario.ts';

/** What `--claims` needs besides the shipped roles; that no verb of it is too much. */

const user = 'limited';
const scenario = scenarios('claims-rights', [{ name: user }]);

const table: readonly Needed[] = [
  {
    verb: 'list',
    resource: 'ipaddresses',
    fails: 'nothing is served, and the log says what to add',
    async shows(world, start) {
      const controller = start();
      await isNotServed(/"limited" cannot list resource "ipaddresses"/)(world, () => controller);
      const needs = controller.log.filter(({ msg }) =>
        /^--claims needs the verbs .*docs\/claims\.md/.test(msg),
      );
      assert.deepEqual(
        needs.map(({ level, msg }) => [level, /Until then no address is given\.$/.test(msg)]),
        [['error', true]],
      );
      await grant(world.cluster, user, rightsWithClaims());
      await world.cluster.becomes('default/web', web);
    },
  },
  {
    verb: 'watch',
    resource: 'ipaddresses',
    fails: 'an address that somebody else gives back is not given before the next list',
    async shows({ cluster }, start) {
      await cluster.pools({ 'range-default': '10.1.0.1' });
      await kubectlClaim(cluster, '10.1.0.1');
      await cluster.create(loadBalancer('default/web'));
      const controller = start();
      await cluster.warns('default/web', /is full/);
      await pauses(controller, 'ipaddresses');
      await cluster.kubectl(['delete', 'ipaddress', '10.1.0.1']);
      await quietTime(1_000);
      assert.deepEqual(await cluster.marks('default/web'), unmarked);
    },
  },
  {
    verb: 'create',
    resource: 'ipaddresses',
    fails: 'nothing is served',
    async shows(world, start) {
      const controller = start();
      const rejection = /the API server refused the change: .*"limited" cannot create resource "ipaddresses"/;
      await isNotServed(rejection)(world, () => controller);
      await controller.says(/^--claims needs the verbs/);
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
      await controller.says(
        /the API server refused the change: .*"limited" cannot patch resource "ipaddresses"/,
      );
      assert.deepEqual(await cluster.marks('default/joins'), unmarked);
    },
  },
  {
    verb: 'get',
    resource: 'ipaddresses',
    fails: 'a Service waits whose address somebody else claimed a moment before',
    async shows({ cluster }, start) {
      // Without the watch that moment lasts.
      const rights = without(rightsWithClaims(), 'get', 'ipaddresses');
      await grant(cluster, user, without(rights, 'watch', 'ipaddresses'));
      const controller = start();
      await controller.says(/"limited" cannot watch resource "ipaddresses"/);
      await kubectlClaim(cluster, '10.1.0.1');
      await isNotServed(/the API server refused the change: .*"limited" cannot get resource "ipaddresses"/)(
        { cluster, start },
        () => controller,
      );
      await grant(cluster, user, without(rightsWithClaims(), 'watch', 'ipaddresses'));
      await cluster.becomes('default/web', served('10.1.0.2', 'range-default'));
    },
  },
  {
    verb: 'delete',
    resource: 'ipaddresses',
    fails: 'an address stays claimed for a Service that is gone',
    async shows({ cluster }, start) {
      const controller = start();
      await cluster.create(loadBalancer('default/web'));
      await cluster.becomes('default/web', web);
      await cluster.remove('default/web');
      await controller.says(
        /^10\.1\.0\.1 could not be freed: .*"limited" cannot delete resource "ipaddresses"/,
      );
      assert.deepEqual(await new IPAddresses(cluster).names(), ['10.1.0.1']);
    },
  },
];

for (const { verb, resource, fails, shows } of table) {
  scenario(`without ${verb} on ${resource} ${fails}`, async (world) => {
    await new IPAddresses(world.cluster).clear();
    await grant(world.cluster, user, without(rightsWithClaims(), verb, resource));
    await world.cluster.pools(pool);
    await shows(world, () => world.start({ user, flags: ['--claims'] }));
  });
}

test('the table has each verb that docs/install.md adds once', () => {
  assert.deepEqual(verbsOf([claimsRule()]), verbsIn(table));
});
