import { type ManagedPath, managedPaths, ownerOf } from '../../core/model/managed-fields.ts';
import type { ManagedFieldsEntry } from '../../core/model/objects.ts';
import { annotations } from '../../core/model/well-known-names.ts';

/** Fields that can hold a Service's address, as managedFields name them, in order of preference. */
const addressFields: readonly ManagedPath[] = [
  managedPaths.annotation(annotations.addresses),
  managedPaths.specIP,
  managedPaths.statusAddresses,
];

/** A Service has had its address since this time or longer. */
export interface HeldSince {
  /** RFC 3339. */
  readonly time: string;
  /** The field manager that last wrote the address. */
  readonly manager: string;
}

/**
 * Reads `metadata.managedFields` (KEP-555). The time of an entry is when its manager last changed a field that it owns,
 * so the address is at least that old. Undefined without managedFields, for example in a dump.
 */
export function heldSince(managedFields: readonly ManagedFieldsEntry[]): HeldSince | undefined {
  for (const field of addressFields) {
    const entry = ownerOf(managedFields, field);
    if (entry?.time !== undefined) return { time: entry.time, manager: entry.manager ?? 'unknown' };
  }
  return undefined;
}
