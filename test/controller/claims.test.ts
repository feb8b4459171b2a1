import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aMoment, until } from '../client/fake-clock.ts';
import { Harness, type Interception } from './harness.ts';

const conflict: Interception = { status: 409, body: { kind: 'Status', reason: 'Conflict', code: 409 } };
const notFound: Interception = { status: 404, body: { kind: 'Status', reason: 'NotFound', code: 404 } };

function isOne({ path }: { readonly path: string }): boolean {
  return /\/ipaddresses\/[^?]+/.test(path);
}

test('a claim that the API server returns in an older version is requested once, then retried with back-off', async () => {
  const harness = new Harness({ claims: true });
  harness.pools({ 'range-global': '10.0.0.1', 'allow-share-global': 'true' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  // As after etcd was restored from a backup, until the watches notice it.
  const [now] = harness.api.objects('ipaddresses');
  assert.ok(now);
  const old = { ...now, metadata: { ...now.metadata, resourceVersion: '1' } };
  let patches = 0;
  harness.onClaimRequest = (request) => {
    if (!isOne(request)) return 'pass';
    if (request.method === 'GET') return { status: 200, body: old };
    patches += 1;
    return conflict;
  };
  harness.load('default/joins', { spec: { ports: [{ port: 81, protocol: 'TCP' }] } });
  await until(() => patches > 0, 'the claim is requested');
  await aMoment();
  assert.equal(patches, 1);
  harness.onClaimRequest = () => 'pass';
  harness.clock.advance(60_000);
  await harness.settled();
  assert.deepEqual(harness.writes, ['PATCH default/web', 'PATCH default/joins']);
  await harness.stop();
});

test('a claim that another client deletes at the same time is not a failure', async () => {
  const harness = new Harness({ claims: true });
  harness.pools({ 'range-global': '10.0.0.1' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  let reads = 0;
  harness.onClaimRequest = (request) => {
    if (!isOne(request)) return 'pass';
    if (request.method !== 'GET') return conflict;
    reads += 1;
    return notFound;
  };
  await harness.request('DELETE', 'default/services/web');
  await until(() => reads > 0, 'it is read again');
  await aMoment();
  assert.deepEqual(
    harness.log.lines.filter((line) => line.startsWith('warn')),
    [],
  );
  await harness.stop();
});

test('a claim whose deletion fails without a reason is deleted after a delay', async () => {
  const harness = new Harness({ claims: true });
  harness.pools({ 'range-global': '10.0.0.1' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  let deletions = 0;
  harness.onClaimRequest = (request) => {
    if (request.method !== 'DELETE') return 'pass';
    deletions += 1;
    return deletions === 1 ? conflict : 'pass';
  };
  await harness.request('DELETE', 'default/services/web');
  await until(() => deletions > 0, 'its deletion is requested');
  await aMoment();
  assert.equal(harness.api.objects('ipaddresses').length, 1);
  harness.clock.advance(3_000);
  await until(() => deletions > 1, 'the deletion is retried');
  await until(() => harness.api.objects('ipaddresses').length === 0, 'it is deleted');
  await harness.stop();
});

/** The last holder that the tombstone of the address names, or what else is there. */
function lastHolder(harness: Harness): string {
  const [object] = harness.api.objects('ipaddresses');
  const text = object?.metadata.annotations?.['kube-vip.io/claim'];
  if (text === undefined) return 'nothing';
  const { last } = JSON.parse(text) as { last?: { service: string } };
  return last?.service ?? 'a claim';
}

test('the claim of a freed address becomes a tombstone, and is deleted when it expires, without any other event', async () => {
  const harness = new Harness({ claims: true });
  harness.pools({ 'range-global': '10.0.0.1', sticky: '2h' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  await harness.request('DELETE', 'default/services/web');
  await until(() => lastHolder(harness) === 'default/web', 'the tombstone is written');
  for (let minutes = 0; minutes < 130; minutes += 10) harness.clock.advance(10 * 60_000);
  await until(() => lastHolder(harness) === 'nothing', 'it is deleted');
  await harness.stop();
});

test('a tombstone that another client changes at the same time is not a failure, and one that is refused is written after a delay', async () => {
  const harness = new Harness({ claims: true });
  harness.pools({ 'range-global': '10.0.0.1', sticky: '2h' });
  harness.load('default/web');
  harness.start();
  await harness.settled();
  let patches = 0;
  harness.onClaimRequest = (request) => {
    if (!isOne(request) || request.method !== 'PATCH') return 'pass';
    patches += 1;
    return patches === 1 ? conflict : 'pass';
  };
  await harness.request('DELETE', 'default/services/web');
  await until(() => patches > 0, 'it is requested');
  await aMoment();
  harness.clock.advance(3_000);
  await until(() => lastHolder(harness) === 'default/web', 'it is written');
  harness.load('default/other');
  await harness.settled();
  assert.equal(lastHolder(harness), 'a claim');
  await harness.stop();
});
