import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/client/api.ts';
import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import { reflect, type Sink, type WatchSource } from '../../src/client/reflector.ts';
import type { KubeObject } from '../../src/core/model/objects.ts';
import { type ByteServer, type Exchange, listOf, startByteServer, statusOf } from './byte-server.ts';
import { aMoment, createFakeClock, type FakeClock, until } from './fake-clock.ts';
import { createMemoryLog, type MemoryLog } from './memory-log.ts';

interface Fixture {
  server: ByteServer;
  clock: FakeClock;
  log: MemoryLog;
  /** The calls of the sink, one line each. */
  delivered: string[];
  abort: AbortController;
  done: Promise<void>;
  /** Waits for the n-th request (starting at 1). */
  request(n: number): Promise<Exchange>;
  /** Advances the clock past the reflector's delay and returns its length. */
  pause(): Promise<number>;
}

interface Options {
  source?: Partial<WatchSource<string>>;
  sink?: Partial<Sink<string>>;
  headers?: () => Promise<Record<string, string>>;
  idleTimeoutMs?: number;
}

/** A reflector on a byte server; its clock moves only with the test. */
async function withReflector(options: Options, body: (fixture: Fixture) => Promise<void>): Promise<void> {
  const server = await startByteServer();
  const clock = createFakeClock();
  const log = createMemoryLog();
  const delivered: string[] = [];
  const abort = new AbortController();
  const { headers = async () => ({}) } = options;
  const transport = createNodeTransport({ server: server.url, headers, clock });
  const api = createApi(transport, { userAgent: 'test', fieldManager: 'test', clock });
  const sink: Sink<string> = {
    replaced: (items, version) => delivered.push(`replaced ${items.join(',')} @${version}`),
    upserted: (item, version) => delivered.push(`upserted ${item} @${version}`),
    deleted: (item, version) => delivered.push(`deleted ${item} @${version}`),
    observed: (version) => delivered.push(`observed @${version}`),
    failing: (error) => delivered.push(`failing: ${error.message}`),
    recovered: () => delivered.push('recovered'),
    ...options.sink,
  };
  const source: WatchSource<string> = {
    path: '/api/v1/services',
    project: (object) => object.metadata.name,
    ...options.source,
  };
  const done = reflect(api, source, sink, {
    clock,
    random: () => 0,
    signal: abort.signal,
    log,
    idleTimeoutMs: options.idleTimeoutMs ?? 150_000,
  });
  // A test awaits `done` where it matters; elsewhere a rejection must not count as unhandled.
  done.catch(() => undefined);
  try {
    await body({
      server,
      clock,
      log,
      delivered,
      abort,
      done,
      async request(n) {
        await until(() => server.requests.length >= n, `request ${n}`);
        const exchange = server.requests[n - 1];
        assert.ok(exchange);
        return exchange;
      },
      async pause() {
        // Delays are shorter than every deadline of the client and the transport.
        const isPause = (ms: number | undefined): ms is number => ms !== undefined && ms < 10_000;
        await until(() => isPause(clock.timers()[0]), 'a pause');
        const ms = clock.timers()[0] ?? 0;
        clock.advance(ms);
        return ms;
      },
    });
  } finally {
    abort.abort();
    transport.close();
    await server.close();
  }
}

function service(name: string, version: string, type = 'LoadBalancer'): KubeObject & { spec: object } {
  return { metadata: { name, resourceVersion: version }, spec: { type } };
}

const listed = (exchange: Exchange): void => exchange.respond(200, listOf([service('a', '1')], '5'));

test('a collection is listed completely, then watched from the version of the list', () =>
  withReflector({ source: { fieldSelector: 'spec.type=LoadBalancer' } }, async (w) => {
    w.server.script((e) =>
      e.respond(200, listOf([service('a', '1'), service('b', '2'), service('c', '3')], '7')),
    );
    const first = await w.request(1);
    assert.deepEqual(Object.fromEntries(first.query), { fieldSelector: 'spec.type=LoadBalancer' });
    const watch = await w.request(2);
    assert.equal(watch.query.get('watch'), 'true');
    assert.equal(watch.query.get('resourceVersion'), '7');
    assert.equal(watch.query.get('allowWatchBookmarks'), 'true');
    assert.equal(watch.query.get('timeoutSeconds'), '20');
    assert.equal(watch.query.get('fieldSelector'), 'spec.type=LoadBalancer');
    assert.deepEqual(w.delivered, ['replaced a,b,c @7']);
  }));

