/**
 * Builds kube-apiserver, etcd, and kubectl, and the other Go programs for tests, and prints the folder of the first three.
 *
 * The programs are built from the Go modules in test/controlplane into a cache of the user, again only when their sources
 * change. To use existing binaries of the three, set KUBEBUILDER_ASSETS to their folder. Standard output is only the folder.
 * Arguments name other modules to build, such as kubernetes-1.30. With --only, nothing else is built.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  isModuleName,
  isRelease,
  locateBinaries,
  type ModuleName,
  moduleFolder,
  modules,
  usualModules,
} from '../test/controlplane/binaries.ts';

const progressIntervalMs = 5_000;

class BuildError extends Error {}

function printProgress(text: string): void {
  process.stderr.write(`controlplane: ${text}\n`);
}

function pinned(name: ModuleName, pattern: RegExp, what: string): string {
  const found = pattern.exec(readFileSync(join(moduleFolder(name), 'go.mod'), 'utf8'))?.[1];
  if (found === undefined) throw new BuildError(`go.mod of ${name} does not specify ${what}`);
  return found;
}

function requireGo(name: ModuleName): void {
  const required = pinned(name, /^go (\d+\.\d+(?:\.\d+)?)$/m, 'the Go version');
  const alternative =
    name === 'controlplane' ? ', or set KUBEBUILDER_ASSETS to a folder that contains them' : '';
  const advice = `Install Go ${required} or newer${alternative}.`;
  // Run inside the module, because Go may download and use a newer toolchain there.
  const result = spawnSync('go', ['env', 'GOVERSION'], { cwd: moduleFolder(name), encoding: 'utf8' });
  if (result.error)
    throw new BuildError(`Cannot build ${programsOf(name).join(', ')}: \`go\` was not found. ${advice}`);
  const installed = /go(\d+)\.(\d+)(?:\.(\d+))?/.exec(result.stdout);
  if (installed === null || result.status !== 0) {
    throw new BuildError(
      `\`go env GOVERSION\` failed: ${(result.stderr || result.stdout).trim()}. ${advice}`,
    );
  }
  if (isOlder(installed[0].slice(2), required)) {
    throw new BuildError(
      `Go ${installed[0].slice(2)} is too old for ${name}, which requires ${required}. ${advice}`,
    );
  }
}

function isOlder(installed: string, required: string): boolean {
  const [a, b] = [installed, required].map((version) => version.split('.').map(Number));
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
  if (name !== 'controlplane' && !isRelease(name)) return '-s -w';
  const version = pinned(name, /\bk8s\.io\/kubernetes (v\S+)/, 'the Kubernetes version');
  return `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
}

function buildProgram(name: ModuleName, program: string, source: string, into: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const flags = linkerFlags(name);
  const args = ['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags', flags, '-o', join(into, program)];
  const go = spawn('go', [...args, source], {
    cwd: moduleFolder(name),
    // `go build` prints nothing to standard output.
    stdio: ['ignore', 'inherit', 'pipe'],
    // Without cgo, no C compiler is required, and the programs run on any Linux of this architecture.
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  const startedAtMs = Date.now();
  let compiled = 0;
  // `go build -v` prints the name of each compiled package. All other output belongs to a failure.
  const messages: string[] = [];
  createInterface({ input: go.stderr }).on('line', (line) => {
    if (/^go: downloading /.test(line)) return;
    if (/^[\w./~-]+$/.test(line)) compiled += 1;
    else messages.push(line);
  });
  const progress = (): void => {
    const seconds = Math.round((Date.now() - startedAtMs) / 1000);
    printProgress(`Building ${program}: ${compiled} packages compiled, ${seconds} s`);
  };
  const timer = setInterval(progress, progressIntervalMs);
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
    reject(new BuildError(`Cannot start go: ${error.message}`));
  });
  go.once('close', (code, signal) => {
    settle();
    progress();
    if (code === 0) resolve();
    else
      reject(
        new BuildError(`Building ${program} failed (${signal ?? `exit ${code}`}):\n${messages.join('\n')}`),
      );
  });
  return promise;
}

async function build(name: ModuleName, folder: string): Promise<void> {
  requireGo(name);
  mkdirSync(dirname(folder), { recursive: true });
  printProgress(`Building ${programsOf(name).join(', ')} from source. This takes some minutes, only once.`);
  // Build in a temporary folder and rename it at the end, so that the final folder is always complete.
  const temporary = mkdtempSync(`${folder}.part-`);
  try {
    for (const [program, source] of Object.entries(modules[name].packages)) {
      await buildProgram(name, program, source, temporary);
    }
    try {
      renameSync(temporary, folder);
    } catch (error) {
      // Another process may have built the same programs in the meantime.
      if (!programsOf(name).every((program) => existsSync(join(folder, program)))) throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const controlPlane = locateBinaries(process.env);
  if (controlPlane.given && controlPlane.missing.length > 0) {
    const [folder, missing] = [controlPlane.folder, controlPlane.missing];
    throw new BuildError(
      `KUBEBUILDER_ASSETS is ${folder}, which does not contain ${missing.join(' and ')}. ` +
        'Add the missing programs, or unset the variable to build all of them.',
    );
  }
  const args = process.argv.slice(2);
  const isOnly = args[0] === '--only';
  const named = args.slice(isOnly ? 1 : 0).map((name) => {
    if (isModuleName(name)) return name;
    throw new BuildError(`Unknown module ${name}. Name some of: ${Object.keys(modules).join(', ')}`);
  });
  for (const name of [...(isOnly ? [] : usualModules), ...named]) {
    const { folder, missing } = locateBinaries(process.env, name);
    if (missing.length > 0) await build(name, folder);
  }
  process.stdout.write(`${controlPlane.folder}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  printProgress(error.message);
  process.exitCode = 1;
}
