import { formatRecord } from '../core/model/allocation-record.ts';
import { type ManagedPath, managedPaths, ownerOf } from '../core/model/managed-fields.ts';
import type { Service } from '../core/model/objects.ts';
import { announcedFields, type ServicePatch } from '../core/model/service-patch.ts';
import {
  annotations,
  goFinalizer,
  implementation,
  labels,
  ownManager,
} from '../core/model/well-known-names.ts';

/** What became of one field of a change that was reverted. */
export interface RevertedField {
  /** The name that users know. */
  readonly field: string;
  /**
   * `removed`: the field is gone, and a removal leaves no trace in managedFields. `set`: it has another value, written by
   * `manager`, if that is known.
   */
  readonly how: 'removed' | 'set';
  readonly manager: string | undefined;
}

/**
 * Finds the writer of each field by the field itself: the last one to write the object may have written something else, as
 * kube-vip does. It is never this program.
 */
export function revertedFields(change: ServicePatch, service: Service | undefined): RevertedField[] {
  const all = fieldsOf(change);
  if (service === undefined) return all.map(({ field }) => ({ field, how: 'set', manager: undefined }));
  const managedFields = service.metadata.managedFields ?? [];
  const others = managedFields.filter(({ manager }) => manager !== undefined && manager !== ownManager);
  const reverted = all.flatMap(({ field, path, desired, current }): RevertedField[] => {
    const value = current(service);
    // Another client may have restored it meanwhile.
    if (value === desired) return [];
    if (value === undefined) return [{ field, how: 'removed', manager: undefined }];
    return [{ field, how: 'set', manager: ownerOf(others, path)?.manager }];
  });
  return reverted.length > 0 ? reverted : revertedFields(change, undefined);
}

interface WrittenField {
  readonly field: string;
  readonly path: ManagedPath;
  /** Undefined: the change removes it. */
  readonly desired: string | undefined;
  readonly current: (service: Service) => string | undefined;
}

function fieldsOf(change: ServicePatch): WrittenField[] {
  const { annotation, specIP, labeled, record, reallocate } = change;
  const { ipamLabel, goFinalizers } = change;
  const fields: WrittenField[] = [];
  const addAnnotation = (name: string, desired: string | null | undefined): void => {
    if (desired === undefined) return;
    const current = ({ metadata }: Service) => metadata.annotations?.[name];
    fields.push({ field: name, path: managedPaths.annotation(name), desired: desired ?? undefined, current });
  };
  const addLabel = (name: string, desired: string | undefined): void => {
    const current = ({ metadata }: Service) => metadata.labels?.[name];
    fields.push({ field: `the label ${name}`, path: managedPaths.label(name), desired, current });
  };
  addAnnotation(annotations.addresses, annotation);
  if (specIP !== undefined)
    fields.push({
      field: 'spec.loadBalancerIP',
      path: managedPaths.specIP,
      desired: specIP ?? undefined,
      current: ({ spec }) => spec?.loadBalancerIP,
    });
  if (labeled !== undefined) addLabel(labels.implementation, labeled ? implementation : undefined);
  addAnnotation(annotations.allocationRecord, record && formatRecord(record));
  for (const field of announcedFields) addAnnotation(annotations[field], change[field]);
  addAnnotation(annotations.reallocate, reallocate);
  if (ipamLabel !== undefined) addLabel(labels.ipamAddress, undefined);
  if (goFinalizers !== undefined)
    fields.push({
      field: `the finalizer ${goFinalizer}`,
      path: managedPaths.finalizer(goFinalizer),
      desired: undefined,
      current: ({ metadata }) => metadata.finalizers?.find((one) => one === goFinalizer),
    });
  return fields;
}

/** The warning about fields that the API server's answer to the change does not show. */
export function explainUnapplied(unapplied: ServicePatch): string {
  const names = fieldsOf(unapplied).map(({ field }) => field);
  const [these, them] = names.length === 1 ? ['this field', 'it'] : ['these fields', 'them'];
  return `The API server accepted the change of ${names.join(', ')}, but its answer does not show it: a mutating admission policy or webhook probably reverts ${these}. Exempt the controller from it. The controller keeps restoring ${them} with back-off.`;
}

/** The warning, with the writers as far as they are known. */
export function explainReverts(fields: readonly RevertedField[]): string {
  const writers = new Map<string | undefined, string[]>();
  for (const { field, how, manager } of fields)
    if (how === 'set') writers.set(manager, [...(writers.get(manager) ?? []), field]);
  const removed = fields.filter(({ how }) => how === 'removed').map(({ field }) => field);
  const sentences = [...writers].map(([manager, names]) => {
    const writer = manager === undefined ? 'Another writer' : `The field manager "${manager}"`;
    return `${writer} keeps reverting ${names.join(', ')}.`;
  });
  if (removed.length > 0) {
    const client = sentences.length > 0 ? 'The same or another client' : 'Another client';
    sentences.push(
      `${client} keeps removing ${removed.join(', ')}. A removal leaves no trace in managedFields: the audit log of the API server names the client.`,
    );
  }
  const one = fields.length === 1 ? ['this field', 'it'] : ['these fields', 'them'];
  return `${sentences.join(' ')} Configure it to ignore ${one[0]}. The controller keeps restoring ${one[1]} with back-off.`;
}
