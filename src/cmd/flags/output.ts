import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * The standard streams of a program, in the ways in which users redirect them: `... | head` closes standard output before it is
 * complete, a slow reader takes it in parts, and a disk can be full. Without listeners, Node ends a program with a stack trace.
 */
export class StandardOutput {
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  #isClosed = false;
  #failure: string | undefined;

  /** `ended` is called when nothing more can be written. */
  constructor(stdout: Writable, stderr: Writable, ended: () => void = () => {}) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      // The reader has what it wanted.
      if (error.code === 'EPIPE') this.#isClosed = true;
      else this.#failure ??= error.message;
      ended();
    });
    // There is no place left to report it.
    stderr.on('error', () => {});
  }

  /** Whether the reader closed standard output. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Call before process.exit, which drops what a pipe has not taken yet. Returns the exit code: `code`, or 1 if standard output
   * could not be written.
   */
  async finish(code: number): Promise<number> {
    await flushed(this.#stdout);
    if (this.#failure !== undefined)
      this.#stderr.write(`Cannot write to standard output: ${this.#failure}\n`);
    // A reader that has stopped must not keep the program from ending.
    await Promise.race([flushed(this.#stderr), delay(1_000)]);
    return this.#failure === undefined ? code : 1;
  }
}

function flushed(stream: Writable): Promise<void> {
  // Called in the order of the writes, also if they fail.
  return new Promise((resolve) => stream.write('', () => resolve()));
}
