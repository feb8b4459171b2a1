/** What the log writes can be read back, in both formats, with whatever kubectl and container runtimes put around it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields } from '../../src/client/log.ts';
import { readLogLine } from '../../src/terminal/log-reader.ts';
import { textLine } from '../../src/terminal/log-text.ts';
import { jsonLine, type LogLine } from '../../src/terminal/log-writer.ts';

const time = '2026-01-02T03:04:05.678Z';
const ms = Date.parse(time);
const formats = { json: jsonLine, text: textLine(false), colored: textLine(true) };

function lineWith(message: string, fields: LogFields, level: LogLine['level'] = 'info'): LogLine {
  return { time, level, message, fields };
}

const lines: Readonly<Record<string, readonly [string, LogFields]>> = {
  'an assignment': [
    'Assigned 10.0.0.1 (from cidr-global)',
    { service: 'shop/web', decision: 'write', cause: 'allocate', addresses: '10.0.0.1,2001:db8::1' },
  ],
  'a list of holders': ['Services: 2', { holders: 'shop/web=10.0.0.1 shop/api=10.0.0.2', part: 1, parts: 1 }],
  'an empty text, a number and a boolean': [
    'Starting',
    { holders: '', ms: 5, claims: true, class: undefined },
  ],
  'quotes, line breaks and colors': ['a "quoted"\nmessage', { error: 'a\n"b"  c=d \x1b[31mred\x1b[0m \\' }],
  'no fields': ['Stopped', {}],
  'a message that imitates fields': [
    'rejected: x  service=shop/other decision=write addresses=10.9.9.9',
    { service: 'shop/web', refusal: 'admission' },
  ],
  'a value that imitates fields': [
    'rejected',
    { service: 'shop/web', error: 'x  service=shop/other decision=write' },
  ],
};

for (const [what, [message, fields]] of Object.entries(lines)) {
  for (const [format, write] of Object.entries(formats)) {
    for (const level of ['info', 'warn', 'error'] as const) {
      test(`${what} is read back: ${format}, ${level}`, () => {
        const texts = Object.entries(fields)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => [name, String(value)]);
        const expected = { kind: 'own', time: ms, fields: Object.fromEntries(texts) };
        assert.deepEqual(readLogLine(write(lineWith(message, fields, level))), expected);
      });
    }
  }
}

const prefixes = [
  '[pod/kube-vip-cloud-provider-5d8/controller] ',
  '2026-01-02T03:04:05.678901234Z ',
  '2026-01-02T05:04:05.678901234+02:00 ',
  '[pod/a/b] 2026-01-02T03:04:05.678901234Z ',
  '2026-01-02T03:04:05.678901234Z stderr F ',
];

for (const prefix of prefixes) {
  for (const [format, write] of Object.entries(formats)) {
    test(`the prefix ${JSON.stringify(prefix)} is skipped: ${format}`, () => {
      const line = write(lineWith('Assigned', { service: 'shop/web' }));
      assert.deepEqual(readLogLine(`${prefix}${line}\r`), {
        kind: 'own',
        time: ms,
        fields: { service: 'shop/web' },
      });
    });
  }
}

const foreign = [
  '',
  'I0102 03:04:05.678901       1 leaderelection.go:250] attempting to acquire leader lease',
  '{"ts":1735787045.678,"level":"info","msg":"of kube-vip","service":"shop/web","decision":"write"}',
  '{"time":"2026-01-02T03:04:05+02:00","level":"info","msg":"of another program"}',
  '{"time":"2026-99-99T03:04:05.678Z","level":"info","msg":"never"}',
  '{"time":"2026-01-02T03:04:05.678Z","level":"INFO"}',
  'time="2026-01-02T03:04:05Z" level=info msg="of kube-vip"',
  'ERROR {"time":"2026-01-02T03:04:05.678Z","level":"info","msg":"in a message","service":"shop/web"}',
  '2026-01-02T03:04:05.678Z DEBUG something  service=shop/web decision=write',
];

for (const line of foreign)
  test(`a line of another program is skipped: ${line}`, () =>
    assert.deepEqual(readLogLine(line), { kind: 'foreign' }));

const broken = [
  jsonLine(lineWith('Assigned', { service: 'shop/web', decision: 'write' })).slice(0, -5),
  '{"time":"2026-01-02T03',
  `2026-01-02T03:04:05.678901234Z stderr P ${jsonLine(lineWith('Assigned', { service: 'shop/web' }))}`,
  `2026-01-02T03:04:05.678901234Z stderr P ${formats.text(lineWith('Assigned', { service: 'shop/web' }))}`,
];

for (const line of broken)
  test(`a line that is cut off is not read: ${line}`, () =>
    assert.deepEqual(readLogLine(line), { kind: 'broken' }));

test('a long line of spaces and quotes is read in linear time', () => {
  for (const part of ['  ', ' a=b', '  a=b', ' a="\\"', '="', '\x1b[31m']) {
    const line = `${formats.text(lineWith('x', {}))}${part.repeat(64 * 1024)}!`;
    assert.deepEqual(readLogLine(line), { kind: 'own', time: ms, fields: {} });
  }
});
