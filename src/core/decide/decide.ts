import { interfaceFor, type Pool, poolFor } from '../config/config.ts';
import {
  type Address,
  type Family,
  formatAddress,
  isUnspecified,
  readAddress,
  sameAddress,
} from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import { hasStatusOnly, type Intent, originOf, type ServiceState } from '../ledger/service-state.ts';
import { sharingConflict } from '../ledger/sharing.ts';
import {
  type AddressEntry,
  addressesOf,
  formatAddressList,
  parseAddressList,
} from '../model/address-list.ts';
import { type AllocationRecord, staticSource, unknownSource } from '../model/allocation-record.ts';
import { familiesText, portsText } from '../model/service-view.ts';
import { allocate, type Grant, isInPool, isUnblocked, mayRejoin, wantedFamilies } from './allocate.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import { coHolders } from './conditions.ts';
import {
  type AddressConflict,
  type Condition,
  type Decision,
  maxNamedServices,
  type WriteCause,
} from './decision.ts';
import { conflictDecision, type DecisionContext, type DesiredState, reconcileTo } from './desired-state.ts';
import { reallocation } from './reallocation.ts';

/**
 * Decides what to do about a Service, without side effects. The checks are those of spec sections 5 and 6; the first one that
 * applies decides. `state` must be in the ledger.
 */
export function decide(state: ServiceState, context: DecisionContext): Decision {
  const { view, intent } = state;
  if (state.ignoreReason !== undefined) return { kind: 'ignore', why: state.ignoreReason };
  if (view.deleting) return decideDeleting(state);
  if (intent.kind === 'unreadable') {
    const conflict: AddressConflict = { code: 'invalid-address', field: intent.by, fault: intent.fault };
    return { kind: 'conflict', conflict, patch: {}, failures: [] };
  }
  if (view.reallocate === 'allocated' && originOf(state) === 'static')
    return confirmStatic(decideByIntent(state, intent, context, []));
  if (view.reallocate && intent.kind !== 'new') return reallocate(state, intent, context);
  return decideByIntent(state, intent, context, []);
}

/** A Service that is being deleted keeps its addresses and gets no new ones. The Go version's finalizer must not block it. */
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

/**
 * No address is requested: a Service that lost its fields is restored from its status, one that was never assigned here adopts
 * the addresses in its status, and every other one gets new addresses.
 */
function decideNew(state: ServiceState, context: DecisionContext): Decision {
  const { view } = state;
  const isAdoption = hasStatusOnly(state);
  const held = isAdoption ? adoptable(state, context) : restorable(state, context);
  const allocation = allocate(state, held, context);
  if ('failures' in allocation) return { kind: 'pending', failures: allocation.failures };
  if (!allocation.addresses.every((address) => held.includes(address))) {
    const cause = view.reallocate ? 'reallocate' : allocationCause(allocation);
    return assign(state, cause, allocation, context);
  }
  const cause = view.reallocate ? 'reallocate' : isAdoption ? 'adopt' : 'restore';
  const sharedWith = held.flatMap((address) => othersAt(state, address, context).map(({ key }) => key));
  const decision = assign(state, cause, { ...allocation, sharedWith }, context);
  return isAdoption && decision.kind === 'write' ? { ...decision, fromStatus: true } : decision;
}

/**
 * The addresses in the status of a Service that was never assigned here, if they can only be its own: exactly one for each
 * family that it wants, and none that a Node has. Other load balancers write the addresses of Nodes into the status.
 */
function adoptable(state: ServiceState, context: DecisionContext): readonly Address[] {
  const pool = poolFor(context.config, state.view.namespace);
  const shown = statusAddresses(state);
  const adopted: Address[] = [];
  for (const family of wantedFamilies(state, pool)) {
    const [address, second] = shown.filter((one) => one.family === family);
    if (address === undefined && isOptional(family, state, pool)) continue;
    if (address === undefined || second !== undefined) return [];
    if (context.nodes?.has(address) || !isRestorable(state, address, context)) return [];
    adopted.push(address);
  }
  return adopted;
}

