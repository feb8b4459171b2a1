import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Api, createApi, withQuery } from '../../src/client/api.ts';
import { ApiError, ConnectionError } from '../../src/client/errors.ts';
import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import type { ListPart } from '../../src/client/list-parts.ts';
import type { Transport } from '../../src/client/transport.ts';
import type { KubeObject } from '../../src/core/model/objects.ts';
import { type ByteServer, listOf, startByteServer, statusOf } from './byte-server.ts';
import { createFakeClock, type FakeClock, until } from './fake-clock.ts';

interface Fixture {
  server: ByteServer;
  api: Api;
  clock: FakeClock;
  signal: AbortSignal;
  abort(): void;
}

async function withApi(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  const server = await startByteServer();
  const clock = createFakeClock();
  const controller = new AbortController();
  const transport = createNodeTransport({ server: server.url, clock });
  const api = createApi(transport, { userAgent: 'tester/1', fieldManager: 'a manager', clock });
  try {
    const abort = (): void => controller.abort(new Error('stopped by the test'));
    await body({ server, api, clock, signal: controller.signal, abort });
    assert.deepEqual(clock.timers(), [], 'no timer remains');
  } finally {
    transport.close();
    await server.close();
  }
}

async function listed(parts: AsyncIterable<ListPart>): Promise<[KubeObject[], string | undefined]> {
  const all: ListPart[] = [];
  for await (const part of parts) all.push(part);
  return [all.flatMap(({ objects }) => objects), all.at(-1)?.resourceVersion];
}

const PATH = '/api/v1/namespaces/default/services/web';
const object = { metadata: { name: 'web', resourceVersion: '1' } };

test('each verb sends its method, content type and field manager', () =>
  withApi(async ({ server, api, signal }) => {
    server.script(
      ...Array.from(
        { length: 5 },
        () => (e: { respond(s: number, b: unknown): void }) => e.respond(200, object),
      ),
    );
    assert.deepEqual(await api.get(PATH, signal), object);
    await api.create('/api/v1/namespaces/default/services', object, signal);
    await api.update(PATH, object, signal);
    assert.deepEqual(await api.mergePatch(PATH, { spec: { x: 'é' } }, signal), object);
    await api.delete(PATH, signal);
    const seen = server.requests.map((each) => [
      each.method,
      each.path,
      each.headers['content-type'],
      each.body,
    ]);
    assert.deepEqual(seen, [
      ['GET', PATH, undefined, ''],
      [
        'POST',
        '/api/v1/namespaces/default/services?fieldManager=a%20manager',
        'application/json',
        JSON.stringify(object),
      ],
      ['PUT', `${PATH}?fieldManager=a%20manager`, 'application/json', JSON.stringify(object)],
      ['PATCH', `${PATH}?fieldManager=a%20manager`, 'application/merge-patch+json', '{"spec":{"x":"é"}}'],
      ['DELETE', PATH, undefined, ''],
    ]);
    for (const { headers } of server.requests) {
      assert.equal(headers['user-agent'], 'tester/1');
      assert.equal(headers.accept, 'application/json');
      assert.equal(headers['accept-encoding'], undefined);
    }
    assert.equal(server.connections(), 1, 'all requests use one connection');
  }));

test('a list returns its objects and its version', () =>
  withApi(async ({ server, api, signal }) => {
    server.script(
      (e) => e.respond(200, listOf([object, object], '9')),
      (e) => e.respond(200, { metadata: { resourceVersion: '9', continue: '' }, items: null }),
    );
    const query = { fieldSelector: 'spec.type=LoadBalancer', labelSelector: undefined };
    assert.deepEqual(await listed(api.list('/api/v1/services', query, signal)), [[object, object], '9']);
    assert.equal(server.requests[0]?.path, '/api/v1/services?fieldSelector=spec.type%3DLoadBalancer');
    assert.deepEqual(await listed(api.list('/api/v1/services', {}, signal)), [[], '9']);
  }));

test('an API error has status, reason, message, causes and the request', () =>
  withApi(async ({ server, api, signal }) => {
    server.script((e) =>
      e.respond(
        409,
        statusOf(409, 'Conflict', 'the object has been modified', { causes: [{ reason: 'X' }] }),
        { 'retry-after': '3' },
      ),
    );
    await assert.rejects(api.mergePatch(PATH, {}, signal), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.status, 409);
      assert.equal(error.reason, 'Conflict');
      assert.equal(error.retryAfterMs, 3000);
      assert.deepEqual(error.causes, ['X']);
      assert.equal(error.message, `patch ${PATH}: the object has been modified (409 Conflict)`);
      return true;
    });
  }));

test('an HTML page of a proxy becomes one readable line', () =>
  withApi(async ({ server, api, signal }) => {
    const page = '<html>\n<head><title>502 Bad Gateway</title></head>\n<hr>nginx</html>\n';
    server.script((e) => e.respond(502, page));
    await assert.rejects(api.get(PATH, signal), { message: `get ${PATH}: 502 Bad Gateway nginx (502)` });
  }));

