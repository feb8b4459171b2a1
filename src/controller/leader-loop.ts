import type { Leadership } from '../client/election.ts';
import type { Allocator, ServiceDecision } from '../core/decide/allocator.ts';
import type { Decision } from '../core/decide/decision.ts';
import type { Claim } from '../core/ledger/claim.ts';
import { claimRequests } from '../core/ledger/claim-requests.ts';
import type { ServiceState } from '../core/ledger/service-state.ts';
import { sameRecord } from '../core/model/allocation-record.ts';
import type { Service } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { isEmptyPatch, type ServicePatch } from '../core/model/service-patch.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { claimAll } from './claim-addresses.ts';
import { fieldsOf, lastWriter } from './field-managers.ts';
import { InFlightWrites, type WriterContext } from './in-flight-writes.ts';
import type { Reporter } from './reporter.ts';
import { WriteBackoff } from './write-backoff.ts';
import { WriteConflicts } from './write-conflicts.ts';
import { type BeforeWrite, pathOf, type WriteOutcome } from './write-service.ts';

export interface LeaderLoopOptions {
  readonly context: WriterContext;
  readonly allocator: Allocator;
  readonly reporter: Reporter;
  readonly options: Options;
  readonly leadership: Leadership;
  /** PATCHes that are sent at once. */
  readonly concurrency: number;
  /** Whether what the allocator knows may be decided on. */
  readonly isFresh: () => boolean;
  /** Told after each turn. */
  readonly updated: () => void;
}

/** Verdicts in one go: some milliseconds as a rule. Then what was decided is sent, and the Lease renewed, before it goes on. */
const mostAtOnce = 2_000;

/** The API server forgets events after an hour, its `--event-ttl`: whoever still waits is told why before that. */
const remindMs = 50 * 60_000;

/**
 * What a leader does for as long as it leads: draws verdicts from the allocator, writes their changes, says what it did.
 * Everything between a verdict and its reservation is synchronous, so no two decisions can see the same address free.
 */
export class LeaderLoop {
  readonly #options: LeaderLoopOptions;
  readonly #writeConflicts: WriteConflicts;
  readonly #backoff: WriteBackoff;
  readonly #writes: InFlightWrites;
  /** Takes back that it goes on soon. */
  #cancelSoon: (() => void) | undefined;
  #cancelReminder: () => void;

