/**
 * Prints the folder that holds kube-apiserver, etcd and kubectl, for tests that need the real ones; and builds the
 * other Go programs that tests run.
 *
 * They are built from the Go modules in test/controlplane, once for each state of their sources, into a cache of the
 * user; KUBEBUILDER_ASSETS names a folder with the three to use instead. Standard output is the folder alone.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { locateBinaries, type ModuleName, moduleFolder, modules } from '../test/controlplane/binaries.ts';

const progressEvery = 5_000;

class BuildError extends Error {}

function say(text: string): void {
  process.stderr.write(`controlplane: ${text}\n`);
}

function pinned(name: ModuleName, pattern: RegExp, what: string): string {
  const found = pattern.exec(readFileSync(join(moduleFolder(name), 'go.mod'), 'utf8'))?.[1];
  if (found === undefined) throw new BuildError(`the go.mod of ${name} does not say ${what}`);
  return found;
}

function requireGo(name: ModuleName): void {
  const wanted = pinned(name, /^go (\d+\.\d+(?:\.\d+)?)$/m, 'which Go it needs');
  const instead = name === 'controlplane' ? ', or set KUBEBUILDER_ASSETS to a folder that has them' : '';
  const advice = `Install Go ${wanted} or newer${instead}.`;
  // Inside the module, so that a Go that may fetch a newer toolchain answers for the one it would use.
  const asked = spawnSync('go', ['env', 'GOVERSION'], { cwd: moduleFolder(name), encoding: 'utf8' });
  if (asked.error)
    throw new BuildError(
      `\`go\` is needed to build ${programsOf(name).join(', ')}, and was not found. ${advice}`,
    );
  const have = /go(\d+)\.(\d+)(?:\.(\d+))?/.exec(asked.stdout);
  if (have === null || asked.status !== 0) {
    throw new BuildError(`\`go env GOVERSION\` failed: ${(asked.stderr || asked.stdout).trim()}. ${advice}`);
  }
  if (isOlder(have[0].slice(2), wanted)) {
    throw new BuildError(
      `Go ${have[0].slice(2)} is too old for the sources of ${name}, which need ${wanted}. ${advice}`,
    );
  }
}

function isOlder(have: string, wanted: string): boolean {
  const [a, b] = [have, wanted].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function programsOf(name: ModuleName): string[] {
  return Object.keys(modules[name].packages);
}

function linkerFlags(name: ModuleName): string {
  if (name !== 'controlplane') return '-s -w';
  const version = pinned(name, /^require k8s\.io\/kubernetes (v\S+)$/m, 'which Kubernetes it builds');
  return `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
}

function buildProgram(name: ModuleName, program: string, source: string, into: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const flags = linkerFlags(name);
  const args = ['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags', flags, '-o', join(into, program)];
  const go = spawn('go', [...args, source], {
    cwd: moduleFolder(name),
    // `go build` itself prints nothing on standard output.
    stdio: ['ignore', 'inherit', 'pipe'],
    // Without cgo no C compiler is needed, and the programs run on any Linux of this architecture.
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  const began = Date.now();
  let compiled = 0;
  // `go build -v` names a package when it is compiled: everything else it says belongs to a failure.
  const messages: string[] = [];
  createInterface({ input: go.stderr }).on('line', (line) => {
    if (/^go: downloading /.test(line)) return;
    if (/^[\w./~-]+$/.test(line)) compiled += 1;
    else messages.push(line);
  });
  const progress = (): void => {
    const seconds = Math.round((Date.now() - began) / 1000);
    say(`building ${program}: ${compiled} packages compiled, ${seconds} s`);
  };
  const timer = setInterval(progress, progressEvery);
  const stop = (): void => {
    go.kill();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  const settle = (): void => {
    clearInterval(timer);
    process.off('SIGTERM', stop).off('SIGINT', stop);
  };
  go.once('error', (error) => {
    settle();
    reject(new BuildError(`go could not be started: ${error.message}`));
  });
  go.once('close', (code, signal) => {
    settle();
    progress();
    if (code === 0) resolve();
    else
      reject(
        new BuildError(`building ${program} failed (${signal ?? `exit ${code}`}):\n${messages.join('\n')}`),
      );
  });
  return promise;
}

async function build(name: ModuleName, folder: string): Promise<void> {
  requireGo(name);
  mkdirSync(dirname(folder), { recursive: true });
  say(`building ${programsOf(name).join(', ')} from source, once, for some minutes`);
  // Built aside and renamed at the end: a folder under its final name is always complete.
  const aside = mkdtempSync(`${folder}.part-`);
  try {
    for (const [program, source] of Object.entries(modules[name].packages)) {
      await buildProgram(name, program, source, aside);
    }
    try {
      renameSync(aside, folder);
    } catch (error) {
      // Another process built the same in the meantime, and its folder is as good.
      if (!programsOf(name).every((program) => existsSync(join(folder, program)))) throw error;
    }
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const controlPlane = locateBinaries(process.env);
  if (controlPlane.given && controlPlane.missing.length > 0) {
    const [folder, missing] = [controlPlane.folder, controlPlane.missing];
    throw new BuildError(
      `KUBEBUILDER_ASSETS is ${folder}, where ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing. ` +
        'Put what is missing there, or unset it to have all of them built.',
    );
  }
  for (const name of Object.keys(modules) as ModuleName[]) {
    const { folder, missing } = locateBinaries(process.env, name);
    if (missing.length > 0) await build(name, folder);
  }
  process.stdout.write(`${controlPlane.folder}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
