/** What the controller's own client and the plugin's node:https have in common. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { startByteServer } from './byte-server.ts';
import { selfSigned } from './certificate.ts';
import { aMoment, createFakeClock, until } from './fake-clock.ts';
import {
  forever,
  get,
  implementations,
  mayHaveExecuted,
  ok,
  patch,
  read,
  withTransportOf,
} from './transport-fixture.ts';

for (const [name, create] of implementations) {
  test(`${name}: a connection is reused for the next request`, () =>
    withTransportOf(create, {}, async (transport, server) => {
      server.script(ok, ok, ok);
      for (let i = 0; i < 3; i += 1) await get(transport);
      assert.equal(server.connections(), 1);
    }));

  test(`${name}: a body is sent with its length in bytes, and the path is appended to that of the server`, () =>
    withTransportOf(create, {}, async (_, server) => {
      const transport = create({ server: `${server.url}/k8s/clusters/c-1/` });
      server.script(ok);
      await read(await transport({ method: 'POST', path: '/api', headers: {}, body: '"é"' }, forever));
      transport.close();
      assert.equal(server.requests[0]?.path, '/k8s/clusters/c-1/api');
      assert.equal(server.requests[0]?.headers['content-length'], '4');
      assert.equal(server.requests[0]?.body, '"é"');
    }));

  test(`${name}: headers are requested for each request, and a 401 is reported`, () => {
    let calls = 0;
    let unauthorizedCalls = 0;
    const options = {
      headers: async () => {
        calls += 1;
        return { authorization: `Bearer ${calls}` };
      },
      unauthorized: () => {
        unauthorizedCalls += 1;
      },
    };
    return withTransportOf(create, options, async (transport, server) => {
      server.script(ok, (e) => e.respond(401, {}), ok);
      for (let i = 0; i < 3; i += 1) await get(transport);
      assert.deepEqual(
        server.requests.map((each) => each.headers.authorization),
        ['Bearer 1', 'Bearer 2', 'Bearer 3'],
      );
      assert.equal(unauthorizedCalls, 1);
    });
  });

  test(`${name}: a GET is retried if the server closed the idle connection`, () =>
    withTransportOf(create, {}, async (transport, server) => {
      server.script(ok, (e) => e.reset(), ok);
      await get(transport);
      assert.equal(await get(transport), '{}');
      assert.deepEqual(
        server.requests.map((each) => each.connection),
        [1, 1, 2],
      );
    }));

  test(`${name}: a write is not retried: its error says that it may have executed`, () =>
    withTransportOf(create, {}, async (transport, server) => {
      server.script(ok, (e) => e.reset());
      await get(transport);
      await assert.rejects(patch(transport), mayHaveExecuted(true, /ECONNRESET|hang up/));
      assert.equal(server.requests.length, 2);
    }));

  test(`${name}: a reset on a new connection is not retried, not even for a GET`, () =>
    withTransportOf(create, {}, async (transport, server) => {
      server.script((e) => e.reset());
      await assert.rejects(get(transport), mayHaveExecuted(true, /ECONNRESET|hang up/));
      assert.equal(server.requests.length, 1);
    }));

  test(`${name}: a refused connection means that nothing executed`, async () => {
    const server = await startByteServer();
    await server.close();
    const transport = create({ server: server.url });
    await assert.rejects(patch(transport), mayHaveExecuted(false, /ECONNREFUSED/));
    transport.close();
  });

  test(`${name}: connecting to a server that never starts TLS times out`, async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const address = mute.address();
    assert.ok(typeof address === 'object' && address !== null);
    const clock = createFakeClock();
    const transport = create({ server: `https://127.0.0.1:${address.port}`, clock });
    const pending = patch(transport);
    const rejected = assert.rejects(pending, mayHaveExecuted(false, /no connection within 10 s/));
    await until(() => clock.timers().length === 1);
    await aMoment();
    clock.advance(10_000);
    await rejected;
    transport.close();
    await new Promise<void>((resolve) => mute.close(() => resolve()));
  });

  test(`${name}: an abort ends the request, or the reading of its body, with its reason`, () =>
    withTransportOf(create, {}, async (transport, server) => {
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

  test(`${name}: an invalid server address is reported`, () => {
    assert.throws(() => create({ server: '10.0.0.1:6443' }), /must be an http or https URL: 10.0.0.1:6443/);
    assert.throws(() => create({ server: 'ftp://host' }), /must be an http or https URL/);
  });

  test(`${name}: TLS: a certificate of the given authority is accepted, and the connection is reused`, () => {
    const tls = selfSigned('127.0.0.1');
    return withTransportOf(create, { tls, ca: tls.cert }, async (transport, server) => {
      server.script(ok, ok);
      assert.equal(await get(transport), '{}');
      assert.equal(await patch(transport), '{}');
      assert.equal(server.connections(), 1);
    });
  });

  test(`${name}: TLS: an untrusted certificate is rejected before anything is sent`, () => {
    const tls = selfSigned('127.0.0.1');
    return withTransportOf(create, { tls }, async (transport, server) => {
      await assert.rejects(patch(transport), mayHaveExecuted(false, /self-signed certificate/));
      assert.equal(server.requests.length, 0);
    });
  });

  test(`${name}: TLS: a certificate of another authority is rejected`, () =>
    withTransportOf(
      create,
      { tls: selfSigned('127.0.0.1'), ca: selfSigned('127.0.0.1').cert },
      async (transport, server) => {
        await assert.rejects(patch(transport), mayHaveExecuted(false, /certificate/));
        assert.equal(server.requests.length, 0);
      },
    ));

  test(`${name}: TLS: a certificate for another host is rejected, unless servername is set`, async () => {
    const tls = selfSigned('kubernetes.default');
    await withTransportOf(create, { tls, ca: tls.cert }, async (transport, server) => {
      await assert.rejects(patch(transport), mayHaveExecuted(false, /does not match certificate/));
      assert.equal(server.requests.length, 0);
    });
    await withTransportOf(
      create,
      { tls, ca: tls.cert, servername: 'kubernetes.default' },
      async (transport, server) => {
        server.script(ok);
        assert.equal(await get(transport), '{}');
      },
    );
  });

  test(`${name}: TLS: insecure accepts any certificate`, () =>
    withTransportOf(create, { tls: selfSigned('elsewhere'), insecure: true }, async (transport, server) => {
      server.script(ok);
      assert.equal(await get(transport), '{}');
    }));
}
