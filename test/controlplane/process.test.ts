import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { feed } from './process.ts';

test('a program that ends without reading its input reports by its exit code', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const child = execFile('/bin/sh', ['-c', 'exit 3'], (error) => resolve(Number(error?.code ?? 0)));
  // More than a pipe takes.
  feed(child, 'x'.repeat(1 << 20));
  assert.equal(await promise, 3);
});
