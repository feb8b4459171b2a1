import type { ManagedFieldsEntry } from '../../core/model/objects.ts';
import { annotations } from '../../core/model/well-known-names.ts';

/** Fields that can hold a Service's address, as managedFields name them, in order of preference. */
const addressFields: readonly (readonly string[])[] = [
  ['f:metadata', 'f:annotations', `f:${annotations.addresses}`],
  ['f:spec', 'f:loadBalancerIP'],
  ['f:status', 'f:loadBalancer', 'f:ingress'],
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
    const entry = managedFields.find(({ fieldsV1 }) => ownsField(fieldsV1, field));
    if (entry?.time !== undefined) return { time: entry.time, manager: entry.manager ?? 'unknown' };
  }
  return undefined;
}

function ownsField(fields: unknown, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return true;
  if (typeof fields !== 'object' || fields === null || !(step in fields)) return false;
  return ownsField((fields as Record<string, unknown>)[step], rest);
}