/** Whether a dual-stack Service does without the family, because its pool has none of it. */
function isOptional(family: Family, { view }: ServiceState, pool: Pool | undefined): boolean {
  const hasFamily = pool !== undefined && (pool.size[family] > 0n || pool.dhcp[family]);
  return view.policy === 'PreferDualStack' && !hasFamily;
}

/** The addresses in the status of a Service that lost its fields. */
function restorable(state: ServiceState, context: DecisionContext): readonly Address[] {
  return statusAddresses(state).filter((address) => isRestorable(state, address, context));
}

/** Whether the Service can have an address that its status shows: it is in its pool, and all others that use it share it. */
function isRestorable(state: ServiceState, address: Address, context: DecisionContext): boolean {
  const { config } = context;
  const pool = poolFor(config, state.view.namespace);
  return (
    pool !== undefined &&
    rangesContain(pool.ranges, address) &&
    isUnblocked(address, context) &&
    !state.reserved.some((one) => sameAddress(one.address, address)) &&
    othersAt(state, address, context).every((other) => mayRejoin(state, other, address, config))
  );
}

function othersAt(state: ServiceState, address: Address, { ledger }: DecisionContext): ServiceState[] {
  return ledger.servicesAt(address).filter((other) => other !== state);
}

function statusAddresses({ view, usedIPs }: ServiceState): Address[] {
  const shown = view.statusIPs.flatMap((text) => readAddress(text.trim()) ?? []);
  return usedIPs.filter((used) => shown.some((address) => sameAddress(used, address)));
}

/** The Service keeps its addresses unless its own families or ports have changed. */
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
  return keepAssigned(state, { list: intent.list, conditions }, context);
}

/** The addresses stay. A Service of the Go version gets its allocation record. */
function keepAssigned(
  state: ServiceState,
  desired: Pick<DesiredState, 'list' | 'keeps' | 'conditions'>,
  context: DecisionContext,
): Decision {
  const { record } = state;
  const source = record?.source ?? sourceOf(state, desired.list, context);
  const cause = record === undefined ? 'adopt' : 'update';
  return reconcileTo(state, cause, { ...desired, source, keepSpec: true }, context);
}

/** Single to dual stack keeps the address and adds the other family; dual to single stack releases one. */
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

/** The Service's ports changed and conflict with another holder of its address: it moves, the other one stays. */
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

/** The addresses stay, and so do the recorded ports and families: their difference from the Service keeps the change pending. */
function pendingChange(
  state: ServiceState,
  list: readonly AddressEntry[],
  change: (Condition & { code: 'pending-change' })['change'],
  failures: readonly AllocationFailure[],
  context: DecisionContext,
): Decision {
  const conditions = [{ code: 'pending-change', change, failures } as const];
  return keepAssigned(state, { list, keeps: state.record, conditions }, context);
}

/** A user requested these addresses: they are assigned, in or outside a pool, unless one of them is in use. */
function decideRequested(
  state: ServiceState,
  intent: ReadableIntent & { kind: 'requested' },
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const { list, by } = intent;
  const [conflict] = conflictsOf(state, list, context);
  // The addresses in an annotation beside an edited spec are still assigned and announced.
  const isHeld = by === 'spec' && parseAddressList(state.view.annotation) !== undefined;
  if (conflict !== undefined) return conflictDecision(state, conflict, isHeld);
  // A user's annotation is never rewritten. An annotation that differs from an edited spec is outdated.
  const rewrite = by === 'spec';
  const desired = { list, source: staticSource, rewrite, conditions };
  const decision = reconcileTo(state, 'mark-static', desired, context);
  const isAssumed = decision.kind === 'write' && by === 'spec' && mayHaveBeenAllocated(state, list, context);
  return isAssumed ? { ...decision, assumesRequest: true } : decision;
}

