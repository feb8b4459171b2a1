import type { KubeObject } from '../core/model/objects.ts';
import { service as schema } from '../schema/service.ts';
import type { ClusterIPs } from './cluster-ips.ts';
import { canonicalIP } from './ip.ts';
import { ofClusterIP } from './ip-addresses.ts';
import { common, type Resource } from './resource.ts';
import { type StoredService, withDefaults, withoutFieldsOfOldType } from './service-defaults.ts';
import { loaded, withFamilies } from './service-families.ts';
import { checkService, checkServiceStatus, checkServiceUpdate } from './service-validation.ts';

/** Decoding by the schema of a Service makes an object one. */
function asService(object: KubeObject): StoredService {
  return object as StoredService;
}

/**
 * Unlike the real API server, this one keeps the node ports that a Service names and never allocates any, so
 * `healthCheckNodePort` is not required.
 */
export function services(pool: ClusterIPs, addresses: Resource): Resource {
  return {
    ...common,
    kind: 'Service',
    plural: 'services',
    schema,
    selectable: ['spec.type', 'spec.clusterIP'],
    createOnUpdate: true,
    returnsDeleted: true,
    hasStatus: true,
    defaulted: (object) => withDefaults(asService(object)),
    prepared: (object, old) => {
      const service = asService(object);
      if (old === undefined)
        return withFamilies({ ...service, status: { loadBalancer: {} } }, undefined, pool);
      const before = asService(old);
      return withFamilies(
        withoutFieldsOfOldType({ ...service, status: before.status }, before),
        before,
        pool,
      );
    },
    preparedStatus: (object, old) => ({ ...asService(object), spec: asService(old).spec }),
    loaded: (object) => loaded(asService(object)),
    check: (object, old) => {
      const service = asService(object);
      return [
        ...(old === undefined ? [] : checkServiceUpdate(service, asService(old))),
        ...checkService(service),
      ];
    },
    checkStatus: (object) => checkServiceStatus(asService(object)),
    companions: (object) =>
      clusterIPsOf(object).map((ip) => ({ resource: addresses, object: ofClusterIP(ip, object) })),
  };
}

function clusterIPsOf(object: KubeObject): string[] {
  const { clusterIPs = [] } = asService(object).spec;
  return clusterIPs.flatMap((ip) => canonicalIP(ip) ?? []);
}
