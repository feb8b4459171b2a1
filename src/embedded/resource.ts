import type { KubeObject } from '../core/objects.ts';
import type { Fields } from './selector.ts';
import type { Struct } from './shape.ts';
import type { Cause, Named } from './status.ts';

/**
 * All that one kind of object has of its own; kube-apiserver calls it a strategy. Every function is pure: it gets
 * objects that have been read by `shape` and returns new ones.
 */
export interface Resource extends Named {
  apiVersion: string;
  shape: Struct;
  /** The fields beside metadata.name and metadata.namespace that a fieldSelector may name. */
  selectable: (object: KubeObject) => Fields;
  /** May PUT come without a resourceVersion? */
  unconditionalUpdate: boolean;
  /** May PUT create? */
  createOnUpdate: boolean;
  /** Is the answer to DELETE the object, or a Status? */
  returnsDeleted: boolean;
  hasStatus: boolean;
  checkName: (name: string) => string[];
  /** Fills in what Go's defaulting fills in whenever an object is read. */
  defaulted(object: KubeObject): KubeObject;
  /** Fills in what is allocated, and keeps what this write may not change. May throw an ApiError. */
  prepared(object: KubeObject, old: KubeObject | undefined): KubeObject;
  /** The same for a write of the status subresource. */
  preparedStatus(object: KubeObject, old: KubeObject): KubeObject;
  /** For an object from a file or a dump. */
  loaded(object: KubeObject): KubeObject;
  check(object: KubeObject, old: KubeObject | undefined): Cause[];
  checkStatus(object: KubeObject): Cause[];
  /** Is told of every write that was done. */
  written(object: KubeObject | undefined, old: KubeObject | undefined): void;
}
