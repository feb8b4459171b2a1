import type { KubeObject, Service } from '../core/model/objects.ts';
import type { ClusterIPs } from './cluster-ips.ts';
import { canonicalIP } from './ip.ts';
import { ofClusterIP } from './ip-addresses.ts';
import { dnsLabel } from './naming.ts';
import { common, type Resource } from './resource.ts';
import { service as shape } from './resource-shapes.ts';
import { type FullService, full, withDefaults, withoutLeftovers } from './service-defaults.ts';
import { loaded, withFamilies } from './service-families.ts';
import { checkService, checkServiceStatus, checkServiceUpdate } from './service-validation.ts';

/** Having been read by the shape of a Service makes an object one. */
function asService(object: KubeObject): FullService {
  return full(object as Service);
}

/**
 * Not done here, unlike in the real one: node ports are kept where a Service names them, and never allocated; so
 * `healthCheckNodePort` is not required.
 */
export function services(pool: ClusterIPs, addresses: Resource): Resource {
  return {
    ...common,
    kind: 'Service',
    plural: 'services',
    shape,
    selectable: (object) => {
      const { type = '', clusterIP = '' } = asService(object).spec;
      return { 'spec.type': type, 'spec.clusterIP': clusterIP };
    },
    createOnUpdate: true,
    returnsDeleted: true,
    hasStatus: true,
    checkName: dnsLabel,
    defaulted: (object) => withDefaults(asService(object)),
    prepared: (object, old) => {
      const service = asService(object);
      if (old === undefined)
        return withFamilies({ ...service, status: { loadBalancer: {} } }, undefined, pool);
      const before = asService(old);
      return withFamilies(withoutLeftovers({ ...service, status: before.status }, before), before, pool);
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
  const { clusterIPs = [] } = (object as Service).spec ?? {};
  return clusterIPs.flatMap((ip) => canonicalIP(ip) ?? []);
}
