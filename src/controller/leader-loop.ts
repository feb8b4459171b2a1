import type { Leadership } from '../client/election.ts';
import type { Allocator, ServiceDecision } from '../core/decide/allocator.ts';
import { announcementProblem } from '../core/decide/announcement.ts';
import type { Decision } from '../core/decide/decision.ts';
import type { Claim } from '../core/ledger/claim.ts';
import { type ClaimRequest, claimRequests } from '../core/ledger/claim-requests.ts';
import type { ServiceState } from '../core/ledger/service-state.ts';
import { addressesOf } from '../core/model/address-list.ts';
import { sameRecord } from '../core/model/allocation-record.ts';
import type { Service } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { isEmptyPatch, type ServicePatch, unappliedPart } from '../core/model/service-patch.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { claimAll } from './claim-addresses.ts';
import { revertedFields } from './field-managers.ts';
import { ForeignStatus } from './foreign-status.ts';
import { InFlightWrites, type WriterContext } from './in-flight-writes.ts';
import { NodeAddresses } from './node-addresses.ts';
import { OtherAllocators } from './other-allocators.ts';
import { reasonToWaitFor } from './refusal.ts';
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
  /** The maximum number of concurrent PATCHes. */
  readonly concurrency: number;
  /** Whether all lists were read, so that decisions are allowed. */
  readonly hasSynced: () => boolean;
  /** Called after each turn. */
  readonly updated: () => void;
}

/**
 * The maximum number of decisions in one turn, usually a few milliseconds. Between turns, writes are sent and
 * the Lease is renewed.
 */
const maxDecisionsPerTurn = 2_000;

/**
 * The API server deletes events after an hour (`--event-ttl`), so warnings that still apply are repeated
 * before that.
 */
const reminderMs = 50 * 60_000;

/**
 * The work of a leader: takes decisions from the allocator, writes their changes and reports them. A decision
 * and its reservation are synchronous, so no two decisions can find the same address free.
 */
export class LeaderLoop {
  readonly #options: LeaderLoopOptions;
  readonly #writeConflicts: WriteConflicts;
  readonly #backoff: WriteBackoff;
  readonly #writes: InFlightWrites;
  readonly #nodes: NodeAddresses;
  readonly #foreignStatus: ForeignStatus;
  readonly #otherAllocators: OtherAllocators;
  /** Cancels the scheduled next turn. */
  #cancelTurn: (() => void) | undefined;
  #cancelReminder: () => void;

