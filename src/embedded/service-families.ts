import type { ClusterIPs } from './cluster-ips.ts';
import { familyOf, type IPFamilyName } from './ip.ts';
import { sameJson } from './json.ts';
import type { FullService, FullSpec } from './service-defaults.ts';
import { invalid, invalidValue, type StatusCause, StatusError } from './status.ts';

/**
 * How `ipFamilyPolicy`, `ipFamilies` and `clusterIPs` complete each other on a dual-stack cluster:
 * pkg/registry/core/service/storage, alloc.go and storage.go.
 */
export function withFamilies(
  service: FullService,
  old: FullService | undefined,
  pool: ClusterIPs,
): FullService {
  if (service.spec.type === 'ExternalName') return service;
  const spec = adopted(service.spec, old?.spec);
  // Only a file can say no family at all, and then its Service keeps saying none (see `loaded`).
  if (old !== undefined && hasNoFamilies(old.spec) && hasNoFamilies(spec)) return { ...service, spec };
  if (keepsPreferDualStack(spec, old?.spec)) return { ...service, spec };

  spec.ipFamilyPolicy ??= isHeadlessWithoutSelector(spec) ? 'RequireDualStack' : 'SingleStack';
  const single = spec.ipFamilyPolicy === 'SingleStack';
  const causes: StatusCause[] = [];
  if (old !== undefined) {
    if (single) dropSecond(spec, old.spec);
    else causes.push(...refusedReductions(spec, old.spec));
  }
  if (single) causes.push(...refusedPairs(spec));
  for (const ip of (spec.clusterIPs ?? []).slice(spec.ipFamilies?.length ?? 0)) {
    if (ip !== 'None') spec.ipFamilies = [...(spec.ipFamilies ?? []), familyOf(ip)];
  }
  if (causes.length > 0) throw invalid('Service', '', service.metadata.name, causes);

  const families = spec.ipFamilies ?? ['IPv4'];
  spec.ipFamilies = single || families.length > 1 ? families : [...families, other(families[0])];
  return allocated({ ...service, spec }, old, pool);
}

/**
 * A Service from a file or a dump: it gets no cluster address that it did not name, and a manifest gets a second family as
 * its policy says. With `clusterIPs`, an API server has completed it: a PreferDualStack Service of a single-stack cluster
 * keeps its one family.
 */
export function loaded(service: FullService): FullService {
  const { ...spec } = service.spec;
  if (spec.type === 'ExternalName') return service;
  if (spec.clusterIPs !== undefined && spec.clusterIPs.length > 0) {
    const families = spec.clusterIPs.filter((ip) => ip !== 'None').map(familyOf);
    if (families.length > 0) spec.ipFamilies ??= families;
    spec.ipFamilyPolicy ??= families.length > 1 ? 'PreferDualStack' : 'SingleStack';
    return { ...service, spec };
  }
  if (spec.clusterIP !== undefined) spec.clusterIPs ??= [spec.clusterIP];
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (spec.ipFamilyPolicy !== 'SingleStack' && (spec.ipFamilies?.length ?? 0) < 2) {
    const first = spec.ipFamilies?.[0] ?? 'IPv4';
    spec.ipFamilies = [first, other(first)];
  }
  return { ...service, spec };
}

function other(family: string | undefined): IPFamilyName {
  return family === 'IPv6' ? 'IPv4' : 'IPv6';
}

