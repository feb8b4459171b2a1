import type { Api, Limits } from '../client/api.ts';
import { ApiError } from '../client/errors.ts';
import type { Log } from '../client/log.ts';
import { mergePatch } from '../client/merge-patch.ts';
import type { Service } from '../core/model/objects.ts';

/** What a Service looks like after a write, or how it stands because the write was decided on another version. */
export type WriteResult = { readonly kind: 'written' | 'stale'; readonly service: Service };

/** The version that a patch was decided on, and that guards it. */
export interface WritePrecondition {
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * Sends a merge patch as a PATCH, or where only that is forbidden (the Go version's ClusterRole has no `patch` on
 * Services), as an UPDATE of the object just read, under its version (spec section 9). Whichever was allowed last is
 * tried first.
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

  /** Throws what the API throws; where both verbs are forbidden, the refusal of the PATCH. */
  async send(
    path: string,
    patch: object,
    basis: WritePrecondition,
    signal: AbortSignal,
    limits: Limits,
  ): Promise<WriteResult> {
    if (this.#isPatchForbidden) {
      try {
        return await this.#update(path, patch, basis, signal, limits);
      } catch (error) {
        if (!isForbidden(error)) throw error;
        this.#isPatchForbidden = false;
      }
    }
    try {
      const service = await this.#api.mergePatch<Service>(path, patch, signal, limits);
      return { kind: 'written', service };
    } catch (conflict) {
      if (!isForbidden(conflict)) throw conflict;
      try {
        const written = await this.#update(path, patch, basis, signal, limits);
        this.#isPatchForbidden = true;
        this.#warnOnce(conflict);
        return written;
      } catch (error) {
        throw isForbidden(error) ? conflict : error;
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

  #warnOnce(conflict: ApiError): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(
      'Services are written by update, which costs a read more for each: add the verb "patch" on services to the ClusterRole of this controller, as its manifest has it',
      { error: conflict.message },
    );
  }
}

function isForbidden(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 403;
}
