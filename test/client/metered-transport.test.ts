import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metered, Requests } from '../../src/client/metered-transport.ts';
import type { HttpRequest, HttpResponse } from '../../src/client/transport.ts';
import { createFakeClock } from './fake-clock.ts';

const body = (async function* () {})();

function meteredRequest(respond: () => HttpResponse) {
  const clock = createFakeClock();
  const requests = new Requests();
  const transport = metered(
    async () => {
      clock.advance(1500);
      return respond();
    },
    requests,
    clock,
  );
  const send = (method: HttpRequest['method']) =>
    transport({ method, path: '/api/v1/secret-path', headers: {} }, new AbortController().signal);
  return { requests, send };
}

test('a request is counted by method and status, with the time until its response', async () => {
  const { requests, send } = meteredRequest(() => ({ status: 409, headers: {}, body }));
  assert.equal((await send('PATCH')).status, 409);
  await send('PATCH');
  await send('GET');
  assert.deepEqual(
    [...requests.responses.rows()],
    [
      ['409', 'PATCH', 2],
      ['409', 'GET', 1],
    ],
  );
  assert.equal(requests.seconds.get('PATCH')?.sum, 3);
});

test('a request without a response is counted as an error, which is rethrown', async () => {
  const { requests, send } = meteredRequest(() => {
    throw new Error('connection reset');
  });
  await assert.rejects(send('GET'), { message: 'connection reset' });
  assert.deepEqual([...requests.responses.rows()], [['<error>', 'GET', 1]]);
  assert.equal(requests.seconds.get('GET')?.sum, 1.5);
});
