import { noPools, type Pools } from '../config/config.ts';
import { type Address, sameAddress } from '../ip/address.ts';
import type { Owner } from '../ledger/claim.ts';
import { Registry } from '../ledger/claim-tracker.ts';
import { Ledger } from '../ledger/ledger.ts';
import { isMarked, type Standing, standingOf, underWay, withPledges } from '../ledger/service-state.ts';
import { obstacle } from '../ledger/sharing.ts';
import type { Options } from '../model/options.ts';
import { type Change, project } from '../model/service-patch.ts';
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
import { type Decision, isDispute, isWaiting } from './decision.ts';
import { WaitingList } from './pending-services.ts';
import { Turns } from './work-queue.ts';

/** A Service and what is to be done about it now. */
export interface Verdict {
  readonly standing: Standing;
  readonly decision: Decision;
}

/** A write under way. */
interface Write {
  /** What it was decided on. */
  readonly basis: ServiceView;
  /** What counts as long as nothing newer is seen. */
  readonly assumed: Standing;
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
  #pools: Pools = noPools;
  #hasServices = false;
  #hasPools = false;
  readonly #registry: Registry;
  /** The newest version that a list or a watch has told of. */
  #told = '';
  readonly #writing = new Map<ServiceKey, Write>();
  readonly #turns = new Turns();
  readonly #waiting = new WaitingList();

