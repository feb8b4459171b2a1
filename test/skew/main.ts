/**
 * Runs tests on other releases of Kubernetes: `npm run skew` on all of them, `npm run skew -- 1.30 1.37` on these, with
 * --small only the tests that CI runs. The etcd and the kubectl are those of the other tests.
 */
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  isModuleName,
  isRelease,
  locateBinaries,
  type ModuleName,
  modules,
} from '../controlplane/binaries.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { apiServerVersion } from '../controlplane/versions.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What differs between releases, and the first of everything else. */
const small = [
  'test/contract/kube-apiserver.test.ts',
  'test/e2e/kubernetes-versions.test.ts',
  'test/e2e/pools.test.ts',
  'test/install/admission.test.ts',
  'test/install/addresses.test.ts',
];

const whole = [
  ...small,
  ...['conflicts', 'edits', 'election', 'failures', 'metrics', 'permissions', 'plugin'].map(
    (name) => `test/e2e/${name}.test.ts`,
  ),
  'test/install/admission-agreement.test.ts',
  'test/install/chart-admission.test.ts',
  'test/install/manifest.test.ts',
  'test/install/marks.test.ts',
  'test/install/static-addresses.test.ts',
  'test/kube-vip/*.test.ts',
];

interface Outcome {
  version: string;
  passed: boolean;
  seconds: number;
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): boolean {
  return spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
}

/** Builds a release, and runs the tests on its kube-apiserver. */
function testOn(release: ModuleName | 'controlplane', files: readonly string[]): Outcome {
  const usual = locateBinaries(process.env).folder;
  const assets = temporaryFolder('kvcp-skew-');
  for (const program of Object.keys(modules.controlplane.packages)) {
    const folder = program === 'kube-apiserver' ? locateBinaries(process.env, release).folder : usual;
    symlinkSync(join(folder, program), join(assets.path, program));
  }
  const version = apiServerVersion(assets.path).text;
  process.stdout.write(`\nKubernetes ${version}\n`);
  const started = performance.now();
  const env = { ...process.env, KUBEBUILDER_ASSETS: assets.path };
  const passed = run(process.execPath, ['test/run.ts', ...files], env);
  assets.remove();
  return { version, passed, seconds: Math.round((performance.now() - started) / 1000) };
}

function moduleOf(argument: string): ModuleName {
  const name = `kubernetes-${argument}`;
  if (isModuleName(name)) return name;
  if (argument === '1.36') return 'controlplane';
  process.stderr.write(`skew: unknown release ${argument}. Name some of ${releases.join(', ')}.\n`);
  process.exit(1);
}

const releases = [
  ...Object.keys(modules)
    .filter((name) => isModuleName(name) && isRelease(name))
    .map((name) => name.replace('kubernetes-', '')),
  '1.36',
].sort();

const args = process.argv.slice(2);
const files = args.includes('--small') ? small : whole;
const named = args.filter((argument) => argument !== '--small');
const chosen = (named.length > 0 ? named : releases).map(moduleOf);
if (!run(process.execPath, ['scripts/controlplane.ts', ...chosen])) process.exit(1);
const outcomes = chosen.map((release) => testOn(release, files));
process.stdout.write('\n');
for (const { version, passed, seconds } of outcomes)
  process.stdout.write(`Kubernetes ${version.padEnd(8)} ${passed ? 'passed' : 'FAILED'} in ${seconds} s\n`);
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
