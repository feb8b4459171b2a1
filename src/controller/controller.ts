import type { Candidate, Tenure } from '../client/election.ts';
import type { EventRecorder } from '../client/events.ts';
import { type ReflectOptions, reflect, type Sink } from '../client/reflector.ts';
import { readPools } from '../core/config/config.ts';
import { Allocator } from '../core/decide/allocator.ts';
import type { Claim } from '../core/ledger/claim.ts';
import { standingOf } from '../core/ledger/service-state.ts';
import type { ConfigMap } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { Leftovers } from './cleanup-reconciler.ts';
import { Figures, type WatchName } from './counters.ts';
import type { WritesContext } from './in-flight-writes.ts';
import { Upkeep } from './ip-address-reconciler.ts';
import { Term } from './leader-loop.ts';
import { Signals } from './reporter.ts';
import { claimsSource, configMapSource, leftoversSource, servicesSource } from './watched-resources.ts';

export interface ControllerContext extends WritesContext {
  readonly options: Options;
  readonly events: EventRecorder;
  /** PATCHes that are sent at once. */
  readonly lanes: number;
  /** Told after each turn of the loop, for whoever shows the world as it is. */
  readonly turned?: () => void;
}

/** What was read since the watches were begun. */
interface Round {
  readonly stop: AbortController;
  hasServices: boolean;
  /** What the ConfigMap says, once it was read. */
  configuration: string | undefined;
  hasClaims: boolean;
}

/** How long writes under way may take to end after a stop was asked for. */
const graceMs = 5_000;

/**
 * The one loop at the edge: states come in from the watches and keep the allocator's view; while this is the leader, a
 * term draws decisions from it, and their answers come back as states.
 *
 * Invariant: nothing is decided in a tenure but on lists that were begun in it. What leaders before wrote is in them,
 * however far behind the watch of a standby was.
 */
export class Controller implements Candidate {
  readonly allocator: Allocator;
  /** What is counted of its work. */
  readonly figures: Figures;
  readonly #context: ControllerContext;
  readonly #signals: Signals;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly #movedAt = new Map<string, number>();
  #round: Round | undefined;
  #term: Term | undefined;
  #leftovers: Leftovers | undefined;
  #upkeep: Upkeep | undefined;
  /** What earlier terms and rounds still have to end; resolves to whether nothing of them can still arrive. */
  #ending: Promise<boolean> = Promise.resolve(true);

  constructor(context: ControllerContext) {
    const { options, events, log, clock } = context;
    this.#context = context;
    this.allocator = new Allocator(options);
    this.figures = new Figures(clock);
    this.#signals = new Signals(events, log, options, this.figures);
  }

  /** Whether it leads, and nothing is left to do for now on what was seen. */
  get isIdle(): boolean {
    const isOver = this.#term?.isIdle === true && this.#leftovers?.isIdle === true;
    return this.allocator.isIdle && this.#isFresh && isOver && this.#upkeep?.isIdle !== false;
  }

  /** Whether it is in a term, as far as it knows. */
  get isLeading(): boolean {
    return this.#term !== undefined;
  }

  /** Whether it leads on lists that were begun in its tenure. */
  get isLeadingAfresh(): boolean {
    return this.isLeading && this.#isFresh;
  }

  /** Whether a write is under way. */
  get isWriting(): boolean {
    return this.#term?.isIdle === false;
  }

  /** Whether addresses wait to be written, so that events are to wait, too. */
  get isBusy(): boolean {
    return this.#term?.isBusy === true;
  }

  /** Whether both lists have been read. */
  get isReady(): boolean {
    return this.allocator.isReady;
  }

