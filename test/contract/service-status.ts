import assert from 'node:assert/strict';
import { assertRefused, loadBalancer, type Rule } from './world.ts';

const invalid = { code: 422, reason: 'Invalid' } as const;
const ingress = (...list: object[]): unknown => ({ status: { loadBalancer: { ingress: list } } });

export function statusWrites(rule: Rule): void {
  rule('a status write changes only the status', async (world) => {
    await world.create('services', loadBalancer('a'));
    const patch = { ...(ingress({ ip: '192.0.2.1' }) as object), spec: { loadBalancerIP: '192.0.2.9' } };
    const { spec, status } = await world.change('services/a/status', patch);
    assert.equal(spec.loadBalancerIP, undefined);
    assert.deepEqual(status, { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } });
    assert.deepEqual((await world.read('services/a/status')).status, status);
  });

  rule('PUT of the status replaces it', async (world) => {
    const made = await world.create('services', loadBalancer('a', {}, { labels: { x: 'y' } }));
    const sent = { ...made, ...(ingress({ ip: '192.0.2.1' }, { hostname: 'example.com' }) as object) };
    const { status, body } = await world.put(world.at('services/a/status'), sent);
    assert.equal(status, 200, String(body.message));
    const expected = [{ ip: '192.0.2.1', ipMode: 'VIP' }, { hostname: 'example.com' }];
    assert.deepEqual(body.status.loadBalancer?.ingress, expected);
    assert.deepEqual(body.metadata.labels, { x: 'y' });
  });

  rule('any other write does not change the status', async (world) => {
    await world.create('services', loadBalancer('a'));
    await world.change('services/a/status', ingress({ ip: '192.0.2.1' }));
    const patch = { ...(ingress({ ip: '192.0.2.9' }) as object), metadata: { labels: { x: 'y' } } };
    const patched = await world.change('services/a', patch);
    assert.equal(patched.status.loadBalancer?.ingress?.[0]?.ip, '192.0.2.1');
    const { body } = await world.put(world.at('services/a'), loadBalancer('a'));
    assert.equal(body.status.loadBalancer?.ingress?.[0]?.ip, '192.0.2.1');
  });

  rule(
    'the ip of an ingress is an address, its hostname is not, and only a LoadBalancer has an ingress',
    async (world) => {
      await world.create('services', loadBalancer('a'));
      const at = 'status.loadBalancer.ingress';
      const ip = await world.patch(world.at('services/a/status'), ingress({ ip: '192.0.2.x' }));
      assertRefused(ip, { ...invalid, cause: { field: `${at}[0].ip` } });
      const hostname = await world.patch(world.at('services/a/status'), ingress({ hostname: '192.0.2.1' }));
      assertRefused(hostname, { ...invalid, cause: { field: `${at}[0].hostname` } });
      await world.change('services/a', { spec: { type: 'ClusterIP' } });
      const type = await world.patch(world.at('services/a/status'), ingress({ ip: '192.0.2.1' }));
      assertRefused(type, { ...invalid, cause: { field: at, reason: 'FieldValueForbidden' } });
    },
  );

  rule('a stale resourceVersion is 409 for the status too', async (world) => {
    const { metadata } = await world.create('services', loadBalancer('a'));
    await world.change('services/a', { metadata: { labels: { x: 'y' } } });
    const { resourceVersion } = metadata;
    const patch = { ...(ingress({ ip: '192.0.2.1' }) as object), metadata: { resourceVersion } };
    assertRefused(await world.patch(world.at('services/a/status'), patch), { code: 409, reason: 'Conflict' });
  });
}
