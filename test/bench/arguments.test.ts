import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchRequest, parts } from '../../bench/arguments.ts';

const all = { parts, quick: false, json: undefined };

test('parts are run in one order, all of them where none is named', () => {
  assert.deepEqual(benchRequest([]), all);
  assert.deepEqual(benchRequest(['takeover', 'core']), { ...all, parts: ['core', 'takeover'] });
  assert.deepEqual(benchRequest(['size', '--quick', '--json', 'a.json']), {
    parts: ['size'],
    quick: true,
    json: 'a.json',
  });
});

test('--compare takes two files and measures nothing', () => {
  assert.deepEqual(benchRequest(['--compare', 'a.json', 'b.json']), { compare: ['a.json', 'b.json'] });
});

const mistakes: [string[], RegExp][] = [
  [['clutser'], /not "clutser"\. Do you mean cluster\?/],
  [['--quik'], /Did you mean --quick\?/],
  [['--json'], /--json requires a file/],
  [['--compare', 'a.json'], /needs two files, and there are 1/],
  [['--compare', 'a', 'b', 'c'], /there are 3/],
];

test('what is wrong on the command line is said with what would be right', () => {
  for (const [argv, message] of mistakes) {
    const request = benchRequest(argv);
    assert.ok('usage' in request, argv.join(' '));
    assert.match(request.usage, message);
  }
});

test('the help names every part', () => {
  const request = benchRequest(['-h']);
  assert.ok('help' in request);
  for (const part of parts) assert.match(request.help, new RegExp(`^ {2}${part} `, 'm'));
});
