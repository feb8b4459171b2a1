import type { Allocator, ServiceDecision } from '../../core/decide/allocator.ts';
import type { Range } from '../../core/ip/range.ts';
import type { ConfigMap, ManagedFieldsEntry } from '../../core/model/objects.ts';
import type { Options } from '../../core/model/options.ts';
import type { ServiceKey, ServiceView } from '../../core/model/service-view.ts';
import {
  allocatorOf,
  type ClusterSnapshot,
  type SimulatedOutcome,
  simulate,
} from '../../core/queries/simulate.ts';

/** What was read of a cluster, or of files, at one moment. */
export interface ClusterFacts {
  readonly snapshot: ClusterSnapshot;
  readonly options: Options;
  /** Which ConfigMap and which Services count, and who says so. */
  readonly origin: string;
  readonly configMap: ConfigMap | undefined;
  /** Services of other types, as far as they were asked for: those with our label, those that are named. */
  readonly others: readonly ServiceView[];
  /** Who wrote which field, of those Services where it is known. */
  readonly managedFields: ReadonlyMap<ServiceKey, readonly ManagedFieldsEntry[]>;
  /** A sentence about who leads; undefined where that is not known. */
  readonly leadership: LeaderStatus | undefined;
  /** Addresses that pools had better not have; undefined where they were not asked for. */
  readonly networks: ClusterNetworks | undefined;
  /** What is doubtful, for standard error. */
  readonly remarks: readonly string[];
}

export interface LeaderStatus {
  readonly isLed: boolean;
  /** `led by a_1, which renewed its Lease 2 s ago`. */
  readonly sentence: string;
}

/** Each is undefined where it could not be read. */
export interface ClusterNetworks {
  /** Addresses of nodes, with the node's name. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[] | undefined;
  /** Where cluster IPs are taken from, with the ServiceCIDR's name. */
  readonly clusterIPs: readonly { readonly name: string; readonly range: Range }[] | undefined;
}

/** What is wanted beside Services and pools. */
export interface FactSelection {
  readonly managedFields?: boolean;
  readonly cleanup?: boolean;
  /** Services that are to be found whatever their type. */
  readonly named?: readonly ServiceKey[];
  readonly networks?: boolean;
}

/** The facts as the controller's own allocator sees them. */
export interface SimulatedCluster {
  /** As it is now. */
  readonly allocator: Allocator;
  /** When the controller has done what there is to do. */
  readonly outcome: SimulatedOutcome;
}

/** The present alone, for questions about it: decides nothing. */
export function presentOf({ snapshot, options }: ClusterFacts): Allocator {
  return allocatorOf(snapshot, options);
}

/** O(Services) decisions. */
export function simulatedClusterOf(facts: ClusterFacts): SimulatedCluster {
  return { allocator: presentOf(facts), outcome: simulate(facts.snapshot, facts.options) };
}

/**
 * How a Service stands: by what is due for it, if anything is, else by what it comes to when everybody who is before it
 * has been served. Undefined for one that is not there.
 */
export function decisionFor(
  key: ServiceKey,
  { allocator, outcome }: SimulatedCluster,
): ServiceDecision | undefined {
  const state = allocator.ledger.get(key);
  const rest = outcome.allocator.explain(key);
  if (state === undefined || rest === undefined) return undefined;
  const due = outcome.written.get(key);
  // What it is refused stays refused once its marks are off; what it is given is told as the gift.
  const decision = due?.kind === 'write' ? due : rest.decision;
  return { state, decision };
}
