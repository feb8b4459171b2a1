import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/client/api.ts';
import { createEventRecorder, type EventDetails, type EventRecorder } from '../../src/client/events.ts';
import { createNodeTransport } from '../../src/client/http/node-transport.ts';
import { type ByteServer, type Exchange, startByteServer, statusOf } from './byte-server.ts';
import { aMoment, createFakeClock, type FakeClock, until } from './fake-clock.ts';
import { createMemoryLog, type MemoryLog } from './memory-log.ts';

interface Fixture {
  server: ByteServer;
  clock: FakeClock;
  log: MemoryLog;
  events: EventRecorder;
  /** Responds to the n-th request (starting at 1) once it arrives. */
  respond(n: number, status: number, body?: unknown, headers?: Record<string, string>): Promise<Exchange>;
  messages(): unknown[];
}

async function withRecorder(
  body: (fixture: Fixture) => Promise<void>,
  overrides: { capacity?: number; isBusy?: () => boolean } = {},
): Promise<void> {
  const server = await startByteServer();
  const clock = createFakeClock();
  const log = createMemoryLog();
  const transport = createNodeTransport({ server: server.url, clock });
  const api = createApi(transport, { userAgent: 't', fieldManager: 't', clock });
  const options = { component: 'a-controller', instance: 'pod-1', clock, random: () => 0, log, ...overrides };
  const events = createEventRecorder(api, options);
  try {
    await body({
      server,
      clock,
      log,
      events,
      async respond(n, status, body = {}, headers = {}) {
        await until(() => server.requests.length >= n, `request ${n}`);
        const exchange = server.requests[n - 1];
        assert.ok(exchange);
        exchange.respond(status, body, headers);
        return exchange;
      },
      messages: () => server.requests.map((each) => JSON.parse(each.body).message),
    });
  } finally {
    events.close();
    transport.close();
    await server.close();
  }
}

function eventFor(name: string, message: string): EventDetails {
  const regarding = {
    apiVersion: 'v1',
    kind: 'Service',
    namespace: 'default',
    name,
    uid: `uid-${name}`,
    resourceVersion: '7',
  };
  return { regarding, type: 'Normal', reason: 'EnsuredLoadBalancer', message };
}

const forbidden = statusOf(403, 'Forbidden', 'events is forbidden');

/**
 * Advances the clock past the delay of the recorder, but not past anything longer, such as a request's
 * deadline.
 */
async function pause(clock: FakeClock): Promise<number> {
  await until(() => (clock.timers()[0] ?? Infinity) < 10_000, 'a pause');
  const ms = clock.timers()[0] ?? 0;
  clock.advance(ms);
  return ms;
}

test('an event is a core/v1 Event in the namespace of its object', () =>
  withRecorder(async ({ events, respond }) => {
    events.record(eventFor('web', 'got 10.0.0.1'));
    assert.equal(events.pending(), 1);
    const request = await respond(1, 201);
    await events.idle();
    assert.equal(request.method, 'POST');
    assert.match(request.path, /^\/api\/v1\/namespaces\/default\/events(\?|$)/);
    const { metadata, ...rest } = JSON.parse(request.body);
    assert.equal(metadata.namespace, 'default');
    assert.match(metadata.name, /^web\.[0-9a-f]+-1-0$/);
    assert.deepEqual(rest, {
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: eventFor('web', '').regarding,
      type: 'Normal',
      reason: 'EnsuredLoadBalancer',
      message: 'got 10.0.0.1',
      source: { component: 'a-controller', host: 'pod-1' },
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:04:05Z',
      count: 1,
      reportingComponent: 'a-controller',
      reportingInstance: 'pod-1',
    });
    assert.equal(events.pending(), 0);
  }));

test('events of one object keep their order, and at most two are in flight', () =>
  withRecorder(async ({ events, server, respond, messages }) => {
    events.record(eventFor('a', 'a1'));
    events.record(eventFor('a', 'a2'));
    events.record(eventFor('b', 'b1'));
    events.record(eventFor('c', 'c1'));
    await until(() => server.requests.length === 1);
    await aMoment();
    assert.deepEqual(messages(), ['a1']);
    await respond(1, 201);
    await until(() => server.requests.length === 3);
    await aMoment();
    assert.deepEqual(messages(), ['a1', 'a2', 'b1']);
    await Promise.all([respond(2, 201), respond(3, 201), respond(4, 201)]);
    await events.idle();
    assert.deepEqual(messages().sort(), ['a1', 'a2', 'b1', 'c1']);
  }));

test('a long message is cut at 1024 bytes without splitting a character', () =>
  withRecorder(async ({ events, respond }) => {
    events.record(eventFor('a', `x${'ó'.repeat(600)}`));
    const text: string = JSON.parse((await respond(1, 201)).body).message;
    assert.equal(Buffer.byteLength(text), 1023 + 1);
    assert.equal(text, `x${'ó'.repeat(510)}…`);
  }));

test('the event of an object with the longest name has a valid name', () =>
  withRecorder(async ({ events, respond }) => {
    events.record(eventFor(`${'a'.repeat(238)}.${'b'.repeat(14)}`, 'x'));
    const { name } = JSON.parse((await respond(1, 201)).body).metadata;
    assert.ok(name.length <= 253);
    assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
  }));

