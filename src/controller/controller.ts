import type { Candidate, Leadership } from '../client/election.ts';
import { SilentConnection } from '../client/errors.ts';
import type { EventRecorder } from '../client/events.ts';
import { type ReflectOptions, reflect, type Sink } from '../client/reflector.ts';
import type { WatchFailure } from '../client/watch-failure.ts';
import { Allocator } from '../core/decide/allocator.ts';
import type { ExternalIPs } from '../core/ledger/external-ips.ts';
import { stateOf } from '../core/ledger/service-state.ts';
import type { Claim } from '../core/model/claim.ts';
import type { ConfigMap } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { ConfigLoader } from './config-loader.ts';
import { Counters, type WatchName } from './counters.ts';
import type { WriterContext } from './in-flight-writes.ts';
import { LeaderLoop } from './leader-loop.ts';
import { Reporter } from './reporter.ts';
import {
  claimsSource,
  cleanupSource,
  configMapSource,
  externalIPsSource,
  servicesSource,
} from './watched-resources.ts';

export interface ControllerContext extends WriterContext {
  readonly options: Options;
  readonly events: EventRecorder;
  /** The maximum number of concurrent PATCHes. */
  readonly concurrency: number;
  /** Whether the leader keeps the state of the pools in a ConfigMap. */
  readonly publishStatus?: boolean | undefined;
  /** Called after each turn of the loop, for views of the current state. */
  readonly updated?: () => void;
}

/** What has been read since the watches were started. */
interface WatchSession {
  readonly stop: AbortController;
  hasServices: boolean;
  hasConfig: boolean;
  hasClaims: boolean;
  hasExternalIPs: boolean;
  /** Whether the log has the addresses that all Services had when leadership began. */
  hasLoggedHolders: boolean;
}

/** The time limit for in-flight writes on shutdown. */
const graceMs = 5_000;

/**
 * The event loop: watches update the allocator's state. While this replica is the leader, a LeaderLoop takes
 * decisions from the allocator, and the responses to their writes update the state in turn.
 *
 * Invariant: a leader decides only on lists that it started after it became the leader. They contain all
 * writes of previous leaders, however far the watch of a standby was behind.
 */
export class Controller implements Candidate {
  readonly allocator: Allocator;
  /** The counters of its work. */
  readonly counters: Counters;
  readonly #context: ControllerContext;
  readonly #reporter: Reporter;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly #activeAt = new Map<string, number>();
  #watchSession: WatchSession | undefined;
  #leaderLoop: LeaderLoop | undefined;
  /**
   * The end of earlier leader loops and watch sessions; resolves to whether none of their requests can still
   * execute.
   */
  #ending: Promise<boolean> = Promise.resolve(true);

  constructor(context: ControllerContext) {
    const { options, events, log, clock } = context;
    this.#context = context;
    this.allocator = new Allocator(options, () => clock.wall());
    this.counters = new Counters(clock);
    this.#reporter = new Reporter(events, log, options, this.counters, clock);
  }

  /** Whether this replica is the leader and has nothing left to do. */
  get isIdle(): boolean {
    return this.#leaderLoop?.isIdle === true;
  }

  /** Whether this replica is the leader, as far as it knows. */
  get isLeading(): boolean {
    return this.#leaderLoop !== undefined;
  }

  /** Whether it is the leader and has read all lists since it became the leader. */
  get isSyncedLeader(): boolean {
    return this.isLeading && this.#hasSynced;
  }

  /** Whether a write is in flight. */
  get isWriting(): boolean {
    return this.#leaderLoop?.services.isWriting === true;
  }

  /** Whether many writes are in flight, so that events should wait. */
  get isBusy(): boolean {
    return this.#leaderLoop?.services.isBusy === true;
  }

  /** Whether all lists have been read. */
  get isReady(): boolean {
    return this.allocator.isReady;
  }

