import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { HttpConnection, StaleConnection } from '../../src/client/http/http-connection.ts';
import { type ByteServer, startByteServer } from './byte-server.ts';
import { until } from './fake-clock.ts';
import { forever, ok, read } from './transport-fixture.ts';

const text = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

/** A connection to a server, and the events it emitted. */
async function withConnection(
  body: (connection: HttpConnection, server: ByteServer, events: string[]) => Promise<void>,
): Promise<void> {
  const server = await startByteServer();
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const events: string[] = [];
  const listener = {
    free: () => events.push('free'),
    closed: () => events.push('closed'),
    broken: () => events.push('broken'),
  };
  const connection = new HttpConnection(socket, 60_000, listener);
  try {
    await body(connection, server, events);
  } finally {
    connection.close();
    await server.close();
  }
}

test('a connection is free after each response, and closed once', () =>
  withConnection(async (connection, server, events) => {
    server.script(ok, ok);
    assert.equal(await read(await connection.send(text, forever)), '{}');
    assert.deepEqual(events, ['free']);
    assert.equal(await read(await connection.send(text, forever)), '{}');
    assert.deepEqual(events, ['free', 'free']);
    connection.close();
    connection.close();
    assert.deepEqual(events, ['free', 'free', 'closed']);
  }));

test('a closed connection rejects requests without sending them', () =>
  withConnection(async (connection) => {
    connection.close();
    await assert.rejects(connection.send(text, forever), (error) => {
      assert.ok(error instanceof StaleConnection);
      assert.equal(error.mayHaveExecuted, false);
      return true;
    });
  }));

test('a request with an aborted signal is not sent', () =>
  withConnection(async (connection, server, events) => {
    await assert.rejects(connection.send(text, AbortSignal.abort(new Error('enough'))), /enough/);
    assert.deepEqual(events, ['closed']);
    await until(() => server.connections() === 1);
    assert.equal(server.requests.length, 0);
  }));

test('a completed or failed request leaves no listener on its signal', () =>
  withConnection(async (connection, server) => {
    const { signal } = new AbortController();
    server.script(ok, (e) => {
      e.begin();
      e.chunk('{');
      e.reset();
    });
    const first = connection.send(text, signal);
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    await read(await first);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    await assert.rejects(read(await connection.send(text, signal)));
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  }));
