import { Counts } from '../metrics/counts.ts';
import type { Api, Limits } from './api.ts';
import type { ElectionOptions } from './election-options.ts';
import { ApiError, asConnectionError, ConnectionError, errorText, SilentConnection } from './errors.ts';
import { durationMs, holderOf, type Lease, withHolder, withoutHolder } from './lease-lock.ts';
import type { Log } from './log.ts';
import type { Clock, OnRecovered, Random } from './transport.ts';
import { abortScope, sleep } from './wait.ts';

/** A period in which no other replica can be the leader. */
export interface Leadership {
  /**
   * Remaining milliseconds: more after each renewal, 0 once it has ended. Leader-only work must finish within
   * them.
   */
  readonly remainingMs: () => number;
  /** Aborted when leadership ends. */
  readonly signal: AbortSignal;
}

/** For a controller that runs without leader election. */
export function unlimitedLeadership(): Leadership {
  return { remainingMs: () => Number.POSITIVE_INFINITY, signal: new AbortController().signal };
}

export interface Candidate {
  /** Called when leadership begins. Its end is reported through the signal only. */
  lead(leadership: Leadership): void;
  /** Called when another replica leads or the Lease cannot be read; possibly more than once. */
  follow(): void;
}

export interface ElectionContext {
  readonly api: Api;
  readonly options: ElectionOptions;
  /** Unique among all candidates, including earlier processes of this replica. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onRecovered?: OnRecovered | undefined;
}

/**
 * Why a leader lost the Lease: another replica took it (or a person deleted it), the API server did not answer, it
 * rejected each renewal, or this process did not run in time.
 */
export type LeaseLoss = 'taken' | 'unanswered' | 'rejected' | 'paused';

const whyLost: Readonly<Record<LeaseLoss, string>> = {
  taken: 'another replica holds it or it was deleted',
  unanswered: 'the API server did not answer within the renew deadline',
  rejected: 'the API server rejected the renewals',
  paused: 'this process did not run for longer than the renew deadline',
};

/** The outcome of an attempt to acquire or renew the Lease; an error if it is unknown. */
type Attempt = 'held' | 'other-holder' | 'conflict' | ApiError | ConnectionError;

/** Between two attempts on a connection that fails at once. */
const reconnectMs = 500;

/**
 * Writes of the Lease are not aborted on shutdown: that could leave it with a process that has exited. They
 * have a deadline.
 */
const neverAborted = new AbortController().signal;

/** Client-go's JitterFactor: spreads candidates that check at the same time. */
const jitter = 1.2;

/**
 * Leader election on a Lease, as in client-go (tools/leaderelection), plus a watch that reports a released
 * Lease at once.
 *
 * There is at most one leader: other replicas acquire the Lease only after its full duration has passed since
 * they observed the last renewal, which is after we sent it. Leadership ends at the renew deadline after that
 * request was sent, which is shorter. The clock includes the time in which the machine sleeps, and no change of the
 * wall clock (clock.ts).
 */
export class Election {
  readonly #context: ElectionContext;
  readonly #path: string;
  /** For each request on the Lease. */
  readonly #limits: Limits = { remainingMs: () => this.#timeoutMs() };
  /** The last observed Lease, and when its spec was first observed. */
  #observed: { readonly lease: Lease; readonly at: number } | undefined;
  /** When the last successful renewal was sent, while this replica holds the Lease. */
  #renewedAt: number | undefined;
  /** Ends the delay between two attempts. */
  #wake: () => void = () => {};
  /** Whether the Lease has changed, or the API server answers again, since the last attempt began. */
  #isDue = false;
  /** Whether we have written the Lease and have not observed another holder since. */
  #mayHold = false;
  #attemptedAt: number;
  #logged = '';
  readonly losses = new Counts<[reason: LeaseLoss]>(
    (Object.keys(whyLost) as LeaseLoss[]).map((why) => [why]),
  );

