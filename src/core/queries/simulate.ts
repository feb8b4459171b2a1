import type { Config } from '../config/config.ts';
import { Allocator, type ServiceDecision } from '../decide/allocator.ts';
import type { Decision } from '../decide/decision.ts';
import type { AddressMap } from '../ip/address-map.ts';
import { type ExternalIPs, readExternalIPs } from '../ledger/external-ips.ts';
import type { Claim } from '../model/claim.ts';
import type { Options } from '../model/options.ts';
import { applyPatch, isEmptyPatch } from '../model/service-patch.ts';
import { compareVersions, keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';

/** The relevant objects in the API at one moment. */
export interface ClusterSnapshot {
  readonly services: readonly ServiceView[];
  readonly config: Config;
  /** The claims of other owners, if they were read. */
  readonly claims: readonly Claim[];
  /** The external IPs of Services of other types. */
  readonly externalIPs?: readonly ExternalIPs[];
  /** The name of the Node that has an address, if Nodes were read. */
  readonly nodes?: AddressMap<string> | undefined;
  /** The version of the list of Services. */
  readonly resourceVersion: string;
  /** When it was read, in milliseconds since 1970. Without it, all that tombstones remember counts as of this moment. */
  readonly readAt?: number;
}

/** The Services of any type that have external IPs. */
export function externalIPsIn({ services, externalIPs = [] }: ClusterSnapshot): ExternalIPs[] {
  const balanced = services.map((view) => ({
    key: keyOf(view),
    addresses: readExternalIPs(view.externalIPs),
    resourceVersion: view.resourceVersion,
  }));
  return [...balanced, ...externalIPs]
    .filter(({ addresses }) => addresses.length > 0)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** An allocator that knows the snapshot and has not decided anything yet. */
export function allocatorOf(snapshot: ClusterSnapshot, options: Options): Allocator {
  const { services, config, claims, externalIPs = [], nodes, resourceVersion, readAt = 0 } = snapshot;
  // All tombstones that were read count: how many there can be is the controller's business.
  const allocator = new Allocator({ ...options, maxFormerHolders: Number.POSITIVE_INFINITY }, () => readAt);
  allocator.setNodes(nodes);
  allocator.setConfig(config);
  allocator.replaceServices(services, resourceVersion);
  allocator.externalIPs.replace(externalIPs, resourceVersion);
  if (options.claims) allocator.claimTracker.replace(claims, resourceVersion);
  return allocator;
}

/** A decision with a patch. */
export interface SimulatedWrite extends ServiceDecision {
  readonly decision: Decision & { kind: 'write' | 'conflict' };
}

/** What a controller would do with a snapshot. */
export interface SimulatedOutcome {
  /** The state when nothing is left to do. */
  readonly allocator: Allocator;
  /** The last write to each Service that would be changed. */
  readonly written: ReadonlyMap<ServiceKey, SimulatedWrite>;
}

/** A Service can be written again after others moved. More writes than this are an endless loop, which is a bug. */
const maxWrites = 20;

/** A controller on a snapshot, as if every write succeeded at once and no other client wrote. */
export class Simulation {
  readonly allocator: Allocator;
  /** The last write to each Service that would be changed. */
  readonly written = new Map<ServiceKey, SimulatedWrite>();
  #version: bigint;
  #remaining: number;

  constructor(snapshot: ClusterSnapshot, options: Options) {
    this.allocator = allocatorOf(snapshot, options);
    this.#version = newestOf(snapshot);
    this.#remaining = (snapshot.services.length + 1) * maxWrites;
  }

  /** Runs until nothing is left to do: O(1) decisions for each Service that is queued. */
  settle(): void {
    const { allocator } = this;
    for (let next = allocator.next(0); next !== undefined; next = allocator.next(0)) {
      const { state, decision, trace, work } = next;
      if ((decision.kind !== 'write' && decision.kind !== 'conflict') || isEmptyPatch(decision.patch)) {
        work.done();
        continue;
      }
      this.#remaining -= 1;
      if (this.#remaining < 0) throw new Error(`${state.key}: the simulated writes do not end`);
      this.written.set(state.key, { state, decision, trace });
      allocator.assume(next, decision.patch);
      allocator.answered(this.#newer(applyPatch(state.view, decision.patch)));
      work.done();
    }
  }

  /** Another client writes the Service. */
  write(view: ServiceView): void {
    this.allocator.putService(this.#newer(view));
    this.#remaining += maxWrites;
  }

  #newer(view: ServiceView): ServiceView {
    this.#version += 1n;
    return { ...view, resourceVersion: String(this.#version) };
  }
}

/** What a controller ends up with: O(Services) decisions. */
export function simulate(snapshot: ClusterSnapshot, options: Options): SimulatedOutcome {
  const simulation = new Simulation(snapshot, options);
  simulation.settle();
  return simulation;
}

/** Files can contain any version. The simulated versions are newer than all of them. */
function newestOf({ services, resourceVersion }: ClusterSnapshot): bigint {
  let newest = resourceVersion;
  for (const view of services)
    if (compareVersions(view.resourceVersion, newest) > 0) newest = view.resourceVersion;
  return /^\d+$/.test(newest) ? BigInt(newest) : 10n ** BigInt(newest.length);
}
