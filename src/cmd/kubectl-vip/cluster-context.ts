import type { Api, Query } from '../../client/api.ts';
import { ApiError, errorText } from '../../client/errors.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import type { SettingFlags } from './settings.ts';

/** How parts of a cluster are read, and what is said where they may not be. */

export interface ClusterContext {
  readonly api: Api;
  readonly flags: SettingFlags;
  /** Milliseconds since 1970, of the user's clock. */
  readonly wallMs: number;
  readonly signal: AbortSignal;
}

export interface Listed<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

/** All objects of a path, each as `project` makes it. */
export async function list<T>(
  { api, signal }: ClusterContext,
  path: string,
  query: Query,
  project: (object: KubeObject) => T,
  managedFields = false,
): Promise<Listed<T>> {
  const items: T[] = [];
  let version = '';
  for await (const { objects, resourceVersion } of api.list(path, query, signal, { managedFields })) {
    for (const object of objects) items.push(project(object));
    version = resourceVersion ?? version;
  }
  return { items, resourceVersion: version };
}

/** A refusal names the right that is missing; who is not answered is told which server. */
export function explained(error: unknown, what: string, right: string): Error {
  if (error instanceof ApiError && error.status === 403)
    return new Error(
      `you may not read ${what}: ${error.detail}. Ask for the right to ${right}, or give a dump by -f.`,
    );
  if (error instanceof ApiError && error.status === 401)
    return new Error(
      'the API server does not know you (401): are your credentials still valid? Try kubectl auth whoami.',
    );
  return new Error(errorText(error));
}

/** What may not be read, or is not known to this API server, is left out with a remark. */
export async function optional<T, Otherwise>(
  reading: Promise<T>,
  otherwise: Otherwise,
  remarks: string[],
): Promise<T | Otherwise> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    remarks.push(`Not looked at: ${error.message}`);
    return otherwise;
  }
}
