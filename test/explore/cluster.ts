import { isDeepStrictEqual } from 'node:util';
import { mergePatch } from '../../src/client/merge-patch.ts';
import type { KubeObject } from '../../src/core/model/objects.ts';
import { creationStep, firstVersion, timeOf, uidOf, versionStep } from './names.ts';

/** The objects of the API server and their last changes, as a value: every function returns a new one. */
export interface Cluster {
  /** The version of the last change. */
  readonly version: number;
  /** The number of the last created object: its UID and creation time have it. */
  readonly created: number;
  /** By plural, namespace and name: `services default/svc-a`. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Oldest first. */
  readonly log: readonly Change[];
}

export interface Change {
  readonly version: number;
  readonly plural: string;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

export interface WriteRequest {
  readonly verb: 'create' | 'update' | 'patch' | 'delete';
  readonly path: string;
  /** The object, the patch, or the preconditions of a deletion. */
  readonly body: unknown;
}

export type Response =
  | { readonly status: 200 | 201; readonly object: KubeObject }
  | { readonly status: 404 | 409 | 403 | 422; readonly message: string };

export const emptyCluster: Cluster = { version: firstVersion, created: 0, objects: new Map(), log: [] };

export function objectKey(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  const at = parts.indexOf('namespaces');
  if (at >= 0) {
    const [namespace, plural, name] = parts.slice(at + 1);
    return `${plural} ${namespace}/${name}`;
  }
  const [plural, name = ''] = parts.slice(-2);
  return `${plural} ${decodeURIComponent(name)}`;
}

export function objectsOf(cluster: Cluster, plural: string): KubeObject[] {
  return [...cluster.objects]
    .filter(([key]) => key.startsWith(`${plural} `))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, object]) => object);
}

/** Stores an object, or removes it. If nothing is different afterwards, nothing happens. */
export function store(cluster: Cluster, key: string, content: KubeObject | undefined): Cluster {
  const before = cluster.objects.get(key);
  const object = content && withoutEmptyMaps(content);
  if (isDeepStrictEqual(before, object)) return cluster;
  const version = cluster.version + versionStep;
  const created = before === undefined ? cluster.created + creationStep : cluster.created;
  const objects = new Map(cluster.objects);
  let after: KubeObject | undefined;
  if (object === undefined) objects.delete(key);
  else {
    const { uid = uidOf(created), creationTimestamp = timeOf(created), ...metadata } = object.metadata;
    after = frozen({
      ...object,
      metadata: { ...metadata, uid, creationTimestamp, resourceVersion: String(version) },
    });
    objects.set(key, after);
  }
  const [plural = ''] = key.split(' ', 1);
  return { version, created, objects, log: [...cluster.log, { version, plural, before, after }] };
}

/** Kubernetes does not distinguish an empty map from a missing one. */
function withoutEmptyMaps({
  metadata: { annotations = {}, labels = {}, ...metadata },
  ...rest
}: KubeObject): KubeObject {
  const isEmpty = (map: object): boolean => Object.keys(map).length === 0;
  return {
    ...rest,
    metadata: {
      ...metadata,
      ...(isEmpty(annotations) ? {} : { annotations }),
      ...(isEmpty(labels) ? {} : { labels }),
    },
  };
}

function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) frozen(part);
  return Object.freeze(value);
}

/** Carries out a write, as kube-apiserver does (test/contract). */
export function carryOut(
  cluster: Cluster,
  { verb, path, body }: WriteRequest,
): { readonly cluster: Cluster; readonly response: Response } {
  const respond = (response: Response, next = cluster) => ({ cluster: next, response });
  const refuse = (status: 404 | 409 | 422, message: string) => respond({ status, message });
  if (verb === 'create') {
    const { name } = (body as KubeObject).metadata;
    const key = objectKey(`${path}/${encodeURIComponent(name)}`);
    if (cluster.objects.has(key)) return refuse(409, `"${name}" already exists`);
    const next = store(cluster, key, body as KubeObject);
    return respond({ status: 201, object: next.objects.get(key) as KubeObject }, next);
  }
  const key = objectKey(path);
  const before = cluster.objects.get(key);
  // An update would create a Service that is gone, but its UID is another one then.
  const wouldCreate = verb === 'update' && key.startsWith('services ');
  if (before === undefined) return refuse(wouldCreate ? 409 : 404, `"${key}" not found`);
  const guard = verb === 'delete' ? (body as Guard | undefined) : (body as { metadata?: Guard }).metadata;
  const { uid, resourceVersion } = guard ?? {};
  const isOther = uid !== undefined && uid !== before.metadata.uid;
  const isChanged = resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion;
  if (isChanged) return refuse(409, 'the object has been modified');
  if (isOther && verb === 'patch') return refuse(422, 'metadata.uid: field is immutable');
  if (isOther) return refuse(409, 'Precondition failed: UID');
  if (verb === 'delete') return respond({ status: 200, object: before }, store(cluster, key, undefined));
  const after = (verb === 'patch' ? mergePatch(before, body as object) : body) as KubeObject;
  const next = store(cluster, key, after);
  return respond({ status: 200, object: next.objects.get(key) as KubeObject }, next);
}

interface Guard {
  readonly uid?: string;
  readonly resourceVersion?: string;
}
