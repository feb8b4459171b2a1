import type { Change } from '../core/change.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/service.ts';
import type { Api } from '../kube/api.ts';
import { errorText } from '../kube/errors.ts';
import type { Log } from '../kube/log.ts';
import type { Clock, Random } from '../kube/transport.ts';
import { type Outcome, write } from './write.ts';

export interface WritesContext {
  readonly api: Api;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How long writes under way may take to end after a stop was asked for. */
const graceMs = 5_000;

/**
 * The writes under way, at most one for each Service. At most `lanes` of them send at once; one that rests before it
 * tries again gives its lane to others, so a Service whose writes fail holds up nobody.
 */
export class Writes {
  readonly #context: WritesContext;
  readonly #lanes: number;
  /** Called when a lane has become free. */
  readonly #freed: () => void;
  readonly #running = new Map<ServiceKey, Promise<void>>();
  readonly #resting = new Map<ServiceKey, { resourceVersion: string; wake: (isWanted: boolean) => void }>();
  readonly #ended = new AbortController();

  constructor(context: WritesContext, lanes: number, freed: () => void) {
    this.#context = context;
    this.#lanes = lanes;
    this.#freed = freed;
  }

  get hasLane(): boolean {
    return this.#running.size - this.#resting.size < this.#lanes;
  }

  get size(): number {
    return this.#running.size;
  }

  has(key: ServiceKey): boolean {
    return this.#running.has(key);
  }

  /** Ends reads and writes that outlast the stop. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Begins a write; `done` is told what became of it, after which it no longer counts as under way. */
  begin(view: ServiceView, change: Change, done: (outcome: Outcome) => void): void {
    const key = keyOf(view);
    const { api, random } = this.#context;
    const rest = (error: unknown, ms: number): Promise<boolean> => this.#rest(view, error, ms);
    const running = write(view, change, { api, random, signal: this.#ended.signal, rest }).then((outcome) => {
      this.#running.delete(key);
      done(outcome);
      this.#freed();
    });
    this.#running.set(key, running);
  }

  /** The Service was seen in this version: a write on an older one that rests need not be tried again. */
  seen({ namespace, name, resourceVersion }: ServiceView): void {
    const resting = this.#resting.get(keyOf({ namespace, name }));
    if (resting !== undefined && resting.resourceVersion !== resourceVersion) resting.wake(false);
  }

  /** Resolves when all have ended, or have been ended because they took too long. */
  async drain(): Promise<void> {
    const cancel = this.#context.clock.after(graceMs, () => this.#end());
    // Who rests would only try again what did not work.
    for (const { wake } of this.#resting.values()) wake(false);
    await Promise.all(this.#running.values());
    cancel();
    this.#end();
  }

  #end(): void {
    this.#ended.abort(new Error('the controller has stopped'));
  }

  async #rest(view: ServiceView, error: unknown, ms: number): Promise<boolean> {
    const key = keyOf(view);
    this.#context.log.warn(`a write is tried again: ${errorText(error)}`, { service: key, retryInMs: ms });
    const woken = Promise.withResolvers<boolean>();
    const cancel = this.#context.clock.after(ms, () => woken.resolve(true));
    this.#resting.set(key, { resourceVersion: view.resourceVersion, wake: woken.resolve });
    this.#freed();
    const isWanted = await woken.promise;
    cancel();
    this.#resting.delete(key);
    return isWanted;
  }
}
