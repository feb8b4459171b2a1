import { formatAddress } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { type AddressEntry, formatAddressList } from '../model/address-list.ts';
import { type AllocationRecord, sameRecord, staticSource } from '../model/allocation-record.ts';
import { isEmptyPatch, type ServicePatch } from '../model/service-patch.ts';
import { familiesText, portsText } from '../model/service-view.ts';
import type { AllocationContext } from './allocation-context.ts';
import { conditionsOf } from './conditions.ts';
import type { AddressConflict, Condition, Decision, WriteCause } from './decision.ts';

/** The input of a decision. */
export interface DecisionContext extends AllocationContext {
  /** The name of this controller in allocation records. */
  readonly controller: string;
}

/** The fields that a Service should have. */
export interface DesiredState {
  readonly list: readonly AddressEntry[];
  readonly source: string;
  /** Whether to write the annotation. If false, it stays as the user wrote it. */
  readonly rewrite?: boolean;
  /** Whether to leave `spec.loadBalancerIP` unchanged, because it was blanked or the annotation overrides it. */
  readonly keepSpec?: boolean;
  /** The interface to write, if any. */
  readonly interface?: string | undefined;
  /** The allocation record whose ports and families are kept, so that an edit of them is still detected after this write. */
  readonly keeps?: AllocationRecord | undefined;
  /** The shared address that the Service leaves, if any. */
  readonly was?: string | undefined;
  readonly conditions: readonly Condition[];
}

/** Compares the Service with its desired state. The patch has only the fields that differ. */
export function reconcileTo(
  state: ServiceState,
  cause: WriteCause,
  desired: DesiredState,
  context: DecisionContext,
): Decision {
  const { view, record } = state;
  const addresses = formatAddressList(desired.list);
  const patch: Mutable<ServicePatch> = {};
  if (desired.rewrite === true && view.annotation !== addresses) patch.annotation = addresses;
  if (desired.keepSpec !== true) reconcileSpec(state, desired, patch);
  if (!view.labeled) patch.labeled = true;
  if (desired.interface !== undefined) patch.interface = desired.interface;
  const written = desired.interface ?? (record?.interface === view.interface ? record?.interface : undefined);
  const { keeps } = desired;
  const known = keeps ?? record;
  const was = desired.was ?? (known?.addresses === addresses ? known.was : undefined);
  const next = {
    source: desired.source,
    addresses,
    ports: keeps?.ports ?? portsText(view),
    families: keeps?.families ?? familiesText(view),
    interface: written,
    uid: view.uid,
    controller: context.controller,
    ...(was === undefined ? {} : { was }),
  };
  if (view.record === undefined || !sameRecord(view.record, next)) patch.record = next;
  if (view.reallocate && isAnswer(cause)) patch.reallocate = null;
  if (view.ipamLabel) patch.ipamLabel = null;
  if (view.goFinalizers !== undefined) patch.goFinalizers = null;
  // The failures of a pending change say which family is missing.
  const isPending = desired.conditions.some(({ code }) => code === 'pending-change');
  const found = conditionsOf(state, desired.list, context);
  const others = isPending ? found.filter(({ code }) => code !== 'one-family') : found;
  const conditions = [...desired.conditions, ...others];
  const { source } = desired;
  if (isEmptyPatch(patch)) return { kind: 'keep', addresses, source, conditions };
  return { kind: 'write', cause, patch, addresses, source, conditions };
}

/**
 * Sets `spec.loadBalancerIP` to the first address. With a hostname in the list, the field is only changed to remove an address
 * that this controller wrote.
 */
function reconcileSpec(
  { view, record }: ServiceState,
  { list }: DesiredState,
  patch: Mutable<ServicePatch>,
): void {
  const [first] = list;
  if (list.some((entry) => typeof entry === 'string')) {
    const written = record !== undefined && record.source !== staticSource && record.addresses.split(',')[0];
    if (view.specIP !== undefined && view.specIP === written) patch.specIP = null;
  } else if (typeof first === 'object') {
    const text = formatAddress(first);
    if (view.specIP !== text) patch.specIP = text;
  }
}

/**
 * A contender is not marked as assigned: the fields of an earlier address are removed, unless the annotation still has that
 * address (`isHeld`).
 */
export function conflictDecision(
  { view, record }: ServiceState,
  conflict: AddressConflict,
  isHeld: boolean,
): Decision {
  const patch: Mutable<ServicePatch> = {};
  if (!isHeld) {
    if (view.labeled) patch.labeled = false;
    if (view.record !== undefined) patch.record = null;
    const [written] = record?.addresses.split(',') ?? [];
    if (view.specIP !== undefined && view.specIP === written) patch.specIP = null;
  }
  return { kind: 'conflict', conflict, patch, failures: [] };
}

/** Whether the write answers the request for a reallocation. */
function isAnswer(cause: WriteCause): boolean {
  return cause === 'reallocate' || cause === 'confirm';
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
