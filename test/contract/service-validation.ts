import assert from 'node:assert/strict';
import { assertRefused, loadBalancer, type Rule } from './world.ts';

const invalid = { code: 422, reason: 'Invalid' } as const;

export function validating(rule: Rule): void {
  rule('an invalid Service is 422, and the first cause names the field', async (world) => {
    const port = (...ports: object[]): object => ({ ports });
    const table: [string, object, string][] = [
      ['no port', { ports: [] }, 'spec.ports'],
      ['port 0', port({ port: 0 }), 'spec.ports[0].port'],
      ['port 65536', port({ port: 65536 }), 'spec.ports[0].port'],
      ['an unknown protocol', port({ port: 1, protocol: 'ICMP' }), 'spec.ports[0].protocol'],
      ['two ports without a name', port({ port: 1 }, { port: 2, name: 'b' }), 'spec.ports[0].name'],
      ['a name twice', port({ port: 1, name: 'a' }, { port: 2, name: 'a' }), 'spec.ports[1].name'],
      ['a port twice', port({ port: 1, name: 'a' }, { port: 1, name: 'b' }), 'spec.ports[1]'],
      ['an unknown type', { type: 'Balancer' }, 'spec.type'],
      ['an unknown family', { ipFamilies: ['IPv5'] }, 'spec.ipFamilies[0]'],
      [
        'a family twice',
        { ipFamilies: ['IPv4', 'IPv4'], ipFamilyPolicy: 'PreferDualStack' },
        'spec.ipFamilies[1]',
      ],
      ['an unknown policy', { ipFamilyPolicy: 'DualStack' }, 'spec.ipFamilyPolicy'],
      ['two families, single stack', { ipFamilies: ['IPv4', 'IPv6'] }, 'spec.ipFamilyPolicy'],
      ['an unknown traffic policy', { externalTrafficPolicy: 'Global' }, 'spec.externalTrafficPolicy'],
      ['a class that is no name', { loadBalancerClass: 'a b' }, 'spec.loadBalancerClass'],
      ['a headless LoadBalancer', { clusterIP: 'None' }, 'spec.clusterIPs[0]'],
      ['a cluster address outside the range', { clusterIP: '192.0.2.1' }, 'spec.clusterIPs'],
    ];
    for (const [what, spec, field] of table) {
      const answer = await world.post(world.at('services'), loadBalancer('a', { ...spec }));
      assert.equal(answer.status, 422, `${what}: ${answer.body.message}`);
      assert.equal(answer.body.details?.causes?.[0]?.field, field, `${what}: ${answer.body.message}`);
    }
  });

  rule('the fields of a LoadBalancer are rejected for another type', async (world) => {
    const spec = { ports: [{ port: 80 }] };
    const table: [object, string][] = [
      [{ allocateLoadBalancerNodePorts: true }, 'spec.allocateLoadBalancerNodePorts'],
      [{ loadBalancerClass: 'example.com/one' }, 'spec.loadBalancerClass'],
      [{ externalTrafficPolicy: 'Cluster' }, 'spec.externalTrafficPolicy'],
    ];
    for (const [field, path] of table) {
      const answer = await world.post(world.at('services'), {
        metadata: { name: 'a' },
        spec: { ...spec, ...field },
      });
      assertRefused(answer, { ...invalid, cause: { field: path } });
    }
  });

  rule('a Service can have the same port with two protocols', async (world) => {
    const ports = [
      { name: 'tcp', port: 53 },
      { name: 'udp', port: 53, protocol: 'UDP' },
    ];
    assert.equal((await world.create('services', loadBalancer('a', { ports }))).spec.ports?.length, 2);
  });

  rule(
    'the name of a Service may start with a digit, but may not contain a dot',
    async (world) => {
      await world.create('services', loadBalancer('1a'));
      const answer = await world.post(world.at('services'), loadBalancer('a.b'));
      assertRefused(answer, { ...invalid, cause: { field: 'metadata.name' } });
    },
    { since: 36 },
  );

  rule('the first family and the cluster IP of a Service are immutable', async (world) => {
    await world.create('services', loadBalancer('a', { ipFamilyPolicy: 'PreferDualStack' }));
    const families = await world.patch(world.at('services/a'), { spec: { ipFamilies: ['IPv6', 'IPv4'] } });
    assert.equal(families.status, 422);
    const address = await world.patch(world.at('services/a'), { spec: { clusterIP: '10.96.200.1' } });
    assert.equal(address.status, 422);
    const fewer = await world.patch(world.at('services/a'), { spec: { ipFamilies: ['IPv4'] } });
    assertRefused(fewer, { ...invalid, cause: { field: 'spec.ipFamilyPolicy' } });
  });

  rule('a cluster IP is allocated once', async (world) => {
    const { spec } = await world.create('services', loadBalancer('a'));
    const { clusterIP } = spec;
    const taken = await world.post(world.at('services'), loadBalancer('b', { clusterIP }));
    assertRefused(taken, { ...invalid, cause: { field: 'spec.clusterIPs' }, message: /already allocated/ });
    await world.delete(world.at('services/a'));
    await world.create('services', loadBalancer('b', { clusterIP }));
  });
}
