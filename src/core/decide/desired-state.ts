import { formatAddress } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { type AddressEntry, formatAddressList } from '../model/address-list.ts';
import { sameRecord, staticSource } from '../model/allocation-record.ts';
import { isEmptyPatch, type ServicePatch } from '../model/service-patch.ts';
import { familiesText, portsText } from '../model/service-view.ts';
import type { AllocationContext } from './allocation-context.ts';
import { conditionsOf } from './conditions.ts';
import type { AddressConflict, Condition, Decision, WriteCause } from './decision.ts';

/** What a decision is made from. */
export interface DecisionContext extends AllocationContext {
  /** Our name in records. */
  readonly controller: string;
}

/** What a Service is to be served with. */
export interface DesiredState {
  readonly list: readonly AddressEntry[];
  readonly source: string;
  /** The annotation is ours to write; else it stays as the user wrote it. */
  readonly rewrite?: boolean;
  /** A spec that was blanked, or that the annotation overrules in silence, is left as it is. */
  readonly keepSpec?: boolean;
  /** The interface to write. */
  readonly interface?: string | undefined;
  /** The record keeps its families, so that an edit of them is still seen after this write. */
  readonly keepFamilies?: boolean;
  readonly conditions: readonly Condition[];
}

/** The change, if any, that makes the Service served on these terms: only fields that differ are in it. */
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
  const kept = desired.keepFamilies === true ? record : undefined;
  const next = {
    source: desired.source,
    addresses,
    ports: kept?.ports ?? portsText(view),
    families: kept?.families ?? familiesText(view),
    interface: written,
    uid: view.uid,
    controller: context.controller,
  };
  if (view.record === undefined || !sameRecord(view.record, next)) patch.record = next;
  if (view.reallocate && cause === 'reallocate') patch.reallocate = null;
  if (view.ipamLabel) patch.ipamLabel = null;
  if (view.goFinalizers !== undefined) patch.goFinalizers = null;
  const conditions = [...desired.conditions, ...conditionsOf(state, desired.list, context)];
  const { source } = desired;
  if (isEmptyPatch(patch)) return { kind: 'keep', addresses, source, conditions };
  return { kind: 'write', cause, patch, addresses, source, conditions };
}

/** `spec.loadBalancerIP` is the first address. Where a hostname stands first it is untouched, but for what we gave. */
function reconcileSpec(
  { view, record }: ServiceState,
  { list }: DesiredState,
  change: Mutable<ServicePatch>,
): void {
  const [first] = list;
  if (list.some((entry) => typeof entry === 'string')) {
    const given = record !== undefined && record.source !== staticSource && record.addresses.split(',')[0];
    if (view.specIP !== undefined && view.specIP === given) change.specIP = null;
  } else if (typeof first === 'object') {
    const text = formatAddress(first);
    if (view.specIP !== text) change.specIP = text;
  }
}

/**
 * A claimant is not marked as served: marks of an earlier address come off. They stay while its
 * annotation still stands for that address (`isHeld`).
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
    // What we wrote for the earlier address is taken off with its mark.
    const [given] = record?.addresses.split(',') ?? [];
    if (view.specIP !== undefined && view.specIP === given) patch.specIP = null;
  }
  return { kind: 'conflict', conflict, patch, failures: [] };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