  constructor(context: ElectionContext) {
    this.#context = context;
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${context.options.lease.namespace}/leases`;
    this.#attemptedAt = context.clock.now();
  }

  /** Milliseconds since its last attempt. If this exceeds several retry periods, the election is stuck. */
  get idleMs(): number {
    return this.#context.clock.now() - this.#attemptedAt;
  }

  /** Runs the election until the signal is aborted. It does not release the Lease: see `release`. */
  async run(candidate: Candidate, signal: AbortSignal): Promise<void> {
    const { clock, options, log, identity, onRecovered } = this.#context;
    const stopWaking = onRecovered?.(() => this.#attemptNow());
    signal.addEventListener('abort', () => stopWaking?.(), { once: true });
    while (await this.#acquire(candidate, signal)) {
      const end = new AbortController();
      const remainingMs = (): number => (end.signal.aborted ? 0 : this.#remainingMs());
      log.info('Became leader', { lease: this.#name, identity });
      candidate.lead({ remainingMs, signal: end.signal });
      await this.#renewUntilLost(signal);
      if (signal.aborted) return;
      const restMs = this.#remainingMs();
      this.#renewedAt = undefined;
      end.abort(new Error('this replica no longer holds the Lease'));
      // Requests sent during this leadership may still execute until then; the next one must see their
      // results.
      await sleep(clock, restMs + options.leaseDurationMs - options.renewDeadlineMs, signal);
    }
  }

  /** Releases the Lease if this replica holds it. Call it only if no write can still execute. */
  async release(): Promise<void> {
    const { api, clock, log, identity } = this.#context;
    if (!this.#mayHold) return;
    this.#renewedAt = undefined;
    try {
      // Read it again: the last write may have succeeded without a response.
      const lease = await this.#read(neverAborted);
      if (lease === undefined || holderOf(lease) !== identity) return;
      await api.update(this.#object, withoutHolder(lease, clock.wall()), neverAborted, this.#limits);
      log.info('Released the Lease', { lease: this.#name });
    } catch (error) {
      log.warn(`Cannot release the Lease, so other replicas wait until it expires: ${errorText(error)}`);
    }
  }

  get #name(): string {
    const { namespace, name } = this.#context.options.lease;
    return `${namespace}/${name}`;
  }

  get #object(): string {
    return `${this.#path}/${this.#context.options.lease.name}`;
  }

  #remainingMs(): number {
    if (this.#renewedAt === undefined) return 0;
    const { clock, options } = this.#context;
    const remainingMs = this.#renewedAt + options.renewDeadlineMs - clock.now();
    // Leadership that has ended must not resume: writes have been stopped.
    if (remainingMs <= 0) this.#renewedAt = undefined;
    return Math.max(0, remainingMs);
  }

  /**
   * Half the renew deadline, so that one hanging connection does not use all of it, and at most the remaining
   * time of a leader.
   */
  #timeoutMs(): number {
    const maxMs = this.#context.options.renewDeadlineMs / 2;
    const remainingMs = this.#remainingMs();
    return remainingMs > 0 ? Math.min(maxMs, remainingMs) : maxMs;
  }

  /** Returns true once this replica holds the Lease, false if the signal was aborted first. */
  async #acquire(candidate: Candidate, signal: AbortSignal): Promise<boolean> {
    const standby = abortScope(signal);
    let isWatching = false;
    try {
      while (!signal.aborted) {
        if ((await this.#attempt(signal, false)) === 'held') return !signal.aborted;
        if (signal.aborted) return false;
        candidate.follow();
        if (!isWatching) void this.#watchLease(standby.signal);
        isWatching = true;
        await this.#pause(this.#untilCheckMs(), signal);
      }
      return false;
    } finally {
      standby.abort(new ConnectionError('stopped watching the Lease', { mayHaveExecuted: true }));
      standby.release();
    }
  }

  /** Renews until the renew deadline passes, another replica holds the Lease, or the signal is aborted. */
  async #renewUntilLost(signal: AbortSignal): Promise<void> {
    let last: Attempt = 'held';
    let failures = 0;
    for (;;) {
      await this.#pause(Math.min(this.#untilRenewalMs(last, failures), this.#remainingMs()), signal);
      if (signal.aborted) return;
      if (this.#remainingMs() <= 0) break;
      last = await this.#attempt(signal, true);
      if (last === 'other-holder') break;
      failures = last === 'held' ? 0 : failures + 1;
    }
    this.#lost(last);
  }

  #lost(last: Attempt): void {
    const why = lossAfter(last);
    this.losses.add([why]);
    const text = `Lost the Lease, because ${whyLost[why]}. Writes stop until this replica is the leader again`;
    this.#context.log.warn(text, { lease: this.#name });
  }

  /**
   * A connection that broke is replaced at once. Silence has taken its time already. Otherwise, wait: the API server
   * may refuse connections, or may be overloaded.
   */
  #untilRenewalMs(last: Attempt, failures: number): number {
    const { retryPeriodMs } = this.#context.options;
    if (!(last instanceof ConnectionError)) return retryPeriodMs;
    return failures === 1 || last instanceof SilentConnection ? 0 : Math.min(retryPeriodMs, reconnectMs);
  }

