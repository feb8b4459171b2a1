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

/** Only a creation uses `generateName`. */
interface NewMeta extends ObjectMeta {
  generateName?: string;
}

/**
 * Creates, changes and deletes objects by the rules of kube-apiserver's generic registry (apiserver's
 * pkg/registry/generic/registry/store.go and pkg/registry/rest). Each method is one transaction: it validates
 * everything before it writes anything.
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

  /** Stores an object from a file or a dump with the system fields that it has. */
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
    // The resourceVersion of a deleted object does not matter.
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
      // A patch result that cannot be decoded is Invalid; a body that cannot be decoded is BadRequest.
      if (!(error instanceof DecodeError)) throw error;
      throw invalid('', '', '', [invalidValue('patch', JSON.stringify(patched), error.message)]);
    }
    checkNamespaceIn(read, target);
    checkNameIn(read, target);
    return this.#update(resource, target, old, read);
  }

  /** Returns the last state of the object, which is still stored if it has finalizers. */
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
    // The field manager owns what it sent and the defaults, but not what is allocated next.
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
    // A write that changes nothing gets no new resourceVersion and no watch event.
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
    for (const one of without(after, before)) this.#createCompanion(one);
    const stored = this.#store.put(resource.plural, canonical(resource, asJson(object)));
    resource.written(stored, old);
    for (const one of without(before, after)) this.#deleteCompanion(one);
    return stored;
  }

  #remove(resource: Resource, old: KubeObject): KubeObject {
    const last = this.#store.remove(resource.plural, old);
    resource.written(undefined, old);
    for (const one of resource.companions(old)) this.#deleteCompanion(one);
    return last;
  }

  /** Only a loaded object can exist already. It keeps its owner. */
  #createCompanion({ resource, object }: Companion): void {
    const target = targetOf(object, 'kube-apiserver');
    if (this.#stored(resource, target) === undefined) this.#create(resource, target, object);
  }

  /** Like the API server, deletes by name alone, whatever created the object. */
  #deleteCompanion({ resource, object }: Companion): void {
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

/** rest.BeforeUpdate: fills in the system's fields that this write omits. Validation rejects those that it changes. */
function systemMetadata({ metadata }: KubeObject, { metadata: old }: KubeObject): ObjectMeta {
  const { uid, deletionTimestamp, deletionGracePeriodSeconds } = old;
  const { namespace, creationTimestamp, resourceVersion } = old;
  const system = { uid, deletionTimestamp, deletionGracePeriodSeconds, ...metadata };
  return { ...system, namespace, creationTimestamp, resourceVersion } as ObjectMeta;
}
