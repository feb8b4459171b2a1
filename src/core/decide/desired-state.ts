import { formatAddress } from '../ip/address.ts';
import type { Standing } from '../ledger/service-state.ts';
import { type Entry, formatList } from '../model/address-list.ts';
import { sameRecord, staticSource } from '../model/allocation-record.ts';
import { type Change, isEmpty } from '../model/service-patch.ts';
import { familiesText, portsText } from '../model/service-view.ts';
import type { Facts } from './allocation-context.ts';
import { notesOn } from './conditions.ts';
import type { Cause, Decision, Note, Refusal } from './decision.ts';

/** What a decision is made from. */
export interface World extends Facts {
  /** Our name in records. */
  readonly controller: string;
}

/** What a Service is to be served with. */
export interface Terms {
  readonly list: readonly Entry[];
  readonly source: string;
  /** The annotation is ours to write; else it stays as the user wrote it. */
  readonly rewrite?: boolean;
  /** A spec that was blanked, or that the annotation overrules in silence, is left as it is. */
  readonly leaveSpec?: boolean;
  /** The interface to write. */
  readonly interface?: string | undefined;
  /** The record keeps its families, so that an edit of them is still seen after this write. */
  readonly keepFamilies?: boolean;
  readonly notes: readonly Note[];
}

/** The change, if any, that makes the Service served on these terms: only fields that differ are in it. */
export function complete(standing: Standing, cause: Cause, terms: Terms, world: World): Decision {
  const { view, record } = standing;
  const addresses = formatList(terms.list);
  const change: Mutable<Change> = {};
  if (terms.rewrite === true && view.annotation !== addresses) change.annotation = addresses;
  if (terms.leaveSpec !== true) completeSpec(standing, terms, change);
  if (!view.labelled) change.labelled = true;
  if (terms.interface !== undefined) change.interface = terms.interface;
  const written = terms.interface ?? (record?.interface === view.interface ? record?.interface : undefined);
  const kept = terms.keepFamilies === true ? record : undefined;
  const next = {
    source: terms.source,
    addresses,
    ports: kept?.ports ?? portsText(view),
    families: kept?.families ?? familiesText(view),
    interface: written,
    uid: view.uid,
    controller: world.controller,
  };
  if (view.record === undefined || !sameRecord(view.record, next)) change.record = next;
  if (view.reallocate && cause === 'reallocate') change.reallocate = null;
  if (view.ipamLabel) change.ipamLabel = null;
  if (view.goFinalizers !== undefined) change.goFinalizers = null;
  const notes = [...terms.notes, ...notesOn(standing, terms.list, world)];
  const { source } = terms;
  if (isEmpty(change)) return { kind: 'keep', addresses, source, notes };
  return { kind: 'write', cause, change, addresses, source, notes };
}

/** `spec.loadBalancerIP` is the first address. Where a hostname stands first it is untouched, but for what we gave. */
function completeSpec({ view, record }: Standing, { list }: Terms, change: Mutable<Change>): void {
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
export function refuse({ view, record }: Standing, refusal: Refusal, isHeld: boolean): Decision {
  const change: Mutable<Change> = {};
  if (!isHeld) {
    if (view.labelled) change.labelled = false;
    if (view.record !== undefined) change.record = null;
    // What we wrote for the earlier address is taken off with its mark.
    const [given] = record?.addresses.split(',') ?? [];
    if (view.specIP !== undefined && view.specIP === given) change.specIP = null;
  }
  return { kind: 'refuse', refusal, change, shortages: [] };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
