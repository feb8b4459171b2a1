import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder of a ServiceAccount as the kubelet maintains it: `token` and `ca.crt` lead through `..data` to a folder that is
 * replaced as a whole.
 */
export class ServiceAccountFiles {
  readonly #folder: string;
  #files: Readonly<Record<string, string>> = {};
  #version = 0;

  constructor(folder: string, files: Readonly<Record<string, string>>) {
    this.#folder = folder;
    mkdirSync(folder);
    for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(folder, name));
    this.replace(files);
  }

  /** Replaces some of the files. */
  replace(files: Readonly<Record<string, string>>): void {
    const before = `..${this.#version}`;
    this.#version += 1;
    const next = `..${this.#version}`;
    this.#files = { ...this.#files, ...files };
    mkdirSync(join(this.#folder, next));
    for (const [name, text] of Object.entries(this.#files))
      writeFileSync(join(this.#folder, next, name), text, { mode: 0o600 });
    symlinkSync(next, join(this.#folder, '..data_tmp'));
    renameSync(join(this.#folder, '..data_tmp'), join(this.#folder, '..data'));
    rmSync(join(this.#folder, before), { recursive: true, force: true });
  }
}
