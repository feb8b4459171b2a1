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
import type { ServiceEvent } from './service-events.ts';

/** The state of a cluster at one moment, read from the API or from files. */
export interface ClusterFacts {
  readonly snapshot: ClusterSnapshot;
  readonly options: Options;
  /** A sentence: which ConfigMap, Services and controller, and where these settings come from. */
  readonly origin: string;
  readonly configMap: ConfigMap | undefined;
  /** Services of other types, if selected: those with our label, and those named by the user. */
  readonly otherServices: readonly ServiceView[];
  /** Empty for Services that were read without managedFields. */
  readonly managedFields: ReadonlyMap<ServiceKey, readonly ManagedFieldsEntry[]>;
  /** The controller's events on Services, newest first, if selected and readable. */
  readonly events?: ReadonlyMap<ServiceKey, readonly ServiceEvent[]>;
  /** The controller's newest event about another controller that allocates too, if selected and readable. */
  readonly otherAllocator?:
    | { readonly service: ServiceKey; readonly message: string; readonly time: string }
    | undefined;
  /** Undefined if the Lease was not read. */
  readonly leadership: LeaderStatus | undefined;
  /** Undefined if not selected. */
  readonly networks: ClusterNetworks | undefined;
  /** When it was read, in milliseconds since 1970; undefined for files. */
  readonly readAt: number | undefined;
  /** `NAMESPACE/NAME` of other ConfigMaps with pools, which the controller does not read. */
  readonly otherPoolConfigMaps: readonly string[];
  /** The controller runs with `--claims`, but this API server has no IPAddress objects: it is older than Kubernetes 1.33. */
  readonly lacksIPAddresses: boolean;
  /** Doubts about what was read, for standard error. */
  readonly remarks: readonly string[];
}

export interface LeaderStatus {
  readonly isLed: boolean;
  /** A sentence: `Leader: a_1 (Lease renewed 2 s ago).` */
  readonly sentence: string;
}

/** Addresses that pools should not contain. Each field is undefined if it could not be read. */
export interface ClusterNetworks {
  /** Addresses of nodes, with the name of the node. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[] | undefined;
  /** Cluster IP ranges, with the name of the ServiceCIDR. */
  readonly clusterIPs: readonly { readonly name: string; readonly range: Range }[] | undefined;
  /** Addresses of the control plane, and where they were read. */
  readonly apiServers: readonly { readonly source: string; readonly address: string }[] | undefined;
  /** The names of all namespaces. */
  readonly namespaces: ReadonlySet<string> | undefined;
}

/** What to read besides Services and pools. */
export interface FactSelection {
  readonly managedFields?: boolean;
  readonly cleanup?: boolean;
  /** Services to read whatever their type. */
  readonly named?: readonly ServiceKey[];
  readonly networks?: boolean;
  /** Names of nodes, if a status may need them. Needs `managedFields`. */
  readonly nodeNames?: boolean;
  /** Whether to read the events on the `named` Services. */
  readonly events?: boolean;
  /** Whether to read what the controller reports about another controller. */
  readonly otherAllocator?: boolean;
}

export interface SimulatedCluster {
  /** The current state. */
  readonly allocator: Allocator;
  /** The state after the controller has done everything that is due. */
  readonly outcome: SimulatedOutcome;
}

/** An allocator with the current state. Makes no decisions. */
export function currentAllocator({ snapshot, options }: ClusterFacts): Allocator {
  return allocatorOf(snapshot, options);
}

/** O(Services) decisions. */
export function simulatedClusterOf(facts: ClusterFacts): SimulatedCluster {
  return { allocator: currentAllocator(facts), outcome: simulate(facts.snapshot, facts.options) };
}

/**
 * The write that is due for a Service, else the decision after all Services before it have been served. Undefined if the
 * Service does not exist.
 */
export function decisionFor(
  key: ServiceKey,
  { allocator, outcome }: SimulatedCluster,
): ServiceDecision | undefined {
  const state = allocator.ledger.get(key);
  const simulated = outcome.allocator.explain(key);
  if (state === undefined || simulated === undefined) return undefined;
  const due = outcome.written.get(key);
  // A due release only clears earlier fields: the simulated decision then gives the reason.
  const { decision, trace } = due?.decision.kind === 'write' ? due : simulated;
  return { state, decision, trace };
}
