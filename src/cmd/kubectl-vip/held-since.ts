import type { ManagedFieldsEntry } from '../../core/model/objects.ts';
import { annotations } from '../../core/model/well-known-names.ts';

/** Where an address can stand on a Service, as managedFields name it; the first that has an owner counts. */
const places: readonly (readonly string[])[] = [
  ['f:metadata', 'f:annotations', `f:${annotations.addresses}`],
  ['f:spec', 'f:loadBalancerIP'],
  ['f:status', 'f:loadBalancer', 'f:ingress'],
];

/** Since when a Service has its address, at the latest, and who wrote it there. */
export interface Since {
  /** RFC 3339. */
  readonly time: string;
  readonly manager: string;
}

/**
 * Read from `metadata.managedFields` (KEP-555): the time of an entry is the last at which its manager changed what it
 * owns, so the address is at least as old. Undefined where nothing is known, as in a dump without managedFields.
 */
export function sinceIn(managedFields: readonly ManagedFieldsEntry[]): Since | undefined {
  for (const place of places) {
    const owner = managedFields.find(({ fieldsV1 }) => owns(fieldsV1, place));
    if (owner?.time !== undefined) return { time: owner.time, manager: owner.manager ?? 'unknown' };
  }
  return undefined;
}

function owns(fields: unknown, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return true;
  if (typeof fields !== 'object' || fields === null || !(step in fields)) return false;
  return owns((fields as Record<string, unknown>)[step], rest);
}
