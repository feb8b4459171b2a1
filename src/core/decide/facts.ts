import type { Config } from '../config/config.ts';
import type { AddressMap } from '../ip/address-map.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What a decision depends on besides the Service itself. */
export interface Facts {
  readonly ledger: Ledger;
  readonly config: Config;
  /** The name of the Node that has an address; undefined if the Nodes are not known. */
  readonly nodes: AddressMap<string> | undefined;
}
