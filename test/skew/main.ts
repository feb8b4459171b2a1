/**
 * Runs tests on other releases of Kubernetes: `npm run skew` on all of them, `npm run skew -- 1.30 1.37` on these, with
 * --small only the tests that CI runs. The etcd and the kubectl are those of the other tests.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ModuleName } from '../controlplane/binaries.ts';
import { apiServerVersion, includes, type Releases } from '../controlplane/versions.ts';
import { assembleRelease, moduleOf, releases } from './releases.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What differs between releases, and the first of everything else. */
const small: TestFiles = {
  ...onEach('contract/kube-apiserver', 'e2e/kubernetes-versions', 'e2e/pools'),
  'install/admission': { since: 33 },
  'install/addresses': { since: 31 },
};

const whole: TestFiles = {
  ...small,
  ...onEach('e2e/conflicts', 'e2e/edits', 'e2e/election', 'e2e/failures', 'e2e/metrics', 'e2e/permissions'),
  ...onEach('e2e/plugin', 'install/manifest'),
  ...onEach('kube-vip/announcements', 'kube-vip/guides', 'kube-vip/per-service-election'),
  'e2e/claims': { since: 33 },
  'install/admission-agreement': { since: 33 },
  'install/chart-admission': { since: 33 },
  'install/marks': { since: 31 },
  'install/static-addresses': { since: 31 },
};

/** Test files, and the releases that have what they are about. */
type TestFiles = Readonly<Record<string, Releases>>;

function onEach(...names: string[]): TestFiles {
  return Object.fromEntries(names.map((name) => [name, { since: 0 }]));
}

interface Outcome {
  version: string;
  passed: boolean;
  seconds: number;
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): boolean {
  return spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
}

/** Runs the tests on the kube-apiserver of a release. */
function testOn(release: ModuleName, files: TestFiles): Outcome {
  const assets = assembleRelease(release);
  const { text: version, minor } = apiServerVersion(assets.path);
  process.stdout.write(`\nKubernetes ${version}\n`);
  const names = Object.entries(files).filter(([, on]) => includes(on, minor));
  const started = performance.now();
  const env = { ...process.env, KUBEBUILDER_ASSETS: assets.path };
  const passed = run(
    process.execPath,
    ['test/run.ts', ...names.map(([name]) => `test/${name}.test.ts`)],
    env,
  );
  assets.remove();
  return { version, passed, seconds: Math.round((performance.now() - started) / 1000) };
}

function moduleNamed(release: string): ModuleName {
  const module = moduleOf(release);
  if (module !== undefined) return module;
  process.stderr.write(`skew: Unknown release ${release}. Name some of ${releases.join(', ')}.\n`);
  process.exit(1);
}

const args = process.argv.slice(2);
const files = args.includes('--small') ? small : whole;
const named = args.filter((argument) => argument !== '--small');
const chosen = (named.length > 0 ? named : releases).map(moduleNamed);
if (!run(process.execPath, ['scripts/controlplane.ts', ...chosen])) process.exit(1);
const outcomes = chosen.map((release) => testOn(release, files));
process.stdout.write('\n');
for (const { version, passed, seconds } of outcomes)
  process.stdout.write(`Kubernetes ${version.padEnd(8)} ${passed ? 'passed' : 'FAILED'} in ${seconds} s\n`);
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
