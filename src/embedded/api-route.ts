import type { Resource } from './resource.ts';

export interface ApiRoute {
  resource: Resource;
  /** Undefined for all namespaces, and for a cluster-scoped resource. */
  namespace: string | undefined;
  name: string | undefined;
  subresource: 'status' | undefined;
}

const form =
  /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<subresource>[^/]+))?$/;

/**
 * The paths of the Kubernetes API: /api/v1/namespaces/NAMESPACE/services/NAME/status and its parents. Those of
 * cluster-scoped resources have no namespace.
 */
export function route(path: string, resources: readonly Resource[]): ApiRoute | undefined {
  const { group, version, namespace, plural, name, subresource } = form.exec(path)?.groups ?? {};
  const apiVersion = group === undefined ? version : `${group}/${version}`;
  const resource = resources.find((one) => one.plural === plural && one.apiVersion === apiVersion);
  if (resource === undefined) return undefined;
  if (resource.isNamespaced ? name !== undefined && namespace === undefined : namespace !== undefined)
    return undefined;
  if (subresource !== undefined && (subresource !== 'status' || !resource.hasStatus)) return undefined;
  return { resource, namespace: decoded(namespace), name: decoded(name), subresource };
}

function decoded(segment: string | undefined): string | undefined {
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
