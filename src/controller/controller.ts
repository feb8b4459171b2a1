import type { Candidate, Leadership } from '../client/election.ts';
import type { EventRecorder } from '../client/events.ts';
import { type ReflectOptions, reflect, type Sink } from '../client/reflector.ts';
import { readConfig } from '../core/config/config.ts';
import { Allocator } from '../core/decide/allocator.ts';
import type { Claim } from '../core/ledger/claim.ts';
import { stateOf } from '../core/ledger/service-state.ts';
import type { ConfigMap } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { CleanupReconciler } from './cleanup-reconciler.ts';
import { Counters, type WatchName } from './counters.ts';
import type { WriterContext } from './in-flight-writes.ts';
import { IPAddressReconciler } from './ip-address-reconciler.ts';
import { LeaderLoop } from './leader-loop.ts';
import { Reporter } from './reporter.ts';
import { claimsSource, cleanupSource, configMapSource, servicesSource } from './watched-resources.ts';

export interface ControllerContext extends WriterContext {
  readonly options: Options;
  readonly events: EventRecorder;
  /** PATCHes that are sent at once. */
  readonly concurrency: number;
  /** Told after each turn of the loop, for whoever shows the world as it is. */
  readonly updated?: () => void;
}

/** What was read since the watches were begun. */
interface WatchSession {
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
  readonly counters: Counters;
  readonly #context: ControllerContext;
  readonly #reporter: Reporter;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly #movedAt = new Map<string, number>();
  #watchSession: WatchSession | undefined;
  #leaderLoop: LeaderLoop | undefined;
  #cleanup: CleanupReconciler | undefined;
  #ipAddresses: IPAddressReconciler | undefined;
  /** What earlier terms and rounds still have to end; resolves to whether nothing of them can still arrive. */
  #ending: Promise<boolean> = Promise.resolve(true);

  constructor(context: ControllerContext) {
    const { options, events, log, clock } = context;
    this.#context = context;
    this.allocator = new Allocator(options);
    this.counters = new Counters(clock);
    this.#reporter = new Reporter(events, log, options, this.counters);
  }

  /** Whether it leads, and nothing is left to do for now on what was seen. */
  get isIdle(): boolean {
    const isOver = this.#leaderLoop?.isIdle === true && this.#cleanup?.isIdle === true;
    return this.allocator.isIdle && this.#isFresh && isOver && this.#ipAddresses?.isIdle !== false;
  }

  /** Whether it is in a term, as far as it knows. */
  get isLeading(): boolean {
    return this.#leaderLoop !== undefined;
  }

  /** Whether it leads on lists that were begun in its tenure. */
  get isLeadingAfresh(): boolean {
    return this.isLeading && this.#isFresh;
  }

  /** Whether a write is under way. */
  get isWriting(): boolean {
    return this.#leaderLoop?.isIdle === false;
  }

