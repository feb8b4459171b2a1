import assert from 'node:assert/strict';
import { assertRefused, loadBalancer, type Rule } from './world.ts';

const invalid = { code: 422, reason: 'Invalid' } as const;
const ingress = (...list: object[]): unknown => ({ status: { loadBalancer: { ingress: list } } });

export function defaulting(rule: Rule): void {
  rule('a Service without a type is a ClusterIP', async (world) => {
    const { spec } = await world.create('services', {
      metadata: { name: 'a' },
      spec: { ports: [{ port: 80 }] },
    });
    assert.equal(spec.type, 'ClusterIP');
    assert.equal(spec.externalTrafficPolicy, undefined);
    assert.equal(spec.allocateLoadBalancerNodePorts, undefined);
  });

  rule('a LoadBalancer gets its policies, and its ports their protocol and target', async (world) => {
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 53, protocol: 'UDP', targetPort: 'dns' },
    ];
    const { spec, status } = await world.create('services', loadBalancer('a', { ports }));
    assert.partialDeepStrictEqual(spec, {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [
        { name: 'a', port: 80, protocol: 'TCP', targetPort: 80 },
        { name: 'b', port: 53, protocol: 'UDP', targetPort: 'dns' },
      ],
    });
    assert.equal(spec.loadBalancerClass, undefined);
    assert.deepEqual(status, { loadBalancer: {} });
  });

  rule('allocateLoadBalancerNodePorts is true by default', async (world) => {
    const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] };
    const usual = await world.create('services', { metadata: { name: 'a' }, spec });
    assert.equal(usual.spec.allocateLoadBalancerNodePorts, true);
    const without = await world.create('services', loadBalancer('b'));
    assert.equal(without.spec.allocateLoadBalancerNodePorts, false);
  });

  rule('spec.loadBalancerIP is stored unchanged, and an empty one is omitted', async (world) => {
    const { spec } = await world.create('services', loadBalancer('a', { loadBalancerIP: 'nonsense' }));
    assert.equal(spec.loadBalancerIP, 'nonsense');
    assert.equal(
      (await world.change('services/a', { spec: { loadBalancerIP: '' } })).spec.loadBalancerIP,
      undefined,
    );
  });

  rule('the cluster IP of a Service has the first family, and a second one has the other', async (world) => {
    const four = await world.create('services', loadBalancer('a'));
    assert.match(four.spec.clusterIP ?? '', /^10\.(9[6-9]|10\d|11[01])\./);
    assert.deepEqual(four.spec.clusterIPs, [four.spec.clusterIP]);
    const six = await world.create('services', loadBalancer('b', { ipFamilies: ['IPv6'] }));
    assert.match(six.spec.clusterIP ?? '', /^fd00:96::/);
    assert.equal(six.spec.ipFamilyPolicy, 'SingleStack');
    const both = await world.create('services', loadBalancer('c', { ipFamilyPolicy: 'RequireDualStack' }));
    assert.match(both.spec.clusterIPs?.[1] ?? '', /^fd00:96::/);
  });

  rule('a dual-stack policy completes the families, in the order of the first one', async (world) => {
    const families = async (name: string, spec: object): Promise<string[] | undefined> =>
      (await world.create('services', loadBalancer(name, { ...spec }))).spec.ipFamilies;
    assert.deepEqual(await families('a', { ipFamilyPolicy: 'PreferDualStack' }), ['IPv4', 'IPv6']);
    assert.deepEqual(await families('b', { ipFamilyPolicy: 'RequireDualStack' }), ['IPv4', 'IPv6']);
    const six = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] };
    assert.deepEqual(await families('c', six), ['IPv6', 'IPv4']);
    const both = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] };
    assert.deepEqual(await families('d', both), ['IPv6', 'IPv4']);
  });

  rule('a change of the policy adds or removes the second family', async (world) => {
    const made = await world.create('services', loadBalancer('a'));
    const dual = await world.change('services/a', { spec: { ipFamilyPolicy: 'PreferDualStack' } });
    assert.deepEqual(dual.spec.ipFamilies, ['IPv4', 'IPv6']);
    assert.equal(dual.spec.clusterIPs?.[0], made.spec.clusterIP);
    assert.equal(dual.spec.clusterIPs?.length, 2);
    const single = await world.change('services/a', { spec: { ipFamilyPolicy: 'SingleStack' } });
    assert.deepEqual(single.spec.ipFamilies, ['IPv4']);
    assert.deepEqual(single.spec.clusterIPs, [made.spec.clusterIP]);
  });

  rule('PUT of a manifest without the allocated values keeps them', async (world) => {
    const made = await world.create('services', loadBalancer('a', { ipFamilyPolicy: 'PreferDualStack' }));
    const { status, body } = await world.put(
      world.at('services/a'),
      loadBalancer('a', { loadBalancerIP: '192.0.2.1' }),
    );
    assert.equal(status, 200, String(body.message));
    assert.deepEqual(body.spec.clusterIPs, made.spec.clusterIPs);
    assert.deepEqual(body.spec.ipFamilies, ['IPv4', 'IPv6']);
    assert.equal(body.spec.ipFamilyPolicy, 'PreferDualStack');
  });
}

