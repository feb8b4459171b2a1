import type { Config } from '../config/config.ts';
import { Allocator } from '../decide/allocator.ts';
import type { Decision } from '../decide/decision.ts';
import type { Claim } from '../ledger/claim.ts';
import type { Options } from '../model/options.ts';
import { applyPatch, isEmptyPatch } from '../model/service-patch.ts';
import { compareVersions, type ServiceKey, type ServiceView } from '../model/service-view.ts';

/** The API's objects at one moment, as far as they matter. */
export interface ClusterSnapshot {
  readonly services: readonly ServiceView[];
  readonly config: Config;
  /** What others have claimed in the API, where that was read. */
  readonly claims: readonly Claim[];
  /** Of the list of Services. */
  readonly resourceVersion: string;
}

/** An allocator that knows the snapshot, and has decided nothing. */
export function allocatorOf(snapshot: ClusterSnapshot, options: Options): Allocator {
  const { services, config, claims, resourceVersion } = snapshot;
  const allocator = new Allocator(options);
  allocator.setConfig(config);
  allocator.replaceServices(services, resourceVersion);
  if (options.claims) allocator.claimTracker.replace(claims, resourceVersion);
  return allocator;
}

/** What a controller would make of a snapshot. */
export interface SimulatedOutcome {
  /** The world when nothing is left to do. */
  readonly allocator: Allocator;
  /** What would be written, for each Service the last of it. */
  readonly written: ReadonlyMap<ServiceKey, Decision & { kind: 'write' | 'conflict' }>;
}

/** A Service is looked at again when others moved. More often than this would be a quarrel that never ends: a bug. */
const mostWrites = 20;

/**
 * Has the controller's own allocator work until it rests, as if every write were accepted at once and nobody else wrote
 * meanwhile: O(Services) decisions.
 */
export function simulate(snapshot: ClusterSnapshot, options: Options): SimulatedOutcome {
  const allocator = allocatorOf(snapshot, options);
  const written = new Map<ServiceKey, Decision & { kind: 'write' | 'conflict' }>();
  let version = newestOf(snapshot);
  let left = (snapshot.services.length + 1) * mostWrites;
  for (let decided = allocator.next(); decided !== undefined; decided = allocator.next()) {
    const { state, decision } = decided;
    if (decision.kind !== 'write' && decision.kind !== 'conflict') continue;
    if (isEmptyPatch(decision.patch)) continue;
    left -= 1;
    if (left < 0) throw new Error(`${state.key}: the foreseen writes have no end`);
    written.set(state.key, decision);
    version += 1n;
    const after = { ...applyPatch(state.view, decision.patch), resourceVersion: String(version) };
    allocator.assume(state, decision.patch);
    allocator.answered(after);
    allocator.settle(state.key);
  }
  return { allocator, written };
}

/** Versions of a file may be anything; those that are made up come after all of them. */
function newestOf({ services, resourceVersion }: ClusterSnapshot): bigint {
  let newest = resourceVersion;
  for (const view of services)
    if (compareVersions(view.resourceVersion, newest) > 0) newest = view.resourceVersion;
  return /^\d+$/.test(newest) ? BigInt(newest) : 10n ** BigInt(newest.length);
}
