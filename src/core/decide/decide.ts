import { interfaceFor, poolFor } from '../config/config.ts';
import { type Address, isUnspecified, sameAddress } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import type { Intent, Standing } from '../ledger/service-state.ts';
import { obstacle } from '../ledger/sharing.ts';
import { addressesOf, type Entry, formatList, readList } from '../model/address-list.ts';
import { staticSource, unknownSource } from '../model/allocation-record.ts';
import { familiesText, portsText } from '../model/service-view.ts';
import { allocate, type Grant, isInPool } from './allocate.ts';
import type { Shortage } from './allocation-failure.ts';
import { coHolders, notesOn } from './conditions.ts';
import type { Cause, Decision, Note, Refusal } from './decision.ts';
import { complete, refuse, type World } from './desired-state.ts';

/**
 * What is to be done about a Service: a function of what is known, which changes nothing. The chain of checks is that of
 * spec sections 5 and 6, the first that applies decides. `standing` must be in the ledger.
 */
export function decide(standing: Standing, world: World): Decision {
  const { view, intent } = standing;
  if (standing.notOurs !== undefined) return { kind: 'ignore', why: standing.notOurs };
  if (view.deleting) return leave(standing);
  if (intent.kind === 'unreadable') {
    const refusal: Refusal = { code: 'not-an-address', field: intent.by, fault: intent.fault };
    return { kind: 'refuse', refusal, change: {}, shortages: [] };
  }
  if (view.reallocate && intent.kind !== 'fresh') return reallocate(standing, intent, world);
  return settle(standing, intent, world, []);
}

/** A Service on its way out keeps what it has, gets nothing, and is not held up by the Go version's finalizer. */
function leave({ view, intent, record }: Standing): Decision {
  if (view.goFinalizers === undefined) return { kind: 'ignore', why: 'being-deleted' };
  const addresses = 'list' in intent ? formatList(intent.list) : '';
  const source = record?.source ?? unknownSource;
  return { kind: 'write', cause: 'update', change: { goFinalizers: null }, addresses, source, notes: [] };
}

type Readable = Exclude<Intent, { kind: 'unreadable' }>;

function settle(standing: Standing, intent: Readable, world: World, notes: readonly Note[]): Decision {
  switch (intent.kind) {
    case 'fresh':
      return fresh(standing, world);
    case 'held':
      return held(standing, intent, world, notes);
    case 'asked':
      return asked(standing, intent, world, notes);
    case 'copy':
      return copy(standing, intent, world, notes);
    case 'stripped':
      return stripped(standing, intent, world, notes);
  }
}

/** Nothing is asked for: what its own status still shows of the pool is taken up again, the rest is allocated. */
function fresh(standing: Standing, world: World): Decision {
  const { view, shows } = standing;
  const pool = poolFor(world.pools, view.namespace);
  const left = shows.filter(
    (address) =>
      pool !== undefined &&
      rangesContain(pool.ranges, address) &&
      world.ledger.owner(address) === undefined &&
      !standing.pledged.some((one) => sameAddress(one.address, address)) &&
      world.ledger.showing(address).every((other) => other === standing),
  );
  const allocation = allocate(standing, left, world);
  if ('shortages' in allocation) return { kind: 'wait', shortages: allocation.shortages };
  const restored = allocation.addresses.every((address) => left.includes(address));
  const cause = view.reallocate ? 'reallocate' : restored ? 'restore' : allocatedBy(allocation);
  return assign(standing, cause, allocation, world);
}

/** It shows what it was given: kept, unless its own families or ports have changed since. */
function held(
  standing: Standing,
  intent: Readable & { kind: 'held' },
  world: World,
  notes: readonly Note[],
): Decision {
  const { view, record } = standing;
  if (intent.origin === 'allocated' && record !== undefined) {
    if (record.ports !== portsText(view)) {
      const moved = moveOnClash(standing, intent.list, world);
      if (moved !== undefined) return moved;
    }
    if (record.families !== familiesText(view)) return refit(standing, intent.list, world);
  }
  const source = record?.source ?? sourceOf(standing, intent.list, world);
  const cause = record === undefined ? 'adopt' : 'update';
  return complete(standing, cause, { list: intent.list, source, leaveSpec: true, notes }, world);
}

