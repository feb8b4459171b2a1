/** `--publish-status`: the state of the pools in a ConfigMap beside theirs (spec section 12). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { HttpRequest } from '../../src/client/transport.ts';
import type { ConfigMap } from '../../src/core/model/objects.ts';
import { hasPools } from '../../src/manifest/cluster-objects.ts';
import { pass, until } from '../client/fake-clock.ts';
import { Harness, type Interception } from './harness.ts';
import { createCluster, election, TestReplica } from './replica.ts';

const path = 'kube-system/configmaps/kubevip-status';

function conflict(): Interception {
  return { status: 409, body: { kind: 'Status', reason: 'Conflict', code: 409 } };
}

function forbidden({ method }: HttpRequest): Interception {
  const verb = { GET: 'get', POST: 'create', PUT: 'update' }[method as 'GET' | 'POST' | 'PUT'];
  const message = `configmaps "kubevip-status" is forbidden: User "limited" cannot ${verb} resource "configmaps" in API group "" in the namespace "kube-system"`;
  return { status: 403, body: { kind: 'Status', reason: 'Forbidden', code: 403, message } };
}

function statusIn(api: Harness['api']): ConfigMap | undefined {
  const all = api.objects('configmaps') as readonly ConfigMap[];
  return all.find(({ metadata }) => metadata.name === 'kubevip-status');
}

/** A controller that publishes, and its requests: `PUT`, in the order in which they were sent. */
function publishing(pools: Record<string, string> = { 'range-global': '10.0.0.1-10.0.0.2' }) {
  const harness = new Harness();
  harness.publishStatus = true;
  harness.pools(pools);
  const requests: string[] = [];
  const answers: Interception[] = [];
  harness.onStatusRequest = ({ method }) => {
    requests.push(method);
    return answers.shift() ?? 'pass';
  };
  return {
    harness,
    requests,
    answers,
    status: () => statusIn(harness.api),
    entry: (key: string): unknown => parse(statusIn(harness.api)?.data?.[`status.${key}`] ?? 'null'),
    warnings: () => harness.log.lines.filter((line) => line.startsWith('warn')),
  };
}

test('the state of each pool is published, with its problems', async () => {
  const { harness, status, entry } = publishing({
    'pool.internal': '10.0.0.0/29, 10.0.0.x',
    'exclude.internal': '10.0.0.1',
    'pools-shop': 'internal',
    'reserve-shop': 'db=10.0.0.6',
    'range-full': '10.1.0.1',
    'cdir-lab': '10.2.0.0/24',
  });
  for (const name of ['shop/a', 'shop/b', 'full/a', 'full/b', 'full/c']) harness.load(name);
  harness.start();
  await harness.settled();
  await pass(harness.clock, 10_000);
  assert.deepEqual(Object.keys(status()?.data ?? {}).sort(), [
    'problems',
    'status.pool.internal',
    'status.range-full',
  ]);
  assert.deepEqual(entry('range-full'), { size: 1, used: 1, free: 0, excluded: 0, reserved: 0, pending: 2 });
  const { problems, ...counts } = entry('pool.internal') as { problems: string[] };
  assert.deepEqual(counts, { size: 5, used: 2, free: 2, excluded: 1, reserved: 1, pending: 0 });
  assert.match(problems.join(), /^pool\.internal: "10\.0\.0\.x"/);
  assert.match(status()?.data?.problems ?? '', /cdir-lab/);
  await harness.stop();
});

test('without the flag there is no request', async () => {
  const { harness, requests } = publishing();
  harness.publishStatus = false;
  harness.load('default/web');
  harness.start();
  await harness.settled();
  await pass(harness.clock, 120_000, 20_000);
  assert.deepEqual(requests, []);
  await harness.stop();
});

