import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** The input of an allocation. */
export interface AllocationContext {
  readonly ledger: Ledger;
  readonly config: Config;
}
