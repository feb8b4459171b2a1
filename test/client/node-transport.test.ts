import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import { type Exchange, startByteServer } from './byte-server.ts';
import { selfSigned } from './certificate.ts';
import { aMoment, createFakeClock, until } from './fake-clock.ts';
import { forever, get, mayHaveExecuted, ok, patch, read, world } from './transport-world.ts';

test('a connection is used again for the next request', () =>
  world({}, async (transport, server) => {
    server.script(ok, ok, ok);
    for (let i = 0; i < 3; i += 1) await get(transport);
    assert.equal(server.connections(), 1);
  }));

test('at most so many connections are opened as there are sockets, and every request gets its turn', () =>
  world({ sockets: 2 }, async (transport, server) => {
    server.script(...Array.from({ length: 10 }, () => ok));
    await Promise.all(Array.from({ length: 10 }, () => get(transport)));
    assert.equal(server.requests.length, 10);
    assert.equal(server.connections(), 2);
  }));

test('watches do not take the sockets of short requests', () =>
  world({ sockets: 1 }, async (transport, server) => {
    const open = (e: Exchange): void => e.begin();
    server.script(open, open, ok);
    await transport({ method: 'GET', path: '/?watch=true', headers: {} }, forever);
    await transport({ method: 'GET', path: '/?a=b&watch=1', headers: {} }, forever);
    assert.equal(await get(transport), '{}');
    assert.equal(server.connections(), 3);
  }));

test('a body is sent with its length in bytes, a path behind that of the server', () =>
  world({}, async (_, server) => {
    const transport = createNodeTransport({ server: `${server.url}/k8s/clusters/c-1/` });
    server.script(ok);
    await read(await transport({ method: 'POST', path: '/api', headers: {}, body: '"é"' }, forever));
    transport.close();
    assert.equal(server.requests[0]?.path, '/k8s/clusters/c-1/api');
    assert.equal(server.requests[0]?.headers['content-length'], '4');
    assert.equal(server.requests[0]?.body, '"é"');
  }));

test('headers are asked for with every request, and a 401 is told', () => {
  let asked = 0;
  let refused = 0;
  const options = {
    headers: async () => {
      asked += 1;
      return { authorization: `Bearer ${asked}` };
    },
    unauthorized: () => {
      refused += 1;
    },
  };
  return world(options, async (transport, server) => {
    server.script(ok, (e) => e.answer(401, {}), ok);
    for (let i = 0; i < 3; i += 1) await get(transport);
    assert.deepEqual(
      server.requests.map((each) => each.headers.authorization),
      ['Bearer 1', 'Bearer 2', 'Bearer 3'],
    );
    assert.equal(refused, 1);
  });
});

test('a server that hung up an idle connection costs a GET nothing', () =>
  world({}, async (transport, server) => {
    server.script(ok, (e) => e.reset(), ok);
    await get(transport);
    assert.equal(await get(transport), '{}');
    assert.deepEqual(
      server.requests.map((each) => each.connection),
      [1, 1, 2],
    );
  }));

test('a write is not repeated on its own: its caller is told that it may have happened', () =>
  world({}, async (transport, server) => {
    server.script(ok, (e) => e.reset());
    await get(transport);
    await assert.rejects(patch(transport), mayHaveExecuted(true, /ECONNRESET|hang up/));
    assert.equal(server.requests.length, 2);
  }));

test('a reset on a connection of its own is not retried, not even for a GET', () =>
  world({}, async (transport, server) => {
    server.script((e) => e.reset());
    await assert.rejects(get(transport), mayHaveExecuted(true, /ECONNRESET|hang up/));
    assert.equal(server.requests.length, 1);
  }));

test('where nobody listens, nothing can have happened', async () => {
  const server = await startByteServer();
  await server.close();
  const transport = createNodeTransport({ server: server.url });
  await assert.rejects(patch(transport), mayHaveExecuted(false, /ECONNREFUSED/));
  transport.close();
});

test('a server that accepts and then says nothing of TLS is given up', async () => {
  const mute = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const address = mute.address();
  assert.ok(typeof address === 'object' && address !== null);
  const clock = createFakeClock();
  const transport = createNodeTransport({ server: `https://127.0.0.1:${address.port}`, clock });
  const pending = patch(transport);
  const rejected = assert.rejects(pending, mayHaveExecuted(false, /no connection within 10 s/));
  await until(() => clock.timers().length === 1);
  await aMoment();
  clock.advance(10_000);
  await rejected;
  transport.close();
  await new Promise<void>((resolve) => mute.close(() => resolve()));
});

test('an abort ends the request, and afterwards the reading of its body, with its reason', () =>
  world({}, async (transport, server) => {
    const first = new AbortController();
    const pending = get(transport, '/', first.signal);
    await until(() => server.requests.length === 1);
    first.abort(new Error('enough'));
    await assert.rejects(pending, /enough/);

    server.script((e) => {
      e.begin();
      e.chunk('{');
    });
    const second = new AbortController();
    const response = await transport({ method: 'GET', path: '/', headers: {} }, second.signal);
    second.abort(new Error('enough of that'));
    await assert.rejects(read(response), /enough of that/);
    await until(() => server.requests.every((each) => each.gone()));
  }));

test('an address that is no URL is refused in words', () => {
  assert.throws(
    () => createNodeTransport({ server: '10.0.0.1:6443' }),
    /not an http or https URL: 10.0.0.1:6443/,
  );
  assert.throws(() => createNodeTransport({ server: 'ftp://host' }), /not an http or https URL/);
});

test('TLS: a certificate of the given authority is taken, and the connection is used again', () => {
  const tls = selfSigned('127.0.0.1');
  return world({ tls, ca: tls.cert }, async (transport, server) => {
    server.script(ok, ok);
    assert.equal(await get(transport), '{}');
    assert.equal(await patch(transport), '{}');
    assert.equal(server.connections(), 1);
  });
});

test('TLS: a certificate that nobody vouches for is refused before anything is sent', () => {
  const tls = selfSigned('127.0.0.1');
  return world({ tls }, async (transport, server) => {
    await assert.rejects(patch(transport), mayHaveExecuted(false, /self-signed certificate/));
    assert.equal(server.requests.length, 0);
  });
});

test('TLS: another authority does not help', () =>
  world({ tls: selfSigned('127.0.0.1'), ca: selfSigned('127.0.0.1').cert }, async (transport, server) => {
    await assert.rejects(patch(transport), mayHaveExecuted(false, /certificate/));
    assert.equal(server.requests.length, 0);
  }));

test('TLS: a certificate for another host is refused, unless the name to expect is given', async () => {
  const tls = selfSigned('kubernetes.default');
  await world({ tls, ca: tls.cert }, async (transport, server) => {
    await assert.rejects(patch(transport), mayHaveExecuted(false, /does not match certificate/));
    assert.equal(server.requests.length, 0);
  });
  await world({ tls, ca: tls.cert, servername: 'kubernetes.default' }, async (transport, server) => {
    server.script(ok);
    assert.equal(await get(transport), '{}');
  });
});

test('TLS: any certificate is taken only where that was said', () =>
  world({ tls: selfSigned('elsewhere'), insecure: true }, async (transport, server) => {
    server.script(ok);
    assert.equal(await get(transport), '{}');
  }));