test('there is at most one write in five seconds, and none if nothing has changed', async () => {
  const { harness, requests, entry } = publishing();
  harness.start();
  await until(() => requests.length === 2, 'it is published');
  assert.deepEqual(requests, ['GET', 'POST']);
  await harness.create('default/a');
  await harness.settled();
  await pass(harness.clock, 4_500);
  await harness.create('default/b');
  await harness.settled();
  assert.deepEqual(requests, ['GET', 'POST']);
  await pass(harness.clock, 500);
  await until(() => requests.length === 3, 'the change is published');
  assert.deepEqual(entry('range-global'), {
    size: 2,
    used: 2,
    free: 0,
    excluded: 0,
    reserved: 0,
    pending: 0,
  });
  await pass(harness.clock, 50_000, 10_000);
  assert.deepEqual(requests, ['GET', 'POST', 'PUT']);
  await harness.stop();
});

test('a changed ConfigMap with the same state is not written', async () => {
  const { harness, requests } = publishing();
  harness.start();
  await until(() => requests.length === 2, 'it is published');
  await harness.request('PATCH', 'kube-system/configmaps/kubevip', { data: { 'search-order': 'desc' } });
  await harness.settled();
  await pass(harness.clock, 20_000, 5_000);
  assert.deepEqual(requests, ['GET', 'POST']);
  await harness.stop();
});

test('it is restored after it was deleted or edited, and keeps the labels of others', async () => {
  const { harness, requests, status } = publishing();
  harness.start();
  await until(() => requests.length === 2, 'it is published');
  const data = status()?.data;
  const edit = {
    metadata: { labels: { team: 'network' } },
    data: { 'status.range-global': 'edited', mine: '1' },
  };
  await harness.request('PATCH', path, edit);
  await pass(harness.clock, 65_000, 13_000);
  await until(() => requests.length === 4, 'it is restored');
  assert.deepEqual([status()?.data, status()?.metadata.labels], [data, { team: 'network' }]);
  await harness.request('DELETE', path);
  await harness.create('default/a');
  await pass(harness.clock, 20_000, 5_000);
  await until(() => status() !== undefined, 'it is created again');
  assert.deepEqual(requests, ['GET', 'POST', 'GET', 'PUT', 'PUT', 'GET', 'POST']);
  await harness.stop();
});

test('after a conflict it is read again', async () => {
  const { harness, requests, answers, entry, warnings } = publishing();
  harness.start();
  await until(() => requests.length === 2, 'it is published');
  answers.push(conflict());
  await harness.create('default/a');
  await pass(harness.clock, 15_000, 5_000);
  await until(() => requests.length === 5, 'it is written');
  assert.deepEqual(requests, ['GET', 'POST', 'PUT', 'GET', 'PUT']);
  assert.deepEqual(entry('range-global'), {
    size: 2,
    used: 1,
    free: 1,
    excluded: 0,
    reserved: 0,
    pending: 0,
  });
  assert.deepEqual(warnings(), []);
  await harness.stop();
});

test('a write without an answer is not repeated before the ConfigMap is read', async () => {
  const { harness, requests, answers, status } = publishing();
  answers.push('pass', 'lost after');
  harness.start();
  await until(() => requests.length === 2, 'it is created');
  await pass(harness.clock, 20_000, 5_000);
  await until(() => requests.length === 3, 'it is read');
  await pass(harness.clock, 20_000, 5_000);
  assert.deepEqual(requests, ['GET', 'POST', 'GET']);
  assert.notEqual(status(), undefined);
  await harness.stop();
});

for (const verb of ['get', 'create', 'update'] as const)
  test(`a missing permission to ${verb} it is reported once, and does not stop anything`, async () => {
    const { harness, requests, status, warnings } = publishing();
    const method = { get: 'GET', create: 'POST', update: 'PUT' }[verb];
    let isForbidden = true;
    harness.onStatusRequest = (request) => {
      requests.push(request.method);
      return isForbidden && request.method === method ? forbidden(request) : 'pass';
    };
    harness.start();
    await harness.settled();
    await pass(harness.clock, 10_000, 5_000);
    await harness.create('default/a');
    await harness.settled();
    assert.equal(harness.address('default/a'), '10.0.0.1');
    await pass(harness.clock, 180_000, 20_000);
    assert.equal(warnings().length, 1);
    assert.match(
      warnings()[0] ?? '',
      new RegExp(
        `Cannot publish the state of the pools\\. Grant the verb "${verb}" on configmaps in the Role of the controller: .*cannot ${verb} resource "configmaps"`,
      ),
    );
    isForbidden = false;
    await pass(harness.clock, 60_000, 20_000);
    await until(
      () => status()?.data?.['status.range-global']?.includes('used: 1') === true,
      'it is published',
    );
    await harness.stop();
  });

