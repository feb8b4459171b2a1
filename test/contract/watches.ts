import assert from 'node:assert/strict';
import type { Watch, WatchEvent } from './http.ts';
import { assertRefused, configMap, loadBalancer, type Rule, type World } from './world.ts';

const loadBalancers = 'fieldSelector=spec.type%3DLoadBalancer';

function story(events: readonly WatchEvent[]): string[] {
  return events.map(({ type, object }) => `${type} ${object.metadata.name}`);
}

async function watchNow(world: World, plural: string, query = ''): Promise<Watch> {
  const from = await world.revision(plural);
  return world.watch(world.at(`${plural}?watch=1&resourceVersion=${from}${query}`));
}

export function watching(rule: Rule): void {
  rule('a watch from a resourceVersion sends all later changes, and continues', async (world) => {
    await world.create('configmaps', configMap('before'));
    const from = await world.revision('configmaps');
    await world.create('configmaps', configMap('a'));
    await world.change('configmaps/a', { data: { x: 'y' } });
    const watch = await world.watch(world.at(`configmaps?watch=true&resourceVersion=${from}`));
    assert.equal(watch.type, 'application/json');
    const past = await watch.take(2);
    assert.deepEqual(story(past), ['ADDED a', 'MODIFIED a']);
    await world.delete(world.at('configmaps/a'));
    assert.deepEqual(story(await watch.take(1)), ['DELETED a']);
    watch.close();
  });

  rule('the object of an event is complete, with kind, apiVersion, and resourceVersion', async (world) => {
    const watch = await watchNow(world, 'configmaps');
    const made = await world.create('configmaps', configMap('a', { x: 'y' }));
    const [event] = await watch.take(1);
    assert.deepEqual(event?.object, made);
    watch.close();
  });

  rule(
    'the object of DELETED has its last content and the resourceVersion of the deletion',
    async (world) => {
      const watch = await watchNow(world, 'services');
      const made = await world.create('services', loadBalancer('a', { loadBalancerIP: '192.0.2.1' }));
      const deleted = await world.delete(world.at('services/a'));
      const [, event] = await watch.take(2);
      assert.equal(event?.type, 'DELETED');
      assert.equal(event.object.spec.loadBalancerIP, '192.0.2.1');
      assert.equal(event.object.metadata.resourceVersion, deleted.body.metadata.resourceVersion);
      assert.ok(
        BigInt(event.object.metadata.resourceVersion ?? 0) > BigInt(made.metadata.resourceVersion ?? 0),
      );
      watch.close();
    },
  );

  rule(
    'with a finalizer, a deletion is MODIFIED, and DELETED follows when the last one is removed',
    async (world) => {
      await world.create('services', loadBalancer('a', {}, { finalizers: ['example.com/wait'] }));
      const watch = await watchNow(world, 'services');
      await world.delete(world.at('services/a'));
      await world.change('services/a', { metadata: { finalizers: null } });
      const [marked, gone] = await watch.take(2);
      assert.equal(marked?.type, 'MODIFIED');
      assert.notEqual(marked.object.metadata.deletionTimestamp, undefined);
      assert.equal(gone?.type, 'DELETED');
      assert.deepEqual(gone.object.metadata.finalizers, ['example.com/wait']);
      assert.ok(
        BigInt(gone.object.metadata.resourceVersion ?? 0) >
          BigInt(marked.object.metadata.resourceVersion ?? 0),
      );
      watch.close();
    },
  );

  rule('a write that changes nothing sends no event', async (world) => {
    await world.create('configmaps', configMap('a', { x: 'y' }));
    const watch = await watchNow(world, 'configmaps');
    await world.change('configmaps/a', { data: { x: 'y' } });
    await world.create('configmaps', configMap('b'));
    assert.deepEqual(story(await watch.take(1)), ['ADDED b']);
    watch.close();
  });

  rule('a status write sends an event', async (world) => {
    await world.create('services', loadBalancer('a'));
    const watch = await watchNow(world, 'services');
    await world.change('services/a/status', { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } });
    const [event] = await watch.take(1);
    assert.equal(event?.object.status.loadBalancer?.ingress?.[0]?.ip, '192.0.2.1');
    watch.close();
  });

  rule('a watch of one namespace does not include others, and a watch of all includes all', async (world) => {
    const from = await world.revision('configmaps');
    const own = await world.watch(world.at(`configmaps?watch=1&resourceVersion=${from}`));
    const all = await world.watch(
      `/api/v1/configmaps?watch=1&resourceVersion=${from}&labelSelector=only%3D${world.namespace}`,
    );
    const metadata = { labels: { only: world.namespace } };
    const elsewhere = await world.post(
      '/api/v1/namespaces/default/configmaps',
      configMap(world.namespace, {}, metadata),
    );
    assert.equal(elsewhere.status, 201);
    await world.create('configmaps', configMap('a', {}, metadata));
    assert.deepEqual(story(await own.take(1)), ['ADDED a']);
    assert.deepEqual(story(await all.take(2)), [`ADDED ${world.namespace}`, 'ADDED a']);
    own.close();
    all.close();
  });

  rule('a watch of one name includes only that object', async (world) => {
    const watch = await watchNow(world, 'configmaps', '&fieldSelector=metadata.name%3Dkubevip');
    await world.create('configmaps', configMap('other'));
    await world.create('configmaps', configMap('kubevip'));
    await world.delete(world.at('configmaps/kubevip'));
    assert.deepEqual(story(await watch.take(2)), ['ADDED kubevip', 'DELETED kubevip']);
    watch.close();
  });
}

