import { nodesPath } from '../../controller/node-addresses.ts';
import { parsePoolEntry } from '../../core/config/pool-entry.ts';
import { AddressMap } from '../../core/ip/address-map.ts';
import { addressesOfNode, type Node } from '../../core/model/node.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import { type ClusterContext, list, optional } from './cluster-context.ts';
import type { ClusterNetworks } from './cluster-facts.ts';
import { readApiServers, readNamespaces } from './control-plane.ts';

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
  const [apiServers, namespaces] = await Promise.all([
    readApiServers(context, remarks),
    readNamespaces(context, remarks),
  ]);
  return {
    apiServers,
    namespaces,
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

/** The name of the Node that has an address; undefined with a remark if Nodes cannot be read. */
export async function readNodeNames(
  context: ClusterContext,
  remarks: string[],
): Promise<AddressMap<string> | undefined> {
  const read = (object: KubeObject) => ({
    name: object.metadata.name,
    addresses: addressesOfNode(object as Node),
  });
  const nodes = await optional(list(context, nodesPath, {}, read), undefined, remarks);
  if (nodes === undefined) return undefined;
  const names = new AddressMap<string>();
  for (const { name, addresses } of nodes.items) for (const address of addresses) names.set(address, name);
  return names;
}
