import type { ManagedFieldsEntry } from './objects.ts';

/** Reads `metadata.managedFields` (KEP-555): which client last wrote which field. */

/** The path of a field, as `fieldsV1` names it. */
export type ManagedPath = readonly string[];

export const managedPaths = {
  annotation: (name: string): ManagedPath => ['f:metadata', 'f:annotations', `f:${name}`],
  label: (name: string): ManagedPath => ['f:metadata', 'f:labels', `f:${name}`],
  finalizer: (name: string): ManagedPath => ['f:metadata', 'f:finalizers', `v:"${name}"`],
  specIP: ['f:spec', 'f:loadBalancerIP'],
  statusAddresses: ['f:status', 'f:loadBalancer', 'f:ingress'],
} as const;

/**
 * The latest entry that owns the field. Its time is when its manager last changed any field that it owns. Timestamps are whole
 * seconds: within the same second, a later entry of the list takes precedence.
 */
export function ownerOf(
  entries: readonly ManagedFieldsEntry[],
  path: ManagedPath,
): ManagedFieldsEntry | undefined {
  let owner: ManagedFieldsEntry | undefined;
  for (const entry of entries) {
    if (!ownsField(entry.fieldsV1, path)) continue;
    if (owner === undefined || (entry.time ?? '') >= (owner.time ?? '')) owner = entry;
  }
  return owner;
}

function ownsField(fields: unknown, [step, ...rest]: ManagedPath): boolean {
  if (step === undefined) return true;
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, step)) return false;
  return ownsField((fields as Record<string, unknown>)[step], rest);
}