test('an incomplete list delivers nothing, and is retried', () =>
  withReflector({}, async (w) => {
    const text = JSON.stringify(listOf([service('a', '1'), service('b', '2')], '7'));
    w.server.script((e) => {
      e.begin();
      e.chunk(text.slice(0, -20));
      e.hangUp();
    });
    assert.equal(await w.pause(), 200);
    assert.equal(w.delivered.length, 1);
    (await w.request(2)).respond(200, listOf([service('b', '3')], '9'));
    await until(() => w.delivered.includes('replaced b @9'));
  }));

test('a response that is only part of the list is a failure', () =>
  withReflector({}, async (w) => {
    w.server.script((e) => e.respond(200, listOf([service('a', '1')], '7', 'next')));
    assert.equal(await w.pause(), 200);
    assert.match(
      w.delivered[0] ?? '',
      /failing: list \/api\/v1\/services: the response is only part of the list/,
    );
  }));

test('events and bookmarks are delivered in order, including one older than the last', () =>
  withReflector({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.event('ADDED', service('b', '8'));
      e.event('MODIFIED', service('a', '6'));
      e.event('DELETED', service('b', '9'));
      e.event('BOOKMARK', { metadata: { resourceVersion: '12' } });
      e.finish();
    });
    w.clock.advance(0);
    await until(() => w.delivered.length === 5);
    assert.deepEqual(w.delivered, [
      'replaced a @5',
      'upserted b @8',
      'upserted a @6',
      'deleted b @9',
      'observed @12',
    ]);
  }));

test('after the server ends a watch, the next one starts at the last bookmark at once', () =>
  withReflector({}, async (w) => {
    w.server.script(listed);
    const watch = await w.request(2);
    watch.begin();
    watch.event('BOOKMARK', { metadata: { resourceVersion: '12' } });
    await until(() => w.delivered.includes('observed @12'));
    w.clock.advance(20_000);
    watch.finish();
    const again = await w.request(3);
    assert.equal(again.query.get('resourceVersion'), '12');
    assert.equal(again.connection, watch.connection, 'a connection that ended normally is reused');
    assert.deepEqual(w.delivered, ['replaced a @5', 'observed @12']);
  }));

test('a server that ends every watch at once does not cause a hot loop', () =>
  withReflector({}, async (w) => {
    const endsAtOnce = (e: Exchange): void => {
      e.begin();
      e.finish();
    };
    w.server.script(listed, endsAtOnce, endsAtOnce, endsAtOnce);
    assert.deepEqual([await w.pause(), await w.pause(), await w.pause()], [200, 400, 800]);
    await w.request(5);
    assert.equal(w.server.requests.length, 5);
  }));

test('after a reset connection, the collection is listed again, after a short delay', () =>
  withReflector({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.event('ADDED', service('b', '8'));
    });
    await until(() => w.delivered.includes('upserted b @8'));
    (await w.request(2)).reset();
    assert.equal(await w.pause(), 200);
    // The server may now have another history: only a list is reliable.
    listed(await w.request(3));
    const again = await w.request(4);
    assert.equal(again.query.get('resourceVersion'), '5');
    again.begin();
    await until(() => w.delivered.includes('recovered'));
    assert.match(w.delivered[2] ?? '', /^failing: .*(reset|aborted)/i);
    assert.deepEqual(w.delivered.slice(3), ['replaced a @5', 'recovered']);
  }));

test('a truncated line is ignored and delivered by the next watch', () =>
  withReflector({}, async (w) => {
    const event = `${JSON.stringify({ type: 'ADDED', object: service('b', '8') })}\n`;
    w.server.script(listed, (e) => {
      e.begin();
      e.chunk(event.slice(0, 30));
      e.hangUp();
    });
    await w.pause();
    listed(await w.request(3));
    const again = await w.request(4);
    assert.equal(again.query.get('resourceVersion'), '5');
    again.begin();
    again.chunk(event);
    await until(() => w.delivered.includes('upserted b @8'));
    assert.equal(w.delivered.filter((line) => line.startsWith('upserted')).length, 1);
  }));

