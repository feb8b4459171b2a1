import { parsePoolEntry } from '../../core/config/pool-entry.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import { type ClusterContext, list, optional } from './cluster-context.ts';
import type { ClusterNetworks } from './cluster-facts.ts';
import { readApiServers, readNamespaces } from './control-plane.ts';

interface Node extends KubeObject {
  status?: { addresses?: { type?: string; address?: string }[] };
}

interface ServiceCIDR extends KubeObject {
  spec?: { cidrs?: string[] };
}

/** Reads the addresses that pools should not contain. */
export async function readClusterNetworks(
  context: ClusterContext,
  remarks: string[],
): Promise<ClusterNetworks> {
  const [nodes, cidrs] = await Promise.all([
    optional(
      list(context, '/api/v1/nodes', {}, (object) => object as Node),
      undefined,
      remarks,
    ),
    // Since Kubernetes 1.33 (KEP-1880).
    optional(
      list(context, '/apis/networking.k8s.io/v1/servicecidrs', {}, (object) => object as ServiceCIDR),
      undefined,
      remarks,
    ),
  ]);
  const [apiServers, namespaces] = await Promise.all([
    readApiServers(context, remarks),
    readNamespaces(context, remarks),
  ]);
  return {
    apiServers,
    namespaces,
    nodes: nodes?.items.flatMap(({ metadata: { name }, status }) =>
      (status?.addresses ?? []).flatMap(({ type, address }) =>
        address === undefined || type === 'Hostname' ? [] : { name, address },
      ),
    ),
    clusterIPs: cidrs?.items.flatMap(({ metadata: { name }, spec }) =>
      (spec?.cidrs ?? []).flatMap((cidr) => {
        const entry = parsePoolEntry(cidr);
        return 'fault' in entry ? [] : { name, range: entry.range };
      }),
    ),
  };
}
