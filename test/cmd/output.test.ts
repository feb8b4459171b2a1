import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, openSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { temporaryFolder } from '../controlplane/temporary.ts';

/** The programs with standard output and standard error as users redirect them. */

const folder = temporaryFolder('kvcp-output-');
after(() => folder.remove());
const src = resolve(import.meta.dirname, '../../src/cmd');
const plugin = join(src, 'kubectl-vip/main.ts');

const pools = Array.from({ length: 2_000 }, (_, i) => `  cidr-ns-${i}: 10.${i >> 8}.${i & 255}.0/24\n`);
const file = join(folder.path, 'pools.yaml');
const object =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kubevip, namespace: kube-system }\ndata:\n';
const service =
  'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: default }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }\n';
writeFileSync(file, `${object}${pools.join('')}  cidr-bad: 10.0.0.300\n---\n${service}`);

const hasFullDevice = existsSync('/dev/full') ? {} : { skip: 'this system has no /dev/full' };

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs a program whose standard output is closed at once, or is a file. */
async function run(args: readonly string[], stdout: 'closed' | number): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', stdout === 'closed' ? 'pipe' : stdout, 'pipe'],
  });
  child.stdout?.destroy();
  const [code, stderr] = await Promise.all([
    new Promise<number | null>((done) => child.once('exit', done)),
    readAll(child.stderr ?? assert.fail()),
  ]);
  return { code, stderr };
}

test('an output that is longer than a pipe is complete', async () => {
  const child = spawn(process.execPath, [plugin, 'pools', '-f', file, '-o', 'json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const output = await readAll(child.stdout);
  assert.ok(output.length > 300_000);
  assert.equal((JSON.parse(output) as { items: unknown[] }).items.length, 2_001);
});

for (const [what, args, code] of [
  ['pools', ['pools', '-f', file, '-o', 'json'], 0],
  ['check, which found an error,', ['check', '-f', file], 1],
] as const) {
  test(`kubectl vip ${what} ends quietly if its reader ends first`, async () => {
    assert.deepEqual(await run([plugin, ...args], 'closed'), { code, stderr: '' });
  });
}

for (const program of ['controller', 'sandbox', 'kubectl-vip']) {
  test(`${program} --help ends quietly if its reader ends first`, async () => {
    assert.deepEqual(await run([join(src, program, 'main.ts'), '--help'], 'closed'), { code: 0, stderr: '' });
  });
}

test('a full disk is reported', hasFullDevice, async () => {
  const ended = await run([plugin, 'pools', '-f', file, '-o', 'json'], openSync('/dev/full', 'w'));
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /^Cannot write to standard output: ENOSPC[^\n]*\n$/m);
});
