import assert from 'node:assert/strict';
import { assertRefused, configMap, loadBalancer, type Rule } from './world.ts';

const invalid = { code: 422, reason: 'Invalid' } as const;
const conflict = { code: 409, reason: 'Conflict' } as const;

export function deleting(rule: Rule): void {
  rule(
    'DELETE returns a deleted Service, but a Status with the uid of a deleted ConfigMap',
    async (world) => {
      const service = await world.create('services', loadBalancer('a'));
      const deleted = await world.delete(world.at('services/a'));
      assert.equal(deleted.status, 200);
      assert.equal(deleted.body.kind, 'Service');
      assert.equal(deleted.body.metadata.uid, service.metadata.uid);
      const { metadata } = await world.create('configmaps', configMap('a'));
      const { status, body } = await world.delete(world.at('configmaps/a'));
      assert.equal(status, 200);
      assert.partialDeepStrictEqual(body, {
        kind: 'Status',
        status: 'Success',
        details: { name: 'a', uid: metadata.uid },
      });
    },
  );

  rule('a deleted object is 404, also for a second DELETE, and its name is available', async (world) => {
    const { metadata } = await world.create('services', loadBalancer('a'));
    await world.delete(world.at('services/a'));
    assertRefused(await world.get(world.at('services/a')), { code: 404, reason: 'NotFound' });
    assertRefused(await world.delete(world.at('services/a')), { code: 404, reason: 'NotFound' });
    const again = await world.create('services', loadBalancer('a'));
    assert.notEqual(again.metadata.uid, metadata.uid);
  });

  rule('a deletion with a wrong precondition is 409', async (world) => {
    const { metadata } = await world.create('services', loadBalancer('a'));
    const uid = await world.delete(world.at('services/a'), { preconditions: { uid: 'other' } });
    assertRefused(uid, conflict);
    const version = await world.delete(world.at('services/a'), { preconditions: { resourceVersion: '1' } });
    assertRefused(version, conflict);
    const right = await world.delete(world.at('services/a'), { preconditions: { uid: metadata.uid } });
    assert.equal(right.status, 200);
  });

  rule('an object with a finalizer is only marked as deleted', async (world) => {
    const made = await world.create('services', loadBalancer('a', {}, { finalizers: ['example.com/wait'] }));
    const { status, body } = await world.delete(world.at('services/a'));
    assert.equal(status, 200);
    assert.match(body.metadata.deletionTimestamp ?? '', /Z$/);
    assert.equal(body.metadata.deletionGracePeriodSeconds, 0);
    assert.notEqual(body.metadata.resourceVersion, made.metadata.resourceVersion);
    const again = await world.delete(world.at('services/a'));
    assert.equal(again.body.metadata.resourceVersion, body.metadata.resourceVersion);
    const taken = await world.post(world.at('services'), loadBalancer('a'));
    assertRefused(taken, { code: 409, reason: 'AlreadyExists' });
  });

  rule('an object that is marked as deleted can be changed, but gets no new finalizer', async (world) => {
    await world.create('services', loadBalancer('a', {}, { finalizers: ['example.com/wait'] }));
    const marked = await world.delete(world.at('services/a'));
    const changed = await world.change('services/a', {
      metadata: { labels: { x: 'y' }, deletionTimestamp: null },
    });
    assert.equal(changed.metadata.deletionTimestamp, marked.body.metadata.deletionTimestamp);
    const finalizers = ['example.com/wait', 'example.com/another'];
    const answer = await world.patch(world.at('services/a'), { metadata: { finalizers } });
    assertRefused(answer, {
      ...invalid,
      cause: { reason: 'FieldValueForbidden', field: 'metadata.finalizers' },
    });
  });

  rule('removing the last finalizer of an object that is marked as deleted deletes it', async (world) => {
    await world.create('services', loadBalancer('a', {}, { finalizers: ['example.com/a', 'example.com/b'] }));
    await world.delete(world.at('services/a'));
    await world.change('services/a', { metadata: { finalizers: ['example.com/b'] } });
    const last = await world.change('services/a', { metadata: { finalizers: null } });
    assert.equal(last.metadata.finalizers, undefined);
    assertRefused(await world.get(world.at('services/a')), { code: 404, reason: 'NotFound' });
  });

  rule('removing a finalizer of an object that is not marked only removes the finalizer', async (world) => {
    await world.create('services', loadBalancer('a', {}, { finalizers: ['example.com/a'] }));
    await world.change('services/a', { metadata: { finalizers: null } });
    assert.equal((await world.read('services/a')).metadata.finalizers, undefined);
  });
}
