import type { KubeObject } from '../core/model/objects.ts';
import { isObject, type Json } from './json.ts';
import type { Resource } from './resource.ts';
import { ShapeError, shaped } from './shape.ts';
import { badRequest } from './status.ts';

/** Reads a request's body as the kind that its path names. */
export function readBody(resource: Resource, body: Json): KubeObject {
  const { kind, apiVersion } = resource;
  const said = isObject(body) && typeof body.kind === 'string' && body.kind !== '' ? body.kind : kind;
  try {
    if (said !== kind) throw new ShapeError(`converting (v1.${said}) to (core.${kind}): unknown conversion`);
    return canonical(resource, body);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const version = apiVersion.split('/').at(-1);
    throw badRequest(`${said} in version "${version}" cannot be handled as a ${kind}: ${error.message}`);
  }
}

/** In the form in which it is stored: known fields in their order, without what is empty. May throw a ShapeError. */
export function canonical({ shape, kind, apiVersion }: Resource, json: Json): KubeObject {
  const { metadata, ...rest } = shaped(json, shape);
  const meta = isObject(metadata) ? metadata : {};
  // Its shape makes it an object of its kind; the name alone may still be missing.
  return { kind, apiVersion, metadata: { name: '', ...meta }, ...without(rest) } as unknown as KubeObject;
}

function without(rest: { [key: string]: Json }): { [key: string]: Json } {
  const { kind: _, apiVersion: __, ...fields } = rest;
  return fields;
}

export function asJson(object: KubeObject): Json {
  return object as unknown as Json;
}
