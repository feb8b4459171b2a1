import type { Clock } from '../client/transport.ts';
import { type Config, readConfigInSteps } from '../core/config/config.ts';
import type { ConfigMap } from '../core/model/objects.ts';

/** How long one turn of the event loop reads, in milliseconds: the Lease and writes in flight wait that long at most. */
const turnMs = 5;

/**
 * Reads a ConfigMap, in the same turn if it is small, and calls `loaded` when it is complete. While a large one is being read,
 * the latest of those that arrive waits for its end: a ConfigMap that is changed all the time is still read.
 */
export class ConfigLoader {
  readonly #clock: Clock;
  readonly #loaded: (configMap: ConfigMap | undefined, config: Config) => void;
  /** Cancels the next turn. */
  #cancelTurn: (() => void) | undefined;
  #waiting: { readonly configMap: ConfigMap | undefined } | undefined;

  constructor(clock: Clock, loaded: (configMap: ConfigMap | undefined, config: Config) => void) {
    this.#clock = clock;
    this.#loaded = loaded;
  }

  load(configMap: ConfigMap | undefined): void {
    if (this.#cancelTurn === undefined) this.#read(configMap, readConfigInSteps(configMap));
    else this.#waiting = { configMap };
  }

  /** `loaded` is not called any more. */
  close(): void {
    this.#cancelTurn?.();
    this.#waiting = undefined;
  }

  #read(configMap: ConfigMap | undefined, steps: Generator<void, Config>): void {
    const until = this.#clock.now() + turnMs;
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) {
        this.#cancelTurn = undefined;
        this.#loaded(configMap, step.value);
        break;
      }
      if (this.#clock.now() < until) continue;
      this.#cancelTurn = this.#clock.after(0, () => this.#read(configMap, steps));
      return;
    }
    const next = this.#waiting;
    this.#waiting = undefined;
    if (next !== undefined) this.load(next.configMap);
  }
}
