import { isEmpty } from '../core/change.ts';
import type { Options } from '../core/options.ts';
import { release } from '../core/release.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/service.ts';
import type { Api } from '../kube/api.ts';
import type { Log } from '../kube/log.ts';
import type { Sink } from '../kube/reflector.ts';
import type { Clock, Random } from '../kube/transport.ts';
import { sleep } from '../kube/wait.ts';
import type { Signals } from './signals.ts';
import { write } from './write.ts';

export interface LeftoversContext {
  readonly api: Api;
  readonly options: Options;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signals: Signals;
  readonly signal: AbortSignal;
}

/** How long a Service whose clean-up was refused is left alone. */
const refusedMs = 60_000;

/** Takes our fields off Services that are no longer of type LoadBalancer, one after another: nobody waits for it. */
export class Leftovers {
  readonly #context: LeftoversContext;
  /** The newest state of each that has to be looked at. */
  readonly #due = new Map<ServiceKey, ServiceView>();
  #work: Promise<void> | undefined;
  #isListed = false;

  constructor(context: LeftoversContext) {
    this.#context = context;
  }

  /** Whether the first list is in, and nothing of it is left to clean. */
  get isIdle(): boolean {
    return this.#isListed && this.#work === undefined;
  }

  async drained(): Promise<void> {
    await this.#work;
  }

  sink(): Sink<ServiceView> {
    return {
      replaced: (views) => {
        this.#due.clear();
        for (const view of views) this.#put(view);
        this.#isListed = true;
      },
      upserted: (view) => this.#put(view),
      deleted: (view) => {
        this.#due.delete(keyOf(view));
      },
    };
  }

  #put(view: ServiceView): void {
    const { change } = this.#decide(view);
    if (change === undefined) return;
    const known = this.#due.get(keyOf(view));
    if (known !== undefined && compareVersions(view.resourceVersion, known.resourceVersion) <= 0) return;
    this.#due.set(keyOf(view), view);
    this.#work ??= this.#clean().finally(() => {
      this.#work = undefined;
    });
  }

  async #clean(): Promise<void> {
    const { signal, clock, signals, log } = this.#context;
    while (!signal.aborted) {
      const [first] = this.#due;
      if (first === undefined) return;
      const [key, view] = first;
      this.#due.delete(key);
      const { decision, change } = this.#decide(view);
      if (change === undefined) continue;
      const failing = (error: unknown, retryInMs: number): void =>
        log.warn(`a clean-up is tried again: ${String(error)}`, { service: key, retryInMs });
      const outcome = await write(view, change, { ...this.#context, failing });
      if (outcome.kind === 'written') signals.written(outcome.view, decision);
      else if (outcome.kind === 'stale' && outcome.view.type !== 'LoadBalancer') this.#put(outcome.view);
      else if (outcome.kind === 'refused') {
        signals.refused(view, outcome.error, refusedMs);
        void sleep(clock, refusedMs, signal).then(() => {
          if (!signal.aborted) this.#put(view);
        });
      }
    }
  }

  #decide(view: ServiceView) {
    const decision = release(view, this.#context.options.controller);
    const change = decision.kind === 'release' && !isEmpty(decision.change) ? decision.change : undefined;
    return { decision, change };
  }
}
