import { type Address, formatAddress, includesAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import type { FormerHolder } from '../ledger/former-holders.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  hasAllocationOf,
  isLease,
  isReserved,
  requests,
  type ServiceState,
} from '../ledger/service-state.ts';
import { addressesOf } from '../model/address-list.ts';
import { type Claim, type ClaimReservation, sameReservation } from '../model/claim.ts';
import type { Options } from '../model/options.ts';
import type { ServicePatch } from '../model/service-patch.ts';
import { compareVersions, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { VersionedStore } from '../model/versioned-store.ts';
import { type WorkItem, WorkQueue } from '../queue/work-queue.ts';
import { type ClaimRequest, claimRequests } from './claim-requests.ts';
import { ClaimStore } from './claim-store.ts';

/** What to do about a claim outside of a write. */
export type ClaimRepair =
  /** `tombstone` is the object at the address, if there is one. */
  | { readonly kind: 'claim'; readonly address: Address; readonly tombstone: Claim | undefined }
  /** The claim becomes the tombstone of its last holder. */
  | { readonly kind: 'remember'; readonly claim: Claim; readonly last: FormerHolder }
  | { readonly kind: 'drop'; readonly claim: Claim };

export interface ClaimWork {
  readonly repair: ClaimRepair;
  readonly work: WorkItem<Address>;
}

/** What the tracker needs to know about Services, and what it reports. */
export interface ClaimTrackerContext {
  readonly ledger: Ledger;
  readonly seen: (key: ServiceKey) => ServiceView | undefined;
  /** Whether all changes of Services up to this version are known. */
  readonly isKnownUpTo: (version: string) => boolean;
  readonly isWriting: (key: ServiceKey) => boolean;
  /** The reservations for a Service changed. */
  readonly reservationsChanged: (key: ServiceKey) => void;
  /** Another owner claims the address, or no other one does any longer. */
  readonly ownerChanged: (address: Address) => void;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Compares the claims in the API with the Services: which reservations may still be binding, which claims are missing, and
 * which are no longer needed.
 *
 * Invariant: an address whose claim is missing or unneeded is in `#unsettled`, or a Service that uses it is being written.
 */
export class ClaimTracker {
  readonly claims: ClaimStore;
  readonly #isOn: boolean;
  readonly #context: ClaimTrackerContext;
  readonly #store: VersionedStore<Address, Claim>;
  /** The version of the last list; undefined before the first one. */
  #listed: string | undefined;
  readonly #unsettled = new WorkQueue<Address>({ keyOf: formatAddress });

  constructor({ claims }: Options, context: ClaimTrackerContext) {
    this.#isOn = claims;
    this.#context = context;
    this.claims = new ClaimStore(context.ledger.reservations);
    this.#store = new VersionedStore({
      items: this.claims,
      gone: new AddressMap(),
      keyOf: ({ address }) => address,
      change: ({ key, before, after }) => this.#change(key, before, after),
    });
  }

  /** Whether the initial list is complete, or claims are disabled. */
  get isComplete(): boolean {
    return this.#listed !== undefined || !this.#isOn;
  }

  /** The claims that must exist before a change of a Service is written. */
  requestsFor(state: ServiceState, change: ServicePatch): readonly ClaimRequest[] {
    return this.#isOn ? claimRequests(state, change, this.claims, this.#listed ?? '') : [];
  }

  /** Replaces all claims with a consistent list of version `resourceVersion`. */
  replace(claims: readonly Claim[], resourceVersion: string): void {
    this.#store.replace(
      claims.map((claim) => this.#current(claim)),
      resourceVersion,
    );
    this.#listed = resourceVersion;
  }

  /** Lists and watches have reported all claims up to this version. */
  observed(resourceVersion: string): void {
    this.#store.observed(resourceVersion);
  }

  /** Updates a claim. A state that is older than the known one is ignored. */
  put(claim: Claim): void {
    this.#store.put(this.#current(claim));
  }

  /** A watch reports that a claim is gone as of `resourceVersion`. */
  delete(address: Address, resourceVersion: string): void {
    this.#store.delete(address, resourceVersion);
  }

  /** A response says that a claim is gone whose last version was `resourceVersion`. The watch may be behind. */
  gone(address: Address, resourceVersion: string): void {
    this.#store.gone(address, resourceVersion);
  }

  /** Removes the reservations for a Service that has changed since, or is gone: O(reservations for it). */
  pruneFor(key: ServiceKey, seen: ServiceView | undefined): void {
    for (const address of this.claims.prune(key, (reservation) => this.#isOver(reservation, seen)))
      this.recheck(address);
  }

  /**
   * Removes the reservation that a write has added to these claims: the API server certainly did not execute the write. An
   * equal reservation that was there before stays, because the write of a former leader may still arrive.
   */
  withdraw(requests: readonly ClaimRequest[]): void {
    for (const { reservations } of requests) {
      const added = reservations.at(-1);
      if (added === undefined) continue;
      for (const address of this.claims.prune(added.service, (one) => sameReservation(one, added)))
        this.recheck(address);
    }
  }

  /** `pruneFor` for all Services with reservations. */
  prune(): void {
    for (const key of this.#context.ledger.reservations.services('write'))
      this.pruneFor(key, this.#context.seen(key));
  }

  /** The Services that use the address may have changed: its claim is checked, if it has or needs one. */
  recheck(address: Address): void {
    if (!this.#isOn) return;
    const isRelevant =
      this.claims.get(address) !== undefined || this.#context.ledger.isUsedByOthers(address, undefined);
    // A standby replica repairs nothing, so addresses that are no longer used must not accumulate.
    if (isRelevant) this.#unsettled.add(address);
    else this.#unsettled.delete(address);
  }

  /** In how many milliseconds the next tombstone has to be deleted; undefined if there is none. */
  get expiresInMs(): number | undefined {
    const at = this.#context.ledger.former.nextExpiry;
    return at === undefined ? undefined : Math.max(0, at - this.#context.now());
  }

  /** Forgets the addresses that have been free for long enough, so that their claims can be deleted. */
  expire(): void {
    for (const address of this.#context.ledger.former.expire(this.#context.now())) this.recheck(address);
  }

  /** The next claim that is missing or unneeded. */
  next(): ClaimWork | undefined {
    this.expire();
    const postponed: Address[] = [];
    let next: ClaimWork | undefined;
    for (let work = this.#unsettled.get(0); work !== undefined; work = this.#unsettled.get(0)) {
      const repair = this.#repairAt(work.item);
      if (repair !== undefined && !this.#hasToWait(repair)) {
        next = { repair, work };
        break;
      }
      work.done();
      if (repair !== undefined) postponed.push(work.item);
    }
    for (const address of postponed) this.#unsettled.add(address);
    return next;
  }

  /** Whether another tombstone has to be deleted first, because there are as many as are remembered. */
  #hasToWait(repair: ClaimRepair): boolean {
    const isNew = repair.kind === 'remember' && repair.claim.last === undefined;
    return isNew && this.claims.tombstones >= this.#context.ledger.former.limit;
  }

  /** A write in flight handles its own claims. */
  #repairAt(address: Address): ClaimRepair | undefined {
    const { ledger, isWriting } = this.#context;
    const claim = this.claims.get(address);
    if (claim?.owner !== undefined) return undefined;
    const services = ledger.servicesAt(address);
    if (services.some(({ key }) => isWriting(key))) return undefined;
    // Reserved for a Service that has not been seen yet.
    if (claim?.reservations.some(({ service }) => this.#context.seen(service) === undefined))
      return undefined;
    const isHeld = services.some((state) => isHolder(state, address));
    if (isHeld) {
      const isClaimed = claim !== undefined && claim.last === undefined;
      return isClaimed ? undefined : { kind: 'claim', address, tombstone: claim };
    }
    // The tombstone of another controller is kept and deleted by that one.
    if (claim === undefined || claim.last?.isOurs === false) return undefined;
    const last = ledger.former.at(address);
    if (last === undefined) return { kind: 'drop', claim };
    const isRemembered = claim.last?.service === last.service && claim.last.freedAt === last.freedAt;
    return isRemembered ? undefined : { kind: 'remember', claim, last };
  }

  /** Whether the reserved write can no longer arrive: the Service has changed since, or is gone. */
  #isOver({ version }: ClaimReservation, seen: ServiceView | undefined): boolean {
    return seen === undefined
      ? this.#context.isKnownUpTo(version)
      : compareVersions(version, seen.resourceVersion) < 0;
  }

  /** The claim without the reservations that are over. */
  #current(claim: Claim): Claim {
    const reservations = claim.reservations.filter(
      (reservation) => !this.#isOver(reservation, this.#context.seen(reservation.service)),
    );
    return { ...claim, reservations };
  }

  #change(address: Address, before: Claim | undefined, after: Claim | undefined): void {
    const { ownerChanged, reservationsChanged } = this.#context;
    if (after === undefined) this.claims.delete(address);
    else this.claims.set(address, after);
    const isSame =
      before?.owner?.parent === after?.owner?.parent && before?.owner?.managedBy === after?.owner?.managedBy;
    if (!isSame) ownerChanged(address);
    const reservations = [...(before?.reservations ?? []), ...(after?.reservations ?? [])];
    for (const key of new Set(reservations.map(({ service }) => service))) reservationsChanged(key);
    this.#readTombstone(address, before, after);
    this.recheck(address);
  }

  /** What a tombstone says replaces what this replica remembers, so that all replicas remember the same. */
  #readTombstone(address: Address, before: Claim | undefined, after: Claim | undefined): void {
    const { ledger } = this.#context;
    if (after?.last !== undefined && !ledger.isUsed(address)) {
      const { service, freedAt } = after.last;
      const forgotten = ledger.former.remember({ address, service, freedAt });
      if (forgotten !== undefined) this.recheck(forgotten);
    } else if (after === undefined && before?.last !== undefined) ledger.former.forget(address);
  }
}

/** Whether a Service of this controller has the address, so that it must be claimed. Leases from DHCP are not claimed. */
function isHolder(state: ServiceState, address: Address): boolean {
  const { ignoreReason, intent } = state;
  // The reserved write may still arrive.
  if (isReserved(state, address)) return true;
  if (ignoreReason !== undefined || !hasAllocationOf(state, address)) return false;
  if (!requests(state, address)) return false;
  const isListed = 'list' in intent && includesAddress(addressesOf(intent.list), address);
  return isListed || !isLease(state, address);
}
