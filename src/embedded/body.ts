import type { KubeObject } from '../core/model/objects.ts';
import { DecodeError, decode } from './decode.ts';
import { isObject, type Json } from './json.ts';
import type { Resource } from './resource.ts';
import { badRequest } from './status.ts';

/** Decodes the body of a request as the kind in its path. */
export function readBody(resource: Resource, body: Json): KubeObject {
  const { kind, apiVersion } = resource;
  const given = isObject(body) && typeof body.kind === 'string' && body.kind !== '' ? body.kind : kind;
  try {
    if (given !== kind)
      throw new DecodeError(`converting (v1.${given}) to (core.${kind}): unknown conversion`);
    return canonical(resource, body);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const version = apiVersion.split('/').at(-1);
    throw badRequest(`${given} in version "${version}" cannot be handled as a ${kind}: ${error.message}`);
  }
}

/** The form in which an object is stored: known fields in their order, defaulted. May throw a DecodeError. */
export function canonical({ schema, kind, apiVersion }: Resource, json: Json): KubeObject {
  const first = { kind, apiVersion };
  // Decoding by the schema of a kind makes an object of that kind.
  return { ...first, ...decode(json, schema), ...first } as unknown as KubeObject;
}

export function asJson(object: KubeObject): Json {
  return object as unknown as Json;
}
