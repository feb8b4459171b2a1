import type { Address } from '../ip/address.ts';
import { none } from '../ip/short-lists.ts';
import { requests } from '../ledger/service-state.ts';
import type { AddressEntry } from '../model/address-list.ts';
import { type AllocationRecord, unknownSource } from '../model/allocation-record.ts';
import { type Announced, announcedFields } from '../model/service-patch.ts';
import type { ServiceView } from '../model/service-view.ts';
import type { Grant, Refusal } from './allocate.ts';
import type { Run } from './check.ts';
import type { Condition, DesiredState, WriteCause } from './decision.ts';
import { assigned } from './desired-state.ts';

/** The Service gets what was allocated. `was` is the shared address that it leaves, if any. */
export function assignedFrom(
  run: Run,
  cause: WriteCause,
  { addresses, key, settings, sharedWith, missing }: Grant,
  was?: Address,
): DesiredState {
  const { state } = run;
  // kube-vip does not notice a later change of these (spec sections 2, 7, and 12).
  const isNew = state.intent.kind === 'new' || state.intent.kind === 'copied';
  const announced = isNew ? missingOf(state.view, settings.announced) : undefined;
  // `conditionsOf` covers addresses that it requests already.
  const isJoining = sharedWith.length > 0 && !addresses.some((one) => requests(state, one));
  const conditions: readonly Condition[] = isJoining
    ? [{ code: 'shared', others: [...sharedWith].sort() }]
    : none;
  const how = { list: addresses, source: key, rewrite: true, announced, was, conditions, missing };
  return assigned(run, cause, how);
}

/** The fields of an announcement that the Service does not have. A value that a user set stays. */
function missingOf(view: ServiceView, wanted: Announced | undefined): Announced | undefined {
  if (wanted === undefined) return undefined;
  const missing: { -readonly [K in keyof Announced]: Announced[K] } = {};
  for (const field of announcedFields)
    if (view[field] === undefined && wanted[field] !== undefined) missing[field] = wanted[field];
  return missing;
}

export function allocationCause({ sharedWith }: Grant): WriteCause {
  return sharedWith.length > 0 ? 'share' : 'allocate';
}

/** The addresses stay, and so do the recorded ports and families: their difference from the Service keeps the change pending. */
export function pendingChange(
  run: Run,
  list: readonly AddressEntry[],
  change: (Condition & { code: 'pending-change' })['change'],
  { failures }: Refusal,
): DesiredState {
  const { record } = run.state;
  const conditions: Condition[] = [{ code: 'pending-change', change, failures }];
  const source = record?.source ?? unknownSource;
  return assigned(run, 'update', { list, source, keepSpec: true, keeps: record, conditions });
}

/** Writes the missing fields again, as the record has them. */
export function restored(
  run: Run,
  list: readonly AddressEntry[],
  record: AllocationRecord | undefined,
  conditions: readonly Condition[] = [],
): DesiredState {
  const source = record?.source ?? unknownSource;
  const announced = missingOf(run.state.view, record);
  const how = { list, source, rewrite: true, announced, keeps: record, conditions };
  return assigned(run, 'restore', how);
}
