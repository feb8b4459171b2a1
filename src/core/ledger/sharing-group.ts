import type { Config } from '../config/config.ts';
import type { Address } from '../ip/address.ts';
import { originOf, releases, type ServiceState } from './service-state.ts';
import {
  isInConflict,
  type SharingConflict,
  severalAddresses,
  sharingConflict,
  sharingGroup,
  whyNotSharing,
} from './sharing.ts';

/** What `sharingConflict` depends on: Services with equal facts are in conflict with the same others. */
export function sharingFacts(state: ServiceState, address: Address, config: Config): string {
  const own = [severalAddresses(state), whyNotSharing(state, address, config)].map((why) => why?.code);
  const group = sharingGroup(state, address, config);
  return [state.ignoreReason, originOf(state), ...own, ...state.view.ports, group].join();
}

/**
 * Services on one address, compared with others together: thousands can request one address, and comparing each of them with
 * each other one takes seconds.
 */
export class SharingGroup {
  readonly #address: Address;
  readonly #config: Config;
  readonly #members = new Set<ServiceState>();
  readonly #ports = new Set<string>();
  #areOurs = true;
  #areStatic = true;
  #areWilling = true;
  /** Members with different ones do not share the address with each other. */
  readonly #sharingGroups = new Set<string | undefined>();
  #hasLocalTraffic = false;
  /** Results of `conflictsOf` by the facts of the Service. */
  readonly #conflicts = new Map<string, readonly ServiceState[]>();

  constructor(address: Address, config: Config, members: readonly ServiceState[] = []) {
    this.#address = address;
    this.#config = config;
    for (const member of members) this.add(member);
  }

  /** In the order in which they were added. */
  get members(): readonly ServiceState[] {
    return [...this.#members];
  }

  has(state: ServiceState): boolean {
    return this.#members.has(state);
  }

  add(state: ServiceState): void {
    this.#members.add(state);
    for (const port of state.view.ports) this.#ports.add(port);
    this.#areOurs &&= state.ignoreReason === undefined;
    this.#areStatic &&= originOf(state) === 'static';
    this.#areWilling &&= this.#isWilling(state);
    this.#sharingGroups.add(sharingGroup(state, this.#address, this.#config));
    this.#hasLocalTraffic ||= state.view.localTraffic;
  }

  /** Whether a member has `externalTrafficPolicy: Local`. */
  get hasLocalTraffic(): boolean {
    return this.#hasLocalTraffic;
  }

  /** The first member with which the Service may not share the address, and why. O(ports) if there is none. */
  conflictWith(state: ServiceState): { holder: ServiceState; why: SharingConflict } | undefined {
    if (!this.#mayConflict(state)) return undefined;
    for (const holder of this.#members) {
      const why = sharingConflict(state, holder, this.#address, this.#config);
      if (why !== undefined) return { holder, why };
    }
    return undefined;
  }

  /**
   * The members, other than the Service itself, with which it may not share the address, except those that are being moved away
   * or deleted: their number, and the first ones. O(ports) if a Service with the same ports has asked before.
   */
  conflictsOf(state: ServiceState, limit: number): { first: readonly ServiceState[]; count: number } {
    if (!this.#mayConflict(state)) return { first: [], count: 0 };
    const all = this.#conflictsLike(state);
    const first = all.slice(0, limit + 1).filter((other) => other !== state);
    const isCounted = this.has(state) && this.#isInConflict(state, state);
    return { first: first.slice(0, limit), count: all.length - (isCounted ? 1 : 0) };
  }

  /** The conflicts of all Services with the same facts, which may be among them. */
  #conflictsLike(state: ServiceState): readonly ServiceState[] {
    const facts = sharingFacts(state, this.#address, this.#config);
    const known = this.#conflicts.get(facts);
    if (known !== undefined) return known;
    const found = this.members.filter((member) => this.#isInConflict(state, member));
    this.#conflicts.set(facts, found);
    return found;
  }

  #isInConflict(state: ServiceState, member: ServiceState): boolean {
    // A Service that is being moved away is not a conflict. If its write fails, the others are decided again.
    return !releases(member, this.#address) && isInConflict(state, member, this.#address, this.#config);
  }

  /** False only if there is no sharing conflict between the Service and any member. */
  #mayConflict(state: ServiceState): boolean {
    if (!this.#areOurs || state.ignoreReason !== undefined) return true;
    if (state.view.ports.some((port) => this.#ports.has(port))) return true;
    if (this.#areStatic && originOf(state) === 'static') return false;
    if (!this.#areWilling || !this.#isWilling(state)) return true;
    const group = sharingGroup(state, this.#address, this.#config);
    return [...this.#sharingGroups].some((other) => other !== group);
  }

  #isWilling(state: ServiceState): boolean {
    return (
      severalAddresses(state) === undefined && whyNotSharing(state, this.#address, this.#config) === undefined
    );
  }
}
