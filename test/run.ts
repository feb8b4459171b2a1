/**
 * Runs all tests, with --quick only those that need no control plane, or only the named files. With CI=true, the control
 * plane is built first, and a skipped test is a failure.
 */

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Progress } from './progress.ts';
import report from './reporter.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [first, ...others] = process.argv.slice(2);
const isQuick = first === '--quick';
const named = isQuick || first === undefined ? others : [first, ...others];
const isCI = process.env.CI === 'true';
/**
 * A file that runs for longer hangs: the slowest one takes two minutes, and over ten on a busy machine. It is also the limit of each
 * test in it, because how long a test takes says more about the machine than about the test.
 */
const fileSeconds = Number(process.env.TEST_FILE_SECONDS ?? 1800);

/** The tests that need kube-apiserver and etcd. */
const onControlPlane = [
  'test/e2e/**/*.test.ts',
  'test/install/**/*.test.ts',
  'test/kube-vip/**/*.test.ts',
  'test/contract/kube-apiserver.test.ts',
  'test/soak/soak.test.ts',
];
const all = globSync('test/**/*.test.ts', { cwd: root, exclude: isQuick ? onControlPlane : [] });
const isLong = (file: string): boolean => /^test.(e2e|install|kube-vip|soak)/.test(file);
// Long tests start first, to shorten the whole run.
const files = (named.length > 0 ? globSync(named, { cwd: root }) : all)
  .sort((a, b) => Number(isLong(b)) - Number(isLong(a)) || (a < b ? -1 : 1))
  .map((file) => `${root}${file}`);

if (isCI && !isQuick) {
  const built = spawnSync(process.execPath, ['scripts/controlplane.ts'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (built.status !== 0) {
    process.stderr.write('Building the control plane failed, and with CI=true no test may be skipped.\n');
    process.exit(1);
  }
}

const started = performance.now();
// Starts what the end-to-end tests share: one bundle and one etcd.
const globalSetupPath = fileURLToPath(new URL('e2e/global-setup.ts', import.meta.url));
const controlPlaneFiles = new Set(globSync(onControlPlane, { cwd: root }).map((file) => `${root}${file}`));
const isOnControlPlane = files.some((file) => controlPlaneFiles.has(file));
process.env.TEST_FILE_SECONDS = String(fileSeconds);
const write = (text: string): void => {
  process.stdout.write(text);
};
const progress = new Progress(files.length, write);
// Node waits as long as any process has the output of a file that was ended.
setInterval(() => {
  const hanging = progress.runningFor(fileSeconds + 30);
  if (hanging.length === 0) return;
  process.stderr.write(`A process that the tests started still runs: ${hanging.join(', ')}\n`);
  process.exit(1);
}, 5000).unref();
const events = run({
  files,
  execArgv: ['--import', fileURLToPath(new URL('deadline.ts', import.meta.url))],
  cwd: root,
  concurrency: 2,
  isolation: 'process',
  timeout: fileSeconds * 1000,
  ...(isOnControlPlane ? { globalSetupPath } : {}),
});
const counts = await report(events, write, progress);
process.stdout.write(`The tests took ${Math.round((performance.now() - started) / 1000)} s.\n`);
const isSkipFailure = isCI && counts.skipped > 0;
if (isSkipFailure) process.stderr.write('With CI=true, a skipped test is a failure.\n');
process.exitCode = counts.failed > 0 || counts.passed === 0 || isSkipFailure ? 1 : 0;
process.stdout.write(
  `${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}\n`,
);
