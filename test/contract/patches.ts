import assert from 'node:assert/strict';
import { assertRefused, configMap, loadBalancer, type Rule } from './world.ts';

const invalid = { code: 422, reason: 'Invalid' } as const;
const conflict = { code: 409, reason: 'Conflict' } as const;

export function patching(rule: Rule): void {
  rule('a merge patch merges objects, deletes with null, and replaces anything else', async (world) => {
    const metadata = { labels: { keep: 'it', drop: 'it' }, finalizers: ['example.com/a', 'example.com/b'] };
    await world.create('configmaps', configMap('a', { k: 'v' }, metadata));
    const labels = { drop: null, absent: null, add: 'it' };
    const patched = await world.change('configmaps/a', {
      metadata: { labels, annotations: { 'a.b/c': 'd' }, finalizers: ['example.com/c'] },
    });
    assert.deepEqual(patched.metadata.labels, { add: 'it', keep: 'it' });
    assert.deepEqual(patched.metadata.annotations, { 'a.b/c': 'd' });
    assert.deepEqual(patched.metadata.finalizers, ['example.com/c']);
    assert.deepEqual(patched.data, { k: 'v' });
  });

  rule('a patch that changes nothing does not change the resourceVersion', async (world) => {
    const made = await world.create('services', loadBalancer('a', {}, { labels: { x: 'y' } }));
    const same = await world.change('services/a', {
      metadata: { labels: { x: 'y' } },
      spec: { type: 'LoadBalancer' },
    });
    assert.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
  });

  rule('a patch with a stale resourceVersion is 409, and with the current one it succeeds', async (world) => {
    const made = await world.create('services', loadBalancer('a'));
    const { resourceVersion } = made.metadata;
    const patch = (label: string): unknown => ({ metadata: { resourceVersion, labels: { x: label } } });
    await world.change('services/a', patch('first'));
    const stale = await world.patch(world.at('services/a'), patch('second'));
    assertRefused(stale, {
      ...conflict,
      message: /^Operation cannot be fulfilled on services "a": the object has been modified/,
    });
    assert.equal((await world.read('services/a')).metadata.labels?.x, 'first');
  });

  rule('a patch with another uid is 422 "field is immutable"', async (world) => {
    await world.create('services', loadBalancer('a'));
    const answer = await world.patch(world.at('services/a'), {
      metadata: { uid: 'other', labels: { x: 'y' } },
    });
    const cause = {
      reason: 'FieldValueInvalid',
      field: 'metadata.uid',
      message: 'Invalid value: "other": field is immutable',
    };
    assertRefused(answer, { ...invalid, cause });
    assert.equal((await world.read('services/a')).metadata.labels, undefined);
  });

  rule('a patch with the uid and the resourceVersion of the object succeeds', async (world) => {
    const { metadata } = await world.create('services', loadBalancer('a'));
    const { uid, resourceVersion } = metadata;
    const annotations = { 'kube-vip.io/loadbalancerIPs': '192.0.2.1' };
    const patch = { metadata: { uid, resourceVersion, annotations }, spec: { loadBalancerIP: '192.0.2.1' } };
    const patched = await world.change('services/a', patch);
    assert.deepEqual(patched.metadata.annotations, annotations);
    assert.equal(patched.spec.loadBalancerIP, '192.0.2.1');
  });

  rule('a patch whose result cannot be decoded is 422', async (world) => {
    await world.create('services', loadBalancer('a'));
    const answer = await world.patch(world.at('services/a'), { metadata: { annotations: { x: true } } });
    assertRefused(answer, { ...invalid, cause: { field: 'patch' }, message: /cannot unmarshal bool/ });
  });

  rule('a patch that is not a JSON object is 400, and one of an unknown media type is 415', async (world) => {
    await world.create('configmaps', configMap('a'));
    assertRefused(await world.patch(world.at('configmaps/a'), '{x'), { code: 400, reason: 'BadRequest' });
    assertRefused(await world.patch(world.at('configmaps/a'), []), { code: 400, reason: 'BadRequest' });
    const odd = await world.patch(world.at('configmaps/a'), {}, { 'content-type': 'application/odd' });
    assertRefused(odd, { code: 415, reason: 'UnsupportedMediaType' });
  });

  rule('a patch cannot rename an object, and a patch of a missing object is 404', async (world) => {
    await world.create('configmaps', configMap('a'));
    const renamed = await world.patch(world.at('configmaps/a'), { metadata: { name: 'b' } });
    assertRefused(renamed, { code: 400, reason: 'BadRequest' });
    assertRefused(await world.patch(world.at('configmaps/b'), {}), { code: 404, reason: 'NotFound' });
  });

  rule('a patch cannot remove system metadata, or change the creation time', async (world) => {
    const made = await world.create('configmaps', configMap('a'));
    const creationTimestamp = '2020-01-01T00:00:00Z';
    const patched = await world.change('configmaps/a', {
      metadata: { uid: null, namespace: null, creationTimestamp },
    });
    assert.deepEqual(patched.metadata, made.metadata);
  });

  rule('only a deletion marks an object as deleted', async (world) => {
    await world.create('configmaps', configMap('a'));
    const metadata = { deletionTimestamp: '2020-01-01T00:00:00Z' };
    const answer = await world.patch(world.at('configmaps/a'), { metadata });
    assertRefused(answer, { ...invalid, cause: { field: 'metadata.deletionTimestamp' } });
  });
}
