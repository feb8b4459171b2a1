import { annotations } from '../../src/core/model/well-known-names.ts';
import type { Target } from './requests.ts';
import { watchServices } from './watch.ts';

interface Waiting {
  readonly resolve: (at: number) => void;
  readonly reject: (error: unknown) => void;
}

const patienceMs = 60_000;

/**
 * Tells when single Services were first seen with an address, or gone; in all namespaces, by `performance.now`. To be
 * asked before it can happen: nothing is remembered.
 */
export class Sightings {
  readonly #addressed = new Map<string, Waiting>();
  readonly #gone = new Map<string, Waiting>();
  readonly #close: () => void;
  #lost: unknown;

  constructor(target: Target, resourceVersion: string) {
    this.#close = watchServices(
      target,
      '/api/v1/services',
      resourceVersion,
      (type, { metadata: { namespace, name, annotations: noted = {} } }) => {
        const key = `${namespace}/${name}`;
        if (type === 'DELETED') this.#gone.get(key)?.resolve(performance.now());
        else if ((noted[annotations.addresses] ?? '') !== '')
          this.#addressed.get(key)?.resolve(performance.now());
      },
      (error) => {
        this.#lost = error;
        for (const { reject } of [...this.#addressed.values(), ...this.#gone.values()]) reject(error);
      },
    );
  }

  addressed(namespace: string, name: string): Promise<number> {
    return this.#next(this.#addressed, `${namespace}/${name}`, 'has no address');
  }

  gone(namespace: string, name: string): Promise<number> {
    return this.#next(this.#gone, `${namespace}/${name}`, 'is still there');
  }

  close(): void {
    this.#close();
  }

  #next(waiting: Map<string, Waiting>, key: string, failure: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    if (this.#lost !== undefined) reject(this.#lost);
    waiting.set(key, { resolve, reject });
    const late = (): void => reject(new Error(`${key} ${failure} after ${patienceMs / 1000} s`));
    const timer = setTimeout(late, patienceMs);
    const seen = promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(key);
    });
    // Whoever asked hears of it when it waits for the answer, which may be later.
    seen.catch(() => {});
    return seen;
  }
}
