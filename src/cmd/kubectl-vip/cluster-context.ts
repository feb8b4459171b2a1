import type { Api, Query } from '../../client/api.ts';
import { ApiError, errorText } from '../../client/errors.ts';
import type { KubeObject } from '../../core/model/objects.ts';
import type { SettingFlags } from './setting-flags.ts';

/** Reading parts of a cluster, and reporting those that the user has no permission to read. */

export interface ClusterContext {
  readonly api: Api;
  readonly flags: SettingFlags;
  /** Milliseconds since 1970, by the user's clock. */
  readonly wallMs: number;
  readonly signal: AbortSignal;
  /** The address of the API server in the kubeconfig, if known: `https://10.0.0.2:6443`. */
  readonly server?: string;
  /** The addresses of a host name. Rejects, after seconds at most, if they are not known. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

export interface Listed<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

/** All objects at a path, each as `project` returns it. */
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

/** An error with a message for the user. `permission` completes "Ask for permission to", and `instead` what else helps. */
export function readError(
  error: unknown,
  what: string,
  permission: string,
  instead = 'read a dump with -f',
): Error {
  if (error instanceof ApiError && error.status === 403)
    return new Error(
      `You do not have permission to read ${what}: ${error.detail}. Ask for permission to ${permission}, or ${instead}.`,
    );
  if (error instanceof ApiError && error.status === 401)
    return new Error(
      'The API server rejected your credentials (401). They may have expired; to check them, run:\nkubectl auth whoami',
    );
  return new Error(errorText(error));
}

/** Returns `fallback`, with a remark, if the API server refuses the request or does not know the resource. */
export async function optional<T, Fallback>(
  reading: Promise<T>,
  fallback: Fallback,
  remarks: string[],
): Promise<T | Fallback> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    remarks.push(`Skipped: ${error.message}`);
    return fallback;
  }
}