export function selectedWatching(rule: Rule): void {
  rule(
    'a Service that changes to another type leaves a watch of LoadBalancers as DELETED, with its previous content and the new resourceVersion',
    async (world) => {
      const spec = { loadBalancerIP: '192.0.2.1', loadBalancerClass: 'example.com/class' };
      await world.create('services', loadBalancer('a', spec));
      const watch = await watchNow(world, 'services', `&${loadBalancers}`);
      const changed = await world.change('services/a', { spec: { type: 'ClusterIP' } });
      const [event] = await watch.take(1);
      assert.equal(event?.type, 'DELETED');
      assert.equal(event.object.spec.type, 'LoadBalancer');
      assert.equal(event.object.spec.loadBalancerClass, 'example.com/class');
      assert.equal(event.object.metadata.deletionTimestamp, undefined);
      assert.equal(event.object.metadata.resourceVersion, changed.metadata.resourceVersion);
      watch.close();
    },
    { since: 31 },
  );

  rule(
    'a Service that changes to LoadBalancer enters a watch of LoadBalancers as ADDED',
    async (world) => {
      await world.create('services', { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } });
      const watch = await watchNow(world, 'services', `&${loadBalancers}`);
      await world.change('services/a', { metadata: { labels: { x: 'y' } } });
      await world.change('services/a', {
        spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false },
      });
      await world.change('services/a', { metadata: { labels: { x: 'z' } } });
      assert.deepEqual(story(await watch.take(2)), ['ADDED a', 'MODIFIED a']);
      watch.close();
    },
    { since: 31 },
  );

  rule('an object enters and leaves a watch with a label selector in the same way', async (world) => {
    const watch = await watchNow(world, 'configmaps', '&labelSelector=in');
    await world.create('configmaps', configMap('a'));
    await world.change('configmaps/a', { metadata: { labels: { in: 'sight' } } });
    await world.change('configmaps/a', { metadata: { labels: null } });
    await world.delete(world.at('configmaps/a'));
    await world.create('configmaps', configMap('b', {}, { labels: { in: 'sight' } }));
    const events = await watch.take(3);
    assert.deepEqual(story(events), ['ADDED a', 'DELETED a', 'ADDED b']);
    assert.deepEqual(events[1]?.object.metadata.labels, { in: 'sight' });
    watch.close();
  });
}