  constructor(options: Options) {
    this.#options = options;
    this.#registry = new Registry(options, {
      ledger: this.#ledger,
      seen: (key) => this.seen(key),
      isTold: (version) => this.#hasServices && compareVersions(this.#told, version) >= 0,
      isWriting: (key) => this.#writing.has(key),
      repledged: (key) => this.#repledged(key),
      reowned: (address, owner) => this.#reowned(address, owner),
    });
  }

  /** Whether all first lists are in: before, nothing is decided (spec section 5). */
  get isReady(): boolean {
    return this.#hasServices && this.#hasPools && this.#registry.isComplete;
  }

  /** Whether nobody is left to decide on, and no write is under way. */
  get isIdle(): boolean {
    return this.isReady && this.#turns.size === 0 && this.#writing.size === 0;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  get pools(): Pools {
    return this.#pools;
  }

  /** The claims in the API; where there are to be none it knows none. */
  get registry(): Registry {
    return this.#registry;
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
    const isRestored = compareVersions(resourceVersion, this.#told) < 0;
    this.#told = resourceVersion;
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
    this.#registry.prune();
  }

  /** Lists and watches have told everything up to this version. */
  observed(resourceVersion: string): void {
    if (compareVersions(resourceVersion, this.#told) <= 0) return;
    this.#told = resourceVersion;
    this.#registry.prune();
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
  setPools(pools: Pools): void {
    this.#pools = pools;
    this.#hasPools = true;
    this.#waiting.clear();
    for (const standing of this.#ledger.all()) this.#turns.add(standing);
  }

  /** The next Service in turn: O(log n) and the cost of its decision. Undefined when all are done. */
  next(): Verdict | undefined {
    if (!this.isReady) return undefined;
    for (let turn = this.#turns.take(); turn !== undefined; turn = this.#turns.take()) {
      const { key } = turn.standing;
      const standing = this.#ledger.get(key);
      // One write at a time for each Service: `settle` brings it back.
      if (standing === undefined || this.#writing.has(key)) continue;
      const decision = decide(standing, this.#world());
      if (!turn.isLast && isOnlyNotes(standing, decision)) {
        this.#turns.putOff(standing);
        continue;
      }
      this.#enlist(standing, decision);
      return { standing, decision };
    }
    return undefined;
  }

  /** The Service as it was last seen in the API, without what is being written; undefined for one that is not there. */
  seen(key: ServiceKey): ServiceView | undefined {
    const standing = this.#ledger.get(key);
    const write = this.#writing.get(key);
    return standing !== undefined && standing === write?.assumed ? write.basis : standing?.view;
  }

  seenVersion(key: ServiceKey): string | undefined {
    return this.seen(key)?.resourceVersion;
  }

  /** What would be decided now; for whoever wants to know. */
  explain(key: ServiceKey): Verdict | undefined {
    const standing = this.#ledger.get(key);
    return standing && { standing, decision: decide(standing, this.#world()) };
  }

  /** A write begins: what it gives counts as given from now on, and what it gives back not before it has ended. */
  assume(standing: Standing, change: Change): void {
    const { view, key } = standing;
    const assumed = underWay(standing, this.#standingOf(key, project(view, change)));
    this.#writing.set(key, { basis: view, assumed });
    this.#enter(assumed);
  }

  /** The write has ended, whatever came of it: what the API shows is what counts, and it is looked at again. */
  settle(key: ServiceKey): void {
    const write = this.#writing.get(key);
    this.#writing.delete(key);
    let standing = this.#ledger.get(key);
    if (standing === undefined) return;
    if (standing === write?.assumed) {
      standing = this.#standingOf(standing.key, write.basis);
      this.#enter(standing);
    }
    this.#turns.add(standing);
    for (const address of standing.shows) this.#registry.look(address);
  }

  /** Puts a Service in the queue again, for a caller that held its change back. */
  revisit(key: ServiceKey): void {
    const standing = this.#ledger.get(key);
    if (standing !== undefined) this.#turns.add(standing);
  }

  #world() {
    return { ledger: this.#ledger, pools: this.#pools, controller: this.#options.controller };
  }

  #standingOf(key: ServiceKey, view: ServiceView): Standing {
    return withPledges(standingOf(view, this.#options, key), this.#registry.claims.pledgedTo(key, view));
  }

  /** What the API shows of a Service from now on. */
  #take(key: ServiceKey, view: ServiceView): void {
    this.#registry.pruneFor(key, view);
    const standing = this.#standingOf(key, view);
    // The version moved on, so a write that was decided on an older one can only be refused.
    this.#enter(standing);
    this.#turns.add(standing);
  }

  /** What is pledged to a Service has changed. A write under way has reserved it already; `settle` counts anew. */
  #repledged(key: ServiceKey): void {
    const before = this.#ledger.get(key);
    if (before === undefined || this.#writing.has(key)) return;
    const standing = this.#standingOf(before.key, before.view);
    this.#enter(standing);
    this.#turns.add(standing);
  }

  /** Somebody else claimed the address in the API, or claims it no longer. */
  #reowned(address: Address, owner: Owner | undefined): void {
    this.#ledger.own(address, owner);
    for (const standing of this.#ledger.showing(address)) this.#turns.add(standing);
    if (owner !== undefined) return;
    for (const head of this.#waiting.heads(address, this.#pools, true)) this.revisit(head);
  }

  #remove(key: ServiceKey): void {
    const standing = this.#ledger.get(key);
    this.#registry.pruneFor(key, undefined);
    if (standing === undefined) return;
    this.#turns.delete(standing);
    const next = this.#waiting.leave(key);
    this.#ledger.delete(key);
    this.#stir(standing, undefined);
    // It may have been its line's turn.
    if (next !== undefined) this.revisit(next);
  }

  /** Puts a state into the ledger, and wakes those whom the difference can concern. */
  #enter(standing: Standing): void {
    const before = this.#ledger.put(standing);
    if (before !== undefined && compareAge(before.view, standing.view) !== 0) {
      this.#turns.delete(before);
    }
    this.#stir(before, standing);
  }

  /**
   * A Service changed from one state to another. Looked at again are those who show an address of either and whom the
   * difference can concern, and the first of those who wait for one: all kinds of them where it became free, else those
   * who would share it.
   */
  #stir(before: Standing | undefined, after: Standing | undefined): void {
    const shown = after?.shows ?? [];
    for (const address of shown) this.#stirAt(address, before, after, false);
    for (const address of before?.shows ?? []) {
      if (!shown.some((one) => sameAddress(one, address))) this.#stirAt(address, before, after, true);
    }
  }

  #stirAt(
    address: Address,
    before: Standing | undefined,
    after: Standing | undefined,
    isFreed: boolean,
  ): void {
    const key = (after ?? before)?.key;
    this.#registry.look(address);
    for (const other of this.#ledger.showing(address)) {
      if (other.key === key || this.#writing.has(other.key)) continue;
      if (this.#concerns(other, address, before) || this.#concerns(other, address, after))
        this.#turns.add(other);
    }
    for (const head of this.#waiting.heads(address, this.#pools, isFreed)) this.revisit(head);
  }

  /** Whoever has the address in its own right is concerned only by one that it may not share it with. */
  #concerns(other: Standing, address: Address, one: Standing | undefined): boolean {
    if (one === undefined) return false;
    return !isMarked(other, address) || obstacle(other, one, this.#pools) !== undefined;
  }

  /** Enters the Service among those who wait, or takes it off; the next with the same needs may then try. */
  #enlist(standing: Standing, decision: Decision): void {
    const next = isWaiting(decision)
      ? this.#waiting.enter(standing, decision, wantsToShare(standing, this.#pools))
      : this.#waiting.leave(standing.key);
    if (next !== undefined) this.revisit(next);
  }
}

/**
 * The Service is announced as it stands, and only our marks on it are missing; or there is nothing but a dispute to tell
 * of, which may be settled when the others have had their turn.
 */
function isOnlyNotes({ view }: Standing, decision: Decision): boolean {
  if (decision.kind === 'keep') return decision.notes.some(isDispute);
  if (decision.kind !== 'write') return false;
  return (
    decision.cause === 'adopt' ||
    decision.cause === 'update' ||
    (decision.cause === 'mark-static' && view.labelled)
  );
}

/** Another Service of that name is news, and a newer state of the one that was seen. */
function isNews(view: ServiceView, seen: ServiceView | undefined): boolean {
  return seen?.uid !== view.uid || compareVersions(view.resourceVersion, seen.resourceVersion) > 0;
}

function isSameState(one: ServiceView, other: ServiceView): boolean {
  return one.uid === other.uid && one.resourceVersion === other.resourceVersion;
}