  constructor(options: LeaderLoopOptions) {
    const { context, allocator, reporter, leadership, concurrency } = options;
    this.#options = options;
    this.#writeConflicts = new WriteConflicts(context.clock);
    this.#backoff = new WriteBackoff(context.clock, (keys) => {
      for (const key of keys) allocator.requeue(key);
      this.pump();
    });
    this.#writes = new InFlightWrites({
      context,
      leadership,
      concurrency,
      freed: () => this.pump(),
      rejected: (view, error, retryInMs) => reporter.rejected(view, error, retryInMs),
    });
    this.#nodes = new NodeAddresses({
      clock: context.clock,
      log: context.log,
      listed: (nodes) => allocator.setNodes(nodes),
    });
    const { signal } = this.#writes;
    this.#foreignStatus = new ForeignStatus({ context, allocator, reporter, signal });
    this.#otherAllocators = new OtherAllocators({ ...options, signal });
    this.#cancelReminder = this.#remindLater();
  }

  /** Whether no write is in flight. */
  get isIdle(): boolean {
    return this.#writes.size === 0;
  }

  /** Whether at least half of the allowed writes are being sent. */
  get isBusy(): boolean {
    return 2 * this.#writes.sending >= this.#options.concurrency;
  }

  /** Takes decisions while there is capacity for their writes: each decision is written at once. */
  pump(): void {
    const { allocator, hasSynced, updated } = this.#options;
    for (let done = 0; hasSynced() && this.#writes.hasCapacity; done += 1) {
      if (done === maxDecisionsPerTurn) {
        this.#scheduleTurn();
        break;
      }
      const decided = allocator.next();
      if (decided === undefined) break;
      this.#carryOut(decided);
    }
    updated();
  }

  #scheduleTurn(): void {
    this.#cancelTurn ??= this.#options.context.clock.after(0, () => {
      this.#cancelTurn = undefined;
      this.pump();
    });
  }

  #remindLater(): () => void {
    const { allocator, reporter, context } = this.#options;
    return context.clock.after(reminderMs, () => {
      for (const { key, view } of allocator.ledger.all()) {
        const decided = reporter.hasReported(key) ? allocator.explain(key) : undefined;
        if (decided !== undefined) reporter.remind(view, decided.decision);
      }
      this.#cancelReminder = this.#remindLater();
    });
  }

  /** Call when the watch delivered a new state of a Service. */
  changed(before: ServiceView, after: ServiceView): void {
    // The outcome of a write in flight shows whose change this is.
    if (this.#options.hasSynced() && !this.#writes.has(keyOf(after)))
      this.#otherAllocators.compare(before, after);
  }

  /** Call when the Service was observed in this version. */
  seen(view: { readonly namespace: string; readonly name: string; readonly resourceVersion: string }): void {
    this.#writes.seen(view);
  }

  /** Forgets a deleted Service. */
  forget(key: ServiceKey): void {
    this.#backoff.forget(key);
    this.#writeConflicts.forget(key);
    this.#foreignStatus.forget(key);
  }

  /** Forgets all Services for which `isKnown` is false. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    this.#backoff.forgetOthers(isKnown);
    this.#writeConflicts.forgetOthers(isKnown);
    this.#foreignStatus.forgetOthers(isKnown);
  }

  /** Starts no more writes, and resolves when those in flight have ended; see `InFlightWrites.drain`. */
  close(graceMs: number): Promise<boolean> {
    this.#cancelTurn?.();
    this.#cancelReminder();
    this.#backoff.close();
    this.#foreignStatus.close();
    return this.#writes.drain(graceMs);
  }

  #carryOut({ state, decision }: ServiceDecision): void {
    const { allocator, reporter } = this.#options;
    const { view, key } = state;
    const change = patchIn(decision);
    if (change === undefined) {
      this.#backoff.forget(key);
      reporter.decided(view, decision);
      this.#foreignStatus.put(view, announcementProblem(view, decision));
      return;
    }
    if (this.#backoff.has(view)) return;
    const { waitMs, shouldReport } = this.#writeConflicts.delayFor(key, change);
    if (shouldReport) this.#reportRevert(view, change, waitMs);
    if (waitMs > 0) {
      this.#backoff.delay(view, waitMs);
      return;
    }
    const requests = this.#claimRequests(state, change);
    const beforeWrite = inOrder([this.#checkNodes(decision), this.#claims(requests)]);
    allocator.assume(state, change);
    const done = (outcome: WriteOutcome): void => {
      // A refused write rests. Meanwhile, its addresses go to others.
      if (outcome.kind === 'rejected') allocator.claimTracker.withdraw(requests);
      this.#completed(view, change, decision, outcome);
      allocator.settle(key);
    };
    this.#writes.begin(view, change, done, beforeWrite);
  }

  /** Another load balancer may have written the address of a Node into the status. */
  #checkNodes(decision: Decision): BeforeWrite | undefined {
    if (decision.kind !== 'write' || !decision.fromStatus) return undefined;
    return this.#nodes.notOfNodes(addressesOf(decision.addresses.entries));
  }

  /** The claims that must exist before the change is written. */
  #claimRequests(state: ServiceState, change: ServicePatch): readonly ClaimRequest[] {
    const { allocator, options } = this.#options;
    return options.claims ? claimRequests(state, change, allocator.claimTracker.claims) : [];
  }

  #claims(requests: readonly ClaimRequest[]): BeforeWrite | undefined {
    const { allocator, options } = this.#options;
    if (requests.length === 0) return undefined;
    const claimContext = { options, onClaim: (claim: Claim) => allocator.claimTracker.put(claim) };
    return (context) => claimAll(requests, claimContext, context);
  }

  #completed(view: ServiceView, change: ServicePatch, decision: Decision, outcome: WriteOutcome): void {
    const { allocator, reporter } = this.#options;
    const key = keyOf(view);
    switch (outcome.kind) {
      case 'written': {
        this.#writeConflicts.wrote(key, change);
        allocator.answered(outcome.view);
        const unapplied = unappliedPart(change, outcome.view);
        const { annotation, record } = unapplied;
        if (annotation === undefined && record === undefined) reporter.written(outcome.view, decision);
        if (isEmptyPatch(unapplied)) this.#backoff.written(view);
        else reporter.unapplied(outcome.view, unapplied, this.#backoff.failed(outcome.view));
        break;
      }
      case 'stale':
        allocator.answered(outcome.view);
        if (outcome.mayBeOurs) this.#reportIfWritten(outcome.view, change, decision);
        else this.#otherAllocators.compare(view, outcome.view);
        // The watch knows another version: until it has caught up, there is nothing to decide on.
        if (allocator.seenVersion(key) === view.resourceVersion) this.#backoff.failed(view);
        break;
      case 'rejected':
        if (allocator.seen(key) === undefined) break;
        reporter.rejected(view, outcome.error, this.#backoff.failed(view, reasonToWaitFor(outcome.error)));
        break;
      case 'contested': {
        const { request, claim } = outcome;
        if (claim !== undefined) allocator.claimTracker.put(claim);
        else allocator.claimTracker.delete(request.address, request.known?.resourceVersion ?? '');
        // Nothing newer is known about the claim, so retry with back-off.
        const known = request.known?.resourceVersion ?? '';
        const isNewer =
          claim === undefined ? known !== '' : compareVersions(claim.resourceVersion, known) > 0;
        if (!isNewer) this.#backoff.failed(view);
        break;
      }
      case 'gone':
        // The watch will deliver its deletion; until then the same write must not be repeated.
        if (allocator.seen(key) !== undefined) this.#backoff.failed(view);
        break;
      case 'superseded':
        this.#reportIfWritten(allocator.seen(key), change, decision);
        break;
      // `settle` queues the Service again, with what was read.
      case 'outdated':
      case 'stopped':
        break;
    }
  }

  /**
   * Reports a write whose response was lost but which has executed: its allocation record is on the Service.
   */
  #reportIfWritten(view: ServiceView | undefined, { record }: ServicePatch, decision: Decision): void {
    if (record == null || view?.record === undefined) return;
    if (sameRecord(view.record, record)) this.#options.reporter.written(view, decision);
  }

  /** Reports which field managers revert our change; one read per report. */
  #reportRevert(view: ServiceView, change: ServicePatch, waitMs: number): void {
    const { context, reporter } = this.#options;
    const { signal } = this.#writes;
    const retryAt = context.clock.wall() + waitMs;
    void context.api.get<Service>(pathOf(view), signal).then(
      (service) => reporter.reverted(view, revertedFields(change, service), retryAt),
      () => {
        if (!signal.aborted) reporter.reverted(view, revertedFields(change, undefined), retryAt);
      },
    );
  }
}

/** Runs each step until one of them prevents the write. */
function inOrder(steps: readonly (BeforeWrite | undefined)[]): BeforeWrite {
  return async (context) => {
    for (const step of steps) {
      const outcome = await step?.(context);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  };
}

function patchIn(decision: Decision): ServicePatch | undefined {
  return 'patch' in decision && !isEmptyPatch(decision.patch) ? decision.patch : undefined;
}
