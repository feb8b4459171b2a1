import { interfaceFor, poolFor } from '../config/config.ts';
import { type Address, isUnspecified, sameAddress } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import type { Intent, ServiceState } from '../ledger/service-state.ts';
import { sharingConflict } from '../ledger/sharing.ts';
import {
  type AddressEntry,
  addressesOf,
  formatAddressList,
  parseAddressList,
} from '../model/address-list.ts';
import { staticSource, unknownSource } from '../model/allocation-record.ts';
import { familiesText, portsText } from '../model/service-view.ts';
import { allocate, type Grant, isInPool } from './allocate.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { coHolders, conditionsOf } from './conditions.ts';
import type { AddressConflict, Condition, Decision, WriteCause } from './decision.ts';
import { conflictDecision, type DecisionContext, reconcileTo } from './desired-state.ts';

/**
 * What is to be done about a Service: a function of what is known, which changes nothing. The chain of checks is that of
 * spec sections 5 and 6, the first that applies decides. `standing` must be in the ledger.
 */
export function decide(state: ServiceState, context: DecisionContext): Decision {
  const { view, intent } = state;
  if (state.ignoreReason !== undefined) return { kind: 'ignore', why: state.ignoreReason };
  if (view.deleting) return decideDeleting(state);
  if (intent.kind === 'unreadable') {
    const conflict: AddressConflict = { code: 'invalid-address', field: intent.by, fault: intent.fault };
    return { kind: 'conflict', conflict, patch: {}, failures: [] };
  }
  if (view.reallocate && intent.kind !== 'new') return reallocate(state, intent, context);
  return decideByIntent(state, intent, context, []);
}

/** A Service on its way out keeps what it has, gets nothing, and is not held up by the Go version's finalizer. */
function decideDeleting({ view, intent, record }: ServiceState): Decision {
  if (view.goFinalizers === undefined) return { kind: 'ignore', why: 'being-deleted' };
  const addresses = 'list' in intent ? formatAddressList(intent.list) : '';
  const source = record?.source ?? unknownSource;
  return { kind: 'write', cause: 'update', patch: { goFinalizers: null }, addresses, source, conditions: [] };
}

type ReadableIntent = Exclude<Intent, { kind: 'unreadable' }>;

function decideByIntent(
  state: ServiceState,
  intent: ReadableIntent,
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  switch (intent.kind) {
    case 'new':
      return decideNew(state, context);
    case 'assigned':
      return decideAssigned(state, intent, context, conditions);
    case 'requested':
      return decideRequested(state, intent, context, conditions);
    case 'copied':
      return decideCopied(state, intent, context, conditions);
    case 'annotationRemoved':
      return decideAnnotationRemoved(state, intent, context, conditions);
  }
}

/** Nothing is asked for: what its own status still shows of the pool is taken up again, the rest is allocated. */
function decideNew(state: ServiceState, context: DecisionContext): Decision {
  const { view, usedIPs } = state;
  const pool = poolFor(context.config, view.namespace);
  const left = usedIPs.filter(
    (address) =>
      pool !== undefined &&
      rangesContain(pool.ranges, address) &&
      context.ledger.claimOwner(address) === undefined &&
      !state.reserved.some((one) => sameAddress(one.address, address)) &&
      context.ledger.servicesAt(address).every((other) => other === state),
  );
  const allocation = allocate(state, left, context);
  if ('failures' in allocation) return { kind: 'pending', failures: allocation.failures };
  const restored = allocation.addresses.every((address) => left.includes(address));
  const cause = view.reallocate ? 'reallocate' : restored ? 'restore' : allocationCause(allocation);
  return assign(state, cause, allocation, context);
}

/** It shows what it was given: kept, unless its own families or ports have changed since. */
function decideAssigned(
  state: ServiceState,
  intent: ReadableIntent & { kind: 'assigned' },
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const { view, record } = state;
  if (intent.origin === 'allocated' && record !== undefined) {
    if (record.ports !== portsText(view)) {
      const moved = moveOnClash(state, intent.list, context);
      if (moved !== undefined) return moved;
    }
    if (record.families !== familiesText(view)) return changeFamilies(state, intent.list, context);
  }
  const source = record?.source ?? sourceOf(state, intent.list, context);
  const cause = record === undefined ? 'adopt' : 'update';
  return reconcileTo(state, cause, { list: intent.list, source, keepSpec: true, conditions }, context);
}

