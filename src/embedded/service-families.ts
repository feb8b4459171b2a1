import type { ClusterIPs } from './cluster-ips.ts';
import { familyOf, type IPFamilyName } from './ip.ts';
import { sameJson } from './json.ts';
import type { StoredService, StoredServiceSpec } from './service-defaults.ts';
import { invalid, invalidValue, type StatusCause, StatusError } from './status.ts';

/**
 * Completes `ipFamilyPolicy`, `ipFamilies` and `clusterIPs` from one another, as on a dual-stack cluster:
 * pkg/registry/core/service/storage, alloc.go and storage.go.
 */
export function withFamilies(
  service: StoredService,
  old: StoredService | undefined,
  pool: ClusterIPs,
): StoredService {
  if (service.spec.type === 'ExternalName') return service;
  const spec = withPreviousValues(service.spec, old?.spec);
  // Only a loaded Service can have no family, and it stays without one (see `loaded`).
  if (old !== undefined && hasNoFamilies(old.spec) && hasNoFamilies(spec)) return { ...service, spec };
  if (keepsPreferDualStack(spec, old?.spec)) return { ...service, spec };

  spec.ipFamilyPolicy ??= isHeadlessWithoutSelector(spec) ? 'RequireDualStack' : 'SingleStack';
  const single = spec.ipFamilyPolicy === 'SingleStack';
  const causes: StatusCause[] = [];
  if (old !== undefined) {
    if (single) dropSecond(spec, old.spec);
    else causes.push(...checkReductions(spec, old.spec));
  }
  if (single) causes.push(...checkSingleStack(spec));
  for (const ip of (spec.clusterIPs ?? []).slice(spec.ipFamilies?.length ?? 0)) {
    if (ip !== 'None') spec.ipFamilies = [...(spec.ipFamilies ?? []), familyOf(ip)];
  }
  if (causes.length > 0) throw invalid('Service', '', service.metadata.name, causes);

  const families = spec.ipFamilies ?? ['IPv4'];
  spec.ipFamilies = single || families.length > 1 ? families : [...families, other(families[0])];
  return allocated({ ...service, spec }, old, pool);
}

/**
 * A Service from a file or a dump gets no cluster IP that it does not name, and a manifest gets a second family as
 * its policy says. With `clusterIPs`, an API server has completed it: a PreferDualStack Service of a single-stack cluster
 * keeps its one family.
 */
export function loaded(service: StoredService): StoredService {
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

function hasNoFamilies(spec: StoredServiceSpec): boolean {
  if (spec.type === 'ExternalName' || spec.ipFamilies !== undefined) return false;
  return (spec.ipFamilyPolicy ?? 'SingleStack') === 'SingleStack';
}

function isHeadlessWithoutSelector(spec: StoredServiceSpec): boolean {
  return spec.clusterIP === 'None' && spec.selector === undefined;
}

/**
 * normalizeClusterIPs and patchAllocatedValues: a write that omits allocated values keeps them, which allows a manifest
 * to be applied again. The same holds for the policy.
 */
function withPreviousValues(given: StoredServiceSpec, old: StoredServiceSpec | undefined): StoredServiceSpec {
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

/** isMatchingPreferDualStackClusterIPFields: such a Service is not completed again, and may have one family. */
function keepsPreferDualStack(spec: StoredServiceSpec, old: StoredServiceSpec | undefined): boolean {
  return (
    old !== undefined &&
    old.type === spec.type &&
    old.ipFamilyPolicy === 'PreferDualStack' &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    sameJson(spec.clusterIPs, old.clusterIPs) &&
    sameJson(spec.ipFamilies, old.ipFamilies)
  );
}

function dropSecond(spec: StoredServiceSpec, old: StoredServiceSpec): void {
  if (spec.clusterIPs && sameJson(spec.clusterIPs, old.clusterIPs))
    spec.clusterIPs = spec.clusterIPs.slice(0, 1);
  if (spec.ipFamilies && sameJson(spec.ipFamilies, old.ipFamilies))
    spec.ipFamilies = spec.ipFamilies.slice(0, 1);
}

function checkReductions(spec: StoredServiceSpec, old: StoredServiceSpec): StatusCause[] {
  const isReduced = (key: 'clusterIPs' | 'ipFamilies'): boolean =>
    spec[key]?.length === 1 && old[key]?.length === 2;
  const message = "must be 'SingleStack' to release the secondary";
  return [
    ...(isReduced('clusterIPs') ? [policyCause(spec, `${message} cluster IP`)] : []),
    ...(isReduced('ipFamilies') ? [policyCause(spec, `${message} IP family`)] : []),
  ];
}

function checkSingleStack(spec: StoredServiceSpec): StatusCause[] {
  const message = (what: string): string =>
    `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
  return [
    ...(spec.clusterIPs?.length === 2 ? [policyCause(spec, message('cluster IPs'))] : []),
    ...(spec.ipFamilies?.length === 2 ? [policyCause(spec, message('IP families'))] : []),
  ];
}

function policyCause({ ipFamilyPolicy }: StoredServiceSpec, why: string): StatusCause {
  return invalidValue('spec.ipFamilyPolicy', ipFamilyPolicy, why);
}

/** Allocates a cluster IP for each family. One that the Service names itself must be free. */
function allocated(service: StoredService, old: StoredService | undefined, pool: ClusterIPs): StoredService {
  const { ...spec } = service.spec;
  if (spec.clusterIP === 'None') return service;
  // A Service that was loaded without cluster IPs stays without them.
  if (old !== undefined && old.spec.type !== 'ExternalName' && old.spec.clusterIPs === undefined)
    return service;
  const named = spec.clusterIPs ?? [];
  const previous = old?.spec.clusterIPs ?? [];
  for (const ip of named) {
    const rejection = previous.includes(ip) ? undefined : pool.rejection(ip);
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
