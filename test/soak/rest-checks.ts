import { mayShare } from '../core/naive.ts';
import type { Data } from '../core/naive-pools.ts';
import { names } from './names.ts';
import { listOf, namespaceOf, type ObservedService, poolFor, portsText } from './observed-service.ts';
import { type Finding, mayShareAddress } from './write-checks.ts';

/** The state of the cluster when it is at rest. */
export interface ClusterAtRest {
  readonly services: ReadonlyMap<string, ObservedService>;
  readonly pools: Data;
  /** Names of our IPAddresses; undefined without `--claims`. */
  readonly claims: ReadonlySet<string> | undefined;
  showing(address: string): readonly ObservedService[];
  recording(address: string): readonly ObservedService[];
  recorded(): Iterable<string>;
  isWarned(observed: ObservedService, word: string): boolean;
}

type Family = 'IPv4' | 'IPv6';

/** Checks the promises that hold at rest: Served, Said why, Free again, Once. */
export function checkAtRest(cluster: ClusterAtRest): Finding[] {
  return [...findings(cluster)];
}

function* findings(cluster: ClusterAtRest): Iterable<Finding> {
  const pendingChecks = new PendingChecks(cluster);
  for (const observed of cluster.services.values()) {
    if (!observed.isBalancer) yield* checkReleased(observed);
    else if (!observed.isOurs) {
      if (observed.recordText !== undefined)
        yield {
          promise: 'Hands off',
          what: `${observed.key} is of another class and has an allocation record`,
        };
    } else if (observed.record !== undefined) yield* checkAssigned(observed, cluster);
    else if (requestedAddresses(observed).length > 0) yield* checkConflict(observed, cluster);
    else yield* pendingChecks.check(observed);
  }
  yield* checkDuplicates(cluster);
  if (cluster.claims !== undefined) yield* checkClaims(cluster, cluster.claims);
}

function* checkReleased({ key, recordText, isLabelled }: ObservedService): Iterable<Finding> {
  if (recordText !== undefined || isLabelled)
    yield {
      promise: 'Free again',
      what: `${key} is not a LoadBalancer and has a label or an allocation record`,
    };
}

/** The requested addresses: those in the annotation or, if it is empty, in the spec. */
function requestedAddresses({ annotation, spec }: ObservedService): string[] {
  return listOf(annotation === '' ? spec : annotation);
}

/** A Service with an allocation record uses its addresses, and any pending change is reported and not possible. */
function* checkAssigned(observed: ObservedService, cluster: ClusterAtRest): Iterable<Finding> {
  const { key, record, recorded, annotation, spec } = observed;
  if (!observed.isLabelled) yield { promise: 'Served', what: `${key} has an allocation record and no label` };
  const missing = [
    ...(listOf(annotation).join() === recorded.join() ? [] : requestedAddresses(observed)),
    ...(spec === '' || recorded.includes(spec) ? [] : [spec]),
  ].filter((address) => !recorded.includes(address));
  for (const address of missing) yield* checkUnavailable(observed, address, cluster);
  if (annotation === '' && missing.length === 0)
    yield {
      promise: 'Served',
      what: `${key} has ${recorded.join()} in its allocation record and an empty annotation`,
    };
  const clashes = record?.ports !== portsText(observed);
  const hasPendingChange =
    clashes ||
    record?.families !== observed.families ||
    observed.service.metadata.annotations?.[names.reallocate] === 'true';
  if (!hasPendingChange || missing.length > 0) return;
  const pool = poolFor(cluster.pools, namespaceOf(observed));
  if (!cluster.isWarned(observed, pool?.key ?? 'no pool'))
    yield { promise: 'Said why', what: `${key} keeps ${recorded.join()} after an edit, without a warning` };
  // The change is possible if each family that lacks an address from the pool has a free one.
  const lacking = wantedFamilies(observed).filter(
    (family) =>
      clashes || !recorded.some((address) => familyOf(address) === family && pool?.has.has(address)),
  );
  const isPossible = lacking.length > 0 && lacking.every((family) => freeAddress(observed, family, cluster));
  if (isPossible)
    yield { promise: 'Served', what: `${key} keeps ${recorded.join()} although its change is possible` };
}

/** A requested address that was not assigned is in use by another Service, which is reported. */
function* checkUnavailable(
  observed: ObservedService,
  address: string,
  cluster: ClusterAtRest,
): Iterable<Finding> {
  const { key } = observed;
  const others = cluster.showing(address).filter((other) => other !== observed);
  if (!others.some((other) => !mayShareAddress(cluster.pools, observed, other)))
    yield { promise: 'Served', what: `${key} did not get ${address} although it is free` };
  if (!cluster.isWarned(observed, address))
    yield { promise: 'Said why', what: `${key} did not get ${address}, without a warning` };
}