/** Single to dual keeps what is held and adds the other family; dual to single gives the dropped one back. */
function changeFamilies(
  state: ServiceState,
  list: readonly AddressEntry[],
  context: DecisionContext,
): Decision {
  const allocation = allocate(state, addressesOf(list), context);
  if ('failures' in allocation) return pendingChange(state, list, 'families', allocation.failures, context);
  const { addresses } = allocation;
  const source = state.record?.source ?? allocation.key;
  if (formatAddressList(addresses) === formatAddressList(list)) {
    return reconcileTo(state, 'update', { list, source, keepSpec: true, conditions: [] }, context);
  }
  return reconcileTo(state, 'families', { list: addresses, source, rewrite: true, conditions: [] }, context);
}

/** Its own ports were edited into a clash with a Service it shares its address with: it goes, the other stays. */
function moveOnClash(
  state: ServiceState,
  list: readonly AddressEntry[],
  context: DecisionContext,
): Decision | undefined {
  const clashing = addressesOf(list).filter((address) =>
    coHolders(state, address, context).some(
      (other) => sharingConflict(state, other, context.config)?.code === 'port-clash',
    ),
  );
  if (clashing.length === 0) return undefined;
  const stays = addressesOf(list).filter((address) => !clashing.includes(address));
  const allocation = allocate(state, stays, context);
  if ('failures' in allocation) return pendingChange(state, list, 'ports', allocation.failures, context);
  return assign(state, 'ports', allocation, context);
}

/** A wish that cannot be met yet: what is held stays, and so does the record, which keeps the wish visible. */
function pendingChange(
  state: ServiceState,
  list: readonly AddressEntry[],
  change: (Condition & { code: 'pending-change' })['change'],
  failures: readonly AllocationFailure[],
  context: DecisionContext,
): Decision {
  const source = state.record?.source ?? unknownSource;
  const conditions = [
    { code: 'pending-change', change, failures } as const,
    ...conditionsOf(state, list, context),
  ];
  const served = { addresses: formatAddressList(list), source, conditions };
  if (state.view.labeled) return { kind: 'keep', ...served };
  return { kind: 'write', cause: 'update', patch: { labeled: true }, ...served };
}

/** A user named the addresses: they are honoured wherever they lie, unless somebody has one of them already. */
function decideRequested(
  state: ServiceState,
  intent: ReadableIntent & { kind: 'requested' },
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const { list, by } = intent;
  const taken = conflictsOf(state, list, context)[0];
  // Where the annotation stands beside an edited spec, what it says is still held and announced.
  const stands = by === 'spec' && parseAddressList(state.view.annotation) !== undefined;
  if (taken !== undefined) return conflictDecision(state, taken, stands);
  // A user's annotation is never rewritten; a changed spec is the user's word for the annotation that lags behind.
  const rewrite = by === 'spec';
  return reconcileTo(state, 'mark-static', { list, source: staticSource, rewrite, conditions }, context);
}

/** Restored from a backup or made from a dump: it keeps the address if nobody has it, else it gets its own. */
function decideCopied(
  state: ServiceState,
  intent: ReadableIntent & { kind: 'copied' },
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const { list, origin } = intent;
  const taken = conflictsOf(state, list, context);
  const [first] = taken;
  if (first === undefined) {
    const source = state.view.record?.source ?? unknownSource;
    return reconcileTo(state, 'adopt', { list, source, conditions }, context);
  }
  // An address that a user asked for by name is not exchanged for another one.
  if (origin === 'static') return conflictDecision(state, first, false);
  return replaceConflicting(state, list, first, taken, context);
}

/** The annotation is gone or blank, as after a manifest was applied again: the record remembers what it said. */
function decideAnnotationRemoved(
  state: ServiceState,
  intent: ReadableIntent & { kind: 'annotationRemoved' },
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const { list, origin } = intent;
  const { record, view } = state;
  const taken = conflictsOf(state, list, context);
  const [first] = taken;
  if (first === undefined) {
    const source = record?.source ?? unknownSource;
    const given = view.interface === undefined ? record?.interface : undefined;
    const desired = { list, source, rewrite: true, interface: given, keepFamilies: true, conditions };
    return reconcileTo(state, 'restore', desired, context);
  }
  if (origin === 'static') return conflictDecision(state, first, true);
  return replaceConflicting(state, list, first, taken, context);
}

