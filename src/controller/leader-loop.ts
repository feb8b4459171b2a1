import type { Tenure } from '../client/election.ts';
import type { Allocator, Verdict } from '../core/decide/allocator.ts';
import type { Decision } from '../core/decide/decision.ts';
import type { Claim } from '../core/ledger/claim.ts';
import { claimRequests } from '../core/ledger/claim-requests.ts';
import type { Standing } from '../core/ledger/service-state.ts';
import { sameRecord } from '../core/model/allocation-record.ts';
import type { Service } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { type Change, isEmpty } from '../core/model/service-patch.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { claimAll } from './claim-addresses.ts';
import { fieldsOf, lastWriter } from './field-managers.ts';
import { Writes, type WritesContext } from './in-flight-writes.ts';
import type { Signals } from './reporter.ts';
import { Holds } from './write-backoff.ts';
import { Patience } from './write-conflicts.ts';
import { type FirstStep, type Outcome, pathOf } from './write-service.ts';

export interface TermOptions {
  readonly context: WritesContext;
  readonly allocator: Allocator;
  readonly signals: Signals;
  readonly options: Options;
  readonly tenure: Tenure;
  /** PATCHes that are sent at once. */
  readonly lanes: number;
  /** Whether what the allocator knows may be decided on. */
  readonly isFresh: () => boolean;
  /** Told after each turn. */
  readonly turned: () => void;
}

/** Verdicts in one go: some milliseconds as a rule. Then what was decided is sent, and the Lease renewed, before it goes on. */
const mostAtOnce = 2_000;

/** The API server forgets events after an hour, its `--event-ttl`: whoever still waits is told why before that. */
const remindMs = 50 * 60_000;

/**
 * What a leader does for as long as it leads: draws verdicts from the allocator, writes their changes, says what it did.
 * Everything between a verdict and its reservation is synchronous, so no two decisions can see the same address free.
 */
export class Term {
  readonly #options: TermOptions;
  readonly #patience: Patience;
  readonly #holds: Holds;
  readonly #writes: Writes;
  /** Takes back that it goes on soon. */
  #cancelSoon: (() => void) | undefined;
  #cancelReminder: () => void;

