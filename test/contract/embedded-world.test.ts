import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/client/transport.ts';
import type { KubeObject, Service } from '../../src/core/model/objects.ts';
import { createEmbeddedApi, type EmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { serve } from '../../src/embedded/server.ts';
import { StatusError } from '../../src/embedded/status.ts';
import { Client } from './http.ts';

/** Features of the embedded API beyond the Kubernetes API: loading objects, no sockets, compaction, and backups. */

const still: Clock = { now: () => 0, wall: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678), after: () => () => {} };

function empty(): EmbeddedApi {
  return createEmbeddedApi({ clock: still, random: () => 0.5 });
}

function service(spec: object, metadata: object = {}, rest: object = {}): unknown {
  const usual = { type: 'LoadBalancer', ports: [{ port: 80 }] };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a', ...metadata },
    spec: { ...usual, ...spec },
    ...rest,
  };
}

function ipAddress(name: string, metadata: object = {}): unknown {
  const parentRef = { resource: 'configmaps', namespace: 'default', name: 'pools' };
  const kind = { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress' };
  return { ...kind, metadata: { name, ...metadata }, spec: { parentRef } };
}

/** All of them, in the form `10.96.1.1 of web`. */
function addresses(api: EmbeddedApi): string[] {
  const all = api.objects('ipaddresses') as (KubeObject & { spec: { parentRef: { name: string } } })[];
  return all.map(({ metadata, spec }) => {
    assert.equal(metadata.namespace, undefined);
    return `${metadata.name} of ${spec.parentRef.name}`;
  });
}

async function send(
  api: EmbeddedApi,
  method: 'GET' | 'PATCH' | 'POST',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const headers = { 'content-type': type };
  const request = { method, path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await api.transport(request, new AbortController().signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

const patch = (api: EmbeddedApi, body: unknown): Promise<unknown> =>
  send(api, 'PATCH', '/api/v1/namespaces/default/services/a', body);

test('a loaded object keeps the system fields of its dump, but gets a new resourceVersion', () => {
  const past = '2020-01-02T03:04:05Z';
  const said = { uid: 'u', creationTimestamp: past, deletionTimestamp: past, finalizers: ['example.com/a'] };
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
  const spec = { clusterIP: '172.16.0.9', clusterIPs: ['172.16.0.9'], ipFamilies: ['IPv4'] };
  const made = empty().load(
    service(spec, { ...said, resourceVersion: '7', namespace: 'n' }, { status }),
  ) as Service;
  assert.partialDeepStrictEqual(made.metadata, { ...said, namespace: 'n' });
  // The first revision is that of the IPAddress.
  assert.equal(made.metadata.resourceVersion, '1002');
  assert.deepEqual(made.status?.loadBalancer?.ingress, [{ ip: '192.0.2.1', ipMode: 'VIP' }]);
  assert.equal(made.spec?.clusterIP, '172.16.0.9');
});

test('a loaded object without system fields gets new ones, in namespace default', () => {
  const { metadata } = empty().load(service({}));
  assert.equal(metadata.namespace, 'default');
  assert.equal(metadata.creationTimestamp, '2026-01-02T03:04:05Z');
  assert.match(metadata.uid ?? '', /^[0-9a-f-]{36}$/);
});

test('a loaded Service without families has none, even after a patch', async () => {
  const api = empty();
  const made = api.load(service({})) as Service;
  assert.partialDeepStrictEqual(made.spec, {
    ipFamilyPolicy: 'SingleStack',
    externalTrafficPolicy: 'Cluster',
  });
  const patched = (await patch(api, { spec: { loadBalancerIP: '2001:db8::1' } })) as Service;
  assert.equal(patched.spec?.loadBalancerIP, '2001:db8::1');
  assert.deepEqual([patched.spec.ipFamilies, patched.spec.clusterIP], [undefined, undefined]);
});

test('a loaded Service with a dual-stack policy has both families', () => {
  const families = (spec: object): string[] | undefined =>
    (empty().load(service(spec)) as Service).spec?.ipFamilies;
  assert.deepEqual(families({ ipFamilyPolicy: 'PreferDualStack' }), ['IPv4', 'IPv6']);
  assert.deepEqual(families({ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] }), ['IPv6', 'IPv4']);
});

test('a cluster IP that has an IPAddress is not allocated until that is deleted', async () => {
  const api = empty();
  const clusterIP = async (name: string): Promise<string | undefined> => {
    const path = '/api/v1/namespaces/default/services';
    return ((await send(api, 'POST', path, service({}, { name }))) as Service).spec?.clusterIP;
  };
  api.load(ipAddress('10.96.1.2', { namespace: 'dropped' }));
  assert.equal(await clusterIP('a'), '10.96.1.1');
  assert.equal(await clusterIP('b'), '10.96.1.3');
  assert.deepEqual(addresses(api), ['10.96.1.1 of a', '10.96.1.2 of pools', '10.96.1.3 of b']);
});

test('a loaded Service gets an IPAddress for each of its cluster IPs, unless one exists', () => {
  const api = empty();
  api.load(ipAddress('172.16.0.8'));
  api.load(service({ clusterIP: '172.16.0.8' }));
  api.load(service({ clusterIP: '172.16.0.9' }, { name: 'b' }));
  api.load(service({}, { name: 'c' }));
  assert.deepEqual(addresses(api), ['172.16.0.8 of pools', '172.16.0.9 of b']);
});

test('an object that Kubernetes rejects is not loaded, and the error is its Status', () => {
  const api = empty();
  const conflict = (object: unknown): string => {
    try {
      api.load(object);
    } catch (error) {
      assert.ok(error instanceof StatusError);
      return `${error.status.code} ${error.status.reason}: ${error.message}`;
    }
    return 'loaded';
  };
  assert.equal(conflict(service({})), 'loaded');
  assert.equal(conflict(service({})), '409 AlreadyExists: services "a" already exists');
  assert.equal(
    conflict(service({ ports: [] })),
    '422 Invalid: Service "a" is invalid: spec.ports: Required value',
  );
  assert.equal(
    conflict(service({}, { annotations: { x: true } })),
    '400 BadRequest: Service in version "v1" cannot be handled as a Service: json: cannot unmarshal bool into ' +
      'Go struct field ObjectMeta.metadata.annotations of type string',
  );
  assert.match(
    conflict({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }),
    /^400 BadRequest: no kind "Pod"/,
  );
  assert.match(conflict('text'), /^400 /);
});

test('the objects of a resource are those of its list, and are frozen', async () => {
  const api = empty();
  api.load(service({}, { name: 'b' }));
  api.load(service({}, { namespace: 'another' }));
  const keys = api.objects('services').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  assert.deepEqual(keys, ['another/a', 'default/b']);
  assert.throws(() => {
    const [first] = api.objects('services');
    if (first) first.metadata.name = 'c';
  }, TypeError);
});

test('a watch from before a compaction expires', async () => {
  const api = empty();
  api.load(service({}));
  const events = '/api/v1/services?watch=1&resourceVersion=1000';
  api.compact();
  assert.partialDeepStrictEqual(await send(api, 'GET', events), { type: 'ERROR', object: { code: 410 } });
});

test('an API that starts from a backup has its objects, versions, and cluster IPs, and no history', async () => {
  const create = async (api: EmbeddedApi, name: string): Promise<Service> =>
    (await send(api, 'POST', '/api/v1/namespaces/default/services', service({}, { name }))) as Service;
  const first = empty();
  const web = await create(first, 'web');
  const backup = first.backup();
  await create(first, 'since');

  const restored = createEmbeddedApi({ clock: still, random: () => 0.25, from: backup });
  assert.deepEqual(restored.objects('services'), [web]);
  const events = `/api/v1/services?watch=1&resourceVersion=${backup.revision - 1}`;
  assert.partialDeepStrictEqual(await send(restored, 'GET', events), {
    type: 'ERROR',
    object: { code: 410 },
  });
  const { metadata, spec } = await create(restored, 'new');
  assert.ok(Number(metadata.resourceVersion) > backup.revision);
  assert.notEqual(spec?.clusterIP, web.spec?.clusterIP);
});

test('closing the server ends its open watches', async () => {
  const api = empty();
  const server = await serve(api.transport);
  const client = new Client({ ...server, needsNamespaces: false });
  const watch = await client.watch('/api/v1/services?watch=1&resourceVersion=1000');
  const broken = assert.rejects(async () => {
    await watch.next();
    throw new Error('the connection broke');
  });
  await server.close();
  await broken;
  client.close();
});

test('a feature that only the real API server has is an error', async () => {
  const api = empty();
  const path = '/api/v1/services?resourceVersion=1000&resourceVersionMatch=Exact';
  assert.partialDeepStrictEqual(await send(api, 'GET', path), { code: 501 });
});
