import type { LoadBalancerIngress, Service, ServicePort, ServiceSpec } from '../core/model/objects.ts';

/** The fields of a Service that the API server looks at and the controller does not. */
export interface FullSpec extends ServiceSpec {
  ports?: FullPort[];
  externalName?: string;
  healthCheckNodePort?: number;
  sessionAffinityConfig?: { clientIP?: { timeoutSeconds?: number } };
}

export interface FullPort extends ServicePort {
  appProtocol?: string;
}

export interface FullService extends Service {
  spec: FullSpec;
  status: { loadBalancer: { ingress?: LoadBalancerIngress[] }; conditions?: unknown[] };
}

/** A Service that was read as one has the fields that Go writes always. */
export function full(service: Service): FullService {
  const { loadBalancer = {}, ...status } = service.status ?? {};
  return { ...service, spec: { ...service.spec }, status: { loadBalancer, ...status } };
}

/** pkg/apis/core/v1/defaults.go, SetDefaults_Service: what is filled in whenever a Service is read. */
export function withDefaults(service: FullService): FullService {
  const { ...spec } = service.spec;
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    // Three hours, Kubernetes' DefaultClientIPServiceAffinitySeconds.
    const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800;
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds } };
  }
  if (spec.ports) spec.ports = spec.ports.map(portWithDefaults);
  if (isExternal(spec)) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return { ...service, spec };

  spec.allocateLoadBalancerNodePorts ??= true;
  const { ingress } = service.status.loadBalancer;
  if (ingress === undefined) return { ...service, spec };
  const modes = ingress.map((one) => (one.ip === undefined ? one : { ...one, ipMode: one.ipMode ?? 'VIP' }));
  return { ...service, spec, status: { ...service.status, loadBalancer: { ingress: modes } } };
}

function portWithDefaults(given: FullPort): FullPort {
  const port = { ...given, port: given.port ?? 0, protocol: given.protocol ?? 'TCP' };
  if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '')
    port.targetPort = port.port;
  return port;
}

export function isExternal({ type }: ServiceSpec): boolean {
  return type === 'LoadBalancer' || type === 'NodePort';
}

/**
 * pkg/registry/core/service/strategy.go, dropTypeDependentFields: what a change of type takes with it, where the same
 * write did not also change the field. `spec.loadBalancerIP` is not among them.
 */
export function withoutLeftovers(service: FullService, old: FullService): FullService {
  const { ...spec } = service.spec;
  const before = old.spec;
  const same = (key: keyof FullSpec): boolean => JSON.stringify(spec[key]) === JSON.stringify(before[key]);
  const drop = (...keys: (keyof FullSpec)[]): void => {
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