/** What is taken is replaced from the pool; what is not stays. */
function replaceConflicting(
  state: ServiceState,
  list: readonly AddressEntry[],
  first: InUse,
  taken: readonly InUse[],
  context: DecisionContext,
): Decision {
  const stays = addressesOf(list).filter(
    (address) => !taken.some((one) => sameAddress(one.address, address)),
  );
  const allocation = allocate(state, stays, context);
  if (!('failures' in allocation)) return assign(state, allocationCause(allocation), allocation, context);
  // It shows an address that is not its own, and waits for one that is.
  return { kind: 'conflict', conflict: first, patch: {}, failures: allocation.failures };
}

/**
 * A person's wish for a fresh allocation. What already is as a fresh one would be stays, since any change of the list
 * takes the Service down; the rest comes from the pool.
 */
function reallocate(
  state: ServiceState,
  intent: Exclude<ReadableIntent, { kind: 'new' }>,
  context: DecisionContext,
): Decision {
  const { view } = state;
  const { list } = intent;
  const pool = poolFor(context.config, view.namespace);
  // Also what a user had named: two that named one address may have it together, one that is allocated may not join.
  const allocated: ServiceState = { ...state, intent: { kind: 'assigned', list, origin: 'allocated' } };
  const stays = addressesOf(list).filter(
    (address) =>
      pool !== undefined &&
      isInPool(pool, address) &&
      context.ledger.claimOwner(address) === undefined &&
      context.ledger.conflictWith(state, address, context.config) === undefined &&
      coHolders(state, address, context).every((other) => !sharingConflict(allocated, other, context.config)),
  );
  const allocation = allocate(state, stays, context);
  if (!('failures' in allocation)) return assign(state, 'reallocate', allocation, context);
  if (intent.kind === 'assigned')
    return pendingChange(state, list, 'reallocate', allocation.failures, context);
  const condition: Condition = {
    code: 'pending-change',
    change: 'reallocate',
    failures: allocation.failures,
  };
  const decision = decideByIntent(state, intent, context, [condition]);
  return decision.kind === 'conflict' ? { ...decision, failures: allocation.failures } : decision;
}

type InUse = AddressConflict & { code: 'address-in-use' };

/** The addresses of the list that somebody else has, each with who and why. */
function conflictsOf(state: ServiceState, list: readonly AddressEntry[], context: DecisionContext): InUse[] {
  return addressesOf(list).flatMap((address) => {
    if (isUnspecified(address)) return [];
    const dispute = context.ledger.conflictWith(state, address, context.config);
    return dispute === undefined ? [] : [{ code: 'address-in-use', address, ...dispute }];
  });
}

function allocationCause(grant: Grant): WriteCause {
  return grant.sharedWith.length > 0 ? 'share' : 'allocate';
}

function assign(state: ServiceState, cause: WriteCause, grant: Grant, context: DecisionContext): Decision {
  const { view } = state;
  // Never to a Service that had an address already: the consumer would not notice (spec sections 2 and 7).
  const isNew = state.intent.kind === 'new' || state.intent.kind === 'copied';
  const given =
    isNew && view.interface === undefined ? interfaceFor(context.config, view.namespace) : undefined;
  const { addresses, key, sharedWith } = grant;
  // Of what it shows already, `notesOn` tells.
  const isJoining = sharedWith.length > 0 && !addresses.some((one) => requests(state, one));
  const conditions: Condition[] = isJoining ? [{ code: 'shared', others: [...sharedWith].sort() }] : [];
  const desired = { list: addresses, source: key, rewrite: true, interface: given, conditions };
  return reconcileTo(state, cause, desired, context);
}

function requests({ requestedIPs }: ServiceState, address: Address): boolean {
  return requestedIPs.some((asked) => sameAddress(asked, address));
}

/** The key that a taken-over address belongs to, if the namespace's pool spans all of them. */
function sourceOf(
  { view }: ServiceState,
  list: readonly AddressEntry[],
  { config }: DecisionContext,
): string {
  const pool = poolFor(config, view.namespace);
  const inside = addressesOf(list).every(
    (address) => pool !== undefined && (isInPool(pool, address) || rangesContain(pool.ranges, address)),
  );
  return pool !== undefined && inside ? pool.key : unknownSource;
}