/** Single to dual keeps what is held and adds the other family; dual to single gives the dropped one back. */
function refit(standing: Standing, list: readonly Entry[], world: World): Decision {
  const allocation = allocate(standing, addressesOf(list), world);
  if ('shortages' in allocation) return unmet(standing, list, 'families', allocation.shortages, world);
  const { addresses } = allocation;
  const source = standing.record?.source ?? allocation.key;
  if (formatList(addresses) === formatList(list)) {
    return complete(standing, 'update', { list, source, leaveSpec: true, notes: [] }, world);
  }
  return complete(standing, 'families', { list: addresses, source, rewrite: true, notes: [] }, world);
}

/** Its own ports were edited into a clash with a Service it shares its address with: it goes, the other stays. */
function moveOnClash(standing: Standing, list: readonly Entry[], world: World): Decision | undefined {
  const clashing = addressesOf(list).filter((address) =>
    coHolders(standing, address, world).some(
      (other) => obstacle(standing, other, world.pools)?.code === 'port-clash',
    ),
  );
  if (clashing.length === 0) return undefined;
  const stays = addressesOf(list).filter((address) => !clashing.includes(address));
  const allocation = allocate(standing, stays, world);
  if ('shortages' in allocation) return unmet(standing, list, 'ports', allocation.shortages, world);
  return assign(standing, 'ports', allocation, world);
}

/** A wish that cannot be met yet: what is held stays, and so does the record, which keeps the wish visible. */
function unmet(
  standing: Standing,
  list: readonly Entry[],
  wish: (Note & { code: 'unmet' })['wish'],
  shortages: readonly Shortage[],
  world: World,
): Decision {
  const source = standing.record?.source ?? unknownSource;
  const notes = [{ code: 'unmet', wish, shortages } as const, ...notesOn(standing, list, world)];
  const served = { addresses: formatList(list), source, notes };
  if (standing.view.labelled) return { kind: 'keep', ...served };
  return { kind: 'write', cause: 'update', change: { labelled: true }, ...served };
}

/** A user named the addresses: they are honoured wherever they lie, unless somebody has one of them already. */
function asked(
  standing: Standing,
  intent: Readable & { kind: 'asked' },
  world: World,
  notes: readonly Note[],
): Decision {
  const { list, by } = intent;
  const taken = disputed(standing, list, world)[0];
  // Where the annotation stands beside an edited spec, what it says is still held and announced.
  const stands = by === 'spec' && readList(standing.view.annotation) !== undefined;
  if (taken !== undefined) return refuse(standing, taken, stands);
  // A user's annotation is never rewritten; a changed spec is the user's word for the annotation that lags behind.
  const rewrite = by === 'spec';
  return complete(standing, 'mark-static', { list, source: staticSource, rewrite, notes }, world);
}

/** Restored from a backup or made from a dump: it keeps the address if nobody has it, else it gets its own. */
function copy(
  standing: Standing,
  intent: Readable & { kind: 'copy' },
  world: World,
  notes: readonly Note[],
): Decision {
  const { list, origin } = intent;
  const taken = disputed(standing, list, world);
  const [first] = taken;
  if (first === undefined) {
    const source = standing.view.record?.source ?? unknownSource;
    return complete(standing, 'adopt', { list, source, notes }, world);
  }
  // An address that a user asked for by name is not exchanged for another one.
  if (origin === 'static') return refuse(standing, first, false);
  return replaceTaken(standing, list, first, taken, world);
}

/** The annotation is gone or blank, as after a manifest was applied again: the record remembers what it said. */
function stripped(
  standing: Standing,
  intent: Readable & { kind: 'stripped' },
  world: World,
  notes: readonly Note[],
): Decision {
  const { list, origin } = intent;
  const { record, view } = standing;
  const taken = disputed(standing, list, world);
  const [first] = taken;
  if (first === undefined) {
    const source = record?.source ?? unknownSource;
    const given = view.interface === undefined ? record?.interface : undefined;
    const terms = { list, source, rewrite: true, interface: given, keepFamilies: true, notes };
    return complete(standing, 'restore', terms, world);
  }
  if (origin === 'static') return refuse(standing, first, true);
  return replaceTaken(standing, list, first, taken, world);
}

