import { Allocator, type Verdict } from '../core/allocator.ts';
import { type Change, isEmpty } from '../core/change.ts';
import type { Decision } from '../core/decision.ts';
import type { ConfigMap, KubeObject, Service } from '../core/objects.ts';
import type { Options } from '../core/options.ts';
import { readPools } from '../core/pools.ts';
import { keyOf, type ServiceKey, type ServiceView, viewOf } from '../core/service.ts';
import type { Api } from '../kube/api.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Log } from '../kube/log.ts';
import { reflect, type Sink, type Source } from '../kube/reflector.ts';
import type { Clock, Random } from '../kube/transport.ts';
import { sleep } from '../kube/wait.ts';
import { fieldsOf, lastWriter } from './blame.ts';
import { Leftovers } from './leftovers.ts';
import { Patience } from './patience.ts';
import { Signals } from './signals.ts';
import { type Outcome, write } from './write.ts';

export interface ControllerContext {
  readonly api: Api;
  readonly options: Options;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told after each turn of the loop, for whoever shows the world as it is. */
  readonly turned?: () => void;
}

/** PATCHes under way at once: enough to keep an API server busy, few enough to be no burden on it. */
const lanes = 16;
/** How long writes under way may take to end after a stop was asked for. */
const graceMs = 5_000;
/** When a change that was refused is tried again, if the Service does not change before. */
const refusedMs = { first: 5_000, most: 5 * 60_000 };
/** From how many times on an undone change is a quarrel, and worth a warning. */
const quarrel = 2;

/**
 * The one loop at the edge: states come in from the watches, the allocator decides, changes go out as PATCHes, and
 * their answers come back as states. Everything between is synchronous, so no two decisions can see the same address
 * free.
 */
