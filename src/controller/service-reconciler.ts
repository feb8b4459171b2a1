import type { ClaimRequest } from '../core/claims/claim-requests.ts';
import type { ServiceWork } from '../core/decide/allocator.ts';
import { announcementProblem } from '../core/decide/announcement.ts';
import type { Decision } from '../core/decide/decision.ts';
import { addressesOf } from '../core/model/address-list.ts';
import { sameRecord } from '../core/model/allocation-record.ts';
import type { Claim } from '../core/model/claim.ts';
import type { Service } from '../core/model/objects.ts';
import { isEmptyPatch, type ServicePatch, unappliedPart } from '../core/model/service-patch.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import type { Ended } from '../core/queue/work-queue.ts';
import { claimAll } from './claim-addresses.ts';
import { revertedFields } from './field-managers.ts';
import { ForeignStatus } from './foreign-status.ts';
import { InFlightWrites } from './in-flight-writes.ts';
import { NodeAddresses } from './node-addresses.ts';
import { OtherAllocators } from './other-allocators.ts';
import type { Reconciler, ReconcilerOptions } from './reconciler.ts';
import { reasonToWaitFor } from './refusal.ts';
import { WriteConflicts } from './write-conflicts.ts';
import { type BeforeWrite, pathOf, type WriteOutcome } from './write-service.ts';

/**
 * The API server deletes events after an hour (`--event-ttl`), so warnings that still apply are repeated
 * before that.
 */
const reminderMs = 50 * 60_000;

/**
 * Takes decisions from the allocator, writes their changes and reports them. A decision and its reservation are synchronous, so
 * no two decisions can find the same address free.
 */
