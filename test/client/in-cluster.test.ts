import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createApi } from '../../src/client/api.ts';
import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import { inClusterConnection } from '../../src/client/in-cluster.ts';
import { startByteServer, statusOf } from './byte-server.ts';
import { selfSigned } from './certificate.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

const ENV = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
const FILES = { token: 'first\n', 'ca.crt': 'a certificate', namespace: 'kube-system\n' };

async function withFolder(
  files: Record<string, string>,
  body: (folder: string, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'service-account-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await body(folder, createFakeClock());
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a Pod reads server, authority, token and namespace', () =>
  withFolder(FILES, async (folder, clock) => {
    const connection = await inClusterConnection({ env: ENV, clock, folder });
    assert.equal(connection.server, 'https://10.96.0.1:443');
    assert.equal(connection.ca, 'a certificate');
    assert.equal(connection.namespace, 'kube-system');
    assert.deepEqual(await connection.headers?.(), { authorization: 'Bearer first' });
  }));

test('an IPv6 host is put in brackets', () =>
  withFolder(FILES, async (folder, clock) => {
    const env = { ...ENV, KUBERNETES_SERVICE_HOST: 'fd00:96::1' };
    assert.equal((await inClusterConnection({ env, clock, folder })).server, 'https://[fd00:96::1]:443');
  }));

test('the token is read again after a minute', () =>
  withFolder(FILES, async (folder, clock) => {
    const { headers } = await inClusterConnection({ env: ENV, clock, folder });
    await writeFile(join(folder, 'token'), 'second');
    clock.advance(59_999);
    assert.deepEqual(await headers?.(), { authorization: 'Bearer first' });
    clock.advance(1);
    assert.deepEqual(await headers?.(), { authorization: 'Bearer second' });
  }));

test('if the token file is missing for a moment, the previous token stays in use', () =>
  withFolder(FILES, async (folder, clock) => {
    const { headers } = await inClusterConnection({ env: ENV, clock, folder });
    await rm(join(folder, 'token'));
    clock.advance(60_000);
    assert.deepEqual(await headers?.(), { authorization: 'Bearer first' });
  }));

test('after a 401 the token is read again at once, over real TLS', (t) => {
  const tls = selfSigned('127.0.0.1');
  return withFolder({ ...FILES, 'ca.crt': tls.cert }, async (folder, clock) => {
    const server = await startByteServer(tls);
    t.after(() => server.close());
    const url = new URL(server.url);
    const env = { KUBERNETES_SERVICE_HOST: url.hostname, KUBERNETES_SERVICE_PORT: url.port };
    const transport = createNodeTransport(await inClusterConnection({ env, clock, folder }));
    const api = createApi(transport, { userAgent: 't', fieldManager: 't', clock });
    const { signal } = new AbortController();
    await writeFile(join(folder, 'token'), 'second');
    server.script(
      (e) => e.respond(401, statusOf(401, 'Unauthorized', 'Unauthorized')),
      (e) => e.respond(200, { metadata: { name: 'a' } }),
    );
    await assert.rejects(api.get('/a', signal), { status: 401 });
    await api.get('/a', signal);
    assert.deepEqual(
      server.requests.map((each) => each.headers.authorization),
      ['Bearer first', 'Bearer second'],
    );
    transport.close();
  });
});

test('an authority that was replaced is trusted by the next connection, over real TLS', (t) => {
  const [first, second] = [selfSigned('127.0.0.1'), selfSigned('127.0.0.1')];
  return withFolder({ ...FILES, 'ca.crt': first.cert }, async (folder, clock) => {
    const server = await startByteServer(second);
    t.after(() => server.close());
    const url = new URL(server.url);
    const env = { KUBERNETES_SERVICE_HOST: url.hostname, KUBERNETES_SERVICE_PORT: url.port };
    const transport = createNodeTransport(await inClusterConnection({ env, clock, folder }));
    const api = createApi(transport, { userAgent: 't', fieldManager: 't', clock });
    const { signal } = new AbortController();
    server.script((e) => e.respond(200, { metadata: { name: 'a' } }));
    await assert.rejects(api.get('/a', signal), /self-signed certificate/);
    // The kubelet is about to replace it: the older one stays in use.
    await rm(join(folder, 'ca.crt'));
    await assert.rejects(api.get('/a', signal), /self-signed certificate/);
    await writeFile(join(folder, 'ca.crt'), second.cert);
    await api.get('/a', signal);
    transport.close();
  });
});

for (const [what, env, files, message] of [
  [
    'outside a cluster',
    {},
    FILES,
    /^KUBERNETES_SERVICE_HOST is not set\. Outside a cluster, pass --kubeconfig FILE$/,
  ],
  [
    'without a port',
    { ...ENV, KUBERNETES_SERVICE_PORT: '' },
    FILES,
    /^KUBERNETES_SERVICE_PORT is not set\. Outside a cluster/,
  ],
  [
    'without a token',
    ENV,
    { 'ca.crt': 'x' },
    /cannot read the token of the ServiceAccount: .*token.*--kubeconfig/,
  ],
  [
    'without an authority',
    ENV,
    { token: 'x' },
    /cannot read the certificate authority .*ca\.crt.*--kubeconfig/,
  ],
  [
    'with an empty token',
    ENV,
    { ...FILES, token: '\n' },
    /^the token of the ServiceAccount is empty: .*token$/,
  ],
] as const) {
  test(`${what}, the error names what is missing`, () =>
    withFolder(files, (folder, clock) =>
      assert.rejects(inClusterConnection({ env, clock, folder }), { message }),
    ));
}

test('a missing namespace file is not an error', () =>
  withFolder({ token: 'x', 'ca.crt': 'y' }, async (folder, clock) => {
    assert.equal((await inClusterConnection({ env: ENV, clock, folder })).namespace, undefined);
  }));
