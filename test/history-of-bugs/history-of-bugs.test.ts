/** Each published bug as a test, against the real controller on the embedded API. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishedBugs } from './bugs.ts';
import { EmbeddedWorld } from './embedded-world.ts';
import { idOf, play } from './published-bug.ts';

for (const bug of publishedBugs) {
  test(`${idOf(bug)}: ${bug.title}`, async () => {
    const world = new EmbeddedWorld();
    try {
      await play(world, [...bug.steps, ...bug.outcome]);
    } finally {
      await world.close();
    }
  });
}

test('each bug has a name of its own', () => {
  const ids = publishedBugs.map(idOf);
  assert.equal(new Set(ids).size, ids.length);
});
