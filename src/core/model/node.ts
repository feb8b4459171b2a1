import { type Address, readAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import type { KubeObject } from './objects.ts';

/** core/v1. */
export interface Node extends KubeObject {
  status?: { addresses?: { type?: string; address?: string }[] };
}

/** The IP addresses of a Node, internal and external ones. */
export function addressesOfNode({ status }: Node): Address[] {
  return (status?.addresses ?? []).flatMap(({ address }) => readAddress(address ?? '') ?? []);
}

/** The name of the Node that has an address. */
export function namesByAddress(nodes: Iterable<Node>): AddressMap<string> {
  const names = new AddressMap<string>();
  for (const node of nodes)
    for (const address of addressesOfNode(node)) names.set(address, node.metadata.name);
  return names;
}