export function watchBeginning(rule: Rule): void {
  rule('a watch without a resourceVersion starts with all objects as ADDED', async (world) => {
    await world.create('configmaps', configMap('b'));
    await world.create('configmaps', configMap('a'));
    const watch = await world.watch(world.at('configmaps?watch=1'));
    assert.deepEqual(story(await watch.take(2)).sort(), ['ADDED a', 'ADDED b']);
    await world.create('configmaps', configMap('c'));
    assert.deepEqual(story(await watch.take(1)), ['ADDED c']);
    watch.close();
  });

  rule(
    'sendInitialEvents starts with all objects, and a bookmark that marks the list as complete',
    async (world) => {
      await world.create('services', loadBalancer('b'));
      await world.create('services', loadBalancer('a'));
      await world.create('services', { metadata: { name: 'c' }, spec: { ports: [{ port: 80 }] } });
      const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const watch = await world.watch(world.at(`services?watch=1&${initial}&${loadBalancers}`));
      assert.deepEqual(story(await watch.take(2)), ['ADDED a', 'ADDED b']);
      const end = await watch.next();
      assert.equal(end?.type, 'BOOKMARK');
      assert.equal(end.object.kind, 'Service');
      assert.deepEqual(end.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
      const { metadata } = await world.read('services/c');
      assert.ok(BigInt(end.object.metadata.resourceVersion ?? 0) >= BigInt(metadata.resourceVersion ?? 0));
      await world.create('services', loadBalancer('d'));
      assert.deepEqual(story(await watch.take(1)), ['ADDED d']);
      watch.close();
    },
    { since: 34 },
  );

  rule(
    'sendInitialEvents without resourceVersionMatch=NotOlderThan is 422, and so is the match alone',
    async (world) => {
      const cause = { reason: 'FieldValueForbidden', field: 'resourceVersionMatch' };
      const alone = await world.get(world.at('services?watch=1&sendInitialEvents=true'));
      assertRefused(alone, { code: 422, reason: 'Invalid', cause });
      const match = await world.get(
        world.at('services?watch=1&resourceVersion=0&resourceVersionMatch=NotOlderThan'),
      );
      assertRefused(match, { code: 422, reason: 'Invalid', cause });
    },
  );

  rule(
    'a watch from a compacted resourceVersion is one ERROR event with a Status of 410 Expired',
    async (world) => {
      const watch = await world.watch(world.at('services?watch=1&resourceVersion=1'));
      const events = await watch.rest();
      assert.equal(events.length, 1);
      assert.equal(events[0]?.type, 'ERROR');
      const { kind, code, reason, message } = events[0].object;
      assert.deepEqual({ kind, code, reason }, { kind: 'Status', code: 410, reason: 'Expired' });
      assert.match(message ?? '', /^too old resource version: 1 \(\d+\)$/);
    },
  );
}

export function watchEnding(rule: Rule): void {
  rule('a watch ends cleanly after timeoutSeconds', async (world) => {
    const from = await world.revision('configmaps');
    // Before the watch: a busy machine may not create it within the timeout.
    await world.create('configmaps', configMap('a'));
    const watch = await world.watch(world.at(`configmaps?watch=1&resourceVersion=${from}&timeoutSeconds=3`));
    assert.deepEqual(story(await watch.rest()), ['ADDED a']);
  });

  rule(
    'a watch that allows bookmarks gets one before its end, with a resourceVersion to continue from',
    async (world) => {
      const from = await world.revision('configmaps');
      const made = await world.create('configmaps', configMap('a'));
      const query = `resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=5`;
      const watch = await world.watch(world.at(`configmaps?watch=1&${query}`));
      const events = await watch.rest();
      assert.deepEqual(story(events.filter(({ type }) => type !== 'BOOKMARK')), ['ADDED a']);
      const bookmark = events.findLast(({ type }) => type === 'BOOKMARK');
      assert.ok(bookmark, 'there is a bookmark');
      const { resourceVersion, name, annotations } = bookmark.object.metadata;
      assert.equal(bookmark.object.kind, 'ConfigMap');
      assert.deepEqual({ name, annotations }, { name: undefined, annotations: undefined });
      assert.ok(BigInt(resourceVersion ?? 0) >= BigInt(made.metadata.resourceVersion ?? 0));
      await world.create('configmaps', configMap('b'));
      const next = await world.watch(world.at(`configmaps?watch=1&resourceVersion=${resourceVersion}`));
      assert.deepEqual(story(await next.take(1)), ['ADDED b']);
      next.close();
    },
  );

  rule('without allowWatchBookmarks there is no bookmark', async (world) => {
    const watch = await watchNow(world, 'configmaps', '&timeoutSeconds=3');
    assert.deepEqual(await watch.rest(), []);
  });
}