  constructor(options: LeaderLoopOptions) {
    const { context, allocator, reporter, leadership, concurrency } = options;
    this.#options = options;
    this.#writeConflicts = new WriteConflicts(context.clock);
    this.#backoff = new WriteBackoff(context.clock, (key) => {
      allocator.requeue(key);
      this.pump();
    });
    this.#writes = new InFlightWrites({
      context,
      leadership,
      concurrency,
      freed: () => this.pump(),
      rejected: (view, error, retryInMs) => reporter.rejected(view, error, retryInMs),
    });
    this.#cancelReminder = this.#remindLater();
  }

  /** Whether no write is under way. */
  get isIdle(): boolean {
    return this.#writes.size === 0;
  }

  /** Whether half of the lanes or more are sending. */
  get isBusy(): boolean {
    return 2 * this.#writes.sending >= this.#options.concurrency;
  }

  /** Draws verdicts as long as there are lanes for their writes: what is decided is written at once. */
  pump(): void {
    const { allocator, isFresh, updated } = this.#options;
    for (let done = 0; isFresh() && this.#writes.hasCapacity; done += 1) {
      if (done === mostAtOnce) {
        this.#soon();
        break;
      }
      const decided = allocator.next();
      if (decided === undefined) break;
      this.#carryOut(decided);
    }
    updated();
  }

  #soon(): void {
    this.#cancelSoon ??= this.#options.context.clock.after(0, () => {
      this.#cancelSoon = undefined;
      this.pump();
    });
  }

  #remindLater(): () => void {
    const { allocator, reporter, context } = this.#options;
    return context.clock.after(remindMs, () => {
      for (const { key, view } of allocator.ledger.all()) {
        const decided = reporter.hasReported(key) ? allocator.explain(key) : undefined;
        if (decided !== undefined) reporter.remind(view, decided.decision);
      }
      this.#cancelReminder = this.#remindLater();
    });
  }

  /** The Service was seen in this version. */
  seen(view: { readonly namespace: string; readonly name: string; readonly resourceVersion: string }): void {
    this.#writes.seen(view);
  }

  /** Forgets a Service that is gone. */
  forget(key: ServiceKey): void {
    this.#backoff.release(key);
    this.#writeConflicts.forget(key);
  }

  /** Forgets all but those that `isKnown` says are still there. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    this.#backoff.releaseOthers(isKnown);
    this.#writeConflicts.forgetOthers(isKnown);
  }

  /** Begins nothing more, and resolves when the writes under way have ended, as `Writes.drain`. */
  close(graceMs: number): Promise<boolean> {
    this.#cancelSoon?.();
    this.#cancelReminder();
    this.#backoff.close();
    return this.#writes.drain(graceMs);
  }

  #carryOut({ state, decision }: ServiceDecision): void {
    const { allocator, reporter } = this.#options;
    const { view, key } = state;
    const change = patchIn(decision);
    if (change === undefined) {
      this.#backoff.release(key);
      reporter.decided(view, decision);
      return;
    }
    if (this.#backoff.has(view)) return;
    const { waitMs, isQuarrel } = this.#writeConflicts.delayFor(key, change);
    if (isQuarrel) this.#reportRevert(view, change);
    if (waitMs > 0) {
      this.#backoff.hold(view, waitMs);
      return;
    }
    const first = this.#claims(state, change);
    allocator.assume(state, change);
    const done = (outcome: WriteOutcome): void => {
      this.#completed(view, change, decision, outcome);
      allocator.settle(key);
    };
    this.#writes.begin(view, change, done, first);
  }

  /** What has to be claimed before the change is written. */
  #claims(state: ServiceState, change: ServicePatch): BeforeWrite | undefined {
    const { allocator, options } = this.#options;
    const requests = options.claims ? claimRequests(state, change, allocator.claimTracker.claims) : [];
    if (requests.length === 0) return undefined;
    const terms = { options, know: (claim: Claim) => allocator.claimTracker.put(claim) };
    return (context) => claimAll(requests, terms, context);
  }

  #completed(view: ServiceView, change: ServicePatch, decision: Decision, outcome: WriteOutcome): void {
    const { allocator, reporter } = this.#options;
    const key = keyOf(view);
    switch (outcome.kind) {
      case 'written':
        this.#backoff.release(key);
        this.#writeConflicts.wrote(key, change);
        allocator.answered(outcome.view);
        reporter.written(outcome.view, decision);
        break;
      case 'stale':
        allocator.answered(outcome.view);
        this.#confirm(outcome.view, change, decision);
        // It is not the Service that the watch knows: until the watch has caught up, there is nothing to decide on.
        if (allocator.seenVersion(key) === view.resourceVersion) this.#backoff.failed(view);
        break;
      case 'refused':
        if (allocator.seen(key) === undefined) break;
        reporter.rejected(view, outcome.error, this.#backoff.failed(view));
        break;
      case 'contested': {
        const { request, claim } = outcome;
        if (claim !== undefined) allocator.claimTracker.put(claim);
        else allocator.claimTracker.delete(request.address, request.known?.resourceVersion ?? '');
        // Nothing newer was learned of the claim: not again at once.
        const known = request.known?.resourceVersion ?? '';
        const isNews = claim === undefined ? known !== '' : compareVersions(claim.resourceVersion, known) > 0;
        if (!isNews) this.#backoff.failed(view);
        break;
      }
      case 'gone':
        // Its deletion is on the way; until then the same write is not sent again and again.
        if (allocator.seen(key) !== undefined) this.#backoff.failed(view);
        break;
      case 'overtaken':
        this.#confirm(allocator.seen(key), change, decision);
        break;
      case 'stopped':
        break;
    }
  }

  /** Says so where a write whose answer was lost has arrived all the same: its record stands there. */
  #confirm(view: ServiceView | undefined, { record }: ServicePatch, decision: Decision): void {
    if (record == null || view?.record === undefined) return;
    if (sameRecord(view.record, record)) this.#options.reporter.written(view, decision);
  }

  /** Names whoever undoes our change; one read, once for each quarrel. */
  #reportRevert(view: ServiceView, change: ServicePatch): void {
    const { context, reporter } = this.#options;
    const { signal } = this.#writes;
    void context.api.get<Service>(pathOf(view), signal).then(
      (service) => reporter.reverted(view, lastWriter(service), fieldsOf(change)),
      () => {
        if (!signal.aborted) reporter.reverted(view, undefined, fieldsOf(change));
      },
    );
  }
}

function patchIn(decision: Decision): ServicePatch | undefined {
  return 'patch' in decision && !isEmptyPatch(decision.patch) ? decision.patch : undefined;
}
