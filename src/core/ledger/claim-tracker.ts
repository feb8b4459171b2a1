import { type Address, formatAddress, sameAddress } from '../ip/address.ts';
import { addressesOf } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { compareVersions, isUndone, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import type { Claim, Owner, Pledge } from './claim.ts';
import { Claims } from './claim-store.ts';
import type { Ledger } from './ledger.ts';
import { isLease, isMarked, type Standing } from './service-state.ts';

/** What is to be done about a claim while nobody waits for it. */
export type Repair =
  | { readonly kind: 'claim'; readonly address: Address }
  | { readonly kind: 'drop'; readonly claim: Claim };

/** What the registry asks of the world of Services, and tells it. */
export interface Surroundings {
  readonly ledger: Ledger;
  readonly seen: (key: ServiceKey) => ServiceView | undefined;
  /** Whether everything up to this version is known of Services. */
  readonly isTold: (version: string) => boolean;
  readonly isWriting: (key: ServiceKey) => boolean;
  /** What is pledged to a Service has changed. */
  readonly repledged: (key: ServiceKey) => void;
  /** Somebody else claims the address, or nobody else any more. */
  readonly reowned: (address: Address, owner: Owner | undefined) => void;
}

/**
 * The claims in the API, held against the Services: which pledges may still bind, which claims are missing, which are of no
 * use any more.
 *
 * Invariant: an address whose claim is missing or useless is in `#unsettled`, or a Service that shows it is being written.
 */
export class Registry {
  readonly claims = new Claims();
  readonly #isOn: boolean;
  readonly #around: Surroundings;
  #isListed = false;
  /** The newest version that a list or a watch has told of. */
  #told = '';
  readonly #unsettled = new Map<string, Address>();

  constructor({ claims }: Options, around: Surroundings) {
    this.#isOn = claims;
    this.#around = around;
  }

  /** Whether the first list is in, if there is to be one. */
  get isComplete(): boolean {
    return this.#isListed || !this.#isOn;
  }

  /** All claims at once, as a consistent list of `resourceVersion` gives them; an older list is right after a restore. */
  replace(claims: readonly Claim[], resourceVersion: string): void {
    const listed = new Set(claims.map(({ address }) => formatAddress(address)));
    const isRestored = compareVersions(resourceVersion, this.#told) < 0;
    for (const { address } of [...this.claims.all()])
      if (isRestored || !listed.has(formatAddress(address))) this.#drop(address);
    this.#told = resourceVersion;
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
    if (compareVersions(resourceVersion, this.#told) > 0) this.#told = resourceVersion;
  }

  /** A claim's state. One that is older than what is known changes nothing. */
  put(claim: Claim): void {
    const { address } = claim;
    const known = this.claims.get(address);
    if (known !== undefined && compareVersions(claim.resourceVersion, known.resourceVersion) <= 0) return;
    const pledges = claim.pledges.filter(
      (pledge) => !this.#isOver(pledge, this.#around.seen(pledge.service)),
    );
    this.claims.put({ ...claim, pledges });
    this.#settle(address, claim.owner, [...(known?.pledges ?? []), ...pledges]);
  }

  /** A claim is gone, as of `resourceVersion`. */
  delete(address: Address, resourceVersion: string): void {
    const known = this.claims.get(address);
    if (known !== undefined && compareVersions(resourceVersion, known.resourceVersion) >= 0)
      this.#drop(address);
  }

  /** Forgets pledges to a Service that moved on to what is seen now, or is gone: O(pledges to it). */
  pruneFor(key: ServiceKey, seen: ServiceView | undefined): void {
    for (const address of this.claims.prune(key, (pledge) => this.#isOver(pledge, seen))) this.look(address);
  }

  /** The same for all to whom something is pledged: those whose writes are under way. */
  prune(): void {
    for (const key of this.claims.heirs()) this.pruneFor(key, this.#around.seen(key));
  }

  /** Who shows the address may have changed: its claim is to be looked at, if it has or needs one. */
  look(address: Address): void {
    if (!this.#isOn) return;
    const text = formatAddress(address);
    const isOfUse = this.claims.get(address) !== undefined || this.#around.ledger.showing(address).length > 0;
    // A standby repairs nothing: what it has seen come and go must not pile up.
    if (isOfUse) this.#unsettled.set(text, address);
    else this.#unsettled.delete(text);
  }

  /** The next claim that is missing or of no use. What a write under way needs is that write's affair. */
  next(): Repair | undefined {
    const { ledger, isWriting } = this.#around;
    for (const [text, address] of this.#unsettled) {
      this.#unsettled.delete(text);
      const claim = this.claims.get(address);
      if (claim?.owner !== undefined) continue;
      const showing = ledger.showing(address);
      if (showing.some(({ key }) => isWriting(key))) continue;
      // Pledged to somebody who has not been seen yet.
      if (claim?.pledges.some(({ service }) => this.#around.seen(service) === undefined)) continue;
      const isHeld = showing.some((standing) => isHolder(standing, address));
      if (isHeld && claim === undefined) return { kind: 'claim', address };
      if (!isHeld && claim !== undefined) return { kind: 'drop', claim };
    }
    return undefined;
  }

  /** Whether no write that was pledged can arrive any more: the Service has moved on, or is gone. */
  #isOver({ version }: Pledge, seen: ServiceView | undefined): boolean {
    return seen === undefined
      ? this.#around.isTold(version)
      : compareVersions(version, seen.resourceVersion) < 0;
  }

  #drop(address: Address): void {
    const pledges = this.claims.get(address)?.pledges ?? [];
    this.claims.delete(address);
    this.#settle(address, undefined, pledges);
  }

  #settle(address: Address, owner: Owner | undefined, pledges: readonly Pledge[]): void {
    const before = this.#around.ledger.owner(address);
    const isSame = before?.parent === owner?.parent && before?.managedBy === owner?.managedBy;
    if (!isSame) this.#around.reowned(address, owner);
    for (const key of new Set(pledges.map(({ service }) => service))) this.#around.repledged(key);
    this.look(address);
  }
}

/** Whether one of ours has the address, so that it is to be claimed. A lease is DHCP's, not the API's. */
function isHolder(standing: Standing, address: Address): boolean {
  const { notOurs, asks, intent, pledged } = standing;
  // Whatever the Service says: the write that was promised may still arrive.
  if (pledged.some((one) => sameAddress(one.address, address))) return true;
  if (notOurs !== undefined || !isMarked(standing, address)) return false;
  if (!asks.some((one) => sameAddress(one, address))) return false;
  const isListed = 'list' in intent && addressesOf(intent.list).some((one) => sameAddress(one, address));
  return isListed || !isLease(standing, address);
}
