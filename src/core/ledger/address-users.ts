import type { Config } from '../config/config.ts';
import type { Address } from '../ip/address.ts';
import { SortedSet } from '../ip/sorted-set.ts';
import { compareAge } from '../model/service-view.ts';
import { hasAllocationOf, requests, type ServiceState } from './service-state.ts';
import { SharingGroup } from './sharing-group.ts';

/** The holders of an address, and its contenders. Oldest first within each rank. */
export interface Holding {
  /** More than one if they share it, or if another program created a duplicate. */
  readonly holders: readonly ServiceState[];
  readonly contenders: readonly ServiceState[];
  /** The holders, and the contenders that are not being deleted, to be compared with others. */
  readonly holding: SharingGroup;
  readonly contending: SharingGroup;
}

interface Ranked {
  readonly state: ServiceState;
  /** Allocated here, of another load balancer, or only requested. */
  readonly rank: 0 | 1 | 2;
}

/** The Services that use one address: adding and removing one costs O(log n). */
export class AddressUsers {
  readonly #address: Address;
  readonly #services = new Set<ServiceState>();
  readonly #requesting = new SortedSet<Ranked>(
    (a, b) => a.rank - b.rank || compareAge(a.state.view, b.state.view),
  );
  #list: readonly ServiceState[] | undefined;
  #holding: { readonly config: Config; readonly result: Holding } | undefined;

  constructor(address: Address, ...services: readonly ServiceState[]) {
    this.#address = address;
    for (const state of services) this.add(state);
  }

  add(state: ServiceState): void {
    this.#services.add(state);
    if (requests(state, this.#address)) this.#requesting.add(this.#ranked(state));
    this.#changed();
  }

  delete(state: ServiceState): void {
    this.#services.delete(state);
    if (requests(state, this.#address)) this.#requesting.delete(this.#ranked(state));
    this.#changed();
  }

  get size(): number {
    return this.#services.size;
  }

  /** In no order. */
  get services(): readonly ServiceState[] {
    this.#list ??= [...this.#services];
    return this.#list;
  }

  /**
   * The holders are all Services to which the address is allocated; otherwise Services of other load balancers; otherwise
   * the oldest Service, and those that may share the address with it (spec section 5). An address that is only in the status of
   * a Service is not requested.
   */
  holding(config: Config): Holding {
    if (this.#holding?.config !== config) this.#holding = { config, result: this.#findHolding(config) };
    return this.#holding.result;
  }

  #findHolding(config: Config): Holding {
    const holding = new SharingGroup(this.#address, config);
    const contenders: ServiceState[] = [];
    const best = this.#requesting.first()?.rank;
    for (const { state, rank } of this.#requesting) {
      const isHolder = rank < 2 ? rank === best : holding.conflictWith(state) === undefined;
      if (isHolder) holding.add(state);
      else contenders.push(state);
    }
    const lasting = contenders.filter(({ view }) => !view.deleting);
    const contending = new SharingGroup(this.#address, config, lasting);
    return { holders: holding.members, contenders, holding, contending };
  }

  #ranked(state: ServiceState): Ranked {
    const rank = hasAllocationOf(state, this.#address) ? 0 : state.ignoreReason !== undefined ? 1 : 2;
    return { state, rank };
  }

  #changed(): void {
    this.#list = undefined;
    this.#holding = undefined;
  }
}
