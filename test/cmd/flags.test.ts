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

  // The last one counts.
  { argv: ['--file=a', '--file', 'b'], values: { file: 'b' } },
  { argv: ['--elect=false', '--elect'], values: { elect: 'true' } },
  { argv: ['--file=a', '--file='], values: {} },
  { argv: ['--file', '', '--elect'], values: { elect: 'true' } },

  // The next word is the value, whatever it looks like; only what is a flag itself is none.
  { argv: ['--number-of-writes', '-1'], values: { 'number-of-writes': '-1' } },
  { argv: ['--number-of-writes=-1'], values: { 'number-of-writes': '-1' } },
  { argv: ['--file', '-'], values: { file: '-' } },
  { argv: ['--file=--elect'], values: { file: '--elect' } },
  { argv: ['--file', '--elected'], values: { file: '--elected' } },
  // What is not looked at can be anything, as in Go.
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
  test(`flags are read from [${argv.map((word) => JSON.stringify(word)).join(' ')}]`, () => {
    const parsed = parseFlags(argv, flags);
    assert.ok('values' in parsed, JSON.stringify(parsed));
    assert.deepEqual(Object.fromEntries(parsed.values), values);
    assert.deepEqual(parsed.words, words);
  });
}

const wrong: { argv: string[]; says: string }[] = [
  { argv: ['--elct'], says: 'there is no flag "--elct". Do you mean --elect?' },
  { argv: ['-elct'], says: 'there is no flag "-elct". Do you mean --elect?' },
  { argv: ['--outside=true'], says: 'there is no flag "--outside". Do you mean --OutSide?' },
  { argv: ['--out_side'], says: 'there is no flag "--out_side". Do you mean --OutSide?' },
  {
    argv: ['--something-else'],
    says: 'there is no flag "--something-else". Write --help for the flags there are.',
  },
  { argv: ['-x'], says: 'there is no flag "-x". Write --help for the flags there are.' },
  { argv: ['-hx'], says: 'there is no flag "-hx". Write --help for the flags there are.' },
  { argv: ['--='], says: 'there is no flag "--". Write --help for the flags there are.' },
  { argv: ['---v'], says: 'there is no flag "---v". Do you mean --v?' },
  { argv: ['--__proto__'], says: 'there is no flag "--__proto__". Write --help for the flags there are.' },
  { argv: ['--elect=no'], says: '--elect is true or false, not "no". Write --elect=true or --elect=false.' },
  { argv: ['--elect='], says: '--elect is true or false, not "". Write --elect=true or --elect=false.' },
  {
    argv: ['--version=v1'],
    says: '--version is true, false or raw, not "v1". Write --version=true or --version=false.',
  },
  { argv: ['--file'], says: '--file needs a file: write --file FILE.' },
  { argv: ['--file', '--elect'], says: '--file needs a file: write --file FILE.' },
  { argv: ['--file', '-v'], says: '--file needs a file: write --file FILE.' },
  {
    argv: ['--number_of_writes='],
    says: '--number_of_writes needs a number: write --number_of_writes NUMBER.',
  },
  { argv: ['-v='], says: '-v needs a number: write -v NUMBER.' },
  { argv: ['-hv'], says: '-v needs a number: write -v NUMBER.' },
  { argv: ['--unread'], says: '--unread needs a value: write --unread VALUE.' },
  // The first mistake is the one that is told.
  {
    argv: ['--elect=no', '--elct'],
    says: '--elect is true or false, not "no". Write --elect=true or --elect=false.',
  },
];

for (const { argv, says } of wrong) {
  test(`flags are refused in [${argv.map((word) => JSON.stringify(word)).join(' ')}]`, () => {
    assert.deepEqual(parseFlags(argv, flags), { message: says });
  });
}
