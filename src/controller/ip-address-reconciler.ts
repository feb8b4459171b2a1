import { backoffMs } from '../client/backoff.ts';
import { ApiError, errorText } from '../client/errors.ts';
import type { ClaimRepair, ClaimWork } from '../core/claims/claim-tracker.ts';
import { formatAddress } from '../core/ip/address.ts';
import { claimObject, claimOf } from '../core/model/claim.ts';
import type { IPAddress } from '../core/model/objects.ts';
import type { Ended } from '../core/queue/work-queue.ts';
import { claimPath } from './claim-addresses.ts';
import type { Reconciler, ReconcilerOptions } from './reconciler.ts';
import { claimsPath } from './watched-resources.ts';

const backoff = { initialMs: 1_000, maxMs: 60_000 };

/**
 * Reconciles our claims with the holders of addresses, one at a time and at the lowest priority. It creates
 * claims for addresses assigned before claims were enabled, and deletes claims without a holder. A deletion
 * is guarded by the version that it was decided on, so a claim with a new reservation stays.
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
    return this.#nextAt;
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
      await (repair.kind === 'claim' ? this.#claim(repair) : this.#drop(repair));
      this.#failures = 0;
    } catch (error) {
      const address = work.item;
      // A later leadership has to know of it, too.
      allocator.claimTracker.recheck(address);
      if (this.#abortController.signal.aborted) return work.leave();
      const retryInMs = backoffMs(this.#failures, context.random(), backoff);
      this.#failures += 1;
      this.#nextAt = context.clock.now() + retryInMs;
      const action = repair.kind === 'claim' ? 'create' : 'delete';
      const message = `cannot ${action} the claim on ${formatAddress(address)}: ${errorText(error)}`;
      const cause = error instanceof Error ? error : new Error(String(error));
      reporter.claimsFailing(message, cause, { address: formatAddress(address), retryInMs });
    } finally {
      this.#isBusy = false;
    }
    return work.leave();
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
