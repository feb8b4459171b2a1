import { type Address, isUnspecified } from './address.ts';
import type { Facts } from './allocate.ts';
import type { Note } from './decision.ts';
import { addressesOf, type Entry } from './list.ts';
import { poolFor } from './pools.ts';
import { rangesContain } from './range.ts';
import { obstacle } from './sharing.ts';
import type { Standing } from './standing.ts';

/** Who else has the address: by sharing it, or because a duplicate was made elsewhere. */
export function coHolders(standing: Standing, address: Address, { ledger, pools }: Facts): Standing[] {
  // The rule, and the quick way: nobody else shows it.
  if (ledger.showing(address).length < 2) return [];
  return ledger.holding(address, pools).holders.filter((other) => other !== standing);
}

/** Holders of the same address that may not share it: a duplicate made elsewhere. */
export function conflicts(standing: Standing, address: Address, facts: Facts): Note[] {
  return coHolders(standing, address, facts).flatMap((other) => {
    const why = obstacle(standing, other, facts.pools);
    if (why === undefined || why.code === 'being-deleted') return [];
    return [{ code: 'conflict', address, other: other.key, why }];
  });
}

/** What a person should know of a Service that is served with this list. */
export function notesOn(standing: Standing, list: readonly Entry[], facts: Facts): Note[] {
  const { namespace } = standing.view;
  const pool = poolFor(facts.pools, namespace);
  const isStatic =
    standing.intent.kind === 'asked' || ('origin' in standing.intent && standing.intent.origin === 'static');
  const notes: Note[] = [];
  for (const address of addressesOf(list)) {
    if (isUnspecified(address)) continue;
    const others = coHolders(standing, address, facts);
    const found = conflicts(standing, address, facts);
    notes.push(...found);
    if (others.length > 0 && found.length === 0)
      notes.push({ code: 'shared', others: others.map(({ key }) => key).sort() });
    const outside = !isStatic && (pool === undefined || !rangesContain(pool.ranges, address));
    if (outside) notes.push({ code: 'outside-pool', address, key: pool?.key });
  }
  if (namespace === 'global' && !isStatic && pool !== undefined)
    notes.push({ code: 'global-namespace', key: pool.key });
  return notes;
}
