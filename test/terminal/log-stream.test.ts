import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { LogStream } from '../../src/terminal/log-stream.ts';

type Done = (error?: Error | null) => void;

test('a line that cannot be written is counted, and the next one is tried', () => {
  const written: string[] = [];
  let isFull = true;
  const stream = Object.assign(new EventEmitter(), {
    writableLength: 0,
    write(text: string, done: Done): boolean {
      const error = isFull ? new Error('ENOSPC') : null;
      if (error === null) written.push(text);
      done(error);
      return error === null || stream.emit('error', error);
    },
  });
  const lines = new LogStream(stream as unknown as Writable);
  lines.write('a\n');
  assert.equal(lines.lost, 1);
  isFull = false;
  lines.write('b\n');
  assert.equal(lines.lost, 1);
  assert.deepEqual(written, ['b\n']);
});

test('while nobody reads, a bounded number of lines waits, and the others are counted', async () => {
  let done: Done | undefined;
  let text = '';
  const lines = new LogStream(
    new Writable({
      write(chunk, _encoding, then) {
        text += String(chunk);
        done = then;
      },
    }),
  );
  const line = `${'x'.repeat(1023)}\n`;
  for (let i = 0; i < 3_000; i += 1) lines.write(line);
  assert.equal(lines.lost, 3_000 - 1024);
  // The reader reads again.
  while (done !== undefined) {
    const then: Done = done;
    done = undefined;
    then();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(text.length, 1024 * 1024);
  lines.write(line);
  assert.equal(text.length, 1024 * 1024 + 1024);
  assert.equal(lines.lost, 3_000 - 1024);
});
