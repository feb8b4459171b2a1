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
 * Keeps our claims in step with who has the addresses, one after the other and behind everything else: claims what was given
 * before there were claims, and drops what nobody has any more. A drop names the state that it was decided on, so a claim
 * that has got a new pledge meanwhile stays.
 */
export class IPAddressReconciler {
  readonly #options: IPAddressReconcilerOptions;
  readonly #ended = new AbortController();
  #isBusy = false;
  #failures = 0;

  constructor(options: IPAddressReconcilerOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return !this.#isBusy;
  }

  /** Looks for something to do, if nothing is under way. */
  pump(): void {
    const { claimTracker, leadership } = this.#options;
    if (this.#isBusy || this.#ended.signal.aborted || leadership.remainingMs() <= 0) return;
    const repair = claimTracker.next();
    if (repair === undefined) return;
    this.#isBusy = true;
    void this.#carryOut(repair).then(() => {
      this.#isBusy = false;
      this.pump();
    });
  }

  /** What is under way is ended: wherever it arrives, it gives nobody an address. */
  close(): void {
    this.#ended.abort(new Error('the upkeep was ended'));
  }

  async #carryOut(repair: ClaimRepair): Promise<void> {
    const { claimTracker, context, reporter } = this.#options;
    const { signal } = this.#ended;
    const address = repair.kind === 'claim' ? repair.address : repair.claim.address;
    try {
      await (repair.kind === 'claim' ? this.#claim(repair) : this.#drop(repair));
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      const retryInMs = backoffMs(this.#failures, context.random(), backoff);
      this.#failures += 1;
      const what = repair.kind === 'claim' ? 'claimed' : 'freed';
      const said = `${formatAddress(address)} could not be ${what}: ${errorText(error)}`;
      const cause = error instanceof Error ? error : new Error(String(error));
      reporter.claimsFailing(said, cause, { address: formatAddress(address), retryInMs });
      claimTracker.recheck(address);
      await sleep(context.clock, retryInMs, signal);
    }
  }

  async #claim({ address }: ClaimRepair & { kind: 'claim' }): Promise<void> {
    const { claimTracker, context, options, leadership } = this.#options;
    try {
      const object = claimObject(address, [], options);
      const made = await context.api.create<IPAddress>(claimsPath, object, this.#ended.signal, leadership);
      claimTracker.put(claimOf(made, options.controller));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      await this.#look(claimPath({ address }));
    }
  }

  async #drop({ claim }: ClaimRepair & { kind: 'drop' }): Promise<void> {
    const { claimTracker, context, leadership } = this.#options;
    const { address, uid, resourceVersion } = claim;
    const path = claimPath(claim);
    try {
      await context.api.delete(path, this.#ended.signal, { uid, resourceVersion }, leadership);
      claimTracker.delete(address, resourceVersion);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) claimTracker.delete(address, resourceVersion);
      // A refusal that nothing explains is a failure like others.
      else if (error.status !== 409 || (await this.#look(path)) === resourceVersion) throw error;
    }
  }

  /** Somebody was faster: what stands there now counts, in the version returned. If it is gone again, the watch says so. */
  async #look(path: string): Promise<string | undefined> {
    const { claimTracker, context, options } = this.#options;
    try {
      const object = await context.api.get<IPAddress>(path, this.#ended.signal);
      const claim = claimOf(object, options.controller);
      claimTracker.put(claim);
      return claim.resourceVersion;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      return undefined;
    }
  }
}
