import { parsePoolEntry } from '../../core/config/pool-entry.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import { type ClusterContext, list, optional } from './cluster-context.ts';
import type { ClusterNetworks } from './cluster-facts.ts';

interface Node extends KubeObject {
  status?: { addresses?: { type?: string; address?: string }[] };
}

interface ServiceCIDR extends KubeObject {
  spec?: { cidrs?: string[] };
}

const nodesPath = '/api/v1/nodes';

/** The names of nodes by address; empty if the user may not list nodes. */
export async function readNodeNames(context: ClusterContext): Promise<ReadonlyMap<string, string>> {
  const nodes = await optional(
    list(context, nodesPath, {}, (object) => object as Node),
    undefined,
    [],
  );
  return new Map(addressesOf(nodes?.items ?? []).map(({ name, address }) => [address, name]));
}

/** Reads the addresses that pools should not contain. */
export async function readClusterNetworks(
  context: ClusterContext,
  remarks: string[],
): Promise<ClusterNetworks> {
  const [nodes, cidrs] = await Promise.all([
    optional(
      list(context, nodesPath, {}, (object) => object as Node),
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
  return {
    nodes: nodes && addressesOf(nodes.items),
    clusterIPs: cidrs?.items.flatMap(({ metadata: { name }, spec }) =>
      (spec?.cidrs ?? []).flatMap((cidr) => {
        const entry = parsePoolEntry(cidr);
        return 'fault' in entry ? [] : { name, range: entry.range };
      }),
    ),
  };
}

function addressesOf(nodes: readonly Node[]): { name: string; address: string }[] {
  return nodes.flatMap(({ metadata: { name }, status }) =>
    (status?.addresses ?? []).flatMap(({ type, address }) =>
      address === undefined || type === 'Hostname' ? [] : { name, address },
    ),
  );
}
