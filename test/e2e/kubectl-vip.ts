import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { locateBinaries } from '../controlplane/binaries.ts';
import { feed, startChild } from '../controlplane/process.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';

const root = resolve(import.meta.dirname, '..', '..');

export interface ShellResult {
  stdout: string;
  stderr: string;
  code: number;
}

export interface RunningCommand {
  /** What it has written so far. */
  output(): string;
  /** Undefined while it runs. */
  exitCode(): number | undefined;
  /** Ctrl+C. Resolves when it has ended. */
  interrupt(): Promise<void>;
}

/** A shell with the real kubectl and the plugin on its PATH, in a folder with the examples. */
export class Shell {
  readonly #folder = temporaryFolder('kvcp-shell-');
  readonly #env: Record<string, string>;

  /** `bundle` is the folder of the distribution. */
  constructor(bundle: string, kubeconfig: string, env: Readonly<Record<string, string>> = {}) {
    const bin = join(this.#folder.path, 'bin');
    mkdirSync(bin);
    symlinkSync(join(bundle, 'kubectl-vip.js'), join(bin, 'kubectl-vip'));
    symlinkSync(join(bundle, 'kubectl_complete-vip'), join(bin, 'kubectl_complete-vip'));
    symlinkSync(process.execPath, join(bin, 'node'));
    symlinkSync(join(root, 'examples'), join(this.#folder.path, 'examples'));
    this.#env = {
      HOME: this.#folder.path,
      KUBECONFIG: kubeconfig,
      PATH: [bin, locateBinaries(process.env).folder, process.env.PATH].join(delimiter),
      ...env,
    };
  }

  /** Closes standard input after `until` has resolved; the command may read from it to wait. */
  run(line: string, { until = async () => {} }: { until?: () => Promise<void> } = {}): Promise<ShellResult> {
    const { promise, resolve: fulfil } = Promise.withResolvers<ShellResult>();
    const options = { cwd: this.#folder.path, env: this.#env, timeout: 300_000, maxBuffer: 1 << 26 };
    const child = execFile('/bin/sh', ['-c', line], options, (error, stdout, stderr) => {
      fulfil({ stdout, stderr, code: error === null ? 0 : Number(error.code ?? 1) });
    });
    void until().then(
      () => feed(child, '\n'),
      (error: unknown) => child.kill() && fulfil({ stdout: '', stderr: String(error), code: 1 }),
    );
    return promise;
  }

  /** Starts a command that can be interrupted. */
  start(line: string): RunningCommand {
    let output = '';
    const onOutput = (text: string): void => {
      output += text;
    };
    const child = startChild('/bin/sh', ['-c', `exec ${line}`], { env: this.#env, onOutput });
    return {
      output: () => output,
      exitCode: () => child.exitCode(),
      interrupt: () => child.stop('INT'),
    };
  }

  /** The output of `kubectl vip ... -o json`. */
  async json<T>(line: string): Promise<T> {
    const { stdout, stderr } = await this.run(`kubectl vip ${line} -o json`);
    try {
      return JSON.parse(stdout) as T;
    } catch (cause) {
      throw new Error(`${line}: ${stdout}${stderr}`, { cause });
    }
  }

  write(name: string, text: string): void {
    const path = join(this.#folder.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  read(name: string): string {
    return readFileSync(join(this.#folder.path, name), 'utf8');
  }

  close(): void {
    this.#folder.remove();
  }
}
