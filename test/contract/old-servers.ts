import assert from 'node:assert/strict';
import { assertRefused, loadBalancer, type Rule } from './world.ts';

/** What older Kubernetes releases do instead. The embedded API is like the newest one. */
export function oldServers(rule: Rule): void {
  rule(
    'a field selector with the type of a Service is 400, in a list and in a watch',
    async (world) => {
      await world.create('services', loadBalancer('a'));
      const refusal = {
        code: 400,
        reason: 'BadRequest',
        message: /^"spec\.type" is not a known field selector/,
      };
      for (const selector of ['spec.type=LoadBalancer', 'spec.type!=LoadBalancer']) {
        const path = `services?fieldSelector=${encodeURIComponent(selector)}`;
        assertRefused(await world.get(world.at(path)), refusal);
        assertRefused(await world.get(world.at(`${path}&watch=1`)), refusal);
      }
    },
    { before: 31 },
  );

  rule(
    'IPAddress of networking.k8s.io/v1 does not exist',
    async (world) => {
      const answer = await world.get('/apis/networking.k8s.io/v1/ipaddresses');
      assert.equal(answer.status, 404);
      assert.equal(answer.body.reason, 'NotFound');
    },
    { before: 33 },
  );
}
