import { Allocator, type Verdict } from '../core/allocator.ts';
import { type Change, isEmpty } from '../core/change.ts';
import type { Decision } from '../core/decision.ts';
import type { ConfigMap, KubeObject, Service } from '../core/objects.ts';
import type { Options } from '../core/options.ts';
import { readPools } from '../core/pools.ts';
import { sameRecord } from '../core/record.ts';
import { keyOf, type ServiceKey, type ServiceView, viewOf } from '../core/service.ts';
import type { Api } from '../kube/api.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Log } from '../kube/log.ts';
import { reflect, type Sink, type Source } from '../kube/reflector.ts';
import type { Clock, Random } from '../kube/transport.ts';
import { fieldsOf, lastWriter } from './blame.ts';
import { Holds } from './holds.ts';
import { Leftovers } from './leftovers.ts';
import { Patience } from './patience.ts';
import { Signals } from './signals.ts';
import { type Outcome, pathOf } from './write.ts';
import { Writes } from './writes.ts';

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

/** PATCHes that are sent at once: enough to keep an API server busy, few enough to be no burden on it. */
const lanes = 16;

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
  readonly #holds: Holds;
  readonly #writes: Writes;
  readonly #leftovers: Leftovers;
  readonly #stopping = new AbortController();

  constructor(context: ControllerContext) {
    const { clock, options, events, log } = context;
    this.#context = context;
    this.allocator = new Allocator(options);
    this.#signals = new Signals(events, log, options);
    this.#patience = new Patience(clock);
    this.#holds = new Holds(clock, (key) => {
      this.allocator.revisit(key);
      this.#pump();
    });
    this.#writes = new Writes({
      context,
      lanes,
      freed: () => this.#pump(),
      refused: (view, error, retryInMs) => this.#signals.refused(view, error, retryInMs),
    });
    this.#leftovers = new Leftovers(context, options, this.#signals);
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
    const watches = [
      reflect(api, servicesSource, this.#servicesSink(), options),
      reflect(api, leftoversSource, this.#leftovers.sink(), options),
      reflect(api, this.#configMapSource(), this.#configMapSink(), options),
    ];
    try {
      await Promise.all(watches);
    } finally {
      // Also when one of the watches broke by a bug: nothing is to go on without the others.
      this.#stopping.abort();
      signal.removeEventListener('abort', stop);
      this.#holds.close();
      await Promise.allSettled([...watches, this.#writes.drain(), this.#leftovers.drain()]);
    }
  }

  /** Draws verdicts as long as there are lanes for their writes: what is decided is written at once. */
  #pump(): void {
    if (this.#stopping.signal.aborted) return;
    while (this.#writes.hasLane) {
      const verdict = this.allocator.next();
      if (verdict === undefined) break;
      this.#act(verdict);
    }
    this.#context.turned?.();
  }

  #act({ standing, decision }: Verdict): void {
    const { view, key } = standing;
    const change = changeOf(decision);
    if (change === undefined) {
      this.#holds.release(key);
      this.#signals.decided(view, decision);
      return;
    }
    if (this.#holds.has(view)) return;
    const { waitMs, isQuarrel } = this.#patience.ask(key, change);
    if (isQuarrel) this.#blame(view, change);
    if (waitMs > 0) {
      this.#holds.hold(view, waitMs);
      return;
    }
    this.allocator.assume(standing, change);
    this.#writes.begin(view, change, (outcome) => {
      this.#take(view, change, decision, outcome);
      this.allocator.settle(key);
    });
  }

  #take(view: ServiceView, change: Change, decision: Decision, outcome: Outcome): void {
    const key = keyOf(view);
    switch (outcome.kind) {
      case 'written':
        this.#holds.release(key);
        this.#patience.note(key, change);
        this.allocator.answered(outcome.view);
        this.#signals.written(outcome.view, decision);
        break;
      case 'stale':
        this.allocator.answered(outcome.view);
        this.#confirm(outcome.view, change, decision);
        // It is not the Service that the watch knows: until the watch has caught up, there is nothing to decide on.
        if (this.allocator.seenVersion(key) === view.resourceVersion) this.#holds.failed(view);
        break;
      case 'refused':
        if (this.allocator.seen(key) === undefined) break;
        this.#signals.refused(view, outcome.error, this.#holds.failed(view));
        break;
      case 'gone':
        // Its deletion is on the way; until then the same write is not sent again and again.
        if (this.allocator.seen(key) !== undefined) this.#holds.failed(view);
        break;
      case 'overtaken':
        this.#confirm(this.allocator.seen(key), change, decision);
        break;
      case 'stopped':
        break;
    }
  }

  /** Says so where a write whose answer was lost has arrived all the same: its record stands there. */
  #confirm(view: ServiceView | undefined, { record }: Change, decision: Decision): void {
    if (record == null || view?.record === undefined) return;
    if (sameRecord(view.record, record)) this.#signals.written(view, decision);
  }

  /** Names whoever undoes our change; one read, once for each quarrel. */
  #blame(view: ServiceView, change: Change): void {
    const { api } = this.#context;
    void api.get<Service>(pathOf(view), this.#writes.signal).then(
      (service) => this.#signals.undone(view, lastWriter(service), fieldsOf(change)),
      () => this.#signals.undone(view, undefined, fieldsOf(change)),
    );
  }

  #servicesSink(): Sink<ServiceView> {
    const isKnown = (key: ServiceKey): boolean => this.allocator.seenVersion(key) !== undefined;
    return {
      replaced: (views, resourceVersion) => {
        const wasReady = this.allocator.isReady;
        this.allocator.replaceServices(views, resourceVersion);
        for (const view of views) this.#writes.seen(view);
        this.#holds.releaseOthers(isKnown);
        this.#patience.forgetOthers(isKnown);
        this.#signals.forgetOthers(isKnown);
        if (!wasReady) this.#signals.counted(this.allocator);
        this.#pump();
      },
      upserted: (view, resourceVersion) => {
        this.allocator.observed(resourceVersion);
        this.allocator.putService(view);
        this.#writes.seen(view);
        this.#pump();
      },
      deleted: (view, resourceVersion) => {
        const key = keyOf(view);
        this.allocator.observed(resourceVersion);
        this.allocator.deleteService(key, resourceVersion);
        this.#writes.seen({ ...view, resourceVersion });
        if (!isKnown(key)) {
          this.#holds.release(key);
          this.#patience.forget(key);
          this.#signals.gone(key);
        }
        this.#pump();
      },
      observed: (resourceVersion) => this.allocator.observed(resourceVersion),
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
      this.#signals.counted(this.allocator);
      this.#pump();
    };
    return {
      replaced: (configMaps) => read(configMaps[0]),
      upserted: read,
      deleted: () => read(undefined),
    };
  }
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
