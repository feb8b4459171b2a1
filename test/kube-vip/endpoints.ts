import assert from 'node:assert/strict';
import type { Body } from '../contract/http.ts';
import type { Cluster } from '../e2e/cluster.ts';
import type { Machine } from './lan.ts';

/** Acts as the EndpointSlice controller for a Service whose Pods are ready on these machines. */
export async function createEndpoints(
  cluster: Cluster,
  service: Body,
  machines: readonly Machine[],
): Promise<void> {
  const { namespace = '', name = '' } = service.metadata;
  const { ipFamilies = [], ports = [] } = service.spec;
  for (const family of ipFamilies) {
    const endpoints = machines.map((machine) => ({
      addresses: [family === 'IPv4' ? machine.ipv4 : machine.ipv6],
      nodeName: machine.name,
      conditions: { ready: true },
    }));
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const slice = await cluster.client.post(path, {
      metadata: {
        generateName: `${name}-`,
        labels: { 'kubernetes.io/service-name': name },
        // Nothing collects garbage here, but kube-vip should see what a cluster has.
        ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid: service.metadata.uid }],
      },
      addressType: family,
      endpoints,
      ports: ports.map(({ port, protocol = 'TCP' }) => ({ name: '', port, protocol })),
    });
    assert.equal(slice.status, 201, slice.body.message ?? '');
  }
}