for (const [title, published] of [
  ['the pools of another controller', {}],
  ['the state of another controller', { annotations: { 'kube-vip.io/published-by': 'another' } }],
] as const)
  test(`a ConfigMap with ${title} is never written`, async () => {
    const { harness, requests, status, warnings } = publishing();
    const metadata = { namespace: 'kube-system', name: 'kubevip-status', ...published };
    const data = { 'cidr-global': '10.9.0.0/24' };
    harness.api.load({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    harness.load('default/web');
    harness.start();
    await harness.settled();
    await pass(harness.clock, 180_000, 20_000);
    assert.deepEqual(status()?.data, data);
    assert.ok(requests.every((method) => method === 'GET'));
    assert.equal(warnings().length, 1);
    assert.match(warnings()[0] ?? '', /ConfigMap kube-system\/kubevip-status .* so it is not changed/);
    await harness.stop();
  });

test('of many pools the first are published, and the others are counted', async () => {
  const pools = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, i) => [
      `pool.p${i}`,
      `10.${i >> 8}.${i & 255}.0/28, ${'x'.repeat(90)}`,
    ]),
  );
  const { harness, status } = publishing(pools);
  harness.start();
  await until(() => status() !== undefined, 'it is published');
  const { data = {} } = status() ?? {};
  const entries = Object.keys(data).filter((key) => key.startsWith('status.'));
  assert.ok(entries.length > 500);
  assert.equal(Number(data['omitted-pools']) + entries.length, 5_000);
  const bytes = Object.entries(data).reduce((sum, [key, text]) => sum + Buffer.byteLength(key + text), 0);
  assert.ok(bytes < 1_000_000, `${bytes} bytes`);
  await harness.stop();
});

test('no key can be read as a pool', async () => {
  const { harness, status } = publishing({
    'pool.a': '10.0.0.1',
    'cidr-global': '10.0.0.2/32',
    'range-b': '1',
  });
  harness.start();
  await until(() => status() !== undefined, 'it is published');
  assert.equal(hasPools(Object.keys(status()?.data ?? {})), false);
  await harness.stop();
});

test('only the leader publishes, and the next one goes on', async () => {
  const { clock, api, load } = createCluster('10.0.0.1-10.0.0.9');
  const replica = (identity: string): TestReplica => new TestReplica(api, clock, identity, election, true);
  const writesOf = ({ requests }: TestReplica): string[] =>
    requests.filter((one) => one.path.includes('kubevip-status')).map(({ method }) => method);
  const first = replica('first').start();
  await until(() => statusIn(api) !== undefined, 'the leader publishes');
  const standby = replica('standby').start();
  load('default/web');
  await pass(clock, 10_000, 2_000);
  await until(() => statusIn(api)?.data?.['status.range-global']?.includes('used: 1') === true, 'the change');
  assert.deepEqual(writesOf(standby), []);
  const before = statusIn(api)?.metadata.resourceVersion;
  await first.stop();
  await pass(clock, 5_000, 1_000);
  await until(() => standby.process.controller.isSyncedLeader, 'the standby leads');
  await pass(clock, 10_000, 2_000);
  // Nothing has changed.
  assert.deepEqual(writesOf(standby), ['GET']);
  assert.equal(statusIn(api)?.metadata.resourceVersion, before);
  load('default/next');
  await pass(clock, 10_000, 2_000);
  await until(() => statusIn(api)?.data?.['status.range-global']?.includes('used: 2') === true, 'the change');
  await standby.stop();
});