function* checkConflict(observed: ObservedService, cluster: ClusterAtRest): Iterable<Finding> {
  const findingsByAddress = requestedAddresses(observed).map((address) => [
    ...checkUnavailable(observed, address, cluster),
  ]);
  // One unavailable address is enough to reject both.
  const fewest = findingsByAddress.sort((a, b) => a.length - b.length)[0];
  yield* fewest ?? [];
  if (observed.isLabelled)
    yield { promise: 'Once', what: `${observed.key} is in conflict and has the label` };
}

/** Services with the same address in their allocation records may share it, or the conflict is reported. */
function* checkDuplicates(cluster: ClusterAtRest): Iterable<Finding> {
  for (const address of cluster.recorded()) {
    const there = cluster.recording(address);
    for (const [i, one] of there.entries()) {
      for (const other of there.slice(i + 1)) {
        if (mayShareAddress(cluster.pools, one, other)) continue;
        if (cluster.isWarned(one, address) || cluster.isWarned(other, address)) continue;
        yield { promise: 'Said why', what: `${one.key} and ${other.key} have ${address} without a warning` };
      }
    }
  }
}

function* checkClaims(cluster: ClusterAtRest, claims: ReadonlySet<string>): Iterable<Finding> {
  const recorded = new Set(cluster.recorded());
  for (const address of recorded)
    if (!claims.has(address))
      yield { promise: 'Claimed', what: `${address} is in an allocation record and has no IPAddress` };
  for (const address of claims)
    if (!recorded.has(address)) yield { promise: 'Claimed', what: `our IPAddress ${address} has no holder` };
}

/** Checks pending Services without requested addresses. Caches the result for equal requirements. */
class PendingChecks {
  readonly #cluster: ClusterAtRest;
  readonly #known = new Map<string, boolean>();

  constructor(cluster: ClusterAtRest) {
    this.#cluster = cluster;
  }

  *check(observed: ObservedService): Iterable<Finding> {
    const { key } = observed;
    const namespace = namespaceOf(observed);
    if (observed.isLabelled) yield { promise: 'Once', what: `${key} is pending and has the label` };
    if (this.#isPermitted(observed))
      yield { promise: 'Served', what: `${key} is pending although an address is free` };
    const pool = poolFor(this.#cluster.pools, namespace);
    if (!this.#cluster.isWarned(observed, pool?.key ?? namespace))
      yield { promise: 'Said why', what: `${key} is pending for ${pool?.key ?? 'a pool'} without a warning` };
  }

  #isPermitted(observed: ObservedService): boolean {
    const { families, ports, service, shows } = observed;
    const traffic = service.spec?.externalTrafficPolicy;
    const needs = [namespaceOf(observed), families, ports.join(), traffic, shows.join()].join(' ');
    const known = this.#known.get(needs) ?? this.#findAddress(observed);
    this.#known.set(needs, known);
    return known;
  }

  #findAddress(observed: ObservedService): boolean {
    const policy = observed.service.spec?.ipFamilyPolicy;
    const wanted = wantedFamilies(observed);
    const has = (family: Family): boolean =>
      freeAddress(observed, family, this.#cluster) ||
      (policy === 'SingleStack' && family === 'IPv4' && canShare(observed, this.#cluster));
    return policy === 'PreferDualStack' ? wanted.some(has) : wanted.every(has);
  }
}

function wantedFamilies({ service: { spec } }: ObservedService): Family[] {
  const all = (spec?.ipFamilies ?? []) as Family[];
  return spec?.ipFamilyPolicy === 'SingleStack' ? all.slice(0, 1) : all;
}

function familyOf(address: string): Family {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function freeAddress(observed: ObservedService, family: Family, { pools, showing }: ClusterAtRest): boolean {
  const pool = poolFor(pools, namespaceOf(observed));
  return pool?.[family].some((address) => showing(address).every((other) => other === observed)) === true;
}

/** Whether the pool has an address that all its holders may share with this Service (spec section 6). */
function canShare(observed: ObservedService, { pools, showing }: ClusterAtRest): boolean {
  const agrees = (other: ObservedService, address: string): boolean =>
    other.record !== undefined &&
    other.isLabelled &&
    other.annotation === address &&
    other.shows.join() === address &&
    mayShare(pools, observed.service, other.service);
  return (
    poolFor(pools, namespaceOf(observed))?.IPv4.some((address) => {
      const others = showing(address).filter((other) => other !== observed);
      return others.length > 0 && others.every((other) => agrees(other, address));
    }) === true
  );
}