/** Whether the status shows the address in `spec.loadBalancerIP`, which is in the pool, and every other field is missing. */
function mayHaveBeenAllocated(
  state: ServiceState,
  list: readonly AddressEntry[],
  { config }: DecisionContext,
): boolean {
  const { view } = state;
  const pool = poolFor(config, view.namespace);
  if (pool === undefined || view.labeled || view.record !== undefined || view.annotation !== undefined)
    return false;
  const shown = statusAddresses(state);
  return addressesOf(list).every(
    (address) => rangesContain(pool.ranges, address) && shown.some((one) => sameAddress(one, address)),
  );
}

/** Restored from a backup or created from a dump: it keeps the address if it is free, otherwise it gets another one. */
function decideCopied(
  state: ServiceState,
  intent: ReadableIntent & { kind: 'copied' },
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const { list, origin } = intent;
  const inUse = conflictsOf(state, list, context);
  const [first] = inUse;
  if (first === undefined) {
    const source = state.view.record?.source ?? unknownSource;
    return reconcileTo(state, 'adopt', { list, source, conditions }, context);
  }
  // A static address is not replaced.
  if (origin === 'static') return conflictDecision(state, first, false);
  return replaceConflicting(state, list, first, inUse, context);
}

/** The annotation is missing or blank, as after a manifest is applied again: it is restored from the allocation record. */
function decideAnnotationRemoved(
  state: ServiceState,
  intent: ReadableIntent & { kind: 'annotationRemoved' },
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const { list, origin, removed } = intent;
  if (removed !== undefined) return decideRecordRemoved(state, intent, removed, context, conditions);
  const inUse = conflictsOf(state, list, context);
  const [first] = inUse;
  if (first === undefined) return restore(state, list, state.record, context, conditions);
  if (origin === 'static') return conflictDecision(state, first, true);
  return replaceConflicting(state, list, first, inUse, context);
}

/**
 * The allocation record was removed, too, and is only remembered: it gives what the Service still shows and no other one uses.
 * The rest comes from the pool. What cannot be restored follows from the fields, where `spec.loadBalancerIP` is a request.
 */
function decideRecordRemoved(
  state: ServiceState,
  { list, origin }: ReadableIntent & { kind: 'annotationRemoved' },
  removed: AllocationRecord,
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const isOnly = !removed.addresses.includes(',');
  const stays = addressesOf(list).filter((address) => isStillFree(state, address, isOnly, context));
  if (formatAddressList(stays) === removed.addresses)
    return restore(state, stays, removed, context, conditions);
  const allocation = origin === 'static' ? undefined : allocate(state, stays, context);
  if (allocation !== undefined && !('failures' in allocation))
    return assign(state, allocationCause(allocation), allocation, context);
  const requested = { kind: 'requested', list: list.slice(0, 1), by: 'spec' } as const;
  return decideRequested(state, requested, context, conditions);
}

/** Whether no other Service keeps the Service from an address that it shows. Only an address that is its only one is shared. */
function isStillFree(
  state: ServiceState,
  address: Address,
  isOnly: boolean,
  context: DecisionContext,
): boolean {
  if (isUnspecified(address)) return true;
  const isAlone = othersAt(state, address, context).length === 0;
  // As for any address in a status, others may have it as an external IP by now.
  if (!requests(state, address)) return isAlone && isUnblocked(address, context);
  return (isAlone || isOnly) && context.ledger.conflictWith(state, address, context.config) === undefined;
}

/** Writes the missing fields again, as the record has them. */
function restore(
  state: ServiceState,
  list: readonly AddressEntry[],
  record: AllocationRecord | undefined,
  context: DecisionContext,
  conditions: readonly Condition[],
): Decision {
  const source = record?.source ?? unknownSource;
  const written = state.view.interface === undefined ? record?.interface : undefined;
  const desired = { list, source, rewrite: true, interface: written, keeps: record, conditions };
  return reconcileTo(state, 'restore', desired, context);
}

