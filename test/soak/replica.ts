import { readdirSync, readlinkSync } from 'node:fs';
import { usageOf } from '../../bench/cluster/usage.ts';
import { type Child, startChild } from '../controlplane/process.ts';
import { quickElection } from '../e2e/controller.ts';
import type { Use } from './memory.ts';

export interface LogEntry {
  readonly time: string;
  readonly level: string;
  readonly msg: string;
  readonly service?: string;
  readonly cause?: string;
  readonly decision?: string;
}

export interface ReplicaOptions {
  readonly bundle: string;
  readonly kubeconfig: string;
  readonly flags: readonly string[];
  readonly heard: (said: LogEntry) => void;
}

/** The shell says its id, and becomes the program: what is looked at in /proc is the program itself. */
const inPlace = 'echo "pid $$"; exec "$@"';

/**
 * The built program as a process of its own, for a long time: its log is read once and not kept, its memory and sockets
 * are looked at from outside.
 */
export class Replica {
  readonly #child: Child;
  readonly #heard: (said: LogEntry) => void;
  /** Fulfilled if it ends without having been asked to. */
  readonly exitedUnexpectedly: Promise<void>;
  readonly #begun = Promise.withResolvers<void>();
  readonly #startedAt = performance.now();
  /** When it last said that it leads. */
  ledAt = 0;
  #pid = Number.NaN;
  #rest = '';
  #isEnded = false;

  constructor({ bundle, kubeconfig, flags, heard }: ReplicaOptions) {
    this.#heard = heard;
    const program = [process.execPath, bundle, '--kubeconfig', kubeconfig, '--secure-port=0', '--web-port=0'];
    this.#child = startChild('/bin/sh', ['-c', inPlace, 'sh', ...program, ...quickElection, ...flags], {
      env: { PATH: process.env.PATH ?? '' },
      onOutput: (text) => this.#read(text),
    });
    void this.#child.exited.then(() => this.#begun.resolve());
    this.exitedUnexpectedly = this.#child.exited.then(() =>
      this.#isEnded ? new Promise(() => {}) : undefined,
    );
  }

  /** Fulfilled with its first line, or its end: before that a signal meets Node, and not the program. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** The last lines that it wrote. */
  get output(): string {
    return this.#child.output();
  }

  /** What it uses now; undefined while it starts, and once it has ended. */
  use(): Use | undefined {
    const ageSeconds = (performance.now() - this.#startedAt) / 1000;
    try {
      const { rssBytes, peakBytes } = usageOf(this.#pid);
      return { pid: this.#pid, ageSeconds, rssBytes, peakBytes, sockets: socketsOf(this.#pid) };
    } catch {
      return undefined;
    }
  }

  async freeze(): Promise<void> {
    await this.#child.stop('STOP');
  }

  async thaw(): Promise<void> {
    await this.#child.stop('CONT');
  }

  async kill(): Promise<void> {
    this.#isEnded = true;
    await this.#child.stop('KILL');
  }

  /** SIGTERM; returns the exit code. */
  async terminate(): Promise<number | undefined> {
    this.#isEnded = true;
    await this.#child.stop('TERM');
    return this.#child.exitCode();
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('pid ')) this.#pid = Number(line.slice(4));
      // What is no JSON is a crash, and its text is in `output`.
      if (!line.startsWith('{')) continue;
      const said = JSON.parse(line) as LogEntry;
      if (said.msg === 'leading') this.ledAt = performance.now();
      this.#heard(said);
      this.#begun.resolve();
    }
  }
}

function socketsOf(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => isSocket(`${folder}/${name}`)).length;
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    // Closed since the folder was read.
    return false;
  }
}
