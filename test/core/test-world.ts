import type { Service } from '../../src/core/model/objects.ts';
import { mergePatchOf, type ServicePatch } from '../../src/core/model/service-patch.ts';
import type { ServiceView } from '../../src/core/model/service-view.ts';
import type { Data } from './naive-pools.ts';

/** A change of a Service, as a watch reports it. */
export type WatchEvent = {
  readonly type: 'put' | 'deleted';
  readonly service: Service;
  readonly version: string;
};

/** A model of the API server: objects with versions, a log of events, and guarded writes. No time, no sockets. */
export class Cluster {
  readonly services = new Map<string, Service>();
  data: Data | undefined;
  /** Events that are not delivered yet, in the order of their versions. */
  readonly events: WatchEvent[] = [];
  /** All events, also delivered ones. */
  readonly log: WatchEvent[] = [];
  #version = 100;
  #uid = 0;

  get version(): string {
    return String(this.#version);
  }

  create(service: Service): void {
    this.#uid += 1;
    this.#store({
      ...service,
      metadata: { ...service.metadata, uid: service.metadata.uid ?? `uid-${this.#uid}` },
    });
  }

  /** An unguarded edit by a user or another controller. A change of the type empties the status, as in a real API server. */
  edit(key: string, change: (service: Service) => void): void {
    const before = this.services.get(key);
    if (before === undefined) return;
    const after = structuredClone(before);
    change(after);
    if (JSON.stringify(after) === JSON.stringify(before)) return;
    if (after.spec?.type !== 'LoadBalancer') delete after.status;
    this.#store(after);
  }

  delete(key: string): void {
    const service = this.services.get(key);
    if (service === undefined) return;
    this.#version += 1;
    this.services.delete(key);
    this.#append({ type: 'deleted', service, version: this.version });
  }

  /** A PATCH that was decided on `view`: rejected if the Service has changed since. */
  patch(view: ServiceView, change: ServicePatch): 'conflict' | 'gone' | Service {
    const key = `${view.namespace}/${view.name}`;
    const now = this.services.get(key);
    if (now === undefined) return 'gone';
    if (now.metadata.uid !== view.uid || now.metadata.resourceVersion !== view.resourceVersion)
      return 'conflict';
    return this.#store(mergePatch(now, mergePatchOf(view, change)) as Service);
  }

  #store(service: Service): Service {
    this.#version += 1;
    const stored = structuredClone(service);
    stored.metadata.resourceVersion = this.version;
    const key = `${stored.metadata.namespace}/${stored.metadata.name}`;
    this.services.set(key, stored);
    this.#append({ type: 'put', service: stored, version: this.version });
    return stored;
  }

  #append(event: WatchEvent): void {
    this.events.push(event);
    this.log.push(event);
  }
}

/** RFC 7386, section 2. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...(target as Record<string, unknown>) } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}
