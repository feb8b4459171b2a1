// The first step of every npm script: make this checkout ready, then run it on the pinned Node.
//
//   node setup.mjs                  install what package-lock.json says, if it is not there yet
//   node setup.mjs ARGUMENT...      the same, then run `node ARGUMENT...` on the pinned Node
//
// Plain JavaScript without a dependency, because it runs on whatever Node the machine has (20 or newer) and
// before anything is installed. Progress goes to standard error; standard input and output are the program's.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const oldestNode = 24;

function fail(message) {
  process.stderr.write(`setup: ${message}\n`);
  process.exit(1);
}

/** npm writes node_modules/.package-lock.json last, so an interrupted install is seen as stale. */
function isInstalled() {
  const mark = join(root, 'node_modules', '.package-lock.json');
  return existsSync(mark) && statSync(mark).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function install() {
  process.stderr.write('setup: installing the dependencies with `npm ci` (once, about 15 seconds) ...\n');
  const windows = process.platform === 'win32';
  const done = spawnSync(windows ? 'npm.cmd' : 'npm', ['ci', '--loglevel=error'], {
    cwd: root,
    // npm's own standard output joins our standard error: `npm start --silent -- -o json` prints only the List.
    stdio: ['ignore', 2, 2],
    shell: windows,
  });
  if (done.error) fail(`npm could not be started (${done.error.message}). Install npm, then try again.`);
  if (done.status !== 0)
    fail('`npm ci` failed; its message is above. Mend that, then run the same command again.');
  process.stderr.write('setup: ready.\n');
}

/** The Node of our lock file where there is one for this platform, else the running one if it is new enough. */
function runtime() {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return process.execPath;
  return fail(
    `there is no packaged Node for ${process.platform} ${process.arch}, and this one is ${process.version}. ` +
      `Install Node ${oldestNode} or newer, then run the same command again.`,
  );
}

function run(args) {
  const child = spawn(runtime(), args, { stdio: 'inherit' });
  // On a terminal Ctrl-C reaches the child by itself; a signal sent to this process alone is passed on.
  // SIGINT is only kept from ending us before the child has cleaned up.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm passes a signal on to the shell between us, which dies of it without a word: then our parent is another.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 250).unref();
  child.on('error', (error) => fail(`${runtime()} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (!isInstalled()) install();
const args = process.argv.slice(2);
if (args.length > 0) run(args);