/** What is taken is replaced from the pool; what is not stays. */
function replaceTaken(
  standing: Standing,
  list: readonly Entry[],
  first: Taken,
  taken: readonly Taken[],
  world: World,
): Decision {
  const stays = addressesOf(list).filter(
    (address) => !taken.some((one) => sameAddress(one.address, address)),
  );
  const allocation = allocate(standing, stays, world);
  if (!('shortages' in allocation)) return assign(standing, allocatedBy(allocation), allocation, world);
  // It shows an address that is not its own, and waits for one that is.
  return { kind: 'refuse', refusal: first, change: {}, shortages: allocation.shortages };
}

/**
 * A person's wish for a fresh allocation. What already is as a fresh one would be stays, since any change of the list
 * takes the Service down; the rest comes from the pool.
 */
function reallocate(
  standing: Standing,
  intent: Exclude<Readable, { kind: 'fresh' }>,
  world: World,
): Decision {
  const { view } = standing;
  const { list } = intent;
  const pool = poolFor(world.pools, view.namespace);
  // Also what a user had named: two that named one address may have it together, one that is allocated may not join.
  const allocated: Standing = { ...standing, intent: { kind: 'held', list, origin: 'allocated' } };
  const stays = addressesOf(list).filter(
    (address) =>
      pool !== undefined &&
      isInPool(pool, address) &&
      world.ledger.owner(address) === undefined &&
      world.ledger.dispute(standing, address, world.pools) === undefined &&
      coHolders(standing, address, world).every((other) => !obstacle(allocated, other, world.pools)),
  );
  const allocation = allocate(standing, stays, world);
  if (!('shortages' in allocation)) return assign(standing, 'reallocate', allocation, world);
  if (intent.kind === 'held') return unmet(standing, list, 'reallocate', allocation.shortages, world);
  const note: Note = { code: 'unmet', wish: 'reallocate', shortages: allocation.shortages };
  const decision = settle(standing, intent, world, [note]);
  return decision.kind === 'refuse' ? { ...decision, shortages: allocation.shortages } : decision;
}

type Taken = Refusal & { code: 'taken' };

/** The addresses of the list that somebody else has, each with who and why. */
function disputed(standing: Standing, list: readonly Entry[], world: World): Taken[] {
  return addressesOf(list).flatMap((address) => {
    if (isUnspecified(address)) return [];
    const dispute = world.ledger.dispute(standing, address, world.pools);
    return dispute === undefined ? [] : [{ code: 'taken', address, ...dispute }];
  });
}

function allocatedBy(grant: Grant): Cause {
  return grant.sharedWith.length > 0 ? 'share' : 'allocate';
}

function assign(standing: Standing, cause: Cause, grant: Grant, world: World): Decision {
  const { view } = standing;
  // Never to a Service that had an address already: the consumer would not notice (spec sections 2 and 7).
  const isNew = standing.intent.kind === 'fresh' || standing.intent.kind === 'copy';
  const given = isNew && view.interface === undefined ? interfaceFor(world.pools, view.namespace) : undefined;
  const { addresses, key, sharedWith } = grant;
  // Of what it shows already, `notesOn` tells.
  const isJoining = sharedWith.length > 0 && !addresses.some((one) => shows(standing, one));
  const notes: Note[] = isJoining ? [{ code: 'shared', others: [...sharedWith].sort() }] : [];
  const terms = { list: addresses, source: key, rewrite: true, interface: given, notes };
  return complete(standing, cause, terms, world);
}

function shows({ asks }: Standing, address: Address): boolean {
  return asks.some((asked) => sameAddress(asked, address));
}

/** The key that a taken-over address belongs to, if the namespace's pool spans all of them. */
function sourceOf({ view }: Standing, list: readonly Entry[], { pools }: World): string {
  const pool = poolFor(pools, view.namespace);
  const inside = addressesOf(list).every(
    (address) => pool !== undefined && (isInPool(pool, address) || rangesContain(pool.ranges, address)),
  );
  return pool !== undefined && inside ? pool.key : unknownSource;
}