export function typeChanges(rule: Rule): void {
  rule(
    'leaving type LoadBalancer clears the status and drops the class, but keeps spec.loadBalancerIP, labels, and annotations',
    async (world) => {
      const annotations = { 'kube-vip.io/loadbalancerIPs': '192.0.2.1' };
      const metadata = { annotations, labels: { implementation: 'kube-vip' } };
      const spec = { loadBalancerIP: '192.0.2.1', loadBalancerClass: 'kube-vip.io/kube-vip-class' };
      const made = await world.create('services', loadBalancer('a', spec, metadata));
      await world.change('services/a/status', ingress({ ip: '192.0.2.1' }));
      const left = await world.change('services/a', { spec: { type: 'ClusterIP' } });
      assert.deepEqual(left.status, { loadBalancer: {} });
      assert.equal(left.spec.loadBalancerClass, undefined);
      assert.equal(left.spec.externalTrafficPolicy, undefined);
      assert.equal(left.spec.allocateLoadBalancerNodePorts, undefined);
      assert.equal(left.spec.loadBalancerIP, '192.0.2.1');
      assert.equal(left.spec.clusterIP, made.spec.clusterIP);
      assert.partialDeepStrictEqual(left.metadata, metadata);
    },
  );

  rule(
    'a Service returns to type LoadBalancer without a class, and may set one in the same write',
    async (world) => {
      await world.create('services', loadBalancer('a', { loadBalancerClass: 'example.com/one' }));
      await world.change('services/a', { spec: { type: 'ClusterIP' } });
      const spec = {
        type: 'LoadBalancer',
        allocateLoadBalancerNodePorts: false,
        loadBalancerClass: 'example.com/two',
      };
      const back = await world.change('services/a', { spec });
      assert.equal(back.spec.loadBalancerClass, 'example.com/two');
      assert.equal(back.spec.externalTrafficPolicy, 'Cluster');
    },
  );

  rule('an ExternalName Service has no cluster IP and no family', async (world) => {
    await world.create('services', loadBalancer('a'));
    const left = await world.change('services/a', {
      spec: { type: 'ExternalName', externalName: 'example.com' },
    });
    assert.deepEqual(
      [left.spec.clusterIP, left.spec.clusterIPs, left.spec.ipFamilies],
      [undefined, undefined, undefined],
    );
    const spec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false };
    const back = await world.change('services/a', { spec });
    assert.deepEqual(back.spec.ipFamilies, ['IPv4']);
    assert.match(back.spec.clusterIP ?? '', /^10\./);
  });

  rule('the class of a LoadBalancer is immutable, whether it is set or absent', async (world) => {
    const cause = { field: 'spec.loadBalancerClass', reason: 'FieldValueInvalid' };
    await world.create('services', loadBalancer('a', { loadBalancerClass: 'example.com/one' }));
    await world.create('services', loadBalancer('b'));
    for (const [name, loadBalancerClass] of [
      ['a', 'example.com/two'],
      ['a', null],
      ['b', 'example.com/one'],
    ]) {
      const answer = await world.patch(world.at(`services/${name}`), { spec: { loadBalancerClass } });
      assertRefused(answer, { ...invalid, cause, message: /may not change once set/ });
    }
  });
}
