import { type Config, emptyConfig } from '../config/config.ts';
import { type Address, sameAddress } from '../ip/address.ts';
import type { ClaimOwner } from '../ledger/claim.ts';
import { ClaimTracker } from '../ledger/claim-tracker.ts';
import { Ledger } from '../ledger/ledger.ts';
import {
  assumedState,
  hasAllocationOf,
  type ServiceState,
  stateOf,
  withReservations,
} from '../ledger/service-state.ts';
import { sharingConflict } from '../ledger/sharing.ts';
import type { Options } from '../model/options.ts';
import { applyPatch, type ServicePatch } from '../model/service-patch.ts';
import {
  compareAge,
  compareVersions,
  isUndone,
  keyOf,
  type ServiceKey,
  type ServiceView,
} from '../model/service-view.ts';
import { wantsToShare } from './allocate.ts';
import { decide } from './decide.ts';
import { type Decision, isConflictCondition, isPending } from './decision.ts';
import { PendingServices } from './pending-services.ts';
import { WorkQueue } from './work-queue.ts';

/** A Service and what is to be done about it now. */
export interface ServiceDecision {
  readonly state: ServiceState;
  readonly decision: Decision;
}

/** A write under way. */
interface Write {
  /** What it was decided on. */
  readonly basis: ServiceView;
  /** What counts as long as nothing newer is seen. */
  readonly assumed: ServiceState;
}

/**
 * Keeps the Services and the pools that are known, and says whose turn it is. Level, not edge: it remembers who must be
 * looked at again, never what happened. The caller puts states in and draws verdicts out; for each verdict with a
 * change it calls `assume` before it draws the next one, and `settle` when the write has ended.
 *
 * Invariant: whoever is neither in `#turns` nor being written has been decided on what is known now, or
 * waits in `#waiting` behind one with the same needs who has. The ledger has every Service as it was last seen in the
 * API, but where it has what a write assumed: there the API still shows that write's basis.
 */
export class Allocator {
  readonly #options: Options;
  readonly #ledger = new Ledger();
  #config: Config = emptyConfig;
  #hasServices = false;
  #hasConfig = false;
  readonly #claimTracker: ClaimTracker;
  /** The newest version that a list or a watch has told of. */
  #knownVersion = '';
  readonly #writing = new Map<ServiceKey, Write>();
  readonly #queue = new WorkQueue();
  readonly #pending = new PendingServices();

