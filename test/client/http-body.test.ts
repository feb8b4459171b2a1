import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Body } from '../../src/client/http/http-body.ts';

/** A body, and the calls it made on its connection. */
function bodyOf(): { body: Body; calls: string[] } {
  const calls: string[] = [];
  const body = new Body({
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    discard: () => calls.push('discard'),
  });
  return { body, calls };
}

const chunk = (text: string): Uint8Array => Buffer.from(text);
const large = Buffer.alloc(200 * 1024);

async function textOf(body: Body): Promise<string> {
  const { value } = await body.next();
  return Buffer.from(value ?? 'nothing').toString();
}

test('chunks are delivered in order, whether the reader or the chunks come first', async () => {
  const { body, calls } = bodyOf();
  const first = textOf(body);
  body.push(chunk('a'));
  body.push(chunk('b'));
  assert.equal(await first, 'a');
  assert.equal(await textOf(body), 'b');
  const last = textOf(body);
  body.end();
  assert.equal(await last, 'nothing');
  assert.equal(await textOf(body), 'nothing');
  assert.deepEqual(
    calls.filter((each) => each !== 'resume'),
    [],
  );
});

test('the connection is paused while the reader lags, and resumes once everything was read', async () => {
  const { body, calls } = bodyOf();
  body.push(large);
  assert.deepEqual(calls, []);
  body.push(large);
  assert.deepEqual(calls, ['pause']);
  await body.next();
  assert.deepEqual(calls, ['pause']);
  await body.next();
  assert.deepEqual(calls, ['pause', 'resume']);
  body.push(large);
  assert.deepEqual(calls, ['pause', 'resume'], 'data that was read is not buffered');
});

test('chunks received before the connection broke are delivered before the error', async () => {
  const { body } = bodyOf();
  body.push(chunk('a'));
  body.fail(new Error('broken'));
  body.fail(new Error('once more'));
  body.end();
  assert.equal(await textOf(body), 'a');
  await assert.rejects(body.next(), /broken/);
  await assert.rejects(body.next(), /broken/);
});

test('an abort is reported at once, before buffered chunks', async () => {
  const { body } = bodyOf();
  body.push(chunk('a'));
  body.fail(new Error('aborted'), true);
  await assert.rejects(body.next(), /aborted/);
});

test('a waiting reader gets the error', async () => {
  const { body } = bodyOf();
  const waiting = body.next();
  body.fail(new Error('broken'));
  await assert.rejects(waiting, /broken/);
});

test('a reader that stops early discards the connection, one that reads to the end does not', async () => {
  const early = bodyOf();
  early.body.push(chunk('a'));
  early.body.push(chunk('b'));
  for await (const _ of early.body) break;
  assert.deepEqual(early.calls, ['discard']);
  assert.equal(await textOf(early.body), 'nothing');

  const late = bodyOf();
  late.body.push(chunk('a'));
  late.body.push(chunk('b'));
  late.body.end();
  for await (const _ of late.body) break;
  assert.deepEqual(late.calls, []);
});