test('a failed event is retried with back-off and Retry-After, under the same name', () =>
  withRecorder(async ({ events, server, clock, log, respond }) => {
    events.record(eventFor('a', 'x'));
    await respond(1, 500, 'no');
    assert.equal(await pause(clock), 500);
    await respond(2, 429, statusOf(429, 'TooManyRequests', 'slow'), { 'retry-after': '8' });
    assert.equal(await pause(clock), 8_000);
    await respond(3, 201);
    await events.idle();
    assert.equal(new Set(server.requests.map((each) => each.body)).size, 1);
    assert.deepEqual(log.lines, []);
  }));

test('an event whose first attempt succeeded without a response is written', () =>
  withRecorder(async ({ events, server, clock, log }) => {
    server.script(
      (e) => e.reset(),
      (e) => e.respond(409, statusOf(409, 'AlreadyExists', 'events "a" already exists')),
    );
    events.record(eventFor('a', 'x'));
    await pause(clock);
    await events.idle();
    assert.deepEqual(log.lines, []);
  }));

test('forbidden events are dropped with one log line, and the recovery has another', () =>
  withRecorder(async ({ events, server, clock, log, respond }) => {
    for (const name of ['a', 'b', 'c']) events.record(eventFor(name, name));
    let last = 0;
    while (events.pending() > 0) {
      while (server.requests.length > last) {
        last += 1;
        await respond(last, 403, forbidden);
      }
      await aMoment();
      if ((clock.timers()[0] ?? Infinity) < 10_000) clock.advance(clock.timers()[0] ?? 0);
    }
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0] ?? '', /^warn: Cannot write an event/);
    events.record(eventFor('d', 'd'));
    await respond(last + 1, 201);
    await events.idle();
    assert.deepEqual(log.lines.slice(1), ['info: Writing events succeeds again']);
  }));

test('while the server rejects events, each is tried only once', () =>
  withRecorder(async ({ events, server, clock, respond }) => {
    events.record(eventFor('a', 'a'));
    for (let n = 1; n <= 4; n += 1) {
      await respond(n, 403, forbidden);
      await pause(clock);
    }
    await events.idle();
    events.record(eventFor('b', 'b'));
    await respond(5, 403, forbidden);
    await pause(clock);
    await events.idle();
    assert.equal(server.requests.length, 5);
  }));

for (const [what, status, body] of [
  ['does not exist', 404, statusOf(404, 'NotFound', 'namespaces "default" not found')],
  [
    'is terminating',
    403,
    statusOf(403, 'Forbidden', 'because it is being terminated', {
      causes: [{ reason: 'NamespaceTerminating' }],
    }),
  ],
] as const) {
  test(`an event for a namespace that ${what} is dropped silently`, () =>
    withRecorder(async ({ events, log, server, respond }) => {
      events.record(eventFor('a', 'x'));
      await respond(1, status, body);
      await events.idle();
      assert.equal(server.requests.length, 1);
      assert.deepEqual(log.lines, []);
    }));
}

test('an invalid event is not retried', () =>
  withRecorder(async ({ events, log, server, respond }) => {
    events.record(eventFor('a', 'x'));
    await respond(1, 422, statusOf(422, 'Invalid', 'involvedObject.namespace: Invalid value'));
    await events.idle();
    assert.equal(server.requests.length, 1);
    assert.equal(log.lines.length, 1);
  }));

test('a full queue drops the oldest events and logs it once', () =>
  withRecorder(
    async ({ events, log, server, respond, messages }) => {
      for (let n = 1; n <= 6; n += 1) events.record(eventFor('a', String(n)));
      assert.equal(events.pending(), 3);
      for (let n = 1; n <= 3; n += 1) await respond(n, 201);
      await events.idle();
      assert.equal(server.requests.length, 3);
      assert.deepEqual(messages(), ['1', '5', '6']);
      assert.deepEqual(log.lines, [
        'warn: The event queue is full; dropping the oldest events',
        'info: The event queue is empty again',
      ]);
    },
    { capacity: 2 },
  ));

test('closing drops pending events, aborts requests in flight, and ignores later events', () =>
  withRecorder(async ({ events, server, clock, log }) => {
    for (const name of ['a', 'b', 'c']) events.record(eventFor(name, name));
    await until(() => server.requests.length === 2);
    events.close();
    await events.idle();
    events.record(eventFor('d', 'd'));
    assert.equal(events.pending(), 0);
    await until(() => server.requests.every((each) => each.gone()));
    assert.equal(server.requests.length, 2);
    assert.deepEqual(clock.timers(), []);
    assert.deepEqual(log.lines, []);
  }));

test('closing also ends the delay between two attempts', () =>
  withRecorder(async ({ events, clock, respond }) => {
    events.record(eventFor('a', 'a'));
    await respond(1, 500, 'no');
    await until(() => (clock.timers()[0] ?? Infinity) < 10_000);
    events.close();
    await events.idle();
    assert.deepEqual(clock.timers(), []);
  }));

test('while the client is busy, events wait for a few seconds at most, then are sent one at a time', () => {
  let isBusy = true;
  return withRecorder(
    async ({ server, clock, events, respond }) => {
      for (const name of ['a', 'b', 'c', 'd']) events.record(eventFor(name, name));
      await aMoment();
      assert.equal(server.requests.length, 0);
      clock.advance(5_000);
      events.wake();
      await until(() => server.requests.length === 1);
      await aMoment();
      assert.equal(server.requests.length, 1, 'one at a time');
      isBusy = false;
      await respond(1, 201);
      await until(() => server.requests.length === 3);
      isBusy = true;
      await respond(2, 201);
      await respond(3, 201);
      await aMoment();
      assert.equal(server.requests.length, 3, 'events wait again');
      isBusy = false;
      events.wake();
      await respond(4, 201);
      await events.idle();
    },
    { isBusy: () => isBusy },
  );
});
