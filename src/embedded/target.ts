import type { KubeObject } from '../core/model/objects.ts';
import { badRequest } from './status.ts';

/** The object that a request addresses, and the field manager that sent it. */
export interface Target {
  /** Undefined for a cluster-scoped resource. */
  namespace: string | undefined;
  name: string;
  subresource: string | undefined;
  manager: string;
}

export function targetOf({ metadata: { namespace, name } }: KubeObject, manager: string): Target {
  return { namespace, name, subresource: undefined, manager };
}

/** A cluster-scoped object may name a namespace, which is dropped. */
export function checkNamespaceIn({ metadata }: KubeObject, { namespace }: Target): void {
  if (namespace === undefined || metadata.namespace === undefined || metadata.namespace === namespace) return;
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

export function checkNameIn({ metadata: { name } }: KubeObject, target: Target): void {
  if (name === target.name) return;
  if (name === '')
    throw badRequest(
      `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`,
    );
  throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
}
