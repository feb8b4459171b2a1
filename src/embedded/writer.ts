import { mergePatch } from '../client/merge-patch.ts';
import type { Clock, Random } from '../client/transport.ts';
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../core/model/objects.ts';
import { asJson, canonical, readBody } from './body.ts';
import { DecodeError } from './decode.ts';
import { newUid, timeNow } from './identity.ts';
import { isObject, type Json, type JsonObject, sameJson } from './json.ts';
import { recordWrite } from './managed-fields.ts';
import { checkMetadata, checkMetadataUpdate } from './naming.ts';
import type { Companion, Resource } from './resource.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  invalidValue,
  modified,
  notFound,
  StatusError,
} from './status.ts';
import { keyAt, keyOf, type Store } from './store.ts';
import { checkNameIn, checkNamespaceIn, type Target, targetOf } from './target.ts';
import { validate } from './validate-fields.ts';

/** `generateName` matters to a creation alone. */
interface NewMeta extends ObjectMeta {
  generateName?: string;
}

/**
 * Creates, changes and deletes objects by the rules of kube-apiserver's generic registry (apiserver's
 * pkg/registry/generic/registry/store.go and pkg/registry/rest). Each function is one transaction: nothing is
 * written unless everything was found good.
 */
export class ObjectWriter {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(store: Store, clock: Clock, random: Random) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  create(resource: Resource, target: Target, body: Json): KubeObject {
    const read = readBody(resource, body);
    if (read.metadata.resourceVersion !== undefined) {
      throw new StatusError(500, undefined, 'resourceVersion should not be set on objects to be created');
    }
    return this.#create(resource, target, read);
  }

