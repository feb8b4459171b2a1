import { type Address, formatAddress } from '../ip/address.ts';
import { none } from '../ip/short-lists.ts';
import { originOf, type ServiceState } from '../ledger/service-state.ts';
import { type AddressEntry, type CanonicalList, canonicalList, isFirst } from '../model/address-list.ts';
import { type AllocationRecord, staticSource } from '../model/allocation-record.ts';
import {
  type Announced,
  announcedFields,
  diff,
  isEmptyPatch,
  type ServicePatch,
} from '../model/service-patch.ts';
import { familiesText, portsText } from '../model/service-view.ts';
import type { MissingAddress } from './allocate.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import type { Run } from './check.ts';
import { conditionsOf } from './conditions.ts';
import type { AddressConflict, Condition, Decision, DesiredState, WriteCause } from './decision.ts';

/** How an assignment is written. */
export interface Assigning {
  readonly list: readonly AddressEntry[];
  readonly source: string;
  /** Whether to write the annotation. If false, it stays as the user wrote it. */
  readonly rewrite?: boolean;
  /** Whether to leave `spec.loadBalancerIP` unchanged, because it was blanked or the annotation overrides it. */
  readonly keepSpec?: boolean;
  /** How the addresses are announced: the fields to write, if any. */
  readonly announced?: Announced | undefined;
  /** The allocation record whose ports and families are kept, so that an edit of them is still detected after this write. */
  readonly keeps?: AllocationRecord | undefined;
  /** The shared address that the Service leaves, if any. */
  readonly was?: Address | undefined;
  readonly conditions?: readonly Condition[];
  /** What the allocation of the list did without, if there was one. */
  readonly missing?: readonly MissingAddress[] | undefined;
}

/** The desired state of a Service to which these addresses are assigned. */
export function assigned(run: Run, cause: WriteCause, how: Assigning): DesiredState {
  const { state, controller } = run;
  const { view, record } = state;
  const { list, source, keeps, announced } = how;
  const addresses = record?.addresses.entries === list ? record.addresses : canonicalList(list);
  const written: Mutable<AllocationRecord> = {
    source,
    addresses,
    ports: keeps?.ports ?? portsText(view),
    families: keeps?.families ?? familiesText(view),
    interface: undefined,
    uid: view.uid,
    controller,
  };
  const fields: Mutable<ServicePatch> = {
    labeled: true,
    ipamLabel: null,
    goFinalizers: null,
    record: written,
  };
  if (announced !== undefined || record !== undefined)
    for (const field of announcedFields) {
      const given = announced?.[field];
      if (given !== undefined) fields[field] = given;
      // A value that was changed since it was written is the user's.
      const own = given ?? (record?.[field] === view[field] ? record?.[field] : undefined);
      if (own !== undefined) written[field] = own;
    }
  const pool = source === staticSource ? undefined : (keeps ?? view).pool;
  if (pool !== undefined) written.pool = pool;
  const known = keeps ?? record;
  const was = how.was ?? (known?.addresses.text === addresses.text ? known.was : undefined);
  if (was !== undefined) written.was = was;
  if (how.rewrite === true) fields.annotation = addresses.text;
  const specIP = how.keepSpec === true ? undefined : desiredSpecIP(state, addresses);
  if (specIP !== undefined) fields.specIP = specIP;
  const isAnswer = cause === 'reallocate' || cause === 'confirm';
  if (isAnswer || confirmsStatic(state)) fields.reallocate = null;
  return {
    cause,
    addresses,
    source,
    conditions: withFound(how.conditions ?? none, conditionsOf(run, list, how.missing)),
    fields,
  };
}

function withFound(given: readonly Condition[], found: readonly Condition[]): readonly Condition[] {
  if (given.length === 0) return found;
  // The failures of a pending change say which family is missing.
  const isPending = given.some(({ code }) => code === 'pending-change');
  return [...given, ...found.filter(({ code }) => !isPending || code !== 'one-family')];
}

/**
 * The first address. With a hostname in the list, the field is only changed to remove an address that this controller wrote.
 * Undefined: it stays as it is.
 */
function desiredSpecIP(
  { view, record }: ServiceState,
  { entries, text }: CanonicalList,
): string | null | undefined {
  const [first] = entries;
  if (typeof first === 'object') {
    if (entries.length === 1) return text;
    if (entries.every((entry) => typeof entry === 'object')) return formatAddress(first);
  }
  const isWritten =
    record !== undefined && record.source !== staticSource && isFirst(view.specIP, record.addresses);
  return isWritten ? null : undefined;
}

/** Compares the Service with its desired state: the decision to write what differs, or to keep it. */
export function reconcile({ view }: ServiceState, desired: DesiredState): Decision {
  const { cause, fields, addresses, source, conditions, fromStatus, hadBefore, assumesRequest } = desired;
  const patch = diff(view, fields);
  if (isEmptyPatch(patch)) return { kind: 'keep', addresses, source, conditions };
  const onlyAnswers = patch.reallocate === null && (cause === 'update' || Object.keys(patch).length === 1);
  return {
    kind: 'write',
    cause: onlyAnswers ? 'confirm' : cause,
    patch,
    addresses,
    source,
    conditions,
    ...(fromStatus && { fromStatus }),
    ...(hadBefore && { hadBefore }),
    ...(assumesRequest && { assumesRequest }),
  };
}

/**
 * A contender is not marked as assigned: the fields of an earlier address are removed, unless the annotation still has that
 * address (`isHeld`).
 */
export function contender(
  state: ServiceState,
  conflict: AddressConflict,
  isHeld: boolean,
  failures: readonly AllocationFailure[],
): Decision {
  const { view, record } = state;
  const fields: Mutable<ServicePatch> = isHeld ? {} : { labeled: false, record: null };
  if (!isHeld && record !== undefined && isFirst(view.specIP, record.addresses)) fields.specIP = null;
  if (confirmsStatic(state)) fields.reallocate = null;
  return { kind: 'conflict', conflict, patch: diff(view, fields), failures };
}

/** Whether a person requested a new allocation of what is allocated, and the address is static: only the request is removed. */
export function confirmsStatic(state: ServiceState): boolean {
  return state.view.reallocate === 'allocated' && originOf(state) === 'static';
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
