import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../client/fake-clock.ts';

const script = fileURLToPath(new URL('../../setup.mjs', import.meta.url));

/** A checkout with only the script, a lock file, and an `npm` that has the effects of `npm ci`. */
function checkout(npm: string): {
  folder: string;
  run: (
    ...args: string[]
  ) => Promise<{ code: number | null; signal: string | null; out: string; err: string }>;
  child: () => ReturnType<typeof spawn> | undefined;
} {
  const folder = mkdtempSync(join(tmpdir(), 'setup-'));
  copyFileSync(script, join(folder, 'setup.mjs'));
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'npm'), `#!/bin/sh\n${npm}\n`);
  chmodSync(join(folder, 'bin', 'npm'), 0o755);
  let child: ReturnType<typeof spawn> | undefined;
  return {
    folder,
    child: () => child,
    run(...args) {
      const started = spawn(process.execPath, ['setup.mjs', ...args], {
        cwd: folder,
        env: { ...process.env, PATH: `${folder}/bin:${process.env.PATH}` },
      });
      child = started;
      let out = '';
      let err = '';
      started.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      started.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString();
      });
      return new Promise((resolve) =>
        started.on('close', (code, signal) => resolve({ code, signal, out, err })),
      );
    },
  };
}

const install = `echo "npm called with $*"; mkdir -p node_modules/.bin; ln -sf ${process.execPath} node_modules/.bin/node; touch node_modules/.package-lock.json`;

test('setup installs once, reports it only on standard error, and returns the exit code of the program', async () => {
  const { folder, run } = checkout(install);
  try {
    const first = await run('-e', 'console.log("program"); process.exitCode = 7');
    assert.equal(first.code, 7);
    assert.equal(first.out, 'program\n');
    assert.match(first.err, /Installing dependencies[\s\S]*npm called with ci[\s\S]*Ready/);
    const second = await run('-e', 'console.log("again")');
    assert.deepEqual([second.code, second.out, second.err], [0, 'again\n', '']);
    // A newer lock file means different dependencies.
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(folder, 'package-lock.json'), later, later);
    assert.match((await run('-e', '')).err, /npm called with ci/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('setup explains what to do if npm fails, and does not run the program', async () => {
  const { folder, run } = checkout('echo broken >&2; exit 3');
  try {
    const ended = await run('-e', 'console.log("program")');
    assert.deepEqual([ended.code, ended.out], [1, '']);
    assert.match(ended.err, /broken[\s\S]*`npm ci` failed\. Fix the error above/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('setup forwards SIGTERM and exits like its program', async () => {
  const { folder, run, child } = checkout(install);
  try {
    const exited = run(
      '-e',
      'process.on("SIGTERM", () => process.exit(5)); console.log("up"); setInterval(() => {}, 1000)',
    );
    await new Promise<void>((resolve) => child()?.stdout?.once('data', () => resolve()));
    child()?.kill('SIGTERM');
    assert.equal((await exited).code, 5);
    const killed = run('-e', 'console.log("up"); setInterval(() => {}, 1000)');
    await new Promise<void>((resolve) => child()?.stdout?.once('data', () => resolve()));
    child()?.kill('SIGTERM');
    assert.equal((await killed).signal, 'SIGTERM');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the program does not outlive the shell in which npm runs setup', async () => {
  const { folder, run } = checkout(install);
  try {
    assert.equal((await run('-e', '')).code, 0);
    const program =
      'process.on("SIGTERM", () => process.exit(0)); console.log(process.pid); setInterval(() => {}, 1000)';
    const shell = spawn('sh', ['-c', `node setup.mjs -e '${program}'; true`], {
      cwd: folder,
      env: { ...process.env, PATH: `${folder}/bin:${join(process.execPath, '..')}:${process.env.PATH}` },
    });
    const pid = await new Promise<number>((resolve) => {
      shell.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    assert.ok(pid > 0);
    shell.kill('SIGTERM');
    const isAlive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await until(() => !isAlive(), 'the program ends');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
