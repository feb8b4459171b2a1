/** The body of a watch: one line per event, until either side ends it. */
export class WatchStream implements AsyncIterable<Uint8Array> {
  readonly #encoder = new TextEncoder();
  readonly #onEnd: () => void;
  #waiting: Uint8Array[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  write(json: unknown): void {
    if (this.#ended) return;
    this.#waiting.push(this.#encoder.encode(`${JSON.stringify(json)}\n`));
    this.#wake?.();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const ready = this.#waiting;
        this.#waiting = [];
        yield* ready;
        if (this.#waiting.length > 0) continue;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.end();
    }
  }
}
