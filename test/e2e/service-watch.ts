import assert from 'node:assert/strict';
import type { Client, Watch, WatchEvent } from '../contract/http.ts';

/** A busy machine delays the next event, so only a test without an end fails here. */
const patienceMs = 60_000;

/**
 * A watch of all Services that misses nothing. The API server ends the watch of a client that reads too slowly (as on a busy
 * machine), and then it is continued at the version of the last event.
 */
export class ServiceWatch {
  readonly #client: Client;
  #version: string;
  #watch: Watch | undefined;

  /** Starts at a version. */
  static async start(client: Client, version: string): Promise<ServiceWatch> {
    const watch = new ServiceWatch(client, version);
    await watch.#connect();
    return watch;
  }

  private constructor(client: Client, version: string) {
    this.#client = client;
    this.#version = version;
  }

  async next(): Promise<WatchEvent> {
    for (;;) {
      const event = await (this.#watch ?? (await this.#connect())).next(patienceMs);
      if (event === undefined) {
        this.#watch = undefined;
        continue;
      }
      assert.notEqual(event.type, 'ERROR', event.object.message ?? '');
      this.#version = event.object.metadata.resourceVersion ?? this.#version;
      return event;
    }
  }

  async take(count: number): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  close(): void {
    this.#watch?.close();
  }

  async #connect(): Promise<Watch> {
    this.#watch = await this.#client.watch(`/api/v1/services?watch=true&resourceVersion=${this.#version}`);
    return this.#watch;
  }
}
