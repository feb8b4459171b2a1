import type { KubeObject, Service } from '../core/objects.ts';
import { ClusterIPs } from './cluster-ips.ts';
import { dnsLabel } from './naming.ts';
import type { Resource } from './resource.ts';
import { type FullService, full, withDefaults, withoutLeftovers } from './service-defaults.ts';
import { loaded, withFamilies } from './service-families.ts';
import { checkService, checkServiceStatus, checkServiceUpdate } from './service-validation.ts';
import { service as shape } from './shapes.ts';

/** Having been read by the shape of a Service makes an object one. */
function asService(object: KubeObject): FullService {
  return full(object as Service);
}

/**
 * Not done here, unlike in the real one: node ports are kept where a Service names them, and never allocated; so
 * `healthCheckNodePort` is not required.
 */
export function services(): Resource {
  const pool = new ClusterIPs();
  return {
    kind: 'Service',
    plural: 'services',
    group: '',
    apiVersion: 'v1',
    shape,
    selectable: (object) => {
      const { type = '', clusterIP = '' } = asService(object).spec;
      return { 'spec.type': type, 'spec.clusterIP': clusterIP };
    },
    unconditionalUpdate: true,
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
    written: (object, old) => {
      pool.release((old as Service | undefined)?.spec?.clusterIPs ?? []);
      pool.hold((object as Service | undefined)?.spec?.clusterIPs ?? []);
    },
  };
}
