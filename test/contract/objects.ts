import assert from 'node:assert/strict';
import { assertRefused, configMap, loadBalancer, type Rule } from './world.ts';

const invalid = { code: 422, reason: 'Invalid' } as const;
const conflict = { code: 409, reason: 'Conflict' } as const;

export function creating(rule: Rule): void {
  rule('a new object gets a uid, a resourceVersion, and a creation time in whole seconds', async (world) => {
    const { metadata, kind, apiVersion } = await world.create('configmaps', configMap('a', { k: 'v' }));
    assert.deepEqual({ kind, apiVersion }, { kind: 'ConfigMap', apiVersion: 'v1' });
    assert.equal(metadata.namespace, world.namespace);
    assert.match(metadata.uid ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(metadata.resourceVersion ?? '', /^[1-9]\d*$/);
    assert.match(metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual(await world.read('configmaps/a'), await world.read('configmaps/a'));
    assert.equal((await world.read('configmaps/a')).metadata.uid, metadata.uid);
  });

  rule('every write increases the resourceVersion', async (world) => {
    const first = await world.create('configmaps', configMap('a'));
    const second = await world.create('services', loadBalancer('a'));
    const third = await world.change('configmaps/a', { data: { k: 'v' } });
    const order = [first, second, third].map(({ metadata }) => BigInt(metadata.resourceVersion ?? 0));
    assert.deepEqual(
      order,
      [...order].sort((a, b) => (a < b ? -1 : 1)),
    );
    assert.equal(new Set(order).size, 3);
  });

  rule('uid, times, and status in a creation are dropped', async (world) => {
    const past = '2020-01-01T00:00:00Z';
    const metadata = { uid: 'mine', creationTimestamp: past, deletionTimestamp: past };
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
    const sent = { ...(loadBalancer('a', {}, metadata) as object), status };
    const made = await world.create('services', sent);
    assert.notEqual(made.metadata.uid, 'mine');
    assert.notEqual(made.metadata.creationTimestamp, past);
    assert.equal(made.metadata.deletionTimestamp, undefined);
    assert.deepEqual(made.status, { loadBalancer: {} });
  });

  rule('unknown fields are dropped, and empty ones are omitted', async (world) => {
    const sent = { ...(configMap('a', {}, { labels: {}, annotations: {} }) as object), nonsense: 1 };
    const made = await world.create('configmaps', sent);
    assert.deepEqual(Object.keys(made).sort(), ['apiVersion', 'kind', 'metadata']);
    assert.equal(made.metadata.labels, undefined);
    assert.equal(made.metadata.annotations, undefined);
  });

  rule('null means absent', async (world) => {
    const sent = { metadata: { name: 'a', labels: null, creationTimestamp: null }, data: null };
    const made = await world.create('configmaps', sent);
    assert.equal(made.metadata.labels, undefined);
    assert.equal(made.data, undefined);
  });

  rule('an existing name is 409 AlreadyExists', async (world) => {
    await world.create('configmaps', configMap('a'));
    const again = await world.post(world.at('configmaps'), configMap('a'));
    assertRefused(again, { code: 409, reason: 'AlreadyExists', message: /^configmaps "a" already exists$/ });
    assert.partialDeepStrictEqual(again.body.details, { name: 'a', kind: 'configmaps' });
  });

  rule('generateName gets a suffix', async (world) => {
    const made = await world.create('configmaps', { metadata: { generateName: 'some-' } });
    assert.match(made.metadata.name ?? '', /^some-[a-z0-9]{5}$/);
  });

  rule('an object without a name, or with one that is not a DNS name, is 422', async (world) => {
    const cause = { reason: 'FieldValueRequired', field: 'metadata.name' };
    assertRefused(await world.post(world.at('configmaps'), { metadata: {} }), { ...invalid, cause });
    const bad = await world.post(world.at('configmaps'), configMap('Not_This'));
    assertRefused(bad, { ...invalid, cause: { reason: 'FieldValueInvalid', field: 'metadata.name' } });
  });

  rule('a creation with a resourceVersion is rejected', async (world) => {
    const answer = await world.post(world.at('configmaps'), configMap('a', {}, { resourceVersion: '12' }));
    assertRefused(answer, { code: 500, message: /resourceVersion should not be set/ });
  });

  rule('an object with another namespace or kind than the path is 400', async (world) => {
    const elsewhere = await world.post(
      world.at('configmaps'),
      configMap('a', {}, { namespace: 'elsewhere' }),
    );
    assertRefused(elsewhere, {
      code: 400,
      reason: 'BadRequest',
      message: /namespace of the provided object/,
    });
    const kind = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const other = await world.post(world.at('services'), kind);
    assertRefused(other, { code: 400, reason: 'BadRequest', message: /cannot be handled as a Service/ });
  });

  rule('a body that is not JSON is 400, and one of an unknown media type is 415', async (world) => {
    const torn = await world.post(world.at('configmaps'), '{"metadata":{"name":"a"');
    assertRefused(torn, { code: 400, reason: 'BadRequest' });
    const odd = await world.post(world.at('configmaps'), '{}', { 'content-type': 'application/odd' });
    assertRefused(odd, { code: 415, reason: 'UnsupportedMediaType' });
  });

  rule(
    'a label, an annotation, or a data value that is not a string is 400, and the message names it',
    async (world) => {
      const labels = await world.post(
        world.at('configmaps'),
        configMap('a', {}, { labels: { x: true } } as never),
      );
      const field = (path: string): RegExp =>
        new RegExp(`cannot unmarshal bool into Go struct field ${path} of type string$`);
      assertRefused(labels, {
        code: 400,
        reason: 'BadRequest',
        message: field('ObjectMeta.metadata.labels'),
      });
      const data = await world.post(world.at('configmaps'), configMap('a', { 'skip-end-ips-in-cidr': true }));
      assertRefused(data, { code: 400, reason: 'BadRequest', message: field('ConfigMap.data') });
    },
  );

  rule('an invalid label is 422', async (world) => {
    const key = await world.post(world.at('configmaps'), configMap('a', {}, { labels: { 'a b': 'c' } }));
    assertRefused(key, { ...invalid, cause: { field: 'metadata.labels' } });
    const value = await world.post(world.at('configmaps'), configMap('a', {}, { labels: { a: 'b c' } }));
    assertRefused(value, { ...invalid, cause: { field: 'metadata.labels' } });
    const annotation = await world.post(
      world.at('configmaps'),
      configMap('a', {}, { annotations: { 'a b': '' } }),
    );
    assertRefused(annotation, { ...invalid, cause: { field: 'metadata.annotations' } });
  });

  rule('a missing object or path is 404', async (world) => {
    const object = await world.get(world.at('services/nothing'));
    assertRefused(object, { code: 404, reason: 'NotFound', message: /^services "nothing" not found$/ });
    assert.partialDeepStrictEqual(object.body.details, { name: 'nothing', kind: 'services' });
    const lease = await world.get(world.at('leases/nothing'));
    assertRefused(lease, {
      code: 404,
      reason: 'NotFound',
      message: /^leases.coordination.k8s.io "nothing" not found$/,
    });
    assertRefused(await world.get('/api/v1/nothings'), { code: 404, reason: 'NotFound' });
    assertRefused(await world.get(world.at('configmaps/a/status')), { code: 404, reason: 'NotFound' });
  });
}

export function replacing(rule: Rule): void {
  rule('PUT replaces the object, and removes fields that it omits', async (world) => {
    const made = await world.create('configmaps', configMap('a', { k: 'v' }, { labels: { x: 'y' } }));
    const { status, body } = await world.put(world.at('configmaps/a'), configMap('a', { l: 'w' }));
    assert.equal(status, 200);
    assert.deepEqual(body.data, { l: 'w' });
    assert.equal(body.metadata.labels, undefined);
    assert.equal(body.metadata.uid, made.metadata.uid);
    assert.equal(body.metadata.creationTimestamp, made.metadata.creationTimestamp);
  });

  rule('PUT with a stale resourceVersion is 409, and with the current one it succeeds', async (world) => {
    const made = await world.create('configmaps', configMap('a'));
    const { resourceVersion } = made.metadata;
    const current = await world.put(
      world.at('configmaps/a'),
      configMap('a', { k: '1' }, { resourceVersion }),
    );
    assert.equal(current.status, 200);
    const stale = await world.put(world.at('configmaps/a'), configMap('a', { k: '2' }, { resourceVersion }));
    assertRefused(stale, { ...conflict, message: /the object has been modified; please apply your changes/ });
    assert.partialDeepStrictEqual(stale.body.details, { name: 'a', kind: 'configmaps' });
  });

  rule('PUT with another uid is 409, and with another name than the path, or none, is 400', async (world) => {
    await world.create('services', loadBalancer('a'));
    const uid = await world.put(world.at('services/a'), loadBalancer('a', {}, { uid: 'other' }));
    assertRefused(uid, { ...conflict, message: /UID in precondition: other/ });
    const name = await world.put(world.at('services/a'), loadBalancer('b'));
    assertRefused(name, { code: 400, reason: 'BadRequest', message: /the name of the object \(b\)/ });
    const nameless = await world.put(world.at('services/a'), loadBalancer(''));
    const message = /^the name of the object \(a based on URL\) was undeterminable: name must be provided$/;
    assertRefused(nameless, { code: 400, reason: 'BadRequest', message });
    const removed = await world.patch(world.at('services/a'), { metadata: { name: null } });
    assertRefused(removed, { code: 400, reason: 'BadRequest', message });
  });

  rule('PUT creates a missing Service, but not a missing ConfigMap', async (world) => {
    assert.equal((await world.put(world.at('services/a'), loadBalancer('a'))).status, 201);
    const config = await world.put(world.at('configmaps/a'), configMap('a'));
    assertRefused(config, { code: 404, reason: 'NotFound' });
  });
}
