import type { Config } from '../config/config.ts';
import { type Address, sameAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import type { Holding } from '../ledger/address-users.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { hasAllocationOf, type ServiceState } from '../ledger/service-state.ts';
import { sharingConflict, splitsTraffic } from '../ledger/sharing.ts';
import { maxNamedServices } from './decision.ts';

interface ChangedAddress {
  readonly address: Address;
  /** The holding before the first change. */
  readonly before: Holding;
  /** The states of the Services that changed, before and after; undefined if there are too many to compare with others. */
  changed: ServiceState[] | undefined;
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
    const known = this.#addresses.get(address);
    if (known === undefined && !this.#ledger.isUsedByOthers(address, before)) return;
    const entry = known ?? { address, before: this.#ledger.holding(address, config), changed: [] };
    for (const state of [before, after]) if (state !== undefined) entry.changed?.push(state);
    if (entry.changed !== undefined && entry.changed.length > maxCompared) entry.changed = undefined;
    this.#addresses.set(address, entry);
  }

  /** The Services on these addresses that the changes can affect. Forgets the addresses. */
  *take(config: Config): IterableIterator<ServiceState> {
    for (const entry of this.#addresses.values()) yield* this.#affectedAt(entry, config);
    this.#addresses.clear();
  }

  *#affectedAt({ address, before, changed }: ChangedAddress, config: Config): IterableIterator<ServiceState> {
    const users = this.#ledger.servicesAt(address);
    if (changed === undefined) {
      yield* users;
      return;
    }
    const after = this.#ledger.holding(address, config);
    const haveSameHolders =
      before.holders.length === after.holders.length && before.holders.every((one) => after.holding.has(one));
    // These are named in messages.
    const next = [before, after].flatMap(({ contenders }) => contenders.slice(0, maxNamedServices + 1));
    for (const user of users) {
      const others = changed.filter(({ key }) => key !== user.key);
      if (others.length === 0) continue;
      const isAffected = hasAllocationOf(user, address)
        ? others.some(
            (other) => splitsTraffic(user, other) || sharingConflict(user, other, config) !== undefined,
          )
        : requests(user, address)
          ? !haveSameHolders || after.holding.has(user) || next.includes(user)
          : dependsOnStatus(user);
      if (isAffected) yield user;
    }
  }
}

function requests({ requestedIPs }: ServiceState, address: Address): boolean {
  return requestedIPs.some((requested) => sameAddress(requested, address));
}

/** Whether the decision depends on other users of addresses that are only in the Service's status. */
function dependsOnStatus({ intent: { kind } }: ServiceState): boolean {
  return kind === 'new' || kind === 'annotationRemoved';
}