  /** For each watch the milliseconds since it last heard or tried something. */
  idleMs(): ReadonlyMap<string, number> {
    const now = this.#context.clock.now();
    return new Map([...this.#movedAt].map(([name, at]) => [name, now - at]));
  }

  /**
   * Works until the signal is aborted, as `lead` and `follow` say; resolves when the writes that were under way then have
   * ended, to whether nothing that was sent can still arrive. Rejects on a bug.
   */
  async run(signal: AbortSignal): Promise<boolean> {
    const stop = (): void => this.#ended.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#ended.promise;
    } finally {
      // Also when one of the watches broke by a bug: nothing is to go on without the others.
      this.#stopping.abort();
      signal.removeEventListener('abort', stop);
      this.#endTerm(graceMs);
    }
    return this.#ending;
  }

  follow(): void {
    if (this.#round === undefined) this.#watch();
  }

  lead(tenure: Tenure): void {
    if (this.#stopping.signal.aborted) return;
    this.#endTerm(0);
    // What terms before left uncertain can land no more: the tenure begins after that (Election.run).
    this.#ending = this.#ending.then(() => true);
    const { options, lanes } = this.#context;
    const shared = { context: this.#context, signals: this.#signals, tenure };
    const isFresh = (): boolean => this.#isFresh;
    const { allocator } = this;
    this.#term = new Term({ ...shared, options, allocator, lanes, isFresh, turned: () => this.#turned() });
    this.#upkeep = options.claims
      ? new Upkeep({ ...shared, options, registry: allocator.registry })
      : undefined;
    this.#leftovers = new Leftovers({ ...shared, options });
    tenure.signal.addEventListener('abort', () => this.#endTerm(0), { once: true });
    this.#watch();
  }

  get #isFresh(): boolean {
    return (
      this.#round?.hasServices === true && this.#round.configuration !== undefined && this.#round.hasClaims
    );
  }

  #endTerm(ms: number): void {
    const term = this.#term?.close(ms) ?? true;
    const leftovers = this.#leftovers?.close(ms) ?? true;
    this.#upkeep?.close();
    this.#upkeep = undefined;
    this.#term = undefined;
    this.#leftovers = undefined;
    this.#movedAt.delete('leftovers');
    this.#ending = Promise.all([this.#ending, term, leftovers]).then((all) => all.every(Boolean));
  }

  /** Lists and watches anew; the view stays until the lists are in. */
  #watch(): void {
    if (this.#stopping.signal.aborted) return;
    this.#round?.stop.abort();
    const { api, options, shared } = this.#context;
    const round: Round = {
      stop: new AbortController(),
      hasServices: false,
      configuration: undefined,
      hasClaims: !options.claims,
    };
    this.#round = round;
    const watches = [
      reflect(
        api,
        servicesSource(shared),
        this.#servicesSink(round),
        this.#reflectOptions(round, 'services'),
      ),
      reflect(
        api,
        configMapSource(options),
        this.#configMapSink(round),
        this.#reflectOptions(round, 'configmap'),
      ),
    ];
    if (options.claims) {
      const to = this.#reflectOptions(round, 'claims');
      watches.push(reflect(api, claimsSource(options), this.#claimsSink(round), to));
    }
    if (this.#leftovers !== undefined) {
      const to = this.#reflectOptions(round, 'leftovers', this.#leftovers.signal);
      watches.push(reflect(api, leftoversSource(shared), this.#leftovers.sink(), to));
    }
    const ended = Promise.all(watches).then(
      () => true,
      (bug: unknown) => {
        this.#ended.reject(bug);
        return false;
      },
    );
    this.#ending = Promise.all([this.#ending, ended]).then((all) => all.every(Boolean));
  }

  #reflectOptions(round: Round, name: WatchName, ...ends: AbortSignal[]): ReflectOptions {
    const { clock, random, log } = this.#context;
    const signal = AbortSignal.any([this.#stopping.signal, round.stop.signal, ...ends]);
    const moved = (): void => {
      // A watch that has ended is nothing to wait for: it would look stuck.
      if (!signal.aborted) this.#movedAt.set(name, clock.now());
    };
    moved();
    const failed = (): void => this.figures.watchFailures.add([name]);
    return { clock, random, log, signal, moved, failed };
  }

  /** Both lists of the round are in, or something has changed since. */
  #turn(): void {
    if (this.#isFresh && this.#term !== undefined) this.#term.pump();
    else this.#context.turned?.();
  }

  /** Decisions come first: what they leave of the claims is then looked after. */
  #turned(): void {
    if (this.#isFresh) this.#upkeep?.pump();
    this.#context.turned?.();
  }

  #servicesSink(round: Round): Sink<ServiceView> {
    const isKnown = (key: ServiceKey): boolean => this.allocator.seenVersion(key) !== undefined;
    return {
      replaced: (views, resourceVersion) => {
        this.allocator.replaceServices(views, resourceVersion);
        for (const view of views) this.#term?.seen(view);
        this.#term?.forgetOthers(isKnown);
        this.#signals.forgetOthers(isKnown);
        const isFirst = !round.hasServices;
        round.hasServices = true;
        if (isFirst) this.#counted();
        this.#turn();
      },
      upserted: (view, resourceVersion) => {
        this.allocator.observed(resourceVersion);
        this.allocator.putService(view);
        this.figures.arrivals.seen(view, this.isLeading);
        this.#term?.seen(view);
        this.#turn();
      },
      deleted: (view, resourceVersion) => {
        const key = keyOf(view);
        this.allocator.observed(resourceVersion);
        this.allocator.deleteService(key, resourceVersion);
        this.#term?.seen({ ...view, resourceVersion });
        if (!isKnown(key)) {
          this.#term?.forget(key);
          this.#signals.gone(key);
          if (standingOf(view, this.#context.options).notOurs === undefined) this.#leftovers?.look(view);
        }
        this.#turn();
      },
      observed: (resourceVersion) => this.allocator.observed(resourceVersion),
    };
  }

  #configMapSink(round: Round): Sink<ConfigMap> {
    const read = (configMap: ConfigMap | undefined): void => {
      const content = JSON.stringify([configMap?.data, configMap?.binaryData, configMap?.metadata.uid]);
      // It is listed anew whenever its watch broke. A new round looks at everybody all the same: what an earlier term
      // held back is to have its turn again.
      if (content === round.configuration) return;
      const pools = readPools(configMap);
      this.allocator.setPools(pools);
      round.configuration = content;
      if (this.#term !== undefined) this.#signals.configured(configMap, pools);
      this.#counted();
      this.#turn();
    };
    return {
      replaced: (configMaps) => read(configMaps[0]),
      upserted: read,
      deleted: () => read(undefined),
    };
  }

  #claimsSink(round: Round): Sink<Claim | undefined> {
    const { registry } = this.allocator;
    return {
      replaced: (claims, resourceVersion) => {
        registry.replace(
          claims.filter((claim) => claim !== undefined),
          resourceVersion,
        );
        const isFirst = !round.hasClaims;
        round.hasClaims = true;
        if (isFirst) this.#counted();
        this.#turn();
      },
      upserted: (claim, resourceVersion) => {
        registry.observed(resourceVersion);
        if (claim !== undefined) registry.put(claim);
        this.#turn();
      },
      deleted: (claim, resourceVersion) => {
        registry.observed(resourceVersion);
        if (claim !== undefined) registry.delete(claim.address, resourceVersion);
        this.#turn();
      },
      observed: (resourceVersion) => registry.observed(resourceVersion),
      failing: (error, retryInMs) => this.#signals.claimsFailing(error.message, error, { retryInMs }),
      recovered: () => this.#signals.claimsRecovered(),
    };
  }

  /** Says how full the pools are, at the begin of a term and after each change of the ConfigMap. */
  #counted(): void {
    if (this.#isFresh && this.#term !== undefined) this.#signals.counted(this.allocator);
  }
}
