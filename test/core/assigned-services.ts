import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { viewOf } from '../../src/core/model/service-view.ts';

/** Clusters as the controller leaves them, without running it. */

export const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'kube-vip-cloud-controller',
  claims: false,
};

export function world(data: Record<string, string>, services: readonly Service[] = []): Allocator {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(readConfig({ metadata: { name: 'kubevip', namespace: 'kube-system' }, data }));
  allocator.replaceServices(services.map(viewOf), '100');
  return allocator;
}

/** An assigned Service: allocated, unless `from` is `static`. */
export function served(key: string, addresses: string, { from = '', port = 80 } = {}): Service {
  const [namespace = '', name = ''] = key.split('/');
  const uid = `uid-${key}`;
  const record = {
    from,
    ips: addresses,
    ports: `TCP/${port}`,
    families: 'SingleStack IPv4',
    uid,
    by: options.controller,
  };
  return {
    metadata: {
      namespace,
      name,
      uid,
      resourceVersion: '7',
      labels: { implementation: 'kube-vip' },
      annotations: {
        'kube-vip.io/loadbalancerIPs': addresses,
        'kube-vip.io/allocation': JSON.stringify(record),
      },
    },
    spec: { type: 'LoadBalancer', loadBalancerIP: addresses, ipFamilies: ['IPv4'], ports: [{ port }] },
  };
}
