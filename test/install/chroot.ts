import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, type ChildOptions, startChild } from '../controlplane/process.ts';

/**
 * Runs its arguments as the user `$2` in the folder `$1`, with what every container has besides its image: /proc and
 * /dev/null. The folder is read-only there; the mounts are of this process alone, and gone with it.
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

/** Why no program can be run this way here; undefined where one can. */
export function chrootSkipReason(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root, to run a program in a root folder of its own';
  const tried = spawnSync('unshare', ['--mount', 'true']);
  return tried.status === 0 ? undefined : 'needs unshare(1) and the right to mount';
}

/** A folder as the whole file system of programs, which cannot write to it. */
export class Chroot {
  readonly #root: string;
  readonly #user: string;

  constructor(root: string, user: string) {
    this.#root = root;
    this.#user = user;
    for (const folder of ['dev', 'proc']) mkdirSync(join(root, folder));
    writeFileSync(join(root, 'dev', 'null'), '');
  }

  /** Puts a file into it that its user can read, as a mounted Secret or ConfigMap would be. */
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

  /** Waits for its end. */
  run(command: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const env = { PATH: process.env.PATH ?? '' };
    return spawnSync('unshare', this.#arguments(command), { encoding: 'utf8', env });
  }

  #arguments(command: readonly string[]): string[] {
    return ['--mount', '/bin/sh', '-c', enter, 'enter', this.#root, this.#user, ...command];
  }
}
