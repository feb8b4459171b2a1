import type { Family } from '../ip/address.ts';
import type { Service } from '../model/objects.ts';
import { keyOf, type ServiceView, viewOf } from '../model/service-view.ts';
import { annotations, labels } from '../model/well-known-names.ts';

/**
 * The Services after `kubectl apply` of the manifests: O(Services). A field that a manifest does not set keeps its value, and
 * what only the API server or a controller writes (uid, times, status) is never taken from a manifest.
 */
export function withApplied(
  services: readonly ServiceView[],
  manifests: readonly Service[],
): readonly ServiceView[] {
  const applied = new Map(services.map((view) => [keyOf(view), view]));
  const defaults = familiesOf(services);
  for (const manifest of manifests) {
    const written = viewOf(asWritten(manifest));
    const key = keyOf(written);
    const live = applied.get(key);
    applied.set(
      key,
      live === undefined ? created(written, defaults) : updated(live, written, manifest, defaults),
    );
  }
  return [...applied.values()].filter(({ type }) => type === 'LoadBalancer');
}

/** Without the fields of an object that exists already: the manifest may be a dump. */
function asWritten(manifest: Service): Service {
  const { metadata, spec } = manifest;
  const { name, namespace, labels: ownLabels, annotations: ownAnnotations } = metadata;
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(ownLabels === undefined ? {} : { labels: ownLabels }),
      ...(ownAnnotations === undefined ? {} : { annotations: ownAnnotations }),
    },
    ...(spec === undefined ? {} : { spec }),
  };
}

/** Later than the creation of every Service that exists. */
const future = '9999-12-31T23:59:59Z';

function created(written: ServiceView, defaults: readonly Family[]): ServiceView {
  return { ...written, uid: 'created', created: future, families: completed(written, defaults) };
}

function updated(
  live: ServiceView,
  written: ServiceView,
  { metadata, spec = {} }: Service,
  defaults: readonly Family[],
): ServiceView {
  const isAnnotated = (name: string): boolean => metadata.annotations?.[name] !== undefined;
  const isLabeled = (name: string): boolean => metadata.labels?.[name] !== undefined;
  const policy = spec.ipFamilyPolicy === undefined ? live.policy : written.policy;
  const listed = spec.ipFamilies === undefined ? live.families : written.families;
  const isSamePolicy = policy === live.policy && spec.ipFamilies === undefined;
  return {
    ...live,
    type: spec.type === undefined ? live.type : written.type,
    class: spec.loadBalancerClass === undefined ? live.class : written.class,
    specIP: spec.loadBalancerIP === undefined ? live.specIP : written.specIP,
    ports: spec.ports === undefined ? live.ports : written.ports,
    localTraffic: spec.externalTrafficPolicy === undefined ? live.localTraffic : written.localTraffic,
    policy,
    families: isSamePolicy ? live.families : completed({ policy, families: listed }, defaults),
    ignored: isAnnotated(annotations.ignore) ? written.ignored : live.ignored,
    annotation: isAnnotated(annotations.addresses) ? written.annotation : live.annotation,
    record: isAnnotated(annotations.allocationRecord) ? written.record : live.record,
    interface: isAnnotated(annotations.interface) ? written.interface : live.interface,
    vlan: isAnnotated(annotations.vlan) ? written.vlan : live.vlan,
    lease: isAnnotated(annotations.lease) ? written.lease : live.lease,
    pool: isAnnotated(annotations.pool) ? written.pool : live.pool,
    sharingKey: isAnnotated(annotations.sharingKey) ? written.sharingKey : live.sharingKey,
    labels: mergedLabels(live.labels, written.labels),
    reallocate: isAnnotated(annotations.reallocate) ? written.reallocate : live.reallocate,
    labeled: isLabeled(labels.implementation) ? written.labeled : live.labeled,
    ipamLabel: isLabeled(labels.ipamAddress) ? written.ipamLabel : live.ipamLabel,
  };
}

/** The labels in the manifest beside those that it does not name. */
function mergedLabels(live: string, written: string): string {
  const byName = (text: string): [string, string][] =>
    text === '' ? [] : text.split(',').map((label) => [label.split('=')[0] ?? '', label]);
  return [...new Map([...byName(live), ...byName(written)]).values()].sort().join();
}

/** The families of the cluster in the API server's order; none if there is no Service that tells. */
function familiesOf(services: readonly ServiceView[]): readonly Family[] {
  const known = services.filter(({ families }) => families.length > 0);
  const ipv6First = known.filter(
    ({ families, policy }) => policy === 'SingleStack' && families[0] === 'IPv6',
  );
  const single = known.filter(({ policy }) => policy === 'SingleStack');
  const first: Family = ipv6First.length * 2 > single.length ? 'IPv6' : 'IPv4';
  if (known.length === 0) return [];
  return known.some(({ families }) => families.length > 1) ? [first, otherFamily(first)] : [first];
}

/** As the API server completes `spec.ipFamilies` in this cluster. */
function completed(
  { families, policy }: Pick<ServiceView, 'families' | 'policy'>,
  defaults: readonly Family[],
): readonly Family[] {
  const listed = families.length > 0 ? families : defaults;
  const [first] = listed;
  if (first === undefined || policy === 'SingleStack') return listed.slice(0, 1);
  if (listed.length > 1) return listed;
  const isDualStack = policy === 'RequireDualStack' || defaults.length !== 1;
  return isDualStack ? [first, otherFamily(first)] : listed;
}

function otherFamily(family: Family): Family {
  return family === 'IPv4' ? 'IPv6' : 'IPv4';
}
