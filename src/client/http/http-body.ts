/** The buffer size above which reading from the connection is paused. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/** The connection of a body. */
export interface BodySource {
  /** Stops reading. */
  pause(): void;
  resume(): void;
  /** Discards the rest of the body. */
  discard(): void;
}

/**
 * The body of a response, between the connection, which pushes chunks into it, and its single reader.
 * Buffered chunks are still delivered after the connection breaks, but not after `fail` with `immediately`.
 */
export class Body implements AsyncIterableIterator<Uint8Array> {
  readonly #source: BodySource;
  #chunks: Uint8Array[] = [];
  #bufferedBytes = 0;
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #state: 'open' | 'ended' | { readonly failed: unknown } = 'open';

  constructor(source: BodySource) {
    this.#source = source;
  }

  push(chunk: Uint8Array): void {
    if (this.#reader !== undefined) {
      this.#reader.resolve({ value: chunk, done: false });
      this.#reader = undefined;
      return;
    }
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes > MAX_BUFFERED_BYTES) this.#source.pause();
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#reader?.resolve({ value: undefined, done: true });
    this.#reader = undefined;
  }

  fail(error: unknown, immediately = false): void {
    if (this.#state !== 'open') return;
    this.#state = { failed: error };
    if (immediately) this.#chunks = [];
    this.#reader?.reject(error);
    this.#reader = undefined;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#bufferedBytes -= chunk.length;
      if (this.#chunks.length === 0 && this.#state === 'open') this.#source.resume();
      return { value: chunk, done: false };
    }
    if (this.#state === 'ended') return { value: undefined, done: true };
    if (this.#state !== 'open') throw this.#state.failed;
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#chunks = [];
    if (this.#state === 'open') this.#source.discard();
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
