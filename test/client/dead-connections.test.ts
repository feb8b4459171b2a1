/** What the transport and the connection health do together, on real sockets: slow, reset and silent servers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Api, createApi } from '../../src/client/api.ts';
import { ConnectionHealth } from '../../src/client/connection-health.ts';
import { SilentConnection } from '../../src/client/errors.ts';
import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import { reflect } from '../../src/client/reflector.ts';
import type { OnRecovered } from '../../src/client/transport.ts';
import { type ByteServer, type Exchange, listOf, startByteServer } from './byte-server.ts';
import { aMoment, createFakeClock, type FakeClock, until } from './fake-clock.ts';
import { createMemoryLog } from './memory-log.ts';
import { forever } from './transport-fixture.ts';

interface Fixture {
  readonly server: ByteServer;
  readonly clock: FakeClock;
  readonly api: Api;
  readonly onRecovered: OnRecovered;
  /** The requests so far with this path, without the query. */
  readonly sent: (path: string) => Exchange[];
}

const object = { metadata: { name: 'a', resourceVersion: '1' } };

/** Requests get the answer that `answers` has for their path; others none. The clock moves only with the test. */
async function withClient(
  answers: Record<string, (exchange: Exchange) => void>,
  body: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  const server = await startByteServer();
  const clock = createFakeClock();
  const connections = createNodeTransport({ server: server.url, clock });
  const options = { transport: connections, connections, clock, userAgent: 'test', log: createMemoryLog() };
  const health = new ConnectionHealth(options);
  const api = createApi(health.transport, { userAgent: 'test', fieldManager: 'test', clock });
  const pathOf = ({ path }: Exchange): string => path.split('?')[0] ?? '';
  server.onRequest((exchange) => answers[pathOf(exchange)]?.(exchange));
  const sent = (path: string): Exchange[] => server.requests.filter((each) => pathOf(each) === path);
  try {
    await body({ server, clock, api, sent, onRecovered: health.onRecovered });
  } finally {
    health.close();
    connections.close();
    await server.close();
  }
}

const ok = (exchange: Exchange): void => exchange.respond(200, object);

test('a slow server, which answers before each deadline, is not suspect', () =>
  withClient({ '/unused': ok }, async ({ clock, api, sent }) => {
    await api.get('/unused', forever);
    const answer = api.get('/slow', forever);
    await until(() => sent('/slow').length === 1);
    const [slow] = sent('/slow');
    clock.advance(29_000);
    slow?.raw('HTTP/1.1 200 OK\r\n');
    await aMoment();
    slow?.raw('content-length: 28\r\n\r\n{"metadata"');
    await aMoment();
    slow?.raw(':{"name":"slow"}}');
    assert.equal((await answer).metadata.name, 'slow');
    assert.deepEqual(sent('/version'), []);
  }));

const whole = `HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"items":[`;
for (const bytes of [0, 8, 40, whole.length]) {
  test(`a reset after ${bytes} bytes closes the unused connections, and a quiet watch begins again`, () =>
    withClient(
      {
        '/unused': ok,
        '/version': ok,
        '/reset': (exchange) => {
          exchange.raw(whole.slice(0, bytes));
          // After the bytes were read.
          setTimeout(() => exchange.reset(), 20);
        },
        '/api/v1/services': (exchange) => {
          if (exchange.query.has('watch')) exchange.begin();
          else exchange.respond(200, listOf([object], '5'));
        },
      },
      async ({ clock, api, sent, onRecovered }) => {
        const abort = new AbortController();
        const names: string[] = [];
        const done = reflect(
          api,
          { path: '/api/v1/services', project: ({ metadata }) => metadata.name },
          { replaced: (items) => names.push(...items), upserted() {}, deleted() {} },
          {
            ...{ clock, random: () => 0, signal: abort.signal, log: createMemoryLog(), onRecovered },
          },
        );
        await until(() => sent('/api/v1/services').length === 2, 'the watch');
        clock.advance(5_000);
        const [first, second] = [api.get('/waiting', forever), api.get('/unused', forever)];
        await second;
        await assert.rejects(api.get('/reset', forever), /ECONNRESET|hang up|broke/);
        await until(() => sent('/version').length === 1, 'the probe');
        const [unused, version] = [sent('/unused')[0], sent('/version')[0]];
        assert.ok(unused && version);
        assert.notEqual(version.connection, unused.connection);
        await aMoment();
        const watch = sent('/api/v1/services')[1];
        assert.equal(watch?.gone(), false);
        clock.advance(2_000);
        await assert.rejects(first, SilentConnection);
        await until(() => sent('/api/v1/services').length === 3, 'the next watch');
        assert.equal(sent('/api/v1/services')[2]?.query.get('resourceVersion'), '5');
        assert.equal(watch?.gone(), true);
        assert.deepEqual(names, ['a']);
        abort.abort();
        await done;
      },
    ));
}

test('after one request without an answer, no other one is sent on a connection from before', () =>
  withClient({ '/one': ok, '/two': ok, '/version': ok }, async ({ clock, api, sent }) => {
    await Promise.all([api.get('/one', forever), api.get('/two', forever)]);
    // Both connections are dead from now on: nothing arrives on them.
    const limits = { remainingMs: () => 5_000 };
    const lost = assert.rejects(api.update('/lost', object, forever, limits), /no response within 5 s/);
    await until(() => sent('/lost').length === 1);
    clock.advance(5_000);
    await lost;
    await api.get('/one', forever);
    const before = new Set([sent('/one')[0]?.connection, sent('/two')[0]?.connection]);
    assert.equal(before.has(sent('/one')[1]?.connection), false);
    await until(() => sent('/two').every((each) => each.gone()));
  }));