export class ServiceReconciler implements Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #writeConflicts: WriteConflicts;
  readonly #writes: InFlightWrites;
  readonly #nodes: NodeAddresses;
  readonly #foreignStatus: ForeignStatus;
  readonly #otherAllocators: OtherAllocators;
  #cancelReminder: () => void;

  constructor(options: ReconcilerOptions) {
    const { context, allocator, reporter } = options;
    this.#options = options;
    // A new leader tries everything at once.
    allocator.forgetDelays();
    this.#writeConflicts = new WriteConflicts(context.clock);
    this.#writes = new InFlightWrites(options);
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

  get isIdle(): boolean {
    return this.#options.allocator.isIdle && this.#options.hasSynced();
  }

  get isWriting(): boolean {
    return this.#writes.size > 0;
  }

  /** Whether at least half of the allowed writes are being sent. */
  get isBusy(): boolean {
    return 2 * this.#writes.sending >= this.#options.concurrency;
  }

  get nextAt(): number | undefined {
    return this.#options.allocator.nextAt;
  }

  startNext(): Ended | Promise<Ended> | undefined {
    const { allocator, context, hasSynced } = this.#options;
    if (!hasSynced() || !this.#writes.hasCapacity) return undefined;
    const next = allocator.next(context.clock.now());
    return next && this.#carryOut(next);
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
    this.#writeConflicts.forget(key);
    this.#foreignStatus.forget(key);
  }

  /** Forgets all Services for which `isKnown` is false. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    this.#writeConflicts.forgetOthers(isKnown);
    this.#foreignStatus.forgetOthers(isKnown);
  }

  close(graceMs: number): Promise<boolean> {
    this.#cancelReminder();
    this.#foreignStatus.close();
    return this.#writes.drain(graceMs);
  }

  #carryOut(next: ServiceWork): Ended | Promise<Ended> {
    const { allocator, reporter, context } = this.#options;
    const { state, decision, work } = next;
    const { view, key } = state;
    const change = patchIn(decision);
    if (change === undefined) {
      reporter.decided(view, decision);
      this.#foreignStatus.put(view, announcementProblem(view, decision));
      // Another Service may have the address for a moment only: what was refused is not tried earlier because of that.
      return work.isDelayed(view) ? work.leave() : work.done();
    }
    if (work.isDelayed(view)) return work.leave();
    const { waitMs, shouldReport } = this.#writeConflicts.delayFor(key, change);
    if (shouldReport) this.#reportRevert(view, change, waitMs);
    if (waitMs > 0) return work.retryAfter(waitMs, view, context.clock.now());
    const requests = allocator.claimTracker.requestsFor(state, change);
    const beforeWrite = inOrder([
      this.#checkNodes(decision),
      this.#claims(requests),
      this.#checkConfig(key, requests),
    ]);
    allocator.assume(next, change);
    const done = (outcome: WriteOutcome): Ended => {
      // A refused write rests. Meanwhile, its addresses go to others.
      if (outcome.kind === 'rejected') allocator.claimTracker.withdraw(requests);
      return this.#completed(next, change, outcome);
    };
    return this.#writes.begin(view, change, done, beforeWrite);
  }

  /** Another load balancer may have written the address of a Node into the status. */
  #checkNodes(decision: Decision): BeforeWrite | undefined {
    if (decision.kind !== 'write' || !decision.fromStatus) return undefined;
    return this.#nodes.notOfNodes(addressesOf(decision.addresses.entries));
  }

  #claims(requests: readonly ClaimRequest[]): BeforeWrite | undefined {
    const { allocator, options } = this.#options;
    if (requests.length === 0) return undefined;
    const claimContext = { options, onClaim: (claim: Claim) => allocator.claimTracker.put(claim) };
    return (context) => claimAll(requests, claimContext, context);
  }

  /** The pools may have changed while Nodes were read, or addresses were claimed. */
  #checkConfig(key: ServiceKey, requests: readonly ClaimRequest[]): BeforeWrite {
    const { allocator } = this.#options;
    return async () => {
      if (!allocator.isReconfigured(key)) return undefined;
      allocator.claimTracker.withdraw(requests);
      return { kind: 'outdated' };
    };
  }

  /** The end of the work queues the Service again, with what was read. */
  #completed(next: ServiceWork, change: ServicePatch, outcome: WriteOutcome): Ended {
    const { allocator, reporter, context } = this.#options;
    const { state, decision, trace, work } = next;
    const { view, key } = state;
    const now = context.clock.now();
    switch (outcome.kind) {
      case 'written': {
        this.#writeConflicts.wrote(key, change);
        allocator.answered(outcome.view);
        const unapplied = unappliedPart(change, outcome.view);
        const { annotation, record } = unapplied;
        if (annotation === undefined && record === undefined)
          reporter.written(outcome.view, decision, view, trace.policy);
        // The deletion was faster than this answer, and the log ends with what is true.
        if (allocator.seen(key)?.uid !== outcome.view.uid) reporter.released(outcome.view, 'deleted');
        if (isEmptyPatch(unapplied)) return work.written(view, now);
        const ended = work.retry(outcome.view, now);
        reporter.unapplied(outcome.view, unapplied, ended.retryInMs);
        return ended;
      }
      case 'stale':
        allocator.answered(outcome.view);
        if (outcome.mayBeOurs) this.#reportIfWritten(outcome.view, change, next);
        else this.#otherAllocators.compare(view, outcome.view);
        // The watch knows another version: until it has caught up, there is nothing to decide on.
        return allocator.seenVersion(key) === view.resourceVersion ? work.retry(view, now) : work.leave();
      case 'rejected': {
        if (allocator.seen(key) === undefined) return work.leave();
        const ended = work.retry(view, now, reasonToWaitFor(outcome.error));
        reporter.rejected(view, outcome.error, ended.retryInMs);
        return ended;
      }
      case 'contested': {
        const { request, claim } = outcome;
        const known = request.known?.resourceVersion ?? '';
        if (claim !== undefined) allocator.claimTracker.put(claim);
        else allocator.claimTracker.gone(request.address, known);
        // Nothing newer is known about the claim, so retry with back-off.
        const isNewer =
          claim === undefined ? known !== '' : compareVersions(claim.resourceVersion, known) > 0;
        return isNewer ? work.leave() : work.retry(view, now);
      }
      case 'gone':
        // The watch will deliver its deletion; until then the same write must not be repeated.
        return allocator.seen(key) === undefined ? work.leave() : work.retry(view, now);
      case 'superseded':
        this.#reportIfWritten(allocator.seen(key), change, next);
        return work.leave();
      case 'outdated':
      case 'stopped':
        return work.leave();
    }
  }

  /**
   * Reports a write whose response was lost but which has executed: its allocation record is on the Service.
   */
  #reportIfWritten(view: ServiceView | undefined, { record }: ServicePatch, work: ServiceWork): void {
    if (record == null || view?.record === undefined) return;
    const { decision, state, trace } = work;
    if (sameRecord(view.record, record))
      this.#options.reporter.written(view, decision, state.view, trace.policy);
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
