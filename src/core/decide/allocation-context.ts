import type { Pools } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What an allocation is made from. */
export interface Facts {
  readonly ledger: Ledger;
  readonly pools: Pools;
}
