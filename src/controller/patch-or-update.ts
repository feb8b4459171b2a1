import type { Api, Limits } from '../client/api.ts';
import { ApiError } from '../client/errors.ts';
import type { Log } from '../client/log.ts';
import { mergePatch } from '../client/merge-patch.ts';
import type { Service } from '../core/model/objects.ts';
import { isDeniedByAdmission } from './refusal.ts';

/** The Service after a write, or its current state if the write was based on another version. */
export type WriteResult = { readonly kind: 'written' | 'stale'; readonly service: Service };

/** The version that a patch is based on and guarded by. */
export interface WritePrecondition {
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * Sends a merge patch as a PATCH. If only PATCH is forbidden (the Go version's ClusterRole has no `patch` on
 * Services), sends it as an UPDATE of the Service just read, guarded by its version (spec section 9). The
 * verb that succeeded last is tried first.
 */
export class PatchOrUpdate {
  readonly #api: Api;
  readonly #log: Log;
  #isPatchForbidden = false;
  #hasWarned = false;

  constructor(api: Api, log: Log) {
    this.#api = api;
    this.#log = log;
  }

  /** Throws the errors of the API. If both verbs are forbidden, throws the error of the PATCH. */
  async send(
    path: string,
    patch: object,
    precondition: WritePrecondition,
    signal: AbortSignal,
    limits: Limits,
  ): Promise<WriteResult> {
    if (this.#isPatchForbidden) {
      try {
        return await this.#update(path, patch, precondition, signal, limits);
      } catch (error) {
        if (!isForbidden(error)) throw error;
        this.#isPatchForbidden = false;
      }
    }
    try {
      const service = await this.#api.mergePatch<Service>(path, patch, signal, limits);
      return { kind: 'written', service };
    } catch (forbidden) {
      if (!isForbidden(forbidden)) throw forbidden;
      try {
        const written = await this.#update(path, patch, precondition, signal, limits);
        this.#isPatchForbidden = true;
        this.#warnOnce(forbidden);
        return written;
      } catch (error) {
        throw isForbidden(error) ? forbidden : error;
      }
    }
  }

  async #update(
    path: string,
    patch: object,
    { uid, resourceVersion }: WritePrecondition,
    signal: AbortSignal,
    limits: Limits,
  ): Promise<WriteResult> {
    const service = await this.#api.get<Service>(path, signal, limits);
    const { metadata } = service;
    if (metadata.uid !== uid || metadata.resourceVersion !== resourceVersion)
      return { kind: 'stale', service };
    const updated = await this.#api.update<Service>(path, mergePatch(service, patch), signal, limits);
    return { kind: 'written', service: updated };
  }

  #warnOnce(forbidden: ApiError): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(
      'PATCH is forbidden, so Services are written by UPDATE, with one extra read each. To fix this, add the verb "patch" on services to the ClusterRole of this controller, as in its manifest',
      { error: forbidden.message },
    );
  }
}

/** Whether the verb may be missing. A denial by admission applies to both verbs. */
function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 403 && !isDeniedByAdmission(error);
}