  /** Acquires or renews the Lease if that is allowed. */
  async #attempt(signal: AbortSignal, isRenewal: boolean): Promise<Attempt> {
    const { clock, identity } = this.#context;
    this.#attemptedAt = clock.now();
    this.#isDue = false;
    try {
      // After a renewal its version is known, so no read is needed; a conflict falls through to the read.
      if (isRenewal && this.#observed !== undefined && (await this.#write(this.#observed.lease, isRenewal)))
        return 'held';
      const lease = await this.#read(signal);
      // A renewal also fails if the Lease is free: another replica may have led meanwhile, and our state
      // predates that.
      if (lease !== undefined && (isRenewal ? holderOf(lease) !== identity : !this.#isFree(lease))) {
        this.#logOnce('info', `Running as standby; the leader is ${holderOf(lease)}`);
        return 'other-holder';
      }
      if (signal.aborted || (isRenewal && this.#remainingMs() <= 0)) return 'conflict';
      return (await this.#write(lease, isRenewal)) ? 'held' : 'conflict';
    } catch (error) {
      if (!signal.aborted) this.#logOnce('warn', `Cannot read or write the Lease: ${errorText(error)}`);
      return error instanceof ApiError ? error : asConnectionError(error);
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { api } = this.#context;
    try {
      const lease = await api.get<Lease>(this.#object, signal, this.#limits);
      this.#observe(lease);
      return lease;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      // Deleted by another client. Its holder may rely on it until it would have expired.
      if (this.#observed !== undefined && !this.#isFree(this.#observed.lease)) return this.#observed.lease;
      this.#observed = undefined;
      return undefined;
    }
  }

  /** Returns false if another client wrote first. */
  async #write(lease: Lease | undefined, isRenewal: boolean): Promise<boolean> {
    const { api, clock, identity, options } = this.#context;
    const { namespace, name } = options.lease;
    const sentAt = clock.now();
    const holder = { identity, leaseDurationMs: options.leaseDurationMs, wallMs: clock.wall() };
    const newLease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
    };
    this.#mayHold = true;
    try {
      const written =
        lease === undefined
          ? await api.create(this.#path, withHolder(newLease, holder), neverAborted, this.#limits)
          : await api.update(this.#object, withHolder(lease, holder), neverAborted, this.#limits);
      this.#observe(written);
    } catch (error) {
      const status = error instanceof ApiError ? error.status : undefined;
      // A 404 for a create means that the namespace does not exist.
      if (status === 409 || (status === 404 && lease !== undefined)) return false;
      throw error;
    }
    // Leadership that ended during the request does not resume.
    if (isRenewal && this.#remainingMs() <= 0) return false;
    this.#renewedAt = sentAt;
    this.#logged = '';
    return true;
  }

  /** Like client-go, compares the spec only: other changes do not show that the holder is alive. */
  #observe(lease: Lease): void {
    const isSame = JSON.stringify(this.#observed?.lease.spec) === JSON.stringify(lease.spec);
    const at = isSame ? this.#observed?.at : undefined;
    this.#observed = { lease, at: at ?? this.#context.clock.now() };
    if (holderOf(lease) !== this.#context.identity) this.#mayHold = false;
  }

  #isFree(lease: Lease): boolean {
    const holder = holderOf(lease);
    return holder === '' || holder === this.#context.identity || this.#expiresInMs() <= 0;
  }

  /** Milliseconds until the last observed Lease expires, unless its holder renews it. */
  #expiresInMs(): number {
    if (this.#observed === undefined) return 0;
    const { clock, options } = this.#context;
    return this.#observed.at + durationMs(this.#observed.lease, options.leaseDurationMs) - clock.now();
  }

  /** A standby checks the Lease after a jittered retry period, or when it expires. */
  #untilCheckMs(): number {
    const { options, random } = this.#context;
    const retryInMs = options.retryPeriodMs * (1 + jitter * random());
    const expiresInMs = this.#expiresInMs();
    return expiresInMs > 0 ? Math.min(retryInMs, expiresInMs) : retryInMs;
  }

  /** Waits for the next attempt. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isDue || ms <= 0) return;
    const scope = abortScope(signal);
    this.#wake = () => scope.abort(undefined);
    await sleep(this.#context.clock, ms, scope.signal);
    scope.release();
  }

  #attemptNow(): void {
    this.#isDue = true;
    this.#wake();
  }

  /**
   * Ends the delay when the Lease changes, so that a released Lease is acquired at once and a renewal is
   * observed when it happens. It is only a hint: without permission to watch, the next attempt finds the
   * change.
   */
  async #watchLease(signal: AbortSignal): Promise<void> {
    const { api, clock, options } = this.#context;
    const query = { fieldSelector: `metadata.name=${options.lease.name}`, timeoutSeconds: 300 };
    while (!signal.aborted) {
      let retryInMs = options.retryPeriodMs;
      try {
        for await (const _change of api.watch(this.#path, query, signal)) {
          this.#attemptNow();
        }
      } catch {
        // The attempts log any problem.
        retryInMs = options.leaseDurationMs;
      }
      await sleep(clock, retryInMs, signal);
    }
  }

  /** Logs a message once until it changes. */
  #logOnce(level: 'info' | 'warn', text: string): void {
    if (this.#logged === text) return;
    this.#logged = text;
    this.#context.log[level](text, { lease: this.#name });
  }
}

function lossAfter(last: Attempt): LeaseLoss {
  if (last === 'other-holder') return 'taken';
  if (last instanceof ApiError) return 'rejected';
  return last instanceof ConnectionError ? 'unanswered' : 'paused';
}
