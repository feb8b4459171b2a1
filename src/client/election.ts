import type { Api, Limits } from './api.ts';
import type { ElectionOptions } from './election-options.ts';
import { ApiError, ConnectionError, errorText } from './errors.ts';
import { durationMs, holderOf, type Lease, withHolder, withoutHolder } from './lease.ts';
import type { Log } from './log.ts';
import type { Clock, Random } from './transport.ts';
import { abortScope, sleep } from './wait.ts';

/** A time in which nobody else can be the leader. */
export interface Leadership {
  /**
   * Milliseconds that are left of it: more after each renewal, 0 once it is over. Whatever has to be done by the one
   * leader ends before that.
   */
  readonly leftMs: () => number;
  /** Aborted when it is over. */
  readonly signal: AbortSignal;
}

/** For a controller that runs without election. */
export function unlimitedLeadership(): Leadership {
  return { leftMs: () => Number.POSITIVE_INFINITY, signal: new AbortController().signal };
}

export interface Candidate {
  /** Called at the begin of each tenure; nothing is called at its end but its signal. */
  lead(leadership: Leadership): void;
  /** Called when it is known that there is nothing to lead for now; maybe more than once. */
  follow(): void;
}

export interface ElectionContext {
  readonly api: Api;
  readonly options: ElectionOptions;
  /** Unique among all candidates, also those before a restart. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Of claims: one that a stop cut off could leave the Lease with a process that is gone. They have a deadline. */
const unaborted = new AbortController().signal;

/** Client-go's JitterFactor: candidates that look at the same time do not go on doing so. */
const jitter = 1.2;

/**
 * Leader election on a Lease, as client-go does it (tools/leaderelection), with a watch besides, that hears at once when
 * the Lease is given back.
 *
 * Why there is one leader at a time: others take the Lease no sooner than its duration after they saw the last renewal,
 * which is after we sent it; a tenure ends at the renew deadline after that sending, which is less. Elapsed time is
 * the longer of what the monotonic and the wall clock say, as the former stands still while a machine sleeps.
 */
export class Election {
  readonly #context: ElectionContext;
  readonly #path: string;
  /** Of each request for the Lease. */
  readonly #limits: Limits = { leftMs: () => this.#timeoutMs() };
  /** The Lease as last read or answered, and when its content was first seen. */
  #seen: { readonly lease: Lease; readonly at: number } | undefined;
  /** When the last renewal that succeeded was sent, while the Lease is ours. */
  #renewed: { readonly at: number; readonly wall: number } | undefined;
  /** Ends a pause between two attempts. */
  #wake: () => void = () => {};
  /** The Lease has changed since the last attempt began. */
  #hasChanged = false;
  /** A claim was sent, and nobody else has been seen to hold the Lease since. */
  #mayHold = false;
  #movedAt: number;
  #logged = '';

