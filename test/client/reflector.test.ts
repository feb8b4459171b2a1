import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/client/api.ts';
import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import { reflect, type Sink, type WatchSource } from '../../src/client/reflector.ts';
import type { KubeObject } from '../../src/core/model/objects.ts';
import { type ByteServer, type Exchange, listOf, startByteServer, statusOf } from './byte-server.ts';
import { aMoment, createFakeClock, type FakeClock, until } from './fake-clock.ts';
import { createMemoryLog, type MemoryLog } from './memory-log.ts';

interface World {
  server: ByteServer;
  clock: FakeClock;
  log: MemoryLog;
  /** What the sink was told, a line each. */
  told: string[];
  abort: AbortController;
  done: Promise<void>;
  /** Waits until the n-th request (from 1) has come in. */
  request(n: number): Promise<Exchange>;
  /** Lets the reflector's pause pass, however long it is, and says how long it was. */
  pause(): Promise<number>;
}

interface Options {
  source?: Partial<WatchSource<string>>;
  sink?: Partial<Sink<string>>;
  headers?: () => Promise<Record<string, string>>;
  idleTimeoutMs?: number;
}

/** A reflector on a server of bytes, whose clock stands still unless the test moves it. */
async function world(options: Options, story: (world: World) => Promise<void>): Promise<void> {
  const server = await startByteServer();
  const clock = createFakeClock();
  const log = createMemoryLog();
  const told: string[] = [];
  const abort = new AbortController();
  const { headers = async () => ({}) } = options;
  const transport = createNodeTransport({ server: server.url, headers, clock });
  const api = createApi(transport, { userAgent: 'test', fieldManager: 'test', clock });
  const sink: Sink<string> = {
    replaced: (items, version) => told.push(`replaced ${items.join(',')} @${version}`),
    upserted: (item, version) => told.push(`upserted ${item} @${version}`),
    deleted: (item, version) => told.push(`deleted ${item} @${version}`),
    observed: (version) => told.push(`observed @${version}`),
    failing: (error) => told.push(`failing: ${error.message}`),
    recovered: () => told.push('recovered'),
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
  // The story looks at `done` where it matters; elsewhere it must not count as unhandled.
  done.catch(() => undefined);
  try {
    await story({
      server,
      clock,
      log,
      told,
      abort,
      done,
      async request(n) {
        await until(() => server.requests.length >= n, `request ${n}`);
        const exchange = server.requests[n - 1];
        assert.ok(exchange);
        return exchange;
      },
      async pause() {
        // Pauses are shorter than every deadline of the client and of the transport.
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

const listed = (exchange: Exchange): void => exchange.answer(200, listOf([service('a', '1')], '5'));

test('a world is listed whole, and then watched from the version of the list', () =>
  world({ source: { fieldSelector: 'spec.type=LoadBalancer' } }, async (w) => {
    w.server.script((e) =>
      e.answer(200, listOf([service('a', '1'), service('b', '2'), service('c', '3')], '7')),
    );
    const first = await w.request(1);
    assert.deepEqual(Object.fromEntries(first.query), { fieldSelector: 'spec.type=LoadBalancer' });
    const watch = await w.request(2);
    assert.equal(watch.query.get('watch'), 'true');
    assert.equal(watch.query.get('resourceVersion'), '7');
    assert.equal(watch.query.get('allowWatchBookmarks'), 'true');
    assert.equal(watch.query.get('timeoutSeconds'), '300');
    assert.equal(watch.query.get('fieldSelector'), 'spec.type=LoadBalancer');
    assert.deepEqual(w.told, ['replaced a,b,c @7']);
  }));

test('a list that breaks off delivers nothing, and is begun anew', () =>
  world({}, async (w) => {
    const text = JSON.stringify(listOf([service('a', '1'), service('b', '2')], '7'));
    w.server.script((e) => {
      e.begin();
      e.chunk(text.slice(0, -20));
      e.hangUp();
    });
    assert.equal(await w.pause(), 200);
    assert.equal(w.told.length, 1);
    (await w.request(2)).answer(200, listOf([service('b', '3')], '9'));
    await until(() => w.told.includes('replaced b @9'));
  }));

test('an answer that is only a part of the list is no world', () =>
  world({}, async (w) => {
    w.server.script((e) => e.answer(200, listOf([service('a', '1')], '7', 'next')));
    assert.equal(await w.pause(), 200);
    assert.match(w.told[0] ?? '', /failing: list \/api\/v1\/services: the answer is only a part of the list/);
  }));

test('events and bookmarks are delivered in their order, also one that is older than the last', () =>
  world({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.event('ADDED', service('b', '8'));
      e.event('MODIFIED', service('a', '6'));
      e.event('DELETED', service('b', '9'));
      e.event('BOOKMARK', { metadata: { resourceVersion: '12' } });
      e.finish();
    });
    w.clock.advance(0);
    await until(() => w.told.length === 5);
    assert.deepEqual(w.told, [
      'replaced a @5',
      'upserted b @8',
      'upserted a @6',
      'deleted b @9',
      'observed @12',
    ]);
  }));

test('a watch that the server ends after a while goes on from the last bookmark at once', () =>
  world({}, async (w) => {
    w.server.script(listed);
    const watch = await w.request(2);
    watch.begin();
    watch.event('BOOKMARK', { metadata: { resourceVersion: '12' } });
    await until(() => w.told.includes('observed @12'));
    w.clock.advance(20_000);
    watch.finish();
    const again = await w.request(3);
    assert.equal(again.query.get('resourceVersion'), '12');
    assert.equal(again.connection, watch.connection, 'a connection that ended in order is used again');
    assert.deepEqual(w.told, ['replaced a @5', 'observed @12']);
  }));

test('a server that ends every watch at once is not asked in a hot loop', () =>
  world({}, async (w) => {
    const hurried = (e: Exchange): void => {
      e.begin();
      e.finish();
    };
    w.server.script(listed, hurried, hurried, hurried);
    assert.deepEqual([await w.pause(), await w.pause(), await w.pause()], [200, 400, 800]);
    await w.request(5);
    assert.equal(w.server.requests.length, 5);
  }));

test('after a connection that was reset the world is listed anew, after a short pause', () =>
  world({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.event('ADDED', service('b', '8'));
    });
    await until(() => w.told.includes('upserted b @8'));
    (await w.request(2)).reset();
    assert.equal(await w.pause(), 200);
    // Whoever answers now may have another past: a list cannot be wrong about it.
    listed(await w.request(3));
    const again = await w.request(4);
    assert.equal(again.query.get('resourceVersion'), '5');
    again.begin();
    await until(() => w.told.includes('recovered'));
    assert.match(w.told[2] ?? '', /^failing: .*(reset|aborted)/i);
    assert.deepEqual(w.told.slice(3), ['replaced a @5', 'recovered']);
  }));

test('a truncated line is left out and delivered when the watch has been made again', () =>
  world({}, async (w) => {
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
    await until(() => w.told.includes('upserted b @8'));
    assert.equal(w.told.filter((line) => line.startsWith('upserted')).length, 1);
  }));

test('a character that is cut in two by the network is whole in the item', () =>
  world({}, async (w) => {
    const event = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: service('żółw', '8') })}\n`);
    const middle = event.indexOf(Buffer.from('ó')) + 1;
    w.server.script(listed, (e) => e.begin());
    const watch = await w.request(2);
    watch.chunk(event.subarray(0, middle));
    await aMoment();
    watch.chunk(event.subarray(middle));
    await until(() => w.told.includes('upserted żółw @8'));
  }));

test('a line that is no event is a broken connection', () =>
  world({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.chunk('{"type":"ADDED","obj\n');
    });
    assert.equal(await w.pause(), 200);
    assert.equal((await w.request(3)).query.has('watch'), false);
    assert.match(w.told[1] ?? '', /failing: watch \/api\/v1\/services: a line is not JSON/);
    assert.ok((await w.request(2)).gone(), 'the old connection has been left');
  }));

test('410 as an answer or as an event means a new list, the second time after a pause', () =>
  world({}, async (w) => {
    w.server.script(
      listed,
      (e) => e.answer(410, statusOf(410, 'Expired', 'too old resource version')),
      (e) => e.answer(200, listOf([service('b', '20')], '21')),
      (e) => {
        e.begin();
        e.event('ERROR', statusOf(410, 'Expired', 'too old resource version: 21 (30)'));
      },
    );
    await w.request(4);
    assert.deepEqual(w.told, ['replaced a @5', 'replaced b @21']);
    assert.equal(await w.pause(), 400);
    const relist = await w.request(5);
    assert.equal(relist.query.has('watch'), false);
    assert.equal(relist.query.has('resourceVersion'), false);
  }));

test('429 is asked again when Retry-After says so, and not before', () =>
  world({}, async (w) => {
    w.server.script(
      (e) => e.answer(429, statusOf(429, 'TooManyRequests', 'slow down'), { 'retry-after': '7' }),
      listed,
    );
    await until(() => w.told.length === 1);
    w.clock.advance(6_999);
    await aMoment();
    assert.equal(w.server.requests.length, 1);
    w.clock.advance(1);
    await w.request(2);
  }));

test('503 with an HTTP date is asked again at that time', () =>
  world({}, async (w) => {
    w.server.script((e) =>
      e.answer(503, 'no backend', {
        date: 'Fri, 02 Jan 2026 03:00:00 GMT',
        'retry-after': 'Fri, 02 Jan 2026 03:00:09 GMT',
      }),
    );
    assert.equal(await w.pause(), 9_000);
    await w.request(2);
  }));

test('a rotated token is picked up by the next attempt', () => {
  let token = 'old';
  return world({ headers: async () => ({ authorization: `Bearer ${token}` }) }, async (w) => {
    w.server.script(listed, (e) => e.answer(401, statusOf(401, 'Unauthorized', 'Unauthorized')));
    await w.request(2);
    token = 'new';
    assert.equal(await w.pause(), 200);
    const again = await w.request(3);
    assert.equal(again.headers.authorization, 'Bearer new');
    listed(again);
    (await w.request(4)).begin();
    await until(() => w.told.includes('recovered'));
  });
});

test('a missing permission is said with verb and resource, and asked again with growing pauses', () =>
  world({}, async (w) => {
    const forbidden = (e: Exchange): void =>
      e.answer(
        403,
        statusOf(403, 'Forbidden', 'services is forbidden: User "x" cannot list resource "services"'),
      );
    w.server.script(forbidden, forbidden, forbidden);
    assert.deepEqual([await w.pause(), await w.pause(), await w.pause()], [200, 400, 800]);
    assert.equal(
      w.told[0],
      'failing: list /api/v1/services: services is forbidden: User "x" cannot list resource "services" (403 Forbidden)',
    );
  }));

test('a connection at whose other end nobody is left is given up, and the world listed anew', () =>
  world({ idleTimeoutMs: 9_000 }, async (w) => {
    w.server.script(listed);
    const watch = await w.request(2);
    watch.begin();
    await aMoment();
    w.clock.advance(8_000);
    // Every byte counts, also half a line.
    watch.chunk('{"type":"BOOK');
    await aMoment();
    w.clock.advance(8_000);
    await aMoment();
    assert.equal(w.server.requests.length, 2);
    w.clock.advance(1_000);
    const again = await w.request(3);
    assert.equal(again.query.has('watch'), false);
    assert.deepEqual(w.told, ['replaced a @5', 'failing: watch /api/v1/services: no byte within 9 s']);
    await until(() => watch.gone(), 'the end of the old connection');
  }));

test('a slow first list delivers nothing until it is whole', () =>
  world({}, async (w) => {
    const body = JSON.stringify(listOf([service('a', '1')], '5'));
    const list = await w.request(1);
    w.clock.advance(60_000);
    list.begin();
    list.chunk(body.slice(0, 40));
    await aMoment();
    assert.deepEqual(w.told, []);
    list.chunk(body.slice(40));
    list.finish();
    await until(() => w.told.length === 1);
    assert.deepEqual(w.told, ['replaced a @5']);
  }));

test('a server that cannot select by field is read whole, and the choice made here', () => {
  const matches = (object: KubeObject): boolean =>
    'spec' in object && JSON.stringify(object.spec).includes('LoadBalancer');
  return world({ source: { fieldSelector: 'spec.type=LoadBalancer', matches } }, async (w) => {
    w.server.script(
      (e) => e.answer(400, statusOf(400, 'BadRequest', 'field label not supported: spec.type')),
      (e) => e.answer(200, listOf([service('a', '1'), service('b', '2', 'ClusterIP')], '5')),
      (e) => {
        e.begin();
        e.event('MODIFIED', service('a', '6', 'ClusterIP'));
        e.event('MODIFIED', service('b', '7'));
      },
    );
    await until(() => w.told.length === 3);
    assert.deepEqual(w.told, ['replaced a @5', 'deleted a @6', 'upserted b @7']);
    assert.deepEqual(
      w.server.requests.map((each) => each.query.get('fieldSelector')),
      ['spec.type=LoadBalancer', null, null],
    );
    assert.equal(w.log.lines.length, 1);
  });
});

test('an ERROR event that is not 410 is a failure like any other', () =>
  world({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.event('ERROR', statusOf(500, 'InternalError', 'etcd event received with PrevKv=nil'));
    });
    assert.equal(await w.pause(), 200);
    assert.equal((await w.request(3)).query.has('watch'), false);
  }));

test('after the abort nothing is delivered, the connection is closed and the promise resolves', () =>
  world({}, async (w) => {
    w.server.script(listed, (e) => {
      e.begin();
      e.event('ADDED', service('b', '8'));
    });
    const watch = await w.request(2);
    await until(() => w.told.length === 2);
    watch.event('ADDED', service('c', '9'));
    w.abort.abort();
    await w.done;
    await until(() => watch.gone());
    await aMoment();
    assert.equal(w.told.length, 2);
    assert.deepEqual(w.clock.timers(), [], 'no timer is left behind');
  }));

test('an abort inside of a delivery is the last delivery', () => {
  const told: string[] = [];
  const stop = new AbortController();
  return world(
    {
      sink: {
        upserted(item) {
          told.push(item);
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
      assert.deepEqual(told, ['b']);
    },
  );
});

test('an abort during a pause resolves at once', () =>
  world({}, async (w) => {
    w.server.script((e) => e.reset());
    await until(() => w.told.length === 1);
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
  test(`what ${where} throws is a bug: it is not retried but rejects, and leaves no connection behind`, () =>
    world(options, async (w) => {
      const watched = (e: Exchange): void => {
        e.begin();
        e.event('BOOKMARK', { metadata: { resourceVersion: '6' } });
        e.event('ADDED', service('b', '8'));
      };
      if (where === 'recovered') {
        w.server.script(listed, (e) => e.answer(500, 'no'), listed, watched);
        await w.pause();
      } else if (where === 'failing') w.server.script((e) => e.answer(500, 'no'));
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
