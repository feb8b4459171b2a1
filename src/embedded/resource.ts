import type { Random } from '../client/transport.ts';
import type { KubeObject } from '../core/model/objects.ts';
import type { ValueOf } from '../schema/field.ts';
import type { Schema } from '../schema/metadata.ts';
import { generatedName } from './identity.ts';
import type { ResourceName, StatusCause } from './status.ts';

/**
 * Everything specific to one kind of object; kube-apiserver calls it a strategy. Every function is pure: it gets
 * decoded objects and returns new ones.
 */
export interface Resource extends ResourceName {
  apiVersion: string;
  /** False for a cluster-scoped resource. */
  isNamespaced: boolean;
  schema: Schema;
  /** The fields besides metadata.name and metadata.namespace that a fieldSelector may name. */
  selectable: readonly string[];
  /** PUT works without a resourceVersion. */
  unconditionalUpdate: boolean;
  /** PUT can create an object. */
  createOnUpdate: boolean;
  /** DELETE returns the object, not a Status. */
  returnsDeleted: boolean;
  hasStatus: boolean;
  /** Completes `generateName`. */
  generatedName: (prefix: string, random: Random) => string;
  /** Adds the defaults that depend on other fields. Decoding has added the others. */
  defaulted(object: KubeObject): KubeObject;
  /** Allocates, and restores fields that this write cannot change. May throw a StatusError. */
  prepared(object: KubeObject, old: KubeObject | undefined): KubeObject;
  /** The same for a write of the status subresource. */
  preparedStatus(object: KubeObject, old: KubeObject): KubeObject;
  /** For an object from a file or a dump. */
  loaded(object: KubeObject): KubeObject;
  /** Rules that compare several fields, or the object with its previous state. The schema covers single fields. */
  check(object: KubeObject, old: KubeObject | undefined): StatusCause[];
  checkStatus(object: KubeObject): StatusCause[];
  /** Objects that the API server creates before it writes this one, and deletes after it. */
  companions(object: KubeObject): readonly Companion[];
  /** Called after every write. */
  written(object: KubeObject | undefined, old: KubeObject | undefined): void;
}

/** An object that exists only together with another one, and is identified by its name. */
export interface Companion {
  resource: Resource;
  object: KubeObject;
}

/** The defaults for most resources. */
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
