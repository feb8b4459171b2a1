import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, type ChildOptions, startChild } from '../controlplane/process.ts';

/**
 * Runs its arguments as user `$2` in folder `$1`, which is read-only, with /proc and /dev/null. The mounts are private to
 * this process and end with it.
 */
const enter = `
set -e
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
mount --bind /dev/null "$root/dev/null"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups= "$root" "$@"
`;

/** Returns why chroot cannot be used here, or undefined. */
export function chrootSkipReason(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root, to run a program with chroot';
  const tried = spawnSync('unshare', ['--mount', 'true']);
  return tried.status === 0 ? undefined : 'needs unshare(1) and permission to mount';
}

/** A folder that is the whole, read-only file system of programs. */
export class Chroot {
  readonly #root: string;
  readonly #user: string;

  constructor(root: string, user: string) {
    this.#root = root;
    this.#user = user;
    for (const folder of ['dev', 'proc']) mkdirSync(join(root, folder));
    writeFileSync(join(root, 'dev', 'null'), '');
  }

  /** Adds a file that the user can read, like a mounted Secret or ConfigMap. */
  add(path: string, text: string): void {
    const folder = join(this.#root, path, '..');
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    writeFileSync(join(this.#root, path), text, { mode: 0o644 });
  }

  start(command: readonly string[], options: ChildOptions = {}): Child {
    return startChild('unshare', this.#arguments(command), {
      env: { PATH: process.env.PATH ?? '' },
      ...options,
    });
  }

  /** Runs a command and waits until it exits. */
  run(command: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const env = { PATH: process.env.PATH ?? '' };
    return spawnSync('unshare', this.#arguments(command), { encoding: 'utf8', env });
  }

  #arguments(command: readonly string[]): string[] {
    return ['--mount', '/bin/sh', '-c', enter, 'enter', this.#root, this.#user, ...command];
  }
}
