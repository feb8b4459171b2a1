/** The test runner shows its progress, and a file that hangs does not stop it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');

function runTests(seconds: number, ...files: string[]): { status: number | null; output: string } {
  // Without the variables of the run that this test belongs to.
  const { NODE_TEST_CONTEXT: _, CI: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/run.ts', ...files], {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, TEST_FILE_SECONDS: String(seconds) },
  });
  return { status, output: stdout + stderr };
}

test('a test file that hangs is ended after its time, and fails', () => {
  const { status, output } = runTests(5, 'test/fixtures/never-idle.ts', 'test/fixtures/left-open.ts');
  for (const name of ['never-idle', 'left-open']) {
    assert.match(
      output,
      new RegExp(`^Ended after 5 s, because the file hangs: .*test/fixtures/${name}\\.ts$`, 'm'),
    );
    assert.match(output, new RegExp(`^FAILED .*test/fixtures/${name}\\.ts:`, 'm'));
    assert.match(output, new RegExp(`^ +[12]/2 {2}test/fixtures/${name}\\.ts \\(\\d+\\.\\d s\\)$`, 'm'));
  }
  assert.equal(status, 1, output);
});

test('each file is listed when it ends', () => {
  const { status, output } = runTests(90, 'test/cmd/duration.test.ts');
  assert.match(output, /^ +1\/1 {2}test\/cmd\/duration\.test\.ts \(\d+\.\d s\)$/m);
  assert.equal(status, 0, output);
});
