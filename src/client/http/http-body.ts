/** Above it the connection is held back; a lagging reader costs no more memory than this and one piece. */
const MOST_WAITING_BYTES = 256 * 1024;

/** What a body needs of the connection on which it comes. */
export interface BodySource {
  /** No more for now. */
  pause(): void;
  resume(): void;
  /** The reader does not want the rest. */
  leave(): void;
}

/**
 * The body of an answer between the connection, which pushes pieces into it, and its one reader. Pieces that wait are
 * handed out even if the connection broke after them; after `fail` with `atOnce` they are not.
 */
export class Body implements AsyncIterableIterator<Uint8Array> {
  readonly #source: BodySource;
  #pieces: Uint8Array[] = [];
  #waitingBytes = 0;
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #state: 'open' | 'ended' | { readonly failed: unknown } = 'open';

  constructor(source: BodySource) {
    this.#source = source;
  }

  push(piece: Uint8Array): void {
    if (this.#reader !== undefined) {
      this.#reader.resolve({ value: piece, done: false });
      this.#reader = undefined;
      return;
    }
    this.#pieces.push(piece);
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes > MOST_WAITING_BYTES) this.#source.pause();
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#reader?.resolve({ value: undefined, done: true });
    this.#reader = undefined;
  }

  fail(error: unknown, atOnce = false): void {
    if (this.#state !== 'open') return;
    this.#state = { failed: error };
    if (atOnce) this.#pieces = [];
    this.#reader?.reject(error);
    this.#reader = undefined;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#waitingBytes -= piece.length;
      if (this.#pieces.length === 0 && this.#state === 'open') this.#source.resume();
      return { value: piece, done: false };
    }
    if (this.#state === 'ended') return { value: undefined, done: true };
    if (this.#state !== 'open') throw this.#state.failed;
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#pieces = [];
    if (this.#state === 'open') this.#source.leave();
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
