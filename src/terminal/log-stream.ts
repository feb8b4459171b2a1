import type { Writable } from 'node:stream';

/** So many bytes wait for a reader that does not read, and then lines are lost: memory is for Services. */
const maxWaiting = 1024 * 1024;

/** Standard error, which Node does not destroy after an error. */
type LineStream = Pick<Writable, 'on' | 'write' | 'writableLength'>;

/**
 * Writes log lines to a stream whose reader may be slow, stopped, or gone, or whose disk is full. It never waits and never
 * fails: a line that cannot be written is counted. Each line is tried, so the log continues when the cause is gone.
 */
export class LogStream {
  readonly #stream: LineStream;
  #lost = 0;

  constructor(stream: LineStream) {
    this.#stream = stream;
    // Each failed write also calls its callback.
    stream.on('error', () => {});
  }

  /** How many lines could not be written. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    if (this.#stream.writableLength + line.length > maxWaiting) {
      this.#lost += 1;
      return;
    }
    this.#stream.write(line, (error) => {
      if (error != null) this.#lost += 1;
    });
  }
}
