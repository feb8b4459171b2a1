import { backoffMs } from '../client/backoff.ts';
import { ApiError, errorText } from '../client/errors.ts';
import type { ClaimRepair, ClaimWork } from '../core/claims/claim-tracker.ts';
import { formatAddress } from '../core/ip/address.ts';
import { type Claim, type ClaimContent, claimObject, claimOf, claimPatch } from '../core/model/claim.ts';
import type { IPAddress } from '../core/model/objects.ts';
import type { Ended } from '../core/queue/work-queue.ts';
import { claimPath } from './claim-addresses.ts';
import type { Reconciler, ReconcilerOptions } from './reconciler.ts';
import { claimsPath } from './watched-resources.ts';

const backoff = { initialMs: 1_000, maxMs: 60_000 };

/** Wall time decides when a tombstone expires, and it jumps when it is set. */
const maxWaitMs = 3_600_000;

const actions = { claim: 'create', remember: 'update', drop: 'delete' } as const;

/**
 * Reconciles our claims with the holders of addresses, one at a time and at the lowest priority. It creates
 * claims for addresses assigned before claims were enabled, and deletes claims without a holder, or turns them into
 * tombstones. Both are guarded by the version that they were decided on, so a claim with a new reservation stays.
 */
export class IPAddressReconciler implements Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #abortController = new AbortController();
  #isBusy = false;
  /** How often in a row a repair failed. */
  #failures = 0;
  /** The earliest time of the next repair. A failure delays all of them, because most affect all. */
  #nextAt = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#nextAt <= this.#options.context.clock.now();
  }

  get nextAt(): number {
    const { allocator, context } = this.#options;
    if (!this.isIdle) return this.#nextAt;
    const { expiresInMs = Number.POSITIVE_INFINITY } = allocator.claimTracker;
    return context.clock.now() + Math.min(expiresInMs, maxWaitMs);
  }

  startNext(): Promise<Ended> | undefined {
    const { allocator, hasSynced, leadership } = this.#options;
    if (!hasSynced() || leadership.remainingMs() <= 0 || this.#abortController.signal.aborted)
      return undefined;
    const next = this.isIdle ? allocator.claimTracker.next() : undefined;
    return next && this.#carryOut(next);
  }

  /** Aborts the repair in flight. Even if it executes later, it assigns no address. */
  async close(): Promise<boolean> {
    this.#abortController.abort(new Error('the reconciler was closed'));
    return true;
  }

  async #carryOut({ repair, work }: ClaimWork): Promise<Ended> {
    const { allocator, context, reporter } = this.#options;
    this.#isBusy = true;
    try {
      await this.#repair(repair);
      this.#failures = 0;
    } catch (error) {
      const address = work.item;
      // A later leadership has to know of it, too.
      allocator.claimTracker.recheck(address);
      if (this.#abortController.signal.aborted) return work.leave();
      const retryInMs = backoffMs(this.#failures, context.random(), backoff);
      this.#failures += 1;
      this.#nextAt = context.clock.now() + retryInMs;
      const action = actions[repair.kind];
      const message = `cannot ${action} the claim on ${formatAddress(address)}: ${errorText(error)}`;
      const cause = error instanceof Error ? error : new Error(String(error));
      reporter.claimsFailing(message, cause, { address: formatAddress(address), retryInMs });
    } finally {
      this.#isBusy = false;
    }
    return work.leave();
  }

  #repair(repair: ClaimRepair): Promise<void> {
    switch (repair.kind) {
      case 'claim':
        return repair.tombstone === undefined
          ? this.#claim(repair)
          : this.#patch(repair.tombstone, { reservations: [] });
      case 'remember':
        return this.#patch(repair.claim, { reservations: [], last: repair.last });
      case 'drop':
        return this.#drop(repair);
    }
  }

  async #claim({ address }: ClaimRepair & { kind: 'claim' }): Promise<void> {
    const { allocator, context, options, leadership } = this.#options;
    try {
      const object = claimObject(address, [], options);
      const created = await context.api.create<IPAddress>(
        claimsPath,
        object,
        this.#abortController.signal,
        leadership,
      );
      allocator.claimTracker.put(claimOf(created, options.controller));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      await this.#refresh(claimPath({ address }));
    }
  }

  /** Like a deletion, it is refused if the claim has changed since it was decided on. */
  async #patch(claim: Claim, content: ClaimContent): Promise<void> {
    const { allocator, context, options, leadership } = this.#options;
    const path = claimPath(claim);
    try {
      const patched = await context.api.mergePatch<IPAddress>(
        path,
        claimPatch(claim, content, options.controller),
        this.#abortController.signal,
        leadership,
      );
      allocator.claimTracker.put(claimOf(patched, options.controller));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) allocator.claimTracker.gone(claim.address, claim.resourceVersion);
      // 422: another UID. A conflict without a newer version is an ordinary failure.
      else if (![409, 422].includes(error.status) || (await this.#refresh(path)) === claim.resourceVersion)
        throw error;
    }
  }

  async #drop({ claim }: ClaimRepair & { kind: 'drop' }): Promise<void> {
    const { allocator, context, leadership } = this.#options;
    const { address, uid, resourceVersion } = claim;
    const path = claimPath(claim);
    try {
      await context.api.delete(path, this.#abortController.signal, { uid, resourceVersion }, leadership);
      allocator.claimTracker.gone(address, resourceVersion);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) allocator.claimTracker.gone(address, resourceVersion);
      // A conflict without a newer version is an ordinary failure.
      else if (error.status !== 409 || (await this.#refresh(path)) === resourceVersion) throw error;
    }
  }

  /**
   * Reads a claim that another client has changed, and returns its version. If it was deleted, the watch
   * reports that.
   */
  async #refresh(path: string): Promise<string | undefined> {
    const { allocator, context, options } = this.#options;
    try {
      const object = await context.api.get<IPAddress>(path, this.#abortController.signal);
      const claim = claimOf(object, options.controller);
      allocator.claimTracker.put(claim);
      return claim.resourceVersion;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return undefined;
    }
  }
}