test('a response that is not a list, or not JSON, is a connection error', () =>
  withApi(async ({ server, api, signal }) => {
    server.script(
      (e) => e.respond(200, { kind: 'Service' }),
      (e) => e.respond(200, '<html>captive portal</html>'),
    );
    await assert.rejects(listed(api.list('/api/v1/services', {}, signal)), ConnectionError);
    await assert.rejects(api.get(PATH, signal), ConnectionError);
  }));

test('after an incomplete response, a write may have been executed', () =>
  withApi(async ({ server, api, signal }) => {
    server.script((e) => {
      e.raw('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"metadata":');
      e.hangUp();
    });
    await assert.rejects(api.mergePatch(PATH, {}, signal), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.mayHaveExecuted, true);
      return true;
    });
  }));

test('a request without a response ends at its deadline, and its connection is not reused', () =>
  withApi(async ({ server, api, clock, signal }) => {
    const patch = api.mergePatch(PATH, {}, signal);
    await until(() => server.requests.length === 1);
    clock.advance(30_000);
    await assert.rejects(patch, {
      name: 'ConnectionError',
      message: `patch ${PATH}: no response within 30 s`,
    });
    await until(() => server.requests[0]?.gone() === true);
    server.script((e) => e.respond(200, object));
    await api.get(PATH, signal);
    assert.equal(server.connections(), 2);
  }));

test('the deadline also applies to a body that does not end', () =>
  withApi(async ({ server, api, clock, signal }) => {
    server.script((e) => {
      e.begin();
      e.chunk('{"metadata"');
    });
    const get = api.get(PATH, signal);
    await until(() => server.requests.length === 1);
    clock.advance(30_000);
    await assert.rejects(get, /no response within 30 s/);
  }));

test('an abort ends the request with the abort reason', () =>
  withApi(async ({ server, api, signal, abort }) => {
    const get = api.get(PATH, signal);
    await until(() => server.requests.length === 1);
    abort();
    await assert.rejects(get, /stopped by the test/);
    await until(() => server.requests[0]?.gone() === true);
    await assert.rejects(api.get(PATH, signal), /stopped by the test/);
    assert.equal(server.requests.length, 1, 'nothing is sent after the abort');
  }));

test('a watch whose response does not begin ends at the request deadline', () =>
  withApi(async ({ server, api, clock, signal }) => {
    const first = api.watch('/api/v1/services', {}, signal)[Symbol.asyncIterator]().next();
    await until(() => server.requests.length === 1);
    clock.advance(30_000);
    await assert.rejects(first, /watch \/api\/v1\/services: no response within 30 s/);
  }));

test('an open watch has no deadline, and its connection closes when the reader stops', () =>
  withApi(async ({ server, api, clock, signal }) => {
    server.script((e) => e.begin());
    let chunks = 0;
    const watch = api.watch('/api/v1/services', { resourceVersion: '1' }, signal, () => {
      chunks += 1;
    });
    const events = watch[Symbol.asyncIterator]();
    const first = events.next();
    await until(() => chunks === 1);
    clock.advance(600_000);
    server.requests[0]?.event('ADDED', object);
    assert.deepEqual((await first).value, { type: 'ADDED', object });
    assert.equal(chunks, 2);
    await events.return?.();
    await until(() => server.requests[0]?.gone() === true);
  }));

test('a reader that stops a watch aborts the request of the transport', async () => {
  let transportSignal: AbortSignal | undefined;
  const transport: Transport = async (_, signal) => {
    transportSignal = signal;
    const body = (async function* () {
      yield Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    })();
    return { status: 200, headers: {}, body };
  };
  const api = createApi(transport, { userAgent: 't', fieldManager: 't', clock: createFakeClock() });
  for await (const event of api.watch('/api/v1/services', {}, new AbortController().signal)) {
    assert.equal(event.type, 'ADDED');
    break;
  }
  assert.equal(transportSignal?.aborted, true);
});

test('an abort ends a watch with the abort reason', () =>
  withApi(async ({ server, api, signal, abort }) => {
    server.script((e) => e.begin());
    const first = api.watch('/api/v1/services', {}, signal)[Symbol.asyncIterator]().next();
    await until(() => server.requests.length === 1);
    abort();
    await assert.rejects(first, /stopped by the test/);
  }));

for (const line of [
  '{"type":"NEWS","object":{"metadata":{}}}',
  '{"type":"ADDED"}',
  '[]',
  '{"type":"ADDED","object":{}}',
]) {
  test(`the watch line ${line} is a connection error`, () =>
    withApi(async ({ server, api, signal }) => {
      server.script((e) => {
        e.begin();
        e.chunk(`${line}\n`);
      });
      const first = api.watch('/api/v1/services', {}, signal)[Symbol.asyncIterator]().next();
      await assert.rejects(first, ConnectionError);
    }));
}

test('a query is encoded and appended to the query of the path', () => {
  assert.equal(withQuery('/a', {}), '/a');
  assert.equal(withQuery('/a?b=1', { c: 'x&y', d: undefined, e: true }), '/a?b=1&c=x%26y&e=true');
});
