import assert from 'node:assert/strict';
import dns, { type LookupOptions } from 'node:dns';
import { networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../../src/client/clock.ts';
import type { Connection } from '../../../src/client/cluster-connection.ts';
import { createHttpsTransport, type HttpsTransport } from '../../../src/client/kubeconfig/https-transport.ts';
import { type ByteServer, type Exchange, startByteServer } from '../byte-server.ts';
import { selfSigned } from '../certificate.ts';
import { createFakeClock, until } from '../fake-clock.ts';
import { get, mayHaveExecuted, ok } from '../transport-fixture.ts';
import { startHttpProxy, startSocksProxy } from './proxies.ts';
import { startTlsApi } from './tls-api.ts';

// What both transports do is in ../transport.test.ts.

const host = 'api.cluster.example';

function transportTo(t: TestContext, connection: Connection): HttpsTransport {
  const transport = createHttpsTransport(connection, systemClock);
  t.after(() => transport.close());
  return transport;
}

/** A server whose name only a proxy can resolve. */
async function startHidden(t: TestContext, tls?: { cert: string; key: string }) {
  const server = await startByteServer(tls);
  t.after(() => server.close());
  server.onRequest(ok);
  const url = server.url.replace('127.0.0.1', host);
  return { server, url, target: url.replace(/^https?:\/\//, '') };
}

for (const [scheme, start] of [
  ['http', startHttpProxy],
  ['socks5', startSocksProxy],
] as const) {
  test(`${scheme} proxy: it resolves the name, TLS ends at the API server, and the connection is reused`, async (t) => {
    const tls = selfSigned(host);
    const { server, url, target } = await startHidden(t, tls);
    const proxy = await start();
    t.after(() => proxy.close());
    const transport = transportTo(t, { server: url, ca: tls.cert, proxyUrl: `${scheme}://${proxy.address}` });
    assert.equal(await get(transport), '{}');
    assert.equal(await get(transport), '{}');
    assert.deepEqual(proxy.targets, [target]);
    assert.equal(server.requests[0]?.headers.host, target);
  });

  test(`${scheme} proxy: the certificate of the API server is verified`, async (t) => {
    const proxy = await start();
    t.after(() => proxy.close());
    const proxyUrl = `${scheme}://${proxy.address}`;
    const { server, url } = await startHidden(t, selfSigned(host));
    const stranger = transportTo(t, { server: url, ca: selfSigned(host).cert, proxyUrl });
    await assert.rejects(get(stranger), mayHaveExecuted(false, /through the proxy .*certificate/));
    const wrongName = selfSigned('other.example');
    const other = await startHidden(t, wrongName);
    const misnamed = transportTo(t, { server: other.url, ca: wrongName.cert, proxyUrl });
    await assert.rejects(get(misnamed), mayHaveExecuted(false, /does not match certificate/));
    assert.equal(server.requests.length + other.server.requests.length, 0);
  });

  test(`${scheme} proxy: the certificate of an API server without a name is that of its address`, async (t) => {
    const proxy = await start();
    t.after(() => proxy.close());
    const proxyUrl = `${scheme}://${proxy.address}`;
    for (const [name, isValid] of [
      ['127.0.0.1', true],
      ['localhost', false],
    ] as const) {
      const tls = selfSigned(name);
      const server = await startByteServer(tls);
      t.after(() => server.close());
      server.onRequest(ok);
      const answer = get(transportTo(t, { server: server.url, ca: tls.cert, proxyUrl }));
      if (isValid) assert.equal(await answer, '{}');
      else await assert.rejects(answer, mayHaveExecuted(false, /does not match certificate/));
    }
  });

  test(`${scheme} proxy: plain HTTP, and the name and password of the proxy`, async (t) => {
    const { url, target } = await startHidden(t);
    const proxy = await start();
    t.after(() => proxy.close());
    const transport = transportTo(t, {
      server: url,
      proxyUrl: `${scheme}://ann:pass%40word@${proxy.address}`,
    });
    assert.equal(await get(transport), '{}');
    assert.deepEqual(proxy.targets, [target]);
    const credentials = scheme === 'http' ? 'Basic YW5uOnBhc3NAd29yZA==' : 'ann:pass@word';
    assert.equal(proxy.credentials(), credentials);
  });
}

test('HTTP proxy: an IPv6 address', async (t) => {
  if (networkInterfaces().lo?.some(({ family }) => family === 'IPv6') !== true) return t.skip('needs IPv6');
  const tls = selfSigned('kubernetes');
  const proxy = await startHttpProxy();
  t.after(() => proxy.close());
  const server = await startByteServer(tls, '::1');
  t.after(() => server.close());
  server.onRequest(ok);
  const connection = { server: server.url, ca: tls.cert, servername: 'kubernetes' };
  assert.equal(await get(transportTo(t, { ...connection, proxyUrl: `http://${proxy.address}` })), '{}');
  assert.deepEqual(proxy.targets, [server.url.replace('https://', '')]);
  assert.equal(await get(transportTo(t, connection)), '{}');
});

test('a proxy that refuses is named without its password, and nothing was sent', async (t) => {
  const proxy = await startHttpProxy(407);
  t.after(() => proxy.close());
  const transport = transportTo(t, {
    server: `https://${host}`,
    proxyUrl: `http://ann:secret@${proxy.address}`,
  });
  await assert.rejects(
    get(transport),
    mayHaveExecuted(
      false,
      new RegExp(`^GET https://${host} through the proxy http://${proxy.address}: .*407$`),
    ),
  );
});

test('a proxy with another scheme is reported', async (t) => {
  const transport = transportTo(t, { server: `https://${host}`, proxyUrl: 'ftp://proxy:21' });
  await assert.rejects(get(transport), /the proxy must be an http, https, or socks5 URL: ftp:\/\/proxy:21/);
});

test('a compressed response is decompressed, and one that is cut off is an error', async (t) => {
  const server = await started(t);
  const compressed = gzipSync(JSON.stringify({ text: 'x'.repeat(100_000) }));
  const send =
    (bytes: Uint8Array) =>
    (e: Exchange): void => {
      e.raw(`HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`);
      e.raw(bytes);
    };
  const transport = transportTo(t, { server: server.url });
  server.script(send(compressed), send(compressed.subarray(0, -9)));
  assert.equal((await get(transport)).length, 100_011);
  assert.equal(server.requests[0]?.headers['accept-encoding'], 'gzip');
  await assert.rejects(get(transport), mayHaveExecuted(true, /while reading the response/));
});

test('the next address of a name is tried if one refuses the connection', async (t) => {
  const server = await started(t);
  server.script(ok);
  // Nothing listens on the first one.
  const addresses = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
  t.mock.method(
    dns,
    'lookup',
    (_: string, __: LookupOptions, done: (error: null, all: typeof addresses) => void) =>
      done(null, addresses),
  );
  const transport = transportTo(t, { server: server.url.replace('127.0.0.1', host) });
  assert.equal(await get(transport), '{}');
});

test('a renewed client certificate is used for the next request, on a new connection', async (t) => {
  const api = await startTlsApi();
  t.after(() => api.close());
  const [first, second] = [selfSigned('first.example'), selfSigned('second.example')];
  let tls: object = first;
  const readTls = async () => ({ ca: api.ca, ...tls });
  const transport = transportTo(t, { server: api.url, ca: api.ca, readTls });
  await get(transport);
  await get(transport);
  tls = second;
  await get(transport);
  assert.deepEqual(api.clients, ['first.example', 'first.example', 'second.example']);
  assert.equal(api.connections(), 2);
});

test('an abort ends a request that waits for a proxy', async (t) => {
  const mute = await startByteServer();
  t.after(() => mute.close());
  for (const scheme of ['http', 'socks5']) {
    const proxyUrl = mute.url.replace('http:', `${scheme}:`);
    const transport = transportTo(t, { server: `https://${host}`, proxyUrl });
    const stop = new AbortController();
    const connections = mute.connections();
    const pending = get(transport, '/', stop.signal);
    await until(() => mute.connections() > connections);
    stop.abort(new Error('enough'));
    await assert.rejects(pending, /^Error: enough$/);
  }
});

test('a proxy that does not answer is given up', async (t) => {
  const mute = await startByteServer();
  t.after(() => mute.close());
  const clock = createFakeClock();
  const transport = createHttpsTransport({ server: `https://${host}`, proxyUrl: mute.url }, clock);
  t.after(() => transport.close());
  const rejected = assert.rejects(get(transport), mayHaveExecuted(false, /no connection within 10 s/));
  await until(() => mute.requests.length === 1);
  clock.advance(10_000);
  await rejected;
});

async function started(t: TestContext): Promise<ByteServer> {
  const server = await startByteServer();
  t.after(() => server.close());
  return server;
}
