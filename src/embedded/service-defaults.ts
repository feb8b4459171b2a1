import type { service } from '../schema/service.ts';
import type { ObjectOf } from './resource.ts';

export type StoredService = ObjectOf<typeof service>;
export type StoredServiceSpec = StoredService['spec'];
export type StoredServicePort = NonNullable<StoredServiceSpec['ports']>[number];

/** The defaults that depend on other fields: pkg/apis/core/v1/defaults.go, SetDefaults_Service. */
export function withDefaults(service: StoredService): StoredService {
  const { ...spec } = service.spec;
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    // Three hours, Kubernetes' DefaultClientIPServiceAffinitySeconds.
    const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800;
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds } };
  }
  if (spec.ports) spec.ports = spec.ports.map(withTargetPort);
  if (isExternal(spec)) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return { ...service, spec };

  spec.allocateLoadBalancerNodePorts ??= true;
  const { ingress } = service.status.loadBalancer;
  if (ingress === undefined) return { ...service, spec };
  const modes = ingress.map((one) => (one.ip === undefined ? one : { ...one, ipMode: one.ipMode ?? 'VIP' }));
  return { ...service, spec, status: { ...service.status, loadBalancer: { ingress: modes } } };
}

function withTargetPort(port: StoredServicePort): StoredServicePort {
  return { ...port, targetPort: port.targetPort || port.port };
}

export function isExternal({ type }: Pick<StoredServiceSpec, 'type'>): boolean {
  return type === 'LoadBalancer' || type === 'NodePort';
}

/**
 * pkg/registry/core/service/strategy.go, dropTypeDependentFields: a change of type removes the fields of the old type
 * that the same write did not change. `spec.loadBalancerIP` stays.
 */
export function withoutFieldsOfOldType(service: StoredService, old: StoredService): StoredService {
  const { ...spec } = service.spec;
  const before = old.spec;
  const same = (key: keyof StoredServiceSpec): boolean =>
    JSON.stringify(spec[key]) === JSON.stringify(before[key]);
  const drop = (...keys: (keyof StoredServiceSpec)[]): void => {
    for (const key of keys) if (same(key)) delete spec[key];
  };
  if (spec.type === 'ExternalName' && before.type !== 'ExternalName') {
    if (same('clusterIP') && same('clusterIPs')) drop('clusterIP', 'clusterIPs');
    drop('ipFamilies', 'ipFamilyPolicy');
  }
  if (isExternal(before) && !isExternal(spec)) {
    drop('externalTrafficPolicy');
    if (spec.ports) {
      const known = new Set(before.ports?.map((port) => port.nodePort));
      spec.ports = spec.ports.map((port) => {
        const { nodePort, ...rest } = port;
        return known.has(nodePort) ? rest : port;
      });
    }
  }
  if (spec.type === 'LoadBalancer') return { ...service, spec };
  if (before.type === 'LoadBalancer')
    drop('allocateLoadBalancerNodePorts', 'loadBalancerClass', 'healthCheckNodePort');
  return { ...service, spec, status: { ...service.status, loadBalancer: {} } };
}
