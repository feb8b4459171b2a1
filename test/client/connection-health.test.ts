import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionHealth } from '../../src/client/connection-health.ts';
import { ConnectionError, SilentConnection } from '../../src/client/errors.ts';
import type { HttpResponse } from '../../src/client/transport.ts';
import { aMoment, createFakeClock } from './fake-clock.ts';
import { createMemoryLog } from './memory-log.ts';

interface Sent {
  readonly path: string;
  readonly signal: AbortSignal;
  answer(status?: number): void;
  fail(): void;
  /** Sends data of the body, or ends it. */
  data(): void;
  end(): void;
}

/** A transport that answers nothing by itself. */
function createFixture() {
  const clock = createFakeClock();
  const sent: Sent[] = [];
  const actions: string[] = [];
  let onDead = (): void => {};
  const log = createMemoryLog();
  const health = new ConnectionHealth({
    ...{ clock, log },
    userAgent: 'test',
    connections: {
      closeIdle: () => actions.push('closed idle'),
      onDead: (then) => {
        onDead = then;
      },
    },
    transport: ({ path }, signal) => {
      const head = Promise.withResolvers<HttpResponse>();
      const chunks: Uint8Array[] = [];
      let isEnded = false;
      let wake = (): void => {};
      signal.addEventListener('abort', () => {
        head.reject(signal.reason);
        wake();
      });
      const body = (async function* () {
        for (;;) {
          signal.throwIfAborted();
          const chunk = chunks.shift();
          if (chunk !== undefined) yield chunk;
          else if (isEnded) return;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      })();
      sent.push({
        path,
        signal,
        answer: (status = 200) => head.resolve({ status, headers: {}, body }),
        fail: () => head.reject(new ConnectionError('reset', { mayHaveExecuted: true })),
        data() {
          chunks.push(Buffer.from('x'));
          wake();
        },
        end() {
          isEnded = true;
          wake();
        },
      });
      return head.promise;
    },
  });
  health.onRecovered(() => actions.push('recovered'));
  const last = (path: string): Sent => {
    const found = sent.findLast((each) => each.path === path);
    assert.ok(found, `${path} was sent`);
    return found;
  };
  /** Sends a request like the client, and records how it ends. */
  const send = async (path: string, signal = new AbortController().signal): Promise<void> => {
    try {
      const { body } = await health.transport({ method: 'GET', path, headers: {} }, signal);
      for await (const _ of body);
      actions.push(`${path} ended`);
    } catch (error) {
      const isBrief = error instanceof SilentConnection && (error.isBrief ? 'silent briefly' : 'silent');
      actions.push(`${path} ${isBrief || (error as Error).message}`);
    }
  };
  const probes = (): number => sent.filter(({ path }) => path === '/version').length;
  return { clock, log, sent, actions, health, last, send, probes, dead: () => onDead() };
}

type Fixture = ReturnType<typeof createFixture>;

/** An open watch that is quiet, and a request that fails. */
async function withQuietWatch(): Promise<Fixture> {
  const fixture = createFixture();
  void fixture.send('/watch');
  fixture.last('/watch').answer();
  await aMoment();
  void fixture.send('/one');
  fixture.last('/one').fail();
  await aMoment();
  return fixture;
}

test('while nothing fails, nothing is sent or closed, however quiet a watch is', async () => {
  const { clock, actions, last, send, sent } = createFixture();
  void send('/watch');
  last('/watch').answer();
  await aMoment();
  clock.advance(600_000);
  last('/watch').end();
  await aMoment();
  assert.deepEqual(actions, ['/watch ended']);
  assert.equal(sent.length, 1);
  assert.deepEqual(clock.timers(), []);
});

test('after a failure, unused connections are closed at once, and a probe is sent twice a second', async () => {
  const { clock, actions, probes, health } = await withQuietWatch();
  assert.deepEqual(actions, ['closed idle', '/one reset']);
  assert.equal(probes(), 1);
  clock.advance(1_700);
  assert.equal(probes(), 4);
  health.close();
  clock.advance(60_000);
  assert.equal(probes(), 4);
  assert.deepEqual(clock.timers(), []);
});

test('once a later request is answered, a quiet watch has two seconds to receive data', async () => {
  const { clock, actions, last } = await withQuietWatch();
  last('/version').answer();
  await aMoment();
  clock.advance(1_999);
  await aMoment();
  assert.deepEqual(actions.splice(0), ['closed idle', '/one reset']);
  clock.advance(1);
  await aMoment();
  assert.deepEqual(actions, ['/watch silent briefly']);
});

test('a watch that receives data after the failure is left alone', async () => {
  const { clock, actions, last } = await withQuietWatch();
  last('/watch').data();
  last('/version').answer();
  last('/version').end();
  await aMoment();
  clock.advance(60_000);
  await aMoment();
  assert.deepEqual(actions, ['closed idle', '/one reset']);
});

test('data before the failure proves nothing', async () => {
  const { clock, actions, last, send } = createFixture();
  void send('/watch');
  last('/watch').answer();
  last('/watch').data();
  await aMoment();
  void send('/one');
  last('/one').fail();
  await aMoment();
  last('/version').answer();
  await aMoment();
  clock.advance(2_000);
  await aMoment();
  assert.equal(actions.at(-1), '/watch silent briefly');
});

test('after an outage, what waits is woken, and all requests that hang are aborted', async () => {
  const { clock, log, actions, last, send, sent } = await withQuietWatch();
  clock.advance(10_500);
  // Sent during the outage, for example while the kernel still repeats its first packet.
  void send('/hanging');
  clock.advance(1_000);
  void send('/answered');
  const probe = last('/version');
  void send('/later');
  await aMoment();
  actions.length = 0;
  last('/answered').answer();
  await aMoment();
  assert.deepEqual(actions, ['recovered']);
  assert.deepEqual(log.lines, ['info: The API server answers again, after 12 s']);
  clock.advance(250);
  await aMoment();
  assert.ok(probe.signal.aborted);
  assert.deepEqual(actions.toSorted(), ['/hanging silent', '/watch silent', 'recovered']);
  assert.equal(last('/later').signal.aborted, false);
  const count = sent.length;
  clock.advance(60_000);
  assert.equal(sent.length, count, 'no more probes');
});

test('an answer to an earlier request, or of a proxy without an API server, ends no suspicion', async () => {
  const { clock, actions, last, send, probes } = createFixture();
  void send('/slow');
  void send('/one');
  last('/one').fail();
  await aMoment();
  last('/slow').answer();
  last('/version').answer(503);
  await aMoment();
  clock.advance(2_500);
  assert.equal(probes(), 6);
  assert.deepEqual(actions, ['closed idle', '/one reset']);
});

test('a failure during a suspicion does not begin another one', async () => {
  const { actions, last, send } = await withQuietWatch();
  void send('/two');
  last('/two').fail();
  await aMoment();
  assert.deepEqual(actions, ['closed idle', '/one reset', '/two reset']);
});

test('a deadline begins a suspicion; a caller that stops, or has no time left, does not', async () => {
  const { clock, actions, send, dead, health } = createFixture();
  const abort = async (reason: Error, afterMs: number): Promise<void> => {
    const controller = new AbortController();
    void send('/one', controller.signal);
    clock.advance(afterMs);
    controller.abort(reason);
    await aMoment();
  };
  await abort(new ConnectionError('the reader stopped', { mayHaveExecuted: true }), 10_000);
  await abort(new SilentConnection('no response within 0.9 s'), 900);
  assert.deepEqual(actions.splice(0), ['/one the reader stopped', '/one silent']);
  await abort(new SilentConnection('no response within 5 s'), 5_000);
  assert.deepEqual(actions.splice(0), ['closed idle', '/one silent']);
  health.close();
  // A closed one does nothing more.
  dead();
  assert.deepEqual(actions, []);
});

test('an unused connection that breaks begins a suspicion', async () => {
  const { actions, dead, probes } = createFixture();
  dead();
  assert.deepEqual(actions, ['closed idle']);
  assert.equal(probes(), 1);
});

test('a body that breaks begins a suspicion, one that ends or is not read to its end does not', async () => {
  const { clock, actions, health, last, send } = createFixture();
  void send('/whole');
  last('/whole').answer();
  last('/whole').end();
  await aMoment();
  const stopped = health.transport(
    { method: 'GET', path: '/part', headers: {} },
    new AbortController().signal,
  );
  last('/part').answer();
  last('/part').data();
  for await (const _ of (await stopped).body) break;
  assert.deepEqual(actions.splice(0), ['/whole ended']);
  const controller = new AbortController();
  void send('/broken', controller.signal);
  last('/broken').answer();
  await aMoment();
  clock.advance(30_000);
  // As an idle watch ends.
  controller.abort(new SilentConnection('no data within 30 s'));
  await aMoment();
  assert.deepEqual(actions, ['closed idle', '/broken silent']);
});
