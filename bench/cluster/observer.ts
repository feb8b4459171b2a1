import { annotations } from '../../src/core/model/well-known-names.ts';
import type { Target } from './requests.ts';
import { watchServices } from './watch.ts';

/**
 * Watches the Services and notes when each got its address: what users and the consumer see, and the same for whoever
 * writes.
 */
export class Observer {
  /** When each Service was first seen with an address, by `performance.now`. */
  readonly served = new Map<string, number>();
  readonly #done = Promise.withResolvers<void>();
  readonly #close: () => void;

  constructor(target: Target, path: string, resourceVersion: string, wanted: number) {
    this.#close = watchServices(
      target,
      path,
      resourceVersion,
      (_, { metadata: { name, annotations: noted = {} } }) => {
        if ((noted[annotations.addresses] ?? '') === '' || this.served.has(name)) return;
        this.served.set(name, performance.now());
        if (this.served.size === wanted) this.#done.resolve();
      },
      // Means nothing once all are served.
      (error) => this.#done.reject(error),
    );
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
}
