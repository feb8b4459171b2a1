import { ApiError } from '../../client/errors.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import { compareVersions, keyOf, type ServiceKey } from '../../core/model/service-view.ts';
import { ownManager } from '../../core/model/well-known-names.ts';
import { type ClusterContext, list } from './cluster-context.ts';

/** An event of this controller on a Service. */
export interface ServiceEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly time: string;
}

/** The fields that are read of a core/v1 Event. */
interface CoreEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string;
  readonly source?: { readonly component?: string };
  readonly involvedObject?: { readonly namespace?: string; readonly name?: string };
}

/** The events of this controller on each Service, newest first; none where the user may not read them. */
export async function readServiceEvents(
  context: ClusterContext,
  keys: readonly ServiceKey[],
): Promise<ReadonlyMap<ServiceKey, readonly ServiceEvent[]>> {
  const reads = keys.map(async (key) => [key, await eventsOn(key, context)] as const);
  return new Map(await Promise.all(reads));
}

async function eventsOn(key: ServiceKey, context: ClusterContext): Promise<ServiceEvent[]> {
  const [namespace = '', name = ''] = key.split('/');
  const fieldSelector = `involvedObject.kind=Service,involvedObject.name=${name}`;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const events = await eventsAt(path, fieldSelector, context);
  return events.map(({ type = '', reason = '', message = '', lastTimestamp = '' }) => ({
    type,
    reason,
    message,
    time: lastTimestamp,
  }));
}

/** The newest report that another controller allocates too, and its Service; undefined where the user may not read events. */
export async function readOtherAllocator(
  context: ClusterContext,
): Promise<{ readonly service: ServiceKey; readonly message: string; readonly time: string } | undefined> {
  const [newest] = await eventsAt('/api/v1/events', 'reason=AnotherAllocator', context);
  if (newest === undefined) return undefined;
  const {
    message = '',
    lastTimestamp: time = '',
    involvedObject: { namespace = '', name = '' } = {},
  } = newest;
  return { service: keyOf({ namespace, name }), message, time };
}

/** The events of this controller, newest first. */
async function eventsAt(path: string, fieldSelector: string, context: ClusterContext): Promise<CoreEvent[]> {
  try {
    const { items } = await list(context, path, { fieldSelector }, (object) => object as CoreEvent);
    return items
      .filter(({ source }) => source?.component === ownManager)
      .sort((a, b) => compareVersions(b.metadata.resourceVersion ?? '', a.metadata.resourceVersion ?? ''));
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}

/**
 * The newest warning, if it still applies: it is the newest event, or the Service is not yet as it should be. `known` is what is
 * shown anyway.
 */
export function lastWarning(
  events: readonly ServiceEvent[],
  isDue: boolean,
  known: string,
): ServiceEvent | undefined {
  const warning = events.find(({ type }) => type === 'Warning');
  if (warning === undefined || warning.message === known) return undefined;
  return isDue || warning === events[0] ? warning : undefined;
}
