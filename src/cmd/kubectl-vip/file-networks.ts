import { parsePoolEntry } from '../../core/config/pool-entry.ts';
import type { DeclaredNetworks } from '../../manifest/cluster-objects.ts';
import type { ClusterNetworks } from './cluster-facts.ts';

/** What a file declares, and what a cluster has. */
export function mergeNetworks(file: DeclaredNetworks, cluster: ClusterNetworks | undefined): ClusterNetworks {
  const clusterIPs = file.clusterIPs?.flatMap(rangeOf);
  // A file need not contain all namespaces.
  if (cluster === undefined) return { ...file, clusterIPs, namespaces: undefined };
  return {
    nodes: joined(cluster.nodes, file.nodes),
    clusterIPs: joined(cluster.clusterIPs, clusterIPs),
    apiServers: joined(cluster.apiServers, file.apiServers),
    namespaces: cluster.namespaces,
  };
}

function rangeOf({ name, cidr }: { readonly name: string; readonly cidr: string }) {
  const entry = parsePoolEntry(cidr);
  return 'fault' in entry ? [] : [{ name, range: entry.range }];
}

function joined<T>(one: readonly T[] | undefined, other: readonly T[] | undefined): readonly T[] | undefined {
  return one === undefined || other === undefined ? (one ?? other) : [...one, ...other];
}
