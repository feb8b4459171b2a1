import { readdirSync, readlinkSync } from 'node:fs';
import { usageOf } from '../../bench/cluster/usage.ts';
import { type Child, startChild } from '../controlplane/process.ts';
import { quickElection } from '../e2e/controller.ts';
import type { Usage } from './memory.ts';

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
  readonly onLog: (entry: LogEntry) => void;
}

/** The shell prints its process ID and replaces itself with the program, whose /proc entry can then be read. */
const inPlace = 'echo "pid $$"; exec "$@"';

/**
 * A process that runs the built program for a long time. Its log is not kept, and its memory and sockets are read from
 * /proc.
 */
export class Replica {
  readonly #child: Child;
  readonly #onLog: (entry: LogEntry) => void;
  /** Resolves if the process exits without a request to. */
  readonly exitedUnexpectedly: Promise<void>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #startedAt = performance.now();
  /** When it last logged that it leads. */
  ledAt = 0;
  #pid = Number.NaN;
  #rest = '';
  #isEnded = false;

  constructor({ bundle, kubeconfig, flags, onLog }: ReplicaOptions) {
    this.#onLog = onLog;
    const program = [process.execPath, bundle, '--kubeconfig', kubeconfig, '--secure-port=0', '--web-port=0'];
    this.#child = startChild('/bin/sh', ['-c', inPlace, 'sh', ...program, ...quickElection, ...flags], {
      env: { PATH: process.env.PATH ?? '' },
      onOutput: (text) => this.#read(text),
    });
    void this.#child.exited.then(() => this.#ready.resolve());
    this.exitedUnexpectedly = this.#child.exited.then(() =>
      this.#isEnded ? new Promise(() => {}) : undefined,
    );
  }

  /** Resolves at its first line or its exit. Before that, the program does not handle signals. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** The last lines of its output. */
  get output(): string {
    return this.#child.output();
  }

  /** The current resource usage, or undefined before it has started and after it has exited. */
  usage(): Usage | undefined {
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

  /** Sends SIGTERM and returns the exit code. */
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
      // Other lines come from a crash, and are in `output`.
      if (!line.startsWith('{')) continue;
      const entry = JSON.parse(line) as LogEntry;
      if (entry.msg === 'Became leader') this.ledAt = performance.now();
      this.#onLog(entry);
      this.#ready.resolve();
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
    // The descriptor was closed after the folder was read.
    return false;
  }
}
