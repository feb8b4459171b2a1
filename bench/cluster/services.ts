import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import type { ConfigMap, Service, ServiceSpec } from '../../src/core/model/objects.ts';
import { mergePatchOf } from '../../src/core/model/service-patch.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { annotations, claimManager, labels } from '../../src/core/model/well-known-names.ts';
import type { Request } from './requests.ts';

export const namespace = 'bench';
export const servicesPath = `/api/v1/namespaces/${namespace}/services`;
export const configMapPath = '/api/v1/namespaces/kube-system/configmaps';

const pathOf = ({ metadata }: Service): string => `${servicesPath}/${metadata.name}`;

export const configMap: ConfigMap = { metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.0/16' } };

export function newNamespace(name = namespace): Request {
  return { method: 'POST', path: '/api/v1/namespaces', body: JSON.stringify({ metadata: { name } }) };
}

/** Without node ports, which would run out. */
export function newService(name: string, more: ServiceSpec = {}, path = servicesPath): Request {
  const spec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }], ...more };
  return { method: 'POST', path, body: JSON.stringify({ metadata: { name }, spec }) };
}

export function* newServices(from: number, to: number, tell: (made: number) => void): Generator<Request> {
  for (let i = from; i < to; i += 1) {
    tell(i);
    yield newService(`service-${i}`);
  }
}

/** The very PATCHes that the controller would send: the same fields, the same size, the same guards. */
export function assignments(
  services: readonly Service[],
  resourceVersion: string,
  pools = configMap,
  loadBalancerClass?: string,
): Request[] {
  const options = {
    class: loadBalancerClass,
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    controller: 'kube-vip-cloud-controller',
    claims: false,
  };
  const allocator = new Allocator(options);
  allocator.replaceServices(services.map(viewOf), resourceVersion);
  allocator.setConfig(readConfig(pools));
  const requests: Request[] = [];
  for (let decided = allocator.next(); decided !== undefined; decided = allocator.next()) {
    const { state, decision } = decided;
    if (decision.kind !== 'write') continue;
    allocator.assume(state, decision.patch);
    requests.push({
      method: 'PATCH',
      path: `${servicesPath}/${state.view.name}?fieldManager=bench`,
      body: JSON.stringify(mergePatchOf(state.view, decision.patch)),
    });
  }
  return requests;
}

/** Takes everything off again, so that the same Services wait anew. */
export function withdrawals(services: readonly Service[]): Request[] {
  const patch = {
    metadata: {
      annotations: { [annotations.addresses]: null, [annotations.allocationRecord]: null },
      labels: { [labels.implementation]: null },
    },
    spec: { loadBalancerIP: null },
  };
  const body = JSON.stringify(patch);
  return services.map((service) => ({ method: 'PATCH', path: pathOf(service), body }));
}

/** Takes all claims away at once. */
export const noClaims: Request = {
  method: 'DELETE',
  path: `/apis/networking.k8s.io/v1/ipaddresses?labelSelector=${encodeURIComponent(`${labels.managedBy}=${claimManager}`)}`,
};
