import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Body } from '../../src/client/http/http-body.ts';

/** A body, and what it asked of its connection. */
function bodyOf(): { body: Body; asked: string[] } {
  const asked: string[] = [];
  const body = new Body({
    pause: () => asked.push('pause'),
    resume: () => asked.push('resume'),
    leave: () => asked.push('leave'),
  });
  return { body, asked };
}

const piece = (text: string): Uint8Array => Buffer.from(text);
const large = Buffer.alloc(200 * 1024);

async function textOf(body: Body): Promise<string> {
  const { value } = await body.next();
  return Buffer.from(value ?? 'nothing').toString();
}

test('pieces are handed out in their order, whether the reader or they come first', async () => {
  const { body, asked } = bodyOf();
  const first = textOf(body);
  body.push(piece('a'));
  body.push(piece('b'));
  assert.equal(await first, 'a');
  assert.equal(await textOf(body), 'b');
  const last = textOf(body);
  body.end();
  assert.equal(await last, 'nothing');
  assert.equal(await textOf(body), 'nothing');
  assert.deepEqual(
    asked.filter((each) => each !== 'resume'),
    [],
  );
});

test('the connection is held back while the reader lags, and goes on when everything was read', async () => {
  const { body, asked } = bodyOf();
  body.push(large);
  assert.deepEqual(asked, []);
  body.push(large);
  assert.deepEqual(asked, ['pause']);
  await body.next();
  assert.deepEqual(asked, ['pause']);
  await body.next();
  assert.deepEqual(asked, ['pause', 'resume']);
  body.push(large);
  assert.deepEqual(asked, ['pause', 'resume'], 'what was read does not count');
});

test('what had come before the connection broke is read before that is told', async () => {
  const { body } = bodyOf();
  body.push(piece('a'));
  body.fail(new Error('broken'));
  body.fail(new Error('once more'));
  body.end();
  assert.equal(await textOf(body), 'a');
  await assert.rejects(body.next(), /broken/);
  await assert.rejects(body.next(), /broken/);
});

test('an abort is told at once, whatever waits', async () => {
  const { body } = bodyOf();
  body.push(piece('a'));
  body.fail(new Error('aborted'), true);
  await assert.rejects(body.next(), /aborted/);
});

test('a reader that waits is told of the failure', async () => {
  const { body } = bodyOf();
  const waiting = body.next();
  body.fail(new Error('broken'));
  await assert.rejects(waiting, /broken/);
});

test('a reader that leaves early lets go of the connection, one that read to the end has no need to', async () => {
  const early = bodyOf();
  early.body.push(piece('a'));
  early.body.push(piece('b'));
  for await (const _ of early.body) break;
  assert.deepEqual(early.asked, ['leave']);
  assert.equal(await textOf(early.body), 'nothing');

  const late = bodyOf();
  late.body.push(piece('a'));
  late.body.push(piece('b'));
  late.body.end();
  for await (const _ of late.body) break;
  assert.deepEqual(late.asked, []);
});
