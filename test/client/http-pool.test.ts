import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { createNodeTransport, type NodeTransport } from '../../src/client/http/node-transport.ts';
import type { Exchange } from './byte-server.ts';
import { selfSigned } from './certificate.ts';
import { aMoment, until } from './fake-clock.ts';
import { forever, get, mayHaveExecuted, ok, patch, withServer, withTransport } from './transport-fixture.ts';

const never = (): void => undefined;
const connectionsOf = (requests: readonly Exchange[]): number[] => requests.map((each) => each.connection);

test('queued requests are sent in order', () =>
  withTransport({ sockets: 1 }, async (transport, server) => {
    server.script(ok, ok, ok, ok);
    await Promise.all(['/a', '/b', '/c', '/d'].map((path) => get(transport, path)));
    assert.deepEqual(
      server.requests.map(({ path }) => path),
      ['/a', '/b', '/c', '/d'],
    );
    assert.equal(server.connections(), 1);
  }));

test('an aborted queued request frees its place for the next one', () =>
  withTransport({ sockets: 1 }, async (transport, server) => {
    server.script(never, ok);
    const first = get(transport, '/a');
    const impatient = new AbortController();
    const second = get(transport, '/b', impatient.signal);
    const third = get(transport, '/c');
    await until(() => server.requests.length === 1);
    impatient.abort(new Error('enough'));
    await assert.rejects(second, /enough/);
    server.requests[0]?.respond(200, {});
    assert.equal(await first, '{}');
    assert.equal(await third, '{}');
    assert.deepEqual(
      server.requests.map(({ path }) => path),
      ['/a', '/c'],
    );
  }));