  constructor(options: TermOptions) {
    const { context, allocator, signals, tenure, lanes } = options;
    this.#options = options;
    this.#patience = new Patience(context.clock);
    this.#holds = new Holds(context.clock, (key) => {
      allocator.revisit(key);
      this.pump();
    });
    this.#writes = new Writes({
      context,
      tenure,
      lanes,
      freed: () => this.pump(),
      refused: (view, error, retryInMs) => signals.refused(view, error, retryInMs),
    });
    this.#cancelReminder = this.#remindLater();
  }

  /** Whether no write is under way. */
  get isIdle(): boolean {
    return this.#writes.size === 0;
  }

  /** Whether half of the lanes or more are sending. */
  get isBusy(): boolean {
    return 2 * this.#writes.sending >= this.#options.lanes;
  }

  /** Draws verdicts as long as there are lanes for their writes: what is decided is written at once. */
  pump(): void {
    const { allocator, isFresh, turned } = this.#options;
    for (let done = 0; isFresh() && this.#writes.hasLane; done += 1) {
      if (done === mostAtOnce) {
        this.#soon();
        break;
      }
      const verdict = allocator.next();
      if (verdict === undefined) break;
      this.#act(verdict);
    }
    turned();
  }

  #soon(): void {
    this.#cancelSoon ??= this.#options.context.clock.after(0, () => {
      this.#cancelSoon = undefined;
      this.pump();
    });
  }

  #remindLater(): () => void {
    const { allocator, signals, context } = this.#options;
    return context.clock.after(remindMs, () => {
      for (const { key, view } of allocator.ledger.all()) {
        const verdict = signals.hasSaid(key) ? allocator.explain(key) : undefined;
        if (verdict !== undefined) signals.remind(view, verdict.decision);
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
    this.#holds.release(key);
    this.#patience.forget(key);
  }

  /** Forgets all but those that `isKnown` says are still there. */
  forgetOthers(isKnown: (key: ServiceKey) => boolean): void {
    this.#holds.releaseOthers(isKnown);
    this.#patience.forgetOthers(isKnown);
  }

  /** Begins nothing more, and resolves when the writes under way have ended, as `Writes.drain`. */
  close(graceMs: number): Promise<boolean> {
    this.#cancelSoon?.();
    this.#cancelReminder();
    this.#holds.close();
    return this.#writes.drain(graceMs);
  }

  #act({ standing, decision }: Verdict): void {
    const { allocator, signals } = this.#options;
    const { view, key } = standing;
    const change = changeOf(decision);
    if (change === undefined) {
      this.#holds.release(key);
      signals.decided(view, decision);
      return;
    }
    if (this.#holds.has(view)) return;
    const { waitMs, isQuarrel } = this.#patience.ask(key, change);
    if (isQuarrel) this.#blame(view, change);
    if (waitMs > 0) {
      this.#holds.hold(view, waitMs);
      return;
    }
    const first = this.#claims(standing, change);
    allocator.assume(standing, change);
    const done = (outcome: Outcome): void => {
      this.#take(view, change, decision, outcome);
      allocator.settle(key);
    };
    this.#writes.begin(view, change, done, first);
  }

  /** What has to be claimed before the change is written. */
  #claims(standing: Standing, change: Change): FirstStep | undefined {
    const { allocator, options } = this.#options;
    const requests = options.claims ? claimRequests(standing, change, allocator.registry.claims) : [];
    if (requests.length === 0) return undefined;
    const terms = { options, know: (claim: Claim) => allocator.registry.put(claim) };
    return (context) => claimAll(requests, terms, context);
  }

  #take(view: ServiceView, change: Change, decision: Decision, outcome: Outcome): void {
    const { allocator, signals } = this.#options;
    const key = keyOf(view);
    switch (outcome.kind) {
      case 'written':
        this.#holds.release(key);
        this.#patience.note(key, change);
        allocator.answered(outcome.view);
        signals.written(outcome.view, decision);
        break;
      case 'stale':
        allocator.answered(outcome.view);
        this.#confirm(outcome.view, change, decision);
        // It is not the Service that the watch knows: until the watch has caught up, there is nothing to decide on.
        if (allocator.seenVersion(key) === view.resourceVersion) this.#holds.failed(view);
        break;
      case 'refused':
        if (allocator.seen(key) === undefined) break;
        signals.refused(view, outcome.error, this.#holds.failed(view));
        break;
      case 'contested': {
        const { request, claim } = outcome;
        if (claim !== undefined) allocator.registry.put(claim);
        else allocator.registry.delete(request.address, request.known?.resourceVersion ?? '');
        // Nothing newer was learned of the claim: not again at once.
        const known = request.known?.resourceVersion ?? '';
        const isNews = claim === undefined ? known !== '' : compareVersions(claim.resourceVersion, known) > 0;
        if (!isNews) this.#holds.failed(view);
        break;
      }
      case 'gone':
        // Its deletion is on the way; until then the same write is not sent again and again.
        if (allocator.seen(key) !== undefined) this.#holds.failed(view);
        break;
      case 'overtaken':
        this.#confirm(allocator.seen(key), change, decision);
        break;
      case 'stopped':
        break;
    }
  }

  /** Says so where a write whose answer was lost has arrived all the same: its record stands there. */
  #confirm(view: ServiceView | undefined, { record }: Change, decision: Decision): void {
    if (record == null || view?.record === undefined) return;
    if (sameRecord(view.record, record)) this.#options.signals.written(view, decision);
  }

  /** Names whoever undoes our change; one read, once for each quarrel. */
  #blame(view: ServiceView, change: Change): void {
    const { context, signals } = this.#options;
    const { signal } = this.#writes;
    void context.api.get<Service>(pathOf(view), signal).then(
      (service) => signals.undone(view, lastWriter(service), fieldsOf(change)),
      () => {
        if (!signal.aborted) signals.undone(view, undefined, fieldsOf(change));
      },
    );
  }
}

function changeOf(decision: Decision): Change | undefined {
  return 'change' in decision && !isEmpty(decision.change) ? decision.change : undefined;
}
