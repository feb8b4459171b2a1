import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proseOfMarkdown, proseOfSource, violationsIn } from '../../scripts/prose.ts';
import { proseRules } from '../../scripts/prose-rules.ts';

/** A sentence for each rule, in the order of the rules. */
const violations = [
  'Whoever asks first gets it.',
  'Nobody serves it.',
  'The Services who share it keep it.',
  'The ConfigMap is told why.',
  'The controller looks at the Service.',
  'Mend the key.',
  'The watch is begun anew.',
  'As a rule it is one.',
  'It is announced all the same.',
  'At the begin there are none.',
  'The label is taken off.',
  'The address is given back.',
  'This text is no name of an interface.',
  'The ends are kept out.',
  'The tenure is over.',
  'Services: 2 shortages.',
  'There is a cure.',
  'The colour is red.',
];

test('each rule finds its habit', () => {
  assert.equal(violations.length, proseRules.length);
  proseRules.forEach((rule, index) => {
    const sentence = violations[index] ?? '';
    assert.ok(
      violationsIn(sentence).some((violation) => violation.rule === rule),
      `${rule.pattern} does not match: ${sentence}`,
    );
  });
});

test('plain English passes', () => {
  for (const sentence of [
    'There is no address left in the pool.',
    'The address is no longer in use.',
    'To see who last wrote each field, read managedFields.',
    'The controller checks the beginning of the list.',
  ])
    assert.deepEqual(violationsIn(sentence), [], sentence);
});

test('of a document everything but code is checked, with the right line', () => {
  const text = [
    '# Title',
    '',
    '```sh',
    'nobody',
    '```',
    '',
    'Use `anew` or [a link](whoever.md).',
    'Mend it.',
    '',
  ];
  const found = violationsIn(proseOfMarkdown(text.join('\n')));
  assert.deepEqual(
    found.map(({ line, found }) => [line, found]),
    [[8, 'Mend']],
  );
});

test('of a source file the comments are checked, and its texts where a person reads them', () => {
  const text = ["const nobody = 'somebody'; // anew", '/** Whoever. */', 'const url = `a//b`;', ''].join(
    '\n',
  );
  const words = (strings: boolean): string[] =>
    violationsIn(proseOfSource(text, strings)).map(({ found }) => found);
  assert.deepEqual(words(false), ['anew', 'Whoever']);
  assert.deepEqual(words(true), ['somebody', 'anew', 'Whoever']);
});
