import { ClaimTracker } from '../claims/claim-tracker.ts';
import { type Config, emptyConfig } from '../config/config.ts';
import { isInPool, poolsOf, reservedIn } from '../config/policy.ts';
import { memoryOf } from '../config/settings.ts';
import type { Address } from '../ip/address.ts';
import type { AddressMap } from '../ip/address-map.ts';
import { RecurringMap } from '../ip/recurring-map.ts';
import { ExternalIPTracker, readExternalIPs } from '../ledger/external-ips.ts';
import { givesBack, heldBy } from '../ledger/held-addresses.ts';
import { Ledger } from '../ledger/ledger.ts';
import {
  assumedState,
  freedBy,
  hasStatusOnly,
  isLease,
  isTraceOf,
  originOf,
  type ServiceState,
  stateOf,
  withReservations,
} from '../ledger/service-state.ts';
import type { AllocationRecord } from '../model/allocation-record.ts';
import { defaultMaxFormerHolders, type Options } from '../model/options.ts';
import { applyPatch, type ServicePatch } from '../model/service-patch.ts';
import { compareAge, keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { type StoreChange, VersionedStore } from '../model/versioned-store.ts';
import { isSameVersion } from '../queue/back-off.ts';
import type { WorkItem } from '../queue/work-queue.ts';
import { ChangedAddresses } from './changed-addresses.ts';
import { type Decided, decide } from './decide.ts';
import { type Decision, isConflictCondition } from './decision.ts';
import type { Facts, Subject } from './facts.ts';
import { PendingServices } from './pending-services.ts';
import { createServiceQueue } from './service-queue.ts';
import { waitingFor } from './wake-conditions.ts';

/** A Service, what to do about it, and how that was decided. */
export interface ServiceDecision extends Decided {
  readonly state: ServiceState;
}

/** A decision to carry out. The Service is not decided again before the work on it has ended. */
export interface ServiceWork extends ServiceDecision {
  readonly work: WorkItem<ServiceState>;
}

/** A change that lists and watches report. */
interface Observed {
  /** What the Service was in the API until then. */
  readonly had: ServiceState | undefined;
}

/** A write in flight. */
interface Write {
  /** The state on which the write was decided. */
  readonly basis: ServiceView;
  /** The state that applies until a newer one is seen. */
  readonly assumed: ServiceState;
  /** The configuration with which it was decided. */
  readonly config: Config;
}

/**
 * Keeps the known Services and pools, and decides on one Service at a time. It is level-triggered: it remembers which
 * Services to decide again, never what happened. The caller passes states in and takes work out. A write lasts from `assume` until
 * the work on its Service ends.
 *
 * Invariant: the decision on a Service that is neither queued nor processed is up to date, or the Service is in `#pending`
 * behind one with the same needs whose decision is. The ledger has every Service as it was last seen in the API,
 * or, while the API still shows the basis of its write in flight, as that write assumes it.
 */
export class Allocator {
  readonly #options: Options;
  readonly #services = new VersionedStore<ServiceKey, ServiceView>({
    items: { get: (key) => this.seen(key), values: () => this.#allSeen() },
    keyOf,
    change: (change) => this.#changed(change),
  });
  readonly ledger = new Ledger();
  #config: Config = emptyConfig;
  #nodes: AddressMap<string> | undefined;
  #hasServices = false;
  #hasConfig = false;
  /** The claims in the API; empty if claims are disabled. */
  readonly claimTracker: ClaimTracker;
  /** The external IPs of Services that are not of type LoadBalancer. */
  readonly externalIPs = new ExternalIPTracker({
    reservations: this.ledger.reservations,
    changed: (address) => this.#othersReservationChanged(address),
    isKnownUpTo: (version) => this.#services.isKnownUpTo(version),
  });
  readonly #writing = new RecurringMap<ServiceKey, Write>();
  /**
   * The allocation records that were removed from Services, until they are restored or no longer apply. They say what a Service
   * had, and set no address aside: another Service can have it by now.
   */
  readonly #removedRecords = new Map<ServiceKey, AllocationRecord>();
  readonly #changedAddresses = new ChangedAddresses(this.ledger);
  readonly #queue = createServiceQueue((key) => this.#ended(key));
  readonly #pending = new PendingServices();

  readonly #wallTime: () => number;

  /** `wallTime` is in milliseconds since 1970. */
  constructor(options: Options, wallTime: () => number) {
    this.#options = options;
    this.#wallTime = wallTime;
    this.ledger.former.limit = options.maxFormerHolders ?? defaultMaxFormerHolders;
    this.claimTracker = new ClaimTracker(options, {
      ledger: this.ledger,
      seen: (key) => this.seen(key),
      isKnownUpTo: (version) => this.#hasServices && this.#services.isKnownUpTo(version),
      isWriting: (key) => this.#writing.has(key),
      reservationsChanged: (key) => this.#reservationsChanged(key),
      ownerChanged: (address) => this.#othersReservationChanged(address),
      now: () => this.now,
    });
  }

  /** Whether all initial lists are complete. Nothing is decided before (spec section 5). */
  get isReady(): boolean {
    return this.#hasServices && this.#hasConfig && this.claimTracker.isComplete;
  }

  /** Whether no Service is left to decide on, and no write is in flight. */
  get isIdle(): boolean {
    return this.isReady && this.#queue.isIdle && this.#changedAddresses.size === 0;
  }

  /** In milliseconds since 1970. */
  get now(): number {
    return Math.floor(this.#wallTime());
  }

  get config(): Config {
    return this.#config;
  }

  /** The name of the Node that has an address; undefined if the Nodes are not known. */
  get nodes(): AddressMap<string> | undefined {
    return this.#nodes;
  }

  /**
   * Replaces all Services with a consistent list of version `resourceVersion`. Returns whether it shows that etcd was restored from a
   * backup.
   */
  replaceServices(views: readonly ServiceView[], resourceVersion: string): boolean {
    const isRestored = this.#services.replace(views, resourceVersion);
    this.#hasServices = true;
    this.claimTracker.prune();
    this.externalIPs.loadBalancersObserved(isRestored);
    return isRestored;
  }

  /** Lists and watches have reported everything up to this version. */
  observed(resourceVersion: string): void {
    if (!this.#services.observed(resourceVersion)) return;
    this.claimTracker.prune();
    this.externalIPs.loadBalancersObserved(false);
  }

  /** Updates a Service. A state that is older than the known one is ignored. */
  putService(view: ServiceView): void {
    this.#services.put(view);
  }

  /** Removes a Service that is gone as of `resourceVersion`. */
  deleteService(key: ServiceKey, resourceVersion: string): void {
    this.#services.delete(key, resourceVersion);
  }

  /** The response to a write, or a read after one. It is ignored if the Service is gone. */
  answered(view: ServiceView): void {
    const key = keyOf(view);
    if (this.seen(key)?.uid !== view.uid) return;
    if (view.type === 'LoadBalancer') this.#services.put(view);
    else this.#services.gone(key, view.resourceVersion);
  }

  /** Replaces the configuration and queues all Services. */
  setConfig(config: Config): void {
    this.#config = config;
    this.#hasConfig = true;
    this.#pending.clear();
    this.#changedAddresses.clear();
    this.ledger.reservations.replaceConfigured(reservedIn(config));
    // Without a ConfigMap nothing is allocated, and it may come back in a moment.
    if (config.exists) this.ledger.former.setMemory(memoryOf(config.settings));
    this.claimTracker.expire();
    for (const state of this.ledger.all()) this.#queue.add(state);
  }

  /** Replaces the names of the Nodes by address, and queues the Services that could adopt the address in their status. */
  setNodes(nodes: AddressMap<string> | undefined): void {
    this.#nodes = nodes;
    for (const state of this.ledger.all()) if (hasStatusOnly(state)) this.#queue.add(state);
  }

  /**
   * Decides on the next Service in the queue: O(log n) plus the cost of the decision. Undefined if none is ready. `now` is in
   * milliseconds of the caller's clock; only delayed Services depend on it.
   */
  next(now: number): ServiceWork | undefined {
    if (!this.isReady) return undefined;
    if (this.#changedAddresses.size > 0)
      for (const other of this.#changedAddresses.take(this.config))
        if (!this.#writing.has(other.key)) this.#queue.add(other);
    const { facts } = this;
    for (let work = this.#queue.get(now); work !== undefined; work = this.#queue.get(now)) {
      const state = this.ledger.get(work.item.key);
      if (state === undefined) {
        work.done();
        continue;
      }
      const { decision, trace } = decide(state, facts, this.#options.controller);
      if (this.#isQueuedAgain(state, decision, work)) {
        work.leave();
        continue;
      }
      this.#trackPending({ state, policy: trace.policy, facts }, decision);
      return { state, decision, trace, work };
    }
    return undefined;
  }

  /** Whether the decision can wait, or is void, so that the Service was queued again. */
  #isQueuedAgain(state: ServiceState, decision: Decision, { isPostponed }: WorkItem<ServiceState>): boolean {
    if (decision.kind !== 'write' && this.#forgetRecord(state)) return true;
    const canWait = !isPostponed && isOnlyBookkeeping(state, decision);
    if (canWait) this.#queue.postpone(state);
    return canWait;
  }

  /** When a delayed Service is due (`WorkQueue.nextAt`). */
  get nextAt(): number | undefined {
    return this.#queue.nextAt;
  }

  /** Ends all delays of Services. */
  forgetDelays(): void {
    this.#queue.forgetOthers(() => false);
  }

  /** The Service as it was last seen in the API, without writes in flight; undefined if there is none. */
  seen(key: ServiceKey): ServiceView | undefined {
    const state = this.ledger.get(key);
    return state && this.#seenOf(state);
  }

  #seenOf(state: ServiceState): ServiceView {
    const write = this.#writing.get(state.key);
    return state === write?.assumed ? write.basis : state.view;
  }

  *#allSeen(): Generator<ServiceView> {
    for (const state of this.ledger.all()) yield this.#seenOf(state);
  }

  seenVersion(key: ServiceKey): string | undefined {
    return this.seen(key)?.resourceVersion;
  }

  /** What would be decided now. Changes nothing. */
  explain(key: ServiceKey): ServiceDecision | undefined {
    const state = this.ledger.get(key);
    return state && { state, ...decide(state, this.facts, this.#options.controller) };
  }

  /**
   * A write begins: its addresses are in use from now on, and those that it releases stay in use until the work on the Service
   * ends.
   */
  assume({ state }: ServiceWork, patch: ServicePatch): void {
    const { view, key } = state;
    const assumed = assumedState(state, this.#stateOf(key, applyPatch(view, patch)));
    this.#writing.set(key, { basis: view, assumed, config: this.#config });
    this.#enter(assumed);
  }

  /** Whether the configuration has changed since the write of this Service was decided. */
  isReconfigured(key: ServiceKey): boolean {
    const write = this.#writing.get(key);
    return write !== undefined && write.config !== this.#config;
  }

  /** The work on a Service has ended. After a write, with any result, the state in the API applies again, and the Service is queued. */
  #ended(key: ServiceKey): void {
    const write = this.#writing.get(key);
    if (write === undefined) return;
    this.#writing.delete(key);
    let state = this.ledger.get(key);
    if (state === undefined) return;
    if (state === write.assumed) {
      state = this.#stateOf(state.key, write.basis);
      this.#enter(state);
    }
    this.#queue.add(state);
    for (const address of state.usedIPs) this.claimTracker.recheck(address);
  }

  /** Queues a Service again. */
  requeue(key: ServiceKey): void {
    const state = this.ledger.get(key);
    if (state !== undefined) this.#queue.add(state);
  }

  /** What decisions depend on besides the Service itself, at this moment: it is read once for each decision. */
  get facts(): Facts {
    return { ledger: this.ledger, config: this.config, nodes: this.#nodes, now: this.now };
  }

  #stateOf(key: ServiceKey, view: ServiceView): ServiceState {
    return withReservations(
      stateOf(view, this.#options, key, this.#removedRecords.get(key)),
      this.claimTracker.claims.reservedFor(key, view),
    );
  }

  /** Lists and watches show a Service in another state. */
  #changed({ key, before, after, resourceVersion }: StoreChange<ServiceKey, ServiceView>): void {
    const write = this.#writing.get(key);
    if (after === undefined) this.#remove(key, before, resourceVersion);
    // The API server can accept the same PATCH again, so its addresses stay reserved while it is repeated.
    else if (write !== undefined && isSameVersion(write.basis, after)) this.#enter(write.assumed);
    else this.#update(key, before, after);
  }

  #update(key: ServiceKey, before: ServiceView | undefined, view: ServiceView): void {
    this.claimTracker.pruneFor(key, view);
    this.#rememberRecord(key, before, view);
    // The API server rejects a write that was decided on an older version.
    this.#enterAgain(key, view, { had: this.#heldIn(key, before) });
  }

  /** The state without the write in flight, which may not have arrived. Undefined if nothing is remembered. */
  #heldIn(key: ServiceKey, seen: ServiceView | undefined): ServiceState | undefined {
    if (!this.ledger.former.isEnabled) return undefined;
    return seen === undefined || !this.#writing.has(key) ? this.ledger.get(key) : this.#stateOf(key, seen);
  }

  /** Keeps the record that this change removes, as long as the spec has its first address. */
  #rememberRecord(key: ServiceKey, before: ServiceView | undefined, view: ServiceView): void {
    const record = before?.record ?? this.#removedRecords.get(key);
    if (record !== undefined && isTraceOf(record, view)) this.#removedRecords.set(key, record);
    else this.#removedRecords.delete(key);
  }

  /**
   * Ends what is remembered of a Service if no write follows from it: whenever nothing is left to do, the decisions follow from
   * the API's objects alone. Returns whether the Service has to be decided again.
   */
  #forgetRecord({ key, view, intent }: ServiceState): boolean {
    if (intent.kind !== 'annotationRemoved' || intent.removed === undefined) return false;
    this.#removedRecords.delete(key);
    this.#enterAgain(key, view);
    return true;
  }

  /** The reservations for a Service changed. A write in flight has entered them already, and its end reads them again. */
  #reservationsChanged(key: ServiceKey): void {
    const before = this.ledger.get(key);
    if (before !== undefined && !this.#writing.has(key)) this.#enterAgain(key, before.view);
  }

  /** Puts the state that follows from this view into the ledger, and queues it. */
  #enterAgain(key: ServiceKey, view: ServiceView, observed?: Observed): void {
    const state = this.#stateOf(key, view);
    this.#enter(state, observed);
    this.#queue.add(state);
  }

  /** The address is reserved for another owner, or for Services of other types, or no longer. */
  #othersReservationChanged(address: Address): void {
    for (const state of this.ledger.servicesAt(address)) this.#queue.add(state);
    this.#wakeReserved(address);
    if (this.ledger.reservations.blocks(address)) return;
    for (const head of this.#pending.firstOfEach(address, true)) this.requeue(head);
  }

  #remove(key: ServiceKey, seen: ServiceView | undefined, resourceVersion: string): void {
    const state = this.ledger.get(key);
    this.#removedRecords.delete(key);
    const addresses = readExternalIPs(seen?.externalIPs ?? []);
    this.externalIPs.leftLoadBalancers({ key, addresses, resourceVersion });
    this.claimTracker.pruneFor(key, undefined);
    if (state === undefined) return;
    this.#queue.delete(state);
    const next = this.#pending.remove(key);
    this.#change(state, undefined, { had: this.#heldIn(key, seen) });
    // The removed Service may have been queued for its group.
    if (next !== undefined) this.requeue(next);
  }

  /** Puts a state into the ledger and queues the Services that the change can affect. */
  #enter(state: ServiceState, observed?: Observed): void {
    const before = this.ledger.get(state.key);
    if (before !== undefined && compareAge(before.view, state.view) !== 0) this.#queue.delete(before);
    this.#change(before, state, observed);
  }

  /**
   * Changes a Service in the ledger. Other users of the addresses of either state are compared with both before the next
   * decision. The first pending Service of each group that can get such an address is queued.
   */
  #change(before: ServiceState | undefined, after: ServiceState | undefined, observed?: Observed): void {
    const used = after?.usedIPs ?? [];
    const freed = freedBy(before, after);
    const addresses = freed.length === 0 ? used : [...used, ...freed];
    for (const address of addresses) this.#changedAddresses.add(address, before, after, this.config);
    this.ledger.replace(before, after);
    this.#wakeQuota(before, after);
    if (observed !== undefined) this.#rememberHolder(observed, after);
    for (const address of addresses) {
      this.claimTracker.recheck(address);
      const isFreed = freed.includes(address);
      for (const head of this.#pending.firstOfEach(address, isFreed)) this.requeue(head);
      // Requests by name do not keep it from its Service.
      this.#wakeReserved(address, (before ?? after)?.key);
    }
  }

  /** The Service for which the configuration reserves the address, which can be outside of all pools. */
  #wakeReserved(address: Address, changed?: ServiceKey): void {
    const service = this.ledger.reservedFor(address)?.service;
    if (service !== undefined && service !== changed) this.requeue(service);
  }

  /**
   * Remembers who had the addresses that the API no longer shows on the Service and nothing else uses, and forgets those that it
   * shows. What is only written is not in the API yet, and may never be.
   */
  #rememberHolder({ had }: Observed, after: ServiceState | undefined): void {
    const { former } = this.ledger;
    if (!former.isEnabled) return;
    for (const address of after?.usedIPs ?? []) former.forget(address);
    if (had === undefined) return;
    for (const address of heldBy(had)) {
      if (this.ledger.isUsed(address) || !this.#isRemembered(had, address)) continue;
      this.claimTracker.expire();
      const forgotten = former.remember({ address, service: had.key, freedAt: this.now });
      if (forgotten !== undefined) this.claimTracker.recheck(forgotten);
    }
  }

  /** A DHCP server gives its addresses itself, and an address that was requested by name can be outside of all pools. */
  #isRemembered(state: ServiceState, address: Address): boolean {
    if (isLease(state, address)) return false;
    return originOf(state) === 'allocated' || poolsOf(this.config).some((pool) => isInPool(pool, address));
  }

  /** A Service that holds fewer addresses than before leaves room in its quota. */
  #wakeQuota(before: ServiceState | undefined, after: ServiceState | undefined): void {
    if (before === undefined) return;
    for (const head of this.#pending.firstOfQuota(before.view.namespace))
      if (givesBack(before, after)) this.requeue(head);
  }

  /** Adds the Service to the pending ones, or removes it; the next one with the same needs is then queued. */
  #trackPending(subject: Subject, decision: Decision): void {
    const { state } = subject;
    const waiting = waitingFor(subject, decision);
    const next = waiting ? this.#pending.add(state, waiting) : this.#pending.remove(state.key);
    if (next !== undefined) this.requeue(next);
  }
}

/**
 * Whether the decision can wait: kube-vip announces the Service already and only metadata is missing, or there is only a
 * conflict to report, which later decisions may resolve.
 */
function isOnlyBookkeeping({ view }: ServiceState, decision: Decision): boolean {
  if (decision.kind === 'keep') return decision.conditions.some(isConflictCondition);
  if (decision.kind !== 'write') return false;
  return (
    (decision.cause === 'adopt' && decision.fromStatus === undefined) ||
    decision.cause === 'update' ||
    (decision.cause === 'mark-static' && view.labeled)
  );
}
