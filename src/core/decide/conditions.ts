import { poolFor } from '../config/config.ts';
import { type Address, isUnspecified, sameAddress } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import type { Standing } from '../ledger/service-state.ts';
import { obstacle } from '../ledger/sharing.ts';
import { addressesOf, type Entry } from '../model/address-list.ts';
import type { Facts } from './allocation-context.ts';
import type { Note, Rival, Rivals } from './decision.ts';

/** Who else has the address: by sharing it, or because a duplicate was made elsewhere. */
export function coHolders(standing: Standing, address: Address, { ledger, pools }: Facts): Standing[] {
  // The rule, and the quick way: nobody else shows it.
  if (ledger.showing(address).length < 2) return [];
  return ledger.holding(address, pools).holders.filter((other) => other !== standing);
}

/** Holders of the same address that may not share it: a duplicate made elsewhere. */
export function conflicts(standing: Standing, address: Address, facts: Facts): Rival[] {
  return rivalsAmong(coHolders(standing, address, facts), standing, facts);
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
    const owner = facts.ledger.owner(address);
    if (owner !== undefined) notes.push({ code: 'claimed', address, owner });
    notes.push(...notesOnOthers(standing, address, facts));
    const outside = !isStatic && (pool === undefined || !rangesContain(pool.ranges, address));
    if (outside) notes.push({ code: 'outside-pool', address, key: pool?.key });
  }
  if (namespace === 'global' && !isStatic && pool !== undefined)
    notes.push({ code: 'global-namespace', key: pool.key });
  return notes;
}

function notesOnOthers(standing: Standing, address: Address, facts: Facts): readonly Note[] {
  const { ledger, pools } = facts;
  // What it is only now given it does not have yet.
  if (!standing.asks.some((asked) => sameAddress(asked, address))) return [];
  if (ledger.showing(address).length < 2) return [];
  // Who is being moved elsewhere is nobody's rival for much longer; if the write fails, everybody is looked at again.
  const stays = ({ leaving }: Standing) => !leaving.some((left) => sameAddress(left.address, address));
  const { holders, claimants } = ledger.holding(address, pools);
  if (!holders.includes(standing)) return [];
  const notes: Note[] = [];
  const others = holders.filter((other) => other !== standing);
  const conflict = rivalsAmong(others.filter(stays), standing, facts);
  if (conflict.length > 0) notes.push({ code: 'conflict', address, ...some(conflict) });
  const lasting = claimants.filter((other) => stays(other) && !other.view.deleting);
  const contested = rivalsAmong(lasting, standing, facts);
  if (contested.length > 0) notes.push({ code: 'contested', address, ...some(contested) });
  if (others.length > 0 && conflict.length === 0)
    notes.push({ code: 'shared', others: others.map(({ key }) => key).sort() });
  return notes;
}

function rivalsAmong(others: readonly Standing[], standing: Standing, { pools }: Facts): Rival[] {
  return others.flatMap((other) => {
    const why = obstacle(standing, other, pools);
    return why === undefined || why.code === 'being-deleted' ? [] : [{ service: other.key, why }];
  });
}

/** As many as a sentence has room for. */
const mostNamed = 3;

function some(rivals: readonly Rival[]): Rivals {
  return { rivals: rivals.slice(0, mostNamed), more: Math.max(0, rivals.length - mostNamed) };
}
