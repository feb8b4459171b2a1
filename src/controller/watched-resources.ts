import type { WatchSource } from '../client/reflector.ts';
import { type ExternalIPs, externalIPsOf } from '../core/ledger/external-ips.ts';
import { type Claim, claimOf, namesAddress } from '../core/model/claim.ts';
import type { ConfigMap, KubeObject, Service } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { internedViewOf, type ServiceView } from '../core/model/service-view.ts';
import type { Interner } from '../core/text/interner.ts';

/** The resources that the controller watches. */

export function servicesSource(shared: Interner): WatchSource<ServiceView> {
  return {
    path: '/api/v1/services',
    fieldSelector: 'spec.type=LoadBalancer',
    matches: (object) => typeOf(object) === 'LoadBalancer',
    project: (object) => internedViewOf(object, shared),
  };
}

/**
 * Services with our label but another type. A type change arrives in the first watch as a deletion (spec
 * section 2). Here it is visible as what it is, without a read for each deleted Service.
 */
export function cleanupSource(shared: Interner): WatchSource<ServiceView> {
  return {
    path: '/api/v1/services',
    fieldSelector: 'spec.type!=LoadBalancer',
    labelSelector: 'implementation=kube-vip',
    matches: (object) => typeOf(object) !== 'LoadBalancer',
    project: (object) => internedViewOf(object, shared),
  };
}

/**
 * The external IPs of all Services of other types, which are in use. Nothing else of these Services is kept
 * (docs/decisions/0004-two-watches-of-services.md).
 */
export const externalIPsSource: WatchSource<ExternalIPs> = {
  path: '/api/v1/services',
  fieldSelector: 'spec.type!=LoadBalancer',
  matches: (object) => typeOf(object) !== 'LoadBalancer',
  project: externalIPsOf,
};

/** The ConfigMap with the pools. A Role can be restricted to the name that the selector uses. */
export function configMapSource({ configMap: { namespace, name } }: Options): WatchSource<ConfigMap> {
  return {
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    fieldSelector: `metadata.name=${name}`,
    matches: ({ metadata }) => metadata.name === name,
    project: (object) => object as ConfigMap,
  };
}

export const claimsPath = '/apis/networking.k8s.io/v1/ipaddresses';

/**
 * All claims, including those of the API server for cluster IPs, because claimed addresses must not be
 * assigned. Undefined for an object whose name is not an assignable address, such as an IPv4-mapped one,
 * which some API servers accept.
 */
export function claimsSource({ controller }: Options): WatchSource<Claim | undefined> {
  return {
    path: claimsPath,
    project: (object) => (namesAddress(object) ? claimOf(object, controller) : undefined),
  };
}

function typeOf(object: KubeObject): string | undefined {
  return (object as Service).spec?.type;
}
