import { type AllocationRecord, formatRecord, sameRecord } from './allocation-record.ts';
import type { ServiceView } from './service-view.ts';
import { annotations, goFinalizer, implementation, labels } from './well-known-names.ts';

/** The fields of a Service to change, each with its new content; `null` removes it. They are written in one PATCH. */
export interface ServicePatch {
  readonly annotation?: string | null;
  readonly specIP?: string | null;
  readonly labeled?: boolean;
  readonly record?: AllocationRecord | null;
  readonly interface?: string | null;
  readonly vlan?: string | null;
  readonly lease?: string | null;
  readonly reallocate?: null;
  readonly ipamLabel?: null;
  readonly goFinalizers?: null;
}

/** How kube-vip announces an address: written with the first one, and never later (spec sections 7 and 12). */
export const announcedFields = ['interface', 'vlan', 'lease'] as const;

export type AnnouncedField = (typeof announcedFields)[number];

/** How kube-vip announces an address. */
export type Announced = { readonly [K in AnnouncedField]?: string | undefined };

export function isEmptyPatch(patch: ServicePatch): boolean {
  for (const _ in patch) return false;
  return true;
}

/** What has to change so that the Service has the desired fields. A field that `desired` does not name stays as it is. */
export function diff(view: ServiceView, desired: ServicePatch): ServicePatch {
  const patch: { -readonly [K in keyof ServicePatch]: ServicePatch[K] } = {};
  const { annotation, specIP, labeled, record } = desired;
  if (differs(view.annotation, annotation)) patch.annotation = annotation;
  if (differs(view.specIP, specIP)) patch.specIP = specIP;
  if (labeled !== undefined && labeled !== view.labeled) patch.labeled = labeled;
  // One by one: a loop over the names of the fields costs a tenth of a decision.
  if (differs(view.interface, desired.interface)) patch.interface = desired.interface;
  if (differs(view.vlan, desired.vlan)) patch.vlan = desired.vlan;
  if (differs(view.lease, desired.lease)) patch.lease = desired.lease;
  const isSame = record != null && view.record !== undefined && sameRecord(view.record, record);
  if (!isSame && differs(view.record, record)) patch.record = record;
  if (desired.reallocate === null && view.reallocate) patch.reallocate = null;
  if (desired.ipamLabel === null && view.ipamLabel) patch.ipamLabel = null;
  if (desired.goFinalizers === null && view.goFinalizers !== undefined) patch.goFinalizers = null;
  return patch;
}

function differs<T>(current: T | undefined, desired: T | null | undefined): desired is T | null {
  return desired !== undefined && (desired ?? undefined) !== current;
}

/**
 * The JSON merge patch (RFC 7386), guarded by the uid and the version on which it was decided: the API server rejects it if the
 * Service has changed since (spec section 2).
 */
export function mergePatchOf(view: ServiceView, patch: ServicePatch): Record<string, unknown> {
  const annotation: Record<string, string | null> = {};
  if (patch.annotation !== undefined) annotation[annotations.addresses] = patch.annotation;
  if (patch.record !== undefined) {
    annotation[annotations.allocationRecord] = patch.record === null ? null : formatRecord(patch.record);
  }
  for (const field of announcedFields) {
    const wanted = patch[field];
    if (wanted !== undefined) annotation[annotations[field]] = wanted;
  }
  if (patch.reallocate !== undefined) annotation[annotations.reallocate] = null;
  const label: Record<string, string | null> = {};
  if (patch.labeled !== undefined) label[labels.implementation] = patch.labeled ? implementation : null;
  if (patch.ipamLabel !== undefined) label[labels.ipamAddress] = null;
  return {
    metadata: {
      uid: view.uid,
      resourceVersion: view.resourceVersion,
      ...(Object.keys(annotation).length > 0 ? { annotations: annotation } : {}),
      ...(Object.keys(label).length > 0 ? { labels: label } : {}),
      // A merge patch replaces the whole list, which the version guards.
      ...(patch.goFinalizers === undefined
        ? {}
        : { finalizers: (view.goFinalizers ?? []).filter((finalizer) => finalizer !== goFinalizer) }),
    },
    ...(patch.specIP === undefined ? {} : { spec: { loadBalancerIP: patch.specIP } }),
  };
}

/** The Service as it will be read once the patch is written: the assumed state until the watch reports it. */
export function applyPatch(view: ServiceView, patch: ServicePatch): ServiceView {
  return {
    ...view,
    annotation: patched(view.annotation, patch.annotation),
    specIP: patched(view.specIP, patch.specIP),
    labeled: patch.labeled ?? view.labeled,
    record: patched(view.record, patch.record),
    interface: patched(view.interface, patch.interface),
    vlan: patched(view.vlan, patch.vlan),
    lease: patched(view.lease, patch.lease),
    reallocate: patch.reallocate === null ? false : view.reallocate,
    ipamLabel: patch.ipamLabel === null ? false : view.ipamLabel,
    goFinalizers: patch.goFinalizers === null ? undefined : view.goFinalizers,
  };
}

/**
 * The part of the patch that the answer of the API server to it does not show. Nothing can write between a request and its
 * answer, so admission changed it.
 */
export function unappliedPart(patch: ServicePatch, answer: ServiceView): ServicePatch {
  const expected = applyPatch(answer, patch);
  return Object.fromEntries(
    fieldsIn(patch)
      .filter((field) => contentOf(expected, field) !== contentOf(answer, field))
      .map((field) => [field, patch[field]]),
  );
}

export function fieldsIn(patch: ServicePatch): (keyof ServicePatch)[] {
  return Object.keys(patch) as (keyof ServicePatch)[];
}

/** The content of a field as a text, for comparisons. */
export function contentOf(fields: ServicePatch | ServiceView, field: keyof ServicePatch): string {
  return field === 'record' && fields.record != null
    ? formatRecord(fields.record)
    : String(JSON.stringify(fields[field]));
}

function patched<T>(current: T | undefined, change: T | null | undefined): T | undefined {
  return change === undefined ? current : (change ?? undefined);
}
