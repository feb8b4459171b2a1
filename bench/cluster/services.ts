import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import type { ConfigMap, Service, ServiceSpec } from '../../src/core/model/objects.ts';
import { mergePatchOf } from '../../src/core/model/service-patch.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { annotations, claimManager, labels } from '../../src/core/model/well-known-names.ts';
import { controllerOptions } from '../core/services.ts';
import type { Request } from './requests.ts';

export const namespace = 'bench';
export const servicesPath = pathOf(namespace);
export const configMapPath = '/api/v1/namespaces/kube-system/configmaps';
export const configMap: ConfigMap = { metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.0/16' } };

export function pathOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/services`;
}

export function newNamespace(name = namespace): Request {
  return { method: 'POST', path: '/api/v1/namespaces', body: JSON.stringify({ metadata: { name } }) };
}

/** Without node ports, of which a cluster has only 2,768. */
export function newService(name: string, more: ServiceSpec = {}, path = servicesPath): Request {
  const spec = { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }], ...more };
  return { method: 'POST', path, body: JSON.stringify({ metadata: { name }, spec }) };
}

/** The same PATCHes that the controller would send, with all fields and guards. */
export function assignments(
  services: readonly Service[],
  resourceVersion: string,
  pools = configMap,
  loadBalancerClass?: string,
): Request[] {
  const allocator = new Allocator({ ...controllerOptions, class: loadBalancerClass }, () => 0);
  allocator.replaceServices(services.map(viewOf), resourceVersion);
  allocator.setConfig(readConfig(pools));
  const requests: Request[] = [];
  for (let next = allocator.next(0); next !== undefined; next = allocator.next(0)) {
    const { state, decision } = next;
    if (decision.kind !== 'write') continue;
    allocator.assume(next, decision.patch);
    requests.push({
      method: 'PATCH',
      path: `${pathOf(state.view.namespace)}/${state.view.name}?fieldManager=bench`,
      body: JSON.stringify(mergePatchOf(state.view, decision.patch)),
    });
  }
  return requests;
}

/** Removes everything that was assigned, so that the same Services are pending again. */
export function withdrawals(services: readonly Service[]): Request[] {
  const body = JSON.stringify({
    metadata: {
      annotations: { [annotations.addresses]: null, [annotations.allocationRecord]: null },
      labels: { [labels.implementation]: null },
    },
    spec: { loadBalancerIP: null },
  });
  return services.map(({ metadata }) => ({
    method: 'PATCH',
    path: `${servicesPath}/${metadata.name}`,
    body,
  }));
}

/** Deletes all claims of the controller. */
export const noClaims: Request = {
  method: 'DELETE',
  path: `/apis/networking.k8s.io/v1/ipaddresses?labelSelector=${encodeURIComponent(`${labels.managedBy}=${claimManager}`)}`,
};
