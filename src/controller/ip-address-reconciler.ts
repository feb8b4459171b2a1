import { backoffMs } from '../client/backoff.ts';
import type { Leadership } from '../client/election.ts';
import { ApiError, errorText } from '../client/errors.ts';
import { sleep } from '../client/wait.ts';
import { formatAddress } from '../core/ip/address.ts';
import { claimObject, claimOf } from '../core/ledger/claim.ts';
import type { ClaimRepair, ClaimTracker } from '../core/ledger/claim-tracker.ts';
import type { IPAddress } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { claimPath } from './claim-addresses.ts';
import type { WriterContext } from './in-flight-writes.ts';
import type { Reporter } from './reporter.ts';
import { claimsPath } from './watched-resources.ts';

export interface IPAddressReconcilerOptions {
  readonly context: WriterContext;
  readonly options: Options;
  readonly claimTracker: ClaimTracker;
  readonly reporter: Reporter;
  readonly leadership: Leadership;
}

const backoff = { initialMs: 1_000, maxMs: 60_000 };

/**
 * Reconciles our claims with the holders of addresses, one at a time and at the lowest priority. It creates
 * claims for addresses assigned before claims were enabled, and deletes claims without a holder. A deletion
 * is guarded by the version that it was decided on, so a claim with a new reservation stays.
 */
export class IPAddressReconciler {
  readonly #options: IPAddressReconcilerOptions;
  readonly #abortController = new AbortController();
  #isBusy = false;
  #failures = 0;

  constructor(options: IPAddressReconcilerOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return !this.#isBusy;
  }

  /** Starts the next repair, if none is in flight. */
  pump(): void {
    const { claimTracker, leadership } = this.#options;
    if (this.#isBusy || this.#abortController.signal.aborted || leadership.remainingMs() <= 0) return;
    const repair = claimTracker.next();
    if (repair === undefined) return;
    this.#isBusy = true;
    void this.#carryOut(repair).then(() => {
      this.#isBusy = false;
      this.pump();
    });
  }

  /** Aborts the repair in flight. Even if it executes later, it assigns no address. */
  close(): void {
    this.#abortController.abort(new Error('the reconciler was closed'));
  }

  async #carryOut(repair: ClaimRepair): Promise<void> {
    const { claimTracker, context, reporter } = this.#options;
    const { signal } = this.#abortController;
    const address = repair.kind === 'claim' ? repair.address : repair.claim.address;
    try {
      await (repair.kind === 'claim' ? this.#claim(repair) : this.#drop(repair));
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      const retryInMs = backoffMs(this.#failures, context.random(), backoff);
      this.#failures += 1;
      const action = repair.kind === 'claim' ? 'create' : 'delete';
      const message = `cannot ${action} the claim on ${formatAddress(address)}: ${errorText(error)}`;
      const cause = error instanceof Error ? error : new Error(String(error));
      reporter.claimsFailing(message, cause, { address: formatAddress(address), retryInMs });
      claimTracker.recheck(address);
      await sleep(context.clock, retryInMs, signal);
    }
  }

  async #claim({ address }: ClaimRepair & { kind: 'claim' }): Promise<void> {
    const { claimTracker, context, options, leadership } = this.#options;
    try {
      const object = claimObject(address, [], options);
      const created = await context.api.create<IPAddress>(
        claimsPath,
        object,
        this.#abortController.signal,
        leadership,
      );
      claimTracker.put(claimOf(created, options.controller));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      await this.#refresh(claimPath({ address }));
    }
  }

  async #drop({ claim }: ClaimRepair & { kind: 'drop' }): Promise<void> {
    const { claimTracker, context, leadership } = this.#options;
    const { address, uid, resourceVersion } = claim;
    const path = claimPath(claim);
    try {
      await context.api.delete(path, this.#abortController.signal, { uid, resourceVersion }, leadership);
      claimTracker.delete(address, resourceVersion);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) claimTracker.delete(address, resourceVersion);
      // A conflict without a newer version is an ordinary failure.
      else if (error.status !== 409 || (await this.#refresh(path)) === resourceVersion) throw error;
    }
  }

  /**
   * Reads a claim that another client has changed, and returns its version. If it was deleted, the watch
   * reports that.
   */
  async #refresh(path: string): Promise<string | undefined> {
    const { claimTracker, context, options } = this.#options;
    try {
      const object = await context.api.get<IPAddress>(path, this.#abortController.signal);
      const claim = claimOf(object, options.controller);
      claimTracker.put(claim);
      return claim.resourceVersion;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return undefined;
    }
  }
}
