import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { annotations } from '../../src/core/names.ts';
import type { Service } from '../../src/core/objects.ts';
import type { Target } from './requests.ts';

/**
 * Watches the Services and notes when each got its address: what users and the consumer see, and the same for whoever
 * writes.
 */
export class Observer {
  /** When each Service was first seen with an address, by `performance.now`. */
  readonly served = new Map<string, number>();
  readonly #wanted: number;
  readonly #done = Promise.withResolvers<void>();
  readonly #close: () => void;

  constructor(target: Target, path: string, resourceVersion: string, wanted: number) {
    this.#wanted = wanted;
    const query = `watch=true&resourceVersion=${resourceVersion}`;
    const { ca, token, url } = target;
    // Means nothing once all are served: `close` ends it like this, too.
    const lost = (error: unknown): void => this.#done.reject(error);
    const headers = { authorization: `Bearer ${token}` };
    const asked = request(`${url}${path}?${query}`, { headers, ca, agent: false }, (response) => {
      createInterface({ input: response })
        .on('line', (line) => this.#read(line))
        .on('error', lost);
    });
    asked.on('error', lost);
    asked.end();
    this.#close = () => asked.destroy();
    this.#done.promise.catch(() => {});
  }

  /** All have an address. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** From the first address to the last, without the wait for the first. */
  get perSecond(): number {
    const times = [...this.served.values()];
    return ((times.length - 1) * 1000) / ((times.at(-1) ?? 0) - (times[0] ?? 0));
  }

  get firstAt(): number {
    return this.served.values().next().value ?? Number.NaN;
  }

  close(): void {
    this.#close();
  }

  #read(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: Service };
    if (type === 'ERROR') {
      this.#done.reject(new Error(`the observer's watch: ${line}`));
      return;
    }
    const { name, annotations: noted = {} } = object.metadata;
    if ((noted[annotations.addresses] ?? '') === '' || this.served.has(name)) return;
    this.served.set(name, performance.now());
    if (this.served.size === this.#wanted) this.#done.resolve();
  }
}
