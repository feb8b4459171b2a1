import type { Service } from '../core/model/objects.ts';
import type { ServicePatch } from '../core/model/service-patch.ts';
import { annotations, labels, ownManager } from '../core/model/well-known-names.ts';

/**
 * Returns the field manager that last wrote the object, except for its status. Server-side apply and updates
 * both record it. Timestamps are whole seconds; within the same second, another writer takes precedence over
 * us, because the caller knows that our fields were reverted.
 */
export function lastWriter({ metadata }: Service): string | undefined {
  let last: { manager: string; time: string } | undefined;
  for (const { manager, time = '', ...entry } of metadata.managedFields ?? []) {
    const isStatus = 'subresource' in entry && entry.subresource !== '';
    if (manager === undefined || isStatus) continue;
    const isLater = last === undefined || time > last.time;
    if (isLater || (time === last?.time && manager !== ownManager)) last = { manager, time };
  }
  return last?.manager;
}

/** The fields of a change, by the names that users know. */
export function fieldsOf(change: ServicePatch): string[] {
  return [
    ...(change.annotation === undefined ? [] : [annotations.addresses]),
    ...(change.specIP === undefined ? [] : ['spec.loadBalancerIP']),
    ...(change.labeled === undefined ? [] : [`the label ${labels.implementation}`]),
    ...(change.record === undefined ? [] : [annotations.allocationRecord]),
    ...(change.interface === undefined ? [] : [annotations.interface]),
  ];
}
