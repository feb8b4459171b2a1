import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../contract/http.ts';
import { Counter } from './counter.ts';
import type { Act } from './users.ts';

const concurrency = 16;
const againMs = 200;

/** Sends the acts of users, and repeats each until it gets a response. */
export class Sender {
  readonly #client: Client;
  readonly #signal: AbortSignal;
  /** The acts that succeeded. */
  readonly done = new Counter();
  /** The acts that the API server rejected: not found, already exists, or invalid. */
  readonly rejected = new Counter();

  constructor(client: Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Sends acts from `draw` until it returns undefined, at most `perSecond`. Resolves after the last response. */
  async send(draw: () => Act | undefined, perSecond = Number.POSITIVE_INFINITY): Promise<void> {
    let dueAt = performance.now();
    const worker = async (): Promise<void> => {
      for (;;) {
        // Time in which nothing could be sent is not made up for.
        dueAt = Math.max(dueAt + 1000 / perSecond, performance.now());
        const waitMs = dueAt - performance.now();
        if (waitMs > 0) await pause(waitMs);
        const act = draw();
        if (act === undefined || this.#signal.aborted) return;
        await this.#sendOne(act);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  }

  async #sendOne({ what, method, path, body }: Act): Promise<void> {
    const type = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
    while (!this.#signal.aborted) {
      const status = await this.#client.send(method, path, body, type).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status >= 200 && status < 300) {
        this.done.add(what);
        return;
      }
      if (status >= 400 && status < 500 && status !== 429) {
        this.rejected.add(`${what} (${status})`);
        return;
      }
      await pause(againMs);
    }
  }
}