/** Replaces the addresses that are in use from the pool, and keeps the others. */
function replaceConflicting(
  state: ServiceState,
  list: readonly AddressEntry[],
  first: InUse,
  inUse: readonly InUse[],
  context: DecisionContext,
): Decision {
  const stays = addressesOf(list).filter(
    (address) => !inUse.some((one) => sameAddress(one.address, address)),
  );
  const allocation = allocate(state, stays, context);
  if (!('failures' in allocation)) return assign(state, allocationCause(allocation), allocation, context);
  // Pending, and still showing the address of another Service.
  return { kind: 'conflict', conflict: first, patch: {}, failures: allocation.failures };
}

/** A person requested a new allocation. */
function reallocate(
  state: ServiceState,
  intent: Exclude<ReadableIntent, { kind: 'new' }>,
  context: DecisionContext,
): Decision {
  const { list } = intent;
  const { allocation, stays, left } = reallocation(state, list, context);
  if (!('failures' in allocation)) {
    const isShared = left !== undefined && coHolders(state, left, context).length > 0;
    const was = isShared ? formatAddress(left) : stays.length === 0 ? state.record?.was : undefined;
    const isKept =
      intent.kind === 'assigned' &&
      intent.origin === 'allocated' &&
      formatAddressList(allocation.addresses) === formatAddressList(list);
    return assign(state, isKept ? 'confirm' : 'reallocate', allocation, context, was);
  }
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

/** A person requested a new allocation of what is allocated, and the address is static: only the request is removed. */
function confirmStatic(decision: Decision): Decision {
  if (decision.kind === 'keep')
    return { ...decision, kind: 'write', cause: 'confirm', patch: { reallocate: null } };
  if (decision.kind !== 'write' && decision.kind !== 'conflict') return decision;
  const patch = { ...decision.patch, reallocate: null };
  if (decision.kind === 'conflict') return { ...decision, patch };
  return { ...decision, cause: decision.cause === 'update' ? 'confirm' : decision.cause, patch };
}

type InUse = AddressConflict & { code: 'address-in-use' };

/** The addresses of the list that another Service or owner has. */
function conflictsOf(state: ServiceState, list: readonly AddressEntry[], context: DecisionContext): InUse[] {
  return addressesOf(list).flatMap((address) => {
    if (isUnspecified(address)) return [];
    const conflict = context.ledger.conflictWith(state, address, context.config);
    if (conflict === undefined) return [];
    const behind = isBehindMany(state, address, context) ? { isBehindMany: true as const } : {};
    return [{ code: 'address-in-use', service: state.key, address, ...conflict, ...behind }];
  });
}

/** Whether more contenders come before the Service than a message names. */
function isBehindMany(state: ServiceState, address: Address, { ledger, config }: DecisionContext): boolean {
  const { contenders } = ledger.holding(address, config);
  return contenders.length > maxNamedServices && !contenders.slice(0, maxNamedServices).includes(state);
}

function allocationCause(grant: Grant): WriteCause {
  return grant.sharedWith.length > 0 ? 'share' : 'allocate';
}

function assign(
  state: ServiceState,
  cause: WriteCause,
  grant: Grant,
  context: DecisionContext,
  was?: string,
): Decision {
  const { view } = state;
  // kube-vip does not notice a later change of the interface (spec sections 2 and 7).
  const isNew = state.intent.kind === 'new' || state.intent.kind === 'copied';
  const written =
    isNew && view.interface === undefined ? interfaceFor(context.config, view.namespace) : undefined;
  const { addresses, key, sharedWith } = grant;
  // `conditionsOf` covers addresses that it requests already.
  const isJoining = sharedWith.length > 0 && !addresses.some((one) => requests(state, one));
  const conditions: Condition[] = isJoining ? [{ code: 'shared', others: [...sharedWith].sort() }] : [];
  const desired = { list: addresses, source: key, rewrite: true, interface: written, was, conditions };
  return reconcileTo(state, cause, desired, context);
}

function requests({ requestedIPs }: ServiceState, address: Address): boolean {
  return requestedIPs.some((requested) => sameAddress(requested, address));
}

/** The key of the namespace's pool, if the pool spans all adopted addresses. */
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
