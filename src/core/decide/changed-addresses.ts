import type { Config } from '../config/config.ts';
import type { Address } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import type { Holding } from '../ledger/address-users.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { hasAllocationOf, releases, requests, type ServiceState } from '../ledger/service-state.ts';
import { sharingConflict, splitsTraffic } from '../ledger/sharing.ts';
import { sharingFacts } from '../ledger/sharing-group.ts';
import { compareAge } from '../model/service-view.ts';
import { maxNamedServices } from './decision.ts';

interface ChangedAddress {
  readonly address: Address;
  /** The holding before the first change. */
  readonly before: Holding;
  /** The states before and after changes that other Services can see; undefined if there are too many to compare. */
  visible: ServiceState[] | undefined;
}

/** With more states than this, all Services on the address are decided again. */
const maxCompared = 8;

/**
 * The addresses on which a Service has changed since the last decision. Their other users are compared once, however many
 * changes there were.
 */
export class ChangedAddresses {
  readonly #ledger: Ledger;
  readonly #addresses = new AddressMap<ChangedAddress>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get size(): number {
    return this.#addresses.size;
  }

  clear(): void {
    this.#addresses.clear();
  }

  /** Call before a Service that uses the address changes in the ledger. */
  add(
    address: Address,
    before: ServiceState | undefined,
    after: ServiceState | undefined,
    config: Config,
  ): void {
    const known = this.size === 0 ? undefined : this.#addresses.get(address);
    if (known === undefined && !this.#ledger.isUsedByOthers(address, before)) return;
    const entry = known ?? { address, before: this.#ledger.holding(address, config), visible: [] };
    this.#addresses.set(address, entry);
    if (before !== undefined && after !== undefined && looksSame(before, after, address, config)) return;
    for (const state of [before, after]) if (state !== undefined) entry.visible?.push(state);
    if (entry.visible !== undefined && entry.visible.length > maxCompared) entry.visible = undefined;
  }

  /** The Services on these addresses that the changes can affect. Forgets the addresses. */
  *take(config: Config): IterableIterator<ServiceState> {
    for (const entry of this.#addresses.values()) yield* this.#affectedAt(entry, config);
    this.#addresses.clear();
  }

  *#affectedAt({ address, before, visible }: ChangedAddress, config: Config): IterableIterator<ServiceState> {
    const users = this.#ledger.servicesAt(address);
    if (visible === undefined) {
      yield* users;
      return;
    }
    if (visible.length === 0) {
      yield* users.filter(dependsOnStatus);
      return;
    }
    const after = this.#ledger.holding(address, config);
    const haveSameHolders =
      before.holders.length === after.holders.length && before.holders.every((one) => after.holding.has(one));
    // The first contenders are named in messages.
    const next = [before, after].flatMap(({ contenders }) => contenders.slice(0, maxNamedServices + 1));
    for (const user of users) {
      const isAffected = hasAllocationOf(user, address)
        ? visible.some((other) => affects(other, user, address, config))
        : !haveSameHolders || after.holding.has(user) || next.includes(user) || dependsOnStatus(user);
      if (isAffected) yield user;
    }
  }
}

/** Whether the decisions on other Services with this address are the same for both states of a Service. */
function looksSame(before: ServiceState, after: ServiceState, address: Address, config: Config): boolean {
  return (
    compareAge(before.view, after.view) === 0 &&
    requests(before, address) === requests(after, address) &&
    hasAllocationOf(before, address) === hasAllocationOf(after, address) &&
    before.view.localTraffic === after.view.localTraffic &&
    before.view.selector === after.view.selector &&
    releases(before, address) === releases(after, address) &&
    sharingFacts(before, address, config) === sharingFacts(after, address, config)
  );
}

/** A Service that is allocated the address is only affected by one with which it may not share it, or only with a warning. */
function affects(changed: ServiceState, user: ServiceState, address: Address, config: Config): boolean {
  if (changed.key === user.key) return false;
  return splitsTraffic(user, changed) || sharingConflict(user, changed, address, config) !== undefined;
}

/** Whether the decision depends on what other users of the addresses in the Service's status record. */
function dependsOnStatus({ intent: { kind } }: ServiceState): boolean {
  return kind === 'new' || kind === 'annotationRemoved';
}
