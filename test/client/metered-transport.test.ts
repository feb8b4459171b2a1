import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metered, Requests } from '../../src/client/metered-transport.ts';
import type { HttpRequest, HttpResponse } from '../../src/client/transport.ts';
import { createFakeClock } from './fake-clock.ts';

const body = (async function* () {})();

function laboratory(answer: () => HttpResponse) {
  const clock = createFakeClock();
  const requests = new Requests();
  const transport = metered(
    async () => {
      clock.advance(1500);
      return answer();
    },
    requests,
    clock,
  );
  const send = (method: HttpRequest['method']) =>
    transport({ method, path: '/api/v1/secret-path', headers: {} }, new AbortController().signal);
  return { requests, send };
}

test('a request counts under its method and its answer, with the time until that began', async () => {
  const { requests, send } = laboratory(() => ({ status: 409, headers: {}, body }));
  assert.equal((await send('PATCH')).status, 409);
  await send('PATCH');
  await send('GET');
  assert.deepEqual(
    [...requests.answered.rows()],
    [
      ['409', 'PATCH', 2],
      ['409', 'GET', 1],
    ],
  );
  assert.equal(requests.seconds.get('PATCH')?.sum, 3);
});

test('a request without an answer counts as an error, which goes on to who asked', async () => {
  const { requests, send } = laboratory(() => {
    throw new Error('connection reset');
  });
  await assert.rejects(send('GET'), { message: 'connection reset' });
  assert.deepEqual([...requests.answered.rows()], [['<error>', 'GET', 1]]);
  assert.equal(requests.seconds.get('GET')?.sum, 1.5);
});
