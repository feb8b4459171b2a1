import assert from 'node:assert/strict';
import { assertRefused, configMap, type Rule } from './world.ts';

const invalid = { code: 422, reason: 'Invalid' } as const;

export function configMaps(rule: Rule): void {
  rule(
    'the keys of a ConfigMap consist of letters, digits, hyphens, underscores, and dots',
    async (world) => {
      const made = await world.create('configmaps', configMap('a', { 'cidr-x.y_Z-9': '' }));
      assert.deepEqual(made.data, { 'cidr-x.y_Z-9': '' });
      const answer = await world.post(world.at('configmaps'), configMap('b', { 'a b': '' }));
      assertRefused(answer, { ...invalid, cause: { reason: 'FieldValueInvalid', field: 'data[a b]' } });
    },
  );

  rule('binaryData is base64, and shares no key with data', async (world) => {
    const binary = (value: string): unknown => ({
      metadata: { name: 'a' },
      data: { x: '' },
      binaryData: { x: value },
    });
    assertRefused(await world.post(world.at('configmaps'), binary('AAA')), {
      code: 400,
      reason: 'BadRequest',
    });
    assertRefused(await world.post(world.at('configmaps'), binary('AAAA')), {
      ...invalid,
      cause: { field: 'data[x]' },
    });
  });

  rule('the data of an immutable ConfigMap does not change', async (world) => {
    await world.create('configmaps', { ...(configMap('a', { x: '1' }) as object), immutable: true });
    const answer = await world.patch(world.at('configmaps/a'), { data: { x: '2' } });
    assertRefused(answer, { ...invalid, cause: { reason: 'FieldValueForbidden', field: 'data' } });
    await world.change('configmaps/a', { metadata: { labels: { x: 'y' } } });
  });
}

export function leases(rule: Rule): void {
  const time = '2026-01-02T03:04:05.678901Z';
  const lease = (spec: Record<string, unknown>, metadata: object = {}): unknown => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'a', ...metadata },
    spec: {
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 0,
      ...spec,
    },
  });

  rule('a Lease keeps its microseconds and its empty holder', async (world) => {
    const made = await world.create('leases', lease({}));
    assert.equal(made.kind, 'Lease');
    assert.equal(made.spec.renewTime, time);
    const { resourceVersion } = made.metadata;
    const { status, body } = await world.put(
      world.at('leases/a'),
      lease({ holderIdentity: '' }, { resourceVersion }),
    );
    assert.equal(status, 200);
    assert.deepEqual(body.spec, { ...made.spec, holderIdentity: '' });
  });

  rule('PUT of a Lease requires its resourceVersion', async (world) => {
    await world.create('leases', lease({}));
    const answer = await world.put(world.at('leases/a'), lease({}));
    assertRefused(answer, { ...invalid, cause: { field: 'metadata.resourceVersion' } });
    const stale = await world.put(world.at('leases/a'), lease({}, { resourceVersion: '1' }));
    assertRefused(stale, { code: 409, reason: 'Conflict', message: /on leases.coordination.k8s.io "a"/ });
  });

  rule('PUT creates a deleted Lease, with any resourceVersion, unless it has a uid', async (world) => {
    const { metadata } = await world.create('leases', lease({}));
    await world.delete(world.at('leases/a'));
    const { uid, resourceVersion } = metadata;
    const answer = await world.put(world.at('leases/a'), lease({}, { uid, resourceVersion }));
    const message = `Precondition failed: UID in precondition: ${uid}, UID in object meta: `;
    assertRefused(answer, { code: 409, reason: 'Conflict', message: new RegExp(`${message}$`) });
    const { status, body } = await world.put(world.at('leases/a'), lease({}, { resourceVersion }));
    assert.equal(status, 201);
    assert.notEqual(body.metadata.uid, uid);
    assert.notEqual(body.metadata.resourceVersion, resourceVersion);
  });

  rule('the times of a Lease have six decimal places, and its duration is positive', async (world) => {
    const short = await world.post(world.at('leases'), lease({ renewTime: '2026-01-02T03:04:05Z' }));
    assertRefused(short, { code: 400, reason: 'BadRequest', message: /parsing time/ });
    const zero = await world.post(world.at('leases'), lease({ leaseDurationSeconds: 0 }));
    assertRefused(zero, { ...invalid, cause: { field: 'spec.leaseDurationSeconds' } });
  });
}

export function events(rule: Rule): void {
  rule('an Event is in the namespace of its object', async (world) => {
    const event = (namespace: string): unknown => ({
      metadata: { generateName: 'web.' },
      involvedObject: { kind: 'Service', namespace, name: 'web', uid: 'u' },
      reason: 'EnsuredLoadBalancer',
      message: 'done',
      type: 'Normal',
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:04:05Z',
      count: 1,
      source: { component: 'test' },
    });
    const made = await world.create('events', event(world.namespace));
    const { name } = made.metadata;
    assert.equal(made.reason, 'EnsuredLoadBalancer');
    assert.equal((await world.change(`events/${name}`, { count: 2 })).count, 2);
    const answer = await world.post(world.at('events'), event('elsewhere'));
    assertRefused(answer, { ...invalid, cause: { field: 'involvedObject.namespace' } });
  });
}

export function nodes(rule: Rule): void {
  rule('a Node is cluster-scoped, and a list has its addresses', async (world) => {
    const addresses = [
      { type: 'InternalIP', address: world.address(1) },
      { type: 'Hostname', address: world.namespace },
    ];
    const node = {
      metadata: { name: world.namespace, labels: { rule: world.namespace } },
      status: { addresses },
    };
    const made = await world.create('nodes', node);
    assert.deepEqual([made.kind, made.metadata.namespace], ['Node', undefined]);
    const { body } = await world.get(`/api/v1/nodes?labelSelector=rule%3D${world.namespace}`);
    assert.equal(body.kind, 'NodeList');
    assert.deepEqual(
      body.items.map(({ metadata, status }) => [metadata.name, status.addresses]),
      [[world.namespace, addresses]],
    );
    const within = await world.get(`/api/v1/namespaces/${world.namespace}/nodes`);
    assertRefused(within, { code: 404, reason: 'NotFound' });
    await world.delete(world.at(`nodes/${world.namespace}`));
  });
}