test('a character split between two chunks is decoded', () =>
  withReflector({}, async (w) => {
    const event = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: service('żółw', '8') })}\n`);
    const middle = event.indexOf(Buffer.from('ó')) + 1;
    w.server.script(listed, (e) => e.begin());
    const watch = await w.request(2);
    watch.chunk(event.subarray(0, middle));
    await aMoment();
    watch.chunk(event.subarray(middle));
    await until(() => w.delivered.includes('upserted żółw @8'));
  }));

test('an invalid watch line is a connection error', () =>
  withReflector({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.chunk('{"type":"ADDED","obj\n');
    });
    assert.equal(await w.pause(), 200);
    assert.equal((await w.request(3)).query.has('watch'), false);
    assert.match(w.delivered[1] ?? '', /failing: watch \/api\/v1\/services: a line is not JSON/);
    assert.ok((await w.request(2)).gone(), 'the old connection is closed');
  }));

test('410 as a response or as an event leads to a relist, the second time after a delay', () =>
  withReflector({}, async (w) => {
    w.server.script(
      listed,
      (e) => e.respond(410, statusOf(410, 'Expired', 'too old resource version')),
      (e) => e.respond(200, listOf([service('b', '20')], '21')),
      (e) => {
        e.begin();
        e.event('ERROR', statusOf(410, 'Expired', 'too old resource version: 21 (30)'));
      },
    );
    await w.request(4);
    assert.deepEqual(w.delivered, ['replaced a @5', 'replaced b @21']);
    assert.equal(await w.pause(), 400);
    const relist = await w.request(5);
    assert.equal(relist.query.has('watch'), false);
    assert.equal(relist.query.has('resourceVersion'), false);
  }));

test('429 is retried after Retry-After, not before', () =>
  withReflector({}, async (w) => {
    w.server.script(
      (e) => e.respond(429, statusOf(429, 'TooManyRequests', 'slow down'), { 'retry-after': '7' }),
      listed,
    );
    await until(() => w.delivered.length === 1);
    w.clock.advance(6_999);
    await aMoment();
    assert.equal(w.server.requests.length, 1);
    w.clock.advance(1);
    await w.request(2);
  }));

test('503 with an HTTP date is retried at that time', () =>
  withReflector({}, async (w) => {
    w.server.script((e) =>
      e.respond(503, 'no backend', {
        date: 'Fri, 02 Jan 2026 03:00:00 GMT',
        'retry-after': 'Fri, 02 Jan 2026 03:00:09 GMT',
      }),
    );
    assert.equal(await w.pause(), 9_000);
    await w.request(2);
  }));

test('the next attempt uses a rotated token', () => {
  let token = 'old';
  return withReflector({ headers: async () => ({ authorization: `Bearer ${token}` }) }, async (w) => {
    w.server.script(listed, (e) => e.respond(401, statusOf(401, 'Unauthorized', 'Unauthorized')));
    await w.request(2);
    token = 'new';
    assert.equal(await w.pause(), 200);
    const again = await w.request(3);
    assert.equal(again.headers.authorization, 'Bearer new');
    listed(again);
    (await w.request(4)).begin();
    await until(() => w.delivered.includes('recovered'));
  });
});

test('a missing permission is reported with verb and resource, and retried with back-off', () =>
  withReflector({}, async (w) => {
    const forbidden = (e: Exchange): void =>
      e.respond(
        403,
        statusOf(403, 'Forbidden', 'services is forbidden: User "x" cannot list resource "services"'),
      );
    w.server.script(forbidden, forbidden, forbidden);
    assert.deepEqual([await w.pause(), await w.pause(), await w.pause()], [200, 400, 800]);
    assert.equal(
      w.delivered[0],
      'failing: list /api/v1/services: services is forbidden: User "x" cannot list resource "services" (403 Forbidden)',
    );
  }));

test('a watch without data is closed, and the collection listed again', () =>
  withReflector({ idleTimeoutMs: 9_000 }, async (w) => {
    w.server.script(listed);
    const watch = await w.request(2);
    watch.begin();
    await aMoment();
    w.clock.advance(8_000);
    // Any data resets the timeout, even part of a line.
    watch.chunk('{"type":"BOOK');
    await aMoment();
    w.clock.advance(8_000);
    await aMoment();
    assert.equal(w.server.requests.length, 2);
    w.clock.advance(1_000);
    const again = await w.request(3);
    assert.equal(again.query.has('watch'), false);
    assert.deepEqual(w.delivered, ['replaced a @5', 'failing: watch /api/v1/services: no data within 9 s']);
    await until(() => watch.gone(), 'the end of the old connection');
  }));

test('a slow first list delivers nothing until it is complete', () =>
  withReflector({}, async (w) => {
    const body = JSON.stringify(listOf([service('a', '1')], '5'));
    const list = await w.request(1);
    w.clock.advance(60_000);
    list.begin();
    list.chunk(body.slice(0, 40));
    await aMoment();
    assert.deepEqual(w.delivered, []);
    list.chunk(body.slice(40));
    list.finish();
    await until(() => w.delivered.length === 1);
    assert.deepEqual(w.delivered, ['replaced a @5']);
  }));

test('if the server does not support the field selector, objects are filtered locally', () => {
  const matches = (object: KubeObject): boolean =>
    'spec' in object && JSON.stringify(object.spec).includes('LoadBalancer');
  return withReflector({ source: { fieldSelector: 'spec.type=LoadBalancer', matches } }, async (w) => {
    w.server.script(
      (e) => e.respond(400, statusOf(400, 'BadRequest', 'field label not supported: spec.type')),
      (e) => e.respond(200, listOf([service('a', '1'), service('b', '2', 'ClusterIP')], '5')),
      (e) => {
        e.begin();
        e.event('MODIFIED', service('a', '6', 'ClusterIP'));
        e.event('MODIFIED', service('b', '7'));
      },
    );
    await until(() => w.delivered.length === 3);
    assert.deepEqual(w.delivered, ['replaced a @5', 'deleted a @6', 'upserted b @7']);
    assert.deepEqual(
      w.server.requests.map((each) => each.query.get('fieldSelector')),
      ['spec.type=LoadBalancer', null, null],
    );
    assert.equal(w.log.lines.length, 1);
  });
});

test('an ERROR event that is not 410 is a failure like any other', () =>
  withReflector({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.event('ERROR', statusOf(500, 'InternalError', 'etcd event received with PrevKv=nil'));
    });
    assert.equal(await w.pause(), 200);
    assert.equal((await w.request(3)).query.has('watch'), false);
  }));

test('after an abort nothing is delivered, the connection is closed and the promise resolves', () =>
  withReflector({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.event('ADDED', service('b', '8'));
    });
    const watch = await w.request(2);
    await until(() => w.delivered.length === 2);
    watch.event('ADDED', service('c', '9'));
    w.abort.abort();
    await w.done;
    await until(() => watch.gone());
    await aMoment();
    assert.equal(w.delivered.length, 2);
    assert.deepEqual(w.clock.timers(), [], 'no timer remains');
  }));

test('an abort during a delivery makes it the last delivery', () => {
  const delivered: string[] = [];
  const stop = new AbortController();
  return withReflector(
    {
      sink: {
        upserted(item) {
          delivered.push(item);
          stop.abort();
        },
      },
    },
    async (w) => {
      stop.signal.addEventListener('abort', () => w.abort.abort());
      w.server.script(listed, (e) => {
        e.begin();
        e.chunk(
          ['b', 'c'].map((n) => `${JSON.stringify({ type: 'ADDED', object: service(n, '8') })}\n`).join(''),
        );
      });
      await w.done;
      assert.deepEqual(delivered, ['b']);
    },
  );
});

test('an abort during a delay resolves at once', () =>
  withReflector({}, async (w) => {
    w.server.script((e) => e.reset());
    await until(() => w.delivered.length === 1);
    w.abort.abort();
    await w.done;
    assert.deepEqual(w.clock.timers(), []);
  }));

const bug = (): never => {
  throw new TypeError('a bug in the controller');
};

for (const [where, options] of [
  ['replaced', { sink: { replaced: bug } }],
  ['upserted', { sink: { upserted: bug } }],
  ['observed', { sink: { observed: bug } }],
  ['failing', { sink: { failing: bug } }],
  ['recovered', { sink: { recovered: bug } }],
  ['project', { source: { project: bug } }],
] as const) {
  test(`an error thrown by ${where} is a bug: it rejects instead of retrying, and leaves no connection`, () =>
    withReflector(options, async (w) => {
      const watched = (e: Exchange): void => {
        e.begin();
        e.event('BOOKMARK', { metadata: { resourceVersion: '6' } });
        e.event('ADDED', service('b', '8'));
      };
      if (where === 'recovered') {
        w.server.script(listed, (e) => e.respond(500, 'no'), listed, watched);
        await w.pause();
      } else if (where === 'failing') w.server.script((e) => e.respond(500, 'no'));
      else w.server.script(listed, watched);
      await assert.rejects(w.done, /a bug in the controller/);
      await until(
        () =>
          w.server.requests.every((each) => !each.query.has('watch') || where === 'recovered' || each.gone()),
        'the end of the watch',
      );
      assert.deepEqual(w.clock.timers(), []);
    }));
}
