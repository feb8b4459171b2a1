import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { Exchange } from './byte-server.ts';
import { aMoment, until } from './fake-clock.ts';
import {
  forever,
  get,
  mayHaveExecuted,
  ok,
  patch,
  read,
  withServer,
  withTransport,
} from './transport-fixture.ts';

// Broken, slow and hostile servers and proxies. http-parser.test.ts covers which responses are accepted.

const request = { method: 'GET', path: '/', headers: {} } as const;

const broken: Readonly<Record<string, [respond: (e: Exchange) => void, message: RegExp]>> = {
  'speaks another protocol': [(e) => e.raw('SSH-2.0-OpenSSH\r\n'), /malformed response: not a status line/],
  'sends two lengths': [
    (e) => e.raw('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'),
    /malformed response: not a content-length/,
  ],
  'closes the connection in the head': [
    (e) => {
      e.raw('HTTP/1.1 200 OK\r\nfoo');
      e.hangUp();
    },
    /hang up/,
  ],
  'closes the connection before the end of the body': [
    (e) => {
      e.raw('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab');
      e.hangUp();
    },
    /broke while reading the response/,
  ],
  'closes the connection between two chunks': [
    (e) => {
      e.begin();
      e.chunk('{}');
      e.hangUp();
    },
    /broke while reading the response/,
  ],
  'resets the connection in the body': [
    (e) => {
      e.begin();
      e.chunk('{}');
      e.reset();
    },
    /ECONNRESET/,
  ],
  'sends a chunk of the wrong length': [
    (e) => {
      e.begin();
      e.raw('2\r\n{}x\r\n');
    },
    /malformed response: not a chunk end/,
  ],
};

for (const [what, [respond, message]] of Object.entries(broken)) {
  test(`a server that ${what}: the request may have executed, and the connection is closed`, () =>
    withTransport({ sockets: 1 }, async (transport, server) => {
      server.script(respond, ok);
      await assert.rejects(patch(transport), mayHaveExecuted(true, message));
      await until(() => server.requests[0]?.gone() === true);
      assert.equal(await get(transport), '{}');
      assert.equal(server.connections(), 2);
    }));
}

const unusable: Readonly<Record<string, (e: Exchange) => void>> = {
  'announces that it will close the connection': (e) => e.respond(200, {}, { connection: 'close' }),
  'sends data after the response': (e) => e.raw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}{}'),
  'sends a second response': (e) => {
    e.raw('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]');
  },
  'speaks HTTP/1.0': (e) => e.raw('HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}'),
  'ends the body by closing the connection': (e) => {
    e.raw('HTTP/1.1 200 OK\r\n\r\n{');
    e.raw('}');
    e.hangUp();
  },
};

for (const [what, respond] of Object.entries(unusable)) {
  test(`the response of a server that ${what} is accepted, and its connection is not reused`, () =>
    withTransport({ sockets: 1 }, async (transport, server) => {
      server.script(respond, ok);
      assert.equal(await get(transport), '{}');
      assert.equal(await get(transport), '{}');
      assert.deepEqual(
        server.requests.map((each) => each.connection),
        [1, 2],
      );
    }));
}

test('an unsolicited response is not used for the next request', () =>
  withTransport({}, async (transport, server) => {
    server.script(ok, ok);
    await get(transport);
    server.requests[0]?.raw('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged');
    await until(() => server.requests[0]?.gone() === true);
    assert.equal(await patch(transport), '{}');
    assert.equal(server.connections(), 2);
  }));

test('informational responses are skipped', () =>
  withTransport({}, async (transport, server) => {
    server.script((e) => {
      e.raw('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n');
      e.respond(201, {});
    });
    const response = await transport(request, forever);
    assert.equal(response.status, 201);
    assert.equal(response.headers.link, undefined);
    assert.equal(await read(response), '{}');
  }));

test('a body that is not read to its end frees its connection for the next request', () =>
  withTransport({ sockets: 1 }, async (transport, server) => {
    server.script((e) => {
      e.begin();
      e.chunk('{');
    }, ok);
    const response = await transport(request, forever);
    const enough = async (): Promise<void> => {
      for await (const _ of response.body) throw new RangeError('enough');
    };
    await assert.rejects(enough(), RangeError);
    assert.equal(await get(transport), '{}');
    assert.ok(server.requests[0]?.gone());
  }));

test('a response before the request was read is used, and the connection is not reused', async () => {
  let connections = 0;
  const accept = (socket: Socket): void => {
    connections += 1;
    socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\n{}');
  };
  await withServer(accept, 'http', async (transport) => {
    const body = 'x'.repeat(32 * 1024 * 1024);
    for (let i = 1; i <= 2; i += 1) {
      const response = await transport({ method: 'PATCH', path: '/', headers: {}, body }, forever);
      assert.equal(response.status, 413);
      assert.equal(await read(response), '{}');
      assert.equal(connections, i);
    }
  });
});

test('an unread response is buffered by the server, not by the client', async () => {
  const megabyte = Buffer.alloc(1024 * 1024);
  const wanted = 64;
  let sent = 0;
  const accept = (socket: Socket): void => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${wanted * megabyte.length}\r\n\r\n`);
    const more = (): void => {
      if (sent === wanted) return;
      socket.write(megabyte, () => {
        sent += 1;
        more();
      });
    };
    more();
  };
  await withServer(accept, 'http', async (transport) => {
    const response = await transport(request, forever);
    for (let before = -1; before !== sent; ) {
      before = sent;
      await aMoment();
    }
    assert.ok(sent < wanted, `${sent} megabytes`);
    assert.equal((await read(response)).length, wanted * megabyte.length);
  });
});

test('a connection that was paused until the end of a response takes the next request', () =>
  withTransport({ sockets: 1 }, async (transport, server) => {
    const long = 'x'.repeat(256 * 1024 + 1000);
    server.script((e) => e.respond(200, long), ok);
    const response = await transport(request, forever);
    await aMoment();
    assert.equal(await read(response), long);
    assert.equal(await get(transport), '{}');
    assert.equal(server.connections(), 1);
  }));
