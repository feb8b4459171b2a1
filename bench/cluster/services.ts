import { Allocator } from '../../src/core/allocator.ts';
import { patchOf } from '../../src/core/change.ts';
import { annotations, labels } from '../../src/core/names.ts';
import type { ConfigMap, Service } from '../../src/core/objects.ts';
import { readPools } from '../../src/core/pools.ts';
import { viewOf } from '../../src/core/service.ts';
import type { Request } from './requests.ts';

const namespace = 'bench';
export const servicesPath = `/api/v1/namespaces/${namespace}/services`;
export const configMapPath = '/api/v1/namespaces/kube-system/configmaps';

const pathOf = ({ metadata }: Service): string => `${servicesPath}/${metadata.name}`;

export const configMap: ConfigMap = { metadata: { name: 'kubevip' }, data: { 'cidr-global': '10.0.0.0/16' } };

export const newNamespace: Request = {
  method: 'POST',
  path: '/api/v1/namespaces',
  body: JSON.stringify({ metadata: { name: namespace } }),
};

/** Without node ports, which would run out. */
export function newServices(count: number): Request[] {
  return Array.from({ length: count }, (_, i) => {
    const service = {
      metadata: { name: `service-${i}` },
      spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] },
    };
    return { method: 'POST', path: servicesPath, body: JSON.stringify(service) };
  });
}

/** The very PATCHes that the controller would send: the same fields, the same size, the same guards. */
export function assignments(services: readonly Service[], resourceVersion: string): Request[] {
  const options = {
    class: undefined,
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    controller: 'kube-vip-cloud-controller',
    claims: false,
  };
  const allocator = new Allocator(options);
  allocator.replaceServices(services.map(viewOf), resourceVersion);
  allocator.setPools(readPools(configMap));
  const requests: Request[] = [];
  for (let verdict = allocator.next(); verdict !== undefined; verdict = allocator.next()) {
    const { standing, decision } = verdict;
    if (decision.kind !== 'write') continue;
    allocator.assume(standing, decision.change);
    requests.push({
      method: 'PATCH',
      path: `${servicesPath}/${standing.view.name}?fieldManager=bench`,
      body: JSON.stringify(patchOf(standing.view, decision.change)),
    });
  }
  return requests;
}

/** Takes everything off again, so that the same Services wait anew. */
export function withdrawals(services: readonly Service[]): Request[] {
  const patch = {
    metadata: {
      annotations: { [annotations.addresses]: null, [annotations.record]: null },
      labels: { [labels.implementation]: null },
    },
    spec: { loadBalancerIP: null },
  };
  const body = JSON.stringify(patch);
  return services.map((service) => ({ method: 'PATCH', path: pathOf(service), body }));
}