test('a connection that breaks or cannot be established frees its slot for a queued request', () =>
  withTransport({ sockets: 1 }, async (transport, server) => {
    server.script((e) => e.reset(), ok);
    const results = await Promise.allSettled([patch(transport), patch(transport)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );

    const gone = createNodeTransport({ server: 'http://127.0.0.1:1', sockets: 1 });
    const refused = (): Promise<void> => assert.rejects(patch(gone), mayHaveExecuted(false, /ECONNREFUSED/));
    await Promise.all([refused(), refused(), refused()]);
    gone.close();
  }));

test('the most recently used connection is reused first', () =>
  withTransport({ sockets: 3 }, async (transport, server) => {
    server.script(never, never, never, ok, ok, ok);
    const first = [get(transport), get(transport), get(transport)];
    await until(() => server.requests.length === 3);
    for (const i of [2, 0, 1]) {
      server.requests[i]?.respond(200, {});
      await first[i];
    }
    for (let i = 0; i < 3; i += 1) await get(transport);
    assert.deepEqual(connectionsOf(server.requests), [1, 2, 3, 2, 2, 2]);
  }));

test('an unused connection is closed', () =>
  withTransport({ idleMs: 10 }, async (transport, server) => {
    server.script(ok, ok);
    await get(transport);
    await until(() => server.requests[0]?.gone() === true);
    await get(transport);
    assert.deepEqual(connectionsOf(server.requests), [1, 2]);
  }));

test('a connection that waits for a response is not idle', () =>
  withTransport({ idleMs: 10 }, async (transport, server) => {
    server.script((e) => setTimeout(() => e.respond(200, {}), 60));
    assert.equal(await get(transport), '{}');
  }));

test('a connection that was in use when its idle timeout passed is closed when it is unused', () =>
  withTransport({ idleMs: 10 }, async (transport, server) => {
    server.script((e) => setTimeout(() => e.respond(200, {}), 60));
    await get(transport);
    await until(() => server.requests[0]?.gone() === true);
  }));

test('an unused connection that breaks closes the others, and is reported once', () =>
  withTransport({ sockets: 3 }, async (transport, server) => {
    let reports = 0;
    transport.onDead(() => {
      reports += 1;
    });
    const watching = new AbortController();
    server.script(ok, ok, ok, (e) => e.begin());
    await Promise.all([get(transport), get(transport), get(transport)]);
    await transport({ method: 'GET', path: '/?watch=true', headers: {} }, watching.signal);
    server.requests[0]?.reset();
    await until(() => server.requests.slice(0, 3).every((each) => each.gone()));
    assert.equal(server.requests[3]?.gone(), false, 'the watch goes on');
    assert.equal(reports, 1);
    watching.abort();
  }));

test('a connection that the server ends while it is unused says nothing about the others', () =>
  withTransport({ sockets: 2 }, async (transport, server) => {
    transport.onDead(() => assert.fail('it was reported'));
    server.script(ok, ok, ok);
    await Promise.all([get(transport), get(transport)]);
    server.requests[1]?.hangUp();
    await until(() => server.requests[1]?.gone() === true);
    await get(transport);
    assert.deepEqual(connectionsOf(server.requests), [1, 2, 1]);
  }));

test('closeIdle leaves connections alone that are in use', () =>
  withTransport({ sockets: 2 }, async (transport, server) => {
    server.script(ok, never);
    const used = get(transport, '/used');
    await used;
    const waiting = get(transport, '/waiting');
    await until(() => server.requests.length === 2);
    transport.closeIdle();
    server.requests[1]?.respond(200, {});
    assert.equal(await waiting, '{}');
  }));

test('after one dead idle connection the others are not tried', () =>
  withTransport({ sockets: 3 }, async (transport, server) => {
    server.script(ok, ok, ok);
    await Promise.all([get(transport), get(transport), get(transport)]);
    server.script((e) => e.reset(), ok);
    let reports = 0;
    transport.onDead(() => {
      reports += 1;
    });
    assert.equal(await get(transport), '{}');
    assert.equal(reports, 1);
    assert.equal(server.requests.at(-1)?.connection, 4);
    await until(() => server.requests.slice(0, 3).every((each) => each.gone()));
  }));

test('a GET is retried once only', () =>
  withTransport({}, async (transport, server) => {
    server.script(
      ok,
      (e) => e.reset(),
      (e) => e.reset(),
      ok,
    );
    await get(transport);
    await assert.rejects(get(transport), mayHaveExecuted(true, /ECONNRESET|hang up/));
    assert.equal(server.requests.length, 3);
  }));

test('a GET is not retried once its response has begun', () =>
  withTransport({}, async (transport, server) => {
    const half = (e: Exchange): void => {
      e.raw('HTTP/1.1');
      e.hangUp();
    };
    server.script(ok, half, ok);
    await get(transport);
    await assert.rejects(get(transport), mayHaveExecuted(true, /hang up/));
    assert.equal(server.requests.length, 2);
  }));

test('a connection that the server closed while idle is not reused', () =>
  withTransport({}, async (transport, server) => {
    server.script(ok, ok);
    await get(transport);
    server.requests[0]?.hangUp();
    await until(() => server.requests[0]?.gone() === true);
    assert.equal(await patch(transport), '{}');
    assert.deepEqual(connectionsOf(server.requests), [1, 2]);
  }));

test('close ends requests in flight, queued requests and later ones', () =>
  withTransport({ sockets: 1 }, async (transport, server) => {
    server.script(never);
    const sent = assert.rejects(patch(transport), mayHaveExecuted(true, /closed/));
    await until(() => server.requests.length === 1);
    const queued = assert.rejects(patch(transport), mayHaveExecuted(false, /closed/));
    await aMoment();
    transport.close();
    await Promise.all([sent, queued]);
    await assert.rejects(patch(transport), mayHaveExecuted(false, /closed/));
    await until(() => server.requests[0]?.gone() === true);
  }));

for (const [how, end] of [
  ['an abort', (abort: AbortController) => abort.abort(new Error('enough'))],
  ['close', (_: AbortController, transport: NodeTransport) => transport.close()],
] as const) {
  test(`${how} ends an attempt to connect`, () =>
    // Accepts TCP, but never completes TLS.
    withTransport({}, async (_, server) => {
      const transport = createNodeTransport({ server: server.url.replace('http:', 'https:') });
      const abort = new AbortController();
      const refused = assert.rejects(get(transport, '/', abort.signal), /enough|closed/);
      await until(() => server.connections() === 1);
      end(abort, transport);
      await refused;
      transport.close();
    }));
}

test('an invalid request is not sent, and the error contains no secret', () =>
  withTransport({}, async (_, server) => {
    for (const value of ['s3cret\r\nx: y', 's3cret\n', 's3crét']) {
      const headers = async () => ({ authorization: value });
      const transport = createNodeTransport({ server: server.url, headers });
      await assert.rejects(patch(transport), (error) => {
        mayHaveExecuted(false, /cannot send the request: the header authorization/)(error);
        assert.doesNotMatch(String(error), /s3cr/);
        return true;
      });
      transport.close();
    }
    const transport = createNodeTransport({ server: server.url });
    for (const path of ['/a b', '/a\r\nx: y', '/é']) {
      await assert.rejects(get(transport, path), mayHaveExecuted(false, /the path is not encoded/));
    }
    const request = { method: 'GET', path: '/', headers: { 'x: y\r\nz': '' } } as const;
    await assert.rejects(transport(request, forever), mayHaveExecuted(false, /cannot send the request/));
    transport.close();
    assert.equal(server.requests.length, 0);
  }));

test('TLS: if the server closes the connection in the handshake, nothing was sent', async () => {
  await withServer(
    (socket) => socket.once('data', () => socket.end()).resume(),
    'https',
    (transport) => assert.rejects(patch(transport), mayHaveExecuted(false, /disconnected before/)),
  );
});

test('TLS: unreadable keys are an error, and nothing was sent', () => {
  const tls = selfSigned('127.0.0.1');
  return withTransport({ tls, ca: tls.cert, cert: 'nonsense', key: 'nonsense' }, async (transport) => {
    await assert.rejects(patch(transport), mayHaveExecuted(false, /PEM|DECODER/i));
  });
});

test('TLS: a second connection resumes the session of the first', async () => {
  const tls = selfSigned('127.0.0.1');
  const resumed: boolean[] = [];
  let closed = 0;
  const server = createTlsServer(tls, (socket: TLSSocket) => {
    resumed.push(socket.isSessionReused());
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed += 1;
    });
    socket.on('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const transport = createNodeTransport({ server: `https://127.0.0.1:${address.port}`, ca: tls.cert });
  assert.equal(await get(transport), '{}');
  await until(() => closed === 1);
  assert.equal(await get(transport), '{}');
  assert.deepEqual(resumed, [false, true]);
  transport.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
