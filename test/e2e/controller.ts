import assert from 'node:assert/strict';
import { type Child, startChild } from '../controlplane/process.ts';
import { eventually } from './eventually.ts';

export interface LogLine {
  time: string;
  level: string;
  msg: string;
  service?: string;
  configMap?: string;
  retryInMs?: number;
  fieldSelector?: string;
  refusal?: string;
}

export interface ControllerOptions {
  bundle: string;
  kubeconfig: string;
  env: Readonly<Record<string, string>>;
  flags: readonly string[];
}

/**
 * A Lease that is short, because tests wait until the Lease of a killed leader expires, and long enough for a busy
 * machine.
 */
export const quickElection: readonly string[] = [
  '--leader-elect-lease-duration=4s',
  '--leader-elect-renew-deadline=3s',
  '--leader-elect-retry-period=500ms',
];

/** A process that runs the built program, without a health port unless a flag sets one. */
export class ControllerProcess {
  readonly #child: Child;
  /** Resolves if the process exits without a request to. */
  readonly exitedUnexpectedly: Promise<void>;
  #isEnded = false;
  #text = '';

  constructor({ bundle, kubeconfig, env, flags }: ControllerOptions) {
    const args = [
      bundle,
      '--kubeconfig',
      kubeconfig,
      '--secure-port=0',
      '--web-port=0',
      ...quickElection,
      ...flags,
    ];
    this.#child = startChild(process.execPath, args, {
      // The environment of the test run must have no effect.
      env: { PATH: process.env.PATH ?? '', ...env },
      onOutput: (text) => {
        this.#text += text;
      },
    });
    this.exitedUnexpectedly = new Promise((resolve) => {
      void this.#child.exited.then(() => {
        if (!this.#isEnded) resolve();
      });
    });
  }

  get isRunning(): boolean {
    return this.#child.running();
  }

  /** Everything that the process wrote. */
  get output(): string {
    return this.#text;
  }

  /** The complete lines of the log. Each must be JSON. */
  get log(): LogLine[] {
    const whole = this.#text.slice(0, this.#text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits for a log line with this message. */
  logs(pattern: RegExp): Promise<LogLine> {
    return eventually(() => {
      const line = this.log.find(({ msg }) => pattern.test(msg));
      assert.ok(line, `the log contains ${pattern}`);
      return line;
    });
  }

  /** Sends SIGSTOP. */
  async freeze(): Promise<void> {
    await this.#child.stop('STOP');
  }

  async thaw(): Promise<void> {
    await this.#child.stop('CONT');
  }

  /** Sends SIGKILL. */
  async crash(): Promise<void> {
    this.#isEnded = true;
    await this.#child.stop('KILL');
  }

  /** Sends SIGTERM, as a kubelet does, and returns the exit code. */
  async terminate(): Promise<number | undefined> {
    this.#isEnded = true;
    await this.#child.stop('TERM');
    return this.#child.exitCode();
  }
}
