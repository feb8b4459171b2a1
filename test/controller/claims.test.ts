import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aMoment, until } from '../client/fake-clock.ts';
import { type Fate, Harness } from './harness.ts';

const conflict: Fate = { status: 409, body: { kind: 'Status', reason: 'Conflict', code: 409 } };
const notFound: Fate = { status: 404, body: { kind: 'Status', reason: 'NotFound', code: 404 } };

function isOne({ path }: { readonly path: string }): boolean {
  return /\/ipaddresses\/[^?]+/.test(path);
}

test('a claim that the API server shows older than it was is asked for once, and then waited for', async () => {
  const stage = new Harness({ claims: true });
  stage.pools({ 'range-global': '10.0.0.1', 'allow-share-global': 'true' });
  stage.load('default/web');
  stage.start();
  await stage.settled();
  // As after etcd was restored from a backup, until the watches find out.
  const [now] = stage.api.objects('ipaddresses');
  assert.ok(now);
  const old = { ...now, metadata: { ...now.metadata, resourceVersion: '1' } };
  let patches = 0;
  stage.claims = (request) => {
    if (!isOne(request)) return 'pass';
    if (request.method === 'GET') return { status: 200, body: old };
    patches += 1;
    return conflict;
  };
  stage.load('default/joins', { spec: { ports: [{ port: 81, protocol: 'TCP' }] } });
  await until(() => patches > 0, 'the claim is asked for');
  await aMoment();
  assert.equal(patches, 1);
  stage.claims = () => 'pass';
  stage.clock.advance(60_000);
  await stage.settled();
  assert.deepEqual(stage.writes, ['PATCH default/web', 'PATCH default/joins']);
  await stage.stop();
});

test('a claim that somebody else takes away while it is being freed is no failure', async () => {
  const stage = new Harness({ claims: true });
  stage.pools({ 'range-global': '10.0.0.1' });
  stage.load('default/web');
  stage.start();
  await stage.settled();
  let reads = 0;
  stage.claims = (request) => {
    if (!isOne(request)) return 'pass';
    if (request.method !== 'GET') return conflict;
    reads += 1;
    return notFound;
  };
  await stage.request('DELETE', 'default/services/web');
  await until(() => reads > 0, 'it is looked at');
  await aMoment();
  assert.deepEqual(
    stage.log.lines.filter((line) => line.startsWith('warn')),
    [],
  );
  await stage.stop();
});

test('a claim whose deletion is refused without a reason is dropped a little later', async () => {
  const stage = new Harness({ claims: true });
  stage.pools({ 'range-global': '10.0.0.1' });
  stage.load('default/web');
  stage.start();
  await stage.settled();
  let deletions = 0;
  stage.claims = (request) => {
    if (request.method !== 'DELETE') return 'pass';
    deletions += 1;
    return deletions === 1 ? conflict : 'pass';
  };
  await stage.request('DELETE', 'default/services/web');
  await until(() => deletions > 0, 'it is to be dropped');
  await aMoment();
  assert.equal(stage.api.objects('ipaddresses').length, 1);
  stage.clock.advance(3_000);
  await until(() => deletions > 1, 'it is tried again');
  await until(() => stage.api.objects('ipaddresses').length === 0, 'it is dropped');
  await stage.stop();
});