  /** The milliseconds since the last activity of each watch. */
  idleMs(): ReadonlyMap<string, number> {
    const now = this.#context.clock.now();
    return new Map([...this.#activeAt].map(([name, at]) => [name, now - at]));
  }

  /**
   * Runs until the signal is aborted, as `lead` and `follow` say. Resolves after the in-flight writes have
   * ended, to whether no request can still execute. Rejects on a bug.
   */
  async run(signal: AbortSignal): Promise<boolean> {
    const stop = (): void => this.#ended.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#ended.promise;
    } finally {
      // Also if a watch failed because of a bug: the others must not continue without it.
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
    // Requests of previous leadership can no longer execute: this one begins after that (Election.run).
    this.#ending = this.#ending.then(() => true);
    const { options, concurrency, publishStatus = false, updated } = this.#context;
    this.#leaderLoop = new LeaderLoop({
      context: this.#context,
      allocator: this.allocator,
      reporter: this.#reporter,
      options,
      leadership,
      concurrency,
      publishStatus,
      counters: this.counters,
      hasSynced: () => this.#hasSynced,
      updated: () => updated?.(),
    });
    leadership.signal.addEventListener('abort', () => this.#endLeadership(0), { once: true });
    this.#watch();
  }

  get #hasSynced(): boolean {
    const session = this.#watchSession;
    if (session?.hasConfig !== true) return false;
    return session.hasServices && session.hasClaims && session.hasExternalIPs;
  }

