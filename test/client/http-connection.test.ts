import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { HttpConnection, StaleConnection } from '../../src/client/http/http-connection.ts';
import { type ByteServer, startByteServer } from './byte-server.ts';
import { until } from './fake-clock.ts';
import { forever, ok, read } from './transport-world.ts';

const text = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

/** A connection to a server, and what it said of itself. */
async function connected(
  story: (connection: HttpConnection, server: ByteServer, said: string[]) => Promise<void>,
): Promise<void> {
  const server = await startByteServer();
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const said: string[] = [];
  const events = { free: () => said.push('free'), closed: () => said.push('closed') };
  const connection = new HttpConnection(socket, 60_000, events);
  try {
    await story(connection, server, said);
  } finally {
    connection.close();
    await server.close();
  }
}

test('it is free after each answer, and closed once', () =>
  connected(async (connection, server, said) => {
    server.script(ok, ok);
    assert.equal(await read(await connection.send(text, forever)), '{}');
    assert.deepEqual(said, ['free']);
    assert.equal(await read(await connection.send(text, forever)), '{}');
    assert.deepEqual(said, ['free', 'free']);
    connection.close();
    connection.close();
    assert.deepEqual(said, ['free', 'free', 'closed']);
  }));

test('once it is closed nothing is sent, and that is said', () =>
  connected(async (connection) => {
    connection.close();
    await assert.rejects(connection.send(text, forever), (error) => {
      assert.ok(error instanceof StaleConnection);
      assert.equal(error.mayHaveExecuted, false);
      return true;
    });
  }));

test('where the signal is aborted already, nothing is sent', () =>
  connected(async (connection, server, said) => {
    await assert.rejects(connection.send(text, AbortSignal.abort(new Error('enough'))), /enough/);
    assert.deepEqual(said, ['closed']);
    await until(() => server.connections() === 1);
    assert.equal(server.requests.length, 0);
  }));

test('an exchange that is over, in whatever way, leaves no listener on its signal', () =>
  connected(async (connection, server) => {
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
