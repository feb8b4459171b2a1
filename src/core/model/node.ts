import { type Address, readAddress } from '../ip/address.ts';
import type { KubeObject } from './objects.ts';

/** core/v1. */
export interface Node extends KubeObject {
  status?: { addresses?: { type?: string; address?: string }[] };
}

/** The IP addresses of a Node, internal and external ones. */
export function addressesOfNode({ status }: Node): Address[] {
  return (status?.addresses ?? []).flatMap(({ address }) => readAddress(address ?? '') ?? []);
}