  constructor(context: ElectionContext) {
    this.#context = context;
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${context.options.lease.namespace}/leases`;
    this.#movedAt = context.clock.now();
  }

  /** Milliseconds since it last did something: more than some retry periods mean that it is stuck. */
  get idleMs(): number {
    return this.#context.clock.now() - this.#movedAt;
  }

  /** Stands for election until the signal is aborted. The Lease is then still held: see `release`. */
  async run(candidate: Candidate, signal: AbortSignal): Promise<void> {
    const { clock, options, log, identity } = this.#context;
    while (await this.#acquire(candidate, signal)) {
      const end = new AbortController();
      const leftMs = (): number => (end.signal.aborted ? 0 : this.#leftMs());
      log.info('leading', { lease: this.#name, identity });
      candidate.lead({ leftMs, signal: end.signal });
      await this.#keep(signal);
      if (signal.aborted) return;
      const restMs = this.#leftMs();
      this.#renewed = undefined;
      end.abort(new Error('the Lease is not ours any more'));
      // What was sent in it has until then to be carried out: a tenure after this one is to find all of it.
      await sleep(clock, restMs + options.leaseDurationMs - options.renewDeadlineMs, signal);
    }
  }

  /** Gives the Lease back if it is ours. Only for one none of whose writes can still arrive. */
  async release(): Promise<void> {
    const { api, clock, log, identity } = this.#context;
    if (!this.#mayHold) return;
    this.#renewed = undefined;
    try {
      // Read anew: the last claim may have been carried out without an answer.
      const lease = await this.#read(unaborted);
      if (lease === undefined || holderOf(lease) !== identity) return;
      await api.update(this.#object, withoutHolder(lease, clock.wall()), unaborted, this.#limits);
      log.info('the Lease was given back', { lease: this.#name });
    } catch (error) {
      log.warn(`the Lease could not be given back, others wait until it has run out: ${errorText(error)}`);
    }
  }

  get #name(): string {
    const { namespace, name } = this.#context.options.lease;
    return `${namespace}/${name}`;
  }

  get #object(): string {
    return `${this.#path}/${this.#context.options.lease.name}`;
  }

  #leftMs(): number {
    if (this.#renewed === undefined) return 0;
    const { clock, options } = this.#context;
    const elapsed = Math.max(clock.now() - this.#renewed.at, clock.wall() - this.#renewed.wall);
    const leftMs = options.renewDeadlineMs - elapsed;
    // What is over stays over, also when a clock is set back: writes have ended on it.
    if (leftMs <= 0) this.#renewed = undefined;
    return Math.max(0, leftMs);
  }

  /** Half a deadline, so that one connection that hangs does not cost the whole of it; for a leader not beyond its own. */
  #timeoutMs(): number {
    const mostMs = this.#context.options.renewDeadlineMs / 2;
    const leftMs = this.#leftMs();
    return leftMs > 0 ? Math.min(mostMs, leftMs) : mostMs;
  }

  /** True when the Lease is ours, false when the signal was aborted before. */
  async #acquire(candidate: Candidate, signal: AbortSignal): Promise<boolean> {
    const standby = abortScope(signal);
    let isListening = false;
    try {
      while (!signal.aborted) {
        if ((await this.#attempt(signal, false)) === 'ours') return !signal.aborted;
        if (signal.aborted) return false;
        candidate.follow();
        if (!isListening) void this.#listen(standby.signal);
        isListening = true;
        await this.#pause(signal);
      }
      return false;
    } finally {
      standby.abort(new ConnectionError('the watch of the Lease was left', { mayHaveExecuted: true }));
      standby.release();
    }
  }

  /** Renews until that has not succeeded for too long, somebody else has the Lease, or the signal is aborted. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, options, log } = this.#context;
    for (;;) {
      await sleep(clock, Math.min(options.retryPeriodMs, this.#leftMs()), signal);
      if (signal.aborted) return;
      if (this.#leftMs() <= 0 || (await this.#attempt(signal, true)) === 'taken') break;
    }
    log.warn('the Lease was lost; nothing is written until it is ours again', { lease: this.#name });
  }

  /** Takes or renews the Lease where that is allowed. */
  async #attempt(signal: AbortSignal, isRenewal: boolean): Promise<'ours' | 'taken' | 'unknown'> {
    const { clock, identity } = this.#context;
    this.#movedAt = clock.now();
    this.#hasChanged = false;
    try {
      // Who has just renewed it knows its version; a refusal leads to the read.
      if (isRenewal && this.#seen !== undefined && (await this.#claim(this.#seen.lease, isRenewal)))
        return 'ours';
      const lease = await this.#read(signal);
      // Also where it is free again: others may have led meanwhile, and a tenure knows only what was before it.
      if (lease !== undefined && (isRenewal ? holderOf(lease) !== identity : !this.#isFree(lease))) {
        this.#logOnce('info', `${holderOf(lease)} leads; standing by`);
        return 'taken';
      }
      if (signal.aborted || (isRenewal && this.#leftMs() <= 0)) return 'unknown';
      return (await this.#claim(lease, isRenewal)) ? 'ours' : 'unknown';
    } catch (error) {
      if (!signal.aborted) this.#logOnce('warn', `the Lease cannot be read or written: ${errorText(error)}`);
      return 'unknown';
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { api } = this.#context;
    try {
      const lease = await api.get<Lease>(this.#object, signal, this.#limits);
      this.#saw(lease);
      return lease;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      // Somebody deleted it. Who held it may rely on it for as long as it would have lasted.
      if (this.#seen !== undefined && !this.#isFree(this.#seen.lease)) return this.#seen.lease;
      this.#seen = undefined;
      return undefined;
    }
  }

  /** False where somebody else was faster. */
  async #claim(lease: Lease | undefined, isRenewal: boolean): Promise<boolean> {
    const { api, clock, identity, options } = this.#context;
    const { namespace, name } = options.lease;
    const sent = { at: clock.now(), wall: clock.wall() };
    const claim = { identity, leaseDurationMs: options.leaseDurationMs, wallMs: sent.wall };
    const fresh: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
    };
    this.#mayHold = true;
    try {
      const answer =
        lease === undefined
          ? await api.create(this.#path, withHolder(fresh, claim), unaborted, this.#limits)
          : await api.update(this.#object, withHolder(lease, claim), unaborted, this.#limits);
      this.#saw(answer);
    } catch (error) {
      const status = error instanceof ApiError ? error.status : undefined;
      // A create's 404 is another matter: there is no such namespace.
      if (status === 409 || (status === 404 && lease !== undefined)) return false;
      throw error;
    }
    // A tenure that ended meanwhile does not go on.
    if (isRenewal && this.#leftMs() <= 0) return false;
    this.#renewed = sent;
    this.#logged = '';
    return true;
  }

  /** Client-go compares whole records too: a change of anything but the spec proves nothing about the holder. */
  #saw(lease: Lease): void {
    const isSame = JSON.stringify(this.#seen?.lease.spec) === JSON.stringify(lease.spec);
    const at = isSame ? this.#seen?.at : undefined;
    this.#seen = { lease, at: at ?? this.#context.clock.now() };
    if (holderOf(lease) !== this.#context.identity) this.#mayHold = false;
  }

  #isFree(lease: Lease): boolean {
    const holder = holderOf(lease);
    return holder === '' || holder === this.#context.identity || this.#expiresInMs() <= 0;
  }

  /** Until the Lease that was last seen may be taken, if its holder does not renew it. */
  #expiresInMs(): number {
    if (this.#seen === undefined) return 0;
    const { clock, options } = this.#context;
    return this.#seen.at + durationMs(this.#seen.lease, options.leaseDurationMs) - clock.now();
  }

  /** Until the next attempt is due: a retry period and some, the end of the Lease, or a change of it. */
  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, options, random } = this.#context;
    const retryInMs = options.retryPeriodMs * (1 + jitter * random());
    const expiresInMs = this.#expiresInMs();
    if (this.#hasChanged) return;
    const pause = abortScope(signal);
    this.#wake = () => pause.abort(undefined);
    await sleep(clock, expiresInMs > 0 ? Math.min(retryInMs, expiresInMs) : retryInMs, pause.signal);
    pause.release();
  }

  /**
   * Ends the pause when the Lease has changed: one that is given back is taken at once, and a renewal is seen when it is
   * made, so that nobody waits for longer than the Lease lasts. It is only a hint to look; without the right to watch
   * that happens at the next attempt.
   */
  async #listen(signal: AbortSignal): Promise<void> {
    const { api, clock, options } = this.#context;
    const query = { fieldSelector: `metadata.name=${options.lease.name}`, timeoutSeconds: 300 };
    while (!signal.aborted) {
      let againInMs = options.retryPeriodMs;
      try {
        for await (const _change of api.watch(this.#path, query, signal)) {
          this.#hasChanged = true;
          this.#wake();
        }
      } catch {
        // The attempts say what is wrong, if anything is.
        againInMs = options.leaseDurationMs;
      }
      await sleep(clock, againInMs, signal);
    }
  }

  /** Said once as long as it stays so. */
  #logOnce(level: 'info' | 'warn', text: string): void {
    if (this.#logged === text) return;
    this.#logged = text;
    this.#context.log[level](text, { lease: this.#name });
  }
}