function hasNoFamilies(spec: FullSpec): boolean {
  if (spec.type === 'ExternalName' || spec.ipFamilies !== undefined) return false;
  return (spec.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack';
}

function isHeadlessWithoutSelector(spec: FullSpec): boolean {
  return spec.clusterIP === 'None' && spec.selector === undefined;
}

/**
 * normalizeClusterIPs and patchAllocatedValues: a writer that leaves out what was allocated keeps it, so that a
 * manifest can be applied again. A policy left out is the policy of before.
 */
function adopted(given: FullSpec, old: FullSpec | undefined): FullSpec {
  const spec = { ...given };
  if (old === undefined) {
    if (spec.clusterIP !== undefined) spec.clusterIPs ??= [spec.clusterIP];
    return spec;
  }
  if (spec.clusterIP === undefined) {
    if (sameJson(spec.clusterIPs, old.clusterIPs)) delete spec.clusterIPs;
  } else if (spec.clusterIP !== old.clusterIP && sameJson(spec.clusterIPs, old.clusterIPs)) {
    spec.clusterIPs = [spec.clusterIP];
  }
  if (old.type === 'ExternalName') return spec;
  if (spec.clusterIP === undefined && old.clusterIP !== undefined) spec.clusterIP = old.clusterIP;
  if (spec.clusterIPs === undefined && old.clusterIPs !== undefined) spec.clusterIPs = old.clusterIPs;
  if (spec.ipFamilyPolicy === undefined && old.ipFamilyPolicy !== undefined) {
    spec.ipFamilyPolicy = old.ipFamilyPolicy;
  }
  return spec;
}

/** isMatchingPreferDualStackClusterIPFields: such a Service is not completed again, so it may have one family. */
function keepsPreferDualStack(spec: FullSpec, old: FullSpec | undefined): boolean {
  return (
    old !== undefined &&
    old.type === spec.type &&
    old.ipFamilyPolicy === 'PreferDualStack' &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    sameJson(spec.clusterIPs, old.clusterIPs) &&
    sameJson(spec.ipFamilies, old.ipFamilies)
  );
}

function dropSecond(spec: FullSpec, old: FullSpec): void {
  if (spec.clusterIPs && sameJson(spec.clusterIPs, old.clusterIPs))
    spec.clusterIPs = spec.clusterIPs.slice(0, 1);
  if (spec.ipFamilies && sameJson(spec.ipFamilies, old.ipFamilies))
    spec.ipFamilies = spec.ipFamilies.slice(0, 1);
}

function refusedReductions(spec: FullSpec, old: FullSpec): StatusCause[] {
  const reduced = (key: 'clusterIPs' | 'ipFamilies'): boolean =>
    (spec[key]?.length ?? 0) === 1 && (old[key]?.length ?? 0) === 2;
  const refuse = (what: string): StatusCause =>
    invalidValue(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      `must be 'SingleStack' to release the secondary ${what}`,
    );
  return [
    ...(reduced('clusterIPs') ? [refuse('cluster IP')] : []),
    ...(reduced('ipFamilies') ? [refuse('IP family')] : []),
  ];
}

function refusedPairs(spec: FullSpec): StatusCause[] {
  const refuse = (what: string): StatusCause =>
    invalidValue(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(spec.clusterIPs?.length === 2 ? [refuse('cluster IPs')] : []),
    ...(spec.ipFamilies?.length === 2 ? [refuse('IP families')] : []),
  ];
}

/** Gives each family its cluster address; one that the Service names itself must be free. */
function allocated(service: FullService, old: FullService | undefined, pool: ClusterIPs): FullService {
  const { ...spec } = service.spec;
  if (spec.clusterIP === 'None') return service;
  // A Service that came from a file without cluster addresses goes on without them.
  if (old !== undefined && old.spec.type !== 'ExternalName' && old.spec.clusterIPs === undefined)
    return service;
  const named = spec.clusterIPs ?? [];
  const held = old?.spec.clusterIPs ?? [];
  for (const ip of named) {
    const rejection = held.includes(ip) ? undefined : pool.rejection(ip);
    if (rejection === undefined) continue;
    throw invalid('Service', '', service.metadata.name, [invalidValue('spec.clusterIPs', named, rejection)]);
  }
  spec.clusterIPs = (spec.ipFamilies ?? []).map((family, index) => {
    const ip = named[index] ?? pool.free(family === 'IPv6' ? 'IPv6' : 'IPv4');
    if (ip === undefined)
      throw new StatusError(500, 'InternalError', 'failed to allocate a serviceIP: range is full');
    return ip;
  });
  const [first] = spec.clusterIPs;
  if (first !== undefined) spec.clusterIP = first;
  return { ...service, spec };
}