  /** From a file or a dump: what it says about its own past is kept. */
  load(resource: Resource, body: Json): KubeObject {
    const read = readBody(resource, body);
    const metadata = { ...read.metadata };
    delete metadata.resourceVersion;
    metadata.uid ??= newUid(this.#random);
    if (resource.isNamespaced) metadata.namespace ??= 'default';
    else delete metadata.namespace;
    metadata.creationTimestamp ??= timeNow(this.#clock);
    return this.#insert(resource, resource.loaded(resource.defaulted({ ...read, metadata })));
  }

  replace(resource: Resource, target: Target, body: Json): { object: KubeObject; created: boolean } {
    const read = readBody(resource, body);
    const old = this.#stored(resource, target);
    checkNamespaceIn(read, target);
    checkNameIn(read, target);
    if (old === undefined) {
      if (!resource.createOnUpdate || target.subresource !== undefined) throw notFound(resource, target.name);
    }
    const { uid, resourceVersion } = read.metadata;
    if (uid !== undefined && uid !== old?.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old?.metadata.uid ?? ''}`;
      throw conflict(resource, target.name, why);
    }
    // The version that it had means nothing any more.
    if (old === undefined) return { object: this.#create(resource, target, read), created: true };
    if (resourceVersion === undefined && !resource.unconditionalUpdate) {
      const cause = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update');
      throw invalid(resource.plural, resource.group, target.name, [cause]);
    }
    return { object: this.#update(resource, target, old, read), created: false };
  }

  patch(resource: Resource, target: Target, patch: Json): KubeObject {
    if (!isObject(patch)) {
      const found = Array.isArray(patch) ? 'array' : typeof patch;
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
      );
    }
    const old = this.#stored(resource, target);
    if (old === undefined) throw notFound(resource, target.name);
    const patched = mergePatch(asJson(old), patch);
    let read: KubeObject;
    try {
      read = canonical(resource, patched);
    } catch (error) {
      // A patched object that cannot be read is "invalid", where a body that cannot be read is a bad request.
      if (!(error instanceof DecodeError)) throw error;
      throw invalid('', '', '', [invalidValue('patch', JSON.stringify(patched), error.message)]);
    }
    checkNamespaceIn(read, target);
    checkNameIn(read, target);
    return this.#update(resource, target, old, read);
  }

  /** What is left of the object: still there when finalizers hold it back. */
  delete(resource: Resource, target: Target, options: JsonObject): KubeObject {
    const old = this.#stored(resource, target);
    if (old === undefined) throw notFound(resource, target.name);
    const { uid, resourceVersion } = isObject(options.preconditions) ? options.preconditions : {};
    const named = { ...resource, plural: resource.kind };
    if (typeof uid === 'string' && uid !== old.metadata.uid) {
      const why = `the UID in the precondition (${uid}) does not match the UID in record (${old.metadata.uid}). The object might have been deleted and then recreated`;
      throw conflict(named, target.name, why);
    }
    if (typeof resourceVersion === 'string' && resourceVersion !== old.metadata.resourceVersion) {
      const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${old.metadata.resourceVersion}). The object might have been modified`;
      throw conflict(named, target.name, why);
    }
    if ((old.metadata.finalizers ?? []).length === 0) return this.#remove(resource, old);
    if (old.metadata.deletionTimestamp !== undefined) return old;
    const metadata = {
      ...old.metadata,
      deletionTimestamp: timeNow(this.#clock),
      deletionGracePeriodSeconds: 0,
    };
    return this.#put(resource, { ...old, metadata }, old);
  }

  #create(resource: Resource, target: Target, read: KubeObject): KubeObject {
    checkNamespaceIn(read, target);
    const { namespace } = target;
    const metadata: NewMeta = { ...read.metadata };
    if (namespace === undefined) delete metadata.namespace;
    else metadata.namespace = namespace;
    delete metadata.resourceVersion;
    if (!metadata.name && metadata.generateName)
      metadata.name = resource.generatedName(metadata.generateName, this.#random);
    for (const key of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const) delete metadata[key];
    metadata.uid = newUid(this.#random);
    metadata.creationTimestamp = timeNow(this.#clock);
    const object = resource.defaulted({ ...read, metadata });
    // The writer owns what it sent and what was defaulted, but not what is allocated next.
    const owned = withEntries(object, recordWrite(object, undefined, this.#signature(target)));
    return this.#insert(resource, resource.prepared(owned, undefined));
  }

  #insert(resource: Resource, object: KubeObject): KubeObject {
    const causes = validate(object, resource.schema, [
      ...checkMetadata(object.metadata),
      ...resource.check(object, undefined),
      ...resource.checkStatus(object),
    ]);
    if (causes.length > 0) throw invalid(resource.kind, resource.group, object.metadata.name, causes);
    if (this.#store.collection(resource.plural).get(keyOf(object))) {
      throw alreadyExists(resource, object.metadata.name);
    }
    return this.#put(resource, object, undefined);
  }

  #update(resource: Resource, target: Target, old: KubeObject, read: KubeObject): KubeObject {
    const { resourceVersion } = read.metadata;
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
      throw conflict(resource, target.name, modified);
    }
    const isStatus = target.subresource === 'status';
    const system = systemMetadata(read, old);
    const defaulted = resource.defaulted({ ...read, metadata: system });
    const kept = isStatus ? resource.preparedStatus(defaulted, old) : resource.prepared(defaulted, old);
    const object = withEntries(kept, recordWrite(kept, old, this.#signature(target)));
    const causes = validate(object, resource.schema, [
      ...checkMetadataUpdate(object.metadata, old.metadata),
      ...checkMetadata(object.metadata),
      ...(isStatus ? resource.checkStatus(object) : resource.check(object, old)),
    ]);
    if (causes.length > 0) throw invalid(resource.kind, resource.group, target.name, causes);

    const next = canonical(resource, asJson(object));
    // A write that changes nothing is no write: no new resourceVersion, no watch event.
    if (sameJson(next, old)) return old;
    if (old.metadata.deletionTimestamp !== undefined && next.metadata.finalizers === undefined) {
      this.#remove(resource, old);
      return next;
    }
    return this.#put(resource, next, old);
  }

  #put(resource: Resource, object: KubeObject, old: KubeObject | undefined): KubeObject {
    const before = old === undefined ? [] : resource.companions(old);
    const after = resource.companions(object);
    for (const one of without(after, before)) this.#make(one);
    const stored = this.#store.put(resource.plural, canonical(resource, asJson(object)));
    resource.written(stored, old);
    for (const one of without(before, after)) this.#unmake(one);
    return stored;
  }

  #remove(resource: Resource, old: KubeObject): KubeObject {
    const last = this.#store.remove(resource.plural, old);
    resource.written(undefined, old);
    for (const one of resource.companions(old)) this.#unmake(one);
    return last;
  }

  /** Only a world from a file can have it already, and then it stays whose it is. */
  #make({ resource, object }: Companion): void {
    const target = targetOf(object, 'kube-apiserver');
    if (this.#stored(resource, target) === undefined) this.#create(resource, target, object);
  }

  /** By its name, and whoever made it: the API server does not look. */
  #unmake({ resource, object }: Companion): void {
    const target = targetOf(object, 'kube-apiserver');
    if (this.#stored(resource, target) !== undefined) this.delete(resource, target, {});
  }

  #stored(resource: Resource, { namespace, name }: Target): KubeObject | undefined {
    return this.#store.collection(resource.plural).get(keyAt(namespace, name));
  }

  #signature({ manager, subresource }: Target): {
    manager: string;
    subresource: string | undefined;
    time: string;
  } {
    return { manager, subresource, time: timeNow(this.#clock) };
  }
}

function without(some: readonly Companion[], others: readonly Companion[]): readonly Companion[] {
  return some.filter(({ object }) => !others.some((other) => keyOf(other.object) === keyOf(object)));
}

function withEntries(object: KubeObject, managedFields: ManagedFieldsEntry[]): KubeObject {
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

/** rest.BeforeUpdate: what only the system writes and this write left out; what it changed is refused later. */
function systemMetadata({ metadata }: KubeObject, { metadata: old }: KubeObject): ObjectMeta {
  const { uid, deletionTimestamp, deletionGracePeriodSeconds } = old;
  const { namespace, creationTimestamp, resourceVersion } = old;
  const system = { uid, deletionTimestamp, deletionGracePeriodSeconds, ...metadata };
  return { ...system, namespace, creationTimestamp, resourceVersion } as ObjectMeta;
}
