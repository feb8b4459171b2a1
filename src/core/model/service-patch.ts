import { type AllocationRecord, formatRecord } from './allocation-record.ts';
import type { ServiceView } from './service-view.ts';
import { annotations, goFinalizer, implementation, labels } from './well-known-names.ts';

/**
 * What to write on a Service: only the fields that change, each with its new content, `null` to remove it.
 * All of it goes out as one PATCH.
 */
export interface ServicePatch {
  readonly annotation?: string | null;
  readonly specIP?: string | null;
  readonly labeled?: boolean;
  readonly record?: AllocationRecord | null;
  readonly interface?: string | null;
  readonly reallocate?: null;
  readonly ipamLabel?: null;
  readonly goFinalizers?: null;
}

export function isEmptyPatch(change: ServicePatch): boolean {
  return Object.keys(change).length === 0;
}

/**
 * The JSON merge patch (RFC 7386) of a change, guarded by the uid and the version it was decided on: a write that lost a
 * race is refused by the API server (spec section 2).
 */
export function mergePatchOf(view: ServiceView, change: ServicePatch): Record<string, unknown> {
  const annotation: Record<string, string | null> = {};
  if (change.annotation !== undefined) annotation[annotations.addresses] = change.annotation;
  if (change.record !== undefined) {
    annotation[annotations.allocationRecord] = change.record === null ? null : formatRecord(change.record);
  }
  if (change.interface !== undefined) annotation[annotations.interface] = change.interface;
  if (change.reallocate !== undefined) annotation[annotations.reallocate] = null;
  const label: Record<string, string | null> = {};
  if (change.labeled !== undefined) label[labels.implementation] = change.labeled ? implementation : null;
  if (change.ipamLabel !== undefined) label[labels.ipamAddress] = null;
  return {
    metadata: {
      uid: view.uid,
      resourceVersion: view.resourceVersion,
      ...(Object.keys(annotation).length > 0 ? { annotations: annotation } : {}),
      ...(Object.keys(label).length > 0 ? { labels: label } : {}),
      // A merge patch replaces a list whole; the version guards it.
      ...(change.goFinalizers === undefined
        ? {}
        : { finalizers: (view.goFinalizers ?? []).filter((finalizer) => finalizer !== goFinalizer) }),
    },
    ...(change.specIP === undefined ? {} : { spec: { loadBalancerIP: change.specIP } }),
  };
}

/** The Service as it will be read once the change is written: what is assumed between the PATCH and its echo. */
export function applyPatch(view: ServiceView, change: ServicePatch): ServiceView {
  return {
    ...view,
    annotation: next(view.annotation, change.annotation),
    specIP: next(view.specIP, change.specIP),
    labeled: change.labeled ?? view.labeled,
    record: next(view.record, change.record),
    interface: next(view.interface, change.interface),
    reallocate: change.reallocate === null ? false : view.reallocate,
    ipamLabel: change.ipamLabel === null ? false : view.ipamLabel,
    goFinalizers: change.goFinalizers === null ? undefined : view.goFinalizers,
  };
}

function next<T>(now: T | undefined, change: T | null | undefined): T | undefined {
  return change === undefined ? now : (change ?? undefined);
}
