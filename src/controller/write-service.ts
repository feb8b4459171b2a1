import type { Api } from '../client/api.ts';
import { delayMs } from '../client/backoff.ts';
import type { Leadership } from '../client/election.ts';
import { ApiError, ConnectionError, SilentConnection } from '../client/errors.ts';
import type { Random } from '../client/transport.ts';
import type { ClaimRequest } from '../core/claims/claim-requests.ts';
import type { Claim } from '../core/model/claim.ts';
import type { Service } from '../core/model/objects.ts';
import { mergePatchOf, type ServicePatch } from '../core/model/service-patch.ts';
import { internedViewOf, type ServiceView } from '../core/model/service-view.ts';
import type { Interner } from '../core/text/interner.ts';
import type { PatchOrUpdate } from './patch-or-update.ts';
import { isDeniedByAdmission } from './refusal.ts';

/** The outcome of a write. */
export type WriteOutcome =
  | { readonly kind: 'written'; readonly view: ServiceView }
  /**
   * Another client wrote first, or an earlier attempt of ours did, if `mayBeOurs`. `view` is the current Service.
   */
  | { readonly kind: 'stale'; readonly view: ServiceView; readonly mayBeOurs: boolean }
  /** The Service was observed in a newer version, which requests in flight cannot change. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'gone' }
  /** What was read before the write contradicts it: the Service is decided again. */
  | { readonly kind: 'outdated' }
  /** The API server rejects the change. */
  | { readonly kind: 'rejected'; readonly error: ApiError }
  /**
   * The claim on an address to be written differs from what was known. `claim` is its current state, if it
   * exists.
   */
  | { readonly kind: 'contested'; readonly request: ClaimRequest; readonly claim: Claim | undefined }
  /**
   * The controller stops, or is no longer the leader. `mayStillExecute`: an earlier attempt may still
   * execute.
   */
  | { readonly kind: 'stopped'; readonly mayStillExecute: boolean };

export interface WriteContext {
  readonly api: Api;
  readonly sender: PatchOrUpdate;
  readonly random: Random;
  readonly interner: Interner;
  /** No request is sent or may execute after leadership ends. */
  readonly leadership: Pick<Leadership, 'remainingMs'>;
  readonly signal: AbortSignal;
  /** Waits before the next attempt, without blocking other writes. */
  readonly backOff: (error: unknown, ms: number) => Promise<RetryResult>;
}

/** `superseded`: the Service was observed in a newer version, so the write is obsolete. */
export type RetryResult = 'retry' | 'superseded' | 'stopped';

/** Runs before the write. If it returns an outcome, the write is not sent. */
export type BeforeWrite = (context: WriteContext) => Promise<WriteOutcome | undefined>;

const backoff = { initialMs: 250, maxMs: 30_000 };

/**
 * Writes one change with a single PATCH, and continues until its outcome is known. An attempt without a
 * response may have executed, or may still execute. The same PATCH is therefore repeated until a response
 * arrives or the Service is observed in a newer version, which a PATCH on the old version cannot change.
 * Until then the caller keeps the address reserved, so it cannot be assigned twice (docs/decisions/0003).
 */
export async function writeService(
  view: ServiceView,
  change: ServicePatch,
  context: WriteContext,
  beforeWrite: BeforeWrite = async () => undefined,
): Promise<WriteOutcome> {
  const outcome = await beforeWrite(context);
  if (outcome !== undefined) return outcome;
  const { sender, signal, leadership, interner } = context;
  const path = pathOf(view);
  const patch = mergePatchOf(view, change);
  let attempts = 0;
  return retryUntilKnown<WriteOutcome>(context, async () => {
    attempts += 1;
    const mayBeOurs = attempts > 1;
    try {
      const { kind, service } = await sender.send(path, patch, view, signal, leadership);
      const current = internedViewOf(service, interner);
      return kind === 'written' ? { kind, view: current } : { kind, view: current, mayBeOurs };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error)) throw error;
      // Admission may answer with any status code.
      if (isDeniedByAdmission(error)) return { kind: 'rejected', error };
      if (error.status === 404) return { kind: 'gone' };
      // 409: another version. 422: possibly another UID. The current Service decides.
      if (error.status === 409 || error.status === 422) return reread(view, error, mayBeOurs, context);
      return { kind: 'rejected', error };
    }
  });
}

async function reread(
  view: ServiceView,
  error: ApiError,
  mayBeOurs: boolean,
  context: WriteContext,
): Promise<WriteOutcome> {
  const current = await retryUntilKnown<WriteOutcome>(context, async () => {
    try {
      return {
        kind: 'stale',
        view: internedViewOf(await context.api.get<Service>(pathOf(view), context.signal), context.interner),
        mayBeOurs,
      };
    } catch (failure) {
      if (!(failure instanceof ApiError) || isTransient(failure)) throw failure;
      return failure.status === 404 ? { kind: 'gone' } : { kind: 'rejected', error: failure };
    }
  });
  const isUnchanged =
    current.kind === 'stale' &&
    current.view.uid === view.uid &&
    current.view.resourceVersion === view.resourceVersion;
  // The Service is unchanged, so the server rejects the change itself.
  return isUnchanged ? { kind: 'rejected', error } : current;
}

/**
 * Repeats an attempt that throws, with back-off and Retry-After; the first time at once if its connection broke. Once an
 * attempt may have executed without a response, the rejection of a later attempt does not prove the opposite: it is
 * repeated too.
 */
export async function retryUntilKnown<T extends { readonly kind: string }>(
  context: WriteContext,
  attempt: () => Promise<T | Rejected>,
): Promise<T | NotExecuted> {
  const { random, signal, leadership } = context;
  let isUncertain = false;
  for (let failures = 0; ; failures += 1) {
    if (signal.aborted || leadership.remainingMs() <= 0)
      return { kind: 'stopped', mayStillExecute: isUncertain };
    try {
      const outcome = await attempt();
      if (!isRejected(outcome) || !isUncertain) return outcome;
      throw outcome.error;
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped', mayStillExecute: true };
      isUncertain ||= mayHaveExecuted(error);
      // Silence has taken its time already.
      if (error instanceof SilentConnection) failures = 0;
      const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
      const isAtOnce = failures === 0 && error instanceof ConnectionError;
      const waitMs = isAtOnce ? 0 : delayMs(failures, random(), backoff, retryAfterMs);
      const retry = await context.backOff(error, waitMs);
      if (retry === 'superseded') return { kind: 'superseded' };
      if (retry === 'stopped') return { kind: 'stopped', mayStillExecute: isUncertain };
    }
  }
}

type Rejected = Extract<WriteOutcome, { kind: 'rejected' }>;
type NotExecuted = Extract<WriteOutcome, { kind: 'rejected' | 'superseded' | 'stopped' }>;

function isRejected(outcome: { readonly kind: string }): outcome is Rejected {
  return outcome.kind === 'rejected';
}

function mayHaveExecuted(error: unknown): boolean {
  if (isDeniedByAdmission(error)) return false;
  if (error instanceof ApiError) return error.status === 408 || error.status >= 500;
  return !(error instanceof ConnectionError) || error.mayHaveExecuted;
}

/** 401: the token was rotated. 429 and 5xx: retry later. A denial by admission rests, so that others get the address. */
export function isTransient(error: ApiError): boolean {
  const { status } = error;
  if (isDeniedByAdmission(error)) return false;
  return status === 401 || status === 408 || status === 429 || status >= 500;
}

export function pathOf({ namespace, name }: ServiceView): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
}
