import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchRequest } from '../../bench/arguments.ts';
import { partNames } from '../../bench/parts.ts';

const all = { names: partNames, quick: false, json: undefined };

test('parts run in one order, and all of them by default', () => {
  assert.deepEqual(benchRequest([]), all);
  assert.deepEqual(benchRequest(['takeover', 'core']), { ...all, names: ['core', 'takeover'] });
  assert.deepEqual(benchRequest(['size', '--quick', '--json', 'a.json']), {
    names: ['size'],
    quick: true,
    json: 'a.json',
  });
});

test('--compare takes two files and measures nothing', () => {
  assert.deepEqual(benchRequest(['--compare', 'a.json', 'b.json']), { compare: ['a.json', 'b.json'] });
});

const mistakes: [string[], RegExp][] = [
  [['clutser'], /Unknown part "clutser"\. Did you mean cluster\?/],
  [['--quik'], /Did you mean --quick\?/],
  [['--json'], /--json requires a file/],
  [['--compare', 'a.json'], /requires two files, but 1 was given/],
  [['--compare', 'a', 'b', 'c'], /but 3 were given/],
];

test('a usage error suggests the right command line', () => {
  for (const [argv, message] of mistakes) {
    const request = benchRequest(argv);
    assert.ok('usage' in request, argv.join(' '));
    assert.match(request.usage, message);
  }
});

test('the help names every part', () => {
  const request = benchRequest(['-h']);
  assert.ok('help' in request);
  for (const part of partNames) assert.match(request.help, new RegExp(`^ {2}${part} `, 'm'));
});
