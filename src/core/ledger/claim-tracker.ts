import { type Address, formatAddress, sameAddress } from '../ip/address.ts';
import { addressesOf } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { compareVersions, isUndone, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import type { Claim, ClaimOwner, Reservation } from './claim.ts';
import { ClaimStore } from './claim-store.ts';
import type { Ledger } from './ledger.ts';
import { hasAllocationOf, isLease, type ServiceState } from './service-state.ts';

/** What is to be done about a claim while nobody waits for it. */
export type ClaimRepair =
  | { readonly kind: 'claim'; readonly address: Address }
  | { readonly kind: 'drop'; readonly claim: Claim };

/** What the registry asks of the world of Services, and tells it. */
export interface ClaimTrackerContext {
  readonly ledger: Ledger;
  readonly seen: (key: ServiceKey) => ServiceView | undefined;
  /** Whether everything up to this version is known of Services. */
  readonly isKnownUpTo: (version: string) => boolean;
  readonly isWriting: (key: ServiceKey) => boolean;
  /** What is pledged to a Service has changed. */
  readonly reservationsChanged: (key: ServiceKey) => void;
  /** Somebody else claims the address, or nobody else any more. */
  readonly claimOwnerChanged: (address: Address, owner: ClaimOwner | undefined) => void;
}

/**
 * The claims in the API, held against the Services: which pledges may still bind, which claims are missing, which are of no
 * use any more.
 *
 * Invariant: an address whose claim is missing or useless is in `#unsettled`, or a Service that shows it is being written.
 */
export class ClaimTracker {
  readonly claims = new ClaimStore();
  readonly #isOn: boolean;
  readonly #context: ClaimTrackerContext;
  #isListed = false;
  /** The newest version that a list or a watch has told of. */
  #knownVersion = '';
  readonly #unsettled = new Map<string, Address>();

  constructor({ claims }: Options, around: ClaimTrackerContext) {
    this.#isOn = claims;
    this.#context = around;
  }

  /** Whether the first list is in, if there is to be one. */
  get isComplete(): boolean {
    return this.#isListed || !this.#isOn;
  }

  /** All claims at once, as a consistent list of `resourceVersion` gives them; an older list is right after a restore. */
  replace(claims: readonly Claim[], resourceVersion: string): void {
    const listed = new Set(claims.map(({ address }) => formatAddress(address)));
    const isRestored = compareVersions(resourceVersion, this.#knownVersion) < 0;
    for (const { address } of [...this.claims.all()])
      if (isRestored || !listed.has(formatAddress(address))) this.#drop(address);
    this.#knownVersion = resourceVersion;
    for (const claim of claims) {
      const known = this.claims.get(claim.address);
      if (known !== undefined && isUndone(known.resourceVersion, claim.resourceVersion, resourceVersion))
        this.#drop(claim.address);
      this.put(claim);
    }
    this.#isListed = true;
  }

  /** Lists and watches have told everything of claims up to this version. */
  observed(resourceVersion: string): void {
    if (compareVersions(resourceVersion, this.#knownVersion) > 0) this.#knownVersion = resourceVersion;
  }

  /** A claim's state. One that is older than what is known changes nothing. */
  put(claim: Claim): void {
    const { address } = claim;
    const known = this.claims.get(address);
    if (known !== undefined && compareVersions(claim.resourceVersion, known.resourceVersion) <= 0) return;
    const reservations = claim.reservations.filter(
      (reservation) => !this.#isOver(reservation, this.#context.seen(reservation.service)),
    );
    this.claims.put({ ...claim, reservations });
    this.#settle(address, claim.owner, [...(known?.reservations ?? []), ...reservations]);
  }

  /** A claim is gone, as of `resourceVersion`. */
  delete(address: Address, resourceVersion: string): void {
    const known = this.claims.get(address);
    if (known !== undefined && compareVersions(resourceVersion, known.resourceVersion) >= 0)
      this.#drop(address);
  }

  /** Forgets pledges to a Service that moved on to what is seen now, or is gone: O(pledges to it). */
  pruneFor(key: ServiceKey, seen: ServiceView | undefined): void {
    for (const address of this.claims.prune(key, (reservation) => this.#isOver(reservation, seen)))
      this.recheck(address);
  }

  /** The same for all to whom something is pledged: those whose writes are under way. */
  prune(): void {
    for (const key of this.claims.reservedServices()) this.pruneFor(key, this.#context.seen(key));
  }

  /** Who shows the address may have changed: its claim is to be looked at, if it has or needs one. */
  recheck(address: Address): void {
    if (!this.#isOn) return;
    const text = formatAddress(address);
    const isOfUse =
      this.claims.get(address) !== undefined || this.#context.ledger.servicesAt(address).length > 0;
    // A standby repairs nothing: what it has seen come and go must not pile up.
    if (isOfUse) this.#unsettled.set(text, address);
    else this.#unsettled.delete(text);
  }

  /** The next claim that is missing or of no use. What a write under way needs is that write's affair. */
  next(): ClaimRepair | undefined {
    const { ledger, isWriting } = this.#context;
    for (const [text, address] of this.#unsettled) {
      this.#unsettled.delete(text);
      const claim = this.claims.get(address);
      if (claim?.owner !== undefined) continue;
      const showing = ledger.servicesAt(address);
      if (showing.some(({ key }) => isWriting(key))) continue;
      // Pledged to somebody who has not been seen yet.
      if (claim?.reservations.some(({ service }) => this.#context.seen(service) === undefined)) continue;
      const isHeld = showing.some((state) => isHolder(state, address));
      if (isHeld && claim === undefined) return { kind: 'claim', address };
      if (!isHeld && claim !== undefined) return { kind: 'drop', claim };
    }
    return undefined;
  }

  /** Whether no write that was pledged can arrive any more: the Service has moved on, or is gone. */
  #isOver({ version }: Reservation, seen: ServiceView | undefined): boolean {
    return seen === undefined
      ? this.#context.isKnownUpTo(version)
      : compareVersions(version, seen.resourceVersion) < 0;
  }

  #drop(address: Address): void {
    const reservations = this.claims.get(address)?.reservations ?? [];
    this.claims.delete(address);
    this.#settle(address, undefined, reservations);
  }

  #settle(address: Address, owner: ClaimOwner | undefined, reservations: readonly Reservation[]): void {
    const before = this.#context.ledger.claimOwner(address);
    const isSame = before?.parent === owner?.parent && before?.managedBy === owner?.managedBy;
    if (!isSame) this.#context.claimOwnerChanged(address, owner);
    for (const key of new Set(reservations.map(({ service }) => service)))
      this.#context.reservationsChanged(key);
    this.recheck(address);
  }
}

/** Whether one of ours has the address, so that it is to be claimed. A lease is DHCP's, not the API's. */
function isHolder(state: ServiceState, address: Address): boolean {
  const { ignoreReason, requestedIPs, intent, reserved } = state;
  // Whatever the Service says: the write that was promised may still arrive.
  if (reserved.some((one) => sameAddress(one.address, address))) return true;
  if (ignoreReason !== undefined || !hasAllocationOf(state, address)) return false;
  if (!requestedIPs.some((one) => sameAddress(one, address))) return false;
  const isListed = 'list' in intent && addressesOf(intent.list).some((one) => sameAddress(one, address));
  return isListed || !isLease(state, address);
}
