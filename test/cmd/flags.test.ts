import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Flag, parseFlags } from '../../src/cmd/flags/flags.ts';

const flags: Readonly<Record<string, Flag>> = {
  file: { type: 'string', wants: 'a file', mayBeEmpty: true },
  'number-of-writes': { type: 'string', wants: 'a number' },
  v: { type: 'string', short: 'v', wants: 'a number' },
  unread: { type: 'string' },
  elect: { type: 'boolean' },
  OutSide: { type: 'boolean' },
  version: { type: 'boolean', also: 'raw' },
  help: { type: 'boolean', short: 'h' },
};

const rows: { argv: string[]; values?: Record<string, string>; words?: string[] }[] = [
  { argv: [] },
  { argv: ['--file', 'a'], values: { file: 'a' } },
  { argv: ['--file=a=b'], values: { file: 'a=b' } },
  { argv: ['--elect'], values: { elect: 'true' } },
  { argv: ['--elect=false'], values: { elect: 'false' } },
  { argv: ['--elect=T'], values: { elect: 'true' } },
  { argv: ['--elect', 'false'], values: { elect: 'true' }, words: ['false'] },
  { argv: ['--version=raw'], values: { version: 'raw' } },

  // The last value applies.
  { argv: ['--file=a', '--file', 'b'], values: { file: 'b' } },
  { argv: ['--elect=false', '--elect'], values: { elect: 'true' } },
  { argv: ['--file=a', '--file='], values: {} },
  { argv: ['--file', '', '--elect'], values: { elect: 'true' } },

  // The next argument is the value, even with a hyphen, unless it is a known flag.
  { argv: ['--number-of-writes', '-1'], values: { 'number-of-writes': '-1' } },
  { argv: ['--number-of-writes=-1'], values: { 'number-of-writes': '-1' } },
  { argv: ['--file', '-'], values: { file: '-' } },
  { argv: ['--file=--elect'], values: { file: '--elect' } },
  { argv: ['--file', '--elected'], values: { file: '--elected' } },
  // A flag without effect accepts any value, as in Go.
  { argv: ['--unread', '--elect'], values: { unread: '--elect' } },
  { argv: ['--unread='], values: { unread: '' } },
  { argv: ['--unread', ''], values: { unread: '' } },

  { argv: ['-v', '2'], values: { v: '2' } },
  { argv: ['-v2'], values: { v: '2' } },
  { argv: ['-v=2'], values: { v: '2' } },
  { argv: ['--v=2'], values: { v: '2' } },
  { argv: ['--v', '2'], values: { v: '2' } },
  { argv: ['-h'], values: { help: 'true' } },
  { argv: ['-h=false'], values: { help: 'false' } },
  { argv: ['-hv2'], values: { help: 'true', v: '2' } },
  { argv: ['-hv', '2'], values: { help: 'true', v: '2' } },

  { argv: ['--number_of_writes=3'], values: { 'number-of-writes': '3' } },
  { argv: ['--number-of_writes', '3'], values: { 'number-of-writes': '3' } },
  { argv: ['-file=a'], values: { file: 'a' } },
  { argv: ['-OutSide', '-elect=0'], values: { OutSide: 'true', elect: 'false' } },

  { argv: ['a', '--elect', 'b', '-'], values: { elect: 'true' }, words: ['a', 'b', '-'] },
  { argv: ['--', '--elect', '--'], words: ['--elect', '--'] },
  { argv: ['a', '--', '-v', '2'], words: ['a', '-v', '2'] },
  { argv: ['--unread', '--', '--elect'], values: { unread: '--', elect: 'true' } },
];

for (const { argv, values = {}, words = [] } of rows) {
  test(`flags are parsed from [${argv.map((word) => JSON.stringify(word)).join(' ')}]`, () => {
    const parsed = parseFlags(argv, flags);
    assert.ok('values' in parsed, JSON.stringify(parsed));
    assert.deepEqual(Object.fromEntries(parsed.values), values);
    assert.deepEqual(parsed.words, words);
  });
}

const invalid: { argv: string[]; message: string }[] = [
  { argv: ['--elct'], message: 'Unknown flag "--elct". Did you mean --elect?' },
  { argv: ['-elct'], message: 'Unknown flag "-elct". Did you mean --elect?' },
  { argv: ['--outside=true'], message: 'Unknown flag "--outside". Did you mean --OutSide?' },
  { argv: ['--out_side'], message: 'Unknown flag "--out_side". Did you mean --OutSide?' },
  {
    argv: ['--something-else'],
    message: 'Unknown flag "--something-else".',
  },
  { argv: ['-x'], message: 'Unknown flag "-x".' },
  { argv: ['-hx'], message: 'Unknown flag "-hx".' },
  { argv: ['--='], message: 'Unknown flag "--".' },
  { argv: ['---v'], message: 'Unknown flag "---v". Did you mean --v?' },
  { argv: ['--__proto__'], message: 'Unknown flag "--__proto__".' },
  {
    argv: ['--elect=no'],
    message: '--elect must be true or false, not "no". Use --elect=true or --elect=false.',
  },
  {
    argv: ['--elect='],
    message: '--elect must be true or false, not "". Use --elect=true or --elect=false.',
  },
  {
    argv: ['--version=v1'],
    message: '--version must be true, false, or raw, not "v1". Use --version=true or --version=false.',
  },
  { argv: ['--file'], message: '--file requires a file. Use --file FILE.' },
  { argv: ['--file', '--elect'], message: '--file requires a file. Use --file FILE.' },
  { argv: ['--file', '-v'], message: '--file requires a file. Use --file FILE.' },
  {
    argv: ['--number_of_writes='],
    message: '--number_of_writes requires a number. Use --number_of_writes NUMBER.',
  },
  { argv: ['-v='], message: '-v requires a number. Use -v NUMBER.' },
  { argv: ['-hv'], message: '-v requires a number. Use -v NUMBER.' },
  { argv: ['--unread'], message: '--unread requires a value. Use --unread VALUE.' },
  // Only the first error is reported.
  {
    argv: ['--elect=no', '--elct'],
    message: '--elect must be true or false, not "no". Use --elect=true or --elect=false.',
  },
];

for (const { argv, message } of invalid) {
  test(`flags are rejected in [${argv.map((word) => JSON.stringify(word)).join(' ')}]`, () => {
    assert.deepEqual(parseFlags(argv, flags), { message });
  });
}
