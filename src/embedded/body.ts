import type { KubeObject } from '../core/model/objects.ts';
import { DecodeError, decode } from './decode.ts';
import { isObject, type Json } from './json.ts';
import type { Resource } from './resource.ts';
import { badRequest } from './status.ts';

/** Reads a request's body as the kind that its path names. */
export function readBody(resource: Resource, body: Json): KubeObject {
  const { kind, apiVersion } = resource;
  const said = isObject(body) && typeof body.kind === 'string' && body.kind !== '' ? body.kind : kind;
  try {
    if (said !== kind) throw new DecodeError(`converting (v1.${said}) to (core.${kind}): unknown conversion`);
    return canonical(resource, body);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const version = apiVersion.split('/').at(-1);
    throw badRequest(`${said} in version "${version}" cannot be handled as a ${kind}: ${error.message}`);
  }
}

/** The form in which an object is stored: known fields in their order, defaulted. May throw a DecodeError. */
export function canonical({ schema, kind, apiVersion }: Resource, json: Json): KubeObject {
  const first = { kind, apiVersion };
  // The schema of a kind makes the result an object of that kind.
  return { ...first, ...decode(json, schema), ...first } as unknown as KubeObject;
}

export function asJson(object: KubeObject): Json {
  return object as unknown as Json;
}