  #endLeadership(ms: number): void {
    const leaderLoop = this.#leaderLoop?.close(ms) ?? true;
    this.#leaderLoop = undefined;
    this.#activeAt.delete('cleanup');
    this.#ending = Promise.all([this.#ending, leaderLoop]).then((all) => all.every(Boolean));
  }

  /** Starts a new watch session; the allocator keeps its state until the lists are read. */
  #watch(): void {
    if (this.#stopping.signal.aborted) return;
    this.#watchSession?.stop.abort();
    const { api, options, interner } = this.#context;
    const watchSession: WatchSession = {
      stop: new AbortController(),
      hasServices: false,
      hasConfig: false,
      hasClaims: !options.claims,
      hasExternalIPs: false,
      hasLoggedHolders: false,
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
      reflect(
        api,
        externalIPsSource,
        this.#externalIPsSink(watchSession),
        this.#reflectOptions(watchSession, 'external-ips'),
      ),
    ];
    if (options.claims) {
      const reflectOptions = this.#reflectOptions(watchSession, 'claims');
      watches.push(reflect(api, claimsSource(options), this.#claimsSink(watchSession), reflectOptions));
    }
    if (this.#leaderLoop !== undefined) {
      const { cleanup } = this.#leaderLoop;
      const reflectOptions = this.#reflectOptions(watchSession, 'cleanup', cleanup.signal);
      watches.push(reflect(api, cleanupSource(interner), cleanup.sink(), reflectOptions));
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
    const { clock, random, log, onRecovered } = this.#context;
    const signal = AbortSignal.any([this.#stopping.signal, watchSession.stop.signal, ...ends]);
    const progressed = (): void => {
      // An ended watch would look stuck.
      if (!signal.aborted) this.#activeAt.set(name, clock.now());
    };
    progressed();
    const failed = (error: WatchFailure): void => {
      this.counters.watchFailures.add([name]);
      if (error instanceof SilentConnection) this.counters.silentWatches.add([name]);
    };
    return { clock, random, log, signal, progressed, failed, onRecovered };
  }

  /** Call after the lists were read or something has changed. */
  #update(): void {
    if (this.#leaderLoop !== undefined) this.#leaderLoop.pump();
    else this.#context.updated?.();
  }

  #servicesSink(watchSession: WatchSession): Sink<ServiceView> {
    const isKnown = (key: ServiceKey): boolean => this.allocator.seenVersion(key) !== undefined;
    return {
      replaced: (views, resourceVersion) => {
        // A list that begins a session is logged as a whole.
        const before = watchSession.hasServices && this.isLeading ? this.#knownServices() : [];
        if (this.allocator.replaceServices(views, resourceVersion)) this.#reporter.restored();
        for (const view of before) this.#reportIfGone(view);
        for (const view of views) this.#leaderLoop?.services.seen(view);
        this.#leaderLoop?.services.forgetOthers(isKnown);
        this.#reporter.forgetOthers(isKnown);
        const isFirst = !watchSession.hasServices;
        watchSession.hasServices = true;
        if (isFirst) this.#reportUsage();
        this.#update();
      },
      upserted: (view, resourceVersion) => {
        const before = this.allocator.seen(keyOf(view));
        this.allocator.observed(resourceVersion);
        this.allocator.putService(view);
        // The answer to a write may have been faster than the watch.
        if (before !== undefined && compareVersions(view.resourceVersion, before.resourceVersion) > 0) {
          this.#leaderLoop?.services.changed(before, view);
          this.#reportIfGone(before);
        }
        this.counters.latency.seen(view, this.isLeading);
        this.#leaderLoop?.services.seen(view);
        this.#update();
      },
      deleted: (view, resourceVersion) => {
        const key = keyOf(view);
        this.allocator.observed(resourceVersion);
        this.allocator.deleteService(key, resourceVersion);
        this.#leaderLoop?.services.seen({ ...view, resourceVersion });
        if (!isKnown(key)) {
          this.#reportIfGone(view);
          this.#leaderLoop?.services.forget(key);
          this.#reporter.gone(key);
          if (stateOf(view, this.#context.options).ignoreReason === undefined)
            this.#leaderLoop?.cleanup.removeFinalizer(view);
        }
        this.#update();
      },
      observed: (resourceVersion) => {
        // External IPs that were in use until now may be free.
        this.allocator.observed(resourceVersion);
        this.#update();
      },
    };
  }

  #knownServices(): ServiceView[] {
    return [...this.allocator.ledger.all()].flatMap(({ key }) => this.allocator.seen(key) ?? []);
  }

  /** Logs what a Service had that no longer exists. Only the leader does, and lists it all when its leadership begins. */
  #reportIfGone(view: ServiceView): void {
    const isGone = this.allocator.seen(keyOf(view))?.uid !== view.uid;
    if (isGone && this.#leaderLoop !== undefined) this.#reporter.released(view, 'deleted');
  }

  #configMapSink(watchSession: WatchSession): Sink<ConfigMap> {
    const loader = new ConfigLoader(this.#context.clock, (configMap, config) => {
      this.allocator.setConfig(config);
      watchSession.hasConfig = true;
      if (this.#leaderLoop !== undefined) this.#reporter.configRead(configMap, config);
      this.#reportUsage();
      this.#update();
    });
    const signal = AbortSignal.any([this.#stopping.signal, watchSession.stop.signal]);
    signal.addEventListener('abort', () => loader.close(), { once: true });
    let latest: { readonly configMap: ConfigMap | undefined } | undefined;
    const read = (configMap: ConfigMap | undefined): void => {
      // The ConfigMap is listed again whenever its watch breaks. A new session processes the same content
      // again, because Services delayed by previous leadership must be decided again.
      if (latest !== undefined && hasSameContent(latest.configMap, configMap)) return;
      latest = { configMap };
      loader.load(configMap);
    };
    return {
      replaced: (configMaps) => read(configMaps[0]),
      upserted: read,
      deleted: () => read(undefined),
    };
  }

  #externalIPsSink(watchSession: WatchSession): Sink<ExternalIPs> {
    const { externalIPs } = this.allocator;
    return {
      replaced: (services, resourceVersion) => {
        externalIPs.replace(services, resourceVersion);
        const isFirst = !watchSession.hasExternalIPs;
        watchSession.hasExternalIPs = true;
        if (isFirst) this.#reportUsage();
        this.#update();
      },
      upserted: (service, resourceVersion) => {
        externalIPs.put(service);
        externalIPs.observed(resourceVersion);
        this.#update();
      },
      deleted: ({ key }, resourceVersion) => {
        externalIPs.delete(key, resourceVersion);
        externalIPs.observed(resourceVersion);
        this.#update();
      },
      observed: (resourceVersion) => {
        // External IPs that were in use until now may be free.
        externalIPs.observed(resourceVersion);
        this.#update();
      },
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

  /** Logs the usage of the pools when leadership begins and after each change of the ConfigMap, and once which Service has what. */
  #reportUsage(): void {
    const session = this.#watchSession;
    if (!this.#hasSynced || this.#leaderLoop === undefined || session === undefined) return;
    this.#reporter.poolUsage(this.allocator);
    if (!session.hasLoggedHolders) this.#reporter.holders(this.#knownServices());
    session.hasLoggedHolders = true;
  }
}

/** Whether two states of the ConfigMap have the same pools, and events about them have the same object. */
function hasSameContent(a: ConfigMap | undefined, b: ConfigMap | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.metadata.uid === b.metadata.uid && sameValues(a.data, b.data) && sameValues(a.binaryData, b.binaryData)
  );
}

function sameValues(
  a: Readonly<Record<string, unknown>> = {},
  b: Readonly<Record<string, unknown>> = {},
): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && a[key] === b[key]);
}
