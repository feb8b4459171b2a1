import assert from 'node:assert/strict';
import { type Child, startChild } from '../controlplane/process.ts';
import { eventually } from './eventually.ts';

export interface LogLine {
  time: string;
  level: string;
  msg: string;
  service?: string;
  retryInMs?: number;
  fieldSelector?: string;
}

export interface ControllerOptions {
  bundle: string;
  kubeconfig: string;
  env: Readonly<Record<string, string>>;
  flags: readonly string[];
}

/**
 * A killed leader's Lease is waited for, so tests have a short one; still long enough for a machine with other work.
 * Health has a port of its own in the tests that are about it.
 */
export const quickElection: readonly string[] = [
  '--leader-elect-lease-duration=4s',
  '--leader-elect-renew-deadline=3s',
  '--leader-elect-retry-period=500ms',
];

/** The built program as a process of its own. */
export class ControllerProcess {
  readonly #child: Child;
  /** Fulfilled if it ends without having been asked to. */
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
      // No more than a container gives it, so that the variables of whoever runs the tests change nothing.
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

  /** Everything it wrote. */
  get output(): string {
    return this.#text;
  }

  /** Whole lines only; each must be JSON with its level and message. */
  get log(): LogLine[] {
    const whole = this.#text.slice(0, this.#text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits for a line of the log. */
  logs(pattern: RegExp, timeoutMs?: number): Promise<LogLine> {
    return eventually(() => {
      const line = this.log.find(({ msg }) => pattern.test(msg));
      assert.ok(line, `the log says ${pattern}`);
      return line;
    }, timeoutMs);
  }

  /** SIGSTOP: it stands still until it is thawed. */
  async freeze(): Promise<void> {
    await this.#child.stop('STOP');
  }

  async thaw(): Promise<void> {
    await this.#child.stop('CONT');
  }

  /** SIGKILL: it cannot end anything in order. */
  async crash(): Promise<void> {
    this.#isEnded = true;
    await this.#child.stop('KILL');
  }

  /** SIGTERM, as a kubelet sends it; returns the exit code. */
  async terminate(): Promise<number | undefined> {
    this.#isEnded = true;
    await this.#child.stop('TERM');
    return this.#child.exitCode();
  }
}