export class Controller {
  readonly allocator: Allocator;
  readonly #context: ControllerContext;
  readonly #signals: Signals;
  readonly #patience: Patience;
  readonly #leftovers: Leftovers;
  readonly #writes = new Map<ServiceKey, Promise<void>>();
  /** Services whose change is held back, on the version for which it is. */
  readonly #held = new Map<ServiceKey, Hold>();
  readonly #stopping = new AbortController();
  /** Ends writes that outlast the grace. */
  readonly #ended = new AbortController();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.allocator = new Allocator(context.options);
    this.#signals = new Signals(context.events, context.log, context.options);
    this.#patience = new Patience(context.clock);
    this.#leftovers = new Leftovers({ ...context, signal: this.#ended.signal, signals: this.#signals });
  }

  /** Whether nothing is left to do for now on what was seen. */
  get isIdle(): boolean {
    return this.allocator.isIdle && this.#writes.size === 0 && this.#leftovers.isIdle;
  }

  /** Works until the signal is aborted; resolves when the writes that were under way then have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { api, clock, random, log } = this.#context;
    const stop = (): void => this.#stopping.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const options = { clock, random, log, signal: this.#stopping.signal };
    try {
      await Promise.all([
        reflect(api, servicesSource, this.#servicesSink(), options),
        reflect(api, leftoversSource, this.#leftovers.sink(), options),
        reflect(api, this.#configMapSource(), this.#configMapSink(), options),
      ]);
    } finally {
      // Also when one of the watches broke by a bug: nothing is to go on without the others.
      this.#stopping.abort();
      signal.removeEventListener('abort', stop);
      await this.#drain();
    }
  }

  async #drain(): Promise<void> {
    const { clock } = this.#context;
    for (const hold of this.#held.values()) hold.cancel();
    const grace = sleep(clock, graceMs, this.#ended.signal);
    await Promise.race([Promise.all([...this.#writes.values(), this.#leftovers.drained()]), grace]);
    this.#ended.abort(new Error('the controller has stopped'));
  }

  /** Draws verdicts as long as there are lanes for their writes: what is decided is written at once. */
  #pump(): void {
    if (this.#stopping.signal.aborted) return;
    while (this.#writes.size < lanes) {
      const verdict = this.allocator.next();
      if (verdict === undefined) break;
      this.#act(verdict);
    }
    this.#context.turned?.();
  }

  #act({ standing, decision }: Verdict): void {
    const { view, key } = standing;
    const change = changeOf(decision);
    if (this.#isHeld(view)) return;
    if (change === undefined) {
      this.#signals.decided(view, decision);
      return;
    }
    const { waitMs, repeats } = this.#patience.ask(key, JSON.stringify(change));
    if (waitMs > 0) {
      if (repeats === quarrel) this.#blame(view, change);
      this.#hold(view, waitMs, repeats);
      return;
    }
    this.allocator.assume(standing, change);
    this.#writes.set(key, this.#write(view, change, decision));
  }

  async #write(view: ServiceView, change: Change, decision: Decision): Promise<void> {
    const key = keyOf(view);
    const { log } = this.#context;
    const outcome = await write(view, change, {
      ...this.#context,
      signal: this.#ended.signal,
      failing: (error, retryInMs) =>
        log.warn(`a write is tried again: ${error instanceof Error ? error.message : String(error)}`, {
          service: key,
          retryInMs,
        }),
    });
    this.#writes.delete(key);
    this.#take(view, decision, outcome);
    this.allocator.settle(key);
    this.#pump();
  }

  #take(view: ServiceView, decision: Decision, outcome: Outcome): void {
    const key = keyOf(view);
    switch (outcome.kind) {
      case 'written':
        this.#held.delete(key);
        this.#patience.note(key, JSON.stringify(changeOf(decision)));
        this.allocator.answered(outcome.view);
        this.#signals.written(outcome.view, decision);
        break;
      case 'stale':
        this.allocator.answered(outcome.view);
        break;
      case 'refused': {
        const failures = (this.#held.get(key)?.failures ?? 0) + 1;
        const ms = Math.min(refusedMs.first * 2 ** (failures - 1), refusedMs.most);
        this.#hold(view, ms, failures);
        this.#signals.refused(view, outcome.error, ms);
        break;
      }
      case 'gone':
        // Its deletion is on the way; until then the same write is not sent again and again.
        this.#patience.note(key, JSON.stringify(changeOf(decision)));
        break;
      case 'stopped':
        break;
    }
  }

  /** Whether a change of this Service, as it stands, has to wait. */
  #isHeld(view: ServiceView): boolean {
    const key = keyOf(view);
    const hold = this.#held.get(key);
    if (hold === undefined) return false;
    if (hold.isDue) return false;
    if (hold.resourceVersion === view.resourceVersion) return true;
    // It changed meanwhile: what was refused may be right now.
    hold.cancel();
    this.#held.delete(key);
    return false;
  }

  #hold(view: ServiceView, ms: number, failures: number): void {
    const key = keyOf(view);
    this.#held.get(key)?.cancel();
    const cancel = this.#context.clock.after(ms, () => {
      const hold = this.#held.get(key);
      if (hold !== undefined) hold.isDue = true;
      this.allocator.revisit(key);
      this.#pump();
    });
    this.#held.set(key, { resourceVersion: view.resourceVersion, failures, cancel, isDue: false });
  }

  /** Names whoever undoes our change; one read, once for each quarrel. */
  #blame(view: ServiceView, change: Change): void {
    const { api } = this.#context;
    const path = `/api/v1/namespaces/${view.namespace}/services/${view.name}`;
    void api.get<Service>(path, this.#ended.signal).then(
      (service) => this.#signals.undone(view, lastWriter(service), fieldsOf(change)),
      () => this.#signals.undone(view, undefined, fieldsOf(change)),
    );
  }

  #servicesSink(): Sink<ServiceView> {
    const forget = (key: ServiceKey): void => {
      this.#signals.gone(key);
      this.#patience.forget(key);
      this.#held.get(key)?.cancel();
      this.#held.delete(key);
    };
    return {
      replaced: (views) => {
        this.allocator.replaceServices(views);
        for (const key of this.#held.keys()) if (this.allocator.seenVersion(key) === undefined) forget(key);
        this.#pump();
      },
      upserted: (view) => {
        this.allocator.putService(view);
        this.#pump();
      },
      deleted: (view, resourceVersion) => {
        const key = keyOf(view);
        this.allocator.deleteService(key, resourceVersion);
        if (this.allocator.seenVersion(key) === undefined) forget(key);
        this.#pump();
      },
    };
  }

  #configMapSource(): Source<ConfigMap> {
    const { namespace, name } = this.#context.options.configMap;
    return {
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      fieldSelector: `metadata.name=${name}`,
      matches: ({ metadata }) => metadata.name === name,
      project: (object) => object as ConfigMap,
    };
  }

  #configMapSink(): Sink<ConfigMap> {
    const read = (configMap: ConfigMap | undefined): void => {
      const pools = readPools(configMap);
      this.allocator.setPools(pools);
      this.#signals.configured(configMap, pools);
      this.#pump();
    };
    return {
      replaced: (configMaps) => read(configMaps[0]),
      upserted: read,
      deleted: () => read(undefined),
    };
  }
}

interface Hold {
  readonly resourceVersion: string;
  readonly failures: number;
  readonly cancel: () => void;
  /** Its time is over, and the next look at the Service may write. */
  isDue: boolean;
}

const servicesSource: Source<ServiceView> = {
  path: '/api/v1/services',
  fieldSelector: 'spec.type=LoadBalancer',
  matches: (object) => typeOf(object) === 'LoadBalancer',
  project: viewOf,
};

/**
 * Services that bear our label and are of another type. A type change reaches the first watch as a deletion like any
 * other (spec section 2); here it appears as what it is, without a read for every Service that is deleted.
 */
const leftoversSource: Source<ServiceView> = {
  path: '/api/v1/services',
  fieldSelector: 'spec.type!=LoadBalancer',
  labelSelector: 'implementation=kube-vip',
  matches: (object) => typeOf(object) !== 'LoadBalancer',
  project: viewOf,
};

function typeOf(object: KubeObject): string | undefined {
  return (object as Service).spec?.type;
}

function changeOf(decision: Decision): Change | undefined {
  return 'change' in decision && !isEmpty(decision.change) ? decision.change : undefined;
}
