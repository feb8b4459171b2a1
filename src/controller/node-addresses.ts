import type { Api } from '../client/api.ts';
import { ApiError, errorText } from '../client/errors.ts';
import type { Log } from '../client/log.ts';
import type { Clock } from '../client/transport.ts';
import type { Address } from '../core/ip/address.ts';
import { AddressMap } from '../core/ip/address-map.ts';
import { addressesOfNode, type Node } from '../core/model/node.ts';
import {
  type BeforeWrite,
  isTransient,
  retryUntilKnown,
  type WriteContext,
  type WriteOutcome,
} from './write-service.ts';

export const nodesPath = '/api/v1/nodes';

/** Nodes change rarely, and many Services can be adopted at the same time. */
const maxAgeMs = 60_000;
/** Until then, a missing permission is not asked for again. */
const retryMs = 5 * 60_000;

/** The names of all Nodes by their addresses, read while the list arrives. Throws what the API throws. */
export async function listNodes(api: Api, signal: AbortSignal): Promise<AddressMap<string>> {
  const nodes = new AddressMap<string>();
  for await (const { objects } of api.list(nodesPath, {}, signal)) {
    for (const node of objects as readonly Node[])
      for (const address of addressesOfNode(node)) nodes.set(address, node.metadata.name);
  }
  return nodes;
}

export interface NodeAddressesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each list with the names of the Nodes by address; undefined if they cannot be listed. */
  readonly listed: (nodes: AddressMap<string> | undefined) => void;
}

/** The Nodes as one list showed them. */
interface NodeList {
  readonly nodes: AddressMap<string> | undefined;
  readonly expiresAt: number;
}

/** The addresses of Nodes, which are only listed before a Service adopts an address. */
export class NodeAddresses {
  readonly #options: NodeAddressesOptions;
  #list: NodeList | undefined;
  /** The list that is being read. */
  #reading: Promise<NodeList> | undefined;
  #isReported = false;

  constructor(options: NodeAddressesOptions) {
    this.#options = options;
  }

  /** Prevents the write of an adoption if a Node has one of the addresses. */
  notOfNodes(addresses: readonly Address[]): BeforeWrite {
    return async (context) => {
      const found = await retryUntilKnown<WriteOutcome | { kind: 'listed'; nodes: NodeList['nodes'] }>(
        context,
        async () => ({ kind: 'listed', nodes: (await this.#current(context)).nodes }),
      );
      // No write was sent.
      if (found.kind === 'stopped') return { kind: 'stopped', mayStillExecute: false };
      if (found.kind !== 'listed') return found;
      return addresses.some((address) => found.nodes?.has(address)) ? { kind: 'outdated' } : undefined;
    };
  }

  async #current(context: WriteContext): Promise<NodeList> {
    const { clock, listed } = this.#options;
    if (this.#list !== undefined && clock.now() < this.#list.expiresAt) return this.#list;
    this.#reading ??= this.#read(context)
      .then((list) => {
        this.#list = list;
        listed(list.nodes);
        return list;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  async #read({ api, signal }: WriteContext): Promise<NodeList> {
    const { clock } = this.#options;
    try {
      const nodes = await listNodes(api, signal);
      return { nodes, expiresAt: clock.now() + maxAgeMs };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error)) throw error;
      this.#report(error);
      return { nodes: undefined, expiresAt: clock.now() + retryMs };
    }
  }

  #report(error: ApiError): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#options.log.info(
      `Nodes cannot be listed, so an address that a Service adopts from its status is not compared with theirs. To compare them, grant the verb "list" on nodes: ${errorText(error)}`,
    );
  }
}
