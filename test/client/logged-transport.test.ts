import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields } from '../../src/client/log.ts';
import { logged } from '../../src/client/logged-transport.ts';
import type { HttpRequest, HttpResponse } from '../../src/client/transport.ts';
import { createFakeClock } from './fake-clock.ts';

const request: HttpRequest = {
  method: 'PATCH',
  path: '/api/v1/x?timeout=9000ms',
  headers: { authorization: 'Bearer secret' },
  body: '{"secret":true}',
};

function loggedRequest(respond: () => HttpResponse) {
  const clock = createFakeClock();
  const lines: unknown[] = [];
  const append = (message: string, fields?: LogFields): void => void lines.push({ message, ...fields });
  const transport = logged(
    async () => {
      clock.advance(12);
      return respond();
    },
    { info: append, warn: append, error: append },
    clock,
  );
  return { lines, send: () => transport(request, new AbortController().signal) };
}

test('a request is logged with its status and duration, and no secret', async () => {
  const body = (async function* () {})();
  const { lines, send } = loggedRequest(() => ({ status: 409, headers: {}, body }));
  assert.equal((await send()).status, 409);
  assert.deepEqual(lines, [
    { message: 'request', method: 'PATCH', path: '/api/v1/x?timeout=9000ms', ms: 12, status: 409 },
  ]);
});

test('a request without a response is logged with the error, which is rethrown', async () => {
  const { lines, send } = loggedRequest(() => {
    throw new Error('connection reset');
  });
  await assert.rejects(send, { message: 'connection reset' });
  assert.deepEqual(lines, [
    {
      message: 'request',
      method: 'PATCH',
      path: '/api/v1/x?timeout=9000ms',
      ms: 12,
      error: 'connection reset',
    },
  ]);
});
