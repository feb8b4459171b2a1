import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What an allocation is made from. */
export interface AllocationContext {
  readonly ledger: Ledger;
  readonly config: Config;
}
