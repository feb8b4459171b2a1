import type { Random } from '../client/transport.ts';
import type { KubeObject } from '../core/model/objects.ts';
import type { ValueOf } from '../schema/field.ts';
import type { Schema } from '../schema/metadata.ts';
import { generatedName } from './identity.ts';
import type { ResourceName, StatusCause } from './status.ts';

/**
 * All that one kind of object has of its own; kube-apiserver calls it a strategy. Every function is pure: it gets
 * decoded objects and returns new ones.
 */
export interface Resource extends ResourceName {
  apiVersion: string;
  /** Or has the cluster one of each name? */
  isNamespaced: boolean;
  schema: Schema;
  /** The fields besides metadata.name and metadata.namespace that a fieldSelector may name. */
  selectable: readonly string[];
  /** May PUT come without a resourceVersion? */
  unconditionalUpdate: boolean;
  /** May PUT create? */
  createOnUpdate: boolean;
  /** Is the answer to DELETE the object, or a Status? */
  returnsDeleted: boolean;
  hasStatus: boolean;
  /** Completes `generateName`. */
  generatedName: (prefix: string, random: Random) => string;
  /** Fills in what Go's defaulting fills in whenever an object is read. */
  defaulted(object: KubeObject): KubeObject;
  /** Fills in what is allocated, and keeps what this write may not change. May throw an ApiError. */
  prepared(object: KubeObject, old: KubeObject | undefined): KubeObject;
  /** The same for a write of the status subresource. */
  preparedStatus(object: KubeObject, old: KubeObject): KubeObject;
  /** For an object from a file or a dump. */
  loaded(object: KubeObject): KubeObject;
  check(object: KubeObject, old: KubeObject | undefined): StatusCause[];
  checkStatus(object: KubeObject): StatusCause[];
  /** What the API server makes by itself before it writes this object, and deletes when that has gone. */
  companions(object: KubeObject): readonly Companion[];
  /** Is told of every write that was done. */
  written(object: KubeObject | undefined, old: KubeObject | undefined): void;
}

/** An object that is there for the sake of another one, found again by its name. */
export interface Companion {
  resource: Resource;
  object: KubeObject;
}

/** What most resources have in common. */
export const common: Omit<Resource, 'kind' | 'plural' | 'schema'> = {
  group: '',
  apiVersion: 'v1',
  isNamespaced: true,
  selectable: [],
  unconditionalUpdate: true,
  createOnUpdate: false,
  returnsDeleted: false,
  hasStatus: false,
  generatedName,
  defaulted: (object) => object,
  prepared: (object) => object,
  preparedStatus: (object) => object,
  loaded: (object) => object,
  check: () => [],
  checkStatus: () => [],
  companions: () => [],
  written: () => {},
};

/** A decoded object of the kind that `Kind` describes. */
export type ObjectOf<Kind> = KubeObject & Omit<ValueOf<Kind>, keyof KubeObject>;
