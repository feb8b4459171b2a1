import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { textLine } from '../../src/terminal/log-text.ts';
import type { LogLine } from '../../src/terminal/log-writer.ts';

const line = (change: Partial<LogLine>): LogLine => ({
  time: '2026-01-02T03:04:05.678Z',
  level: 'info',
  message: 'Assigned 10.0.0.1 (from cidr-global)',
  fields: {},
  ...change,
});

const lines: [given: Partial<LogLine>, text: string][] = [
  [{}, '2026-01-02T03:04:05.678Z INFO  Assigned 10.0.0.1 (from cidr-global)'],
  [
    {
      level: 'warn',
      message: 'the pool is full',
      fields: { service: 'default/web', retryInMs: 20, claims: false },
    },
    '2026-01-02T03:04:05.678Z WARN  the pool is full  service=default/web retryInMs=20 claims=false',
  ],
  [{ message: 'm', fields: { error: undefined } }, '2026-01-02T03:04:05.678Z INFO  m'],
  [{ message: 'm', fields: { manager: '' } }, '2026-01-02T03:04:05.678Z INFO  m  manager=""'],
  // A value cannot imitate another field or a closing quote.
  [
    { message: 'm', fields: { manager: 'a service=b', error: 'say "hi"\nCiao' } },
    '2026-01-02T03:04:05.678Z INFO  m  manager="a service=b" error="say \\"hi\\"\\nCiao"',
  ],
  [{ message: 'a\nb\u202e\x1b[2J' }, '2026-01-02T03:04:05.678Z INFO  a\\nb\\u202e\\x1b[2J'],
];

for (const [given, text] of lines) {
  test(`a text line: ${text.slice(25)}`, () => {
    assert.equal(textLine(false)(line(given)), text);
  });
}

test('colors surround the time, a warning or error, and the fields; the text is the same without colors', () => {
  const given = line({ level: 'error', message: 'm', fields: { service: 'a/b' } });
  const text = textLine(true)(given);
  assert.equal(
    text,
    '\x1b[90m2026-01-02T03:04:05.678Z\x1b[0m \x1b[31mERROR\x1b[0m m  \x1b[90mservice=a/b\x1b[0m',
  );
  const colors = /\p{Cc}\[\d+m/gu;
  assert.equal(text.replaceAll(colors, ''), textLine(false)(given));
  assert.doesNotMatch(textLine(true)(line({ message: 'm' })), /INFO *\p{Cc}/u);
});

/** The log of a controller outside a cluster, where it cannot start. */
function logOutsideCluster(flags: readonly string[]): Promise<string> {
  const program = resolve(import.meta.dirname, '../../src/cmd/controller/main.ts');
  const { promise, resolve: done } = Promise.withResolvers<string>();
  execFile(process.execPath, [program, ...flags], { env: {} }, (_error, _stdout, stderr) => done(stderr));
  return promise;
}

test('--log-format=text writes text lines, without colors if there is no terminal; JSON is the default', async () => {
  assert.match(
    await logOutsideCluster(['--log-format=text']),
    /^\d{4}-\d\d-\d\dT[\d:.]+Z ERROR .*KUBERNETES_SERVICE_HOST.*\n$/,
  );
  const json = JSON.parse(await logOutsideCluster([])) as { level: string; msg: string };
  assert.equal(json.level, 'error');
  assert.match(json.msg, /KUBERNETES_SERVICE_HOST/);
});
