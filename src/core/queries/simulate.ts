import type { Pools } from '../config/config.ts';
import { Allocator } from '../decide/allocator.ts';
import type { Decision } from '../decide/decision.ts';
import type { Claim } from '../ledger/claim.ts';
import type { Options } from '../model/options.ts';
import { isEmpty, project } from '../model/service-patch.ts';
import { compareVersions, type ServiceKey, type ServiceView } from '../model/service-view.ts';

/** The API's objects at one moment, as far as they matter. */
export interface Snapshot {
  readonly services: readonly ServiceView[];
  readonly pools: Pools;
  /** What others have claimed in the API, where that was read. */
  readonly claims: readonly Claim[];
  /** Of the list of Services. */
  readonly resourceVersion: string;
}

/** An allocator that knows the snapshot, and has decided nothing. */
export function allocatorOf(snapshot: Snapshot, options: Options): Allocator {
  const { services, pools, claims, resourceVersion } = snapshot;
  const allocator = new Allocator(options);
  allocator.setPools(pools);
  allocator.replaceServices(services, resourceVersion);
  if (options.claims) allocator.registry.replace(claims, resourceVersion);
  return allocator;
}

/** What a controller would make of a snapshot. */
export interface Outcome {
  /** The world when nothing is left to do. */
  readonly allocator: Allocator;
  /** What would be written, for each Service the last of it. */
  readonly written: ReadonlyMap<ServiceKey, Decision & { kind: 'write' | 'refuse' }>;
}

/** A Service is looked at again when others moved. More often than this would be a quarrel that never ends: a bug. */
const mostWrites = 20;

/**
 * Has the controller's own allocator work until it rests, as if every write were accepted at once and nobody else wrote
 * meanwhile: O(Services) decisions.
 */
export function foresee(snapshot: Snapshot, options: Options): Outcome {
  const allocator = allocatorOf(snapshot, options);
  const written = new Map<ServiceKey, Decision & { kind: 'write' | 'refuse' }>();
  let version = newestOf(snapshot);
  let left = (snapshot.services.length + 1) * mostWrites;
  for (let verdict = allocator.next(); verdict !== undefined; verdict = allocator.next()) {
    const { standing, decision } = verdict;
    if (decision.kind !== 'write' && decision.kind !== 'refuse') continue;
    if (isEmpty(decision.change)) continue;
    left -= 1;
    if (left < 0) throw new Error(`${standing.key}: the foreseen writes have no end`);
    written.set(standing.key, decision);
    version += 1n;
    const after = { ...project(standing.view, decision.change), resourceVersion: String(version) };
    allocator.assume(standing, decision.change);
    allocator.answered(after);
    allocator.settle(standing.key);
  }
  return { allocator, written };
}

/** Versions of a file may be anything; those that are made up come after all of them. */
function newestOf({ services, resourceVersion }: Snapshot): bigint {
  let newest = resourceVersion;
  for (const view of services)
    if (compareVersions(view.resourceVersion, newest) > 0) newest = view.resourceVersion;
  return /^\d+$/.test(newest) ? BigInt(newest) : 10n ** BigInt(newest.length);
}
