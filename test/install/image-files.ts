import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Instruction, type Stage, stagesIn } from '../../scripts/image/dockerfile.ts';

/** Instructions that add no files to the image. */
const fileless = new Set(['ARG', 'ENV', 'LABEL', 'USER', 'EXPOSE', 'ENTRYPOINT']);

const checkout = resolve(import.meta.dirname, '..', '..');

export const stages = stagesIn(readFileSync(join(checkout, 'Dockerfile'), 'utf8'));

export function finalStage(): Stage {
  const stage = stages.at(-1);
  assert.ok(stage, 'the Dockerfile has a stage');
  return stage;
}

/**
 * Executes the Dockerfile without a container engine, in subfolders of `folder`, and returns the folder with the files of
 * the image. In place of the base images, it uses the tools of this machine to build, and this Node.js with its
 * libraries as the runtime.
 */
export function assembleImage(folder: string): string {
  const roots = new Map<string, string>();
  let root = folder;
  for (const [index, stage] of stages.entries()) {
    root = join(folder, String(index));
    mkdirSync(root);
    if (stage === finalStage()) addRuntime(root);
    let workdir = '/';
    for (const instruction of stage.instructions) {
      if (fileless.has(instruction.name)) continue;
      if (instruction.name === 'WORKDIR') {
        workdir = instruction.text;
        mkdirSync(join(root, workdir), { recursive: true });
        // `npm ci` would download the same packages again.
        symlinkSync(join(checkout, 'node_modules'), join(root, workdir, 'node_modules'));
      } else if (instruction.name === 'RUN') run(instruction.text, join(root, workdir));
      else if (instruction.name === 'COPY') copy(instruction, root, workdir, roots);
      else throw new Error(`Dockerfile: ${instruction.name} is not supported`);
    }
    if (stage.name !== undefined) roots.set(stage.name, root);
  }
  // Other users must be able to enter the folder.
  chmodSync(root, 0o755);
  return root;
}

function run(command: string, cwd: string): void {
  const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
  execFileSync('/bin/sh', ['-c', command], { cwd, env: { ...process.env, PATH: path }, stdio: 'pipe' });
}

function copy(
  { flags, words }: Instruction,
  root: string,
  workdir: string,
  roots: Map<string, string>,
): void {
  const from = flags.get('from');
  const source = from === undefined ? checkout : roots.get(from);
  assert.ok(source, `there is a stage ${from}`);
  const target = words.at(-1) ?? '';
  const at = join(root, target.startsWith('/') ? target : join(workdir, target));
  for (const word of words.slice(0, -1)) {
    if (from === undefined) assert.ok(isSent(word), `.dockerignore lets ${word} through`);
    const file = join(source, word);
    const isFolder = statSync(file).isDirectory();
    const into = isFolder || !/[./]$/.test(target) ? at : join(at, basename(word));
    mkdirSync(dirname(into), { recursive: true });
    // npm compares the timestamps of its lock file.
    cpSync(file, into, { recursive: true, preserveTimestamps: true });
    const mode = flags.get('chmod');
    if (mode !== undefined) chmodSync(into, Number.parseInt(mode, 8));
  }
}

/** Returns whether .dockerignore, which is an allowlist, includes a path. */
function isSent(path: string): boolean {
  const lines = readFileSync(join(checkout, '.dockerignore'), 'utf8').split('\n');
  const [first, ...rest] = lines.filter((line) => !/^(#|$)/.test(line));
  assert.equal(first, '*', 'the first line of .dockerignore excludes everything');
  return rest.some((line) => path === line.slice(1) || path.startsWith(`${line.slice(1)}/`));
}

/** Adds what the program needs from the distroless image: Node.js at the same path, and its libraries. */
function addRuntime(root: string): void {
  const node = join(root, 'nodejs', 'bin', 'node');
  mkdirSync(dirname(node), { recursive: true });
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  const named = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
  for (const [, library = ''] of named) {
    const file = join(root, library);
    if (existsSync(file)) continue;
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(library, file);
    chmodSync(file, 0o755);
  }
}
