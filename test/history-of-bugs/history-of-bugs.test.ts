/** Each published bug as a test, against the real controller on the embedded API. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { publishedBugs } from './bugs.ts';
import { EmbeddedWorld } from './embedded-world.ts';
import { idOf, play } from './published-bug.ts';
import { tables } from './tables.ts';

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

test('docs/published-bugs.md contains the tables', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'published-bugs.md'), 'utf8');
  const shown = text.slice(text.indexOf('\n## ') + 1).trimEnd();
  assert.equal(shown, tables(), 'run `npm run history-of-bugs -- --table` and replace them');
});

test('an unknown name gets suggestions and exit code 2', () => {
  const { status, stderr } = run('cilium-4580');
  assert.match(stderr, /Unknown bug "cilium-4580"\. Did you mean cilium-45800\?/);
  assert.equal(status, 2);
  assert.match(run('45800').stderr, /Did you mean cilium-45800\?/);
});

test('a story is printed with its steps and its outcome', () => {
  const { status, stdout } = run('metallb-1586');
  assert.match(
    stdout,
    /^ {2}8\. Delete Service team\/svc1\n {7}team\/svc11: 10\.0\.0\.1\n {7}team\/svc1: deleted$/m,
  );
  assert.match(stdout, /^Outcome:\n {2}\d+\. team\/svc2 has 10\.0\.0\.2, .*\n\nthe outcome is right\n$/m);
  assert.equal(status, 0);
});

test('a story that the Go version cannot play is refused with --go', () => {
  const { status, stderr } = run('--go', 'cilium-42920');
  assert.match(
    stderr,
    /^The Go version cannot play cilium-42920\. Omit --go, or choose one of: .*antrea-8411/,
  );
  assert.equal(status, 2);
});

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    encoding: 'utf8',
    env,
  });
}