  /** Whether addresses wait to be written, so that events are to wait, too. */
  get isBusy(): boolean {
    return this.#leaderLoop?.isBusy === true;
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
      this.#endLeadership(graceMs);
    }
    return this.#ending;
  }

  follow(): void {
    if (this.#watchSession === undefined) this.#watch();
  }

  lead(leadership: Leadership): void {
    if (this.#stopping.signal.aborted) return;
    this.#endLeadership(0);
    // What terms before left uncertain can land no more: the tenure begins after that (Election.run).
    this.#ending = this.#ending.then(() => true);
    const { options, concurrency } = this.#context;
    const shared = { context: this.#context, reporter: this.#reporter, leadership };
    const isFresh = (): boolean => this.#isFresh;
    const { allocator } = this;
    this.#leaderLoop = new LeaderLoop({
      ...shared,
      options,
      allocator,
      concurrency,
      isFresh,
      updated: () => this.#updated(),
    });
    this.#ipAddresses = options.claims
      ? new IPAddressReconciler({ ...shared, options, claimTracker: allocator.claimTracker })
      : undefined;
    this.#cleanup = new CleanupReconciler({ ...shared, options });
    leadership.signal.addEventListener('abort', () => this.#endLeadership(0), { once: true });
    this.#watch();
  }

  get #isFresh(): boolean {
    const session = this.#watchSession;
    return session?.hasServices === true && session.configuration !== undefined && session.hasClaims;
  }

  #endLeadership(ms: number): void {
    const leaderLoop = this.#leaderLoop?.close(ms) ?? true;
    const cleanup = this.#cleanup?.close(ms) ?? true;
    this.#ipAddresses?.close();
    this.#ipAddresses = undefined;
    this.#leaderLoop = undefined;
    this.#cleanup = undefined;
    this.#movedAt.delete('cleanup');
    this.#ending = Promise.all([this.#ending, leaderLoop, cleanup]).then((all) => all.every(Boolean));
  }

  /** Lists and watches anew; the view stays until the lists are in. */
  #watch(): void {
    if (this.#stopping.signal.aborted) return;
    this.#watchSession?.stop.abort();
    const { api, options, interner } = this.#context;
    const watchSession: WatchSession = {
      stop: new AbortController(),
      hasServices: false,
      configuration: undefined,
      hasClaims: !options.claims,
    };
    this.#watchSession = watchSession;
    const watches = [
      reflect(
        api,
        servicesSource(interner),
        this.#servicesSink(watchSession),
        this.#reflectOptions(watchSession, 'services'),
      ),
      reflect(
        api,
        configMapSource(options),
        this.#configMapSink(watchSession),
        this.#reflectOptions(watchSession, 'configmap'),
      ),
    ];
    if (options.claims) {
      const to = this.#reflectOptions(watchSession, 'claims');
      watches.push(reflect(api, claimsSource(options), this.#claimsSink(watchSession), to));
    }
    if (this.#cleanup !== undefined) {
      const to = this.#reflectOptions(watchSession, 'cleanup', this.#cleanup.signal);
      watches.push(reflect(api, cleanupSource(interner), this.#cleanup.sink(), to));
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

  #reflectOptions(watchSession: WatchSession, name: WatchName, ...ends: AbortSignal[]): ReflectOptions {
    const { clock, random, log } = this.#context;
    const signal = AbortSignal.any([this.#stopping.signal, watchSession.stop.signal, ...ends]);
    const progressed = (): void => {
      // A watch that has ended is nothing to wait for: it would look stuck.
      if (!signal.aborted) this.#movedAt.set(name, clock.now());
    };
    progressed();
    const failed = (): void => this.counters.watchFailures.add([name]);
    return { clock, random, log, signal, progressed, failed };
  }

  /** Both lists of the round are in, or something has changed since. */
  #update(): void {
    if (this.#isFresh && this.#leaderLoop !== undefined) this.#leaderLoop.pump();
    else this.#context.updated?.();
  }

  /** Decisions come first: what they leave of the claims is then looked after. */
  #updated(): void {
    if (this.#isFresh) this.#ipAddresses?.pump();
    this.#context.updated?.();
  }

  #servicesSink(watchSession: WatchSession): Sink<ServiceView> {
    const isKnown = (key: ServiceKey): boolean => this.allocator.seenVersion(key) !== undefined;
    return {
      replaced: (views, resourceVersion) => {
        this.allocator.replaceServices(views, resourceVersion);
        for (const view of views) this.#leaderLoop?.seen(view);
        this.#leaderLoop?.forgetOthers(isKnown);
        this.#reporter.forgetOthers(isKnown);
        const isFirst = !watchSession.hasServices;
        watchSession.hasServices = true;
        if (isFirst) this.#reportUsage();
        this.#update();
      },
      upserted: (view, resourceVersion) => {
        this.allocator.observed(resourceVersion);
        this.allocator.putService(view);
        this.counters.latency.seen(view, this.isLeading);
        this.#leaderLoop?.seen(view);
        this.#update();
      },
      deleted: (view, resourceVersion) => {
        const key = keyOf(view);
        this.allocator.observed(resourceVersion);
        this.allocator.deleteService(key, resourceVersion);
        this.#leaderLoop?.seen({ ...view, resourceVersion });
        if (!isKnown(key)) {
          this.#leaderLoop?.forget(key);
          this.#reporter.gone(key);
          if (stateOf(view, this.#context.options).ignoreReason === undefined) this.#cleanup?.look(view);
        }
        this.#update();
      },
      observed: (resourceVersion) => this.allocator.observed(resourceVersion),
    };
  }

  #configMapSink(watchSession: WatchSession): Sink<ConfigMap> {
    const read = (configMap: ConfigMap | undefined): void => {
      const content = JSON.stringify([configMap?.data, configMap?.binaryData, configMap?.metadata.uid]);
      // It is listed anew whenever its watch broke. A new round looks at everybody all the same: what an earlier term
      // held back is to have its turn again.
      if (content === watchSession.configuration) return;
      const config = readConfig(configMap);
      this.allocator.setConfig(config);
      watchSession.configuration = content;
      if (this.#leaderLoop !== undefined) this.#reporter.configRead(configMap, config);
      this.#reportUsage();
      this.#update();
    };
    return {
      replaced: (configMaps) => read(configMaps[0]),
      upserted: read,
      deleted: () => read(undefined),
    };
  }

  #claimsSink(watchSession: WatchSession): Sink<Claim | undefined> {
    const { claimTracker } = this.allocator;
    return {
      replaced: (claims, resourceVersion) => {
        claimTracker.replace(
          claims.filter((claim) => claim !== undefined),
          resourceVersion,
        );
        const isFirst = !watchSession.hasClaims;
        watchSession.hasClaims = true;
        if (isFirst) this.#reportUsage();
        this.#update();
      },
      upserted: (claim, resourceVersion) => {
        claimTracker.observed(resourceVersion);
        if (claim !== undefined) claimTracker.put(claim);
        this.#update();
      },
      deleted: (claim, resourceVersion) => {
        claimTracker.observed(resourceVersion);
        if (claim !== undefined) claimTracker.delete(claim.address, resourceVersion);
        this.#update();
      },
      observed: (resourceVersion) => claimTracker.observed(resourceVersion),
      failing: (error, retryInMs) => this.#reporter.claimsFailing(error.message, error, { retryInMs }),
      recovered: () => this.#reporter.claimsRecovered(),
    };
  }

  /** Says how full the pools are, at the begin of a term and after each change of the ConfigMap. */
  #reportUsage(): void {
    if (this.#isFresh && this.#leaderLoop !== undefined) this.#reporter.poolUsage(this.allocator);
  }
}
