/** docs/PROOF.md has each mutant: its story, or why no scope finds it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { withParts } from '../../scripts/generated-parts.ts';
import { mutants } from '../simulator/mutants.ts';
import { notFound } from './not-found.ts';
import { proof, proofText, storiesIn } from './proof.ts';
import { mutantScopes } from './scopes.ts';

const text = readFileSync(proof, 'utf8');
const stories = storiesIn(text);
const all = mutants.map(({ what }) => what);

test('docs/PROOF.md has each mutant once, with the story that finds it or with why none does', () => {
  assert.deepEqual([...stories.keys(), ...Object.keys(notFound)].sort(), all.sort());
  assert.equal(
    withParts(text, { mutants: proofText(stories) }),
    text,
    'docs/PROOF.md is out of date. Run: npm run explore -- --mutants --write',
  );
});

test('each story is of a scope that exists, and has as many steps as it says', () => {
  const names = new Set(mutantScopes.map(({ name }) => name.replace('quick: ', '')));
  for (const [what, { scope, steps, list }] of stories) {
    assert.ok(names.has(scope), `${what}: ${scope}`);
    assert.deepEqual(
      list.map((line) => line.split('. ')[0]),
      Array.from({ length: steps + 1 }, (_, i) => String(i)),
      what,
    );
  }
});

test('a mutant that no scope finds is found by a test that exists', () => {
  for (const { foundBy } of Object.values(notFound))
    assert.ok(existsSync(join(resolve(import.meta.dirname, '..', '..'), foundBy)), foundBy);
});