  constructor(options: Options) {
    this.#options = options;
    this.#claimTracker = new ClaimTracker(options, {
      ledger: this.#ledger,
      seen: (key) => this.seen(key),
      isKnownUpTo: (version) => this.#hasServices && compareVersions(this.#knownVersion, version) >= 0,
      isWriting: (key) => this.#writing.has(key),
      reservationsChanged: (key) => this.#reservationsChanged(key),
      claimOwnerChanged: (address, owner) => this.#claimOwnerChanged(address, owner),
    });
  }

  /** Whether all first lists are in: before, nothing is decided (spec section 5). */
  get isReady(): boolean {
    return this.#hasServices && this.#hasConfig && this.#claimTracker.isComplete;
  }

  /** Whether nobody is left to decide on, and no write is under way. */
  get isIdle(): boolean {
    return this.isReady && this.#queue.size === 0 && this.#writing.size === 0;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  get config(): Config {
    return this.#config;
  }

  /** The claims in the API; where there are to be none it knows none. */
  get claimTracker(): ClaimTracker {
    return this.#claimTracker;
  }

  /**
   * The whole world of Services at once, as a consistent list of `resourceVersion` gives it: whoever is not in it is
   * gone. An answer to a write may be newer than the list, and then counts. But where the list is older than what lists and
   * watches had told before, etcd was restored from a backup, and the list is right about everything.
   */
  replaceServices(views: readonly ServiceView[], resourceVersion: string): void {
    const keys = views.map(keyOf);
    const listed = new Set(keys);
    for (const { key } of [...this.#ledger.all()]) if (!listed.has(key)) this.#remove(key);
    const isRestored = compareVersions(resourceVersion, this.#knownVersion) < 0;
    this.#knownVersion = resourceVersion;
    views.forEach((view, i) => {
      const key = keys[i] ?? keyOf(view);
      const seen = this.seen(key);
      const isBack =
        isRestored ||
        (seen !== undefined && isUndone(seen.resourceVersion, view.resourceVersion, resourceVersion));
      const write = this.#writing.get(key);
      // What was undone can be done again: while the write is repeated, what it gives stays given.
      if (isBack && write !== undefined && isSameState(write.basis, view)) this.#enter(write.assumed);
      else if (isBack || isNews(view, seen)) this.#take(key, view);
    });
    this.#hasServices = true;
    this.#claimTracker.prune();
  }

  /** Lists and watches have told everything up to this version. */
  observed(resourceVersion: string): void {
    if (compareVersions(resourceVersion, this.#knownVersion) <= 0) return;
    this.#knownVersion = resourceVersion;
    this.#claimTracker.prune();
  }

  /** A Service's state. One that is older than what is known of it changes nothing. */
  putService(view: ServiceView): void {
    const key = keyOf(view);
    if (isNews(view, this.seen(key))) this.#take(key, view);
  }

  /** A Service is gone, as of `resourceVersion`. */
  deleteService(key: ServiceKey, resourceVersion: string): void {
    const seen = this.seen(key);
    if (seen !== undefined && compareVersions(resourceVersion, seen.resourceVersion) >= 0) this.#remove(key);
  }

  /** The answer to a write, or a read after one: counts only for a Service that is still there. */
  answered(view: ServiceView): void {
    const key = keyOf(view);
    const seen = this.seen(key);
    if (seen?.uid !== view.uid || !isNews(view, seen)) return;
    if (view.type === 'LoadBalancer') this.#take(key, view);
    else this.#remove(key);
  }

  /** The pools as they are now: everybody is looked at again. */
  setConfig(config: Config): void {
    this.#config = config;
    this.#hasConfig = true;
    this.#pending.clear();
    for (const state of this.#ledger.all()) this.#queue.add(state);
  }

  /** The next Service in turn: O(log n) and the cost of its decision. Undefined when all are done. */
  next(): ServiceDecision | undefined {
    if (!this.isReady) return undefined;
    for (let turn = this.#queue.next(); turn !== undefined; turn = this.#queue.next()) {
      const { key } = turn.state;
      const state = this.#ledger.get(key);
      // One write at a time for each Service: `settle` brings it back.
      if (state === undefined || this.#writing.has(key)) continue;
      const decision = decide(state, this.#context());
      if (!turn.isPostponed && isOnlyBookkeeping(state, decision)) {
        this.#queue.postpone(state);
        continue;
      }
      this.#trackPending(state, decision);
      return { state, decision };
    }
    return undefined;
  }

  /** The Service as it was last seen in the API, without what is being written; undefined for one that is not there. */
  seen(key: ServiceKey): ServiceView | undefined {
    const state = this.#ledger.get(key);
    const write = this.#writing.get(key);
    return state !== undefined && state === write?.assumed ? write.basis : state?.view;
  }

  seenVersion(key: ServiceKey): string | undefined {
    return this.seen(key)?.resourceVersion;
  }

  /** What would be decided now; for whoever wants to know. */
  explain(key: ServiceKey): ServiceDecision | undefined {
    const state = this.#ledger.get(key);
    return state && { state, decision: decide(state, this.#context()) };
  }

  /** A write begins: what it gives counts as given from now on, and what it gives back not before it has ended. */
  assume(state: ServiceState, change: ServicePatch): void {
    const { view, key } = state;
    const assumed = assumedState(state, this.#stateOf(key, applyPatch(view, change)));
    this.#writing.set(key, { basis: view, assumed });
    this.#enter(assumed);
  }

  /** The write has ended, whatever came of it: what the API shows is what counts, and it is looked at again. */
  settle(key: ServiceKey): void {
    const write = this.#writing.get(key);
    this.#writing.delete(key);
    let state = this.#ledger.get(key);
    if (state === undefined) return;
    if (state === write?.assumed) {
      state = this.#stateOf(state.key, write.basis);
      this.#enter(state);
    }
    this.#queue.add(state);
    for (const address of state.usedIPs) this.#claimTracker.recheck(address);
  }

  /** Puts a Service in the queue again, for a caller that held its change back. */
  requeue(key: ServiceKey): void {
    const state = this.#ledger.get(key);
    if (state !== undefined) this.#queue.add(state);
  }

  #context() {
    return { ledger: this.#ledger, config: this.#config, controller: this.#options.controller };
  }

  #stateOf(key: ServiceKey, view: ServiceView): ServiceState {
    return withReservations(
      stateOf(view, this.#options, key),
      this.#claimTracker.claims.reservedFor(key, view),
    );
  }

  /** What the API shows of a Service from now on. */
  #take(key: ServiceKey, view: ServiceView): void {
    this.#claimTracker.pruneFor(key, view);
    const state = this.#stateOf(key, view);
    // The version moved on, so a write that was decided on an older one can only be refused.
    this.#enter(state);
    this.#queue.add(state);
  }

  /** What is pledged to a Service has changed. A write under way has reserved it already; `settle` counts anew. */
  #reservationsChanged(key: ServiceKey): void {
    const before = this.#ledger.get(key);
    if (before === undefined || this.#writing.has(key)) return;
    const state = this.#stateOf(before.key, before.view);
    this.#enter(state);
    this.#queue.add(state);
  }

  /** Somebody else claimed the address in the API, or claims it no longer. */
  #claimOwnerChanged(address: Address, owner: ClaimOwner | undefined): void {
    this.#ledger.setClaimOwner(address, owner);
    for (const state of this.#ledger.servicesAt(address)) this.#queue.add(state);
    if (owner !== undefined) return;
    for (const head of this.#pending.firstOfEach(address, this.#config, true)) this.requeue(head);
  }

  #remove(key: ServiceKey): void {
    const state = this.#ledger.get(key);
    this.#claimTracker.pruneFor(key, undefined);
    if (state === undefined) return;
    this.#queue.delete(state);
    const next = this.#pending.remove(key);
    this.#ledger.delete(key);
    this.#wake(state, undefined);
    // It may have been its line's turn.
    if (next !== undefined) this.requeue(next);
  }

  /** Puts a state into the ledger, and wakes those whom the difference can concern. */
  #enter(state: ServiceState): void {
    const before = this.#ledger.put(state);
    if (before !== undefined && compareAge(before.view, state.view) !== 0) {
      this.#queue.delete(before);
    }
    this.#wake(before, state);
  }

  /**
   * A Service changed from one state to another. Looked at again are those who show an address of either and whom the
   * difference can concern, and the first of those who wait for one: all kinds of them where it became free, else those
   * who would share it.
   */
  #wake(before: ServiceState | undefined, after: ServiceState | undefined): void {
    const shown = after?.usedIPs ?? [];
    for (const address of shown) this.#wakeAt(address, before, after, false);
    for (const address of before?.usedIPs ?? []) {
      if (!shown.some((one) => sameAddress(one, address))) this.#wakeAt(address, before, after, true);
    }
  }

  #wakeAt(
    address: Address,
    before: ServiceState | undefined,
    after: ServiceState | undefined,
    isFreed: boolean,
  ): void {
    const key = (after ?? before)?.key;
    this.#claimTracker.recheck(address);
    for (const other of this.#ledger.servicesAt(address)) {
      if (other.key === key || this.#writing.has(other.key)) continue;
      if (this.#concerns(other, address, before) || this.#concerns(other, address, after))
        this.#queue.add(other);
    }
    for (const head of this.#pending.firstOfEach(address, this.#config, isFreed)) this.requeue(head);
  }

  /** Whoever has the address in its own right is concerned only by one that it may not share it with. */
  #concerns(other: ServiceState, address: Address, one: ServiceState | undefined): boolean {
    if (one === undefined) return false;
    return !hasAllocationOf(other, address) || sharingConflict(other, one, this.#config) !== undefined;
  }

  /** Enters the Service among those who wait, or takes it off; the next with the same needs may then try. */
  #trackPending(state: ServiceState, decision: Decision): void {
    const next = isPending(decision)
      ? this.#pending.add(state, decision, wantsToShare(state, this.#config))
      : this.#pending.remove(state.key);
    if (next !== undefined) this.requeue(next);
  }
}

/**
 * The Service is announced as it stands, and only our marks on it are missing; or there is nothing but a dispute to tell
 * of, which may be settled when the others have had their turn.
 */
function isOnlyBookkeeping({ view }: ServiceState, decision: Decision): boolean {
  if (decision.kind === 'keep') return decision.conditions.some(isConflictCondition);
  if (decision.kind !== 'write') return false;
  return (
    decision.cause === 'adopt' ||
    decision.cause === 'update' ||
    (decision.cause === 'mark-static' && view.labeled)
  );
}

/** Another Service of that name is news, and a newer state of the one that was seen. */
function isNews(view: ServiceView, seen: ServiceView | undefined): boolean {
  return seen?.uid !== view.uid || compareVersions(view.resourceVersion, seen.resourceVersion) > 0;
}

function isSameState(one: ServiceView, other: ServiceView): boolean {
  return one.uid === other.uid && one.resourceVersion === other.resourceVersion;
}
