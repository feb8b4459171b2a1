import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/kube/api.ts';
import { reflect } from '../../src/kube/reflector.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { createFakeClock, until } from './fake-clock.ts';
import { createMemoryLog } from './memory-log.ts';

const megabyte = 'x'.repeat(1024 * 1024);

test('of objects that are too long for a page fewer are asked for, and nothing is read that has no room', async () => {
  const sizes = [0, 9, 0, 1].flatMap((megabytes) => Array.from({ length: 10 }, () => megabytes));
  const limits: number[] = [];
  let longest = 0;
  const transport: Transport = async ({ path }, signal) => {
    const query = new URLSearchParams(path.split('?')[1]);
    if (query.has('watch'))
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const [limit, from] = [Number(query.get('limit')), Number(query.get('continue') ?? '0')];
    limits.push(limit);
    const to = Math.min(from + limit, sizes.length);
    async function* body() {
      let sent = 0;
      yield Buffer.from('{"metadata":{"resourceVersion":"7"');
      if (to < sizes.length) yield Buffer.from(`,"continue":"${to}"`);
      yield Buffer.from('},"items":[');
      for (let i = from; i < to; i += 1) {
        yield Buffer.from(`${i > from ? ',' : ''}{"metadata":{"name":"${i}","annotations":{"x":"`);
        for (let part = 0; part < (sizes[i] ?? 0); part += 1) {
          longest = Math.max(longest, ++sent);
          yield Buffer.from(megabyte);
        }
        yield Buffer.from('"}}}');
      }
      yield Buffer.from(']}');
    }
    return { status: 200, headers: {}, body: body() };
  };
  const clock = createFakeClock();
  const stop = new AbortController();
  let names: string[] = [];
  const done = reflect(
    createApi(transport, { userAgent: 'test', fieldManager: 'test', clock }),
    { path: '/api/v1/services', project: ({ metadata }) => metadata.name },
    { replaced: (items) => (names = items), upserted: () => {}, deleted: () => {} },
    { clock, random: () => 0, signal: stop.signal, log: createMemoryLog() },
  );
  await until(() => names.length > 0);
  stop.abort();
  await done;
  assert.deepEqual(
    names,
    sizes.map((_, i) => String(i)),
  );
  assert.deepEqual(limits.slice(0, 4), [500, 63, 8, 500], 'each page begins with the usual number');
  assert.ok(longest <= 9, `${longest} MB: one object at most`);
});
