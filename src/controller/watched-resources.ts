import type { WatchSource } from '../client/reflector.ts';
import { type Claim, claimOf, namesAddress } from '../core/ledger/claim.ts';
import type { ConfigMap, KubeObject, Service } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { internedViewOf, type ServiceView } from '../core/model/service-view.ts';
import type { Interner } from '../core/text/interner.ts';

/** What the controller watches. */

export function servicesSource(shared: Interner): WatchSource<ServiceView> {
  return {
    path: '/api/v1/services',
    fieldSelector: 'spec.type=LoadBalancer',
    matches: (object) => typeOf(object) === 'LoadBalancer',
    project: (object) => internedViewOf(object, shared),
  };
}

/**
 * Services that bear our label and are of another type. A type change reaches the first watch as a deletion like any
 * other (spec section 2); here it appears as what it is, without a read for every Service that is deleted.
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

/** The one ConfigMap with the pools. A selector by name is what a role can be narrowed to. */
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
 * Everybody's claims, also those of the API server for cluster IPs: what others have is not to be given out. Undefined:
 * an object whose name is no address that could be given, such as an IPv4-mapped one, which not every API server refuses.
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
