import type { Config } from '../config/config.ts';
import { type AllocationPolicy, policyFor } from '../config/policy.ts';
import type { AddressMap } from '../ip/address-map.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ServiceState } from '../ledger/service-state.ts';

/** What a decision depends on besides the Service itself. */
export interface Facts {
  readonly ledger: Ledger;
  readonly config: Config;
  /** The name of the Node that has an address; undefined if the Nodes are not known. */
  readonly nodes: AddressMap<string> | undefined;
  /** In milliseconds since 1970. Only what is remembered of freed addresses depends on it. */
  readonly now: number;
}

/** The Service that a decision is about, with what the decision depends on. */
export interface Subject {
  readonly state: ServiceState;
  readonly policy: AllocationPolicy;
  readonly facts: Facts;
}

export function subjectOf(state: ServiceState, facts: Facts): Subject {
  return { state, policy: policyFor(facts.config, state.view), facts };
}
